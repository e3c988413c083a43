"""An image that holds several copies of another: small networks, run side by side.

A step has costs that do not grow with the network, and compartments are updated in tiles of 64, so
that a network of 100 pays for 128. Copies share both. They share no synapse, so that each runs as
it would alone.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ...image import ChipImage

__all__ = ["FEWEST", "most_copies", "side_by_side"]

FEWEST = 4
"""Copies that gain more than it costs to give each its inputs and to take their spikes apart."""

_COMPARTMENTS = 1024  # of all copies: their state stays in an L1 cache
_SYNAPSES = 1 << 15  # of all copies: more of them take longer than what copies share
_ACCUMULATORS = 1 << 16


def most_copies(image: ChipImage) -> int:
    """Return how many copies of an image run faster side by side than one after the other.

    An image with noise or joined compartments runs alone: there, the number of a compartment
    matters.
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
    """Return an image of several copies of a network, on so many chips.

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
