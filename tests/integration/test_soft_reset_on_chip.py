"""Resets that subtract on a programmable chip: against float64, its report, attribution, tuning."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    ConstantCurrent,
    Emulator,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    StepCurrent,
    Stimulus,
    Uniform,
    attribute,
    bits,
    calibrate,
    choose_dt,
    compile_network,
    draw_stimulus,
    fixed_probability,
    judge,
    load_image,
    one_to_one,
    save_image,
    simulate_program,
    simulate_reference,
    sweep,
)
from neurochip.errors import CompileError
from neurochip.image.neurons import decode_neurons
from neurochip.recurrence import delay_steps, ideal_population

DT = 0.5
SUBTRACT = {"v_rest": -65.0, "v_reset": -60.0, "v_thresh": -50.0, "reset": "subtract"}


def layer(seed, **model):
    """One layer: kicks, a current, or two currents, as the seed says; delays and a refractory."""
    rng = np.random.default_rng(seed)
    source = PoissonInput("source", 60, rate=120.0)
    synapses, weight = [
        ({}, Uniform(0.5, 4.0)),
        ({"tau_syn": float(rng.uniform(2, 8)), "cm": 0.25}, Uniform(0.01, 0.12)),
        ({"tau_syn_E": 3.0, "tau_syn_I": 7.0, "cm": 0.25}, Uniform(-0.06, 0.15)),
    ][seed % 3]
    drawn = {"tau_m": rng.uniform(8, 30), "tau_refrac": rng.choice([0.0, 1.0, 2.5])}
    neurons = LIF(**{**drawn, **SUBTRACT, **synapses, **model})
    cells = Population("cells", 30, neurons)
    onto = fixed_probability(source, cells, 0.4, weight=weight, delay=Uniform(0.0, 3.0), seed=seed)
    return Network(populations=[cells], inputs=[source], connections=[onto])


def mixed(seed, tau_refrac=1.0, spikes_per_step="many", reset="subtract"):
    """Four populations: soft resets, kicks beside a current, and resets to a value."""
    rng = np.random.default_rng(seed)
    soft = {**SUBTRACT, "reset": reset, "spikes_per_step": spikes_per_step}
    source = PoissonInput("source", 12, 150.0)
    kicked = Population(
        "kicked",
        7,
        LIF(tau_m=rng.uniform(5, 20, 7), tau_refrac=tau_refrac, v_min=-75.0, **soft),
    )
    slow = Population("slow", 9, LIF(tau_m=15.0, tau_syn=rng.uniform(2, 8, 9), cm=0.25, **soft))
    plain = Population("plain", 5, LIF(tau_m=8.0, tau_refrac=1.0))
    two = Population("two", 5, LIF(tau_m=8.0, tau_syn_E=2.0, tau_syn_I=5.0, cm=0.2))
    delays = Uniform(0.0, 4.0)
    connections = [
        fixed_probability(source, kicked, 0.6, weight=Uniform(2.0, 9.0), delay=delays, seed=seed),
        fixed_probability(source, slow, 0.5, weight=0.9, delay=1.3, seed=seed),
        fixed_probability(kicked, slow, 0.5, weight=-0.2, delay=delays, seed=seed),
        fixed_probability(slow, kicked, 0.3, weight=-1.0, delay=delays, seed=seed),
        fixed_probability(slow, slow, 0.4, weight=0.1, seed=seed, receptor="v"),
        fixed_probability(kicked, plain, 0.9, weight=2.0, delay=delays, seed=seed),
        fixed_probability(kicked, two, 0.9, weight=Uniform(-0.3, 1.0), seed=seed),
    ]
    return Network(populations=[kicked, slow, plain, two], inputs=[source], connections=connections)


def spikes_of(recording, name):
    numbers = recording.numbers(name).tolist()
    return set(
        zip(recording.steps[name].tolist(), recording.ids[name].tolist(), numbers, strict=True)
    )


def apart(network, stimulus, chip, name="cells", dt=DT):
    """Return the fraction of spikes that chip and float64 do not share."""
    exact = spikes_of(simulate_reference(network, stimulus, dt), name)
    found = spikes_of(Emulator(compile_network(network, chip, dt)).run(stimulus), name)
    return len(exact ^ found) / len(exact)


# ---------------------------------------------------------------------------- against float64


@pytest.mark.slow
def test_the_chip_approaches_float64_as_its_registers_widen():
    chips = [LOIHI2.what_if(decay_bits=8), LOIHI2]
    chips.append(LOIHI2.what_if(decay_bits=15, weight_mantissa_bits=12))
    found = np.zeros((6, len(chips)))
    for seed, spikes_per_step in enumerate(["one", "many"] * 3):
        network = layer(seed, spikes_per_step=spikes_per_step)
        stimulus = draw_stimulus(network, 150.0, seed)
        found[seed] = [apart(network, stimulus, chip) for chip in chips]
    coarse, chip, fine = found.mean(axis=0)
    assert coarse > 2 * chip > 4 * fine
    assert fine < 0.1


@pytest.mark.parametrize("tau_refrac", [0.0, 1.5])
def test_v_of_the_chip_is_that_of_float64_also_after_a_reset_and_while_it_is_held(tau_refrac):
    wide = LOIHI2.what_if(decay_bits=15, weight_mantissa_bits=14)
    network = layer(0, tau_refrac=tau_refrac, spikes_per_step="many", v_min=-64.0)
    stimulus = draw_stimulus(network, 60.0, 1)
    exact = simulate_reference(network, stimulus, DT, record="v")
    found = Emulator(compile_network(network, wide, DT)).run(stimulus, record="v")
    assert exact.payloads["cells"].max() > 1
    assert spikes_of(found, "cells") == spikes_of(exact, "cells")
    values = (run.trace("cells").values for run in (exact, found))
    np.testing.assert_allclose(*values, rtol=0, atol=0.05)
    assert exact.trace("cells").values.min() == -64.0


def test_a_raised_threshold_of_the_chip_is_that_of_float64():
    wide = LOIHI2.what_if(decay_bits=15, weight_mantissa_bits=14)
    found = {}
    for reset in ("subtract", "subtract_and_raise"):
        network = layer(0, tau_refrac=0.0, reset=reset, v_reset=-52.0)
        stimulus = draw_stimulus(network, 60.0, 1)
        image = compile_network(network, wide, DT)
        found[reset] = spikes_of(Emulator(image).run(stimulus), "cells")
        assert found[reset] == spikes_of(simulate_reference(network, stimulus, DT), "cells")
    assert found["subtract"] != found["subtract_and_raise"]
    (group,) = image.programs
    assert group.program.name == "lif_soft_reset_raise_kicks"
    assert image.report.row("cells", "v_thresh - v_reset").note.endswith(
        "; v above the threshold raises it by as much for a step"
    )
    assert image.symbols.populations[0].reset == "subtract_and_raise"


def test_currents_in_steps_move_the_bias_of_a_program():
    cells = Population("cells", 4, LIF(tau_m=12.0, cm=0.2, tau_syn=3.0, **SUBTRACT))
    drive = StepCurrent(cells, times=[5.0, 40.0], amplitudes=[0.5, 0.2])
    network = Network(populations=[cells], inputs=[drive, ConstantCurrent(cells, 0.1)])
    stimulus = draw_stimulus(network, 80.0, 1)
    exact = simulate_reference(network, stimulus, DT, record="v")
    found = Emulator(compile_network(network, LOIHI2, DT)).run(stimulus, record="v")
    assert exact.n_spikes > 20
    assert abs(found.n_spikes - exact.n_spikes) <= 4


def test_several_spikes_reach_every_kind_of_neuron_as_often():
    network = mixed(1)
    image = compile_network(network, LOIHI2, DT)
    names = [group.program.name for group in image.programs]
    assert names == [
        "lif_soft_reset_many_kicks",
        "lif_two_inputs_subtract_many_kicks",
        "lif",
        "lif_two_inputs",
    ]
    stimulus = draw_stimulus(network, 100.0, 2)
    run = Emulator(image).run(stimulus, record=["v", "u", "u_child"])
    assert run.several == {"kicked", "slow"}
    assert run.payloads["kicked"].max() > 1
    assert run.trace("two", "u_child").unit == "mV per step"
    assert run.trace("two", "u_child").values.min() < 0
    exact = simulate_reference(network, stimulus, DT)
    for name in ("plain", "two"):
        assert run.counts(name).sum() == pytest.approx(exact.counts(name).sum(), rel=0.2)
    held = run.trace("plain", "v").values[run.steps["plain"], run.ids["plain"]]
    assert (held == -65.0).all()  # set back to v_reset and shown so


# ----------------------------------------------------------------- attribution, tuning, judging


@pytest.mark.parametrize("tau_refrac", [0.0, 1.0, 2.2])
@pytest.mark.parametrize(
    ("reset", "spikes_per_step"),
    [("subtract", "one"), ("subtract", "many"), ("subtract_and_raise", "one")],
)
def test_attribution_leaves_nothing_unexplained(reset, spikes_per_step, tau_refrac):
    network = mixed(3, tau_refrac, spikes_per_step, reset)
    stimulus = draw_stimulus(network, 60.0, 4)
    found = attribute(network, stimulus, LOIHI2, 1.0, substeps=3)
    rest = [item.alone for item in found.effects if item.source == "unexplained"]
    assert len(rest) == 12
    assert np.allclose(rest, 0.0, atol=1e-9)
    assert any(item.chip > 20 for item in found.totals if item.metric == "rate")


def test_a_calibration_moves_what_a_spike_subtracts():
    network = layer(4)
    stimulus = draw_stimulus(network, 300.0, 5)
    image = compile_network(network, LOIHI2, 1.0)
    done = calibrate(network, image, stimulus)
    (trim,) = done.trims
    assert abs(trim.rate_before / trim.reference_rate - 1) > 0.02
    assert abs(trim.rate_after / trim.reference_rate - 1) < 0.01
    before, after = (
        decode_neurons(each, each.symbols.populations[0]) for each in (image, done.image)
    )
    moved = after.threshold - before.threshold
    assert moved.any()
    assert np.array_equal(after.amount - before.amount, moved)


def test_a_judgement_counts_spikes_not_events():
    network = layer(0, spikes_per_step="many", v_reset=-52.0)
    judged = judge(network, LOIHI2, DT, duration=200.0, seed=5)
    exact = judged.reference
    own = judged.comparison.populations["cells"]
    assert own.reference_counts.sum() == exact.counts("cells").sum() > len(exact.ids["cells"])
    assert own.reference_rate == pytest.approx(exact.rates("cells").mean())
    assert own.pairs.over == "blocks of time"
    assert own.pairs.reference.mean() == pytest.approx(own.reference_rate)
    assert own.pairs.chip.mean() == pytest.approx(own.chip_rate)


@pytest.mark.slow
def test_sweeps_and_widths_of_registers_know_both_resets():
    def network(reset="subtract"):
        return layer(1, reset=reset)

    chip = {"chip": LOIHI2, "dt": DT, "progress": False}
    points = sweep(network, {"reset": ["value", "subtract"]}, duration=100.0, **chip)
    hard, soft = points.column("reference_rate", "cells")
    assert soft > hard
    found = bits(
        network(), register="weight_mantissa_bits", widths=[1, 8], seeds=3, duration=100.0, **chip
    )
    errors = {item.width: item.neuron_error for item in found.results}
    assert errors[1] > 10 * errors[8]


def test_a_time_step_is_chosen_by_its_expected_error():
    network = layer(1)
    choice = choose_dt(network, LOIHI2, candidates=[0.1, 0.5, 1.0])
    stimulus = draw_stimulus(network, 1000.0, 6)
    wanted = simulate_reference(network, stimulus, 0.02).n_spikes
    for item in choice.candidates[1:]:
        measured = simulate_reference(network, stimulus, item.dt).n_spikes / wanted - 1
        assert item.grid == pytest.approx(measured, abs=0.03)
    best = choose_dt(network, LOIHI2, bounds=(0.4, 1.0)).dt
    assert compile_network(network, LOIHI2, "auto").report.dt <= best


# ------------------------------------------------------------------------------ image and report


def test_the_report_has_the_amount_with_an_error_of_its_own():
    network = layer(1, v_min=-70.0)
    report = compile_network(network, LOIHI2, DT).report
    rows = {row.parameter: row for row in report.rows if row.owner == "cells"}
    amount = rows["v_thresh - v_reset"]
    assert amount.asked.mean == 10.0
    assert list(amount.registers) == ["amount"]
    assert 0 <= abs(amount.relative_error) < 1e-5
    assert amount.note == "what a spike subtracts; v = 0 is -60 mV"
    assert list(rows["v_thresh"].registers) == ["threshold"]
    assert list(rows["tau_m"].registers) == ["keep_v"]
    assert list(rows["v_min"].registers) == ["vmin"]
    assert rows["v_min"].meant.mean == pytest.approx(-70.0, abs=1e-4)
    assert "v_reset" not in rows


@pytest.mark.parametrize(("tau_refrac", "steps"), [(0.0, 0), (0.5, 1), (2.0, 4)])
def test_the_counter_of_a_neuron_that_loses_kicks_is_a_step_longer(tau_refrac, steps):
    counters = []
    for seed in (0, 1):  # kicks, a current
        image = compile_network(layer(seed, tau_refrac=tau_refrac), LOIHI2, DT)
        found = decode_neurons(image, image.symbols.populations[0])
        counters.append(set(found.refractory.tolist()))
    assert counters == [{steps + 1}, {max(steps, 1)}]


def test_an_image_keeps_its_resets_in_its_file(tmp_path):
    image = compile_network(mixed(1), LOIHI2, DT)
    again = load_image(save_image(image, tmp_path / "image.npz"))
    assert again == image
    assert [item.reset for item in again.symbols.populations] == ["subtract"] * 2 + ["value"] * 2
    assert again.symbols.populations[1].spikes_per_step == "many"
    assert again.digest() == image.digest()


def test_a_network_without_soft_resets_needs_no_program():
    network = layer(0, reset="value")
    image = compile_network(network, LOIHI2, DT)
    assert not image.programs


# -------------------------------------------------------------------------------------- refusals

COSTS = {
    "kicks": ({}, 2.0, 0.3),
    "kicks and a refractory period": ({"tau_refrac": 3.0}, 1.0, 0.5),
    "a current": ({"tau_syn": 5.0, "cm": 0.2}, 0.05, 0.5),
}


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_the_first_generation_says_what_a_reset_to_a_value_would_cost(name, dt):
    model, weight, probability = COSTS[name]
    source = PoissonInput("source", 100, rate=80.0)
    base = {"tau_m": 20.0, "v_rest": 0.0, "v_reset": 0.0, "v_thresh": 15.0, **model}
    rates = {}
    for reset in ("value", "subtract"):
        cells = Population("cells", 40, LIF(**base, reset=reset))
        onto = fixed_probability(source, cells, probability, weight=weight, seed=1)
        network = Network(populations=[cells], inputs=[source], connections=[onto])
        stimulus = draw_stimulus(network, 2000.0, 1)
        rates[reset] = simulate_reference(network, stimulus, dt).n_spikes
    with pytest.raises(CompileError) as caught:
        compile_network(network, LOIHI, dt)
    lost, stated = re.search(r"about ([\d.]+) % fewer spikes", str(caught.value)), str(caught.value)
    measured = 100 * (1 - rates["value"] / rates["subtract"])
    assert 0.7 * float(lost[1]) < measured < 1.2 * float(lost[1])
    assert stated == (
        "population 'cells': reset = 'subtract', but the neurons of loihi set v to one value, so a "
        f"spike would lose what exceeds its threshold: about {lost[1]} % fewer spikes at the "
        f"expected input (at {dt:g} ms). Set reset='value' to accept that, or take a chip with "
        "programmable cores: LOIHI2."
    )


def test_other_costs_of_a_reset_to_a_value_are_said_as_they_are():
    quiet = Network(populations=[Population("cells", 2, LIF(reset="subtract"))])
    with pytest.raises(CompileError, match="nothing at the expected input, which hardly makes it"):
        compile_network(quiet, LOIHI, 1.0)
    bounded = dataclasses.replace(LIF(), v_min=-70.0)
    with pytest.raises(CompileError) as caught:
        compile_network(Network(populations=[Population("cells", 2, bounded)]), LOIHI, 1.0)
    assert str(caught.value) == (
        "population 'cells': v_min is given, but loihi limits v only far from where neurons work, "
        "at a power of 2. Set v_min=None, or take a chip with programmable cores: LOIHI2."
    )
    network = Network(populations=[Population("cells", 2, bounded)])
    run = Emulator(compile_network(network, LOIHI2, 1.0)).run(Stimulus(20.0), record="v")
    assert (run.trace("cells").values == -65.0).all()


# ------------------------------------------------------------------------------------- headroom


BURSTS = {"reset": "subtract", "spikes_per_step": "many", "v_init": 0.0}


def scale_of(image, name):
    (row,) = (item for item in image.report.scales if item.owner == name)
    return row


def bursting(kick):
    """Neurons that emit up to kick / 0.5 spikes in a step, onto neurons that sum them."""
    source = PoissonInput("source", 20, rate=40.0)
    many = LIF(tau_m=10.0, v_rest=0.0, v_reset=9.5, v_thresh=10.0, **BURSTS)
    sender, target = Population("sender", 20, many), Population("target", 5, LIF(tau_m=20.0))
    onto = fixed_probability(source, sender, 0.2, weight=kick, seed=1)
    onward = fixed_probability(sender, target, 0.5, weight=Uniform(-1.0, 0.5), seed=2)
    return Network(populations=[sender, target], inputs=[source], connections=[onto, onward])


@pytest.mark.parametrize("measured", [False, True])
def test_registers_leave_room_for_many_spikes_at_once(measured):
    network = bursting(60.0)
    stimulus = draw_stimulus(network, 400.0, 1)
    exact = simulate_reference(network, stimulus, DT)
    assert exact.payloads["sender"].max() > 80
    image = compile_network(network, LOIHI2, DT, activity=exact if measured else None)
    run = Emulator(image, strict=True).run(stimulus)
    assert run.counts("sender").sum() == pytest.approx(exact.counts("sender").sum(), rel=0.02)
    few = compile_network(bursting(6.0), LOIHI2, DT)
    scales = [scale_of(each, "target").lsb_per_mv.mean for each in (image, few)]
    assert scales[0] < scales[1] / 4


def test_a_lowest_v_is_all_the_room_that_v_needs_below():
    free, bounded = (
        scale_of(compile_network(layer(2, tau_m=60.0, **extra), LOIHI2, DT), "cells")
        for extra in ({}, {"v_min": -66.0})
    )
    assert bounded.peaks["voltage_low"][0] == pytest.approx(6.0)
    assert free.peaks["voltage_low"][0] > 12.0


# ------------------------------------------------------------- the program, the float recurrence


FINE = 2.0**40  # LSB per mV: the smallest excess over a threshold, 1 LSB, means nothing


def arriving(network, stimulus, ideal, n_steps):
    """Return what reaches the accumulators of a layer in each step, in mV, one array each."""
    (connection,) = network.connections
    sums = np.zeros((len(ideal.receptors), n_steps + 100, connection.target.size))
    weights = np.broadcast_to(connection.weight, connection.post.shape)
    lags = delay_steps(np.broadcast_to(connection.delay, connection.post.shape), DT)
    sizes = [(item.name, item.size) for item in network.spike_inputs]
    for step, source in zip(*stimulus.binned(DT, sizes), strict=True):
        for k in range(connection.indptr[source], connection.indptr[source + 1]):
            receptor = 0 if len(sums) == 1 or weights[k] < 0 else 1
            gain = ideal.receptors[receptor].gain[connection.post[k]]
            sums[receptor, step + 1 + lags[k], connection.post[k]] += weights[k] * gain
    return [part[:n_steps] for part in sums[::-1]]  # the second accumulator is the first receptor


@pytest.mark.parametrize("spikes_per_step", ["one", "many"])
@pytest.mark.parametrize("seed", range(6))
def test_the_program_read_with_real_numbers_is_the_reference(seed, spikes_per_step):
    network = layer(seed, spikes_per_step=spikes_per_step, v_min=-68.0, v_reset=-53.0)
    stimulus, n_steps = draw_stimulus(network, 50.0, seed), round(50.0 / DT)
    ideal = ideal_population(network, network.populations[0], DT)
    (group,) = compile_network(network, LOIHI2, DT).programs
    keeps = [4096 * item.keep_u for item in ideal.receptors]
    levels = {"bias": ideal.bias, "vmin": ideal.v_min, "threshold": ideal.threshold}
    levels |= {"amount": ideal.amount, "vmax": np.inf}
    registers = {name: FINE * value for name, value in levels.items()}
    registers |= {"keep_v": 4096 * ideal.keep_v, "refractory": ideal.refractory}
    registers |= dict(zip(("keep_u", "keep_u2"), keeps[::-1], strict=False))
    inputs = [FINE * each for each in arriving(network, stimulus, ideal, n_steps)]
    found, payloads = simulate_program(
        group.program,
        inputs if len(inputs) > 1 else inputs[0],
        registers,
        state={"v": FINE * ideal.v_init},
    )
    exact = simulate_reference(network, stimulus, DT, record="v")
    at, who = np.nonzero(payloads)
    numbers = payloads[at, who].astype(int)
    spikes = set(zip(at.tolist(), who.tolist(), numbers.tolist(), strict=True))
    assert spikes == spikes_of(exact, "cells")
    assert len(spikes) > 30
    v = found["v"] / FINE + ideal.origin
    np.testing.assert_allclose(v, exact.trace("cells").values, rtol=0, atol=1e-9)


def one_neuron(**model):
    """A neuron that gets a kick in every step, while it is refractory, too."""
    source = SpikeInput("source", 1, np.zeros(14, dtype=int), np.arange(14.0))
    soft = {"reset": "subtract", "spikes_per_step": "many", "tau_refrac": 2.0, **model}
    cell = Population("cell", 1, LIF(tau_m=9.0, v_rest=0.0, v_reset=8.0, v_thresh=10.0, **soft))
    onto = one_to_one(source, cell, weight=7.0)
    network = Network(populations=[cell], inputs=[source], connections=[onto])
    return network, Stimulus(14.0, (source,))


def test_the_recurrence_of_a_neuron_that_is_lowered_has_both_ends():
    chip = LOIHI2.what_if(accumulator_overflow=LOIHI.core.accumulator_overflow)
    for changes in ({}, {"v_init": -9.0, "v_min": -3.0}):
        network, stimulus = one_neuron(**changes)
        found = attribute(network, stimulus, chip, 1.0, substeps=1)
        rest = [item.alone for item in found.effects if item.source == "unexplained"]
        assert np.allclose(rest, 0.0, atol=1e-9)
        (rate,) = (item for item in found.totals if item.metric == "rate")
        assert rate.ideal > 300
