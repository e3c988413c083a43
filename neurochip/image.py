"""A compiled network: integers only, plus one removable part that says what they meant.

A :class:`ChipImage` is the only input of an engine. Compartments stand in the order of the cores;
synapses are grouped by their kind of source and their synapse format, and sorted by source.
"""

from __future__ import annotations

import dataclasses
import hashlib
import numbers
import reprlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._image_parts import Compartments, InputSymbol, PopulationSymbol, Symbols, SynapseGroup
from ._values import ArrayValue
from .compile_report import CompileReport
from .errors import ImageError
from .hardware import ChipSpec, CoreSpec
from .registers import SignMode, check_format, decode_voltage_limits, mantissa_range
from .typing import Int64Array

__all__ = [
    "ChipImage",
    "Compartments",
    "InputSymbol",
    "PopulationSymbol",
    "Symbols",
    "SynapseGroup",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class ChipImage(ArrayValue):
    """Everything that an engine needs to run a network, as integers.

    Parameters
    ----------
    chip : ChipSpec
        The chip that it was made for.
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Compartments of core k are ``core_ptr[k]`` to ``core_ptr[k + 1]``.
    compartments : Compartments
        Registers.
    n_inputs : int
        Sources outside the chip.
    synapses : tuple of SynapseGroup
        All synapses.
    symbols : Symbols, optional
        Names and units; an engine gives the same spikes without.

    Raises
    ------
    ImageError
        If a value does not fit its register, an index is out of range, or shapes disagree.
    """

    chip: ChipSpec
    core_ptr: Int64Array
    compartments: Compartments
    n_inputs: int
    synapses: tuple[SynapseGroup, ...] = ()
    symbols: Symbols | None = field(default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "synapses", tuple(self.synapses))
        n_inputs = self.n_inputs
        if isinstance(n_inputs, bool) or not isinstance(n_inputs, numbers.Integral) or n_inputs < 0:
            raise ImageError(f"image: n_inputs = {n_inputs!r}; allowed: an integer of at least 0.")
        object.__setattr__(self, "n_inputs", int(n_inputs))
        _check_cores(self)
        _check_compartments(self.compartments, self.chip.core)
        for index, group in enumerate(self.synapses):
            _check_group(f"synapse group {index}", group, self)
        if self.symbols is not None:
            _check_symbols(self.symbols, self)
        for part in (self, self.compartments, *self.synapses):
            part._freeze()

    @property
    def n_compartments(self) -> int:
        """Compartments in use."""
        return len(self.compartments)

    @property
    def n_cores(self) -> int:
        """Cores in use."""
        return len(self.core_ptr) - 1

    @property
    def n_synapses(self) -> int:
        """Synapses of all groups."""
        return sum(group.n_synapses for group in self.synapses)

    @property
    def max_delay(self) -> int:
        """Longest synaptic delay in steps."""
        return max((group.max_delay for group in self.synapses), default=0)

    @property
    def report(self) -> CompileReport:
        """What the compiler did.

        Raises
        ------
        ImageError
            If the symbols were removed or never there.
        """
        if self.symbols is None:
            raise ImageError("image: it has no symbols, so there is no compile report.")
        return self.symbols.report

    def without_symbols(self) -> ChipImage:
        """Return the integers alone; the digest stays the same."""
        return dataclasses.replace(self, symbols=None)

    def digest(self) -> str:
        """SHA-256 over the chip and all integers, as 64 hexadecimal digits.

        Two images with one digest give the same spikes on every engine.
        """
        summary = hashlib.sha256(repr((self.chip, self.n_inputs)).encode())
        parts: list[Any] = [self.core_ptr]
        parts += [getattr(self.compartments, f.name) for f in dataclasses.fields(Compartments)]
        for group in self.synapses:
            summary.update(repr((group.source, group.format)).encode())
            parts += [group.indptr, group.target, group.mantissa, group.delay]
        for array in parts:
            summary.update(f"{array.dtype.str}{array.shape}".encode())
            summary.update(np.ascontiguousarray(array).data)
        return summary.hexdigest()

    def __repr__(self) -> str:
        return (
            f"ChipImage({self.chip.name}, {self.n_cores} cores, {self.n_compartments} "
            f"compartments, {self.n_synapses} synapses, digest {self.digest()[:12]})"
        )


def _check_cores(image: ChipImage) -> None:
    pointers, size = image.core_ptr, image.n_compartments
    _check_array("image", "core_ptr", pointers, np.int64)
    rising = len(pointers) > 1 and bool((np.diff(pointers) > 0).all())
    if not rising or pointers[0] != 0 or pointers[-1] != size:
        raise ImageError(
            f"image: core_ptr = {reprlib.repr(pointers.tolist())}; allowed: rising from 0 to "
            f"{size}, the number of compartments."
        )
    if image.n_cores > image.chip.cores:
        raise ImageError(
            f"image: {image.n_cores} cores; allowed: at most {image.chip.cores}, as chip "
            f"{image.chip.name!r} has."
        )
    largest = int(np.diff(pointers).max())
    if largest > image.chip.core.compartments:
        raise ImageError(
            f"image: core {int(np.argmax(np.diff(pointers)))} holds {largest} compartments; "
            f"allowed: at most {image.chip.core.compartments}."
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
    }
    for name, (low, high) in ranges.items():
        values = getattr(registers, name)
        _check_array("compartments", name, values, np.int32, len(registers))
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


def _check_array(owner: str, name: str, values: Any, dtype: Any, size: int | None = None) -> None:
    wanted = f"allowed: a one-dimensional array of {np.dtype(dtype)}"
    if not isinstance(values, np.ndarray):
        raise ImageError(f"{owner}: {name} = {reprlib.repr(values)}; {wanted}.")
    if values.dtype != dtype:
        raise ImageError(f"{owner}: {name} is of type {values.dtype}; {wanted}.")
    if values.ndim != 1 or size not in {None, len(values)}:
        count = "" if size is None else f" with {size} values"
        raise ImageError(f"{owner}: {name} has shape {values.shape}; {wanted}{count}.")


def _check_group(owner: str, group: SynapseGroup, image: ChipImage) -> None:
    core = image.chip.core
    sizes = {"inputs": image.n_inputs, "compartments": image.n_compartments}
    if group.source not in sizes:
        raise ImageError(
            f"{owner}: source = {group.source!r}; allowed: 'inputs' or 'compartments'."
        )
    check_format(owner, group.format, core)
    n, rows = group.n_synapses, sizes[group.source]
    _check_array(owner, "target", group.target, np.int32)
    _check_array(owner, "mantissa", group.mantissa, np.int16, n)
    _check_array(owner, "delay", group.delay, np.uint8, n if np.size(group.delay) else None)
    _check_array(owner, "indptr", group.indptr, np.int64, rows + 1)
    if group.indptr[0] != 0 or group.indptr[-1] != n or (np.diff(group.indptr) < 0).any():
        raise ImageError(
            f"{owner}: indptr = {reprlib.repr(group.indptr.tolist())}; allowed: never falling, "
            f"from 0 to {n}, the number of synapses."
        )
    low, high = mantissa_range(group.format.sign_mode, core)
    if group.format.sign_mode is SignMode.MIXED and group.format.weight_bits == 0:
        low = 0  # the sign alone would be stored as a number that no mantissa has
    for name, values, minimum, maximum in (
        ("target", group.target, 0, image.n_compartments - 1),
        ("mantissa", group.mantissa, low, high),
        ("delay", group.delay, 0, core.delay_max),
    ):
        if values.size and not (minimum <= values.min() and values.max() <= maximum):
            worst = values.min() if values.min() < minimum else values.max()
            raise ImageError(f"{owner}: a {name} is {worst}; allowed: {minimum} to {maximum}.")


def _check_symbols(symbols: Symbols, image: ChipImage) -> None:
    sources = sum(item.size for item in symbols.inputs)
    if sources != image.n_inputs:
        raise ImageError(
            f"symbols: the inputs have {sources} sources; allowed: {image.n_inputs}, as the image "
            "has."
        )
    for item in symbols.populations:
        owner, size = f"symbols of {item.name!r}", len(item.compartments)
        _check_array(owner, "compartments", item.compartments, np.int32)
        for name in ("mv_per_lsb", "origin", "v_reset"):
            _check_array(owner, name, getattr(item, name), np.float64, size)
        if size and not (
            item.compartments.min() >= 0 and item.compartments.max() < image.n_compartments
        ):
            negative = item.compartments.min() < 0
            worst = item.compartments.min() if negative else item.compartments.max()
            raise ImageError(
                f"{owner}: a compartment is {worst}; allowed: 0 to {image.n_compartments - 1}."
            )
