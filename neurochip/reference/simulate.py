"""The public function of the reference: checks arguments, runs, and returns a Recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from .._kernels.workers import choose_threads
from .._support.grid import is_later
from .._support.memory import EnoughMemory
from .._support.progress import progress_bar
from .._support.ranges import POSITIVE
from .._support.values import instance, real, switch
from ..errors import EmulatorError, NetworkError, StimulusError
from ..network import Network
from ..network.binning import binned_windows
from ..network.plausible import check_part, check_step
from ..recording import FLOAT, Origin, Probe, Recording
from ..stimulus import Stimulus, count_steps
from ..typing import Int32Array
from .currents import Currents
from .loop import Loop
from .probes import lay_out_traces, requested
from .tables import flatten_neurons, flatten_synapses

__all__ = ["simulate_reference"]

_COST = 2  # of a neuron, relative to a compartment of the emulator, which has half the bytes
_CALL_TIME = 0.05  # s; approximate time between updates of progress and checks for Ctrl-C


def simulate_reference(
    network: Network,
    stimulus: Stimulus,
    dt: float,
    *,
    record: str | Probe | Iterable[str | Probe] = (),
    duration: float | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> Recording:
    """Simulate a network in float64, exactly on a grid of ``dt``.

    The order of events in a step is set by ``Network.delivery``; the default is Brian2's:

    1. v and I advance by the exact solution over ``dt``, with ``R = tau_m / cm``,
       ``a = exp(-dt / tau_m)`` and ``s = exp(-dt / tau_syn)``::

           v <- v_inf + (v - v_inf) a + R I tau_syn / (tau_m - tau_syn) (a - s)
           I <- s I
           v_inf = v_rest + R (i_offset + currents of this step)

       or by one of Euler's methods if ``LIF.integration`` says so. While the neuron is refractory,
       v is held, but I is not. With ``tau_syn_E`` and ``tau_syn_I`` a neuron has two currents I,
       and v integrates both.
    2. A neuron that is not refractory spikes if ``v > v_thresh``. It is then refractory until
       ``floor(tau_refrac / dt + 1e-3)`` steps after the spike.
    3. Input spikes of this step, and spikes of neurons, arrive ``floor(delay / dt + 0.5)`` steps
       after their own step. They add their weight to I (with two currents, to the current of the
       weight's sign), or for delta synapses and ``receptor="v"`` to v unless the neuron is
       refractory.
    4. The neurons that spiked are reset.

    With the other two values of ``Network.delivery``, delivery comes before 2: to I before 1, to v
    between 1 and 2. The arriving spikes are those of neurons in the step before, and the inputs of
    this step (``"before_threshold"``) or of the step before (``"next_step"``). Without a leak
    (``tau_m=inf``) v integrates ``(I + i_offset) / cm``, the limit of the equation in 1.

    Traces are sampled after the state update. They show the reset of this step, but not the delta
    inputs that arrive in it.

    Parameters
    ----------
    network : Network
        Network to simulate.
    stimulus : Stimulus
        Spikes of the network's inputs, and its currents that change in steps.
    dt : float, ms
        Time step.
    record : iterable of str or Probe
        Traces to record: ``"v"`` (mV), and ``"i_syn"`` (nA) of populations with synaptic currents;
        with two currents, their sum. Spikes are always recorded. The chip has no ``"i_syn"``: its
        ``"u"`` is the amount that the current adds to v, in mV per step.
    duration : float, ms, optional
        A whole number of steps, at most the duration of the stimulus, which is the default.
    threads : int, optional
        Number of threads, from 1 to the number that Numba has. Default: 1 for small networks,
        otherwise all. The result does not depend on it.
    progress : bool, optional
        Whether to show a progress bar. Default: on a terminal and in notebooks, after two seconds.

    Returns
    -------
    Recording
        Spikes and traces, with the counters ``spikes`` (of neurons), ``updates`` (neurons times
        steps) and ``synaptic_events`` (synapses of all spikes, including those that would arrive
        after the end).

    Raises
    ------
    StimulusError
        If the stimulus does not fit the network, or the duration is not a multiple of ``dt``.
    NetworkError
        If a delay is longer than 65535 steps.
    EmulatorError
        If ``threads`` is out of range, ``progress`` is not a bool, or memory is too small.
    RecordingError
        If ``record`` names a variable, population or neuron that does not exist.

    References
    ----------
    S. Rotter, M. Diesmann: Exact digital simulation of time-invariant linear systems with
    applications to neuronal modeling. Biol. Cybern. 81, 381-402 (1999), 10.1007/s004220050570.
    """
    instance("run", "network", network, Network, "a Network", error=NetworkError)
    allowed = "a Stimulus; draw_stimulus makes one"
    instance("run", "stimulus", stimulus, Stimulus, allowed, error=StimulusError)
    dt = real("run", "dt", dt, "ms", POSITIVE, error=StimulusError)
    progress = switch("run", "progress", progress, optional=True, error=EmulatorError)
    n_steps = _count_steps(stimulus, dt, duration)
    check_step("run", dt)
    wanted = requested(network, record)
    n_neurons = sum(item.size for item in network.populations)
    workers = choose_threads(threads, n_neurons, network.n_synapses, "run", _COST)
    n_values = sum(map(len, wanted.values()))
    what = (
        f"run: {n_steps} steps of {n_neurons} neurons, {network.n_synapses} synapses and "
        f"{n_values} traces take 8 bytes a spike and"
    )
    n_bytes = 8 * (n_steps * n_values + n_neurons) + 4 * network.n_synapses
    remedy = "Shorten the run, or record fewer neurons."
    with EnoughMemory(EmulatorError, what, n_bytes, remedy):
        return _simulate(network, stimulus, float(dt), wanted, n_steps, workers, progress)


def _simulate(
    network: Network,
    stimulus: Stimulus,
    dt: float,
    wanted: Mapping[tuple[str, str], Int32Array],
    n_steps: int,
    workers: int,
    progress: bool | None,
) -> Recording:
    n_neurons = sum(item.size for item in network.populations)
    sizes_of_inputs = [(item.name, item.size) for item in network.spike_inputs]
    windows = binned_windows(stimulus.trains_for(sizes_of_inputs), dt, n_steps)
    neurons, synapses = flatten_neurons(network, dt), flatten_synapses(network, dt)
    sizes = {item.name: item.size for item in network.populations}
    first = dict(zip(sizes, neurons.bounds.tolist(), strict=False))
    columns, traces = lay_out_traces(wanted, neurons.places(list(sizes)), n_steps, dt)
    fan_out = np.diff(synapses.indptr)
    nothing = np.empty(0, dtype=np.int32)
    currents = Currents(network, stimulus, dt)
    loop = Loop(network, neurons, synapses, (nothing, nothing), columns, workers, currents)
    parts, events = [], 0
    with progress_bar(n_steps, "reference", progress) as bar:
        for stop, at, sources in windows:
            loop.inputs = at, sources
            events += int(fan_out[sources].sum())
            parts += _run(loop, stop, bar.update)
    steps, ids = (np.concatenate(column) for column in zip(*parts, strict=True))
    own = {name: (ids >= first[name]) & (ids < first[name] + sizes[name]) for name in sizes}
    return Recording.of_run(
        label=f"reference float64, dt={dt:g} ms",
        dt=dt,
        first_step=0,
        n_steps=n_steps,
        populations=sizes,
        steps={name: steps[mask] for name, mask in own.items()},
        ids={name: ids[mask] - np.int32(first[name]) for name, mask in own.items()},
        traces=traces,
        counters={
            "synaptic_events": events + int(fan_out[-n_neurons:][ids].sum()),
            "updates": n_steps * n_neurons,
            "spikes": len(ids),
        },
        overflows={},
        origin=Origin(
            kind=FLOAT,
            stimulus=stimulus.digest(stop=n_steps * dt),
            coupling=network.couplings,
        ),
    )


def _count_steps(stimulus: Stimulus, dt: float, duration: float | None) -> int:
    if duration is None:
        duration = stimulus.duration
    duration = real("run", "duration", duration, "ms", POSITIVE, error=StimulusError)
    n_steps = count_steps(duration, dt)
    if is_later(duration, stimulus.duration, dt):
        raise StimulusError(
            f"run: duration = {duration:g} ms; allowed: at most {stimulus.duration:g} ms, the "
            "duration of the stimulus."
        )
    check_part(stimulus.duration, duration)
    return n_steps


def _run(
    loop: Loop, stop: int, report: Callable[[int], object]
) -> list[tuple[Int32Array, Int32Array]]:
    """Run to a step in calls of about ``_CALL_TIME``; return steps and neurons of the spikes."""
    parts = []
    ahead = 1
    while loop.step < stop:
        began, before = time.perf_counter(), loop.step
        parts.append(loop.advance(min(stop, before + ahead)))
        report(loop.step - before)
        quick = time.perf_counter() - began < _CALL_TIME
        ahead = 2 * ahead if quick else max(1, ahead // 2)
    return parts
