"""What truncation takes is predicted, and the bias returns it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compiler import CompileOptions, compile_network
from compiler.neurons.expectation import expect
from compiler.neurons.lower import lower
from compiler.synapses.projections import project
from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    attribute,
    draw_stimulus,
    fixed_indegree,
    load_image,
    one_to_one,
    save_image,
    simulate_reference,
)

DT = 0.1
COARSE = LOIHI.what_if(  # a scale at which truncation matters
    name="17-bit state",
    state_bits=17,
    accumulator_bits=16,
    weight_shift=0,
    threshold_mantissa_bits=16,
    threshold_shift=0,
    vmin_exponent_max=16,
)


def driven(weight=0.5, rate=800.0, size=100, **parameters):
    """Neurons with one source each, of synaptic currents unless told otherwise."""
    model = {"tau_m": 20.0, "cm": 1.0, "v_rest": -65.0, "v_thresh": -50.0, "tau_syn": 5.0}
    cells = Population("cells", size, LIF(**{**model, **parameters}))
    source = PoissonInput("source", size, rate=rate)
    links = [one_to_one(source, cells, weight=weight)]
    return Network(inputs=[source], populations=[cells], connections=links)


def truncation(network, chip=LOIHI, dt=DT, **options):
    return lowered(network, chip, dt, **options).truncation


def lowered(network, chip=LOIHI, dt=DT, **options):
    chosen = CompileOptions(**options)
    expected = expect(network, chosen)
    return lower(network, project(network), chip, dt, chosen, expected)["cells"]


def integrated(keep_u, keep_v, jumps, bias=0, scale=4096):
    """Mean difference of v per step, from the recurrence with and without truncation."""
    u = v = 0
    exact_u = exact_v = lost = 0.0
    for q in jumps.tolist():
        u = math.trunc(u * keep_u / scale) + q
        before = math.trunc(v * keep_v / scale)
        lost += before - v * keep_v / scale
        v = before + u + bias
        exact_u = exact_u * keep_u / scale + q
        lost += u - exact_u
        exact_v = exact_v * keep_v / scale + exact_u + bias
    return lost / len(jumps)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rate", [5.0, 30.0, 800.0])
def test_the_prediction_is_that_of_the_recurrence(sign, rate):
    network = driven(weight=sign * 0.5, rate=rate, size=1)
    cell = lowered(network, headroom=20.0)
    decays, scale = cell.decays, cell.scale.lsb_per_mv
    jump = round(sign * 0.5 * decays.receptors[0].gain[0] * scale)
    keeps = (decays.receptors[0].keep_u[0], decays.keep_v[0])
    arriving = np.random.default_rng(1).poisson(rate * DT / 1000, 200_000) * jump
    bias = round(float(decays.bias[0] * scale))
    found = integrated(*(round(4096 * keep) for keep in keeps), arriving, bias)
    assert cell.truncation.change[0] == pytest.approx(found, rel=0.15)
    assert np.sign(found) == -sign


@pytest.mark.parametrize(("tau_m", "loss"), [(-DT / math.log(0.5), 0.25), (20.0, 0.5)])
def test_a_decay_by_a_short_fraction_cuts_off_less(tau_m, loss):
    network = Network(populations=[Population("cells", 1, LIF(tau_m=tau_m, v_rest=-40.0))])
    assert truncation(network).change[0] == pytest.approx(-loss, abs=0.001)


def test_nothing_is_taken_from_a_state_that_stays_0_or_has_no_decay():
    assert truncation(driven(rate=0.0, v_rest=-65.0)).change.tolist() == [0] * 100
    jumps = driven(weight=1.5, tau_syn=None, tau_m=math.inf)
    assert truncation(jumps).change.tolist() == [0] * 100


def test_excitation_and_inhibition_of_two_time_constants_lose_in_opposite_directions():
    """As in CUBA: 25 LSB of excitation that decays with 5 ms, 50 of inhibition with 10 ms."""
    lif = LIF(tau_m=20.0, cm=2.0, v_rest=-55.0, v_reset=-60.0, tau_syn_E=5.0, tau_syn_I=10.0)
    cells = Population("cells", 50, lif)
    sources = [PoissonInput(name, 50, rate=400.0) for name in ("exc", "inh")]
    links = [
        fixed_indegree(source, cells, 10, weight=weight, seed=1)
        for source, weight in zip(sources, (0.162, -0.9), strict=True)
    ]
    network = Network(inputs=sources, populations=[cells], connections=links)
    assert truncation(network).change == pytest.approx(np.full(50, 25.0), abs=1.0)


def test_where_it_rounds_to_0_lsb_the_image_is_unchanged():
    network = Network(populations=[Population("cells", 1, LIF(v_rest=-40.0))])
    found = truncation(network, COARSE)
    assert found.change == pytest.approx(-0.5, abs=0.001)
    assert found.correction == 0


def test_where_it_moves_v_by_less_than_a_ten_thousandth_of_the_way_the_image_is_unchanged():
    network = driven(weight=1.5, tau_syn=None)
    found = truncation(network)
    assert found.change.all()
    assert not found.correction.any()
    assert compile_network(network).symbols.populations[0].bias_correction is None


@pytest.mark.parametrize("weight", [0.5, 0.9])
def test_the_rate_of_a_coarse_scale_is_that_of_float64(weight, monkeypatch):
    network = driven(weight=weight)
    stimulus = draw_stimulus(network, 2000.0, seed=1)
    wanted = simulate_reference(network, stimulus, DT).rates("cells").mean()
    with_it = compile_network(network, COARSE, dt=DT)
    monkeypatch.setattr("compiler.neurons.truncation._MATTERS", math.inf)
    without = compile_network(network, COARSE, dt=DT)
    errors = [
        abs(Emulator(image).run(stimulus).rates("cells").mean() / wanted - 1)
        for image in (with_it, without)
    ]
    assert errors[1] > 0.02
    assert errors[0] < errors[1] / 4


def test_the_report_names_the_correction_and_shows_the_level_that_remains():
    report = compile_network(driven(), COARSE, dt=DT).report
    row = report.row("cells", "v_rest")
    assert row.note == "the bias also adds 25.774 LSB, which truncation is expected to take"
    assert row.asked.mean == -65
    assert row.meant.mean == pytest.approx(-65, abs=0.02)


def test_attribution_counts_the_correction_as_part_of_truncation():
    network = driven(size=40)
    stimulus = draw_stimulus(network, 1000.0, seed=1)
    image = compile_network(network, COARSE, dt=DT)
    found = attribute(network, stimulus, image=image, v_neurons=1)
    ideal = found.total("cells").ideal
    assert found.effect("cells", "unexplained").alone == 0
    for source in ("truncation", "bias"):
        for effect in (found.effect("cells", source).alone, found.effect("cells", source).left_out):
            assert abs(effect) < 0.01 * ideal


def test_the_correction_is_kept_in_files(tmp_path):
    image = compile_network(driven(), COARSE, dt=DT)
    path = save_image(image, tmp_path / "image")
    (symbol,) = load_image(path).symbols.populations
    assert np.array_equal(symbol.bias_correction, image.symbols.populations[0].bias_correction)


def test_inputs_that_are_not_known_are_not_counted():
    cells = Population("cells", 5, LIF(tau_syn=5.0, v_reset=-70.0))
    source = SpikeInput("source", 5, [], [])
    links = [one_to_one(source, cells, weight=0.01)]
    network = Network(inputs=[source], populations=[cells], connections=links)
    assert truncation(network).change == pytest.approx(np.full(5, -0.5), abs=0.001)
