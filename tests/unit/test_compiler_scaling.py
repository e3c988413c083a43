"""The scale of a population and the registers at it, against costs and bounds written out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from compiler.neurons.decays import round_decays
from compiler.neurons.expectation import expect
from compiler.neurons.peaks import expected_peaks
from compiler.neurons.registers import round_registers
from compiler.neurons.scaling import choose_scale, peak_limits
from compiler.neurons.weights import sampled_weights, scaled_weights
from compiler.options import CompileOptions
from compiler.synapses.formats import choose_format, sign_mode_of
from compiler.synapses.projections import project, projections_onto
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    from_arrays,
)
from neurochip.chip.registers import decode_bias
from neurochip.recurrence import ideal_population

DT = 0.5
CELL = {"v_rest": -70.0, "v_reset": -65.0, "v_thresh": [-50.0, -52.3, -49.1]}
MODELS = {
    "delta": LIF(**CELL, tau_m=11.0),
    "current": LIF(**CELL, tau_m=11.0, tau_syn=3.0, i_offset=[0.1, 0.2, -0.3]),
    "no leak": LIF(**CELL, tau_m=math.inf, tau_syn=3.0, i_offset=[0.0, 0.02, 0.03]),
    "no leak, no drift": LIF(**CELL, tau_m=math.inf, tau_syn=3.0),
}


def network_of(model, weights=None, n_sources=7):
    """Three cells, driven by a connection of each kind of weight."""
    cells, source = Population("cells", 3, model), PoissonInput("source", n_sources, rate=20.0)
    kinds = [Uniform(0.02, 0.9), Uniform(-0.4, 0.5), 0.3] if weights is None else weights
    return Network(
        inputs=[source],
        populations=[cells],
        connections=[
            all_to_all(source, cells, weight=kind, seed=number, name=f"c{number}")
            for number, kind in enumerate(kinds)
        ],
    )


def lowered(network, chip=LOIHI, **options):
    chosen, core = CompileOptions(**options), chip.core
    ideal = ideal_population(network, network.populations[0], DT)
    decays = round_decays(ideal, chip, DT, chosen)
    onto = projections_onto("cells", project(network))
    peaks = expected_peaks(onto, ideal, decays, core, DT, expect(network, chosen))
    return onto, ideal, decays, peaks, choose_scale(onto, ideal, decays, peaks, core, chosen)


def weight_cost(steps, rule, indegree):
    """Squared relative errors of the weights of a connection and of their sum."""
    fraction = steps - np.floor(steps)
    growth = sum(fraction * (1 - fraction)) / sum(steps**2)
    if rule == "stochastic":
        return growth
    cost = 0.0
    if rule == "moments":
        cost, steps = growth**2, steps * indegree
    rounded = np.trunc(steps) if rule == "floor" else np.rint(steps)
    error = rounded - steps
    return cost + sum(error**2) / sum(steps**2) + (sum(error) / sum(abs(steps))) ** 2


def weights_of(onto, decays):
    """What the synapses of each connection add to u, in mV; one value if all are equal."""
    for item in onto:
        weight, gain = item.connection.weight, decays.receptors[0].gain
        many = isinstance(weight, np.ndarray)
        yield weight * gain[item.connection.post] if many else np.array([weight * gain[0]])


def cost_of(scale, leaky, onto, ideal, decays, rule):
    mantissa = np.rint(ideal.threshold * scale / 64)
    if mantissa.min() < 1:
        return math.inf
    cost = np.mean((mantissa * 64 / (ideal.threshold * scale) - 1) ** 2)
    wanted = decays.bias * scale
    exponent = [next(e for e in range(8) if -4096 <= np.rint(b / 2**e) <= 4095) for b in wanted]
    off = abs(np.rint(wanted / 2.0 ** np.array(exponent)) * 2.0 ** np.array(exponent) - wanted)
    if leaky:
        moved = (off + 0.5) / (1 - decays.keep_v)
        cost += np.mean((moved / (ideal.threshold * scale)) ** 2)
    elif wanted.any():
        cost += np.mean((off[wanted != 0] / wanted[wanted != 0]) ** 2)
    for item, own in zip(onto, weights_of(onto, decays), strict=True):
        weights = own * scale
        grid = choose_format(max(abs(weights)), sign_mode_of(weights), LOIHI.core)
        cost += weight_cost(weights / grid.step, rule, item.connection.n_synapses / 3)
    return cost


def bounds_of(onto, ideal, decays, peaks, headroom):
    """LSB per mV at which each register is full, or each peak meets its limit."""
    asked = {
        "threshold": (min(131071 * 64, 2**23 - 2), ideal.threshold),
        "bias": (4095 << 7, decays.bias),
        "v_init": (2**23 - 1, ideal.v_init),
        "u_init": (2**23 - 1, decays.receptors[0].u_init),
    }
    bounds = {
        name: limit / abs(values).max()
        for name, (limit, values) in asked.items()
        if abs(values).max() > 0
    }
    largest = max(abs(own).max() for own in weights_of(onto, decays))
    bounds["weight"] = 254 * 2**13 / largest  # of a mixed connection, on the coarsest grid
    for name, limit in (("accumulator", 2**21 - 1), ("current", 2**23 - 1)):
        bounds[f"peak of {name}"] = limit / (headroom * getattr(peaks, name))
    for name in ("input", "voltage_low"):
        if getattr(peaks, name):
            bounds[f"peak of {name}"] = (2**23 - 1) / (headroom * getattr(peaks, name))
    return bounds


@pytest.mark.parametrize("rule", ["nearest", "floor", "stochastic", "moments"])
@pytest.mark.parametrize("model", MODELS)
def test_of_the_octave_below_the_tightest_bound_the_scale_of_the_smallest_cost_is_chosen(
    model, rule
):
    network = network_of(MODELS[model])
    onto, ideal, decays, peaks, scale = lowered(network, weight_rounding=rule, headroom=1.5)
    bounds = bounds_of(onto, ideal, decays, peaks, headroom=1.5)
    assert scale.binding == min(bounds, key=bounds.__getitem__)
    octave = bounds[scale.binding] * np.exp2(-np.arange(257) / 256)
    leaky = network.populations[0].model.leaky
    costs = [cost_of(each, leaky, onto, ideal, decays, rule) for each in octave]
    assert scale.lsb_per_mv == pytest.approx(octave[int(np.argmin(costs))], rel=1e-12)


STRONG = [400.0]
BINDINGS = {
    "threshold": (LIF(tau_m=11.0), [0.3]),
    "bias": (LIF(tau_m=math.inf, i_offset=5.0), [0.3]),
    "v_init": (LIF(tau_m=11.0, v_init=-150.0), [0.3]),
    "u_init": (LIF(tau_m=1.0, cm=0.01, tau_syn=0.3, i_syn_init=-0.6), [0.001]),
    "weight": (LIF(tau_m=11.0), STRONG),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_the_scale_leaves_every_register_in_its_range(name):
    model, weights = BINDINGS[name]
    network = network_of(model, weights, n_sources=1)
    onto, ideal, decays, _, scale = lowered(network)
    registers = round_registers(ideal, decays, np.array([scale.lsb_per_mv]), LOIHI, DT)
    assert registers.threshold_mantissa.max() * 64 < 2**23 - 1
    assert abs(decode_bias(registers.bias_mantissa, registers.bias_exponent)).max() < 2**19
    assert abs(registers.v_init).max() < 2**23
    assert abs(registers.u_init[0]).max() < 2**23
    largest = max(abs(own).max() for own in weights_of(onto, decays)) * scale.lsb_per_mv
    assert largest <= 255 * 2**13 + 2**12


def test_a_threshold_register_that_reaches_beyond_the_state_is_not_filled():
    """v is clipped at 2^15 - 1 and must be above the threshold to spike."""
    chip = LOIHI.what_if(state_bits=16, accumulator_bits=14, threshold_mantissa_bits=24)
    network = network_of(LIF(tau_m=11.0), [0.01], n_sources=1)
    *_, scale = lowered(network, chip)
    assert scale.binding == "threshold"
    assert 2**14 - 2 < 15.0 * scale.lsb_per_mv <= 2**15 - 2


def test_headroom_gives_way_where_weights_would_lose_their_resolution():
    """Of 1000 times the room, as much is left out as 64 steps for the largest weight take."""
    weak = network_of(MODELS["current"], [0.9], n_sources=300)
    _, _, _, peaks, roomy = lowered(weak, headroom=1.25)
    limit = (2**21 - 1) / peaks.accumulator
    assert roomy.lsb_per_mv <= limit / 1.25
    _, _, _, _, close = lowered(weak, headroom=1000.0)
    assert limit / 1000.0 < close.lsb_per_mv <= limit
    steps = close.lsb_per_mv * float(lowered(weak)[2].receptors[0].gain[0]) * 0.9 / 64
    assert steps == pytest.approx(64, rel=0.5)


def test_the_limits_of_peaks_are_those_of_their_registers():
    models = (Population("x", 1, LIF(v_thresh=v)) for v in (-50.0, math.inf))
    cells, silent = (ideal_population(Network(populations=[x]), x, DT) for x in models)
    limits = {"accumulator": 2**21 - 1, **dict.fromkeys(("current", "input"), 2**23 - 1)}
    assert peak_limits(cells, LOIHI.core) == {**limits, "voltage_low": 2**23 - 1}
    assert peak_limits(silent, LOIHI.core)["voltage_high"] == 2**21 - 1


def test_weights_are_one_value_where_all_are_equal():
    network = network_of(MODELS["delta"])
    uneven = np.array([1.0, 1.0, 2.0])
    one, _, three = network.connections
    every, part = slice(None), slice(4, 9)
    assert scaled_weights(three, np.full(3, 2.0))(every).tolist() == [0.6]
    assert scaled_weights(three, uneven)(every).tolist() == (0.3 * uneven[three.post]).tolist()
    expected = one.weight[part] * uneven[one.post[part]]
    assert scaled_weights(one, uneven)(part).tolist() == expected.tolist()


def test_a_large_connection_is_judged_by_512_of_its_weights_and_their_extremes():
    network = network_of(MODELS["delta"], [Uniform(0.02, 0.9)], n_sources=4000)
    onto, ideal, decays, peaks, scale = lowered(network)
    weights = np.sort(onto[0].connection.weight * decays.receptors[0].gain[onto[0].connection.post])
    sample = weights[np.linspace(0, len(weights) - 1, 512).astype(int)]
    assert {weights[0], weights[-1]} <= set(sample)
    whole = onto[0].connection
    fewer = replace(
        whole,
        indptr=np.minimum(whole.indptr, 512),
        post=whole.post[:512],
        weight=sample / decays.receptors[0].gain[0],
    )
    few = replace(onto[0], connection=fewer)
    chosen = choose_scale([few], ideal, decays, peaks, LOIHI.core, CompileOptions())
    assert chosen.lsb_per_mv == pytest.approx(scale.lsb_per_mv, rel=1e-9)


@pytest.mark.parametrize("chunk", [100, 1 << 17])
@pytest.mark.parametrize("spread", [1.0, 5.0])
def test_a_sample_has_the_quantiles_and_both_extremes_of_weights_in_any_order(
    chunk, spread, monkeypatch
):
    monkeypatch.setattr("compiler.neurons.weights.CHUNK", chunk)
    cells = Population("cells", 1, LIF())
    weights = np.random.default_rng(1).permutation(5000).astype(float) ** spread
    nothing = np.zeros(5000, dtype=int)
    link = from_arrays(cells, cells, nothing, nothing, weight=weights)
    sampled = sampled_weights(link, np.ones(1))
    assert sampled.tolist() == np.sort(weights)[[k * 4999 // 511 for k in range(512)]].tolist()


@pytest.mark.parametrize("chunk", [100, 1 << 17])
def test_a_sample_of_few_or_of_equal_weights_is_themselves(chunk, monkeypatch):
    monkeypatch.setattr("compiler.neurons.weights.CHUNK", chunk)
    cells = Population("cells", 1, LIF())

    def sampled(n, weight):
        nothing = np.zeros(n, dtype=int)
        return sampled_weights(from_arrays(cells, cells, nothing, nothing, weight=weight), two)

    two = np.full(1, 2.0)
    assert sampled(50, np.arange(50.0)).tolist() == (2.0 * np.arange(50)).tolist()
    assert sampled(501, 0.5).tolist() == [1.0]
    assert sampled(501, np.full(501, 0.5)).tolist() == [1.0] * (512 if chunk == 100 else 501)


def test_registers_round_to_nearest_at_their_scale():
    model = LIF(**CELL, tau_m=11.0, tau_syn=3.0, v_init=-68.3, i_syn_init=-0.2, tau_refrac=2.0)
    _, ideal, decays, _, _ = lowered(network_of(model))
    found = round_registers(ideal, decays, np.full(3, 37.0), LOIHI, DT)
    assert (
        found.threshold_mantissa.tolist()
        == np.rint([15 * 37 / 64, 12.7 * 37 / 64, 15.9 * 37 / 64]).tolist()
    )
    assert found.v_init.tolist() == [round(-3.3 * 37)] * 3
    assert found.u_init[0].tolist() == np.rint(decays.receptors[0].u_init * 37).tolist()
    bias = decode_bias(found.bias_mantissa, found.bias_exponent)
    assert bias.tolist() == np.rint(decays.bias * 37).tolist()
    assert found.refractory.tolist() == [4] * 3
    assert found.vmax_exponent.tolist() == [7] * 3
