"""Runs the objects of a script on the chip and in float64 or NEST, with the same input spikes."""

from __future__ import annotations

from typing import Any

from ...emulator import Emulator
from ...errors import FrontendError, MissingExtraError
from ...network import Network
from ...recording import Probe, Recording
from ...reference import simulate_reference
from ...stimulus import Stimulus
from ...validation import Comparison
from ...validation import compare as judge
from . import simulator

__all__ = ["compare"]

_REFERENCES = ("float", "nest")


def compare(
    simtime: float, *, reference: str = "float", min_spikes: int = 100, window: float = 2.0
) -> Comparison:
    """Run the objects of the script on the chip and in float64 or NEST, and compare the runs.

    Call it in place of ``run``, at time 0: the script builds its network once, on this simulator,
    and both sides get its synapses, its initial values and its input spikes. A network that is
    built twice, once for each simulator, differs in all of these. The script stays at time 0 and
    records nothing. Where it records v, v is compared, too. For figures, reports and
    :func:`neurochip.attribute`, ``simulator.state`` holds the ``network``, the ``image`` and the
    ``stimulus``, and both runs as ``reference`` and ``recording``.

    Parameters
    ----------
    simtime : float, ms
        Length of the run.
    reference : str
        ``"float"``: neurochip's reference in float64, which equals NEST spike for spike.
        ``"nest"``: NEST itself, which must be installed. What NEST held before is gone.
    min_spikes, window
        As for :func:`neurochip.validation.compare`.

    Returns
    -------
    Comparison
        The comparison. Conductances that ``setup`` was asked to take as currents are currents on
        both sides.

    Raises
    ------
    FrontendError
        If the simulation is not at time 0, the network has no neurons, ``simtime`` is not a whole
        number of steps above 0, or NEST has no such network.
    MissingExtraError
        If NEST cannot be imported.
    CompileError
        If the network does not fit onto the chip.
    """
    state = simulator.state
    if reference not in _REFERENCES:
        raise FrontendError(
            f"compare: reference = {reference!r}; allowed: 'float', neurochip's reference in "
            "float64, or 'nest'."
        )
    if state.step:
        raise FrontendError(
            f"compare: the simulation is at {state.t:g} ms; allowed: time 0, before run() or after "
            "reset()."
        )
    prepared = state.runs.prepare(simtime)
    if prepared is None:
        raise FrontendError("compare: there are no neurons; allowed: at least one population.")
    session, stimulus = prepared
    probes = [probe for probe in state.store.probes() if probe.variable == "v"]
    run_reference = _in_nest() if reference == "nest" else _in_float
    expected = run_reference(session.network, stimulus, state.dt, probes)
    run = Emulator(session.image, **state.emulator_options).run(stimulus, record=probes)
    state.runs.reference, state.runs.recording = expected, run
    return judge(expected, run, network=session.network, min_spikes=min_spikes, window=window)


def _in_float(network: Network, stimulus: Stimulus, dt: float, probes: list[Probe]) -> Recording:
    return simulate_reference(network, stimulus, dt, record=probes)


def _in_nest() -> Any:
    try:
        from ..in_nest import simulate_in_nest
    except ImportError as problem:
        raise MissingExtraError(
            f"compare: NEST cannot be imported ({problem}). It is an extra, for Linux: "
            'pip install "neurochip[nest]". Without it, reference="float" gives the same spikes.'
        ) from None
    return simulate_in_nest
