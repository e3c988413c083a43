"""The float reference as an object with a state, which runs a network in pieces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._kernels.workers import check_threads, choose_threads, most_threads
from .._support.brief import line
from .._support.memory import EnoughMemory
from .._support.progress import progress_bar
from .._support.values import choice, instance, integers, items, reals, shown, switch
from ..errors import EmulatorError, NetworkError, StimulusError
from ..network import Network
from ..network.binning import binned_windows
from ..network.plausible import check_step
from ..network.time_step import own_step
from ..recording import FLOAT, Origin, Probe, Recording, WeightProbe
from ..stimulus import Stimulus
from .batch import Look, Run, run_batch
from .checks import check_like, size_of
from .currents import Currents
from .duration import steps_of_run
from .learned import LearnedWeights
from .loop import Loop
from .probes import Wanted, lay_out_traces, requested
from .tables import CURRENT_AND_KICKS, KICKS, fixed_synapses, flatten_neurons, in_transit
from .transit import Arrivals, Sent, ring_of

__all__ = ["Reference"]

LEARNING_ORDERS = ("source", "chip")
"""Plastic synapses change as in Brian2, or all at once at the end of a step, as on a chip."""

_COST = 2  # of a neuron, relative to a compartment of the emulator, which has half the bytes
_PLASTIC = 40  # bytes of a synapse that learns
_NONE = np.empty(0, dtype=np.int32)


class Reference(LearnedWeights):
    """Simulates a network in float64, and continues with the same or a changed network.

    The counterpart of :class:`~neurochip.Emulator` in physical units. For the order of events in a
    step see :func:`simulate_reference`, which is one run of this class. Runs in pieces have the
    same values, bit for bit, as one long run.

    Parameters
    ----------
    network : Network
        Network to simulate.
    dt : float, ms, optional
        Time step. Default: ``network.dt``, without which one must be given.
    threads : int, optional
        Largest number of threads, from 1 to the number that Numba has; one thread runs while that
        is faster. Default: 1 for small networks, otherwise all. The result does not depend on it.
    progress : bool, optional
        Whether to show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    learning_order : str, default "source"
        Order of the changes of connections that learn within a step: ``"source"``, that of Brian2,
        or ``"chip"``; see :func:`simulate_reference`.

    Raises
    ------
    StimulusError
        If ``dt`` is not a number above 0, is missing, or is not the network's own.
    NetworkError
        If ``network`` is not a Network, a delay is longer than 65535 steps, or the interval of a
        reward is not a whole number of steps.
    EmulatorError
        If ``threads`` or ``learning_order`` is not allowed, ``progress`` is not a bool, or memory
        is too small.
    """

    def __init__(
        self,
        network: Network,
        dt: float | None = None,
        *,
        threads: int | None = None,
        progress: bool | None = None,
        learning_order: str = "source",
    ) -> None:
        instance("run", "network", network, Network, "a Network", error=NetworkError)
        choice("run", "learning_order", learning_order, LEARNING_ORDERS, error=EmulatorError)
        self._order, at_once = learning_order, learning_order == "chip"
        self.dt = own_step("run", network, dt, StimulusError)
        self.progress = switch("run", "progress", progress, optional=True, error=EmulatorError)
        check_step("run", self.dt)
        n_neurons, n_synapses = size_of(network), network.n_synapses
        workers = choose_threads(threads, n_neurons, n_synapses, "run", _COST)
        what = f"run: {n_neurons} neurons and {n_synapses} synapses take"
        learn = sum(item.n_synapses for item in network.connections if item.plasticity)
        n_bytes = 8 * n_neurons + 4 * n_synapses + _PLASTIC * learn
        remedy = "Simulate a smaller network."
        with EnoughMemory(EmulatorError, what, n_bytes, remedy):
            tables = flatten_neurons(network, self.dt), fixed_synapses(network, self.dt)
            columns, _ = lay_out_traces({}, {}, 0, self.dt)
            self._loop = Loop(
                network, *tables, (_NONE, _NONE), columns, workers, self.dt, at_once=at_once
            )
        self.reset()

    @property
    def network(self) -> Network:
        """The network that runs next."""
        return self._loop.network

    @property
    def step(self) -> int:
        """The step that runs next."""
        return self._loop.step

    def reset(self) -> None:
        """Go back to step 0: initial v, currents and weights, no traces, no spikes in transit."""
        self._loop.rewind()
        self._sent, self._arrivals = Sent.none(), Arrivals.none()
        self._whole = True

    def reprogram(self, network: Network) -> None:
        """Go on with other parameters, currents, weights or delays, as Brian2 does.

        v and the synaptic currents keep their values in mV and nA. A spike in transit arrives when
        it would have arrived, with the new weight. With ``delivery="after_threshold"`` the input of
        the last step has arrived, with the old weight. A refractory period that has begun gets its
        new length. :meth:`reset` goes back to step 0 of the new network.

        A connection that learns goes on with its traces, and with the weights that it has learned,
        unless the new network has other start weights, which it then takes; its rule may have other
        values. A connection without delays may begin or cease to learn, with the weights of the new
        network. With connections that learn the input of the last step has arrived in any case.

        The chip differs where it has to: see :meth:`~neurochip.Emulator.reprogram`.

        Parameters
        ----------
        network : Network
            The same populations, inputs and synapses in the same order, with other values.

        Raises
        ------
        NetworkError
            If the networks differ in more than values, or a delay is longer than 65535 steps.
        EmulatorError
            If the last run was interrupted.
        """
        instance("run", "network", network, Network, "a Network", error=NetworkError)
        self._check_whole()
        own_step("run", network, self.dt, NetworkError)
        before, after = (in_transit(each, self.dt) for each in (self.network, network))
        check_like(self.network, network, self.dt, (before, after))
        neurons, lead = flatten_neurons(network, self.dt), self.network.input_lead
        arrivals = self._arrivals.after(self._sent, before, self.step, lead)
        ring = ring_of(arrivals, after, self.step, len(neurons.of_slots))
        learner, old = self._loop.learner, self._loop.state.ring
        self._loop.go_on(network, neurons, fixed_synapses(network, self.dt), ring)
        if network.kicks_decay or learner or self._loop.learner:
            ring[self.step % len(ring)] = old[self.step % len(old)]
        self._sent, self._arrivals = Sent.none(), arrivals

    def set_v(self, population: str, ids: Any, v: Any) -> None:
        """Set the membrane potential of some neurons, as Brian2 does between runs.

        With ``delivery="after_threshold"`` it replaces v and the kicks of the last step. Otherwise
        these kicks arrive later. A refractory neuron holds the new v.

        Parameters
        ----------
        population : str
            Name of the population.
        ids : array_like of int, shape (n,)
            Neurons.
        v : array_like of float, shape (n,), mV
            Their membrane potentials.

        Raises
        ------
        NetworkError
            If there is no such population.
        EmulatorError
            If a neuron or a value is not allowed, or the last run was interrupted.
        """
        self._check_whole()
        item = self.network.population(population)
        who = integers("run", "ids", ids, low=0, high=item.size - 1, error=EmulatorError)
        allowed = "finite numbers in mV, one for each id"
        values = reals("run", "v", v, "mV", allowed=allowed, error=EmulatorError)
        if who.ndim != 1 or values.shape != who.shape or not np.isfinite(values).all():
            raise EmulatorError(f"run: v = {shown(v)}; allowed: {allowed}.")
        neurons, state = self._loop.neurons, self._loop.state
        place = [each.name for each in self.network.populations].index(population)
        own = neurons.bounds[place] + who
        state.v[own] = values
        arrived = state.ring[self.step % len(state.ring)]
        if self.network.kicks_decay and neurons.receptors[place] == KICKS:
            arrived[own] = 0.0
        if self.network.kicks_decay and neurons.receptors[place] == CURRENT_AND_KICKS:
            arrived[neurons.second[place] + who] = 0.0

    def run(
        self,
        stimulus: Stimulus,
        *,
        duration: float | None = None,
        record: str | Probe | WeightProbe | Iterable[str | Probe | WeightProbe] = (),
    ) -> Recording:
        """Run on a stimulus.

        Parameters
        ----------
        stimulus : Stimulus
            Input spikes and currents; its time counts from step 0, so pass the same stimulus to
            continue.
        duration : float, ms, optional
            How long to run: a whole number of steps. Default: to the end of the stimulus.
        record : iterable of str or Probe
            As for :func:`simulate_reference`.

        Returns
        -------
        Recording
            As from :func:`simulate_reference`, of the steps of this run.

        Raises
        ------
        StimulusError
            If the stimulus does not fit the network or ends before the run does, or the duration is
            not a multiple of ``dt``.
        EmulatorError
            If memory is too small, or the last run was interrupted.
        RecordingError
            If ``record`` names a variable, population or neuron that does not exist.
        """
        return self._start(stimulus, duration, requested(self.network, record), lambda _: None)

    def run_batch(
        self,
        stimuli: Iterable[Stimulus],
        *,
        duration: float | None = None,
        record: str | Probe | WeightProbe | Iterable[str | Probe | WeightProbe] = (),
        threads: int | None = None,
    ) -> list[Recording]:
        """Run many stimuli, each from step 0, several at a time.

        Every recording equals that of :meth:`reset` and :meth:`run`. The runs share only the
        network and do not change the state of this object.

        Parameters
        ----------
        stimuli : iterable of Stimulus
            One stimulus for each run.
        duration, record
            As for :meth:`run`, the same for all runs.
        threads : int, optional
            Number of threads that share the runs. Default: all threads that Numba has.

        Returns
        -------
        list of Recording
            In the order of the stimuli.

        Raises
        ------
        EmulatorError
            If ``threads`` is out of range; and as for :meth:`run`, with a message that begins with
            the run number.
        RecordingError
            If ``record`` names a variable, population or neuron that does not exist.
        StimulusError
            As for :meth:`run`, with a message that begins with the run number.
        """
        allowed = "a list of Stimulus, one for each run"
        given = items("run", "stimuli", stimuli, allowed, error=EmulatorError)
        most = most_threads() if threads is None else check_threads(threads, "run")
        wanted = requested(self.network, record)

        def new_run() -> Run:
            own = Reference(
                self.network, self.dt, threads=1, progress=False, learning_order=self._order
            )

            def run(stimulus: Stimulus, look: Look) -> Recording:
                own.reset()
                return own._start(stimulus, duration, wanted, look)

            return run

        return run_batch(new_run, given, max(1, min(most, len(given))), self.progress)

    def _start(
        self,
        stimulus: Stimulus,
        duration: float | None,
        wanted: Wanted,
        look: Look,
    ) -> Recording:
        """Check a run and make it; ``look`` is called several times, and its errors end the run."""
        allowed = "a Stimulus; draw_stimulus makes one"
        instance("run", "stimulus", stimulus, Stimulus, allowed, error=StimulusError)
        self._check_whole()
        n_steps = steps_of_run(stimulus, self.dt, duration, self.step)
        n_neurons, n_synapses = size_of(self.network), self.network.n_synapses
        n_values = sum(map(len, wanted.neurons.values()))
        what = (
            f"run: {n_steps} steps of {n_neurons} neurons, {n_synapses} synapses and "
            f"{n_values} traces take 8 bytes a spike and"
        )
        n_bytes = 8 * (n_steps * n_values + n_neurons) + 4 * n_synapses
        remedy = "Shorten the run, or record fewer neurons."
        with EnoughMemory(EmulatorError, what, n_bytes, remedy):
            return self._run(stimulus, wanted, n_steps, look)

    def _run(
        self,
        stimulus: Stimulus,
        wanted: Wanted,
        n_steps: int,
        look: Look,
    ) -> Recording:
        loop, network, dt, first_step = self._loop, self.network, self.dt, self.step
        stop = first_step + n_steps
        sizes_of_inputs = [(item.name, item.size) for item in network.spike_inputs]
        windows = binned_windows(stimulus.trains_for(sizes_of_inputs), dt, first_step, stop)
        sizes = {item.name: item.size for item in network.populations}
        first = dict(zip(sizes, loop.neurons.bounds.tolist(), strict=False))
        places = loop.neurons.places(list(sizes))
        loop.columns, traces = lay_out_traces(wanted.neurons, places, n_steps, dt, first_step)
        synaptic = (
            {} if not loop.learner else loop.learner.record(wanted.synapses, n_steps, first_step)
        )
        loop.currents = Currents(network, stimulus, dt, first_step)
        fan_out, n_neurons = loop.fan_out, int(loop.neurons.bounds[-1])
        n_inputs, oldest = len(fan_out) - n_neurons, stop - loop.synapses.ring_rows
        parts, events = [], 0
        self._whole = False
        with progress_bar(n_steps, "reference", self.progress) as bar:

            def report(steps: int) -> None:
                look(steps)
                bar.update(steps)

            for end, at, sources in windows:
                loop.inputs = at, sources
                events += int(fan_out[sources].sum())
                self._sent = self._sent.plus(at, sources, oldest, n_inputs)
                parts += loop.run_to(end, report)
        steps, ids, payloads = (np.concatenate(column) for column in zip(*parts, strict=True))
        several = frozenset(item.name for item in network.populations if item.model.several)
        counts = payloads if several else None
        self._sent = self._sent.plus(steps, ids + np.int32(n_inputs), oldest, n_inputs, counts)
        self._whole = True
        chip = loop.learner is not None and self._order == "chip"
        order = ", learning in the order of the chip" if chip else ""
        own = {name: (ids >= first[name]) & (ids < first[name] + sizes[name]) for name in sizes}
        return Recording.of_run(
            label=f"reference float64, dt={dt:g} ms{order}",
            dt=dt,
            first_step=first_step,
            n_steps=n_steps,
            populations=sizes,
            steps={name: steps[mask] for name, mask in own.items()},
            ids={name: ids[mask] - np.int32(first[name]) for name, mask in own.items()},
            payloads={name: payloads[own[name]] for name in sizes if name in several},
            several=several,
            traces=traces,
            synaptic=synaptic,
            counters={
                "synaptic_events": events + int(fan_out[n_inputs:][ids].sum()),
                "updates": n_steps * n_neurons,
                "spikes": len(ids),
            },
            overflows={},
            origin=Origin(
                kind=FLOAT,
                stimulus=stimulus.digest(first_step * dt, stop * dt),
                coupling=network.couplings,
            ),
        )

    def __repr__(self) -> str:
        return line(self, repr(self.network), f"step {self.step}")
