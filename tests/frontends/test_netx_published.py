"""Networks and arrays of lava-dl's own tests: 0 values differ.

The files are those of lava-dl's repository (``tests/lava/lib/dl/netx`` and its tutorials, BSD-3).
``NEUROCHIP_LAVA_DL`` is their folder; without it, a folder beside the project is tried.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from netx_files import h5py

from neurochip import LOIHI, inspect_netx, read_netx

assert h5py
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "loihi2"
FOLDER = Path(os.environ.get("NEUROCHIP_LAVA_DL", BESIDE))
WHOLE = ("iris", "mnist", "oxford", "recurrent_example", "tiny", "pilotnet_lif", "pilotnet_sdnn")


def found(name):
    """Path of a file of lava-dl; skips the test if it is missing."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{name} not found; set NEUROCHIP_LAVA_DL to its folder")
    return path


def in_steps(array):
    """Arrays of lava-dl have the axes x, y, channel, step; here step, channel, y, x."""
    return np.asarray(array, dtype=np.int64).transpose(3, 2, 1, 0)


@pytest.mark.slow
def test_pilotnet_with_lif_neurons_gives_every_stored_spike_current_and_voltage():
    model = read_netx(found("pilotnet_lif.net"), reset_interval=17, within_limits=False)
    with np.load(found("pilotnet_lif.npz")) as stored:
        arrays = dict(stored)
    image = arrays["image"].transpose(2, 1, 0).astype(np.int64)
    recording = model.run(image, 24, record=["u", "v"])
    names = {"input": "input_0", "conv_0": "conv_1", "conv_1": "conv_2", "conv_2": "conv_3"}
    wrong, values = {}, 0
    for name, layer in names.items():
        expected = {"spikes": in_steps(arrays[name])}
        if f"{name}_u" in arrays:
            expected["u"] = in_steps(arrays[f"{name}_u"])
            # v is 128 in the step of a spike, which stands for the 0 that it is set to.
            spikes, v = expected["spikes"], in_steps(arrays[f"{name}_v"])
            expected["v"] = np.where(spikes, 0, v)
        for variable, truth in expected.items():
            wrong[name, variable] = int((model.values(recording, layer, variable) != truth).sum())
            values += truth.size
    assert wrong == dict.fromkeys(wrong, 0)
    assert values == 5_260_896


@pytest.mark.slow
def test_pilotnet_with_sigma_delta_neurons_gives_every_stored_sum_and_output():
    model = read_netx(found("pilotnet_sdnn.net"))
    with np.load(found("pilotnet_sdnn.npz")) as stored:
        arrays = dict(stored)
    recording = model.run(in_steps(arrays["input"]), 20, hold=20, record=["sigma"])
    assert np.array_equal(model.values(recording, "input_0"), in_steps(arrays["act0"]))
    for name, layer in (("sigma1", "conv_1"), ("sigma2", "conv_2")):
        sums = model.values(recording, layer, "sigma")
        assert np.array_equal(sums, in_steps(arrays[name])), name
    assert model.values(recording)[:9].ravel().tolist() == arrays["output"].ravel().tolist()


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_networks_of_lava_dl_are_described_and_run(name):
    path = found(f"{name}.net")
    assert inspect_netx(path).runs
    model = read_netx(path, within_limits=not name.startswith("pilotnet"))
    rng = np.random.default_rng(1)
    if model.layers[0].kind == "input":
        recording = model.run(model.encode(rng.random(model.input_shape)), 12, hold=12)
    else:
        recording = model.run(rng.random((50, *model.input_shape)) < 0.2)
    assert recording.n_spikes > 0


def test_small_networks_of_lava_dl_run_on_the_first_generation():
    for name in ("iris", "mnist", "oxford", "recurrent_example", "tiny"):
        assert read_netx(found(f"{name}.net"), chip=LOIHI).image.chip is LOIHI


@pytest.mark.slow
def test_a_kernel_of_pilotnet_is_stored_once():
    model = read_netx(found("pilotnet_lif.net"), within_limits=False)
    kernels = sum(item.kernel.size for item in model.image.convolutions)
    dense = sum(item.n_synapses for item in model.image.synapses)
    assert kernels == 88_488
    assert kernels + dense < 350_000 < 13_900_000 < model.image.n_synapses


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pilotnet_sdnn", "pilotnet_lif", "tiny"])
def test_the_first_layers_hardly_differ_from_their_float_twin(name):
    model = read_netx(found(f"{name}.net"), within_limits=False)
    given = model.encode(np.random.default_rng(0).random((6, *model.input_shape)))
    run, floats = model.run(given), model.run_float(given)
    for layer, values in list(floats.items())[:3]:
        differing = np.count_nonzero(abs(values - model.values(run, layer)) >= 1)
        assert differing <= (0.001 * values.size if layer != "input_0" else 0)
        assert values.any()
