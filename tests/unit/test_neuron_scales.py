"""Neurons with many thresholds share threshold registers, each at a scale of its own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    attribute,
    calibrate,
    choose_dt,
    compile_network,
    draw_stimulus,
    fixed_probability,
    load_image,
    save_image,
)
from neurochip.image.text import dump_image
from neurochip.packing.budget import core_usage

CELL = {"tau_m": 20.0, "v_rest": -65.0, "v_reset": -65.0}
MANY = np.random.default_rng(1).normal(-50.0, 2.0, 300)
CURRENTS = np.linspace(0.0, 0.3, 300)


def driven(lif, size=300, weight=0.8):
    source, cells = PoissonInput("source", 100, rate=20.0), Population("cells", size, lif)
    synapses = fixed_probability(source, cells, 0.3, weight=weight, seed=1, name="synapses")
    return Network(inputs=[source], populations=[cells], connections=[synapses])


def thresholds_of(image, name="cells"):
    """Threshold registers of a population, and the thresholds that they mean, in mV."""
    symbol = next(item for item in image.symbols.populations if item.name == name)
    mantissa = image.compartments.threshold_mantissa[symbol.compartment_ids].astype(np.int64)
    return mantissa, symbol.origin + symbol.to_mv(mantissa * 64)


def thresholds_per_core(image):
    return int(core_usage(image)[0]["threshold_profiles"].max())


@pytest.mark.parametrize("values", [[-50.0], [-50.0, -51.0], [-50.0, -51.0, -52.5, -49.0]])
def test_up_to_half_the_thresholds_of_a_core_need_one_scale(values):
    thresholds = np.resize(values, 300)
    image = compile_network(driven(LIF(**CELL, v_thresh=thresholds)))
    scale = image.report.scales[0].lsb_per_mv
    assert scale.low == scale.high
    mantissa, _ = thresholds_of(image)
    wanted = (thresholds - image.symbols.populations[0].origin) * scale.low / 64
    assert mantissa.tolist() == np.rint(wanted).tolist()


@pytest.mark.parametrize("most", [2, 8, 9])
@pytest.mark.parametrize("synapses", [None, 5.0])
def test_more_thresholds_share_half_the_registers_of_a_core_and_are_exact(most, synapses):
    chip = LOIHI.what_if(threshold_profiles=most)
    image = compile_network(driven(LIF(**CELL, v_thresh=MANY, tau_syn=synapses)), chip)
    mantissa, meant = thresholds_of(image)
    assert len(np.unique(mantissa)) == most // 2
    assert meant == pytest.approx(MANY, abs=1e-9)
    assert image.report.row("cells", "v_thresh").error == 0
    assert image.n_cores == 1


def test_a_core_of_one_threshold_holds_all_neurons():
    chip = LOIHI.what_if(threshold_profiles=1)
    image = compile_network(driven(LIF(**CELL, v_thresh=MANY)), chip)
    assert image.n_cores == 1
    assert len(np.unique(thresholds_of(image)[0])) == 1


def test_no_scale_is_far_from_that_of_the_population():
    """The thresholds spread by a ratio, which four registers divide into equal ratios."""
    network = driven(LIF(**CELL, v_thresh=MANY))
    scale = compile_network(network).report.scales[0].lsb_per_mv
    above = MANY + 65.0
    ratio = (above.max() / above.min()) ** (1 / 4)
    assert scale.high / scale.low < 1.01 * ratio**2
    assert scale.low > 0.5 * scale.high


def test_the_grid_of_weights_is_that_of_one_scale():
    """The largest of 100 weights uses the last of the levels, with one scale and with many."""
    formats = [
        compile_network(driven(LIF(**CELL, v_thresh=v), weight=Uniform(0.1, 0.8))).synapses[0]
        for v in (MANY.max(), MANY)
    ]
    one, many = (np.abs(group.mantissa).max() for group in formats)
    assert formats[0].format == formats[1].format
    assert many >= 0.8 * one


def test_neurons_that_never_spike_keep_one_scale():
    image = compile_network(driven(LIF(**CELL, v_thresh=math.inf, i_offset=CURRENTS)))
    scale = image.report.scales[0].lsb_per_mv
    assert scale.low == scale.high


def test_thresholds_of_less_than_one_register_step_keep_one_scale():
    chip = LOIHI.what_if(threshold_mantissa_bits=3)
    image = compile_network(driven(LIF(**CELL, v_thresh=np.linspace(-63.0, -40.0, 300))), chip)
    scale = image.report.scales[0].lsb_per_mv
    assert scale.low == scale.high


def test_2000_neurons_with_currents_of_their_own_take_2_cores():
    """Without a scale for each neuron they would need 250 cores."""
    lif = LIF(**CELL, cm=20.0, i_offset=np.linspace(0.0, 30.0, 2000))
    image = compile_network(Network(populations=[Population("cells", 2000, lif)]))
    assert image.n_cores == 2
    assert thresholds_per_core(image) <= 4


def test_two_populations_of_many_thresholds_share_a_core():
    source = PoissonInput("source", 10, rate=20.0)
    cells = [Population(name, 300, LIF(**CELL, v_thresh=MANY)) for name in "ab"]
    links = [all_to_all(source, each, weight=0.5) for each in cells]
    image = compile_network(Network(inputs=[source], populations=cells, connections=links))
    assert image.n_cores == 1
    assert thresholds_per_core(image) <= 8


def test_neurons_of_two_compartments_share_a_core_with_their_children():
    lif = LIF(**CELL, v_thresh=MANY, tau_syn_E=5.0, tau_syn_I=10.0)
    source, cells = PoissonInput("source", 20, rate=20.0), Population("cells", 300, lif)
    links = [all_to_all(source, cells, weight=w, name=str(w)) for w in (0.01, -0.01)]
    image = compile_network(Network(inputs=[source], populations=[cells], connections=links))
    assert image.n_cores == 1
    assert thresholds_per_core(image) == 5


def test_the_report_and_the_text_of_an_image_give_the_range_of_the_scale():
    image = compile_network(driven(LIF(**CELL, v_thresh=MANY)))
    scale = image.report.scales[0].lsb_per_mv
    assert f"scale {scale.low:.6g} to {scale.high:.6g} LSB per mV" in str(image.report)
    units = image.symbols.populations[0].mv_per_lsb
    assert f"{units.min():.6g} to {units.max():.6g} mV per LSB" in dump_image(image)


def test_calibrated_neurons_still_share_their_registers():
    network = driven(LIF(**CELL, v_thresh=MANY, i_offset=0.3))
    stimulus = draw_stimulus(network, 300.0, seed=1)
    image = calibrate(network, compile_network(network), stimulus, registers=["threshold"]).image
    mantissa, meant = thresholds_of(image)
    assert len(np.unique(mantissa)) == 4
    assert thresholds_per_core(image) == 4
    assert not np.array_equal(meant, MANY)


@pytest.mark.parametrize("synapses", [None, 5.0])
def test_attribution_repeats_a_run_of_neurons_with_scales_of_their_own(synapses):
    lif = LIF(**CELL, v_thresh=MANY, tau_syn=synapses, i_offset=CURRENTS)
    network = driven(lif, weight=0.8 if synapses is None else 0.3)
    stimulus = draw_stimulus(network, 200.0, seed=1)
    found = attribute(network, stimulus)
    for metric in ("rate", "v_rmse"):
        assert found.effect("cells", "unexplained", metric).alone == pytest.approx(0, abs=1e-12)
    assert found.effect("cells", "threshold").alone == 0
    assert found.total("cells").chip > 1


def test_the_image_is_saved_and_loaded_with_its_scales(tmp_path):
    image = compile_network(driven(LIF(**CELL, v_thresh=MANY)))
    again = load_image(save_image(image, tmp_path / "image.npz"))
    assert again == image
    assert again.report == image.report


def test_the_step_is_chosen_with_the_scales_of_the_neurons():
    """Registers are exact for thresholds, so errors are those of equal neurons in the mean."""
    many, one = (
        choose_dt(driven(LIF(**CELL, v_thresh=v, i_offset=0.5)), candidates=[0.1, 1.0])
        for v in (-50.0 + 1e-3 * np.sin(MANY), -50.0)
    )
    for ours, theirs in zip(many.candidates, one.candidates, strict=True):
        assert ours.registers == pytest.approx(theirs.registers, abs=1e-4)
