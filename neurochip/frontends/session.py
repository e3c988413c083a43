"""A session for front ends with a clock: a network that is compiled once and run in pieces.

Such a front end reads the objects of a simulator into a :class:`~neurochip.network.Network`, opens
a :class:`Session` on it, and lets each ``run`` of a script be a loop::

    with session.whole_run():
        for recording in session.windows(n_steps, stimulus, record):
            ...  # write what the window recorded into the objects of the simulator

A *window* is a number of consecutive steps whose recorded values fit in memory. Steps are counted
from time 0 and continue from run to run. The input is passed for one run at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeAlias

import numpy as np

from compiler import compile_network

from ..chip.spec import ChipSpec
from ..emulator import Emulator
from ..errors import EmulatorError, FrontendError
from ..image.neurons import decode_neurons
from ..network import Network, SpikeCounts, SpikeInput
from ..recording import (
    CHIP_VARIABLES,
    Probe,
    Recording,
    WeightProbe,
    joined_counts,
    joined_origin,
    joined_overflows,
    resolve_probes,
    split_record,
)
from ..stimulus import Stimulus, currents_of
from ..typing import Float64Array, Int32Array, Int64Array

__all__ = [
    "Drive",
    "Session",
    "Spikes",
    "collect_spikes",
    "join_recordings",
    "one_by_one",
    "reason_of",
    "spikes_only",
    "stimulus_of",
    "stimulus_with",
]

Spikes: TypeAlias = tuple[Int64Array, Int32Array]
"""Steps and sources of the spikes of one input or population, sorted by step."""

Drive: TypeAlias = Spikes | SpikeCounts
"""The spikes of an input, one by one or as counts."""

_VALUES = 1 << 23  # recorded values per window: about 200 MB with all copies


class Session:
    """A network on the emulated chip, compiled once and run in pieces.

    Parameters
    ----------
    network : Network
        Network to run. The compiler uses the input spikes of its first run to choose scales.
    chip : ChipSpec
        Chip to compile for.
    dt : float, ms
        Length of a step.
    compile_options : dict
        Options of :func:`compiler.compile_network`.
    emulator_options : dict
        Options of :class:`~neurochip.emulator.Emulator`.

    Attributes
    ----------
    image : ChipImage
        The compiled network.
    emulator : Emulator
        Emulator of the image. It shows the progress of each window, and does not warn of overflows:
        the front end tells about those of a whole run.
    interrupted : bool
        Whether the last run was stopped early, so that only :meth:`reset` may follow.

    Raises
    ------
    CompileError
        If the network does not fit onto the chip.
    """

    def __init__(
        self,
        network: Network,
        chip: ChipSpec,
        dt: float,
        compile_options: Mapping[str, Any],
        emulator_options: Mapping[str, Any],
    ) -> None:
        self.network, self.dt = network, dt
        self._chip, self._options = chip, compile_options
        self.image = compile_network(network, chip, dt, **compile_options)
        self.emulator = Emulator(self.image, warn=False, **emulator_options)
        self.interrupted = False

    @property
    def step(self) -> int:
        """Index of the next step, which is the number of steps since time 0."""
        return self.emulator.step

    def reset(self) -> None:
        """Go back to time 0, with the same image and without spikes in transit."""
        self.emulator.reset()
        self.interrupted = False

    def reprogram(self, network: Network) -> None:
        """Compile a changed network, and go on with it from the present state.

        Parameters
        ----------
        network : Network
            The same populations and inputs, with other parameters, currents, weights or delays.

        Raises
        ------
        CompileError
            If the network does not fit onto the chip.
        EmulatorError
            As for :meth:`~neurochip.emulator.Emulator.reprogram`; the session stays as it is.
        """
        image = compile_network(network, self._chip, self.dt, **self._options)
        self.emulator.reprogram(image)
        self.network, self.image = network, image

    def set_v(self, name: str, ids: Int64Array, v: Float64Array) -> Float64Array:
        """Set v of some neurons of a population, including the kicks of the last step.

        In Brian2 kicks have already changed v, while on the chip they are in transit and will do so
        in the next step. So that v is as given after they have come, they are subtracted.

        Parameters
        ----------
        name : str
            Name of the population.
        ids : ndarray of int, shape (n,)
            Neurons.
        v : ndarray, shape (n,), mV
            Their membrane potentials.

        Returns
        -------
        ndarray, shape (n,), mV
            The same without the kicks.

        Raises
        ------
        EmulatorError
            As for :meth:`~neurochip.emulator.Emulator.set_v`.
        """
        population = self.network.population(name)
        if population.model.delta_synapses and self.network.kicks_decay:
            u = self.next_step([Probe("u", name)]).trace(name, "u")
            own = self.emulator.image.symbols
            assert own is not None
            (symbol,) = (item for item in own.populations if item.name == name)
            keep = decode_neurons(self.image, symbol).keep_v[ids]
            v = v - np.divide(u.values[0, ids], keep, out=np.zeros(len(ids)), where=keep > 0)
        self.emulator.set_v(name, ids, v)
        return v

    def next_step(self, record: Iterable[Probe]) -> Recording:
        """Return what the next step records if no input comes; the session stays where it is."""
        after, inputs = deepcopy(self.emulator), self.network.spike_inputs
        silent = [SpikeInput(item.name, item.size, [], []) for item in inputs]
        stimulus = stimulus_with(self.network, (self.step + 1) * self.dt, silent)
        after.progress = False
        return after.run(stimulus, duration=self.dt, record=record)

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """Return a session that goes on from the same state; networks and images are shared."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), emulator=deepcopy(self.emulator, memo))
        return other

    @contextmanager
    def whole_run(self) -> Iterator[None]:
        """Mark the session as interrupted unless the block completes.

        After an exception in the block, such as Ctrl-C, the front end has written only a part of
        the run, and time has stopped within a window. No further run may continue from there.

        Raises
        ------
        FrontendError
            If the last run was interrupted.
        """
        if self.interrupted:
            raise FrontendError(
                "session: the last run was stopped early by Ctrl-C or an error; allowed: reset() "
                "to time 0, or a new session."
            )
        self.interrupted = True
        yield
        self.interrupted = False

    def windows(
        self, n_steps: int, stimulus: Stimulus, record: Iterable[str | Probe | WeightProbe] = ()
    ) -> Iterator[Recording]:
        """Run ``n_steps`` steps and yield the recording of each window in turn.

        The results do not depend on the borders of the windows.

        Parameters
        ----------
        n_steps : int
            Number of steps, at least 0.
        stimulus : Stimulus
            Spikes of all inputs, from time 0 on or only of these steps; others are omitted.
        record : iterable of str or Probe
            As for :meth:`neurochip.emulator.Emulator.run`.

        Raises
        ------
        StimulusError
            If an input is missing.
        EmulatorError
            If the stimulus ends before the run does.
        RecordingError
            If a probe asks for something that does not exist.
        ChipOverflowError
            With the option ``strict`` of the emulator, when a register overflows.
        """
        probes = tuple(record)
        neurons, synapses = split_record(probes)
        sizes = {item.name: item.size for item in self.network.populations}
        recorded = sum(map(len, resolve_probes(neurons, sizes, CHIP_VARIABLES).values()))
        recorded += sum(len(probe.synapses or ()) // probe.every for probe in synapses)
        longest = max(1, _VALUES // max(1, recorded))
        end = self.step + n_steps
        while self.step < end:
            count = min(longest, end - self.step)
            yield self.emulator.run(stimulus, duration=count * self.dt, record=probes)


def collect_spikes(ids: Sequence[Int64Array], first: int) -> Spikes:
    """Return the spikes of consecutive steps, given the spiking sources of each step.

    Parameters
    ----------
    ids : sequence of ndarray of int
        Sources that spike in each step; a source that is listed twice spikes twice.
    first : int
        Index of the first step.
    """
    steps = np.repeat(np.arange(first, first + len(ids)), [len(who) for who in ids])
    flat = np.concatenate([np.empty(0, np.int64), *ids])
    return steps.astype(np.int64), flat.astype(np.int32)


def one_by_one(sent: Drive) -> Spikes:
    """Return the spikes of an input as steps and sources, if they are counts."""
    if not isinstance(sent, SpikeCounts):
        return sent
    rows, ids = sent.listed(0, len(sent.counts))
    return rows + sent.first_step, ids


def stimulus_of(
    network: Network, spikes: Mapping[str, Drive], duration: float, dt: float
) -> Stimulus:
    """Return spikes given by step as a stimulus, with the currents in steps of the network.

    Parameters
    ----------
    network : Network
        Network whose inputs send the spikes.
    spikes : dict of str to (steps, ids) or SpikeCounts
        Spikes by the name of the input.
    duration, dt : float, ms
        Length of the stimulus and of a step.
    """
    trains: list[SpikeInput | SpikeCounts] = []
    for item in network.spike_inputs:
        if item.name not in spikes:
            continue  # a run reports missing inputs
        sent = spikes[item.name]
        if isinstance(sent, SpikeCounts):
            trains.append(sent)
        else:
            trains.append(SpikeInput(item.name, item.size, sent[1], sent[0] * dt))
    return stimulus_with(network, duration, trains)


def stimulus_with(
    network: Network, duration: float, trains: Iterable[SpikeInput | SpikeCounts]
) -> Stimulus:
    """Return a stimulus of given spikes, with the currents in steps of a network."""
    return Stimulus(duration, tuple(trains), currents_of(network))


def reason_of(problem: EmulatorError) -> str:
    """Return why the emulator refuses, for a message that names the object of the simulator."""
    return str(problem).removeprefix("emulator: ")


def spikes_only(recording: Recording) -> Recording:
    """Return the spikes and counters of a window, which take little memory beside its traces."""
    return Recording.of_run(**{**vars(recording), "traces": {}, "synaptic": {}})


def join_recordings(parts: Sequence[Recording]) -> Recording:
    """Return the spikes and counters of consecutive windows as one recording.

    Traces are omitted: all windows together may not fit in memory.

    Parameters
    ----------
    parts : sequence of Recording
        At least one, in temporal order.
    """
    head = parts[0]
    return Recording(
        label=head.label,
        dt=head.dt,
        first_step=head.first_step,
        n_steps=sum(part.n_steps for part in parts),
        populations=head.populations,
        steps={n: np.concatenate([part.steps[n] for part in parts]) for n in head.populations},
        ids={n: np.concatenate([part.ids[n] for part in parts]) for n in head.populations},
        payloads={n: np.concatenate([part.payloads[n] for part in parts]) for n in head.payloads},
        several=head.several,
        counters={key: sum(part.counters[key] for part in parts) for key in head.counters},
        overflows=joined_overflows(parts),
        learning=joined_counts(part.learning for part in parts),
        origin=joined_origin([part.origin for part in parts]),
    )
