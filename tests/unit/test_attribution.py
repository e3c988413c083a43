"""Attribution: sums that add up, a model that meets both engines, and networks of one culprit."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    Normal,
    PoissonInput,
    Population,
    SpikeInput,
    Uniform,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip._support.plotting import BAND
from neurochip.attribution import attribute, plot_attribution
from neurochip.attribution.decoding import decode_populations
from neurochip.attribution.effects import METRICS
from neurochip.attribution.model import Model
from neurochip.attribution.noise import TWINS, noise_of
from neurochip.attribution.sources import GRID, REGISTERS
from neurochip.chip.presets import LAVA
from neurochip.emulator import Emulator
from neurochip.errors import AnalysisError, ChipOverflowWarning, ImageError
from neurochip.image.weights import decode_connections
from neurochip.reference import simulate_reference

# Every register as wide as a chip may have it: what rounds to nothing, and is then not the culprit.
WIDE = {
    "state_bits": 28,
    "accumulator_bits": 22,
    "decay_bits": 15,
    "threshold_mantissa_bits": 24,
    "threshold_shift": 3,
    "bias_mantissa_bits": 24,
    "weight_mantissa_bits": 13,
    "weight_exponent_max": 2,
    "refractory_max": 255,
    "vmin_exponent_max": 27,
    "vmax_exponent_max": 9,
}


ONE_SPIKE = 0.5 + 1e-9  # Hz, in the 2 s of a run


def wide(**narrow):
    return LOIHI.what_if(name="wide", **{**WIDE, **narrow})


def lif_with(**parameters):
    return LIF(
        **{
            "tau_m": 10.0,
            "v_rest": -65.0,
            "v_reset": -65.0,
            "v_thresh": -50.0,
            "tau_refrac": 0.0,
            **parameters,
        }
    )


def driven(model, *, rate=1300.0, weight=1.5, size=30, recurrence=0.0, delay=0.0):
    """Neurons with a Poisson source each, and connections among them."""
    source, cells = PoissonInput("source", size, rate=rate), Population("cells", size, model)
    connections = [one_to_one(source, cells, weight=weight, seed=1)]
    if recurrence:
        weights = Normal(0.0, recurrence)
        connections.append(
            fixed_probability(cells, cells, 0.3, weight=weights, delay=delay, seed=2)
        )
    return Network(inputs=[source], populations=[cells], connections=connections)


def constant(v_inf=-40.0, **parameters):
    """One neuron under a constant drive that carries it to v_inf."""
    cell = Population("cells", 1, lif_with(v_rest=v_inf, v_init=-65.0, **parameters))
    return Network(populations=[cell])


def interval(*, tau_m=10.0, v_inf=-40.0, reset=-65.0, threshold=-50.0, tau_refrac=0.0):
    """Time from spike to spike in continuous time."""
    return tau_refrac + tau_m * math.log((v_inf - reset) / (v_inf - threshold))


def rate_on_grid(dt, **parameters):
    """Rate of a neuron that spikes at the end of the step in which it crosses its threshold, Hz."""
    return 1e3 / (dt * (math.floor(interval(**parameters) / dt) + 1))


def decoded(network, chip, dt):
    """Registers as the model reads them."""
    return decode_populations(network, compile_network(network, chip, dt=dt))["cells"]


def split(network, chip=LOIHI, dt=0.1, duration=2000.0, **options):
    return attribute(network, draw_stimulus(network, duration, seed=1), chip, dt, **options)


def assert_only(attribution, culprit, *, part="registers", share=0.02):
    """All sources of a part but one do next to nothing to the rate."""
    guilty = attribution.effect("cells", culprit)
    assert abs(guilty.alone) > 0.1, guilty
    for item in attribution.effects_on("cells"):
        if item.part == part and item.source != culprit:
            assert abs(item.alone) <= share * abs(guilty.alone), item
    return guilty


MODELS = {
    "delta": (lif_with(v_rest=-70.0, tau_refrac=5.25), 1.5),
    "current": (lif_with(tau_syn=5.0, cm=0.25, tau_refrac=2.05), 0.08),
    "two currents": (lif_with(tau_syn_E=5.0, tau_syn_I=9.0, cm=0.25), 0.08),
    "euler": (lif_with(tau_syn=5.0, cm=0.25, integration="euler", i_syn_init=0.3), 0.08),
    "no leak": (lif_with(tau_m=np.inf, v_rest=-65.0, i_offset=0.2, tau_refrac=2.4), 0.4),
    "no threshold": (lif_with(tau_syn=5.0, cm=0.25, v_thresh=np.inf), 0.08),
}


def busy(kind, delivery="after_threshold", refractory="from_spike"):
    model, weight = MODELS[kind]
    network = driven(
        model,
        weight=Uniform(0.8 * weight, 1.2 * weight),
        recurrence=0.2 * weight,
        delay=Uniform(0.0, 4.0),
    )
    return dataclasses.replace(network, delivery=delivery, refractory=refractory)


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize(
    ("kind", "delivery", "refractory"),
    [
        *((kind, "after_threshold", "from_spike") for kind in MODELS),
        ("delta", "before_threshold", "from_spike"),
        ("delta", "next_step", "from_spike"),
        ("current", "before_threshold", "from_spike"),
        ("delta", "before_threshold", "after_spike"),
        ("current", "before_threshold", "after_spike"),
        ("no leak", "after_threshold", "after_spike"),
    ],
)
def test_the_model_is_the_reference_at_one_end_and_the_chip_at_the_other(
    kind, delivery, refractory, dt
):
    network = busy(kind, delivery, refractory)
    stimulus = draw_stimulus(network, 300.0, seed=3)
    image = compile_network(network, LOIHI, dt=dt)
    model = Model(network, stimulus, image, 10, {"cells": np.arange(30)})
    for sources, run in (
        (GRID, simulate_reference(network, stimulus, dt, record="v")),
        (GRID + REGISTERS, Emulator(image).run(stimulus, record="v")),
    ):
        got = model.run(sources)
        assert np.array_equal(got.steps, run.steps["cells"])
        assert np.array_equal(got.ids, run.ids["cells"])
        assert np.abs(got.v - run.trace("cells").values).max() < 1e-9  # mV
    fine = simulate_reference(network, stimulus, dt / 10)
    assert np.array_equal(model.run(()).steps, fine.steps["cells"] // 10)


@pytest.mark.parametrize("kind", MODELS)
def test_effects_add_up_to_the_total_of_every_metric_and_of_every_neuron(kind):
    network = busy(kind)
    attribution = split(network, dt=0.5, duration=1000.0, shapley=kind == "delta")
    for metric in METRICS:
        effects = attribution.effects_on("cells", metric)
        total = attribution.total("cells", metric).total
        assert sum(item.alone for item in effects) == pytest.approx(total, abs=1e-12)
        assert attribution.effect("cells", "unexplained", metric).alone == pytest.approx(
            0.0, abs=1e-12
        )
        if kind == "delta":
            shares = sum(
                item.shapley
                for item in effects
                if item.part in ("grid", "registers") and item.source != "interaction"
            )
            assert shares == pytest.approx(total, abs=1e-9)
        neurons = dict(attribution.neurons["cells", metric])
        change = neurons.pop("chip") - neurons.pop("ideal")
        assert np.abs(sum(neurons.values()) - change).max() < 1e-9
        for name in GRID + REGISTERS:
            alone = attribution.effect("cells", name, metric).alone
            assert neurons[name].mean() == pytest.approx(alone, abs=1e-12)
            assert attribution.of_neurons("cells", name, metric) is neurons[name]


@pytest.mark.filterwarnings("ignore::neurochip.errors.ChipOverflowWarning")
def test_the_chip_end_holds_on_a_chip_that_wraps_otherwise():
    chip = LAVA.what_if(
        exponent_on_sum=False,
        state_bits=12,
        accumulator_bits=12,
        weight_shift=2,
        threshold_shift=0,
        threshold_mantissa_bits=11,
    )
    source = SpikeInput("source", 40, np.arange(40), np.full(40, 10.0))
    cells = Population("cells", 1, lif_with())
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[fixed_probability(source, cells, 1.0, weight=2.0, seed=1)],
    )
    attribution = split(network, chip, dt=1.0, duration=100.0)
    assert attribution.effect("cells", "unexplained", "v_rmse").alone == pytest.approx(0, abs=1e-12)


def test_a_coarse_decay_is_blamed_on_the_decay_register():
    network = constant()
    attribution = split(network, wide(decay_bits=6))
    guilty = assert_only(attribution, "decay_v")
    keep = 1 - round(64 * -math.expm1(-0.01)) / 64
    # Rest is kept, so the neuron only moves at another speed.
    expected = rate_on_grid(0.1, tau_m=-0.1 / math.log(keep)) - rate_on_grid(0.1)
    assert guilty.alone == pytest.approx(expected, abs=ONE_SPIKE)
    assert guilty.left_out == pytest.approx(guilty.alone, abs=ONE_SPIKE)


def test_a_coarse_current_decay_is_blamed_on_that_register():
    model = lif_with(tau_syn=3.0, cm=0.25)
    network = driven(model, weight=0.15)
    attribution = split(network, wide(decay_bits=12), dt=0.02, duration=1000.0)
    coarse = split(network, wide(decay_bits=15), dt=0.02, duration=1000.0)
    ours, theirs = (item.effect("cells", "decay_u", "v_rmse") for item in (attribution, coarse))
    assert ours.alone > 3 * theirs.alone
    assert attribution.effect("cells", "decay_u").alone != 0


def test_a_coarse_threshold_is_blamed_on_the_threshold_register():
    thresholds = np.linspace(-54.0, -46.0, 4)
    cells = Population("cells", 4, lif_with(v_rest=-40.0, v_init=-65.0, v_thresh=thresholds))
    network, chip = (
        Network(populations=[cells]),
        wide(threshold_mantissa_bits=3, threshold_shift=16),
    )
    attribution = split(network, chip)
    assert_only(attribution, "threshold", share=0.1)
    registers = decoded(network, chip, 0.1)
    origin = -40.0 - 25.0 * math.exp(-0.01)
    for neuron, meant in enumerate(origin + registers.registers.threshold / registers.lsb_per_mv):
        asked = rate_on_grid(0.1, threshold=thresholds[neuron])
        expected = rate_on_grid(0.1, threshold=meant) - asked
        got = attribution.of_neurons("cells", "threshold")[neuron]
        assert got == pytest.approx(expected, abs=ONE_SPIKE)


def test_a_coarse_bias_is_blamed_on_the_bias_register():
    levels = np.linspace(-46.0, -38.0, 6)
    cells = Population("cells", 6, lif_with(v_rest=levels, v_init=-65.0))
    network, chip = Network(populations=[cells]), wide(bias_mantissa_bits=4, bias_exponent_max=16)
    attribution = split(network, chip)
    assert_only(attribution, "bias", share=0.1)
    registers = decoded(network, chip, 0.1)
    origin = levels + (-65.0 - levels) * math.exp(-0.01)
    own = registers.registers
    meant = origin + own.bias / (1 - own.keep_v) / registers.lsb_per_mv
    for neuron in range(6):
        # The register also moves where the neuron leaks to in the step after its reset.
        expected = rate_on_grid(0.1, v_inf=meant[neuron]) - rate_on_grid(0.1, v_inf=levels[neuron])
        got = attribution.of_neurons("cells", "bias")[neuron]
        assert got == pytest.approx(expected, abs=0.02 * abs(expected) + ONE_SPIKE)


def test_coarse_weights_are_blamed_on_the_weights():
    network = driven(lif_with(), weight=Uniform(0.5, 2.5))
    chip = wide(weight_mantissa_bits=1, weight_exponent_max=9)
    attribution = split(network, chip)
    assert_only(attribution, "weights", share=0.05)
    image = compile_network(network, chip, dt=0.1)
    integers = decode_connections(network, image).connections[0].weight
    gain = math.exp(-0.01) * decoded(network, chip, 0.1).lsb_per_mv
    stronger = integers / gain > network.connections[0].weight
    effect = attribution.of_neurons("cells", "weights")
    assert effect[stronger].min() > 0
    assert effect[~stronger].max() <= 0


def test_a_state_too_short_for_its_drive_is_blamed_on_truncation():
    """0.4 mV above the threshold, the drive of a step is less than truncation takes away."""
    network = constant(v_inf=-49.6)
    chip = wide(
        state_bits=10,
        accumulator_bits=10,
        threshold_mantissa_bits=8,
        threshold_shift=0,
        weight_mantissa_bits=2,
    )
    attribution = split(network, chip)
    total = attribution.total("cells")
    assert total.chip == 0
    assert total.on_grid > 20
    assert attribution.effect("cells", "truncation").alone == pytest.approx(-total.on_grid)


def test_sources_that_fire_together_are_blamed_on_overflow():
    source = SpikeInput(
        "source", 200, np.tile(np.arange(200), 20), np.repeat(np.arange(20) * 50.0, 200)
    )
    cells = Population("cells", 1, lif_with())
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[fixed_probability(source, cells, 1.0, weight=2.0, seed=1)],
    )
    with pytest.warns(ChipOverflowWarning, match="wrapped round at 22 bits 20 times") as told:
        attribution = split(network, LOIHI, dt=1.0, duration=1000.0)
    assert len(told) == 1
    total = attribution.total("cells")
    assert (total.ideal, total.on_grid, total.chip) == (20, 20, 0)
    assert attribution.effect("cells", "overflow").alone == -20
    assert attribution.effect("cells", "overflow").left_out == -20
    others = [attribution.effect("cells", name) for name in REGISTERS if name != "overflow"]
    assert [item.alone for item in others] == [0] * len(others)


def test_kicks_that_only_just_reach_the_threshold_are_blamed_on_the_order_of_events():
    """15.1 mV reach 15 mV, and not after a step of leak."""
    source = SpikeInput("source", 1, np.zeros(40, dtype=int), 10.0 + 25.0 * np.arange(40))
    cells = Population("cells", 1, lif_with(tau_m=5.0))
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=15.1)],
    )
    attribution = split(network, wide(), dt=0.1, duration=1000.0)
    assert attribution.total("cells").on_grid == 0
    assert attribution.effect("cells", "event order").alone == -40
    assert attribution.effect("cells", "event order").left_out == -40
    assert attribution.effect("cells", "time step").alone == 0


def test_intervals_that_are_no_whole_number_of_steps_are_blamed_on_the_time_step():
    network = constant(tau_refrac=3.0)
    attribution = split(network, wide(), dt=1.0, duration=12_000.0, substeps=100)
    exact = interval(tau_refrac=3.0)
    steps = math.floor(exact - 3.0) + 1 + 3 - 1  # it leaks again in the last step of its period
    assert attribution.total("cells").on_grid == pytest.approx(1e3 / steps, abs=0.1)
    guilty = attribution.effect("cells", "time step")
    assert guilty.alone == pytest.approx(1e3 / steps - 1e3 / exact, abs=0.1)
    others = [item for item in attribution.effects_on("cells") if item.source != "time step"]
    assert [item.alone for item in others] == [0] * len(others)


@pytest.mark.parametrize("tau_syn", [None, 5.0])
def test_a_cut_refractory_period_is_blamed_on_its_steps(tau_syn):
    network = constant(tau_refrac=3.6, tau_syn=tau_syn)
    attribution = split(network, wide(), dt=1.0, duration=10_000.0, substeps=100)
    exact, cut = (1e3 / interval(tau_refrac=tau) for tau in (3.6, 3.0))
    guilty = attribution.effect("cells", "refractory steps")
    assert guilty.alone == pytest.approx(cut - exact, abs=0.1)
    # On a grid of 1 ms an interval of 12.76 ms takes 13 steps, and one of 12.16 ms, too.
    assert guilty.left_out == pytest.approx(0.0, abs=0.2)
    assert attribution.effect("cells", "delays").alone == 0


@pytest.mark.parametrize("tau_syn", [None, 5.0])
@pytest.mark.parametrize("tau_refrac", [3.3, 3.6])
def test_a_period_that_is_rounded_up_is_blamed_on_the_refractory_steps(tau_syn, tau_refrac):
    network = constant(tau_refrac=tau_refrac, tau_syn=tau_syn)
    network = dataclasses.replace(network, refractory="after_spike")
    attribution = split(network, wide(), dt=1.0, duration=10_000.0, substeps=100)
    exact, longer = (1e3 / interval(tau_refrac=tau) for tau in (tau_refrac, 4.0))
    guilty = attribution.effect("cells", "refractory steps")
    assert guilty.alone == pytest.approx(longer - exact, abs=0.1)
    # On a grid of 1 ms an interval of 13.16 ms takes 14 steps, one of 12.46 or 12.76 ms takes 13.
    assert attribution.total("cells").on_grid == pytest.approx(1e3 / 14, abs=0.1)
    assert guilty.left_out == pytest.approx(1e3 / 14 - 1e3 / 13, abs=0.1)


def test_rounded_delays_are_blamed_on_the_delays():
    """A ring of two neurons, each of whose spikes fires the other: only delays set its rhythm."""
    source = SpikeInput("source", 2, [0], [0.5])
    cells = Population("cells", 2, lif_with(tau_m=5.0))
    links = fixed_probability(
        cells, cells, 1.0, weight=40.0, delay=3.4, seed=1, allow_self_connections=False
    )
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=40.0), links],
    )
    attribution = split(network, wide(), dt=1.0, duration=4000.0)
    # A spike every delay and one step: 3.4 + 0.1 ms in the ideal, 3 + 1 ms on the grid.
    assert attribution.total("cells").ideal == pytest.approx(1e3 / 3.5 / 2, rel=0.01)
    assert attribution.total("cells").on_grid == pytest.approx(1e3 / 4.0 / 2, rel=0.01)
    guilty = attribution.effect("cells", "delays")
    assert guilty.alone == pytest.approx(1e3 / 3.1 / 2 - 1e3 / 3.5 / 2, rel=0.02)
    assert attribution.effect("cells", "refractory steps").alone == 0


def test_only_v_tells_that_the_initial_v_was_rounded():
    network = constant(v_inf=-60.0)
    network = dataclasses.replace(
        network, populations=[Population("cells", 1, lif_with(v_init=-55.3))]
    )
    chip = wide(
        state_bits=8,
        accumulator_bits=8,
        threshold_mantissa_bits=6,
        threshold_shift=0,
        weight_mantissa_bits=1,
    )
    attribution = split(network, chip, duration=50.0)
    item = attribution.effect("cells", "initial state", "v_rmse")
    assert item.alone > 0
    assert attribution.total("cells").total == 0


def test_a_chip_that_errs_nowhere_has_no_effects():
    """Every register holds its parameter: decay 1024 of 4096, threshold 15 and weight 16 units."""
    tau_m = -1.0 / math.log(0.75)
    source = SpikeInput("source", 1, np.zeros(50, dtype=int), 20.0 * np.arange(50))
    cells = Population("cells", 1, lif_with(tau_m=tau_m, v_thresh=-50.0))
    network = Network(
        inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=64 / 3)]
    )
    attribution = split(network, dt=1.0, duration=1000.0)
    for item in attribution.effects_on("cells"):
        if item.part == "registers":
            assert (item.alone, item.source) == (0, item.source)


def test_the_text_has_a_line_for_every_source_that_matters():
    attribution = split(busy("delta"), dt=0.5, duration=1000.0)
    text = str(attribution)
    assert text.startswith(
        "Attribution on loihi, 1000 ms in steps of 0.5 ms; ideal: float64 in steps of 0.05 ms\n\n"
        "cells (30 neurons): "
    )
    assert "  event order " in text
    assert "  interaction (grid)" in text
    assert "no effect: " in text
    assert "decay_u" in text.splitlines()[-1]
    assert max(len(line) for line in text.splitlines()) <= 100
    assert repr(attribution) == "Attribution(loihi, dt = 0.5 ms, cells)"


def test_rows_are_flat_and_plain():
    attribution = split(busy("delta"), dt=0.5, duration=500.0)
    rows = attribution.rows()
    assert len(rows) == len(METRICS) * (len(GRID) + len(REGISTERS) + 3)
    assert rows[0].keys() == {
        "population",
        "metric",
        "part",
        "source",
        "alone",
        "left_out",
        "shapley",
        "noise",
        "unit",
        "total",
    }
    assert rows[0]["shapley"] is None
    assert rows[0]["unit"] == "Hz"


def test_a_calibrated_image_may_be_given_instead_of_a_chip():
    network = busy("delta")
    stimulus = draw_stimulus(network, 500.0, seed=1)
    image = compile_network(network, LOIHI, dt=0.5)
    raised = image.compartments.threshold_mantissa + 2000
    changed = dataclasses.replace(
        image, compartments=dataclasses.replace(image.compartments, threshold_mantissa=raised)
    )
    before, after = (attribute(network, stimulus, image=item) for item in (image, changed))
    assert after.effect("cells", "threshold").alone < before.effect("cells", "threshold").alone
    assert after.effect("cells", "unexplained").alone == 0


def with_edit(image, register, change):
    """Return the image with a register of its compartments or its synapses changed."""
    if register in ("mantissa", "delay"):
        groups = [
            dataclasses.replace(group, **{register: change(getattr(group, register))})
            for group in image.synapses
        ]
        return dataclasses.replace(image, synapses=tuple(groups))
    values = change(getattr(image.compartments, register))
    own = dataclasses.replace(image.compartments, **{register: values})
    return dataclasses.replace(image, compartments=own)


@functools.cache
def as_compiled(kind):
    """Return a network, an input, its image and the attribution of that image."""
    network = busy(kind)
    stimulus = draw_stimulus(network, 200.0, seed=1)
    image = compile_network(network, LOIHI, dt=0.5, gain="dc")
    return network, stimulus, image, attribute(network, stimulus, image=image, substeps=2)


EDITS = {
    "decay_v": ("decay_v", lambda values: np.where(values < 4000, values + 9, values)),
    "decay_u": ("decay_u", lambda values: values - 9),
    "threshold": ("threshold_mantissa", lambda values: values - values // 20),
    "bias": ("bias_mantissa", lambda values: values + 40),
    "refractory register": ("refractory", lambda values: values + 1),
    "initial state": ("v_init", lambda values: values + 20_000),
    "weights": ("mantissa", lambda values: values - values // 10),
    "delay register": ("delay", lambda values: values + np.uint8(2)),
    "overflow": ("vmax_exponent", lambda values: 0 * values),
}


@pytest.mark.filterwarnings("ignore::neurochip.errors.ChipOverflowWarning")
@pytest.mark.parametrize(
    ("culprit", "kind"),
    [
        *((culprit, "current") for culprit in EDITS if culprit != "overflow"),
        *((culprit, "delta") for culprit in ("decay_v", "refractory register", "weights")),
        *((culprit, "two currents") for culprit in ("decay_v", "decay_u", "bias")),
        ("overflow", "no threshold"),
        ("bias", "no leak"),
        ("decay_v", "no leak"),
    ],
)
def test_an_edited_register_is_blamed_and_nothing_is_unexplained(culprit, kind):
    network, stimulus, image, before = as_compiled(kind)
    edited = with_edit(image, *EDITS[culprit])
    after = attribute(network, stimulus, image=edited, substeps=2)
    for metric in METRICS:
        assert after.effect("cells", "unexplained", metric).alone == pytest.approx(0, abs=1e-12)
        for source in REGISTERS:
            if source != culprit:
                own, other = (item.effect("cells", source, metric) for item in (before, after))
                assert own.alone == pytest.approx(other.alone, abs=1e-12), source
    moved = [item.effect("cells", culprit, "v_rmse").alone for item in (before, after)]
    assert moved[1] != moved[0]


def test_a_threshold_given_to_neurons_without_one_is_blamed_on_the_threshold_register():
    network = busy("no threshold")
    stimulus = draw_stimulus(network, 300.0, seed=1)
    image = compile_network(network, LOIHI, dt=0.5)
    edited = with_edit(image, "threshold_mantissa", lambda values: values // 30)
    attribution = attribute(network, stimulus, image=edited, substeps=2)
    total = attribution.total("cells")
    assert (total.on_grid, total.chip > 0) == (0, True)
    assert attribution.effect("cells", "threshold").alone == pytest.approx(total.chip, rel=0.02)
    assert attribution.effect("cells", "unexplained").alone == 0


def test_an_edited_initial_current_is_blamed_on_the_initial_state():
    network = busy("euler")
    stimulus = draw_stimulus(network, 300.0, seed=1)
    image = compile_network(network, LOIHI, dt=0.5)
    edited = with_edit(image, "u_init", lambda values: values // 2)
    attribution = attribute(network, stimulus, image=edited, substeps=2)
    assert attribution.effect("cells", "initial state", "v_rmse").alone > 1e-3
    assert attribution.effect("cells", "unexplained", "v_rmse").alone == pytest.approx(0, abs=1e-12)


def test_without_a_finer_grid_only_the_registers_have_effects():
    attribution = split(busy("euler"), dt=0.5, duration=300.0, substeps=1, shapley=True)
    assert attribution.fine_dt == attribution.dt
    assert {item.part for item in attribution.effects} == {"registers", "engines"}
    for metric in METRICS:
        total = attribution.total("cells", metric)
        assert total.on_grid == pytest.approx(total.ideal, abs=1e-9)
        assert sum(item.alone for item in attribution.effects_on("cells", metric)) == pytest.approx(
            total.total, abs=1e-12
        )
        assert attribution.effect("cells", "unexplained", metric).alone == pytest.approx(
            0, abs=1e-9
        )
    assert "event order" not in str(attribution)
    with pytest.raises(AnalysisError) as caught:
        attribution.effect("cells", "event order")
    known = ", ".join(map(repr, (*REGISTERS, "unexplained")))
    assert str(caught.value) == f"attribution: no source 'event order'; there are {known}."


def test_effects_on_populations_without_recurrence_are_exact():
    attribution = split(driven(lif_with()), dt=0.5, duration=200.0)
    assert attribution.twins == 0
    assert {item.noise for item in (*attribution.effects, *attribution.totals)} == {0.0}
    assert not any(item.in_noise for item in attribution.effects)
    assert "noise" not in str(attribution)


def test_effects_on_recurrent_populations_have_a_noise_and_are_marked_within_it():
    network = busy("delta")
    relay = Population("relay", 30, lif_with())
    (source,) = network.spike_inputs
    network = Network(
        inputs=[source],
        populations=[*network.populations, relay],
        connections=[*network.connections, one_to_one(source, relay, weight=1.5)],
    )
    attribution = split(network, dt=0.5, duration=500.0)
    assert attribution.twins == TWINS
    for metric in METRICS:
        of_cells, of_relay = (attribution.effects_on(n, metric) for n in ("cells", "relay"))
        assert {item.noise for item in of_relay} == {0.0}
        for item in of_cells:
            assert (item.noise > 0) == (item.part != "engines")
            assert item.in_noise == (0 < abs(item.alone) <= item.noise)
        assert attribution.total("cells", metric).noise > 0
    assert {item.in_noise for item in attribution.effects_on("cells")} == {True, False}
    noise = attribution.effect("cells", "weights").noise / attribution.total("cells").ideal
    text = str(attribution)
    assert f"  noise (registers)          ±{100 * noise:.2f} % " in text
    assert (
        "\n  ~ within the noise: 95 % of the changes that mean nothing have a smaller effect (8 "
        "twins)\n"
    ) in text
    for item in attribution.effects_on("cells"):
        mark = "~" if item.in_noise else ""
        if item.alone:
            value = f"{100 * item.alone / attribution.total('cells').ideal:+.2f} %"
            assert f"{mark + value:>10}" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_bound_is_that_of_a_sum_of_runs_of_which_some_are_known_exactly():
    """2.365 is the quantile of Student's t at 97.5 % for the 7 degrees of freedom of 8 twins."""
    twins, original = (
        [{"cells": {metric: np.array([x, x]) for metric in METRICS}} for x in values]
        for values in (np.arange(8.0), 10 + np.arange(8.0))
    )
    noise = noise_of(["cells"], twins, original)
    spread = math.sqrt(6.0)  # of the numbers 0 to 7
    rate, distance = ("cells", "rate"), ("cells", "v_rmse")
    for key in (rate, distance):
        between = 2.3646 * spread * math.sqrt(2)  # B_i - B
        assert noise.effect(key, from_ideal=False) == pytest.approx(between, rel=1e-4)
        joint = 2.3646 * spread * math.sqrt(1 + 3 + 2**2)  # A - B_1 - B_2 - B_3 + 2 B
        assert noise.interaction(key, False, 3) == pytest.approx(joint, rel=1e-4)
        assert noise.interaction(key, False, 0) == 0
    assert noise.effect(rate, True) == noise.effect(rate, False)
    far = 13.5 + 2.3646 * spread * math.sqrt(1 + 1 / 8)  # the mean distance is known from 8 twins
    assert noise.effect(distance, True) == pytest.approx(far, rel=1e-4)
    joint = 2 * 13.5 + 2.3646 * spread * math.sqrt(4 + 4 / 8)
    assert noise.interaction(distance, True, 3) == pytest.approx(joint, rel=1e-4)
    assert noise.effect(("relay", "rate"), False) == 0


def rows_of(ax):
    """The bars of one population by row: values and noises as (width, opacity)."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    bars = [bar for container in ax.containers for bar in container]
    found = {name: {} for name in names}
    for bar in bars:
        kind = "noise" if bar.get_facecolor()[:3] == to_rgb(BAND) else "value"
        row = names[round(bar.get_y() + bar.get_height() / 2)]
        found[row][kind] = (bar.get_width(), bar.get_facecolor()[3])
    return found


def test_bars_within_the_noise_are_pale_and_grey_bands_show_the_noise():
    attribution = split(busy("delta"), dt=0.5, duration=500.0)
    ax = plot_attribution(Figure().subplots(), attribution, "v_rmse")
    rows = rows_of(ax)
    pale = {
        f"interactions, {e.part}" if e.source == "interaction" else e.source: e.in_noise
        for e in attribution.effects_on("cells", "v_rmse")
    }
    pale = {"decay of v": pale["decay_v"], "total": False, **pale}
    assert {name: found["value"][1] < 1 for name, found in rows.items()} == {
        name: pale[name] for name in rows
    }
    assert entries(ax) == ["time grid", "registers", "total", "noise"]
    noise = attribution.total("cells", "v_rmse").noise
    assert rows["total"]["noise"][0] == pytest.approx(2 * noise)
    plain = plot_attribution(Figure().subplots(), split(driven(lif_with()), duration=100.0))
    assert "noise" not in entries(plain)


def entries(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("metric", METRICS)
def test_bars_add_up_to_the_total(metric):
    attribution = split(busy("delta"), dt=0.5, duration=500.0)
    ax = plot_attribution(Figure().subplots(), attribution, metric)
    widths = {name: found["value"][0] for name, found in rows_of(ax).items()}
    total = attribution.total("cells", metric)
    expected = 100 * total.total / total.ideal if metric == "rate" else total.total
    assert list(widths)[-1] == "total"
    assert widths.pop("total") == pytest.approx(expected)
    assert "event order" in widths
    assert sum(widths.values()) == pytest.approx(expected, abs=0.02 * max(1.0, abs(expected)))


def test_populations_have_a_colour_each_and_at_most_seven_are_drawn():
    attribution = split(busy("delta"), dt=0.5, duration=500.0)
    names = [f"p{k}" for k in range(9)]
    many = dataclasses.replace(
        attribution,
        sizes=dict.fromkeys(names, 1),
        effects=tuple(
            dataclasses.replace(e, population=name) for name in names for e in attribution.effects
        ),
        totals=tuple(
            dataclasses.replace(t, population=name) for name in names for t in attribution.totals
        ),
    )
    ax = plot_attribution(Figure().subplots(), many)
    assert entries(ax) == [*names[:7], "noise"]
    assert ax.get_ylabel() == "first 7 of 9 populations"
    assert len({patch.get_facecolor() for patch in ax.get_legend().get_patches()}) == 8
    last = plot_attribution(Figure().subplots(), many, population="p8")
    assert entries(last) == ["time grid", "registers", "total", "noise"]


def test_what_cannot_be_attributed_is_refused():
    network = busy("delta")
    stimulus = draw_stimulus(network, 100.0, seed=1)
    image = compile_network(network, LOIHI, dt=0.5)

    def message(error, **arguments):
        with pytest.raises(error) as caught:
            attribute(network, stimulus, **{"image": image, **arguments})
        return str(caught.value)

    assert message(AnalysisError, substeps=0) == (
        "attribution: substeps = 0; allowed: an integer of at least 1."
    )
    assert message(AnalysisError, window=-1.0) == (
        "attribution: window = -1.0 ms; allowed: a number of at least 0."
    )
    assert message(AnalysisError, gain="dc") == (
        "attribution: gain is an option of the compiler, but an image is given, too; pass one of "
        "them."
    )
    assert message(ImageError, image=image.without_symbols()) == (
        "attribution: this image has no symbols; use the image as compiled."
    )
    other = compile_network(driven(lif_with(), size=30), LOIHI, dt=0.5)
    assert message(ImageError, image=other) == (
        "image: holds connections 'source->cells'; pass the network that it was compiled from."
    )
    moved = dataclasses.replace(
        network,
        connections=[
            dataclasses.replace(item, post=item.post[::-1].copy()) for item in network.connections
        ],
    )
    assert message(ImageError, image=compile_network(moved, LOIHI, dt=0.5)) == (
        "image: the synapses of connection 'source->cells' are not those of the network; pass "
        "the network that it was compiled from."
    )
    lava = compile_network(network, LAVA.what_if(weight_exponent_min=-8), dt=0.5)
    if any(group.format.weight_exponent < 0 for group in lava.synapses):
        assert "shifts sums of synapses" in message(AnalysisError, image=lava)
    attribution = attribute(network, stimulus, image=image)
    with pytest.raises(AnalysisError) as caught:
        attribution.effects_on("nobody")
    assert str(caught.value) == "attribution: no population 'nobody'; there are 'cells'."
    with pytest.raises(AnalysisError) as caught:
        attribution.effects_on("cells", "cost")
    assert str(caught.value) == (
        "attribution: no metric 'cost'; there are 'rate', 'v_rmse', 'spike_times'."
    )
    with pytest.raises(AnalysisError, match=r"^attribution: no source 'moon'; there are 'time st"):
        attribution.effect("cells", "moon")
    with pytest.raises(
        AnalysisError, match=r"^attribution: no source 'sun'; there are 'ideal', 'c"
    ):
        attribution.of_neurons("cells", "sun")
