"""Layers of lava-dl with their synapses: every stored output of the engine's own delivery.

The arrays are those of lava-dl's tests (BSD-3; see ``programs/README.md``). The emulator gets
spikes and weights; the vectors of neuron programs get sums instead.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conformance.images import THREADS

from neurochip import LOIHI, LOIHI2, Convolution, Emulator, PeriodicReset, ProgramGroup
from neurochip.chip.registers import SynapseFormat
from neurochip.image.program import SignMode, Synapses, program
from neurochip.programs import PROGRAMS

WHO = "compartments"
LIF = {"keep_u": 0, "vmin": 1 - 2**23, "vmax": 2**23 - 1, "refractory": 1}


@pytest.fixture(scope="module")
def arrays():
    with np.load(Path(__file__).parent / "lava_dl_networks.npz") as stored:
        return dict(stored)


def dense(weights):
    """All synapses of a matrix (targets, inputs), those of weight 0 left out."""
    target, pre = np.nonzero(weights)
    mantissa = weights[target, pre]
    return Synapses("inputs", pre=pre, target=target, mantissa=mantissa, sign_mode=SignMode.MIXED)


def group(name, n, parameters):
    neuron = PROGRAMS[name](LOIHI2.core)
    return ProgramGroup.fill(neuron, np.arange(n, dtype=np.int32), parameters=parameters)


def sent(recording, n_steps, n):
    grid = np.zeros((n_steps, n), dtype=int)
    grid[recording.steps[WHO], recording.ids[WHO]] = recording.payloads.get(WHO, 1)
    return grid


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("neurons", ["of the core", "with a program"])
def test_a_dense_layer_gives_all_512_000_outputs(arrays, neurons, threads):
    weights, wanted = arrays["dense_weight"], arrays["dense_out"].T
    n_steps, n = wanted.shape
    if neurons == "of the core":
        registers = {"decay_u": 4095, "decay_v": 415, "threshold_mantissa": 6, "refractory": 1}
        registers = {name: np.full(n, value) for name, value in registers.items()}
        image = program(LOIHI, registers, [dense(weights)], n_inputs=weights.shape[1])
    else:
        parameters = {**LIF, "keep_v": 4096 - 415, "bias": 0, "threshold": 6 << 6}
        image = program(
            LOIHI2,
            {},
            [dense(weights)],
            n_inputs=weights.shape[1],
            n_compartments=n,
            programs=[group("lif", n, parameters)],
        )
    inputs, steps = np.nonzero(arrays["dense_in"])
    recording = Emulator(image, threads=threads).run_steps(n_steps, steps, inputs)
    found = sent(recording, n_steps, n)
    assert (found.size, found.sum(), (found != wanted).sum()) == (512_000, 1826, 0)


@pytest.mark.parametrize("threads", THREADS)
def test_a_convolution_gives_all_currents_and_spikes(arrays, threads):
    spikes = arrays["tiny_lif_input"][0].transpose(3, 0, 2, 1)[1:]  # step, channel, x, y
    # Lava's convolution flips its kernels; this one is stored as Lava wants it.
    kernel = arrays["tiny_lif_layer1_kernel"].transpose(0, 3, 1, 2)[:, :, ::-1, ::-1]
    wanted, current = (
        arrays[f"tiny_lif_{name}"][0].transpose(3, 0, 2, 1).reshape(16, -1).astype(int)
        for name in ("layer1", "current")
    )
    n, n_inputs = wanted.shape[1], spikes[0].size
    bias = np.repeat(arrays["tiny_lif_layer1_bias"].astype(int) << 6, 36)
    parameters = {**LIF, "keep_v": 3072, "bias": bias, "threshold": 25 << 6}
    compartments = np.arange(n, dtype=np.int32)
    shared = Convolution(
        source="inputs",
        sources=np.arange(n_inputs, dtype=np.int32),
        targets=compartments,
        source_shape=(3, 16, 16),
        target_shape=(24, 6, 6),
        kernel=np.ascontiguousarray(kernel, dtype=np.int16),
        format=SynapseFormat(0, 8, SignMode.MIXED),
        stride=(2, 2),
    )
    image = program(
        LOIHI2,
        {},
        n_inputs=n_inputs,
        n_compartments=n,
        programs=[group("lif", n, parameters)],
        resets=[PeriodicReset(compartments, 16, 1)],  # the test sets the state to 0 after step 0
        convolutions=[shared],
    )
    steps, inputs = np.nonzero(spikes.reshape(len(spikes), -1))
    recording = Emulator(image, threads=threads).run_steps(16, steps, inputs, record=["u"])
    assert (recording.trace(WHO, "u").values == current << 6).all()
    assert (sent(recording, 16, n)[1:] == wanted[1:]).all()
    assert wanted.sum() == 1633


@pytest.mark.parametrize("threads", THREADS)
def test_a_dense_layer_of_sums_gives_all_values(arrays, threads):
    weights, wanted = arrays["tiny_sdnn_layer2_weight"], arrays["tiny_sdnn_layer2"].T
    n_steps, n = wanted.shape
    image = program(
        LOIHI2,
        {},
        [dense(weights)],
        n_inputs=weights.shape[1],
        n_compartments=n,
        programs=[group("sigma", n, {})],
    )
    # In this test of lava-dl a spike counts 1, whatever it carries.
    inputs, steps = np.nonzero(arrays["tiny_sdnn_layer1"].reshape(-1, n_steps))
    recording = Emulator(image, threads=threads).run_steps(n_steps, steps, inputs)
    assert (sent(recording, n_steps, n) == wanted).all()
    assert wanted.any()


@pytest.mark.parametrize("threads", THREADS)
def test_two_layers_of_pilotnet_give_all_sums_of_graded_spikes(arrays, threads):
    messages, *sums = (
        arrays[f"pilotnet_sdnn_{name}"].transpose(3, 2, 1, 0).astype(int)
        for name in ("act0", "sigma1", "sigma2")
    )
    n_steps, n_inputs = len(messages), messages[0].size
    shapes = [each.shape[1:] for each in (messages, *sums)]
    ends = np.cumsum([each[0].size for each in sums])
    places = [np.arange(n_inputs), np.arange(ends[0]), np.arange(*ends)]
    groups, shared = [], []
    neuron = PROGRAMS["sigma_delta"](LOIHI2.core)
    for layer, threshold in ((1, 13), (2, 0)):
        compartments = places[layer].astype(np.int32)
        bias = arrays[f"pilotnet_sdnn_bias{layer}"] << 12
        parameters = {"threshold": threshold << 12, "state_exponent": 6}
        parameters["bias"] = np.repeat(bias, np.prod(shapes[layer][1:]))
        groups.append(ProgramGroup.fill(neuron, compartments, parameters=parameters))
        shared.append(
            Convolution(
                source="inputs" if layer == 1 else "compartments",
                sources=places[layer - 1].astype(np.int32),
                targets=compartments,
                source_shape=shapes[layer - 1],
                target_shape=shapes[layer],
                kernel=arrays[f"pilotnet_sdnn_kernel{layer}"],
                format=SynapseFormat(0, 8, SignMode.MIXED),
                stride=(2, 2),
            )
        )
    image = program(
        LOIHI2,
        {},
        n_inputs=n_inputs,
        n_compartments=int(ends[-1]),
        programs=groups,
        convolutions=shared,
    )
    flat = messages.reshape(n_steps, -1)
    steps, inputs = np.nonzero(flat)
    recording = Emulator(image, threads=threads).run_steps(
        n_steps, steps, inputs, payloads=flat[steps, inputs], record=["sigma"]
    )
    found = recording.trace(WHO, "sigma").values
    wanted = np.concatenate([each.reshape(n_steps, -1) for each in sums], axis=1)
    assert (found.size, int((found != wanted).sum())) == (376_320 + 120_960, 0)
