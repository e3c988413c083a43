"""Synapses that add to v beside others that add to a current: Brian2, reference and chip."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import copies, run_both

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

VOLT = """
dv/dt = (g + x - v)/tau : volt (unless refractory)
dg/dt = -g/tau_s : volt
x : volt
t_ref : second
"""
AMPERE = VOLT.replace("(g + x", "(R*g + x").replace(
    "dg/dt = -g/tau_s : volt", "dg/dt = -g/tau_s : amp"
)
WITHOUT_UNIT = VOLT.replace("volt", "1")
KINDS = {  # equations, unit of v, unit of g
    "volt": (VOLT, "mV", "mV"),
    "ampere": (AMPERE, "mV", "nA / 40"),
    "no unit": (WITHOUT_UNIT, "1", "1"),
}
REFRACTORY = {"none": False, "zero": "0*ms", "a time": "3*ms", "per neuron": "t_ref"}


def names(b2):
    return {"tau": 15 * b2.ms, "tau_s": 4 * b2.ms, "R": 40 * b2.Mohm}


def network_of(b2, kind="volt", refractory="3*ms", method="exact", size=30, threshold=10):
    """Neurons with kicks and currents of both signs, from an input and from each other."""
    equations, unit, charge = KINDS[kind]
    if refractory is False:
        equations = equations.replace(" (unless refractory)", "")
    cells = b2.NeuronGroup(
        size,
        equations,
        threshold=f"v > {threshold}*{unit}",
        reset=f"v = 1*{unit}",
        refractory=refractory,
        method=method,
        name="cells",
        namespace=names(b2),
    )
    cells.v, cells.x, cells.t_ref = f"5*rand()*{unit}", f"4*{unit}", "rand()*5*ms"
    source = b2.PoissonGroup(size, rates=200 * b2.Hz, name="source")
    both = b2.Synapses(source, cells, on_pre=f"v += 2*{unit}\ng += 4*{charge}", name="both")
    both.connect(p=0.1)
    both.delay = "rand() * 3*ms"
    kicks = b2.Synapses(cells, cells, on_pre=f"v -= 1*{unit}", delay=1 * b2.ms, name="kicks")
    charges = b2.Synapses(cells, cells, on_pre=f"g += 5*{charge}", name="charges")
    for wires in (kicks, charges):
        wires.connect(p=0.1)
    return [cells, source, both, kicks, charges]


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("refractory", REFRACTORY.values(), ids=REFRACTORY)
@pytest.mark.parametrize("kind", KINDS)
def test_every_spike_equals_brian2(b2, kind, refractory, dt):
    b2.defaultclock.dt = dt * b2.ms
    run = run_both(*network_of(b2, kind, refractory), duration=500 * b2.ms, namespace={})
    assert run.n_spikes > 100


@pytest.mark.parametrize("method", ["euler", "exponential_euler"])
def test_every_method_equals_brian2(b2, method):
    run = run_both(*network_of(b2, method=method), duration=500 * b2.ms, namespace={})
    assert run.n_spikes > 100


def test_a_poisson_input_may_kick_v_beside_a_current(b2):
    """As in models of the brain of a fly: input kicks v, and synapses drive a current."""
    cells, _, _, _, charges = network_of(b2, refractory="2.2*ms")
    kicks = b2.PoissonInput(cells, "v", N=10, rate=80 * b2.Hz, weight=3 * b2.mV)
    run = run_both(cells, kicks, charges, duration=500 * b2.ms, namespace={})
    assert run.n_spikes > 100


def test_kicks_of_v_beside_two_currents_of_one_time_constant(b2):
    cells = b2.NeuronGroup(
        10,
        "dv/dt = (a + b - v)/(10*ms) : 1\nda/dt = -a/(5*ms) : 1\ndb/dt = -b/(5*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        name="cells",
    )
    objects = [cells]
    for line in ("a += 0.5", "b -= 0.2", "v += 0.3"):
        source = b2.PoissonGroup(10, rates=300 * b2.Hz)
        wires = b2.Synapses(source, cells, on_pre=line)
        wires.connect(j="i")
        objects += [source, wires]
    assert run_both(*objects, duration=300 * b2.ms, namespace={}).n_spikes > 50


def test_v_with_kicks_and_a_silent_current_takes_one_receptor(b2):
    """A current that nothing drives needs no register."""
    from neurochip.frontends.brian2 import from_brian2

    cells, source, _, kicks, _ = network_of(b2)
    network = from_brian2(cells, source, kicks, namespace={}).network
    assert network.kicked == set()
    cells.g = 1 * b2.mV
    network = from_brian2(cells, source, kicks, namespace={}).network
    assert network.kicked == {"cells"}
    (wires,) = network.connections
    assert (wires.receptor, wires.unit) == ("v", "mV")


def run_on(b2, device, build, duration=300):
    """Run objects on a device; return what ``build`` says to read afterwards."""
    b2.set_device(device)
    b2.start_scope()
    b2.seed(1)
    objects, read = build()
    b2.Network(*objects).run(duration * b2.ms)
    return read()


@pytest.mark.parametrize("refractory", ["0*ms", "3*ms"])
def test_the_rate_on_the_chip_is_that_of_brian2(b2, refractory):
    def build():
        objects = network_of(b2, refractory=refractory, size=60)
        monitor = b2.SpikeMonitor(objects[0])
        return [*objects, monitor], lambda: monitor.num_spikes

    expected, got = (run_on(b2, device, build, 1000) for device in ("runtime", "neurochip"))
    assert expected > 1000
    assert got == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_monitors_hold_v_and_the_current_of_brian2(b2, kind):
    """Without spikes, which would separate the runs; at a step whose decays round little."""
    b2.defaultclock.dt = 0.5 * b2.ms

    def build():
        objects = network_of(b2, kind, threshold=1000)
        state = b2.StateMonitor(objects[0], ["v", "g"], record=True)
        return [*objects, state], lambda: copies(state.v_, state.g_)

    expected, got = (run_on(b2, device, build, 100) for device in ("runtime", "neurochip"))
    for one, other in zip(expected, got, strict=True):
        assert one.shape == other.shape
        assert np.ptp(one) > 0
        assert np.abs(one - other).max() < 0.01 * np.abs(one).max()


def test_v_of_a_monitor_is_what_the_chip_makes_of_its_kicks(b2):
    """Around spikes, too: v at the start of a step leads to v at the start of the next."""

    def build():
        cells, source, both, kicks, _ = network_of(b2, refractory="2*ms")
        both.delay = 0 * b2.ms
        state = b2.StateMonitor(cells, ["v", "g"], record=True)
        spikes = b2.SpikeMonitor(cells)
        return [cells, source, both, kicks, state, spikes], lambda: (
            *copies(state.v_, spikes.i),
            np.rint(np.array(spikes.t_) / 1e-4).astype(int),
        )

    expected, got = (run_on(b2, device, build, 60) for device in ("runtime", "neurochip"))
    v, ids, steps = got
    assert len(ids) > 20
    for neuron, step in zip(ids, steps, strict=True):
        held = v[neuron, step + 1 : step + 20]
        assert np.ptp(held) == 0
        assert held[:1] == pytest.approx(1e-3)
    # Until its first spike a neuron that only its input drives does as in Brian2.
    first = min(steps.min(), expected[2].min())
    assert np.abs(v[:, :first] - expected[0][:, :first]).max() < 1e-4


@pytest.mark.parametrize("initial", [0.0, 3.0])
def test_both_of_two_currents_are_recorded(b2, initial):
    def build():
        cells = b2.NeuronGroup(
            5,
            """dv/dt = (a + b - v)/(10*ms) : volt
            da/dt = -a/(2*ms) : volt
            db/dt = -b/(5*ms) : volt""",
            threshold="v > 1*volt",
            reset="v = 0*mV",
            method="exact",
        )
        cells.a = initial * b2.mV
        source = b2.PoissonGroup(5, rates=400 * b2.Hz)
        up = b2.Synapses(source, cells, on_pre="a += 1*mV")
        down = b2.Synapses(source, cells, on_pre="b -= 2*mV", delay=1 * b2.ms)
        for wires in (up, down):
            wires.connect(j="i")
        state = b2.StateMonitor(cells, ["v", "a", "b"], record=True)
        return [cells, source, up, down, state], lambda: copies(state.v_, state.a_, state.b_)

    expected, got = (run_on(b2, device, build, 50) for device in ("runtime", "neurochip"))
    assert expected[1].max() > 1e-3
    assert expected[2].min() < -2e-3
    for one, other in zip(expected, got, strict=True):
        assert np.abs(one - other).max() < 0.01 * np.abs(one).max()


def test_currents_that_share_a_register_are_not_recorded(chip):
    cells = chip.NeuronGroup(
        2,
        "dv/dt = (a + b - v)/(10*ms) : 1\nda/dt = -a/(5*ms) : 1\ndb/dt = -b/(5*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
    )
    up, down = (chip.Synapses(cells, cells, on_pre=line) for line in ("a += 1", "b -= 1"))
    for wires in (up, down):
        wires.connect(j="i")
    state = chip.StateMonitor(cells, "a", record=True, name="state")
    with pytest.raises(FrontendError) as caught:
        chip.Network(cells, up, down, state).run(1 * chip.ms)
    assert str(caught.value) == (
        "StateMonitor 'state': it records a, which has no register of its own on the chip; it "
        "shares one with b. What works: v, and currents that synapses drive or that have an "
        "initial value, with different time constants."
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_equal_brian2(b2, seed):
    """Random models, weights, delays and inputs."""
    rng = np.random.default_rng(seed)
    b2.seed(seed)
    b2.defaultclock.dt = rng.choice([0.1, 0.2, 0.5]) * b2.ms
    tau, tau_s = rng.uniform(3, 30) * b2.ms, rng.uniform(0.5, 20) * b2.ms
    refractory = rng.choice(["0*ms", "1*ms", "2.3*ms", "t_ref"])
    equations = "dv/dt = (x + k*g - v)/tau : 1 (unless refractory)\ndg/dt = -g/tau_s : 1\n"
    n = int(rng.integers(2, 30))
    cells = b2.NeuronGroup(
        n,
        equations + "x : 1\nt_ref : second\nk : 1 (shared)",
        threshold="v > 1",
        reset="v = low",
        refractory=str(refractory),
        method=str(rng.choice(["exact", "euler", "exponential_euler"])),
        name="cells",
        namespace={"tau": tau, "tau_s": tau_s, "low": rng.uniform(-0.5, 0.3)},
    )
    cells.k, cells.x, cells.t_ref = rng.uniform(0.5, 3), "rand()", "rand()*4*ms"
    cells.v, cells.g = "rand()", "rand()*0.2"
    source = b2.PoissonGroup(n, rates=rng.uniform(50, 500) * b2.Hz)
    objects = [cells, source]
    for origin in (source, cells):
        for target in ("v", "g"):
            wires = b2.Synapses(origin, cells, "w : 1", on_pre=f"{target} += w")
            wires.connect(p=rng.uniform(0.05, 0.5))
            wires.w = f"{rng.uniform(0.05, 0.5)}*(rand() - 0.3)"
            wires.delay = f"rand()*{rng.uniform(0, 4)}*ms"
            objects.append(wires)
    run_both(*objects, duration=200 * b2.ms, namespace={})
