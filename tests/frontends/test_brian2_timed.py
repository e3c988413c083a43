"""TimedArrays in equations: bias registers on the chip, and every spike of Brian2 in float."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

pytestmark = pytest.mark.slow

EQUATIONS = {
    "kicks": "dv/dt = (v_rest - v + R * (stim(t) + i_0)) / tau : volt (unless refractory)",
    "one per neuron": "dv/dt = (v_rest - v + R * stim(t, i)) / tau : volt (unless refractory)",
    "a subexpression": """
        dv/dt = (v_rest - v + drive) / tau : volt (unless refractory)
        drive = R * gain * stim(t) : volt
        gain : 1
    """,
    "a current": """
        dv/dt = (v_rest - v + R * (I + stim(t))) / tau : volt (unless refractory)
        dI/dt = -I / tau_s : amp
    """,
    "no leak": "dv/dt = stim(t) / C : volt (unless refractory)",
}


@pytest.mark.parametrize("name", EQUATIONS)
@pytest.mark.parametrize(("dt", "step"), [(0.1, 7.0), (0.5, 0.5)])
def test_every_spike_and_v_equal_brian2(b2, name, dt, step):
    b2.defaultclock.dt = dt * b2.ms
    v_rest, tau, tau_s, R = -70 * b2.mV, 10.2 * b2.ms, 3 * b2.ms, 40 * b2.Mohm  # noqa: N806
    C, i_0 = 0.2 * b2.nF, 0.1 * b2.nA  # noqa: N806 - as in the equations
    rng = np.random.default_rng(1)
    shape = (int(100 / step), 6) if name == "one per neuron" else (int(100 / step),)
    stim = b2.TimedArray(rng.uniform(-0.2, 1.2, shape) * b2.nA, dt=step * b2.ms)
    cells = b2.NeuronGroup(
        6,
        EQUATIONS[name],
        threshold="v > -50*mV",
        reset="v = v_rest",
        refractory=2 * b2.ms,
        method="euler" if name == "no leak" else "exact",
        name="cells",
    )
    cells.v = "v_rest + rand() * 10*mV"
    if name == "a subexpression":
        cells.gain = "0.5 + rand()"
    driven = name in ("kicks", "a current")
    weight = "v += 2*mV" if name == "kicks" else "I += 0.1*nA" if driven else "v += 0*mV"
    objects = [cells]
    if driven:
        source = b2.PoissonGroup(6, rates=200 * b2.Hz)
        wires = b2.Synapses(source, cells, on_pre=weight)
        wires.connect(j="i")
        objects += [source, wires]
    run = run_both(*objects, duration=120 * b2.ms, namespace=locals())
    assert run.n_spikes > 10


def test_the_chip_follows_steps_of_a_current_within_a_run(b2, chip):
    """A TimedArray of four values: spikes only while it is above the threshold."""
    stim = b2.TimedArray([0, 1.5, 0, 2], dt=20 * b2.ms)  # noqa: F841 - named in the equations
    cells = b2.NeuronGroup(
        1, "dv/dt = (stim(t) - v) / (10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    spikes = b2.SpikeMonitor(cells)
    b2.run(50 * b2.ms)
    b2.run(30 * b2.ms)
    times = np.asarray(spikes.t / b2.ms)
    assert len(times) in (3, 4)
    assert all(20 <= time < 40 or 60 <= time < 80 for time in times)
