"""Combine several copies of a small network in one image, to run them side by side.

A step has a fixed cost, and compartments are updated in tiles of 64, so a network of 100
compartments costs as much as one of 128. Copies share both costs. No synapse connects two copies,
so each gives the same results as alone.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ...image import ChipImage

__all__ = ["FEWEST", "most_copies", "side_by_side"]

FEWEST = 4
"""Smallest number of copies that gains more time than joining and separating them costs."""

_COMPARTMENTS = 1024  # limit for all copies together: their state stays in the L1 cache
_SYNAPSES = 1 << 15  # limit for all copies together: beyond it, sharing the fixed cost gains little
_ACCUMULATORS = 1 << 16


def most_copies(image: ChipImage) -> int:
    """Return the number of copies to run side by side; 1 if copies would not be faster.

    An image with noise or joined compartments runs alone, because its results depend on the numbers
    of its compartments.
    """
    if image.noise is not None or image.compartments.join.any():
        return 1
    size = image.n_compartments
    most = min(
        _COMPARTMENTS // size,
        _SYNAPSES // max(image.n_synapses, 1),
        _ACCUMULATORS // (size * (image.max_delay + 1)),
    )
    return most if most >= FEWEST else 1


def side_by_side(image: ChipImage, copies: int) -> ChipImage:
    """Return an image of ``copies`` copies of a network, with ``copies`` times as many chips.

    Inputs and compartments of copy k follow those of copy k - 1.
    """
    size, registers = image.n_compartments, image.compartments
    names = [field.name for field in dataclasses.fields(registers)]
    numbers = np.arange(copies)[:, None]
    groups = []
    for group in image.synapses:
        starts = group.indptr[:-1] + numbers * group.n_synapses
        target = group.target + numbers * size
        groups.append(
            dataclasses.replace(
                group,
                indptr=np.append(starts, copies * group.n_synapses).astype(group.indptr.dtype),
                target=target.ravel().astype(group.target.dtype),
                mantissa=np.tile(group.mantissa, copies),
                delay=np.tile(group.delay, copies),
            )
        )
    starts = image.core_ptr[:-1] + numbers * size
    return ChipImage(
        chip=image.chip.what_if(chips=image.chip.chips * copies),
        core_ptr=np.append(starts, copies * size),
        compartments=dataclasses.replace(
            registers, **{name: np.tile(getattr(registers, name), copies) for name in names}
        ),
        n_inputs=copies * image.n_inputs,
        synapses=tuple(groups),
    )
