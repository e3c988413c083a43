"""Our float64 reference equals Brian2 itself on what was read: every spike, and v.

So what the chip makes of a script differs from Brian2 by rounding alone.
"""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

pytestmark = pytest.mark.slow

DELTA = "dv/dt = (v_rest - v) / tau : volt (unless refractory)\nt_ref : second"
EXPONENTIAL = """
dv/dt = (v_rest - v + R * I) / tau : volt (unless refractory)
dI/dt = -I / tau_s : amp
t_ref : second
"""
# By dt: rate, and weights of delta and exponential synapses; neurons fire at 10 to 60 Hz.
DRIVE = {
    0.1: (1300, "1.5*mV*(0.8 + 0.4*rand())", "0.12*nA*(0.8 + 0.4*rand())"),
    1.0: (900, "2.5*mV*(0.8 + 0.4*rand())", "0.3*nA*(0.8 + 0.4*rand())"),
}
REFRACTORY = {
    "none": False,
    "zero": "0*ms",
    "a quantity": 5.0,
    "a string": "tau / 4",
    "a parameter per neuron": "t_ref",
}


def rate_of(recording, name="cells"):
    return float(recording.rates(name).mean())


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("refractory", REFRACTORY.values(), ids=REFRACTORY)
@pytest.mark.parametrize("synapses", ["delta", "exponential"])
def test_every_spike_of_1_s_equals_brian2(b2, synapses, refractory, dt):
    b2.defaultclock.dt = dt * b2.ms
    v_rest, v_reset, v_threshold = -70 * b2.mV, -65 * b2.mV, -50 * b2.mV
    tau, tau_s, R = 10 * b2.ms, 3 * b2.ms, 40 * b2.Mohm  # noqa: N806 - as in the equations
    rate, *weights = DRIVE[dt]
    delta = synapses == "delta"
    equations = DELTA if delta else EXPONENTIAL
    if refractory is False:
        equations = equations.replace("(unless refractory)", "")
    cells = b2.NeuronGroup(
        40,
        equations,
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=refractory * b2.ms if isinstance(refractory, float) else refractory,
        method="exact",
        name="cells",
    )
    cells.v = "v_rest + rand() * 10*mV"
    cells.t_ref = "rand() * 8*ms"
    source = b2.PoissonGroup(40, rates=rate * b2.Hz)
    unit = "volt" if delta else "amp"
    wires = b2.Synapses(source, cells, f"w : {unit}", on_pre="v += w" if delta else "I += w")
    wires.connect(j="i")
    wires.w = weights[0] if delta else weights[1]
    wires.delay = "rand() * 3*ms"
    run = run_both(cells, source, wires, duration=1 * b2.second, namespace=locals())
    assert rate_of(run) > 5
    assert run.n_steps == round(1000 / dt)


SUBTRACTIONS = {
    "v -= 8*mV": False,
    "v = v - 20*mV": "0*ms",
    "v += -amount": "t_ref",
}


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize(("reset", "refractory"), SUBTRACTIONS.items(), ids=SUBTRACTIONS)
@pytest.mark.parametrize("synapses", ["delta", "exponential"])
def test_every_spike_of_a_reset_that_subtracts_equals_brian2(b2, synapses, reset, refractory, dt):
    b2.defaultclock.dt = dt * b2.ms
    v_rest, tau, tau_s, R = -70 * b2.mV, 10 * b2.ms, 3 * b2.ms, 40 * b2.Mohm  # noqa: N806
    rate, *weights = DRIVE[dt]
    delta = synapses == "delta"
    equations = (DELTA if delta else EXPONENTIAL) + "\namount : volt (constant)"
    if refractory is False:
        equations = equations.replace("(unless refractory)", "")
    cells = b2.NeuronGroup(
        40,
        equations,
        threshold="v > -50*mV",
        reset=reset,
        refractory=refractory,
        method="exact",
        name="cells",
    )
    cells.v, cells.amount, cells.t_ref = v_rest, "(4 + i) * mV", "rand() * 4*ms"
    source = b2.PoissonGroup(40, rates=rate * b2.Hz)
    unit = "volt" if delta else "amp"
    wires = b2.Synapses(source, cells, f"w : {unit}", on_pre="v += w" if delta else "I += w")
    wires.connect(j="i")
    wires.w = weights[0] if delta else weights[1]
    run = run_both(cells, source, wires, duration=300 * b2.ms, namespace=locals())
    assert rate_of(run) > 5


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("method", ["exact", "euler", "exponential_euler"])
@pytest.mark.parametrize("synapses", ["delta", "exponential"])
def test_every_method_means_its_own_factor(b2, synapses, method, dt):
    b2.defaultclock.dt = dt * b2.ms
    v_rest, tau, tau_s, R = -70 * b2.mV, 10 * b2.ms, 3 * b2.ms, 40 * b2.Mohm  # noqa: N806
    rate, *weights = DRIVE[dt]
    delta = synapses == "delta"
    cells = b2.NeuronGroup(
        40,
        DELTA if delta else EXPONENTIAL,
        threshold="v > -50*mV",
        reset="v = -65*mV",
        refractory=2 * b2.ms,
        method=method,
        name="cells",
    )
    cells.v = v_rest
    if not delta:
        cells.I = "rand() * nA"
    source = b2.PoissonGroup(40, rates=rate * b2.Hz)
    unit = "volt" if delta else "amp"
    wires = b2.Synapses(source, cells, f"w : {unit}", on_pre="v += w" if delta else "I += w")
    wires.connect(j="i")
    wires.w = weights[0] if delta else weights[1]
    run = run_both(cells, source, wires, duration=300 * b2.ms, namespace=locals())
    assert rate_of(run) > 5


def test_a_network_of_two_signs_with_heterogeneous_delays(b2):
    """As Brian2's CUBA example, with delays: two currents in volt, random initial values."""
    tau_m, tau_e, tau_i = 20 * b2.ms, 5 * b2.ms, 10 * b2.ms
    v_t, v_r, e_l = -50 * b2.mV, -60 * b2.mV, -49 * b2.mV
    cells = b2.NeuronGroup(
        400,
        """
        dv/dt = (ge + gi - (v - e_l)) / tau_m : volt (unless refractory)
        dge/dt = -ge / tau_e : volt
        dgi/dt = -gi / tau_i : volt
        """,
        threshold="v > v_t",
        reset="v = v_r",
        refractory=5 * b2.ms,
        method="exact",
        name="cells",
    )
    cells.v = "v_r + rand() * (v_t - v_r)"
    cells.ge = "(rand() - 0.2) * 5*mV"
    cells.gi = "(0.3 - rand()) * 5*mV"
    w_e, w_i = 1.62 * b2.mV, -9 * b2.mV
    excite = b2.Synapses(cells[:320], cells, on_pre="ge += w_e")
    inhibit = b2.Synapses(cells[320:], cells, on_pre="gi += w_i")
    for wires in (excite, inhibit):
        wires.connect(p=0.1)
        wires.delay = "rand() * 4*ms"
    run = run_both(cells, excite, inhibit, duration=1 * b2.second, namespace=locals())
    assert 2 < rate_of(run) < 60
    assert len(np.unique(run.ids["cells"])) > 300


def test_a_recurrent_network_of_delta_synapses(b2):
    tau, v_t = 10 * b2.ms, 20 * b2.mV
    cells = b2.NeuronGroup(
        100,
        "dv/dt = (x - v) / tau : volt (unless refractory)\nx : volt",
        threshold="v >= v_t",
        reset="v = 10*mV",
        refractory=2 * b2.ms,
        name="cells",
    )
    cells.x = "(19 + 4*rand())*mV"
    wires = b2.Synapses(
        cells, cells, "w : volt", on_pre={"now": "v_post += w", "later": "v_post -= w/2"}
    )
    wires.connect(condition="i != j", p=0.1)
    wires.w = "0.2*mV + 0.1*mV*randn()"
    wires.now.delay = "rand() * 2*ms"
    wires.later.delay = 6 * b2.ms
    run = run_both(cells, wires, duration=1 * b2.second, namespace=locals())
    assert 5 < rate_of(run) < 100


def test_a_poisson_input_and_a_generator(b2):
    cells = b2.NeuronGroup(
        20, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", name="cells"
    )
    first = b2.PoissonInput(cells[5:15], "v", N=100, rate=9 * b2.Hz, weight="0.1 + 0.001*i")
    times = np.arange(0, 200, 0.7)
    source = b2.SpikeGeneratorGroup(2, np.arange(len(times)) % 2, times * b2.ms)
    wires = b2.Synapses(source, cells, on_pre="v = v + 0.12", delay=0.45 * b2.ms)
    wires.connect(i=[0, 1, 1], j=[3, 17, 17])
    run = run_both(cells, first, source, wires, duration=200 * b2.ms, namespace={})
    counts = run.counts("cells")
    assert counts[5:15].sum() > 20
    assert counts[17] > 0 == counts[18]


def test_the_same_spikes_drive_both_sides_of_a_comparison(b2):
    from neurochip.frontends.brian2 import compare

    tau = 10 * b2.ms  # noqa: F841 - the equations name it, as in a script
    cells = b2.NeuronGroup(
        50, "dv/dt = -v/tau : volt", threshold="v > 15*mV", reset="v = 0*mV", name="cells"
    )
    source = b2.PoissonGroup(50, rates=1200 * b2.Hz, name="source")
    extra = b2.PoissonInput(cells, "v", 100, 1 * b2.Hz, 0.5 * b2.mV)
    wires = b2.Synapses(source, cells, on_pre="v += 1.4*mV")
    wires.connect(j="i")
    network = b2.Network(cells, source, extra, wires)
    result = compare(network, duration=1 * b2.second, record="v")
    row = result.populations["cells"]
    assert result.reference == f"Brian2 {b2.__version__}, dt=0.1 ms"
    assert row.verdict.name == "COMPARED"
    assert abs(row.rate_error) < 0.01
    assert row.equal_spikes > 0.8
    # The network is as before, and gives the same once more.
    assert network.t_ == 0
    assert network.objects == {cells, source, extra, wires}
    assert not np.any(cells.v_[:])
    assert all(obj._network is None for obj in network.sorted_objects)
    b2.seed(1)
    again = compare(cells, source, extra, wires, duration=1 * b2.second).populations["cells"]
    assert np.array_equal(again.reference_counts, row.reference_counts)
    assert np.array_equal(again.chip_counts, row.chip_counts)
