"""The shell around the kernels: checks, buffers, and the Recording."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Iterable, Mapping

import numpy as np

from .._progress import progress_bar
from ..errors import NetworkError, RecordingError, StimulusError
from ..network import Network
from ..recording import Probe, Recording, Trace, resolve_probes
from ..stimulus import Stimulus, count_steps
from ..typing import Int32Array
from .kernels import N_SPIKES, SYNAPTIC_EVENTS, Probes, State, run_steps
from .tables import Neurons, flatten_neurons, flatten_synapses

__all__ = ["simulate_reference"]

_UNITS = {"v": "mV", "i_syn": "nA"}
_SPIKE_BUFFER = 1 << 16
_CALL_TIME = 0.1  # s between two looks at the progress bar and at Ctrl-C
_MOST_STEPS = np.iinfo(np.int32).max  # a Recording counts them in int32
_ROUNDING = 1e-3  # of a step, as in count_steps


def simulate_reference(
    network: Network,
    stimulus: Stimulus,
    dt: float,
    *,
    record: str | Probe | Iterable[str | Probe] = (),
    duration: float | None = None,
    progress: bool | None = None,
) -> Recording:
    """Simulate a network in float64, exactly on a grid of ``dt``.

    Each step has Brian2's order of events:

    1. v and I advance by the exact solution over ``dt``, with ``R = tau_m / cm``,
       ``a = exp(-dt / tau_m)`` and ``s = exp(-dt / tau_syn)``::

           v <- v_inf + (v - v_inf) a + R I tau_syn / (tau_m - tau_syn) (a - s)
           I <- s I
           v_inf = v_rest + R (i_offset + constant currents)

       v is held while the neuron is refractory, I is not.
    2. A neuron that is not refractory spikes where ``v > v_thresh``. It is then refractory until
       ``floor(tau_refrac / dt + 1e-3)`` steps later.
    3. Input spikes of this step, and spikes of neurons, arrive ``floor(delay / dt + 0.5)`` steps
       after their own step. They add their weight to I, or to v where the neuron is not
       refractory.
    4. The neurons that spiked are reset.

    Traces are sampled after the state update, with the reset of this step and without the kicks
    that arrive in it.

    Parameters
    ----------
    network : Network
        What to simulate.
    stimulus : Stimulus
        The spikes of its inputs.
    dt : float, ms
        Step.
    record : iterable of str or Probe
        Traces to keep: ``"v"`` (mV), and ``"i_syn"`` (nA) of populations with synaptic currents.
        Spikes are always kept.
    duration : float, ms, optional
        A whole number of steps, at most the default: the duration of the stimulus.
    progress : bool, optional
        Whether to show a bar on stderr. Default: on a terminal, after two seconds.

    Returns
    -------
    Recording
        With the counters ``spikes`` (of neurons), ``updates`` (neurons times steps) and
        ``synaptic_events`` (synapses that a spike was sent through, also where it would arrive
        after the end).

    Raises
    ------
    StimulusError
        If the stimulus does not fit the network or the grid.
    NetworkError
        If a delay is longer than 65535 steps.
    RecordingError
        If ``record`` names something that does not exist.

    References
    ----------
    S. Rotter, M. Diesmann: Exact digital simulation of time-invariant linear systems with
    applications to neuronal modeling. Biol. Cybern. 81, 381-402 (1999), 10.1007/s004220050570.
    """
    _check_kinds(network, stimulus)
    n_steps = _count_steps(stimulus, dt, duration)
    sizes = {item.name: item.size for item in network.populations}
    columns = resolve_probes(_expand_currents(record, network), sizes, tuple(_UNITS))
    inputs = stimulus.binned(dt, [(item.name, item.size) for item in network.spike_inputs])
    neurons, synapses = flatten_neurons(network, dt), flatten_synapses(network, dt)
    state = _initial_state(neurons, synapses.ring_rows)
    probes, traces = _lay_out_traces(columns, sizes, n_steps)

    found_steps, found_ids = [], []
    done, chunk = 0, 1
    with progress_bar(n_steps, "reference", progress) as bar:
        while done < n_steps:
            started = time.perf_counter()
            stop = min(n_steps, done + chunk)
            reached = run_steps(neurons, synapses, *inputs, probes, state, done, stop)
            count = state.progress[N_SPIKES]
            found_steps.append(state.spike_steps[:count].copy())
            found_ids.append(state.spike_ids[:count].copy())
            state.progress[N_SPIKES] = 0
            bar.update(reached - done)
            done = reached
            short = time.perf_counter() - started < _CALL_TIME / 2
            chunk = 2 * chunk if short else max(1, chunk // 2)

    steps, ids = np.concatenate(found_steps), np.concatenate(found_ids)
    own = {
        name: (ids >= first) & (ids < first + size)
        for (name, size), first in zip(sizes.items(), neurons.bounds, strict=False)
    }
    return Recording(
        label=f"reference float64, dt={dt:g} ms",
        dt=float(dt),
        first_step=0,
        n_steps=n_steps,
        populations=sizes,
        steps={name: steps[mask] for name, mask in own.items()},
        ids={
            name: ids[mask] - np.int32(first)
            for (name, mask), first in zip(own.items(), neurons.bounds, strict=False)
        },
        traces=traces,
        counters={
            "synaptic_events": int(state.progress[SYNAPTIC_EVENTS]),
            "updates": n_steps * len(state.v),
            "spikes": len(steps),
        },
    )
