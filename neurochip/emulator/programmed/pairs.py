"""Joined compartments as neurons with two inputs, which this engine updates in one program.

The child of a pair only adds its current to that of its parent (semantics 5.3), as the second
accumulator of the program ``lif_two_inputs`` does, integer for integer. The v of a child drives
nothing as long as the child sends no spikes; it is not computed.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from ...chip.registers import decode_threshold, decode_voltage_limits
from ...errors import EmulatorError
from ...image import ChipImage, Compartments, SynapseGroup
from ...image.lif_group import pair_group
from ...typing import Int32Array

__all__ = ["without_pairs"]


def without_pairs(image: ChipImage) -> ChipImage:
    """Return an image without joined compartments and symbols that gives the same spikes.

    Parents run ``lif_two_inputs``, and children stay as compartments that nothing reaches. Groups
    keep their numbers, and convolutions become groups; parts of groups that reach both children and
    others come after all.

    Raises
    ------
    EmulatorError
        If a child may spike or has synapses, a reset has one of a pair only, or a group that learns
        reaches children and others.
    """
    parent = image.compartments.parents
    children = np.flatnonzero(parent >= 0).astype(np.int32)
    if not children.size:
        return image
    image = image.unrolled()  # a convolution may reach children and others, too
    _check(image, children)
    groups: list[SynapseGroup] = []
    later: list[SynapseGroup] = []
    for index, group in enumerate(image.synapses):
        of_child = parent[group.target] >= 0
        target = np.where(of_child, parent[group.target], group.target)
        if of_child.all() or not of_child.any():
            receptor = 1 if of_child.size and of_child.all() else group.receptor
            groups.append(replace(group, target=target, receptor=receptor))
            continue
        if image.learning is not None and image.learning.of(index) is not None:
            raise EmulatorError(
                f"emulator: synapse group {index} learns and reaches both children and other "
                "compartments; allowed: a group for each."
            )
        parts = (_part(group, target, of_child == own, int(own)) for own in (False, True))
        for part, to in zip(parts, (groups, later), strict=True):
            to.append(part)
    registers, core = image.compartments, image.chip.core
    plain = {item.name: getattr(registers, item.name).copy() for item in fields(registers)}
    default = Compartments.fill(core, image.n_compartments)
    for name, values in plain.items():
        for each in (children, parent[children]):
            values[each] = getattr(default, name)[each]
    return replace(
        image,
        chip=image.chip.what_if(programmable=True),
        compartments=Compartments(**plain),
        synapses=(*groups, *later),
        programs=(*image.programs, pair_group(registers, parent[children], core)),
        symbols=None,
    )


def _check(image: ChipImage, children: Int32Array) -> None:
    """Raise unless nothing depends on the v of a child, and resets have both of a pair or none."""
    registers, core = image.compartments, image.chip.core
    threshold = decode_threshold(registers.threshold_mantissa[children], core)
    _, highest = decode_voltage_limits(
        registers.vmin_exponent[children], registers.vmax_exponent[children], core
    )
    top = core.threshold_mantissa.maximum
    spikes = (threshold < highest) & (registers.threshold_mantissa[children] < top)
    sends = np.zeros(image.n_compartments, dtype=bool)
    for group in image.synapses:
        if group.source == "compartments":
            sends |= np.diff(group.indptr) > 0
    for wrong, why in ((spikes, "may spike"), (sends[children], "has synapses of its own")):
        if wrong.any():
            child = int(children[np.argmax(wrong)])
            raise EmulatorError(
                f"emulator: compartment {child} is the child of a pair and {why}; allowed beside "
                "programs, periodic resets and learning: children that only add to their parent, "
                f"with threshold_mantissa {top}."
            )
    for index, reset in enumerate(image.resets):
        both = (np.isin(each, reset.compartments) for each in (children, children + 1))
        parted = np.logical_xor(*both)
        if parted.any():
            first = int(children[np.argmax(parted)])
            raise EmulatorError(
                f"emulator: reset {index} has one of the compartments {first} and {first + 1}, "
                "which are a pair; allowed: both, or none."
            )


def _part(group: SynapseGroup, target: Any, mine: Any, receptor: int) -> SynapseGroup:
    """Return some synapses of a group, with other targets."""
    pre = np.repeat(np.arange(len(group.indptr) - 1), np.diff(group.indptr))[mine]
    return SynapseGroup.from_coo(
        group.source,
        len(group.indptr) - 1,
        group.format,
        pre=pre,
        target=target[mine],
        mantissa=group.mantissa[mine],
        delay=group.delay[mine] if group.delay.size else 0,
        receptor=receptor,
    )
