"""Inputs of a network: spike sources and constant currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import brief
from .._support.foreign import own_keywords
from .._support.ranges import NOT_NEGATIVE
from .._support.text import counted
from .._support.values import (
    ArrayValue,
    check_name,
    check_size,
    instance,
    integers,
    items,
    quantity,
    read_only,
    reals,
    shown,
)
from ..errors import NetworkError
from ..typing import BoolArray, Float64Array, Int64Array, PerNeuron
from .neurons import Population
from .plausible import check_current

__all__ = ["ConstantCurrent", "PoissonInput", "SpikeInput", "ends_early"]

_LASTING = 500.0  # ms: input that ends earlier is a stimulus, after which neurons come to rest


@own_keywords
@dataclass(frozen=True, eq=False)
class PoissonInput(ArrayValue):
    """Independent Poisson spike sources.

    Parameters
    ----------
    name : str
        Unique within a network.
    size : int
        Number of sources, at least 1.
    rate : float or array_like, Hz
        Rate of all sources, or of each source, at least 0.

    Raises
    ------
    NetworkError
        If the name, the size or a rate is not allowed.
    """

    name: str
    size: int
    rate: PerNeuron

    def __post_init__(self) -> None:
        check_name("input", self.name)
        owner = f"input {self.name!r}"
        object.__setattr__(self, "size", check_size(owner, self.size))
        object.__setattr__(self, "rate", _rate(owner, "rate", self.rate, self.size))

    def __repr__(self) -> str:
        rate = f"<{self.size} values>" if isinstance(self.rate, np.ndarray) else f"{self.rate!r}"
        return f"PoissonInput({self.name!r}, {self.size}, rate={rate})"


@own_keywords
@dataclass(frozen=True, eq=False)
class SpikeInput(ArrayValue):
    """Sources whose spike times are given.

    Parameters
    ----------
    name : str
        Unique within a network.
    size : int
        Number of sources, at least 1.
    ids : array_like of int, shape (n_spikes,)
        Source of each spike, 0 to ``size - 1``.
    times : array_like of float, shape (n_spikes,), ms
        Time of each spike, at least 0, in any order.
    expected_rate : float or array_like, Hz, optional
        Rate of all sources, or of each source, at least 0, for which the compiler leaves headroom.
        Give it if the spikes become known only after compilation. Default: the mean rate of the
        given spikes; without spikes the compiler assumes 100 Hz and warns.
    expected_duration : float or array_like, ms, optional
        How long all sources, or each source, spike, at least 0. The compiler moves the resting
        level of neurons for no input that ends within half a second: they come to rest afterwards.
        Default: until the last of the given spikes; without spikes, or with an expected rate, for
        as long as the network runs.

    Raises
    ------
    NetworkError
        If the arrays differ in length, an id is out of range, or a time is negative or not finite,
        or an expected rate or duration is not allowed.
    """

    name: str
    size: int
    ids: Any
    times: Any
    expected_rate: PerNeuron | None = None
    expected_duration: PerNeuron | None = None

    def __post_init__(self) -> None:
        check_name("input", self.name)
        owner = f"input {self.name!r}"
        object.__setattr__(self, "size", check_size(owner, self.size))
        ragged = (
            "ids or times are nested lists; allowed: one-dimensional arrays. Use "
            "SpikeInput.from_trains for one list per source."
        )
        ids = integers(owner, "ids", self.ids, ragged=ragged)
        allowed = "a number or one number per spike, in ms"
        times = reals(owner, "times", self.times, "ms", allowed=allowed, ragged=ragged)
        if ids.ndim != 1 or times.ndim != 1 or ids.shape != times.shape:
            raise NetworkError(
                f"{owner}: ids have shape {ids.shape} and times {times.shape}; allowed: two "
                "one-dimensional arrays of equal length, one entry per spike."
            )
        integers(owner, "ids", ids, low=0, high=self.size - 1)
        quantity(owner, "times", times, "ms", NOT_NEGATIVE, copy=False)
        order = _order(times, ids)
        object.__setattr__(self, "ids", read_only(ids[order].astype(np.int32)))
        object.__setattr__(self, "times", read_only(times[order].astype(np.float64)))
        if self.expected_rate is not None:
            expected = _rate(owner, "expected_rate", self.expected_rate, self.size)
            object.__setattr__(self, "expected_rate", expected)
        if self.expected_duration is not None:
            lasts = _per_source(owner, "expected_duration", self.expected_duration, "ms", self.size)
            object.__setattr__(self, "expected_duration", lasts)

    @property
    def n_spikes(self) -> int:
        """Number of spikes."""
        return len(self.times)

    @property
    def of_each_source(self) -> Int64Array:
        """Spikes of each source, shape (size,)."""
        return np.bincount(self.ids, minlength=self.size)

    @classmethod
    def from_trains(
        cls,
        name: str,
        trains: Sequence[Any],
        *,
        expected_rate: PerNeuron | None = None,
        expected_duration: PerNeuron | None = None,
    ) -> SpikeInput:
        """Build an input from one array of spike times (ms) per source.

        Parameters
        ----------
        name : str
            Unique within a network.
        trains : sequence of array_like of float, ms
            The spike times of each source, in any order; one item per source.
        expected_rate, expected_duration : float or array_like, Hz and ms, optional
            As above.

        Raises
        ------
        NetworkError
            If the name, a time, an expected rate or duration is not allowed.

        Examples
        --------
        >>> SpikeInput.from_trains("stimulus", [[1.0, 5.0], [], [2.5]])
        SpikeInput('stimulus', 3, <3 spikes>)
        """
        check_name("input", name)
        owner = f"input {name!r}"
        allowed = "a list with one array of times per source, in the order of the sources"
        if isinstance(trains, (Mapping, Set)):  # their keys would be read as times
            raise NetworkError(f"{owner}: trains = {shown(trains)}; allowed: {allowed}.")
        trains = items(owner, "trains", trains, allowed, error=NetworkError)
        arrays = [
            np.atleast_1d(
                quantity(
                    owner,
                    f"trains[{index}]",
                    train,
                    "ms",
                    NOT_NEGATIVE,
                    per="spike",
                )
            )
            for index, train in enumerate(trains)
        ]
        lengths = [array.size for array in arrays]
        times = np.concatenate(arrays) if arrays else np.empty(0)
        ids = np.repeat(np.arange(len(arrays)), lengths)
        return cls(name, len(arrays), ids, times, expected_rate, expected_duration)

    def __repr__(self) -> str:
        return f"SpikeInput({self.name!r}, {self.size}, <{counted(len(self.times), 'spike')}>)"


@dataclass(frozen=True, eq=False)
class ConstantCurrent(ArrayValue):
    """A current that flows into every neuron of a population for the whole run.

    It adds to the ``i_offset`` of the neurons; several currents add up.

    Parameters
    ----------
    target : Population
        The neurons.
    amplitude : float or array_like, nA
        The current into all neurons, or into each neuron.

    Raises
    ------
    NetworkError
        If a value is not finite or the number of values is not 1 or the size of the target.
    """

    target: Population
    amplitude: PerNeuron

    __repr__ = brief

    def __post_init__(self) -> None:
        instance(
            "constant current",
            "target",
            self.target,
            Population,
            "a Population(...)",
            error=NetworkError,
        )
        owner = f"constant current into {self.target.name!r}"
        amplitude = quantity(owner, "amplitude", self.amplitude, "nA")
        if isinstance(amplitude, np.ndarray) and amplitude.size != self.target.size:
            raise NetworkError(
                f"{owner}: amplitude has {amplitude.size} values; allowed: one, or "
                f"{self.target.size} (one per neuron)."
            )
        check_current(owner, self.target.model, amplitude)
        object.__setattr__(self, "amplitude", amplitude)


def ends_early(source: PoissonInput | SpikeInput) -> BoolArray:
    """Return which sources end so early that the compiler moves no resting level for them."""
    duration: Any = np.inf
    if isinstance(source, SpikeInput):
        if source.expected_duration is not None:
            duration = source.expected_duration
        elif source.expected_rate is None and source.n_spikes:
            duration = source.times[-1]
    return np.broadcast_to(np.asarray(duration) < _LASTING, (source.size,))


def _order(times: Any, ids: Any) -> Any:
    """Return the order by time, then source: a slice if it is the given one, which saves a sort."""
    later, same = times[1:] > times[:-1], times[1:] == times[:-1]
    if (later | (same & (ids[1:] >= ids[:-1]))).all():
        return slice(None)
    return np.lexsort((ids, times))


def _rate(owner: str, name: str, value: Any, size: int) -> float | Float64Array:
    """Check a rate of all sources or of each source."""
    return _per_source(owner, name, value, "Hz", size)


def _per_source(owner: str, name: str, value: Any, unit: str, size: int) -> float | Float64Array:
    found = quantity(owner, name, value, unit, NOT_NEGATIVE, per="source")
    if isinstance(found, np.ndarray) and found.size != size:
        raise NetworkError(
            f"{owner}: {name} has {found.size} values; allowed: one, or {size} (one per source)."
        )
    return found
