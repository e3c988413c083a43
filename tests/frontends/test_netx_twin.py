"""The float twin of a lava-dl network: every kind of layer with real numbers."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import StimulusError, simulate_reference

pytest.importorskip("h5py", reason="needs the extra: neurochip[netx]")

from netx_files import GRADED, LIF, conv, dense, even, stored

from neurochip import read_netx

FORGETS = {**LIF, "iDecay": 4096, "vDecay": 4096}  # nothing is kept, so nothing is truncated
FRAMES = {"type": "input", "shape": [2, 6, 6]}
FLAT = {"type": "flatten", "shape": [36]}


def model_of(path, *layers, **options):
    return read_netx(stored(path, *layers), **options)


def spikes_for(model, steps=60, density=0.2):
    shape = (steps, *model.input_shape)
    return (np.random.default_rng(5).random(shape) < density).astype(int)


@pytest.mark.parametrize(
    "layers",
    [
        (dense(1, 6, 20, neuron=FORGETS), dense(2, 4, 6, neuron=FORGETS)),
        (dense(1, 6, 20, neuron=FORGETS, bias=[3, -2, 0, 40, 60, 1]),),
        (dense(1, 6, 20, neuron=FORGETS, delay=[0, 3, 1, 0, 5, 2]), dense(2, 4, 6, neuron=FORGETS)),
        (dense(1, 6, 20, type="dense_rec", weight_rec=even(3, (6, 6)), neuron=FORGETS),),
        (
            dense(
                1, 6, 20, type="dense_rec", weight_rec=even(3, (6, 6)), neuron=FORGETS,
                delay=[0, 3, 1, 0, 5, 2],
            ),
        ),
        (
            FRAMES,
            conv(1, [4, 3, 3], (4, 1, 3, 3), stride=2, padding=1, groups=2, neuron=FORGETS),
            FLAT,
            dense(2, 3, 36, neuron=FORGETS),
        ),
        (FRAMES, conv(1, [4, 2, 2], (4, 2, 3, 3), dilation=2, neuron=FORGETS)),
    ],
    ids=["dense", "bias", "delay", "recurrent", "late to itself", "strided", "dilated"],
)  # fmt: skip
def test_without_truncation_it_has_the_spikes_of_the_integers(tmp_path, layers):
    model = model_of(tmp_path / "a.net", *layers)
    spikes = spikes_for(model)
    run, floats = model.run(spikes), model.run_float(spikes)
    assert run.n_spikes > 20
    assert list(floats) == list(model.compartments)
    for name, found in floats.items():
        assert np.array_equal(found, model.values(run, name)), name


def test_leaky_neurons_spike_as_those_of_the_network_in_float64(tmp_path):
    """Read as a network of mV and ms, and run by the reference."""
    pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    from neurochip import read_netx_float

    layers = (dense(1, 20, 30, delay=np.arange(20) % 4), dense(2, 5, 20))
    path = stored(tmp_path / "a.net", *layers)
    model, network = read_netx(path), read_netx_float(path)
    spikes = spikes_for(model, 200)
    reference = simulate_reference(network.network, network.stimulus(spikes))
    for name, found in model.run_float(spikes).items():
        steps, ids = np.nonzero(found)
        assert len(steps) > 100
        assert np.array_equal(steps, reference.steps[name])
        assert np.array_equal(ids, reference.ids[name])


def plainly(model, frames, n_steps, hold, reset=None):
    """Dense layers step by step, with real numbers; ``reset`` is the interval of the first one."""
    layers = [item for item in model.layers if item.neuron is not None]
    sent = {item.name: np.zeros((n_steps, item.n_neurons)) for item in layers}
    state = [dict.fromkeys(("u", "v", "sigma", "act", "residue"), 0.0) for _ in layers]
    for step in range(n_steps):
        before = frames[step // hold] if step // hold < len(frames) else np.zeros(frames[0].size)
        for depth, (layer, now) in enumerate(zip(layers, state, strict=True)):
            neuron, arrived = layer.neuron, np.zeros(layer.n_neurons)
            if reset and step % reset == depth % reset:
                now.update(dict.fromkeys(now, 0.0))
            if layer.weight is not None and step:
                arrived = layer.weight @ sent[layers[depth - 1].name][step - 1]
            if neuron.model == "lif":
                direct = frames[min(step // hold, len(frames) - 1)]
                bias = direct if layer.weight is None else neuron.bias
                now["u"] = now["u"] * (1 - neuron.decay_u / 4096) + arrived
                now["v"] = now["v"] * (1 - neuron.decay_v / 4096) + now["u"] + bias
                fired = now["v"] > neuron.threshold
                now["v"] = np.where(fired, 0.0, now["v"])
                sent[layer.name][step] = fired
                continue
            if neuron.model == "delta":
                new = before
            else:
                now["sigma"] = now["sigma"] + arrived / 4096
                new = np.maximum(now["sigma"] + neuron.bias, 0.0)
            change = new - now["act"] + now["residue"]
            kept = np.where(abs(change) >= neuron.threshold, change, 0.0)
            now["residue"], now["act"] = change - kept, new
            sent[layer.name][step] = 64 * kept
    return sent


def test_sigma_delta_layers_send_real_changes(tmp_path):
    first = {"type": "input", "shape": [12], "neuron": {**GRADED}}
    layers = (
        first,
        dense(1, 9, 12, neuron=GRADED, bias=np.arange(9) - 4),
        dense(2, 5, 9, neuron=GRADED),
    )
    model = model_of(tmp_path / "a.net", *layers)
    frames = model.encode(np.random.default_rng(3).random((30, 12)), rounded=False)
    assert (frames % 1 != 0).any()
    floats, expected = model.run_float(frames), plainly(model, frames, 30, 1)
    assert [item.neuron.model for item in model.layers] == ["delta", "sigma_delta", "sigma_delta"]
    for name, found in floats.items():
        np.testing.assert_allclose(found, expected[name], rtol=0, atol=1e-6)
        assert np.count_nonzero(found) > 50
    whole = np.trunc(frames).astype(int)
    run, floats = model.run(whole), model.run_float(whole)
    assert np.array_equal(model.values(run, "dense_1"), np.trunc(floats["dense_1"]))


@pytest.mark.parametrize("reset", [None, 7])
def test_frames_are_biases_of_an_input_layer_of_lif_neurons(tmp_path, reset):
    layers = ({"type": "input", "shape": [12], "neuron": LIF}, dense(1, 6, 12), dense(2, 3, 6))
    model = model_of(tmp_path / "a.net", *layers, reset_interval=reset)
    frames = model.encode(np.random.default_rng(3).random((4, 12)))
    hold = 7
    floats = model.run_float(frames, 40, hold=hold)
    expected = plainly(model, frames, 40, hold, reset)
    for name, found in floats.items():
        assert np.array_equal(found, expected[name]), name
        assert found.any()


def test_an_average_is_one_more_layer(tmp_path):
    layers = (dense(1, 6, 20, neuron=FORGETS), {"type": "average", "shape": [3]})
    model = model_of(tmp_path / "a.net", *layers)
    spikes = spikes_for(model)
    floats, run = model.run_float(spikes), model.run(spikes)
    assert list(floats) == ["dense_0", "average_1"]
    assert np.array_equal(floats["average_1"], model.values(run))


def test_a_wrong_frame_is_named(tmp_path):
    model = model_of(tmp_path / "a.net", dense(1, 3, 4))
    with pytest.raises(StimulusError, match=r"^netx: frames\[1\] = nan; allowed: finite numbers"):
        model.run_float([[0.0, np.nan, 0.0, 0.0]])
    with pytest.raises(StimulusError, match=r"^netx: frames have shape \(2, 3\); allowed: \(4,\)"):
        model.run_float(np.zeros((2, 3)))
    with pytest.raises(StimulusError, match=r"^netx: n_steps = 0; allowed: "):
        model.run_float(np.zeros((2, 4)), 0)
