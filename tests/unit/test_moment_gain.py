"""``gain="mean_and_variance"``: v keeps both, and what moved for it is said and accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from compiler import CompileOptions, choose_dt, compile_network
from compiler.neurons.decays import round_decays
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
)
from neurochip.attribution import attribute
from neurochip.attribution.model import Model
from neurochip.attribution.sources import GRID
from neurochip.emulator import Emulator
from neurochip.recurrence import ideal_population
from neurochip.reference import simulate_reference

GAIN = "mean_and_variance"
MODELS = {
    "delta": {},
    "current": {"tau_syn": 4.0},
    "two currents": {"tau_syn_E": 3.0, "tau_syn_I": 7.0},
}


def network(kind="delta", *, rates=(9.0, 4.0), v_thresh=-50.0, size=20, tau_m=10.0):
    """Neurons with two kinds of input, below threshold on average."""
    lif = LIF(tau_m=tau_m, cm=0.25, v_rest=-70.0, v_thresh=v_thresh, tau_refrac=5.0, **MODELS[kind])
    unit = 1.0 if kind == "delta" else 1 / 16  # equal charge
    cells = Population("cells", size, lif)
    exc, inh = (PoissonInput(name, 100, rate=rate) for name, rate in zip("ei", rates, strict=True))
    return Network(
        inputs=[exc, inh],
        populations=[cells],
        connections=[
            all_to_all(exc, cells, weight=Uniform(0.5 * unit, 3.0 * unit), seed=1),
            all_to_all(inh, cells, weight=Uniform(-2.0 * unit, -0.2 * unit), seed=2),
        ],
    )


def lowered(net, dt, gain=GAIN):
    population = net.populations[0]
    ideal = ideal_population(net, population, dt)
    point = mean_field(net).points[population.name]
    return ideal, round_decays(ideal, LOIHI, dt, CompileOptions(gain=gain), point)


def responses(keep_v, keep_u, gain, n_steps):
    """What each step after a spike of weight 1 has in v, by the recurrence of the chip."""
    u, v, found = gain.copy(), np.zeros_like(gain), []
    for _ in range(n_steps):
        v = keep_v * v + u
        u = keep_u * u
        found.append(v)
    return np.array(found)


@pytest.mark.parametrize("dt", [0.1, 0.13])
@pytest.mark.parametrize("kind", MODELS)
def test_a_float_twin_keeps_mean_and_variance_of_v(kind, dt):
    """Campbell: the mean is rate times the sum of the response, the variance of its squares."""
    net = network(kind)
    ideal, decays = lowered(net, dt)
    weights = {item.source.name: item.weight.reshape(100, -1) for item in net.connections}
    # Spikes per ms onto each receptor; of two, the first is the inhibitory one.
    driving = (
        [{"i": 0.004}, {"e": 0.009}] if len(ideal.receptors) == 2 else [{"i": 0.004, "e": 0.009}]
    )
    mean, variance = np.zeros((2, 20)), np.zeros((2, 20))
    for index, sources in enumerate(driving):
        sides = (
            (ideal.keep_v, ideal.receptors[index].keep_u, ideal.receptors[index].gain),
            (decays.keep_v, decays.receptors[index].keep_u, decays.receptors[index].gain),
        )
        for side, registers in enumerate(sides):
            shape = responses(*registers, n_steps=round(300 / dt))
            for name, per_ms in sources.items():
                mean[side] += per_ms * dt * shape.sum(axis=0) * weights[name].sum(axis=0)
                squares = (weights[name] ** 2).sum(axis=0)
                variance[side] += per_ms * dt * (shape**2).sum(axis=0) * squares
    settled = [ideal.bias / (1 - ideal.keep_v), decays.bias / (1 - decays.keep_v)]
    assert not np.array_equal(ideal.keep_v, decays.keep_v)
    np.testing.assert_allclose(settled[1] + mean[1], settled[0] + mean[0], rtol=1e-9)
    np.testing.assert_allclose(variance[1], variance[0], rtol=1e-9)
    np.testing.assert_allclose(decays.shift, mean[0] - mean[1], rtol=1e-6)


def test_the_chip_keeps_both_where_other_gains_keep_one():
    """Without a threshold in reach, on the spikes of one stimulus."""
    net = network(v_thresh=0.0)
    stimulus = draw_stimulus(net, 10_000.0, seed=1)

    def moments(run):
        v = run.trace("cells").values[500:]
        assert run.n_spikes == 0
        return v.mean(), v.std()

    wanted = moments(simulate_reference(net, stimulus, 0.1, record="v"))
    mean, std = {}, {}
    for gain in ("impulse", "dc", GAIN):
        image = compile_network(net, LOIHI, dt=0.1, gain=gain)
        found = moments(Emulator(image).run(stimulus, record="v"))
        mean[gain], std[gain] = found[0] - wanted[0], found[1] / wanted[1] - 1
    assert std["impulse"] == pytest.approx(-0.003, abs=3e-4)  # half of the 0.59 % of the decay
    assert std["dc"] == pytest.approx(0.003, abs=3e-4)
    assert abs(std[GAIN]) < 3e-4
    depolarisation = wanted[0] + 70.0
    assert mean["impulse"] == pytest.approx(-0.0059 * depolarisation, abs=5e-3)
    assert abs(mean["dc"]) < 5e-3
    assert abs(mean[GAIN]) < 5e-3


def test_by_fluctuations_the_rate_is_nearer_than_with_the_impulse_or_the_mean_kept():
    net = network(rates=(9.0, 4.0), size=100)
    stimulus = draw_stimulus(net, 10_000.0, seed=1)
    wanted = simulate_reference(net, stimulus, 0.1).rates("cells").mean()
    error = {}
    for gain in ("impulse", "dc", GAIN):
        run = Emulator(compile_network(net, LOIHI, dt=0.1, gain=gain)).run(stimulus)
        error[gain] = run.rates("cells").mean() / wanted - 1
    assert abs(error[GAIN]) < min(abs(error["impulse"]), abs(error["dc"]))
    # What stays is that the same v moves 0.6 % faster, in the time between refractory periods.
    assert 0.002 < error[GAIN] < 0.008


def test_the_report_says_what_was_moved_and_for_which_input():
    net = network()
    report = compile_network(net, LOIHI, dt=0.1, gain=GAIN).report
    _, decays = lowered(net, 0.1)
    assert report.row("cells", "tau_m").note == (
        "weights preserve the variance of v, the bias preserves the mean"
    )
    row = report.row("cells", "v_rest")
    low, high = decays.shift.min(), decays.shift.max()
    assert row.note.startswith(f"moved by {low:.5g}..{high:.5g} mV to preserve the mean of v at ")
    charge = 10.0 * sum(
        item.source.rate / 1000 * item.weight.reshape(100, -1).sum(axis=0)
        for item in net.connections
    )
    low, high = (float(word) for word in row.note.split()[-2].split(".."))
    assert low == pytest.approx(charge.min(), rel=0.006)  # kicks decay before they are tested
    assert high == pytest.approx(charge.max(), rel=0.006)
    assert abs(row.error) < 2e-3
    assert not row.warning


def test_a_population_without_input_stays_as_it_is():
    net = Network(populations=[Population("cells", 3, LIF(v_rest=-45.0))])
    images = [compile_network(net, LOIHI, dt=0.1, gain=gain) for gain in ("dc", GAIN)]
    assert images[0].digest() == images[1].digest()


def test_given_spike_trains_and_neurons_count_with_their_expected_rate():
    rng = np.random.default_rng(1)
    lif = LIF(tau_m=10.0, v_rest=-70.0, tau_refrac=2.0)
    given = SpikeInput("given", 100, rng.integers(0, 100, 2400), rng.uniform(0, 1000.0, 2400))
    first, second = Population("first", 50, lif), Population("second", 50, lif)
    net = Network(
        inputs=[given],
        populations=[first, second],
        connections=[
            all_to_all(given, first, weight=0.9),
            fixed_probability(first, second, 0.5, weight=1.0, seed=1),
        ],
    )
    points = mean_field(net).points
    rate = 1e-3 * points["first"].rates.mean()
    assert rate > 0.005
    assert points["first"].charge[0][0] == pytest.approx(2.4 * 0.9, rel=0.01)
    indegrees = np.bincount(net.connections[1].post, minlength=50)
    np.testing.assert_allclose(points["second"].charge[0], indegrees * rate, rtol=0.01)


@pytest.mark.parametrize("kind", MODELS)
def test_the_shift_belongs_to_the_decay_that_made_it_necessary(kind):
    net = network(kind, v_thresh=0.0)
    stimulus = draw_stimulus(net, 3000.0, seed=1)
    image = compile_network(net, LOIHI, dt=0.1, gain=GAIN)
    model = Model(net, stimulus, image, 10, {"cells": np.arange(20)})
    exact = model.run(GRID).v

    def moved(*sources):
        return (model.run([*GRID, *sources]).v - exact)[500:].mean(axis=0)

    _, decays = lowered(net, 0.1)
    assert np.abs(decays.shift).min() > 0.01  # mV
    assert np.abs(moved("bias")).max() < 2e-3  # what the register rounds, no more
    decays = ("decay_v",) if kind == "delta" else ("decay_v", "decay_u")
    assert np.abs(moved(*decays)).max() < 5e-3  # with the correction: v keeps its mean
    for source in decays:
        assert np.abs(moved(source)).max() < 5e-3


@pytest.mark.parametrize("kind", MODELS)
def test_effects_add_up_and_all_sources_together_are_the_emulator(kind):
    net = network(kind)
    stimulus = draw_stimulus(net, 1000.0, seed=1)
    found = attribute(net, stimulus, LOIHI, 0.1, gain=GAIN, v_neurons=20)
    for metric in ("rate", "v_rmse", "spike_times"):
        assert found.effect("cells", "unexplained", metric).alone == pytest.approx(0, abs=1e-12)
        effects = [row for row in found.effects if row.metric == metric]
        total = found.total("cells", metric).total
        assert sum(row.alone for row in effects) == pytest.approx(total, abs=1e-12)


def test_the_best_step_is_chosen_with_it():
    net = network(size=80)
    stimulus = draw_stimulus(net, 4000.0, seed=1)
    options = CompileOptions(gain=GAIN)
    for item in choose_dt(net, candidates=[0.1, 0.25], options=options).candidates:
        on_grid = simulate_reference(net, stimulus, item.dt).rates("cells").mean()
        image = compile_network(net, LOIHI, dt=item.dt, gain=GAIN)
        chip = Emulator(image).run(stimulus).rates("cells").mean()
        assert item.registers == pytest.approx(abs(chip / on_grid - 1), abs=3e-3)
