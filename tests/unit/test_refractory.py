"""The two rules by which a refractory period becomes steps."""

import dataclasses
import re

import numpy as np
import pytest

from compiler import compile_network
from neurochip import LIF, LOIHI2, Network, Population, SpikeInput, Stimulus, all_to_all
from neurochip.emulator import Emulator
from neurochip.errors import FitError, NetworkError
from neurochip.network.refractory import refractory_steps
from neurochip.reference import simulate_reference

# Intervals of the spikes of iaf_psc_exp and iaf_psc_delta in NEST 3.10, in steps, with a current
# that carries v over the threshold in every step: those that hold v, and the one that spikes again.
PERIODS = [0.0, 0.1, 0.14, 0.15, 0.16, 0.25, 0.5, 0.75, 1.0, 1.4, 1.5, 1.6, 2.0004, 2.0006, 2.05]
NEST = {
    0.1: [1, 2, 3, 3, 3, 4, 6, 9, 11, 15, 16, 17, 21, 22, 22],
    0.5: [1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
    1.0: [1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4],
}


def always_driven(tau_refrac, refractory, size=1):
    lif = LIF(
        v_rest=-70.0,
        v_reset=-70.0,
        v_thresh=-69.5,
        cm=0.1,
        i_offset=1.0,
        tau_syn=5.0,
        tau_refrac=tau_refrac,
    )
    return Network(populations=[Population("cells", size, lif)], refractory=refractory)


def exactly(message):
    return f"^{re.escape(message)}$"


@pytest.mark.parametrize("dt", NEST)
def test_after_spike_gives_the_intervals_that_nest_gives(dt):
    network = always_driven(PERIODS, "after_spike", size=len(PERIODS))
    run = simulate_reference(network, Stimulus(30.0, ()), dt)
    steps, ids = run.steps["cells"], run.ids["cells"]
    for neuron, interval in enumerate(NEST[dt]):
        assert set(np.diff(steps[ids == neuron])) == {interval}


@pytest.mark.parametrize(("dt", "first", "interval"), [(0.1, 98, 119), (1.0, 9, 12)])
def test_a_neuron_under_a_constant_current_spikes_in_the_steps_of_nest(dt, first, interval):
    """NEST 3.10, iaf_psc_exp with C_m 250, tau_m 10, t_ref 2 and I_e 600; 11.81 ms by theory."""
    lif = LIF(
        tau_m=10.0,
        cm=0.25,
        v_rest=-65.0,
        v_reset=-65.0,
        v_thresh=-50.0,
        tau_refrac=2.0,
        i_offset=0.6,
        tau_syn=2.0,
    )
    network = Network(populations=[Population("cell", 1, lif)], refractory="after_spike")
    steps = simulate_reference(network, Stimulus(300.0), dt).steps["cell"]
    assert steps.tolist() == list(range(first, round(300 / dt), interval))


def test_after_spike_holds_v_for_the_whole_period_and_from_spike_for_a_step_less():
    """The period is 3 steps, and v first leaves the reset 4 or 3 steps after the spike."""
    lif = LIF(v_rest=-70.0, v_reset=-70.0, i_offset=0.5, v_init=-40.0, tau_refrac=0.3, tau_syn=5.0)
    moves = {}
    for rule in ("from_spike", "after_spike"):
        network = Network(populations=[Population("cells", 1, lif)], refractory=rule)
        run = simulate_reference(network, Stimulus(1.0, ()), 0.1, record="v")
        assert run.steps["cells"].tolist() == [0]
        moves[rule] = np.flatnonzero(run.trace("cells").values[:, 0] != -70.0)[0]
    assert moves == {"from_spike": 3, "after_spike": 4}


def test_periods_on_the_grid_keep_their_steps_in_spite_of_float_rounding():
    for dt in (1e-4, 0.1, 0.2, 0.3, 1 / 3, 0.7, 1.0):
        whole = np.arange(1, 64)
        assert (refractory_steps(whole * dt, dt, "after_spike") == whole + 1).all()
        assert (refractory_steps(whole * dt, dt, "from_spike") == whole).all()


@pytest.mark.parametrize("rule", ["from_spike", "after_spike"])
def test_a_period_of_0_is_no_refractory_period(rule):
    assert refractory_steps(np.zeros(1), 0.1, rule) == 0


def test_a_period_without_an_end_has_more_steps_than_a_register_holds():
    for rule in ("from_spike", "after_spike"):
        assert refractory_steps(np.array([np.inf]), 0.1, rule) == 1 << 31


def test_a_rule_that_does_not_exist_is_refused():
    with pytest.raises(NetworkError, match=exactly(
        "network: refractory = 'soon'; allowed: 'from_spike', 'after_spike'."
    )):  # fmt: skip
        always_driven(1.0, "soon")


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
def test_the_chip_holds_v_as_long_as_the_reference(dt):
    network = always_driven(PERIODS, "after_spike", size=len(PERIODS))
    reference = simulate_reference(network, Stimulus(30.0, ()), dt)
    chip = Emulator(compile_network(network, dt=dt)).run(Stimulus(30.0, ()))
    assert np.array_equal(chip.steps["cells"], reference.steps["cells"])
    assert np.array_equal(chip.ids["cells"], reference.ids["cells"])


def kicked(tau_refrac, reset):
    source = SpikeInput("source", 1, np.zeros(40, int), np.arange(40) * 1.0)
    lif = LIF(tau_refrac=tau_refrac, reset=reset)
    cells = Population("cells", len(tau_refrac), lif)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[all_to_all(source, cells, weight=21.0)],
        delivery="before_threshold",
        refractory="after_spike",
    )
    return network, Stimulus(40.0, (source,))


@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_kicks_are_lost_in_the_held_steps_only(reset):
    """One kick a step: a neuron with a period of k steps takes every (k + 1)-th."""
    network, stimulus = kicked([0.0, 1.0, 3.0], reset)
    for run in (
        simulate_reference(network, stimulus, 1.0),
        Emulator(compile_network(network, LOIHI2, dt=1.0)).run(stimulus),
    ):
        steps, ids = run.steps["cells"], run.ids["cells"]
        assert [set(np.diff(steps[ids == k])) for k in range(3)] == [{1}, {2}, {4}]


def test_the_report_compares_the_period_with_the_steps_that_hold_v():
    network = always_driven(2.0, "after_spike")
    row = compile_network(network, dt=0.1).report.row("cells", "tau_refrac")
    assert (row.asked.low, row.meant.low, row.registers["refractory"].low) == (2.0, 2.0, 21)
    row = compile_network(always_driven(2.05, "after_spike"), dt=0.1).report.row(
        "cells", "tau_refrac"
    )
    assert (row.meant.low, row.registers["refractory"].low) == (pytest.approx(2.1), 22)
    assert "not a multiple of dt" in row.warning


def test_the_longest_period_that_fits_is_a_step_shorter():
    network = always_driven(6.2, "after_spike")
    assert compile_network(network, dt=0.1).compartments.refractory.tolist() == [63]
    with pytest.raises(FitError, match=exactly(
        "population 'cells': tau_refrac[0] = 6.3 ms needs refractory register 64 at dt = 0.1 ms; "
        "allowed: 1 to 63, which is at most 6.2 ms. Lengthen dt or shorten tau_refrac."
    )):  # fmt: skip
        compile_network(always_driven(6.3, "after_spike"), dt=0.1)


def test_a_network_keeps_its_rule_when_a_field_is_replaced():
    network = dataclasses.replace(always_driven(1.0, "after_spike"), dt=0.1)
    assert (network.refractory, network.refractory_lag) == ("after_spike", 1)
    assert network.refractory_steps(network.populations[0], 0.1).tolist() == [11]
