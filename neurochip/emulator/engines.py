"""Choose the engine of an image."""

from __future__ import annotations

from typing import Any

from ..image import ChipImage
from .cpu.engine import CpuEngine
from .engine import Engine
from .programmed.engine import ProgrammedEngine, needs_programs

__all__ = ["engine_of"]


def engine_of(image: ChipImage, threads: int) -> Engine[Any]:
    """Return the engine that runs an image: with programs and resets, or for plain neurons only."""
    if needs_programs(image):
        return ProgrammedEngine(image)
    return CpuEngine(image.unrolled(), threads)
