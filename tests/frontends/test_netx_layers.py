"""Layers of lava-dl: every key has its meaning, and what has none here is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from netx_files import DENSE, GRADED, LIF, changed, conv, dense, even, stored

from neurochip.errors import FrontendError
from neurochip.frontends.netx.describe import inspect_netx
from neurochip.frontends.netx.file import read_file
from neurochip.frontends.netx.layers import read_layers

IMAGE = {"type": "input", "shape": [1, 4, 4], "neuron": LIF, "weight": [20], "bias": [3]}
CONV = conv(1, [2, 2, 2], (2, 1, 3, 3), bias=[4.0, -2.0])
FLAT = {"type": "flatten", "shape": [8, 1, 1]}


def read(path, *layers, input_shape=None):
    return read_layers(read_file(stored(path / "a.net", *layers)), input_shape)


def refusal(path, *layers, **options):
    with pytest.raises(FrontendError) as caught:
        read(path, *layers, **options)
    return str(caught.value).removeprefix(f"{path / 'a.net'}: ")


def test_a_dense_layer_has_the_integers_of_its_file(tmp_path):
    neuron = {**LIF, "iDecay": 4096, "vDecay": [100, 200], "type": "LOIHI", "wgtExp": 0}
    (layer,) = read(tmp_path, {**DENSE, "neuron": neuron, "bias": [3.0, -1.0], "delay": [0.0, 5.0]})
    assert (layer.name, layer.input_shape, layer.shape) == ("dense_0", (3,), (2,))
    assert layer.weight.tolist() == DENSE["weight"]
    assert layer.neuron.model == "lif"
    assert layer.neuron.decay_u.tolist() == [4096, 4096]
    assert layer.neuron.decay_v.tolist() == [100, 200]
    assert layer.neuron.threshold.tolist() == [50, 50]
    assert layer.neuron.bias.tolist() == [3, -1]
    assert layer.neuron.delay.tolist() == [0, 5]


def test_a_convolution_follows_an_image_and_is_flattened_for_a_dense_layer(tmp_path):
    layers = read(tmp_path, IMAGE, CONV, FLAT, dense(2, 3, 8))
    assert [layer.shape for layer in layers] == [(1, 4, 4), (2, 2, 2), (8,), (3,)]
    assert (layers[0].input_scale, layers[0].input_offset) == (20, 3)
    assert layers[1].neuron.bias.tolist() == [4] * 4 + [-2] * 4  # one per channel
    assert layers[1].neuron.decay_v.shape == (8,)
    assert (layers[1].n_weights, layers[1].n_synapses) == (18, 72)
    assert layers[3].input_shape == (8,)


def test_a_padded_convolution_has_fewer_synapses_at_the_border(tmp_path):
    layer = conv(1, [1, 4, 4], (1, 1, 3, 3), padding=1)
    (read_back,) = read(tmp_path, layer, input_shape=(1, 4, 4))
    assert read_back.n_synapses == 100  # (2 + 3 + 3 + 2) squared
    assert read_back.padding == (1, 1)


def test_a_weight_of_a_layer_with_one_neuron_may_be_a_vector(tmp_path):
    (layer,) = read(tmp_path, changed(DENSE, shape=[1, 1, 1], weight=[2.0, 4.0]))
    assert layer.weight.tolist() == [[2, 4]]


def test_lava_keeps_time_as_a_fifth_dimension_of_kernels(tmp_path):
    kernel = changed(CONV, weight=CONV["weight"][..., None])
    assert read(tmp_path, IMAGE, kernel)[1].weight.shape == (2, 1, 3, 3)


def test_a_recurrent_layer_has_weights_to_itself(tmp_path):
    layer = {**DENSE, "type": "dense_rec", "weight_rec": [[0, 2], [-2, 0]]}
    assert read(tmp_path, layer)[0].weight_rec.tolist() == [[0, 2], [-2, 0]]


def test_neurons_of_the_type_sdnn_encode_sum_or_both(tmp_path):
    image = {"type": "input", "shape": [3], "neuron": GRADED}
    middle = {**DENSE, "neuron": GRADED}
    last = dense(1, 1, 2, neuron={**GRADED, "sigma_output": True})
    layers = read(tmp_path, image, middle, last)
    assert [layer.neuron.model for layer in layers] == ["delta", "sigma_delta", "sigma"]


def test_odd_weights_are_read_where_eight_bits_hold_them(tmp_path):
    for weights in ([[127, -128, 3]], [[255, 1, 0]], [[-255, -1, 0]], [[254, -256, 2]]):
        (layer,) = read(tmp_path, changed(DENSE, shape=[1], weight=weights))
        assert layer.weight.tolist() == weights


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"type": "pool"},
            "layer 0 (pool): cannot be read, since a layer of the type 'pool' is not "
            "known; known: average, conv, dense, dense_rec, flatten, input. Write it as a "
            "conv layer, if it is a pool of equal weights.",
        ),
        (
            {"neuron": None},
            "layer 0 (dense): has no group 'neuron'; allowed: neurons of the types CUBA, "
            "LOIHI or SDNN.",
        ),
        ({"neuron__type": "RF"}, "layer 0 (dense): neuron/type = 'RF'; known: CUBA, LOIHI, SDNN."),
        ({"neuron__type": None}, "layer 0 (dense): neuron/type = None; known: CUBA, LOIHI, SDNN."),
        (
            {"neuron__iDecay": None},
            "layer 0 (dense): has no 'neuron/iDecay'. Write the file again.",
        ),
        (
            {"neuron__iDecay": 4097},
            "layer 0 (dense): neuron/iDecay = 4097; allowed: whole numbers from 0 to 4096.",
        ),
        (
            {"neuron__vDecay": [1, -1]},
            "layer 0 (dense): neuron/vDecay[1] = -1; allowed: whole numbers from 0 to 4096.",
        ),
        (
            {"neuron__vDecay": [1, 1, 1]},
            "layer 0 (dense): neuron/vDecay has 3 values; allowed: 1, 2 (one per channel) or 2.",
        ),
        (
            {"neuron__vThMant": 1 << 17},
            "layer 0 (dense): neuron/vThMant = 131072; allowed: whole numbers from 0 to 131071.",
        ),
        (
            {"neuron__refDelay": 2},
            "layer 0 (dense): neuron/refDelay = 2; allowed: 1, since lava-dl ignores other "
            "refractory periods.",
        ),
        (
            {"neuron__wgtExp": -1},
            "layer 0 (dense): neuron/wgtExp = -1; allowed: 0, since lava-dl ignores other "
            "exponents of weights.",
        ),
        (
            {"neuron__gradedSpike": True},
            "layer 0 (dense): neuron/gradedSpike = True; allowed: False, since LIF neurons "
            "send spikes without a payload.",
        ),
        (
            {"neuron__tau": 3},
            "layer 0 (dense): has a key 'neuron/tau'; known: bias, delay, inFeatures, "
            "neuron/gradedSpike, neuron/iDecay, neuron/messageBits, neuron/refDelay, "
            "neuron/scaleRho, neuron/tauRho, neuron/theta, neuron/vDecay, neuron/vThMant, "
            "neuron/weight_exp, neuron/wgtExp, outFeatures, shape, weight.",
        ),
        (
            {"mask": [1]},
            "layer 0 (dense): has a key 'mask'; known: bias, delay, inFeatures, "
            "neuron/gradedSpike, neuron/iDecay, neuron/messageBits, neuron/refDelay, "
            "neuron/scaleRho, neuron/tauRho, neuron/theta, neuron/vDecay, neuron/vThMant, "
            "neuron/weight_exp, neuron/wgtExp, outFeatures, shape, weight.",
        ),
        (
            {"weight": {"real": [[1]], "imag": [[1]]}},
            "layer 0 (dense): has complex weights (weight/imag); allowed: real weights.",
        ),
        (
            {"weight": [[4, 2, 0]]},
            "layer 0 (dense): weight has shape (1, 3); allowed: (2, inputs), as the layer "
            "has 2 neurons.",
        ),
        (
            {"weight": [[4, 2], [1.5, 0]]},
            "layer 0 (dense): weight[1, 0] = 1.5; allowed: whole numbers from -256 to 255.",
        ),
        (
            {"weight": [[4, 2], [np.nan, 0]]},
            "layer 0 (dense): weight[1, 0] = nan; allowed: whole numbers from -256 to 255.",
        ),
        (
            {"weight": [[4, 2], [np.inf, 0]]},
            "layer 0 (dense): weight[1, 0] = inf; allowed: whole numbers from -256 to 255.",
        ),
        (
            {"weight": [[256, 2], [0, 0]]},
            "layer 0 (dense): weight[0, 0] = 256; allowed: whole numbers from -256 to 255.",
        ),
        (
            {"weight": [[255, -2], [0, 0]]},
            "layer 0 (dense): weight[0, 0] = 255, which lava-dl would change in silence; "
            "allowed beside weights from -2 to 255: even numbers from -256 to 254, which 8 "
            "bits hold.",
        ),
        (
            {"weight": [[200, -2], [0, 3]]},
            "layer 0 (dense): weight[1, 1] = 3, which lava-dl would change in silence; "
            "allowed beside weights from -2 to 200: even numbers from -256 to 254, which 8 "
            "bits hold.",
        ),
        (
            {"weight": [[-256, -2], [0, 0]]},
            "layer 0 (dense): weight[0, 0] = -256, which lava-dl would change in silence; "
            "allowed beside weights from -256 to 0: whole numbers from -255 to 255, which "
            "8 bits hold.",
        ),
        ({"weight": "many"}, "layer 0 (dense): weight = 'many'; allowed: numbers."),
        (
            {"weight": np.zeros((0, 3))},
            "layer 0 (dense): weight has shape (0, 3); allowed: at least one value.",
        ),
        (
            {"bias": [1.0, 0.5]},
            "layer 0 (dense): bias[1] = 0.5; allowed: whole numbers from -4096 to 4095.",
        ),
        (
            {"delay": [63, 0]},
            "layer 0 (dense): delay[0] = 63; allowed: whole numbers from 0 to 62.",
        ),
        (
            {"shape": [2, 0]},
            "layer 0 (dense): shape[1] = 0; allowed: whole numbers from 1 to 2097152.",
        ),
        (
            {"shape": [2000, 2000]},
            "layer 0 (dense): shape = (2000, 2000); allowed: up to 3 dimensions and "
            "2097152 neurons.",
        ),
        (
            {"type": "dense_rec", "weight_rec": [[1]]},
            "layer 0 (dense_rec): weight_rec has shape (1, 1); allowed: (2, 2).",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_layer_key_and_value(tmp_path, keys, message):
    assert refusal(tmp_path, changed(DENSE, **keys)) == message


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"shape": [2, 3, 2]},
            "shape = (2, 3, 2); allowed: (2, 2, 2), which its kernel, stride, padding and "
            "dilation make of (1, 4, 4).",
        ),
        ({"stride": [0, 1]}, "stride[0] = 0; allowed: whole numbers from 1 to 4096."),
        ({"padding": [1, 1, 1]}, "padding has 3 values; allowed: 1 or 2, rows and columns."),
        (
            {"groups": 2},
            "weight has shape (2, 1, 3, 3) in 2 groups; allowed: (2, 1 / groups, rows, "
            "columns), as the layer goes from shape (1, 4, 4) to (2, 2, 2).",
        ),
        (
            {"weight": even(1, (3, 1, 3, 3))},
            "weight has shape (3, 1, 3, 3) in 1 groups; allowed: (2, 1 / groups, rows, "
            "columns), as the layer goes from shape (1, 4, 4) to (2, 2, 2).",
        ),
        (
            {"shape": [8]},
            "goes from shape (1, 4, 4) to (8,); allowed: (channels, rows, columns) for both.",
        ),
        (
            {"neuron__vThMant": [1, 2, 3]},
            "neuron/vThMant has 3 values; allowed: 1, 2 (one per channel) or 8.",
        ),
    ],
)
def test_a_convolution_that_does_not_fit_says_why(tmp_path, keys, message):
    told = refusal(tmp_path, IMAGE, changed(CONV, **keys))
    assert told == f"layer 1 (conv): {message}"


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            (IMAGE, IMAGE),
            "layer 1 (input): is not the first layer; allowed: an input layer as layer 0 only.",
        ),
        (
            (CONV,),
            "layer 0 (conv): is the first layer, and its file does not say the shape of "
            "its input; pass input_shape=(channels, rows, columns).",
        ),
        (
            (IMAGE, CONV, dense(1, 2, 8)),
            "layer 2 (dense): follows a layer of shape (2, 2, 2); allowed: a flatten "
            "between them, which says the order of its inputs.",
        ),
        (
            (IMAGE, CONV, FLAT, dense(1, 2, 9)),
            "layer 3 (dense): weight has shape (2, 9); allowed: (2, 8), as what comes in "
            "has shape (8,).",
        ),
        (
            (IMAGE, CONV, changed(FLAT, shape=[9])),
            "layer 2 (flatten): shape = (9,); allowed: 8 values, as (2, 2, 2) has.",
        ),
        (
            (DENSE, {"type": "average", "shape": [3]}),
            "layer 1 (average): shape = (3,); allowed: a divisor of the 2 neurons before it.",
        ),
        (
            (DENSE, {"type": "average", "shape": [1]}, dense(1, 1, 1)),
            "layer 2 (dense): follows an average; allowed: an average at the end.",
        ),
        ((FLAT,), "layer 0 (flatten): no layer has neurons; allowed: at least one."),
        (
            (DENSE, dense(1, 2, 2, neuron=GRADED)),
            "layer 1 (dense): mixes neurons of the type SDNN, whose spikes have payloads, "
            "with LIF neurons; allowed: one of them in all layers.",
        ),
    ],
)
def test_layers_that_do_not_fit_together_are_refused(tmp_path, layers, message):
    assert refusal(tmp_path, *layers) == message


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"neuron__activation": "sigmoid"},
            "neuron/activation = 'sigmoid'; allowed: 'relu', since lava-dl runs every "
            "layer of this type with relu.",
        ),
        (
            {"neuron__sigma_output": False},
            "neuron/sigma_output = False; allowed: 1, since the key marks a layer whose "
            "neurons send their sum.",
        ),
        (
            {"neuron__sigma_output": True, "bias": [1, 2]},
            "has a bias, which neurons with sigma_output do not add; remove it.",
        ),
    ],
)
def test_graded_neurons_of_another_kind_are_refused(tmp_path, keys, message):
    layer = {**DENSE, "neuron": GRADED}
    assert refusal(tmp_path, changed(layer, **keys)) == f"layer 0 (dense): {message}"


def test_a_network_is_described_layer_by_layer(tmp_path):
    path = stored(tmp_path / "a.net", IMAGE, CONV, FLAT, dense(2, 3, 8, delay=[0, 4, 1]))
    found = inspect_netx(path)
    assert found.runs
    assert str(found).splitlines() == [
        "layer      shape      neurons  weights  synapses  runs as",
        "input_0    1 x 4 x 4       16        0         0  LIF",
        "conv_1     2 x 2 x 2        8       18        72  LIF, kernel 3 x 3 shared",
        "flatten_2  8                0        0         0  no neurons",
        "dense_3    3                3       24        24  LIF, delays to 4 steps",
        "4 layers, 27 neurons, 42 weights for 96 synapses; runs",
    ]
    assert repr(found) == f"NetxDescription('{path}', 4 layers)"


def test_a_shape_that_is_none_is_refused_when_a_network_is_described(tmp_path):
    path = stored(tmp_path / "a.net", CONV)
    assert inspect_netx(path, input_shape=[1, 4, 4]).runs
    for given in ([1, 4.9, 4.9], "144", [1, 0, 4]):
        with pytest.raises(FrontendError, match=r"^netx: input_shape"):
            inspect_netx(path, input_shape=given)


def test_a_network_that_cannot_run_is_described_up_to_its_end(tmp_path):
    odd = changed(CONV, neuron__type="ALIF")
    found = inspect_netx(stored(tmp_path / "a.net", IMAGE, odd, FLAT, dense(2, 3, 8)))
    assert [row.runs for row in found.rows] == [True, False, True, True]
    assert found.rows[1].runs_as == "nothing: neuron/type = 'ALIF'; known: CUBA, LOIHI, SDNN"
    assert not found.runs
    assert str(found).splitlines()[-1] == (
        "4 layers, 19 neurons, 24 weights for 24 synapses; cannot run: layer 1 (conv): "
        "neuron/type = 'ALIF'; known: CUBA, LOIHI, SDNN"
    )
