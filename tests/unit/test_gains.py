"""Operating points, and the gain that keeps the rate of each population."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from compiler import OPTIONS, compile_network
from compiler.neurons.drive import mean_field
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip.attribution import attribute
from neurochip.emulator import Emulator
from neurochip.image import PowerGain
from neurochip.image.files import load_image, save_image
from neurochip.image.neurons import decode_neurons
from neurochip.recurrence import ideal_population
from neurochip.reference import simulate_reference

DT = 0.1
# Drive of a source in Hz, and the exponent of the weights that should follow from it.
DRIVES = {"by fluctuations": 11.0, "near threshold": 16.0, "above threshold": 40.0}


SPREAD = Uniform(0.5, 2.0)  # mV
# A diffusion misses what the size of single kicks does, and is of first order in tau_syn / tau_m.
ESTIMATE = {"rel": 0.3, "abs": 2.0}  # of the rate, and Hz where it hangs on rare excursions


def driven(rate, *, tau_syn=None, weight=SPREAD, n_sources=100):
    lif = LIF(
        tau_m=10.0,
        cm=0.25,
        v_rest=-70.0,
        v_reset=-65.0,
        v_thresh=-50.0,
        tau_refrac=5.0,
        tau_syn=tau_syn,
    )
    source, cells = PoissonInput("source", n_sources, rate=rate), Population("cells", 50, lif)
    weights = all_to_all(source, cells, weight=weight, seed=1)
    return Network(inputs=[source], populations=[cells], connections=[weights])


def held_back(tau_syn=None):
    """Neurons that a constant current would make fire, if inhibition did not hold them back."""
    unit = 1.0 if tau_syn is None else 1 / 16
    lif = LIF(tau_m=10.0, cm=0.25, v_rest=-70.0, tau_refrac=5.0, tau_syn=tau_syn, i_offset=0.625)
    cells = Population("cells", 50, lif)
    sources = [PoissonInput("exc", 100, rate=5.0), PoissonInput("inh", 100, rate=16.0)]
    weights = [Uniform(0.5 * unit, 2.0 * unit), Uniform(-2.0 * unit, -0.5 * unit)]
    links = [
        all_to_all(source, cells, weight=weight, seed=1)
        for source, weight in zip(sources, weights, strict=True)
    ]
    return Network(inputs=sources, populations=[cells], connections=links)


def exponent(network, dt=DT):
    """What the report says about the gain."""
    note = compile_network(network, LOIHI, dt=dt, gain="auto").report.row("cells", "tau_m").note
    return float(note.split()[2])


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("tau_syn", [None, 4.0])
def test_the_expected_rate_is_near_that_of_a_run(drive, tau_syn):
    weight = Uniform(0.5, 2.0) if tau_syn is None else Uniform(0.5 / 16, 2.0 / 16)  # equal charge
    network = driven(DRIVES[drive], tau_syn=tau_syn, weight=weight)
    point = mean_field(network).points["cells"]
    run = simulate_reference(network, draw_stimulus(network, 2000.0, seed=1), 0.02)
    assert point.rates.mean() == pytest.approx(run.rates("cells").mean(), **ESTIMATE)


def test_the_spread_of_v_is_that_of_a_run_without_a_threshold():
    for tau_syn, weight in ((None, 1.0), (4.0, 0.1)):
        lif = LIF(tau_m=10.0, cm=0.25, tau_syn=tau_syn, v_thresh=1e3)
        source, cells = PoissonInput("source", 40, rate=300.0), Population("cells", 40, lif)
        network = Network(
            inputs=[source],
            populations=[cells],
            connections=[one_to_one(source, cells, weight=weight)],
        )
        stimulus = draw_stimulus(network, 4000.0, seed=1)
        v = simulate_reference(network, stimulus, 0.05, record="v").trace("cells").values[2000:]
        point = mean_field(network).points["cells"]
        assert point.mean[0] == pytest.approx(v.mean(), abs=0.1)
        assert point.std[0] == pytest.approx(v.std(), rel=0.03)


@pytest.mark.parametrize(("tau_syn", "weight"), [(None, 1.0), (4.0, 0.1)])
def test_mean_and_spread_of_v_are_those_of_campbells_theorem(tau_syn, weight):
    """Rate times the integrals of what a spike does to v, and of its square."""
    lif = LIF(tau_m=10.0, cm=0.25, tau_syn=tau_syn, v_thresh=1e3)
    source, cells = PoissonInput("source", 3, rate=[300.0, 50.0, 0.0]), Population("cells", 3, lif)
    links = [one_to_one(source, cells, weight=weight)]
    point = mean_field(Network(inputs=[source], populations=[cells], connections=links)).points
    t = np.arange(0.0, 300.0, 0.001) + 0.0005
    bump = weight * np.exp(-t / 10.0)
    if tau_syn is not None:
        factor = weight / 0.25 * 10.0 * tau_syn / (10.0 - tau_syn)
        bump = factor * (np.exp(-t / 10.0) - np.exp(-t / tau_syn))
    rate = np.array([0.3, 0.05, 0.0])  # per ms
    expected = -65.0 + rate * bump.sum() * 0.001
    assert point["cells"].mean == pytest.approx(expected, rel=1e-6)
    assert point["cells"].std == pytest.approx(np.sqrt(rate * (bump**2).sum() * 0.001), rel=1e-6)


def test_rates_of_neurons_that_drive_each_other_agree():
    lif = LIF(tau_m=10.0, cm=0.25, tau_syn=2.0, tau_refrac=2.0)
    source = PoissonInput("source", 500, rate=8.0)
    exc, inh = Population("exc", 400, lif), Population("inh", 100, lif)
    pairs = [(exc, exc, 0.1), (exc, inh, 0.1), (inh, exc, -0.5), (inh, inh, -0.5)]
    network = Network(
        inputs=[source],
        populations=[exc, inh],
        connections=[
            *(fixed_probability(source, to, 0.3, weight=0.4, seed=1) for to in (exc, inh)),
            *(fixed_probability(a, b, 0.1, weight=w, delay=1.5, seed=2) for a, b, w in pairs),
        ],
    )
    points = mean_field(network).points
    run = simulate_reference(network, draw_stimulus(network, 1000.0, seed=1), DT)
    for name in ("exc", "inh"):
        assert points[name].rates.mean() == pytest.approx(run.rates(name).mean(), **ESTIMATE)


def test_a_constant_drive_has_its_exact_rate():
    cells = Population("cells", 2, LIF(v_rest=np.array([-45.0, -55.0]), tau_refrac=3.0))
    rates = mean_field(Network(populations=[cells])).points["cells"].rates
    assert rates[0] == pytest.approx(1e3 / (3.0 + 20.0 * math.log(20 / 5)))
    assert rates[1] == 0


def test_weights_follow_the_decay_less_the_further_above_threshold():
    found = [exponent(driven(rate)) for rate in DRIVES.values()]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.6
    assert found[-1] < 0.35


@pytest.mark.parametrize("drive", [*DRIVES, "held back"])
@pytest.mark.parametrize(("tau_syn", "dt"), [(None, 0.1), (None, 0.13), (4.0, 0.1)])
def test_the_chosen_gain_is_no_worse_than_any_other(drive, tau_syn, dt):
    weight = SPREAD if tau_syn is None else Uniform(0.5 / 16, 2.0 / 16)
    network = (
        held_back(tau_syn)
        if drive == "held back"
        else driven(DRIVES[drive], tau_syn=tau_syn, weight=weight)
    )
    stimulus = draw_stimulus(network, 30_000 * dt, seed=1)
    wanted = simulate_reference(network, stimulus, dt).rates("cells").mean()
    errors = {}
    for gain in OPTIONS["gain"].choices:
        image = compile_network(network, LOIHI, dt=dt, gain=gain)
        errors[gain] = abs(Emulator(image).run(stimulus).rates("cells").mean() / wanted - 1)
    resolution = 5e-4  # of the rate: what other roundings leave
    assert errors["auto"] <= min(errors.values()) + resolution


def above_threshold():
    """Neurons that a constant current makes fire, of which synapses take some away."""
    lif = LIF(tau_m=20.0, cm=0.25, v_rest=-70.0, tau_refrac=2.0, tau_syn=5.0, i_offset=0.45)
    cells, sources = Population("cells", 100, lif), PoissonInput("sources", 100, rate=16.0)
    links = [fixed_probability(sources, cells, 0.2, weight=-0.15, seed=1)]
    return Network(inputs=[sources], populations=[cells], connections=links)


def test_where_no_power_preserves_the_rate_the_bias_does():
    """Weights do little far above threshold; tau_m is off by 2.1 %, and so would be the rate."""
    network = above_threshold()
    stimulus = draw_stimulus(network, 2000.0, seed=1)
    wanted = simulate_reference(network, stimulus, DT).rates("cells").mean()
    error, *errors = (
        Emulator(compile_network(network, dt=DT, gain=gain)).run(stimulus).rates("cells").mean()
        / wanted
        - 1
        for gain in ("auto", "dc", "impulse", "mean_and_variance")
    )
    assert max(errors) < -0.015
    assert abs(error) < 0.003


def test_the_report_says_that_the_bias_preserves_the_rate_of_a_slower_v(tmp_path):
    network = above_threshold()
    image = compile_network(network, dt=DT)
    assert image.report.row("cells", "tau_m").note == (
        "weights preserve the variance of v, the bias preserves the expected rate"
    )
    said = " ".join(str(image.report).split())
    assert " mV to preserve the expected rate at an input of " in said
    assert load_image(save_image(image, tmp_path / "image")) == image
    rule = image.symbols.populations[0].gain_rule
    ideal = ideal_population(network, network.populations[0], DT)
    keep_u = [item.keep_u for item in ideal.receptors]
    slower = 1 - 0.98 * (1 - ideal.keep_v)
    unlifted = replace(rule, lift=0.0)
    more = rule.follow(ideal, slower, keep_u)[1] - unlifted.follow(ideal, slower, keep_u)[1]
    np.testing.assert_allclose(more, 0.02 * rule.lift)
    assert rule.lift > 0
    assert not rule.follow(ideal, ideal.keep_v, keep_u)[1].any()  # nothing is rounded


def test_rates_that_hardly_depend_on_the_mean_of_v_do_not_move_it():
    """Two kicks a second of more than the way to threshold, of which the diffusion knows little."""
    source = SpikeInput("source", 4, [0, 1], [1.0, 2.0])
    cells = Population("cells", 4, LIF())
    links = [one_to_one(source, cells, weight=20.0)]
    network = Network(inputs=[source], populations=[cells], connections=links)
    image = compile_network(network, LOIHI, dt=DT)
    assert image.symbols.populations[0].gain_rule == PowerGain(0.0, 1.0)


@pytest.mark.parametrize(("level", "weight"), [(14.9, 14.0), (15.1, -14.0)])
def test_the_resting_level_stays_on_its_side_of_threshold(level, weight):
    """The diffusion smears rare kicks over time, so to it neurons near threshold are alike.

    Of those that wait for a kick, a higher level made ones that spike without it: twice as many.
    """
    source = PoissonInput("source", 100, rate=5.0)
    model = LIF(tau_m=20.0, v_rest=-70.0, v_thresh=-55.0, cm=0.2, i_offset=level * 0.2 / 20.0)
    cells = Population("cells", 100, model)
    links = [one_to_one(source, cells, weight=weight)]
    network = Network(inputs=[source], populations=[cells], connections=links)
    image = compile_network(network, LOIHI, dt=DT)
    rule = image.symbols.populations[0].gain_rule
    ideal = ideal_population(network, cells, DT)
    keep_v = decode_neurons(image, image.symbols.populations[0]).keep_v
    keep_u = [item.keep_u for item in ideal.receptors]
    assert (keep_v != ideal.keep_v).all()
    resting = ideal.v_inf + rule.follow(ideal, keep_v, keep_u)[1]
    assert ((resting > -55.0) == (level > 15.0)).all()


def given_later(**expectation):
    """Neurons whose input spikes are given only when the network runs."""
    source = SpikeInput("source", 3, [], [], **expectation)
    cells = Population("cells", 3, LIF(v_rest=-45.0))
    links = [one_to_one(source, cells, weight=1.0)]
    return Network(inputs=[source], populations=[cells], connections=links)


def runaway():
    """Neurons whose mutual excitation nothing limits."""
    source, cells = PoissonInput("source", 3, rate=100.0), Population("cells", 3, LIF())
    links = [one_to_one(source, cells, weight=9.0), one_to_one(cells, cells, weight=90.0)]
    return Network(inputs=[source], populations=[cells], connections=links)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (driven(1.0), "the neurons are expected to be silent"),
        (given_later(), "the expected input is not known"),
        (given_later(expected_rate=0.0), "no input spikes are expected"),
        (runaway(), "the expected rate is above one spike per step"),
    ],
)
def test_where_no_rate_can_be_predicted_the_mean_is_preserved_and_the_report_says_why(
    network, reason
):
    images = [compile_network(network, LOIHI, dt=DT, gain=gain) for gain in ("dc", "auto")]
    assert images[0].digest() == images[1].digest()
    notes = [image.report.row("cells", "tau_m").note for image in images]
    assert notes == ["", f"gain dc (preserves the mean): {reason}"]


def test_without_synapses_or_a_leak_there_is_nothing_to_correct_and_no_note():
    for lif in (LIF(v_rest=-45.0), LIF(tau_m=math.inf)):
        network = Network(populations=[Population("cells", 3, lif)])
        images = [compile_network(network, LOIHI, dt=DT, gain=gain) for gain in ("dc", "auto")]
        assert images[0].digest() == images[1].digest()
        notes = {image.report.row("cells", "tau_m").note for image in images}
        assert len(notes) == 1
        assert "gain" not in notes.pop()


def test_the_default_preserves_the_rate():
    network = driven(DRIVES["above threshold"])
    default, auto = compile_network(network), compile_network(network, gain="auto")
    assert default.digest() == auto.digest()
    assert OPTIONS["gain"].default == "auto"


def test_given_spike_trains_count_with_their_mean_rate():
    rng = np.random.default_rng(1)
    cells = Population("cells", 50, LIF(tau_m=10.0, v_rest=-70.0))
    given = SpikeInput("source", 100, rng.integers(0, 100, 2400), rng.uniform(0, 1000.0, 2400))
    poisson = PoissonInput("source", 100, rate=24.0)
    points = [
        mean_field(
            Network(
                inputs=[source],
                populations=[cells],
                connections=[all_to_all(source, cells, weight=0.9)],
            )
        ).points["cells"]
        for source in (given, poisson)
    ]
    assert points[0].mean[0] == pytest.approx(points[1].mean[0], abs=0.05)
    assert points[0].std[0] == pytest.approx(points[1].std[0], rel=0.01)


def test_attribution_knows_how_far_the_weights_followed():
    network = driven(DRIVES["above threshold"])
    stimulus = draw_stimulus(network, 1000.0, seed=1)
    attribution = attribute(network, stimulus, LOIHI, DT, gain="auto", v_neurons=1)
    assert attribution.effect("cells", "unexplained").alone == 0
    weights, decay = (attribution.effect("cells", name) for name in ("weights", "decay_v"))
    assert abs(weights.alone) < 0.1  # Hz: they are rounded from the corrected ones
    assert abs(decay.alone) < 0.2
