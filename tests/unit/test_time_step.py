"""The step that is expected to lose least, and what is expected of the others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from compiler import (
    CompileError,
    CompileOptions,
    DtCandidate,
    DtChoice,
    choose_dt,
    compile_network,
)
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    draw_stimulus,
    one_to_one,
)
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference
from neurochip.tuning import plot_dt_choice


def constant(**parameters):
    """A neuron under a constant drive."""
    model = {"tau_m": 25.0, "v_rest": -40.0, "v_init": -65.0, "tau_refrac": 2.15, **parameters}
    return Network(populations=[Population("cells", 1, LIF(**model))])


def cycle(tau_m=25.0, tau_refrac=2.15):
    return tau_refrac + tau_m * math.log(25 / 10)


def rate_of_chip(network, dt, chip=LOIHI):
    """From the mean interval, so that it does not depend on the length of the run."""
    image = compile_network(network, chip, dt=dt)
    times = Emulator(image).run(draw_stimulus(network, dt * round(2000 / dt), 1)).times("cells")
    return 1e3 * (len(times) - 1) / (times[-1] - times[0])


@pytest.mark.parametrize("tau_syn", [None, 5.0])
def test_the_rate_of_a_constant_drive_is_predicted_exactly(tau_syn):
    network = constant(tau_syn=tau_syn)
    choice = choose_dt(network, bounds=(0.05, 1.0))
    for item in choice.candidates[::2]:
        error = rate_of_chip(network, item.dt) * cycle() / 1e3 - 1
        assert item.total == pytest.approx(error, abs=1e-9)
        # It integrates again k steps after its spike, in that step already.
        held = max(math.floor(2.15 / item.dt + 1e-3), 1) - 1
        steps = held + math.floor(25.0 * math.log(25 / 10) / item.dt) + 1
        assert item.grid == pytest.approx(cycle() / (steps * item.dt) - 1, abs=1e-9)


def candidate(dt, grid, registers):
    total, error = grid + registers, abs(grid) + abs(registers)
    return DtCandidate(dt=dt, grid=grid, registers=registers, total=total, error=error)


def test_the_best_step_has_the_smallest_sum_of_magnitudes_and_a_cancellation_is_marked():
    choice = DtChoice(
        chip="loihi",
        candidates=(
            candidate(0.1, -0.004, 0.01),
            candidate(0.125, -0.005, 0.0051),
            candidate(0.25, -0.008, 0.0),
        ),
    )
    assert choice.dt == 0.25
    assert choice.cancelling is choice.candidates[1]
    assert str(choice) == (
        "Expected error of the rates on loihi\n"
        "  dt (ms)   time grid   registers       total   |g| + |r|\n"
        "      0.1     -0.40 %     +1.00 %     +0.60 %      1.40 %\n"
        "    0.125     -0.50 %     +0.51 %     +0.01 %      1.01 %"
        "  <- smallest total, but only since its parts cancel\n"
        "     0.25     -0.80 %     +0.00 %     -0.80 %      0.80 %  <- best"
    )


def test_where_nothing_cancels_no_step_is_marked():
    choice = DtChoice(
        chip="loihi", candidates=(candidate(0.1, -0.004, -0.001), candidate(0.25, -0.008, 0.001))
    )
    assert (choice.dt, choice.cancelling) == (0.1, None)


def test_neurons_with_errors_of_opposite_sign_do_not_hide_each_other():
    model = LIF(tau_m=np.array([9.0, 31.0]), v_rest=-40.0, v_init=-65.0, tau_refrac=2.15)
    network = Network(populations=[Population("cells", 2, model)])
    for item in choose_dt(network, candidates=[0.3, 0.5, 1.0]).candidates:
        assert item.error >= abs(item.grid) + abs(item.registers) - 1e-12
        assert item.total == pytest.approx(item.grid + item.registers)


def driven(tau_syn=None):
    lif = LIF(
        tau_m=10.0,
        cm=0.25,
        v_rest=-70.0,
        v_reset=-65.0,
        v_thresh=-50.0,
        tau_refrac=5.0,
        tau_syn=tau_syn,
    )
    unit = 1.0 if tau_syn is None else 1 / 16
    source, cells = PoissonInput("source", 100, rate=12.5), Population("cells", 80, lif)
    weights = all_to_all(source, cells, weight=Uniform(0.5 * unit, 2 * unit), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[weights])


@pytest.mark.parametrize("tau_syn", [None, 4.0])
def test_what_registers_do_to_a_driven_network_is_predicted_well(tau_syn):
    """The error of the grid is known to a third, that of the registers better."""
    network = driven(tau_syn)
    stimulus = draw_stimulus(network, 4000.0, seed=1)
    fine = simulate_reference(network, stimulus, 0.01).rates("cells").mean()
    for item in choose_dt(network, candidates=[0.1, 0.25, 1.0]).candidates:
        on_grid = simulate_reference(network, stimulus, item.dt).rates("cells").mean()
        image = compile_network(network, LOIHI, dt=item.dt)
        chip = Emulator(image).run(stimulus).rates("cells").mean()
        assert item.registers == pytest.approx(chip / on_grid - 1, abs=2e-3)
        assert item.grid == pytest.approx(on_grid / fine - 1, rel=0.3, abs=2e-3)


def test_of_currents_the_total_is_predicted_with_what_grid_and_registers_cancel():
    lif = LIF(tau_m=10.0, cm=0.25, v_thresh=-50.0, tau_refrac=5.0, tau_syn=3.0)
    source, cells = PoissonInput("source", 100, rate=16.0), Population("cells", 80, lif)
    weights = all_to_all(source, cells, weight=Uniform(0.05, 0.15), seed=1)
    network = Network(inputs=[source], populations=[cells], connections=[weights])
    stimulus = draw_stimulus(network, 10_000.0, seed=1)
    fine = simulate_reference(network, stimulus, 0.02).rates("cells").mean()
    for item in choose_dt(network, candidates=[0.1, 0.125, 0.2, 0.25]).candidates:
        chip = Emulator(compile_network(network, LOIHI, dt=item.dt)).run(stimulus)
        measured = chip.rates("cells").mean() / fine - 1
        assert item.total == pytest.approx(measured, abs=1e-3)


def test_the_time_grid_and_the_decay_registers_pull_in_opposite_directions():
    options = CompileOptions(gain="dc")
    candidates = choose_dt(driven(), candidates=[0.1, 0.2, 0.5, 1.0], options=options).candidates
    grids = [-item.grid for item in candidates]
    assert grids == sorted(grids)
    assert grids[0] > 0
    assert candidates[0].registers > 2 * abs(candidates[-1].registers)


def test_auto_compiles_at_the_best_step_with_the_options_given():
    network = constant()
    image = compile_network(network, LOIHI, dt="auto", gain="impulse")
    assert image.report.dt == choose_dt(network, options=CompileOptions(gain="impulse")).dt
    assert (
        image.digest()
        == compile_network(network, LOIHI, dt=image.report.dt, gain="impulse").digest()
    )


def test_steps_at_which_a_counter_is_too_short_are_out():
    choice = choose_dt(constant(tau_refrac=20.0))
    out = [item.dt for item in choice.candidates if item.problem]
    assert out == [item.dt for item in choice.candidates if item.dt < 20.0 / 62 - 1e-9]
    assert "tau_refrac[0] = 20 ms needs refractory register" in choice.candidates[0].problem
    assert choice.dt > 20.0 / 62
    source, cells = PoissonInput("source", 1, rate=10.0), Population("cells", 1)
    links = one_to_one(source, cells, weight=20.0, delay=10.0)
    delayed = Network(inputs=[source], populations=[cells], connections=[links])
    assert all(
        bool(item.problem) == (item.dt < 10.0 / 62.5) for item in choose_dt(delayed).candidates
    )


def test_a_silent_network_is_judged_by_its_time_constants():
    network = Network(populations=[Population("cells", 1, LIF(tau_m=10.0))])
    (item,) = choose_dt(network, candidates=[0.1]).candidates
    meant = -0.1 / math.log(1 - 41 / 4096)
    assert item.registers == pytest.approx(meant / 10.0 - 1)
    assert item.grid == pytest.approx(0.1 / 2 / 10.0)


def test_the_text_marks_the_best_and_says_why_others_are_out():
    choice = choose_dt(constant(tau_refrac=20.0), candidates=[0.1, 0.4, 1.0])
    lines = str(choice).splitlines()
    assert lines[0] == "Expected error of the rates on loihi"
    assert lines[2].split() == ["0.1", "does", "not", "fit"]
    assert sum(line.endswith("<- best") for line in lines) == 1
    assert lines[5].startswith("0.1 ms does not fit: population 'cells': tau_refrac[0] = 20 ms")
    assert max(len(line) for line in lines) <= 100


def test_the_curve_leaves_out_what_does_not_fit():
    choice = choose_dt(constant(tau_refrac=20.0), candidates=[0.1, 0.4, 0.5, 1.0])
    ax = plot_dt_choice(Figure().subplots(), choice)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        *("time grid", "registers", "total", "|time grid| + |registers|"),
        f"best: {choice.dt:.4g} ms",
    ]
    *curves, _, best = ax.lines
    assert [list(curve.get_xdata()) for curve in curves] == [[0.4, 0.5, 1.0]] * 4
    assert best.get_ydata() == [100 * choice.best.error]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step (ms)", "expected rate error (%)")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"bounds": (1.0, 0.1)},
            "dt = 'auto': bounds = (1.0, 0.1) ms; allowed: the shortest and the longest step, "
            "above 0.",
        ),
        (
            {"bounds": 0.1},
            "dt = 'auto': bounds = 0.1 ms; allowed: the shortest and the longest step, above 0.",
        ),
        ({"candidates": ["0.1"]}, "dt = 'auto': candidates = ['0.1']; allowed: steps in ms."),
        (
            {"candidates": [2.0]},
            "dt = 'auto': no candidate lies between 0.05 and 1 ms; widen the bounds or pass "
            "candidates.",
        ),
    ],
)
def test_bounds_without_a_step_are_refused(arguments, text):
    with pytest.raises(CompileError) as caught:
        choose_dt(constant(), **arguments)
    assert str(caught.value) == text


def test_a_network_that_fits_at_no_step_is_refused_with_the_reason():
    with pytest.raises(CompileError) as caught:
        compile_network(constant(tau_refrac=100.0), LOIHI, dt="auto")
    assert str(caught.value) == (
        "dt = 'auto': no step from 0.05 to 1 ms fits; at 1 ms: population 'cells': tau_refrac[0] = "
        "100 ms needs refractory register 101 at dt = 1 ms; allowed: 1 to 63, which is at most 62 "
        "ms. Lengthen dt or shorten tau_refrac."
    )
    assert np.isfinite(choose_dt(constant(tau_refrac=50.0)).best.total)
