"""The parts of a chip image: compartments, synapse groups and noise.

Import these names from ``neurochip.image``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import brief, line
from .._support.csr import rows_of
from .._support.text import counted
from .._support.values import (
    MOST_IDS,
    ArrayValue,
    check_size,
    choice,
    instance,
    integer,
    integers,
    reals,
    shown,
    switch,
)
from ..chip.registers import SynapseFormat
from ..chip.spec import CoreSpec
from ..errors import ImageError
from ..typing import Int16Array, Int32Array, Int64Array, UInt8Array

__all__ = ["Compartments", "Noise", "SynapseGroup", "check_array", "narrow", "whole_numbers"]

_SOURCES = ("inputs", "compartments")


@dataclass(frozen=True, kw_only=True, eq=False)
class Compartments(ArrayValue):
    """Registers of all compartments, each an ndarray of int32, shape (n,).

    Build one with :meth:`fill`, which supplies default values.

    Parameters
    ----------
    decay_u, decay_v : 0 to ``2**decay_bits - 1``
        Decay of the current and of the voltage.
    decay_u_offset, decay_v_offset : 0 or 1
        Offset that the chip adds to the decay register.
    threshold_mantissa : 0 to ``2**threshold_mantissa_bits - 1``
        The compartment spikes if v exceeds ``threshold_mantissa << threshold_shift``.
    bias_mantissa, bias_exponent : signed; 0 to ``bias_exponent_max``
        ``bias_mantissa << bias_exponent`` is added to v in every step.
    refractory : 1 to ``refractory_max``
        v is held at 0 for ``refractory - 1`` steps after a spike.
    vmin_exponent, vmax_exponent : 0 to ``vmin_exponent_max``, 0 to ``vmax_exponent_max``
        Limits of v.
    v_init : within the width of the state
        v before the first step.
    join : 0 or 1
        Whether the current of the previous compartment, its *child*, is added to its own in the
        same step. A joined compartment has an odd number, and its child is on the same core.
    u_init : within the width of the state
        u before the first step.
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
    join: Int32Array
    u_init: Int32Array

    @property
    def parents(self) -> Int32Array:
        """Parent of each compartment that is a child, otherwise -1; shape (size,)."""
        found = np.full(len(self.join), -1, dtype=np.int32)
        parents = np.flatnonzero(self.join).astype(np.int32)
        found[parents - 1] = parents
        return found

    @classmethod
    def fill(cls, core: CoreSpec, size: int, **registers: Any) -> Compartments:
        """Build ``size`` compartments from scalars or arrays; other registers have defaults.

        Defaults: the current is cleared every step, v does not decay, threshold mantissa 100 (or
        the largest of the core, if smaller), no bias, refractory 1, widest limits of v, v_init and
        u_init 0, no join.

        Parameters
        ----------
        core : CoreSpec
            Core whose widths determine the defaults.
        size : int
            Number of compartments.
        **registers : int or array_like of int, shape (size,)
            Registers by name.

        Raises
        ------
        ImageError
            If a register does not exist or an array has the wrong shape.
        """
        size = check_size("compartments", size, ImageError)
        instance("compartments", "core", core, CoreSpec, "a CoreSpec(...)", error=ImageError)
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
            "join": 0,
            "u_init": 0,
        }
        for name, value in registers.items():
            if name not in defaults:
                raise ImageError(
                    f"compartments: no register {name!r}; there are {', '.join(defaults)}."
                )
            array = whole_numbers("compartments", name, value)
            if array.shape not in {(), (size,)}:
                raise ImageError(
                    f"compartments: {name} has shape {array.shape}; allowed: a number or ({size},)."
                )
            defaults[name] = array
        return cls(
            **{
                name: np.ascontiguousarray(
                    np.broadcast_to(narrow("compartments", name, value, np.int32), (size,))
                )
                for name, value in defaults.items()
            }
        )

    def __len__(self) -> int:
        return len(self.decay_u)

    def __repr__(self) -> str:
        return line(self, counted(len(self), "compartment"))


def whole_numbers(owner: str, name: str, value: Any) -> Any:
    """Return integers of any type and shape as an array, or raise :class:`ImageError`."""
    ragged = f"{name} is no array; allowed: integers."
    return integers(owner, name, value, ragged=ragged, error=ImageError)


def narrow(owner: str, name: str, value: Any, dtype: Any) -> Any:
    """Return integers as an array of ``dtype``, or raise if a value does not fit."""
    array = whole_numbers(owner, name, value)
    limits = np.iinfo(dtype)
    if array.size and not (limits.min <= array.min() and array.max() <= limits.max):
        worst = array.min() if array.min() < limits.min else array.max()
        raise ImageError(f"{owner}: a {name} is {worst}; allowed: {limits.min} to {limits.max}.")
    return array.astype(dtype)


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
        Delay in steps, in addition to the one step that every spike takes; empty if all are 0.
    receptor : int
        Accumulator of the targets that receives the weights: 0, or 1 if all targets run programs
        with two inputs.
    """

    source: str
    format: SynapseFormat
    indptr: Int64Array
    target: Int32Array
    mantissa: Int16Array
    delay: UInt8Array
    receptor: int = 0

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
        receptor: int = 0,
    ) -> SynapseGroup:
        """Build a group from one (pre, target, mantissa, delay) per synapse, in any order.

        Parameters
        ----------
        source : str
            ``"inputs"`` or ``"compartments"``.
        n_sources : int
            Number of sources of that kind in the image.
        synapse_format : SynapseFormat
            Exponent, stored bits, sign mode.
        pre, target : array_like of int, shape (n_synapses,)
            Source and compartment of each synapse.
        mantissa, delay : int or array_like of int, shape (n_synapses,)
            Weight mantissa and delay, one for all synapses or one for each.
        receptor : int
            Accumulator of the targets.

        Raises
        ------
        ImageError
            If a value does not fit its type, a source is out of range, or lengths differ.
        """
        allowed = "'inputs' or 'compartments'"
        choice("synapses", "source", source, _SOURCES, allowed=allowed, error=ImageError)
        owner = f"synapses from {source}"
        n_sources = integer(
            owner, "n_sources", n_sources, at_least=0, at_most=MOST_IDS, error=ImageError
        )
        allowed = "a SynapseFormat(...)"
        instance(owner, "format", synapse_format, SynapseFormat, allowed, error=ImageError)
        pre = narrow(owner, "pre", pre, np.int64)
        if pre.ndim != 1:
            raise ImageError(f"{owner}: pre has shape {pre.shape}; allowed: one entry per synapse.")
        if pre.size and not (pre.min() >= 0 and pre.max() < n_sources):
            worst = pre.min() if pre.min() < 0 else pre.max()
            allowed = f"0 to {n_sources - 1}" if n_sources else f"none, as there are no {source}"
            raise ImageError(f"{owner}: a pre is {worst}; allowed: {allowed}.")
        columns = {}
        for name, value, dtype in (
            ("target", target, np.int32),
            ("mantissa", mantissa, np.int16),
            ("delay", delay, np.uint8),
        ):
            column = narrow(owner, name, value, dtype)
            if column.shape not in {(), pre.shape}:
                raise ImageError(
                    f"{owner}: {name} has shape {column.shape}; allowed: a number or {pre.shape}, "
                    "one entry per synapse."
                )
            columns[name] = np.broadcast_to(column, pre.shape)
        indptr, order = rows_of(pre, n_sources)
        delays = columns["delay"][order] if columns["delay"].any() else np.empty(0, dtype=np.uint8)
        return cls(
            source=source,
            format=synapse_format,
            indptr=indptr,
            target=columns["target"][order],
            mantissa=columns["mantissa"][order],
            delay=delays,
            receptor=receptor,
        )

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.target)

    @property
    def max_delay(self) -> int:
        """Longest delay in steps."""
        return int(self.delay.max()) if self.delay.size else 0

    def __repr__(self) -> str:
        return line(self, repr(self.source), counted(self.n_synapses, "synapse"), repr(self.format))


@dataclass(frozen=True, eq=False)
class Noise(ArrayValue):
    """Noise registers: in every step, a random integer is added to each enabled compartment.

    With r drawn uniformly from -127..127, the integer is ``trunc((r + 64 mantissa_offset) *
    2**(exponent - 7))`` (nengo-loihi ``NoiseState``). The generator of the chip is unpublished; the
    emulator's depends only on the seed, the step and the number of the compartment.

    Parameters
    ----------
    enabled : ndarray of int32, shape (n,)
        1 for compartments with noise, 0 for all others.
    exponent : int
        0 to 23.
    mantissa_offset : int
        Shift of the mean; the largest noise must stay below 2**30.
    at_membrane : bool
        Whether the noise is added to u + bias, and so to v only, instead of the synaptic input.
    seed : int
        0 to 2**63 - 1.

    Raises
    ------
    ImageError
        If a value is out of range.
    """

    enabled: Int32Array
    exponent: int
    mantissa_offset: int = 0
    at_membrane: bool = False
    seed: int = 0

    __repr__ = brief

    def __post_init__(self) -> None:
        for name, low, high in (
            ("exponent", 0, 23),
            ("mantissa_offset", -(1 << 22), 1 << 22),
            ("seed", 0, (1 << 63) - 1),
        ):
            value = integer("noise", name, getattr(self, name), error=ImageError)
            if not low <= value <= high:
                raise ImageError(f"noise: {name} = {shown(value)}; allowed: {low} to {high}.")
            object.__setattr__(self, name, value)
        allowed = "a one-dimensional array of int32"
        reals("noise", "enabled", self.enabled, "", allowed=allowed, error=ImageError)
        at_membrane = switch("noise", "at_membrane", self.at_membrane, error=ImageError)
        object.__setattr__(self, "at_membrane", at_membrane)
        largest = (127 + 64 * abs(self.mantissa_offset)) << max(0, self.exponent - 7)
        if largest >= 1 << 30:
            raise ImageError(
                f"noise: exponent {self.exponent} and mantissa_offset {self.mantissa_offset} make "
                f"noise of up to {largest}; allowed: below {1 << 30}."
            )

    @property
    def settings(self) -> tuple[int, int, bool, int]:
        """Exponent, mantissa offset, target and seed."""
        return self.exponent, self.mantissa_offset, self.at_membrane, self.seed


def check_array(owner: str, name: str, values: Any, dtype: Any, size: int | None = None) -> None:
    """Raise :class:`ImageError` unless values are a vector of ``dtype`` (and of ``size``)."""
    wanted = f"allowed: a one-dimensional array of {np.dtype(dtype)}"
    if not isinstance(values, np.ndarray):
        raise ImageError(f"{owner}: {name} = {shown(values)}; {wanted}.")
    numbers = wanted.removeprefix("allowed: ")
    reals(owner, name, values, "", allowed=numbers, error=ImageError)  # no mask, no unit
    if values.dtype != dtype:
        raise ImageError(f"{owner}: {name} is of type {values.dtype}; {wanted}.")
    if values.ndim != 1 or size not in {None, len(values)}:
        count = "" if size is None else f" with {size} values"
        raise ImageError(f"{owner}: {name} has shape {values.shape}; {wanted}{count}.")
