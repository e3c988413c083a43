"""Check the parts of an image that run programs, are reset, or share the weights of a kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..chip.registers import check_format
from ..chip.spec import ChipSpec
from ..errors import ImageError
from ..typing import BoolArray
from .checks import check_within, mantissa_limits
from .convolution import Convolution
from .parts import Compartments, SynapseGroup
from .program_group import PeriodicReset, ProgramGroup
from .symbols import PopulationSymbol, Symbols

__all__ = ["check_programs", "first_payload_to"]


def check_programs(
    chip: ChipSpec,
    compartments: Compartments,
    n_inputs: int,
    synapses: Sequence[SynapseGroup],
    programs: Sequence[ProgramGroup],
    resets: Sequence[PeriodicReset],
    convolutions: Sequence[Convolution],
    symbols: Symbols | None,
) -> None:
    """Raise :class:`ImageError` at the first part that the chip cannot hold."""
    size = len(compartments)
    for group in programs:
        _check_chip(group, chip)
        check_within(_owner(group), "compartment", group.compartments, 0, size - 1)
    _check_default(chip, compartments, programs)
    for index, reset in enumerate(resets):
        check_within(f"reset {index}", "compartment", reset.compartments, 0, size - 1)
    sizes = {"inputs": n_inputs, "compartments": size}
    for index, item in enumerate(convolutions):
        _check_convolution(f"convolution {index}", item, sizes, chip)
    receivers = [
        *((f"synapse group {index}", item, item.target) for index, item in enumerate(synapses)),
        *((f"convolution {index}", item, item.targets) for index, item in enumerate(convolutions)),
    ]
    _check_receptors(receivers, programs, size)
    for symbol in () if symbols is None else symbols.populations:
        _check_children(symbol, programs, size)
    if any(group.program.payload_bits for group in programs):
        _check_graded(receivers, programs, size)


def _owner(group: ProgramGroup) -> str:
    return f"program {group.program.name!r}"


def _check_chip(group: ProgramGroup, chip: ChipSpec) -> None:
    core, bits = chip.core, group.program.payload_bits
    if not core.programmable:
        raise ImageError(
            f"{_owner(group)}: chip {chip.name!r} runs the LIF neuron of its cores only; allowed: "
            f"a chip with programmable cores, such as LOIHI2. {_nearest(group)}"
        )
    if bits > core.payload_bits:
        allowed = f"up to {core.payload_bits} bits" if core.payload_bits else "binary spikes"
        remedy = "End with sat" if core.payload_bits else "Emit 0 or 1"
        raise ImageError(
            f"{_owner(group)}: payload_bits = {bits}; allowed on chip {chip.name!r}: {allowed}. "
            f"{remedy}, or use a chip with wider payloads: chip.what_if(payload_bits={bits})."
        )


def _nearest(group: ProgramGroup) -> str:
    """Return what comes nearest to a program on a chip that runs none."""
    if group.program.payload_bits:
        return "Nothing on this chip sends a payload: its spikes are binary."
    return (
        "Nearest here: LIF registers, which reset v to 0; or, if the reset subtracts and the input "
        "is not filtered, self-inhibition (docs/reference/hardware.md)."
    )


def _check_default(
    chip: ChipSpec, compartments: Compartments, programs: Sequence[ProgramGroup]
) -> None:
    """Check that each compartment has at most one program, and then no LIF registers."""
    taken = np.zeros(len(compartments), dtype=np.bool_)
    default = Compartments.fill(chip.core, 1)
    for group in programs:
        ids = group.compartments
        if taken[ids].any():
            first = ids[np.argmax(taken[ids])]
            raise ImageError(
                f"{_owner(group)}: compartment {first} has a program already; allowed: one program."
            )
        taken[ids] = True
        for field in dataclasses.fields(Compartments):
            value = getattr(default, field.name)[0]
            other = getattr(compartments, field.name)[ids] != value
            if other.any():
                first = ids[np.argmax(other)]
                raise ImageError(
                    f"{_owner(group)}: compartment {first} has {field.name} "
                    f"{getattr(compartments, field.name)[first]}, a register of the LIF neuron, "
                    f"which its program does not read; allowed: the default, {value}. Use a "
                    "parameter of the program."
                )


def _check_convolution(
    owner: str, item: Convolution, sizes: Mapping[str, int], chip: ChipSpec
) -> None:
    core = chip.core
    check_format(owner, item.format, core)
    check_within(owner, "source", item.sources, 0, sizes[item.source] - 1)
    check_within(owner, "target", item.targets, 0, sizes["compartments"] - 1)
    check_within(owner, "mantissa", item.kernel, *mantissa_limits(item.format, core))
    check_within(owner, "delay", np.array([item.delay]), 0, core.delay_max)


def _check_children(symbol: PopulationSymbol, programs: Sequence[ProgramGroup], size: int) -> None:
    """Check that neurons with two receptors have children, or programs with two inputs."""
    ids = symbol.compartment_ids
    lacking = ~_with_two_inputs(programs, size)[ids]
    if len(symbol.receptors) > 1 and not len(symbol.child_ids) and lacking.any():
        raise ImageError(
            f"symbols of {symbol.name!r}: compartment {ids[np.argmax(lacking)]} has one input, and "
            "its neuron two receptors; allowed: child_ids, or a program with two inputs."
        )


def _with_two_inputs(programs: Sequence[ProgramGroup], size: int) -> BoolArray:
    """Return which compartments run a program with two inputs."""
    two = np.zeros(size, dtype=np.bool_)
    for group in programs:
        two[group.compartments] = len(group.program.inputs) > 1
    return two


def _check_receptors(
    receivers: Sequence[tuple[str, Any, Any]], programs: Sequence[ProgramGroup], size: int
) -> None:
    two = _with_two_inputs(programs, size)
    for owner, item, targets in receivers:
        if item.receptor and not two[targets].all():
            first = targets[np.argmin(two[targets])]
            raise ImageError(
                f"{owner}: receptor 1 of compartment {first}, which has one input; allowed: "
                "compartments whose program has two inputs."
            )


def _check_graded(
    receivers: Sequence[tuple[str, Any, Any]], programs: Sequence[ProgramGroup], size: int
) -> None:
    """Check that no payload arrives at a LIF neuron of the core."""
    graded, binary = np.zeros(size, dtype=np.bool_), np.ones(size, dtype=np.bool_)
    for group in programs:
        graded[group.compartments] = group.program.payload_bits > 0
        binary[group.compartments] = False
    for owner, item, _ in receivers:
        found = first_payload_to(binary, item, "compartments", graded)
        if found is not None:
            raise ImageError(
                f"{owner}: compartment {found[0]} sends payloads to compartment {found[1]}, a LIF "
                "neuron of the core, which takes binary spikes only; allowed: a target with a "
                "program, such as PROGRAMS['lif']."
            )


def first_payload_to(
    binary: BoolArray, item: SynapseGroup | Convolution, source: str, graded: BoolArray
) -> tuple[int, int] | None:
    """Return source and compartment of the first synapse that brings a payload to a LIF neuron.

    ``binary`` tells which compartments are LIF neurons, and ``graded`` which sources of the kind
    ``source`` send payloads. None if there is no such synapse.
    """
    targets = item.targets if isinstance(item, Convolution) else item.target
    if item.source != source or not binary[targets].any():
        return None
    listed = item.unrolled(len(graded)) if isinstance(item, Convolution) else item
    sources = np.repeat(np.arange(len(graded)), np.diff(listed.indptr))
    wrong = graded[sources] & binary[listed.target]
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    return int(sources[first]), int(listed.target[first])
