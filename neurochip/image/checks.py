"""Check that a chip image fits its chip: every register, index and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._support.values import integer, shown
from ..chip.registers import (
    SignMode,
    SynapseFormat,
    check_format,
    decode_voltage_limits,
    mantissa_range,
)
from ..chip.spec import ChipSpec, CoreSpec
from ..errors import ImageError
from .parts import Compartments, Noise, SynapseGroup, check_array
from .symbols import Symbols

__all__ = ["check_image", "check_within", "mantissa_limits"]


def check_image(
    chip: ChipSpec,
    core_ptr: Any,
    compartments: Compartments,
    n_inputs: int,
    synapses: Sequence[SynapseGroup],
    noise: Noise | None,
    symbols: Symbols | None,
    core_sites: Any,
    n_convolutions: int,
) -> None:
    """Raise :class:`ImageError` at the first value that the chip cannot hold."""
    size = len(compartments)
    _check_cores(chip, core_ptr, size)
    if core_sites is not None:
        _check_sites(chip, core_sites, len(core_ptr) - 1)
    _check_compartments(compartments, chip.core)
    _check_joins(compartments, core_ptr)
    sizes = {"inputs": n_inputs, "compartments": size}
    for index, group in enumerate(synapses):
        _check_group(f"synapse group {index}", group, sizes, chip.core)
    if noise is not None:
        _check_noise(noise, size)
    if symbols is not None:
        _check_symbols(symbols, n_inputs, compartments, len(synapses) + n_convolutions)


def _check_cores(chip: ChipSpec, pointers: Any, size: int) -> None:
    check_array("image", "core_ptr", pointers, np.int64)
    rising = len(pointers) > 1 and bool((np.diff(pointers) > 0).all())
    if not rising or pointers[0] != 0 or pointers[-1] != size:
        raise ImageError(
            f"image: core_ptr = {shown(pointers.tolist())}; allowed: rising from 0 to "
            f"{size}, the number of compartments."
        )
    n_cores = len(pointers) - 1
    if n_cores > chip.total_cores:
        raise ImageError(
            f"image: {n_cores} cores; allowed: at most {chip.total_cores}, as chip {chip.name!r} "
            "has."
        )
    largest = int(np.diff(pointers).max())
    if largest > chip.core.compartments:
        raise ImageError(
            f"image: core {int(np.argmax(np.diff(pointers)))} holds {largest} compartments; "
            f"allowed: at most {chip.core.compartments}."
        )


def _check_sites(chip: ChipSpec, sites: Any, n_cores: int) -> None:
    check_array("image", "core_sites", sites, np.int64, n_cores)
    inside = bool(((sites >= 0) & (sites < chip.total_cores)).all())
    if not inside or len(np.unique(sites)) < n_cores:
        raise ImageError(
            f"image: core_sites = {shown(sites.tolist())}; allowed: different numbers from "
            f"0 to {chip.total_cores - 1}."
        )


def _check_compartments(registers: Compartments, core: CoreSpec) -> None:
    bias, state = core.bias_mantissa, core.state
    ranges = {
        "decay_u": (0, core.decay.maximum),
        "decay_v": (0, core.decay.maximum),
        "decay_u_offset": (0, 1),
        "decay_v_offset": (0, 1),
        "threshold_mantissa": (0, core.threshold_mantissa.maximum),
        "bias_mantissa": (bias.minimum, bias.maximum),
        "bias_exponent": (0, core.bias_exponent_max),
        "refractory": (1, core.refractory_max),
        "vmin_exponent": (0, core.vmin_exponent_max),
        "vmax_exponent": (0, core.vmax_exponent_max),
        "v_init": (-state.maximum, state.maximum),
        "join": (0, 1),
        "u_init": (-state.maximum, state.maximum),
    }
    for name, (low, high) in ranges.items():
        values = getattr(registers, name)
        check_array("compartments", name, values, np.int32, len(registers))
        outside = (values < low) | (values > high)
        if outside.any():
            first = int(np.argmax(outside))
            raise ImageError(
                f"register {name}: compartment {first} holds {values[first]}; allowed: {low} to "
                f"{high}."
            )
    vmin, vmax = decode_voltage_limits(registers.vmin_exponent, registers.vmax_exponent, core)
    outside = (registers.v_init < vmin) | (registers.v_init > vmax)
    if outside.any():
        first = int(np.argmax(outside))
        raise ImageError(
            f"register v_init: compartment {first} holds {registers.v_init[first]}; allowed with "
            f"its limits of v: {vmin[first]} to {vmax[first]}."
        )


def _check_joins(compartments: Compartments, core_ptr: Any) -> None:
    """Check that each pair is an even compartment and the next odd one, on the same core.

    Then no child has a child itself, and an engine may split compartments at any even number.
    """
    joined = np.flatnonzero(compartments.join)
    even = joined[joined % 2 == 0]
    if even.size:
        raise ImageError(
            f"register join: compartment {even[0]} is joined; allowed: odd numbers only, whose "
            "child is the compartment before."
        )
    first = joined[np.isin(joined, core_ptr)]
    if first.size:
        raise ImageError(
            f"register join: compartment {first[0]} is the first of its core, and its child is on "
            "the core before; allowed: both on one core."
        )


def _check_group(owner: str, group: SynapseGroup, sizes: Mapping[str, int], core: CoreSpec) -> None:
    if group.source not in sizes:
        raise ImageError(
            f"{owner}: source = {group.source!r}; allowed: 'inputs' or 'compartments'."
        )
    check_format(owner, group.format, core)
    n, rows = group.n_synapses, sizes[group.source]
    check_array(owner, "target", group.target, np.int32)
    check_array(owner, "mantissa", group.mantissa, np.int16, n)
    check_array(owner, "delay", group.delay, np.uint8, n if np.size(group.delay) else None)
    check_array(owner, "indptr", group.indptr, np.int64, rows + 1)
    if group.indptr[0] != 0 or group.indptr[-1] != n or (np.diff(group.indptr) < 0).any():
        raise ImageError(
            f"{owner}: indptr = {shown(group.indptr.tolist())}; allowed: never falling, "
            f"from 0 to {n}, the number of synapses."
        )
    receptor = integer(owner, "receptor", group.receptor, at_least=0, at_most=1, error=ImageError)
    object.__setattr__(group, "receptor", receptor)
    for name, values, minimum, maximum in (
        ("target", group.target, 0, sizes["compartments"] - 1),
        ("mantissa", group.mantissa, *mantissa_limits(group.format, core)),
        ("delay", group.delay, 0, core.delay_max),
    ):
        check_within(owner, name, values, minimum, maximum)


def mantissa_limits(form: SynapseFormat, core: CoreSpec) -> tuple[int, int]:
    """Return the smallest and the largest mantissa that a synapse format may hold."""
    low, high = mantissa_range(form.sign_mode, core)
    if form.sign_mode is SignMode.MIXED and form.weight_bits == 0:
        low = 0  # a negative sign without magnitude bits would decode to an impossible mantissa
    return low, high


def check_within(owner: str, name: str, values: Any, low: int, high: int) -> None:
    """Raise :class:`ImageError` at a value that is not within the range."""
    if values.size and not (low <= values.min() and values.max() <= high):
        worst = values.min() if values.min() < low else values.max()
        raise ImageError(f"{owner}: a {name} is {worst}; allowed: {low} to {high}.")


def _check_symbols(
    symbols: Symbols, n_inputs: int, compartments: Compartments, n_groups: int
) -> None:
    n_compartments = len(compartments)
    sources = sum(item.size for item in symbols.inputs)
    if sources != n_inputs:
        raise ImageError(
            f"symbols: the inputs have {sources} sources; allowed: {n_inputs}, as the image has."
        )
    if len(symbols.synapses) != n_groups:
        raise ImageError(
            f"symbols: {len(symbols.synapses)} synapse symbols; allowed: {n_groups}, one for each "
            "synapse group of the image."
        )
    for item in symbols.populations:
        ids = item.compartment_ids
        if not (ids.min() >= 0 and ids.max() < n_compartments):
            worst = ids.min() if ids.min() < 0 else ids.max()
            raise ImageError(
                f"symbols of {item.name!r}: a compartment is {worst}; allowed: 0 to "
                f"{n_compartments - 1}."
            )
        parents = ids[: len(item.child_ids)]
        strange = (item.child_ids != parents - 1) | (compartments.join[parents] == 0)
        if strange.any():
            first = int(np.argmax(strange))
            raise ImageError(
                f"symbols of {item.name!r}: child_ids[{first}] = {item.child_ids[first]}; allowed: "
                f"the child of compartment {parents[first]}, which is the neuron's own."
            )
    owned = [ids for item in symbols.populations for ids in (item.compartment_ids, item.child_ids)]
    twice = np.flatnonzero(np.bincount(np.concatenate([*owned, np.empty(0, np.int32)])) > 1)
    if twice.size:
        raise ImageError(
            f"symbols: compartment {twice[0]} belongs to two neurons; allowed: each compartment "
            "belongs to one neuron."
        )


def _check_noise(noise: Noise, size: int) -> None:
    check_array("noise", "enabled", noise.enabled, np.int32, size)
    if noise.enabled.size and not (noise.enabled.min() >= 0 and noise.enabled.max() <= 1):
        raise ImageError("noise: enabled holds numbers other than 0 and 1; allowed: 0 or 1.")
