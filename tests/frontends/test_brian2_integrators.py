"""Groups that never spike: without a threshold, or with one that v cannot reach."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

CLOSE = 5e-3  # of the largest v: decays here need no rounding, weights and gain do (7 bits)
PLAIN = "dv/dt = (1 - v)/tau : 1"
CURRENT = "dv/dt = (0.2 + g - v)/tau : 1\ndg/dt = -g/tau_s : 1"


def trace(b2, threshold, equations):
    """v of two neurons that the same input drives, as a script leaves it in its monitor."""
    b2.start_scope()
    tau, tau_s = 409.6 / 41 * b2.ms, 409.6 / 137 * b2.ms
    reset = None if threshold is None else "v = 0"
    group = b2.NeuronGroup(2, equations, threshold=threshold, reset=reset, method="euler")
    source = b2.SpikeGeneratorGroup(2, [0, 1, 1], [7, 8, 21] * b2.ms)
    target = "g" if "g" in group.variables else "v"
    wires = b2.Synapses(source, group, on_pre=f"{target} += 0.5")
    wires.connect(j="i")
    state = b2.StateMonitor(group, "v", record=True)
    b2.run(60 * b2.ms, namespace={"tau": tau, "tau_s": tau_s})
    return np.array(state.v_[:])


@pytest.mark.parametrize("threshold", [None, "v > 1e3", "v > 1e5", "v > 1e9", "1e-30*v > 1"])
@pytest.mark.parametrize("equations", [PLAIN, CURRENT])
def test_v_of_a_group_that_never_spikes_is_that_of_brian2(b2, threshold, equations):
    expected = trace(b2, threshold, equations)
    b2.set_device("neurochip")
    got = trace(b2, threshold, equations)
    assert expected.max() > 0.25
    assert np.abs(got - expected).max() < CLOSE * expected.max()
    model = b2.get_device().network.populations[0].model
    assert not model.spiking


@pytest.mark.parametrize("refractory", [False, "3*ms"])
def test_a_group_without_threshold_equals_the_reference(b2, refractory):
    flag = " (unless refractory)" if refractory else ""
    group = b2.NeuronGroup(
        5,
        f"dv/dt = (x + g - v)/(10*ms) : volt{flag}\ndg/dt = -g/(3*ms) : volt{flag}\nx : volt",
        refractory=refractory,
        method="exact",
        name="cells",
    )
    group.x = "i*mV"
    group.v = "-3*mV + i*mV"
    group.g = "2*mV"
    source = b2.PoissonGroup(5, rates=400 * b2.Hz)
    wires = b2.Synapses(source, group, on_pre="g += 0.3*mV")
    wires.connect(j="i")
    run = run_both(group, source, wires, duration=100 * b2.ms, namespace={})
    assert run.n_spikes == 0


def test_a_threshold_within_reach_stays(b2):
    from neurochip.frontends.brian2 import from_brian2

    def model(threshold, weight, number=1):
        group = b2.NeuronGroup(
            2, "dv/dt = -v/(10*ms) : 1", threshold=f"v > {threshold}", reset="v = 0", name="cells"
        )
        drive = b2.PoissonInput(group, "v", number, 10 * b2.Hz, weight=weight)
        return from_brian2(group, drive).network.population("cells").model

    # In every step one spike of 1: v stays below 1/(1 - exp(-dt/tau)), which is 100.5.
    assert model(100, 1.0).v_thresh == 100.0
    assert not model(102, 1.0).spiking
    assert model(102, 1.0, number=2).v_thresh == 102.0
    assert model(102, -2.0).v_thresh == 102.0
    assert model(20, 1.0).v_thresh == 20.0
    # Out of reach, but not so far that it would cost v its resolution.
    assert model(20, 0.1, number=7).v_thresh == 20.0
    assert not model(20, 0.1).spiking
    # Nothing moves v.
    assert model(20, 0.0).v_thresh == 20.0


def test_an_infinite_threshold_is_none(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = b2.NeuronGroup(
        2, "dv/dt = -v/(10*ms) : 1\ntop : 1", threshold="v > top", reset="v = 0", name="cells"
    )
    group.top = np.inf
    assert not from_brian2(group).network.population("cells").model.spiking


def test_which_variable_is_the_membrane_potential_must_be_plain(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = b2.NeuronGroup(2, "dv/dt = -v/ms : 1\ndu/dt = -u/ms : 1", name="cells")
    loop = b2.NeuronGroup(2, "dv/dt = -u/ms : 1\ndu/dt = -v/ms : 1", name="loop")
    rest = (
        "be its membrane potential. What works: one variable that no other differential equation "
        "depends on; a group for each of several."
    )
    for item, found in ((group, "u and v both could"), (loop, "none of its variables can")):
        with pytest.raises(FrontendError) as caught:
            from_brian2(item)
        assert str(caught.value) == (
            f"NeuronGroup {item.name!r}: it has no threshold, and {found} {rest}"
        )


def test_a_group_of_parameters_is_read_by_others_and_does_nothing_itself(b2):
    def run():
        b2.start_scope()
        levels = b2.NeuronGroup(3, "x : 1")
        levels.x = [0.5, 1.5, 3]
        group = b2.NeuronGroup(
            3,
            "dv/dt = (level - v)/(10*ms) : 1\nlevel : 1 (linked)",
            threshold="v > 1",
            reset="v = 0",
            method="exact",
        )
        group.level = b2.linked_var(levels, "x")
        spikes, state = b2.SpikeMonitor(group), b2.StateMonitor(levels, "x", record=[2])
        b2.run(50 * b2.ms)
        return np.array(spikes.count[:]), np.array(state.x[:])

    expected, values = run()
    b2.set_device("neurochip")
    got, others = run()
    assert np.abs(got - expected).max() <= 1
    assert np.array_equal(values, others)


@pytest.mark.parametrize("threshold", ["above > 0", "2*above > above_too + 0.5 - v"])
def test_a_threshold_may_name_subexpressions_of_v(b2, threshold):
    group = b2.NeuronGroup(
        3,
        "dv/dt = (x - v)/(20*ms) : 1\nabove = v - 1 : 1\nabove_too = v/2 - 0.5 : 1\nx : 1",
        threshold=threshold,
        reset="v = 0",
        method="exact",
        name="cells",
    )
    group.x = [1.5, 2, 3]
    run = run_both(group, duration=100 * b2.ms, namespace={})
    assert run.counts("cells").min() > 3
