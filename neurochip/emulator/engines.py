"""Choose the engine of an image."""

from __future__ import annotations

from typing import Any

from ..image import ChipImage
from .cpu.engine import CpuEngine
from .engine import Engine
from .programmed.engine import ProgrammedEngine, needs_programs

__all__ = ["engine_of"]


# Convolutions with more synapses run with their kernels: about as quickly, ready at once, and in a
# third of the memory. With fewer, the quicker update of plain neurons decides, which has none.
_MOST_UNROLLED = 1 << 22


def engine_of(image: ChipImage, threads: int) -> Engine[Any]:
    """Return the engine that runs an image: with programs and resets, or for plain neurons only."""
    if needs_programs(image) or _is_convolution(image):
        return ProgrammedEngine(image)
    return CpuEngine(image.unrolled(), threads)


def _is_convolution(image: ChipImage) -> bool:
    """Return whether an image is better run with its kernels than with single synapses."""
    plain = image.noise is None and not image.compartments.join.any()
    return plain and sum(item.n_synapses for item in image.convolutions) > _MOST_UNROLLED
