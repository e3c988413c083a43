"""One fixed realisation of the inputs, so that chip and reference receive the same spikes."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ._support.grid import LAST_STEP, whole_steps
from ._support.npz import read_npz, write_npz
from ._support.ranges import NOT_NEGATIVE, POSITIVE
from ._support.spike_digest import digest_text, digest_ticks, spike_digest
from ._support.text import counted
from ._support.values import (
    ArrayValue,
    instance,
    instances,
    integer,
    items,
    real,
    shown,
    switch,
)
from .errors import StimulusError
from .network import GradedSpikes, Network, SpikeCounts, SpikeInput, Waveform
from .network.binning import Train, bin_trains
from .network.feed import with_trains
from .network.plausible import check_duration
from .network.poisson import draw_poisson
from .network.train_files import read_trains, train_arrays
from .network.waveform_files import CURRENTS, read_waveforms, waveform_arrays
from .typing import Int32Array

__all__ = ["Stimulus", "count_steps", "currents_of", "draw_stimulus", "with_stimulus"]

_KIND, _VERSION = "stimulus", 5
# Versions without payloads, currents and counts, still written where there are none.
_CURRENTS, _COUNTS, _SINGLE = 4, 3, 2


@dataclass(frozen=True, eq=False)
class Stimulus(ArrayValue):
    """Input spikes and currents in continuous time; every run bins them onto its own grid.

    Parameters
    ----------
    duration : float, ms
        Intended length of a run, above 0. Later spikes are kept, but such a run ends before them.
    trains : tuple of SpikeInput, SpikeCounts or GradedSpikes
        The spikes of every spiking input of the network, matched by name: one by one, as counts, or
        with payloads.
    currents : tuple of Waveform
        The currents in steps into every population that has a :class:`StepCurrent` in the network,
        matched by the name of the population; several into one population add up.

    Raises
    ------
    StimulusError
        If the duration is not allowed or two trains share a name.
    """

    duration: float
    trains: tuple[Train, ...] = ()
    currents: tuple[Waveform, ...] = ()

    def __post_init__(self) -> None:
        duration = _duration("stimulus", self.duration)
        trains = instances(
            "stimulus",
            "trains",
            self.trains,
            SpikeInput,
            SpikeCounts,
            GradedSpikes,
            allowed="a list of SpikeInput, SpikeCounts or GradedSpikes",
            error=StimulusError,
        )
        names = set()
        for train in trains:
            if train.name in names:
                raise StimulusError(
                    f"stimulus: two trains are named {train.name!r}; allowed: one for each input. "
                    "Join them or rename one."
                )
            names.add(train.name)
        allowed = "a list of Waveform"
        currents = instances(
            "stimulus", "currents", self.currents, Waveform, allowed=allowed, error=StimulusError
        )
        object.__setattr__(self, "duration", duration)
        object.__setattr__(self, "trains", trains)
        object.__setattr__(self, "currents", currents)
        # Every run asks for it; here it takes a small part of the time of sorting the spikes.
        object.__setattr__(self, "_digest", self._digest_between(0, digest_ticks(duration)))

    @property
    def n_spikes(self) -> int:
        """Number of spikes of all inputs."""
        return sum(train.n_spikes for train in self.trains)

    def digest(self, start: float = 0.0, stop: float | None = None) -> str:
        """Return a digest of the input from ``start`` until ``stop``, 16 hexadecimal digits.

        Equal spikes have equal digests, on any time grid and in any order, and so have equal
        waveforms. Digests of parts add up to that of the whole, as integers modulo 2**64. Times are
        rounded to 1 ns. Without spikes and currents the digest is 0, whatever the duration.

        Parameters
        ----------
        start, stop : float, ms
            Spikes at ``start`` belong to it, those at ``stop`` do not. Default: all spikes within
            the duration.

        Raises
        ------
        StimulusError
            If a time is negative.
        """
        start = real("stimulus", "start", start, "ms", NOT_NEGATIVE, error=StimulusError)
        end = self.duration if stop is None else stop
        end = real("stimulus", "stop", end, "ms", NOT_NEGATIVE, error=StimulusError)
        ticks = digest_ticks(start), digest_ticks(end)
        if ticks == (0, digest_ticks(self.duration)):
            whole: str = vars(self)["_digest"]
            return whole
        return self._digest_between(*ticks)

    def _digest_between(self, first: int, stop: int) -> str:
        spikes = sum(
            train.digest(first, stop)
            if not isinstance(train, SpikeInput)
            else spike_digest(train.name, train.ids, train.times, first, stop)
            for train in self.trains
        )
        return digest_text(spikes + sum(item.digest(first, stop) for item in self.currents))

    def trains_for(self, inputs: Sequence[tuple[str, int]]) -> tuple[Train, ...]:
        """Return the trains in the order of the inputs of a run.

        Parameters
        ----------
        inputs : sequence of (name, size)
            All inputs that the run expects.

        Raises
        ------
        StimulusError
            If an input is missing, superfluous, or of another size.
        """
        trains = {train.name: train for train in self.trains}
        expected = _sizes(inputs)
        for name in (*expected, *trains):
            if name not in trains or name not in expected:
                state = "lacks" if name not in trains else "has superfluous"
                raise StimulusError(
                    f"stimulus: {state} spikes for input {name!r}; the run expects "
                    f"{_listed(expected)} and the stimulus holds {_listed(trains)}. Draw it from "
                    "the network of the run."
                )
            if trains[name].size != expected[name]:
                raise StimulusError(
                    f"stimulus: input {name!r} has {trains[name].size} sources; the run expects "
                    f"{expected[name]}. Draw it from the network of the run."
                )
        return tuple(trains[name] for name in expected)

    def binned(
        self,
        dt: float,
        inputs: Sequence[tuple[str, int]],
        *,
        ordered: bool = True,
        first: int = 0,
        stop: int | None = None,
    ) -> tuple[Int32Array, Int32Array]:
        """Assign the spikes to steps of ``dt``.

        Parameters
        ----------
        dt : float, ms
            Step; a spike at time t belongs to step ``floor(t / dt + 1e-3)``.
        inputs : sequence of (name, size)
            The inputs that the run expects, in its order.
        ordered : bool
            False omits the sorting, for engines whose sums do not depend on the order.
        first, stop : int
            Only the spikes from step ``first`` to step ``stop - 1``, both at least 0. Default: all.

        Returns
        -------
        steps, sources : ndarray of int32, shape (n_spikes,)
            Sorted by step, then source, if ``ordered``. Sources are numbered consecutively over
            all inputs. Two spikes of a source in one step are both kept; a count is listed as often
            as it says.

        Raises
        ------
        StimulusError
            If dt is not above 0, a step is negative, an input sends payloads, or one is missing,
            superfluous, or of another size.
        """
        dt = real("stimulus", "dt", dt, "ms", POSITIVE, error=StimulusError)
        trains = self.trains_for(inputs)
        ordered = switch("stimulus", "ordered", ordered, error=StimulusError)
        first = integer("stimulus", "first", first, at_least=0, error=StimulusError)
        if stop is not None:
            stop = integer("stimulus", "stop", stop, at_least=0, error=StimulusError)
        return bin_trains(trains, dt, first, stop, ordered=ordered)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the stimulus atomically to an ``.npz`` file and return its path.

        Raises
        ------
        StimulusError
            If the name of an input ends with a NUL, which the file cannot store.
        FileError
            If the file cannot be written.
        """
        arrays = {"duration": np.float64(self.duration), **train_arrays(self.trains)}
        version = _SINGLE
        if any(isinstance(train, SpikeCounts) for train in self.trains):
            version = _COUNTS
        if self.currents:
            version = _CURRENTS
            arrays |= waveform_arrays(self.currents)
        if any(isinstance(train, GradedSpikes) for train in self.trains):
            version = _VERSION
        return write_npz(path, _KIND, version, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Stimulus:
        """Read a file written by :meth:`save`.

        Raises
        ------
        StimulusError
            If the file is missing, damaged, of another kind or too new, or its values are
            invalid.
        """
        with read_npz(path, _KIND, _VERSION, StimulusError, "draw it again") as file:
            currents = read_waveforms(file) if CURRENTS in file else ()
            return cls(float(file.array("duration", "f", ())), read_trains(file), currents)

    def __repr__(self) -> str:
        currents = f", {counted(len(self.currents), 'current')}" if self.currents else ""
        return (
            f"Stimulus({self.duration:g} ms, {counted(len(self.trains), 'input')}, "
            f"{counted(self.n_spikes, 'spike')}{currents})"
        )


def draw_stimulus(network: Network, duration: float, seed: int) -> Stimulus:
    """Draw one realisation of all inputs of a network.

    Poisson sources are drawn in continuous time. Each input has its own random stream, which
    depends on the seed and its name, so adding an input does not change the others.

    Parameters
    ----------
    network : Network
        Poisson inputs of the network are drawn, spike inputs and currents in steps are copied.
    duration : float, ms
        Length of the stimulus, above 0.
    seed : int
        At least 0. The same seed gives the same spikes within a version of neurochip.

    Raises
    ------
    StimulusError
        If the duration or the seed is not allowed.

    Warns
    -----
    UnitWarning
        If the duration was probably meant in s.
    """
    instance("stimulus", "network", network, Network, "a Network(...)", error=StimulusError)
    duration = _duration("stimulus", duration)
    seed = integer("stimulus", "seed", seed, at_least=0, error=StimulusError)
    check_duration(network, duration)
    trains = []
    for item in network.spike_inputs:
        if isinstance(item, SpikeInput):
            trains.append(replace(item, expected_rate=None, expected_duration=None))
            continue
        trains.append(draw_poisson(item, duration, seed))
    return Stimulus(duration, tuple(trains), currents_of(network))


def currents_of(network: Network) -> tuple[Waveform, ...]:
    """Return the currents in steps of a network, as a stimulus holds them."""
    return tuple(
        item.waveform for own in network.populations for item in network.step_currents(own)
    )


def with_stimulus(network: Network, stimulus: Stimulus) -> Network:
    """Return a network whose inputs are the spikes of a stimulus.

    Functions that draw the inputs of a network, such as :func:`validate` and :func:`sweep`, then
    run it on these spikes, and the compiler leaves headroom for them.

    Parameters
    ----------
    network : Network
        Network whose spiking inputs are replaced; constant currents stay.
    stimulus : Stimulus
        Spikes of all its inputs.

    Raises
    ------
    StimulusError
        If an input is missing, superfluous, or of another size.

    Examples
    --------
    >>> from neurochip import LIF, Network, PoissonInput, Population, draw_stimulus, with_stimulus
    >>> source = PoissonInput("source", 1, rate=100.0)
    >>> network = Network(inputs=[source], populations=[Population("cell", 1, LIF())])
    >>> with_stimulus(network, draw_stimulus(network, 50.0, seed=1)).inputs["source"]
    SpikeInput('source', 1, <6 spikes>)
    """
    instance("stimulus", "network", network, Network, "a Network(...)", error=StimulusError)
    instance("stimulus", "stimulus", stimulus, Stimulus, "a Stimulus(...)", error=StimulusError)
    inputs = [(item.name, item.size) for item in network.spike_inputs]
    return with_trains(network, stimulus.trains_for(inputs))


def count_steps(duration: float, dt: float) -> int:
    """Return the number of steps of ``dt`` in ``duration`` (both ms).

    Raises
    ------
    StimulusError
        If dt or the duration is not above 0, or the duration is not a multiple of dt or has more
        steps than a recording can count.
    """
    dt = real("run", "dt", dt, "ms", POSITIVE, error=StimulusError)
    duration = _duration("run", duration)
    if duration > (LAST_STEP + 0.5) * dt:
        raise StimulusError(
            f"run: {duration:g} ms are {duration / dt:.12g} steps of {dt:g} ms; allowed: at most "
            f"{LAST_STEP} steps. Shorten the run or raise dt."
        )
    steps = whole_steps(duration, dt)
    if not steps:
        below = math.floor(duration / dt)
        nearest = f"are {below * dt:.12g} and" if below else "is"
        raise StimulusError(
            f"run: a duration of {duration:.12g} ms is not a whole number of steps of {dt:g} ms; "
            f"the nearest {nearest} {(below + 1) * dt:.12g} ms."
        )
    return steps


def _sizes(inputs: Any) -> dict[str, int]:
    allowed = "pairs of a name and a size"
    pairs = items("stimulus", "inputs", inputs, allowed, error=StimulusError)
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            raise StimulusError(f"stimulus: inputs = {shown(inputs)}; allowed: {allowed}.")
    return {
        name: integer(f"stimulus: input {name!r}", "size", size, error=StimulusError)
        for name, size in pairs
    }


def _duration(owner: str, duration: float) -> float:
    return real(owner, "duration", duration, "ms", POSITIVE, error=StimulusError)


def _listed(names: object) -> str:
    return ", ".join(repr(name) for name in names) or "none"  # type: ignore[attr-defined]
