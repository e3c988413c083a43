"""Networks of lava-dl read as real numbers: the spikes of their integers, but for truncation."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import Emulator, FrontendError, compile_network, simulate_reference

pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
pytest.importorskip("h5py", reason="needs the extra: neurochip[netx]")

from netx_files import LIF, conv, dense, even, stored

from neurochip import read_netx, read_netx_float

FORGETS = {**LIF, "iDecay": 4096, "vDecay": 4096}  # nothing is kept, so nothing is truncated
FRAMES = {"type": "input", "shape": [2, 6, 6]}


def both(path, *layers, steps=60, density=0.2):
    """The runs of the integers and of the real numbers of a file, on the same spikes."""
    stored(path, *layers)
    integers, real = read_netx(path), read_netx_float(path)
    shape = (steps, *integers.input_shape)
    spikes = (np.random.default_rng(5).random(shape) < density).astype(int)
    run = integers.run(spikes)
    return run, simulate_reference(real.network, real.stimulus(spikes), real.dt), real, spikes


def pairs(run, name):
    return set(zip(run.steps[name].tolist(), run.ids[name].tolist(), strict=True))


@pytest.mark.parametrize(
    "layers",
    [
        (dense(1, 6, 20, neuron=FORGETS), dense(2, 4, 6, neuron=FORGETS)),
        (dense(1, 6, 20, neuron=FORGETS, bias=[3, -2, 0, 40, 60, 1]),),
        (dense(1, 6, 20, neuron=FORGETS, delay=[0, 3, 1, 0, 5, 2]), dense(2, 4, 6, neuron=FORGETS)),
        (dense(1, 6, 20, type="dense_rec", weight_rec=even(3, (6, 6)), neuron=FORGETS),),
        (
            FRAMES,
            conv(1, [4, 4, 4], (4, 2, 3, 3), neuron=FORGETS),
            {"type": "flatten", "shape": [64]},
            dense(2, 3, 64, neuron=FORGETS),
        ),
        (
            FRAMES,
            conv(1, [4, 3, 3], (4, 1, 3, 3), stride=2, padding=1, groups=2, neuron=FORGETS),
            {"type": "flatten", "shape": [36]},
            dense(2, 3, 36, neuron=FORGETS),
        ),
    ],
    ids=["dense", "bias", "delay", "recurrent", "conv", "strided"],
)
def test_neurons_that_forget_spike_as_their_integers(tmp_path, layers):
    run, reference, *_ = both(tmp_path / "a.net", *layers)
    assert list(run.populations) == list(reference.populations)
    assert run.n_spikes > 20
    for name in run.populations:
        assert pairs(run, name) == pairs(reference, name)


def test_leaky_neurons_differ_by_truncation_only(tmp_path):
    layers = (dense(1, 20, 30), dense(2, 5, 20))
    run, reference, real, spikes = both(tmp_path / "a.net", *layers, steps=200)
    for name in run.populations:
        own, other = pairs(run, name), pairs(reference, name)
        assert len(own) > 50
        assert len(own & other) > 0.95 * max(len(own), len(other))
    # Compiled anew, the chip makes up for its truncation.
    image = compile_network(real.network, dt=real.dt, headroom=3.0)
    chip = Emulator(image).run(real.stimulus(spikes))
    assert len(pairs(chip, "dense_0") & pairs(reference, "dense_0")) > 0.99 * len(
        pairs(reference, "dense_0")
    )


def test_a_threshold_is_below_one_millivolt_and_a_step_what_is_asked_for(tmp_path):
    stored(tmp_path / "a.net", dense(1, 3, 4))
    model = read_netx_float(tmp_path / "a.net", dt=0.5)
    (cells,) = model.network.populations
    assert (model.dt, cells.name, model.outputs) == (0.5, "dense_0", ("dense_0",))
    assert cells.parameter("v_thresh").tolist() == 3 * [50 / 64]
    assert cells.parameter("tau_m").tolist() == pytest.approx(3 * [0.5 * 4096 / 128])


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            ({"type": "input", "shape": [4], "neuron": LIF}, dense(1, 2, 4)),
            "layer 0 (input) turns values of frames into biases, and a network takes spikes",
        ),
        (
            (dense(1, 2, 4, neuron={"type": "SDNN", "activation": "relu", "vThMant": 2}),),
            "layer 0 (dense) has neurons of the type SDNN, which send numbers and no spikes",
        ),
        (
            (dense(1, 2, 4, neuron={**LIF, "vDecay": 0}),),
            "layer 0 (dense) has a decay of 0, which is no time constant",
        ),
    ],
)
def test_what_float64_lacks_is_refused_by_its_layer(tmp_path, layers, message):
    path = stored(tmp_path / "a.net", *layers)
    with pytest.raises(FrontendError) as caught:
        read_netx_float(path)
    assert str(caught.value) == (
        f"{path}: {message}; read_netx runs its integers, and run_float of its result the same in "
        "float64."
    )


@pytest.mark.parametrize("dt", [0, -1.0, "x", None])
def test_a_wrong_step_is_named(tmp_path, dt):
    with pytest.raises(FrontendError, match=r"^netx: dt = "):
        read_netx_float(stored(tmp_path / "a.net", dense(1, 2, 4)), dt)
