"""Networks of lava-dl on the chip: registers are the integers of the file, runs are lava's."""

from __future__ import annotations

import math

import netx_oracle
import numpy as np
import pytest
from netx_files import DENSE, GRADED, LIF, changed, conv, dense, even, stored

from neurochip import (
    LOIHI,
    LOIHI2,
    SANA_FE,
    Emulator,
    NetxModel,
    SignMode,
    estimate_energy,
    read_netx,
)
from neurochip.errors import FrontendError, NeurochipWarning, RecordingError, StimulusError

SMALL = {**LIF, "vThMant": 3, "iDecay": 2048, "vDecay": 1024}
IMAGE = {"type": "input", "shape": [2, 6, 5], "neuron": SMALL, "weight": [6], "bias": [2]}
CONV = conv(
    1, [4, 3, 5], (4, 1, 3, 3), stride=[2, 1], padding=1, groups=2, bias=[1, 2, 0, -1], neuron=SMALL
)
FLAT = {"type": "flatten", "shape": [60, 1, 1]}
LAST = dense(2, 3, 60, neuron={**SMALL, "iDecay": 4096})


def layers(seed, neuron):
    """An image, a convolution and a dense layer of the same neurons."""
    image = changed(IMAGE, neuron=neuron)
    first = changed(CONV, neuron=neuron, weight=even(seed, (4, 1, 3, 3)))
    return image, first, FLAT, dense(seed + 1, 3, 60, neuron=neuron)


def assert_same(model, recording, expected):
    for name, parts in expected.items():
        for variable, values in parts.items():
            found = model.values(recording, name, variable)
            assert np.array_equal(found, values), (name, variable)


def test_decays_thresholds_and_biases_are_registers_as_they_are(tmp_path):
    neuron = {**LIF, "iDecay": [4096, 0], "vDecay": [4096, 100]}
    path = stored(tmp_path / "a.net", changed(DENSE, neuron=neuron, bias=[5, -7]))
    part = read_netx(path).image.compartments
    assert part.decay_u.tolist() == [4095, 0]
    assert part.decay_u_offset.tolist() == [1, 0]
    assert part.decay_v.tolist() == [4095, 100]
    assert part.decay_v_offset.tolist() == [1, 0]
    assert part.threshold_mantissa.tolist() == [50, 50]
    assert part.bias_mantissa.tolist() == [5, -7]
    assert part.bias_exponent.tolist() == [6, 6]


@pytest.mark.parametrize(
    ("weights", "mode", "exponent", "mantissas"),
    [
        ([[4, -2, 6]], SignMode.MIXED, 0, [4, -2, 6]),
        ([[3, -2, 5]], SignMode.MIXED, -1, [6, -4, 10]),
        ([[3, 255, 5]], SignMode.EXCITATORY, 0, [3, 255, 5]),
        ([[-3, -255, -5]], SignMode.INHIBITORY, 0, [-3, -255, -5]),
    ],
)
def test_weights_are_mantissas_that_hold_them_exactly(tmp_path, weights, mode, exponent, mantissas):
    layer = changed(DENSE, shape=[1], weight=weights)
    (group,) = read_netx(stored(tmp_path / "a.net", layer)).image.synapses
    assert (group.format.sign_mode, group.format.weight_exponent) == (mode, exponent)
    assert group.mantissa.tolist() == mantissas


def test_a_kernel_is_stored_once(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", IMAGE, CONV, FLAT, LAST))
    (shared,) = model.image.convolutions
    assert shared.kernel.tolist() == CONV["weight"].tolist()
    assert shared.n_synapses == model.layers[1].n_synapses
    assert model.image.n_compartments == 60 + 60 + 3
    assert model.compartments["conv_1"].tolist() == list(range(60, 120))


def test_delays_of_a_layer_are_those_of_its_synapses(tmp_path):
    one, two = changed(CONV, delay=[5] * 4), changed(LAST, delay=[1, 2, 3])
    model = read_netx(stored(tmp_path / "a.net", IMAGE, one, FLAT, two, dense(3, 2, 3)))
    assert model.image.convolutions[0].delay == 0
    assert [set(group.delay.tolist()) for group in model.image.synapses] == [{5}, {1, 2, 3}]


def test_layers_are_reset_one_step_after_each_other(tmp_path):
    path = stored(tmp_path / "a.net", IMAGE, CONV, FLAT, LAST)
    resets = read_netx(path, reset_interval=5, reset_offset=3).image.resets
    assert [(reset.interval, reset.offset) for reset in resets] == [(5, 3), (5, 4), (5, 0)]
    assert [len(reset.compartments) for reset in resets] == [60, 60, 3]


@pytest.mark.parametrize("seed", range(3))
def test_a_network_of_lif_neurons_runs_as_in_lava(tmp_path, seed):
    model = read_netx(stored(tmp_path / "a.net", *layers(seed, SMALL)), reset_interval=7)
    frames = np.random.default_rng(seed).integers(-3, 9, (3, 2, 6, 5))
    recording = model.run(frames, 20, record=["u", "v"])
    expected = netx_oracle.run(model.layers, frames, 20, hold=7, reset=(7, 0))
    assert_same(model, recording, expected)
    assert recording.n_spikes > 100


@pytest.mark.parametrize("seed", range(3))
def test_a_graded_network_runs_as_in_lava(tmp_path, seed):
    image, first, flat, last = layers(seed, GRADED)
    last = changed(last, neuron__sigma_output=True)
    model = read_netx(stored(tmp_path / "a.net", image, first, flat, last))
    frames = np.random.default_rng(seed).integers(-60, 60, (12, 2, 6, 5))
    recording = model.run(frames, 15, record=["sigma", "act", "residue"])
    assert_same(model, recording, netx_oracle.run(model.layers, frames, 15))
    assert recording.n_spikes > 100


def test_the_values_of_a_graded_input_act_in_their_own_step(tmp_path):
    image = {"type": "input", "shape": [3], "neuron": GRADED}
    model = read_netx(stored(tmp_path / "a.net", image, changed(DENSE, neuron=GRADED)))
    given = model.inputs([[5, 0, -7], [5, 0, 0]], first_step=4)
    assert given["steps"].tolist() == [3, 3, 4]
    assert given["sources"].tolist() == [0, 2, 0]
    assert given["payloads"].tolist() == [5, -7, 5]


def test_delays_and_recurrence_run_as_in_lava(tmp_path):
    first = dense(4, 6, 5, delay=[0, 1, 2, 3, 4, 5], neuron=SMALL)
    loop = {**dense(5, 4, 6, neuron=SMALL, delay=[2, 0, 0, 1]), "type": "dense_rec"}
    loop["weight_rec"] = even(6, (4, 4))
    model = read_netx(stored(tmp_path / "a.net", first, loop))
    spikes = np.random.default_rng(1).integers(0, 2, (30, 5))
    recording = model.run(spikes, 40, record=["u", "v"])
    assert_same(model, recording, netx_oracle.run(model.layers, spikes, 40))


def test_a_layer_whose_delays_differ_has_a_convolution_behind_it_as_in_lava(tmp_path):
    image, first, *_ = layers(1, SMALL)
    first = changed(first, delay=[0, 1, 0, 3])
    second = conv(2, [2, 2, 4], (2, 4, 2, 2), neuron=SMALL)
    model = read_netx(stored(tmp_path / "a.net", image, first, second))
    assert len(model.image.convolutions) == 1
    frames = np.random.default_rng(1).integers(-3, 9, (2, 2, 6, 5))
    recording = model.run(frames, 20, hold=10, record=["u", "v"])
    assert_same(model, recording, netx_oracle.run(model.layers, frames, 20, hold=10))


def test_a_network_of_lif_neurons_runs_on_the_first_generation(tmp_path):
    path = stored(tmp_path / "a.net", *layers(2, SMALL))
    frames = np.random.default_rng(2).integers(-3, 9, (1, 2, 6, 5))
    models = [read_netx(path, chip=chip) for chip in (LOIHI, LOIHI2)]
    first, second = (model.values(model.run(frames, 20)) for model in models)
    assert np.array_equal(first, second)


def test_frames_become_integers_by_the_transform_of_the_input_layer(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", IMAGE, CONV, FLAT, LAST))
    frame = np.linspace(0, 1, 60).reshape(2, 6, 5)
    found = model.encode(frame)
    assert found.shape == (1, 2, 6, 5)
    expected = [int(12 * x - 6 + 2) for x in frame.ravel().tolist()]
    assert found.ravel().tolist() == expected


def test_an_input_without_neurons_says_the_shape_of_the_spikes(tmp_path):
    shape = {"type": "input", "shape": [2, 6, 5]}
    model = read_netx(stored(tmp_path / "a.net", shape, CONV, FLAT, LAST))
    assert (model.image.n_inputs, list(model.compartments)) == (60, ["conv_1", "dense_3"])
    spikes = np.random.default_rng(4).random((15, 2, 6, 5)) < 0.3
    recording = model.run(spikes, 20, record=["u", "v"])
    assert_same(model, recording, netx_oracle.run(model.layers, spikes.astype(np.int64), 20))


def test_pixels_are_warned_of_where_values_from_0_to_1_belong(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", IMAGE, CONV, FLAT, LAST))
    with pytest.warns(NeurochipWarning) as caught:
        model.encode(np.full((2, 6, 5), 255, np.uint8))
    assert str(caught[0].message) == (
        "netx: frames have values from 255 to 255, but lava-dl's transform is for values from 0 to "
        "1. Divide pixels from 0 to 255 by 255."
    )


@pytest.mark.parametrize("neuron", [SMALL, GRADED], ids=["lif", "graded"])
def test_the_energy_of_a_run_is_estimated_from_all_its_compartments(tmp_path, neuron):
    model = read_netx(stored(tmp_path / "a.net", *layers(1, neuron)))
    frames = np.random.default_rng(3).integers(-3, 9, (9, 2, 6, 5))
    by_layer = model.run(frames)
    whole = model.as_compartments(by_layer)
    steps = Emulator(model.image).run_steps(9, **model.inputs(frames))
    for part in ("steps", "ids", "payloads"):
        expected, found = (dict(getattr(run, part)) for run in (steps, whole))
        assert expected.keys() == found.keys()
        assert all(np.array_equal(expected[name], found[name]) for name in expected)
    assert by_layer.n_spikes > 0
    energy = estimate_energy(model.image, whole, SANA_FE)
    assert energy.total == estimate_energy(model.image, steps, SANA_FE).total
    with pytest.raises(RecordingError) as caught:
        model.as_compartments(whole)
    assert str(caught.value) == (
        "netx: the recording has other layers; allowed: a result of run()."
    )


def test_an_average_divides_the_outputs_into_groups(tmp_path):
    mean = {"type": "average", "shape": [2, 1, 1]}
    model = read_netx(stored(tmp_path / "a.net", dense(1, 6, 4, neuron=SMALL), mean))
    recording = model.run(np.ones((10, 4), np.int64), 12)
    spikes = model.values(recording, "dense_0")
    assert np.array_equal(model.values(recording), spikes.reshape(12, 2, 3).mean(axis=2))


def test_several_spikes_of_an_input_in_a_step_all_count(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", DENSE))
    once, twice = (model.run([[n, 0, 0]], 3, record=["u"]) for n in (1, 2))
    assert model.values(once, what="u")[1].tolist() == [4 << 6, 6 << 6]
    assert model.values(twice, what="u")[1].tolist() == [8 << 6, 12 << 6]


def test_an_emulator_of_ones_own_takes_the_inputs(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", *layers(1, SMALL)), reset_interval=5)
    frames = np.random.default_rng(3).integers(-3, 9, (2, 2, 6, 5))
    emulator = Emulator(model.image)
    parts = [
        emulator.run_steps(5, **model.inputs(frame, first_step=5 * k))
        for k, frame in enumerate(frames)
    ]
    whole = model.run(frames)
    assert sum(part.n_spikes for part in parts) == whole.n_spikes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda model: model.run(np.zeros((2, 5, 6), int)),
            "netx: frames have shape (2, 5, 6); allowed: (2, 6, 5), or (n_frames, 2, 6, 5).",
        ),
        (
            lambda model: model.run(np.zeros((2, 6, 5))),
            "netx: frames are of type float64; allowed: integers.",
        ),
        (
            lambda model: model.run(np.zeros((2, 6, 5), int), hold=0),
            "netx: hold = 0; allowed: an integer of at least 1.",
        ),
        (
            lambda model: model.encode(np.full((2, 6, 5), np.nan)),
            "netx: frames[0] = nan; allowed: finite numbers, such as those from 0 to 1.",
        ),
    ],
)
def test_frames_that_do_not_fit_are_refused(tmp_path, call, message):
    model = read_netx(stored(tmp_path / "a.net", IMAGE, CONV, FLAT, LAST))
    with pytest.raises(StimulusError) as caught:
        call(model)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"chip": LOIHI.what_if(decay_bits=14)},
            "netx: chip 'loihi (decay_bits=14)' has decay_bits = 14; allowed: 12, for which "
            "lava-dl wrote the integers of the file.",
        ),
        (
            {"input_shape": [1, 2, 3, 4]},
            "netx: input_shape = [1, 2, 3, 4]; allowed: (channels, rows, columns), or (inputs,).",
        ),
        (
            {"reset_offset": 2},
            "netx: reset_offset = 2 without reset_interval; pass both, or neither.",
        ),
        (
            {"reset_interval": 0},
            "netx: reset_interval = 0; allowed: an integer of at least 1.",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path, options, message):
    with pytest.raises(FrontendError) as caught:
        read_netx(stored(tmp_path / "a.net", DENSE), **options)
    assert str(caught.value) == message


def test_graded_layers_are_not_reset(tmp_path):
    path = stored(tmp_path / "a.net", changed(DENSE, neuron=GRADED))
    with pytest.raises(FrontendError) as caught:
        read_netx(path, reset_interval=5)
    assert str(caught.value) == (
        f"{path}: layer 0 (dense) has neurons of the type SDNN, which lava-dl does not reset; omit "
        "reset_interval."
    )


def test_layers_are_asked_for_by_name(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", DENSE))
    assert isinstance(model, NetxModel)
    assert model.output == "dense_0"
    with pytest.raises(FrontendError) as caught:
        model.layer("conv_1")
    assert str(caught.value) == "netx: layer 'conv_1'; allowed: dense_0."
    with pytest.raises(FrontendError) as caught:
        model.encode([[0.0]])
    assert str(caught.value) == (
        "netx: the network has no input layer with a transform; pass spikes to run()."
    )


def test_the_model_shows_itself_in_a_line(tmp_path):
    model = read_netx(stored(tmp_path / "a.net", DENSE))
    assert repr(model).startswith("NetxModel(1 layer, ChipImage(loihi2, 1 core, 2 compartments, ")
    assert math.prod(model.input_shape) == 3
