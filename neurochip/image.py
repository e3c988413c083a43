"""A compiled network: integers only, plus one removable part that says what they meant.

A :class:`ChipImage` is the only input of an engine. Compartments stand in the order of the cores;
synapses are grouped by their kind of source and their synapse format, and sorted by source.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._values import ArrayValue, read_only
from .compile_report import CompileReport
from .errors import ImageError
from .hardware import ChipSpec, CoreSpec
from .registers import (
    SignMode,
    SynapseFormat,
    check_format,
    decode_voltage_limits,
    mantissa_range,
)
from .typing import Float64Array, Int16Array, Int32Array, Int64Array, UInt8Array

__all__ = [
    "ChipImage",
    "Compartments",
    "InputSymbol",
    "PopulationSymbol",
    "Symbols",
    "SynapseGroup",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Compartments(ArrayValue):
    """Registers of all compartments, each an ndarray of int32, shape (n,).

    Make one with :meth:`fill`, which supplies what a register holds after a reset of the chip.

    Parameters
    ----------
    decay_u, decay_v : 0 to ``2**decay_bits - 1``
        Decay of the current and of the voltage.
    decay_u_offset, decay_v_offset : 0 or 1
        Added to the decay registers by the chip.
    threshold_mantissa : 0 to ``2**threshold_mantissa_bits - 1``
        v spikes above ``threshold_mantissa << threshold_shift``.
    bias_mantissa, bias_exponent : signed; 0 to ``bias_exponent_max``
        ``bias_mantissa << bias_exponent`` is added to v in every step.
    refractory : 1 to ``refractory_max``
        v is held at 0 for ``refractory - 1`` steps after a spike.
    vmin_exponent, vmax_exponent : 0 to their maximum
        Limits of v.
    v_init : within the width of the state
        v before the first step.
    """

    decay_u: Int32Array
    decay_v: Int32Array
    decay_u_offset: Int32Array
    decay_v_offset: Int32Array
    threshold_mantissa: Int32Array
    bias_mantissa: Int32Array
    bias_exponent: Int32Array
    refractory: Int32Array
    vmin_exponent: Int32Array
    vmax_exponent: Int32Array
    v_init: Int32Array

    @classmethod
    def fill(cls, core: CoreSpec, size: int, **registers: Any) -> Compartments:
        """Build ``size`` compartments from scalars or arrays; the rest has the chip's defaults.

        Defaults: the current is cleared every step, v does not decay, threshold mantissa 100 (or
        the largest there is), no bias, refractory 1, widest limits of v, v_init 0.

        Raises
        ------
        ImageError
            If a register does not exist or an array has another shape.
        """
        defaults: dict[str, Any] = {
            "decay_u": core.decay.maximum,
            "decay_v": 0,
            "decay_u_offset": core.decay_u_offset,
            "decay_v_offset": core.decay_v_offset,
            "threshold_mantissa": min(100, core.threshold_mantissa.maximum),
            "bias_mantissa": 0,
            "bias_exponent": 0,
            "refractory": 1,
            "vmin_exponent": core.vmin_exponent_max,
            "vmax_exponent": core.vmax_exponent_max,
            "v_init": 0,
        }
        for name, value in registers.items():
            if name not in defaults:
                raise ImageError(
                    f"compartments: no register {name!r}; there are {', '.join(defaults)}."
                )
            if np.shape(value) not in {(), (size,)}:
                raise ImageError(
                    f"compartments: {name} has shape {np.shape(value)}; allowed: a number or "
                    f"({size},)."
                )
            defaults[name] = value
        return cls(
            **{
                name: np.ascontiguousarray(np.broadcast_to(_integers(name, value), (size,)))
                for name, value in defaults.items()
            }
        )

    def __len__(self) -> int:
        return len(self.decay_u)


def _integers(name: str, value: Any) -> Int32Array:
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.integer):
        raise ImageError(f"compartments: {name} is of type {array.dtype}; allowed: integers.")
    if array.size and (array.min() < -(1 << 31) or array.max() >= 1 << 31):
        raise ImageError(f"compartments: {name} does not fit 32 bits.")
    return array.astype(np.int32)


@dataclass(frozen=True, kw_only=True, eq=False)
class SynapseGroup(ArrayValue):
    """Synapses of one format and one kind of source, sorted by source.

    Parameters
    ----------
    source : str
        ``"inputs"`` or ``"compartments"``.
    format : SynapseFormat
        Exponent, stored bits, sign mode.
    indptr : ndarray of int64, shape (n_sources + 1,)
        Synapses of source i are ``indptr[i]`` to ``indptr[i + 1]``.
    target : ndarray of int32, shape (n_synapses,)
        Compartment of each synapse.
    mantissa : ndarray of int16, shape (n_synapses,)
        Weight mantissa.
    delay : ndarray of uint8, shape (n_synapses,) or (0,)
        Delay in steps, on top of the step that every spike takes; empty means 0 throughout.
    """

    source: str
    format: SynapseFormat
    indptr: Int64Array
    target: Int32Array
    mantissa: Int16Array
    delay: UInt8Array

    @classmethod
    def from_coo(
        cls,
        source: str,
        n_sources: int,
        synapse_format: SynapseFormat,
        *,
        pre: Any,
        target: Any,
        mantissa: Any,
        delay: Any = 0,
    ) -> SynapseGroup:
        """Build a group from one (source, target, mantissa, delay) per synapse, in any order."""
        pre = np.asarray(pre, dtype=np.int64)
        order = np.argsort(pre, kind="stable")
        indptr = np.zeros(n_sources + 1, dtype=np.int64)
        np.cumsum(np.bincount(pre, minlength=n_sources), out=indptr[1:])
        delays = np.broadcast_to(np.asarray(delay, dtype=np.uint8), pre.shape)[order]
        return cls(
            source=source,
            format=synapse_format,
            indptr=indptr,
            target=np.asarray(target)[order].astype(np.int32),
            mantissa=np.broadcast_to(np.asarray(mantissa), pre.shape)[order].astype(np.int16),
            delay=delays.copy() if delays.any() else np.empty(0, dtype=np.uint8),
        )

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.target)

    @property
    def max_delay(self) -> int:
        """Longest delay in steps."""
        return int(self.delay.max()) if self.delay.size else 0


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationSymbol(ArrayValue):
    """What the compartments of a population meant; arrays of shape (size,).

    Parameters
    ----------
    name : str
        Population of the network.
    compartments : ndarray of int32
        Compartment of each neuron.
    mv_per_lsb, origin, v_reset : ndarray of float64
        ``v = origin + register * mv_per_lsb`` in mV; while a neuron is held after a spike its v is
        ``v_reset``.
    """

    name: str
    compartments: Int32Array
    mv_per_lsb: Float64Array
    origin: Float64Array
    v_reset: Float64Array


@dataclass(frozen=True)
class InputSymbol:
    """Name and number of sources of a spiking input."""

    name: str
    size: int


@dataclass(frozen=True, eq=False)
class Symbols(ArrayValue):
    """The removable part of an image: names and physical meaning.

    Parameters
    ----------
    dt : float, ms
        Length of a step.
    populations : tuple of PopulationSymbol
        In the order of the network.
    inputs : tuple of InputSymbol
        In the order of the image's input axons.
    report : CompileReport
        What the compiler did.
    """

    dt: float
    populations: tuple[PopulationSymbol, ...]
    inputs: tuple[InputSymbol, ...]
    report: CompileReport


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
        _check_cores(self)
        _check_compartments(self.compartments, self.chip.core)
        for index, group in enumerate(self.synapses):
            _check_group(f"synapse group {index}", group, self)
        for part in (self.compartments, *self.synapses):
            for item in dataclasses.fields(part):
                value = getattr(part, item.name)
                if isinstance(value, np.ndarray):
                    object.__setattr__(part, item.name, read_only(value))

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
    if len(pointers) < 2 or pointers[0] != 0 or pointers[-1] != size or (np.diff(pointers) < 1).any():
        raise ImageError(
            f"image: core_ptr does not run from 0 to {size} compartments in rising steps."
        )
    if image.n_cores > image.chip.cores:
        raise ImageError(
            f"image: {image.n_cores} cores; chip {image.chip.name!r} has {image.chip.cores}."
        )
    largest = int(np.diff(pointers).max())
    if largest > image.chip.core.compartments:
        raise ImageError(
            f"image: core {int(np.argmax(np.diff(pointers)))} holds {largest} compartments; "
            f"allowed: {image.chip.core.compartments}."
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
    }
    for name, (low, high) in ranges.items():
        _check_range(f"register {name}", getattr(registers, name), len(registers), low, high)
    vmin, vmax = decode_voltage_limits(registers.vmin_exponent, registers.vmax_exponent, core)
    _check_range("register v_init", registers.v_init, len(registers), -state.maximum, state.maximum)
    outside = (registers.v_init < vmin) | (registers.v_init > vmax)
    if outside.any():
        first = int(np.argmax(outside))
        raise ImageError(
            f"register v_init: compartment {first} holds {registers.v_init[first]}; allowed with "
            f"its limits of v: {vmin[first]} to {vmax[first]}."
        )


def _check_range(owner: str, values: Any, size: int, low: int, high: int) -> None:
    if values.shape != (size,):
        raise ImageError(f"{owner}: shape {values.shape}; expected ({size},).")
    outside = (values < low) | (values > high)
    if outside.any():
        first = int(np.argmax(outside))
        raise ImageError(
            f"{owner}: compartment {first} holds {values[first]}; allowed: {low} to {high}."
        )


def _check_group(owner: str, group: SynapseGroup, image: ChipImage) -> None:
    core = image.chip.core
    sizes = {"inputs": image.n_inputs, "compartments": image.n_compartments}
    if group.source not in sizes:
        raise ImageError(
            f"{owner}: source = {group.source!r}; allowed: 'inputs' or 'compartments'."
        )
    if not isinstance(group.format.sign_mode, SignMode):
        raise ImageError(f"{owner}: sign_mode = {group.format.sign_mode!r}; allowed: a SignMode.")
    check_format(owner, group.format, core)
    n, rows = group.n_synapses, sizes[group.source]
    steps = np.diff(group.indptr)
    if group.indptr.shape != (rows + 1,) or (rows and (steps < 0).any()) or group.indptr[-1] != n:
        raise ImageError(f"{owner}: indptr does not describe {n} synapses of {rows} sources.")
    if group.mantissa.shape != (n,) or group.delay.shape not in {(n,), (0,)}:
        raise ImageError(f"{owner}: mantissa or delay does not have one value per synapse ({n}).")
    low, high = mantissa_range(group.format.sign_mode, core)
    for name, values, minimum, maximum in (
        ("target", group.target, 0, image.n_compartments - 1),
        ("mantissa", group.mantissa, low, high),
        ("delay", group.delay, 0, core.delay_max),
    ):
        if values.size and not (minimum <= values.min() and values.max() <= maximum):
            worst = values.min() if values.min() < minimum else values.max()
            raise ImageError(f"{owner}: a {name} is {worst}; allowed: {minimum} to {maximum}.")
