"""What Brian2 objects become: the usual ways to write a LIF neuron, and all that belongs to it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from compiler import compile_network
from neurochip import LIF, PoissonInput, SpikeInput
from neurochip.errors import FrontendError
from neurochip.reference import simulate_reference

NAMES = {"E": -0.07, "tau": 0.01, "R": 4e7, "C": 2.5e-10, "g": 2.5e-8, "I0": 1e-10}

# The same neuron, written in the usual ways: rest -70 mV, tau 10 ms.
WAYS = [
    "dv/dt = (E - v)/tau : volt",
    "dv/dt = -(v - E)/tau : volt",
    "dv/dt = (E - v + R*I)/tau : volt\nI : amp",
    "dv/dt = (g*(E - v) + I)/C : volt\nI : amp",
    "dv/dt = leak/tau : volt\nleak = E - v : volt",
    "dv/dt = (rest - v)/tau_m : volt\nrest : volt\ntau_m : second (constant)",
    "dv/dt = E/tau - v/tau : volt\nx : 1 (shared)",
    "dv/dt = (held - v)/tau : volt\nheld = -70*mV : volt (constant over dt)",
]
# The same with R = 40 MOhm, I = 0.1 nA: rest -66 mV.
DRIVEN = [
    "dv/dt = (E - v + R*I0)/tau : volt",
    "dv/dt = (g*(E - v) + I0)/C : volt",
    "dv/dt = (E - v + R*I)/tau : volt\nI = 2*I0*half : amp\nhalf = 0.5 : 1",
]
CURRENTS = [
    "dv/dt = (E - v + R*I)/tau : volt\ndI/dt = -I/(5*ms) : amp",
    "dv/dt = (g*(E - v) + drive)/C : volt\ndrive = I : amp\ndI/dt = -I*200*Hz : amp",
]


def quantities(b2):
    """The names of the equations, as Brian2 quantities."""
    units = {"E": b2.volt, "tau": b2.second, "R": b2.ohm, "C": b2.farad, "g": b2.siemens}
    return {name: value * units.get(name, b2.amp) for name, value in NAMES.items()}


def cells(b2, equations, **options):
    given = {"threshold": "v > -50*mV", "reset": "v = -65*mV", "method": "euler", "name": "cells"}
    return b2.NeuronGroup(3, equations, **{**given, **options})


def model(b2, group, *others):
    from neurochip.frontends.brian2 import from_brian2

    network = from_brian2(group, *others, namespace=quantities(b2)).network
    return network.population("cells").model


def close(got, expected):
    """Whether two models are equal but for the order of float operations."""
    words = ("integration", "reset", "spikes_per_step")
    names = [name for name in LIF.__dataclass_fields__ if name not in words]
    same = all(getattr(got, name) == getattr(expected, name) for name in words)
    return same and all(
        (getattr(got, name) is None) == (getattr(expected, name) is None)
        and (
            getattr(got, name) is None
            or np.allclose(getattr(got, name), getattr(expected, name), rtol=1e-12, atol=1e-12)
        )
        for name in names
    )


@pytest.mark.parametrize("equations", WAYS)
def test_a_leaky_neuron_is_read_however_it_is_written(b2, equations):
    group = cells(b2, equations)
    for name, value in (("rest", -70 * b2.mV), ("tau_m", 10 * b2.ms)):
        if name in group.variables:
            setattr(group, name, value)
    group.v = -70 * b2.mV
    expected = LIF(tau_m=10, v_rest=-70, v_reset=-65, v_thresh=-50, v_init=-70, integration="euler")
    assert close(model(b2, group), expected)


@pytest.mark.parametrize("equations", DRIVEN)
def test_a_constant_current_moves_the_resting_level(b2, equations):
    got = model(b2, cells(b2, equations))
    assert got.v_rest == pytest.approx(-66.0, abs=1e-9)
    assert got.tau_m == pytest.approx(10.0)


@pytest.mark.parametrize("equations", CURRENTS)
def test_a_current_in_ampere_gives_the_capacitance(b2, equations):
    group = cells(b2, equations)
    wires = b2.Synapses(group, group, on_pre="I += 0.2*nA")
    wires.connect(i=0, j=1)
    expected = LIF(
        tau_m=10, cm=0.25, tau_syn=5, v_rest=-70, v_reset=-65, v_thresh=-50, v_init=0.0,
        integration="euler",
    )  # fmt: skip
    assert close(model(b2, group, wires), expected)
    from neurochip.frontends.brian2 import from_brian2

    (connection,) = from_brian2(group, wires, namespace=quantities(b2)).network.connections
    assert connection.weight == pytest.approx(0.2)  # nA


def test_currents_in_volt_are_worth_what_they_drive_v_to(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = cells(
        b2,
        """
        dv/dt = (E - v + x - 2*y)/tau : volt
        dx/dt = -x/(2*ms) : volt
        dy/dt = -y/(8*ms) : volt
        """,
    )
    up = b2.Synapses(group, group, on_pre="x += 1*mV")
    down = b2.Synapses(group, group, "w : volt", on_pre="y_post += w")
    for wires in (up, down):
        wires.connect(j="i")
    down.w = [1, 2, 3] * b2.mV
    network = from_brian2(group, up, down, namespace=quantities(b2)).network
    got = network.population("cells").model
    assert (got.tau_syn_E, got.tau_syn_I) == pytest.approx((2.0, 8.0))
    assert got.cm == pytest.approx(got.tau_m)  # R = 1 MOhm: nA and mV have the same numbers
    weights = [np.asarray(item.weight) for item in network.connections]
    assert weights[0] == pytest.approx(1.0)
    assert weights[1] == pytest.approx([-2.0, -4.0, -6.0])


def test_two_currents_of_one_time_constant_are_one(b2):
    group = cells(
        b2, "dv/dt = (E - v + x + y)/tau : volt\ndx/dt = -x/(4*ms) : volt\ndy/dt = -y/(4*ms) : volt"
    )
    wires = b2.Synapses(group, group, on_pre="x += 1*mV\ny -= 2*mV")
    wires.connect(j="i")
    got = model(b2, group, wires)
    assert got.tau_syn == pytest.approx(4.0)
    assert got.tau_syn_E is None


def test_every_parameter_may_differ_between_neurons(b2):
    group = cells(
        b2,
        """
        dv/dt = (rest - v)/tau_m : volt (unless refractory)
        rest : volt
        tau_m : second
        top : volt
        low : volt
        wait : second
        """,
        threshold="v > top",
        reset="v = low",
        refractory="wait",
        method="exact",
    )
    group.tau_m = [5, 10, 20] * b2.ms
    group.rest = [-70, -60, -65] * b2.mV
    group.top = [-50, -40, -45] * b2.mV
    group.low = "rest - 1*mV"
    group.wait = [0, 1, 2] * b2.ms
    group.v = [-69, -68, -67] * b2.mV
    expected = LIF(
        tau_m=[5, 10, 20],
        v_rest=[-70, -60, -65],
        v_reset=[-71, -61, -66],
        v_thresh=[-50, -40, -45],
        tau_refrac=[0, 1, 2],
        v_init=[-69, -68, -67],
    )
    assert close(model(b2, group), expected)


@pytest.mark.parametrize(
    ("method", "integration"),
    [
        ("exact", "exact"),
        ("linear", "exact"),
        ("euler", "euler"),
        ("exponential_euler", "exponential_euler"),
        (("exact", "euler", "heun"), "exact"),
        (("euler", "exact"), "euler"),
    ],
)
def test_a_method_is_one_of_three_integrations(b2, method, integration):
    group = cells(b2, WAYS[0], method=method)
    assert model(b2, group).integration == integration


def test_the_default_method_is_what_brian2_would_take(b2):
    group = b2.NeuronGroup(2, WAYS[0], threshold="v > 1*mV", reset="v = 0*mV", name="cells")
    assert model(b2, group).integration == "exact"
    # Brian2 can solve this one by Euler's method alone.
    wave = b2.NeuronGroup(
        2,
        "dv/dt = (E - v)/tau + 0*x*v*x : volt\nx : hertz**0.5",
        threshold="v > 1*mV",
        reset="v = 0*mV",
        name="cells",
    )
    assert model(b2, wave).integration in ("exact", "euler")


@pytest.mark.parametrize(
    "threshold", ["v > -50*mV", "-50*mV < v", "v + 50*mV > 0*mV", "2*v > -100*mV", "v > top"]
)
def test_a_threshold_is_read_however_it_is_written(b2, threshold):
    group = cells(b2, WAYS[0] + "\ntop = -50*mV : volt", threshold=threshold)
    assert model(b2, group).v_thresh == pytest.approx(-50.0, abs=1e-12)


def test_at_or_above_is_above_the_float_before(b2):
    group = cells(b2, "dv/dt = -v/tau : 1", threshold="v >= 1", reset="v = 0")
    assert model(b2, group).v_thresh == np.nextafter(1.0, 0.0)


def test_names_come_from_the_group_or_from_the_caller(b2):
    from neurochip.frontends.brian2 import from_brian2

    tau = 7 * b2.ms  # noqa: F841 - the equations name it
    group = cells(b2, "dv/dt = (rest - v)/tau : volt", namespace={"rest": -71 * b2.mV})
    got = from_brian2(group).network.population("cells").model
    # Brian2's rule: a group with a namespace of its own sees the caller's names as well.
    assert (got.tau_m, got.v_rest) == pytest.approx((7.0, -71.0))


def test_synapses_are_read_with_subgroups_strings_and_delays(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = b2.NeuronGroup(
        6, "dv/dt = -v/(10*ms) : volt\nx : 1", threshold="v > 1*mV", reset="v = 0*mV", name="cells"
    )
    group.x = "i"
    scale = 2.0
    wires = b2.Synapses(
        group[1:3],
        group[3:],
        "w : volt\nboth = w*scale : volt",
        on_pre={"near": "v_post += both*x_pre", "far": "v -= 1*mV"},
        delay={"far": 3 * b2.ms},
        name="wires",
    )
    wires.connect(condition="i != j")
    wires.w = "(1 + j)*mV"
    wires.near.delay = "(i + 1)*0.5*ms"
    network = from_brian2(group, wires, namespace={"scale": scale}).network
    near, far = (item for item in sorted(network.connections, key=lambda c: c.name, reverse=True))
    assert (near.name, far.name) == ("wires_near", "wires_far")
    # Neuron 1 reaches 4 and 5, neuron 2 reaches 3 and 5; j counts within the subgroup.
    assert near.pre.tolist() == far.pre.tolist() == [1, 1, 2, 2]
    assert near.post.tolist() == far.post.tolist() == [4, 5, 3, 5]
    assert near.weight == pytest.approx(np.array([2.0, 3.0, 1.0, 3.0]) * 2 * [1, 1, 2, 2])
    assert near.delay == pytest.approx([0.5, 0.5, 1.0, 1.0])
    assert (far.weight, far.delay) == pytest.approx((-1.0, 3.0))


def test_inactive_objects_are_left_out_as_brian2_does(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = cells(b2, WAYS[0])
    wires = b2.Synapses(group, group, on_pre="v *= 2", name="wires")
    wires.connect(j="i")
    wires.active = False
    assert from_brian2(group, wires, namespace=quantities(b2)).network.connections == ()


def test_of_two_pathways_the_inactive_one_is_left_out(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = cells(b2, WAYS[0])
    paths = {"near": "v += 1*mV", "far": "v += 2*mV"}
    wires = b2.Synapses(group, group, on_pre=paths, name="wires")
    wires.connect(j="i")
    wires.near.active = False
    network = from_brian2(group, wires, namespace=quantities(b2)).network
    assert [(item.name, item.weight) for item in network.connections] == [("wires_far", 2.0)]


def test_a_poisson_input_drives_the_part_of_the_group_that_it_was_given(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = cells(b2, WAYS[0])
    extra = b2.PoissonInput(group[1:], "v", 20, 5 * b2.Hz, 0.5 * b2.mV)
    (kicks,) = from_brian2(group, extra, namespace=quantities(b2)).network.connections
    assert (kicks.pre.tolist(), kicks.post.tolist(), kicks.weight) == ([0, 1], [1, 2], 0.5)


def test_inputs_become_inputs_and_a_stimulus(b2):
    from neurochip.frontends.brian2 import from_brian2, recorded_stimulus

    group = cells(b2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    noise = b2.PoissonGroup(3, rates=[10, 20, 30] * b2.Hz, name="noise")
    given = b2.SpikeGeneratorGroup(2, [1, 0, 1], [3, 1, 2] * b2.ms, name="given")
    extra = b2.PoissonInput(group[1:], "v", 20, 5 * b2.Hz, 0.5)
    wires = [b2.Synapses(item, group, on_pre="v += 0.1") for item in (noise, given)]
    for item in wires:
        item.connect()
    monitor = b2.SpikeMonitor(noise)
    network = b2.Network(group, noise, given, extra, wires, monitor)
    assert from_brian2(network).stimulus is None
    b2.seed(9)
    imported = from_brian2(network, duration=200 * b2.ms)
    by_name = {item.name: item for item in imported.network.inputs}
    assert by_name["noise"] == PoissonInput("noise", 3, [10.0, 20.0, 30.0])
    assert by_name[extra.name] == PoissonInput(extra.name, 2, 100.0)
    assert by_name["given"] == SpikeInput("given", 2, [0, 1, 1], [1.0, 2.0, 3.0])
    assert imported.dt == 0.1
    assert imported.stimulus.duration == pytest.approx(200.0)
    compile_network(imported.network, dt=imported.dt)
    # The spikes are those that Brian2 would have drawn itself.
    b2.seed(9)
    network.run(200 * b2.ms)
    trains = {item.name: item for item in imported.stimulus.trains}
    assert len(monitor.i) > 5
    assert np.array_equal(trains["noise"].ids, monitor.i[:])
    assert np.allclose(trains["noise"].times, monitor.t_[:] * 1e3)
    with pytest.raises(FrontendError) as caught:
        recorded_stimulus(imported, monitor, duration=200 * b2.ms)
    assert str(caught.value) == (
        f"recorded_stimulus: no monitor recorded the input {extra.name!r}; add a SpikeMonitor of "
        "it before the run."
    )


def test_a_run_of_brian2_gives_its_input_spikes(b2):
    from neurochip.frontends.brian2 import from_brian2, recorded_stimulus

    group = cells(b2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    noise = b2.PoissonGroup(3, rates=300 * b2.Hz, name="noise")
    given = b2.SpikeGeneratorGroup(2, [1, 0, 1], [3, 1, 2] * b2.ms, name="given")
    wires = [b2.Synapses(item, group, on_pre="v += 0.4") for item in (noise, given)]
    for item in wires:
        item.connect()
    monitor, spikes = b2.SpikeMonitor(noise), b2.SpikeMonitor(group)
    network = b2.Network(group, noise, given, wires, monitor, spikes)
    imported = from_brian2(network)
    network.run(100 * b2.ms)
    refused = {
        (group, 100.0): f"{group!r}; allowed: a SpikeMonitor with record=True.",
        (monitor, 0.0): "duration = 0. * second; allowed: a time above 0.",
        (monitor, 1.0): f"a spike of 'noise' at {monitor.t_[-1] * 1e3:g} ms lies after the "
        "duration of 1 ms; give the duration of the run.",
    }
    for (item, length), text in refused.items():
        with pytest.raises(FrontendError) as caught:
            recorded_stimulus(imported, item, duration=length * b2.ms)
        assert str(caught.value) == f"recorded_stimulus: {text}"
    stimulus = recorded_stimulus(imported, monitor, duration=100 * b2.ms)
    assert stimulus.duration == pytest.approx(100.0)
    run = simulate_reference(imported.network, stimulus, imported.dt)
    assert spikes.num_spikes > 10
    assert np.array_equal(run.ids["cells"], spikes.i[:])


def test_a_brian2_network_goes_through_a_sweep(b2):
    from neurochip.frontends.brian2 import from_brian2
    from neurochip.sweeps import sweep

    def network(rate=100.0):
        group = cells(b2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        noise = b2.PoissonGroup(3, rates=rate * b2.Hz)
        wires = b2.Synapses(noise, group, on_pre="v += 0.4")
        wires.connect()
        return from_brian2(group, noise, wires).network

    result = sweep(network, {"rate": [200.0, 800.0], "dt": [0.5]}, duration=200.0, workers=1)
    few, many = (row["reference_spikes"] for row in result.rows)
    assert 0 < few < many


@pytest.mark.parametrize("broken", [False, True])
def test_without_brian2_the_extra_is_named(tmp_path, broken):
    program = "import sys\n" if broken else "import sys\nsys.modules['brian2'] = None\n"
    if broken:
        text = "raise AttributeError(\"type object 'numpy.ndarray' has no attribute 'ptp'\")"
        (tmp_path / "brian2.py").write_text(text)
        program += f"sys.path.insert(0, {str(tmp_path)!r})\n"
        why = "type object 'numpy.ndarray' has no attribute 'ptp'"
    else:
        why = "import of brian2 halted; None in sys.modules"
    run = subprocess.run(
        [sys.executable, "-c", program + "import neurochip.frontends.brian2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        "neurochip.errors.MissingExtraError: neurochip.frontends.brian2: Brian2 cannot be imported "
        f'({why}). It is an extra: pip install "neurochip[brian2]", which also installs a NumPy '
        "that it works with."
    )
