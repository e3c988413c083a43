"""One run of the reference from time 0."""

from __future__ import annotations

from collections.abc import Iterable

from ..network import Network
from ..recording import Probe, Recording, WeightProbe
from ..stimulus import Stimulus
from .reference import Reference

__all__ = ["simulate_reference"]


def simulate_reference(
    network: Network,
    stimulus: Stimulus,
    dt: float | None = None,
    *,
    record: str | Probe | WeightProbe | Iterable[str | Probe | WeightProbe] = (),
    duration: float | None = None,
    threads: int | None = None,
    progress: bool | None = None,
    learning_order: str = "source",
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
       ``floor(tau_refrac / dt + 1e-3)`` steps after the spike (``Network.refractory`` has the rule
       of NEST, too).
    3. Input spikes of this step, and spikes of neurons, arrive ``floor(delay / dt + 0.5)`` steps
       after their own step. They add their weight to I (with two currents, to the current of the
       weight's sign), or for delta synapses and ``receptor="v"`` to v unless the neuron is
       refractory.
    4. The neurons that spiked are reset: v becomes ``v_reset``, or with ``reset="subtract"``
       ``v - (v_thresh - v_reset)``, as often as v exceeds the threshold with
       ``spikes_per_step="many"``. With ``reset="subtract_and_raise"`` the threshold of 2 is
       ``v_thresh + (v_thresh - v_reset)`` if the trace of v ended the step before above
       ``v_thresh``. A v below ``v_min`` at the end of 1 is raised to it.

    With the other two values of ``Network.delivery``, delivery comes before 2: to I before 1, to v
    between 1 and 2. The arriving spikes are those of neurons in the step before, and the inputs of
    this step (``"before_threshold"``) or of the step before (``"next_step"``). Without a leak
    (``tau_m=inf``) v integrates ``(I + i_offset) / cm``, the limit of the equation in 1.

    Traces are sampled after the state update. They show the reset of this step, but not the delta
    inputs that arrive in it.

    Connections with plasticity learn, by default in the order of Brian2. In a step

    1. where a reward is due, ``w <- clip(w + e reward)``, then e decays;
    2. a spike that arrives adds w to its target, as in 3 above;
    3. at the same synapse w (or e) changes with the postsynaptic traces, then ``x <- x + 1``;
    4. at all synapses of a neuron that spikes in this step w (or e) changes with the presynaptic
       traces, then ``y <- y + 1``.

    Each change of w is clipped to 0 and ``w_max``. With ``learning_order="chip"`` the changes 1, 3
    and 4 of a synapse follow 2, are computed from the weights before the step, added and clipped
    once: a compiled rule, with registers that are not rounded. With
    ``delivery="before_threshold"`` an input spike is delivered before the update of its step, and
    learns at the end of it, as other spikes do. For the rules see :class:`STDP`.

    Parameters
    ----------
    network : Network
        Network to simulate.
    stimulus : Stimulus
        Spikes of the network's inputs, and its currents that change in steps.
    dt : float, ms, optional
        Time step. Default: ``network.dt``, without which one must be given.
    record : iterable of str or Probe
        Traces to record: ``"v"`` (mV), and of populations with synaptic currents ``"i_syn"`` (nA),
        with two currents their sum, or ``"i_syn_E"`` and ``"i_syn_I"``: see :class:`Probe`. A
        :class:`WeightProbe` records a connection that learns: weights ``"w"``, eligibilities
        ``"t"``, and traces. Spikes are always recorded.
    duration : float, ms, optional
        A whole number of steps, at most the duration of the stimulus, which is the default.
    threads : int, optional
        Largest number of threads, from 1 to the number that Numba has; one thread runs while that
        is faster. Default: 1 for small networks, otherwise all. The result does not depend on it.
    progress : bool, optional
        Whether to show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    learning_order : str, default "source"
        Order of the changes of connections that learn: ``"source"`` or ``"chip"``, see above.

    Returns
    -------
    Recording
        Spikes and traces, with the counters ``spikes`` (events of neurons), ``updates`` (neurons
        times steps) and ``synaptic_events`` (synapses of all spikes, including those that would
        arrive after the end).

    Raises
    ------
    StimulusError
        If the stimulus does not fit the network, or the duration is not a multiple of ``dt``.
    NetworkError
        If a delay is longer than 65535 steps, or the interval of a reward is not a whole number of
        steps.
    EmulatorError
        If ``threads`` or ``learning_order`` is not allowed, ``progress`` is not a bool, or memory
        is too small.
    RecordingError
        If ``record`` names a variable, population or neuron that does not exist.

    References
    ----------
    S. Rotter, M. Diesmann: Exact digital simulation of time-invariant linear systems with
    applications to neuronal modeling. Biol. Cybern. 81, 381-402 (1999), 10.1007/s004220050570.
    """
    reference = Reference(
        network, dt, threads=threads, progress=progress, learning_order=learning_order
    )
    return reference.run(stimulus, duration=duration, record=record)
