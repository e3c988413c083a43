"""Connections with the shape of a convolution: a kernel is stored once where it says all."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from compiler import compile_network, explain_fit
from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    ConvolutionShape,
    Emulator,
    Network,
    PoissonInput,
    Population,
    attribute,
    convolution,
    draw_stimulus,
    from_arrays,
)
from neurochip.errors import AnalysisError, NetworkError
from neurochip.image.files import load_image, save_image
from neurochip.packing.budget import core_usage

SHAPE = ConvolutionShape((2, 6, 5), (4, 3, 4), (4, 1, 3, 2), (2, 1), (1, 0), (1, 1), 2)
KERNEL = np.random.default_rng(3).normal(0.5, 1.0, SHAPE.kernel_shape)
UNSHARED = LOIHI2.what_if(kernels_shared=False)


def pairs(shape):
    """All synapses of a convolution by its definition: source, target, entry of the kernel."""
    (_, height, width), (out, rows, columns) = shape.source_shape, shape.target_shape
    found = []
    for k, y, x in np.ndindex(out, rows, columns):
        for c, i, j in np.ndindex(shape.kernel_shape[1:]):
            channel = k // (out // shape.groups) * shape.kernel_shape[1] + c
            row = y * shape.stride[0] - shape.padding[0] + i * shape.dilation[0]
            column = x * shape.stride[1] - shape.padding[1] + j * shape.dilation[1]
            if 0 <= row < height and 0 <= column < width:
                source = (channel * height + row) * width + column
                target = (k * rows + y) * columns + x
                found.append(
                    (source, target, np.ravel_multi_index((k, c, i, j), shape.kernel_shape))
                )
    return np.array(found).T


PRE, POST, ENTRY = pairs(SHAPE)
WEIGHT = KERNEL.ravel()[ENTRY]


def network(*, weight=WEIGHT, delay=1.0, keep=slice(None), **neurons):
    source = PoissonInput("in", SHAPE.n_sources, 100.0)
    values = {"tau_m": 20.0, "v_thresh": 5.0, "v_reset": 0.0, "v_rest": 0.0}
    model = LIF(**(values | neurons))
    target = Population("out", SHAPE.n_targets, model)
    given = from_arrays(source, target, PRE[keep], POST[keep], weight=weight[keep], delay=delay)
    shaped = dataclasses.replace(given, convolution=SHAPE)
    return Network(inputs=[source], populations=[target], connections=[shaped])


@pytest.mark.parametrize(
    "shape",
    [
        SHAPE,
        ConvolutionShape((3, 5, 6), (2, 3, 4), (2, 3, 3, 3)),
        ConvolutionShape((2, 7, 7), (4, 3, 3), (4, 2, 3, 3), (2, 2), (1, 1), (2, 2)),
    ],
)
def test_each_synapse_has_the_entry_of_its_definition(shape):
    pre, post = (part.ravel() for part in np.indices((shape.n_sources, shape.n_targets)))
    entries = shape.entries(pre, post).reshape(shape.n_sources, shape.n_targets)
    source, target, entry = pairs(shape)
    assert np.array_equal(entries[source, target], entry)
    entries[source, target] = -1
    assert (entries == -1).all()
    uses = np.bincount(entry, minlength=np.prod(shape.kernel_shape)).reshape(shape.kernel_shape)
    assert np.array_equal(uses, np.broadcast_to(shape.places(), shape.kernel_shape))


def test_a_convolution_connects_all_pairs_of_its_definition():
    source, target = PoissonInput("in", 60, 1.0), Population("out", 48, LIF(tau_m=20.0))
    made = convolution(
        source, target, KERNEL, (2, 6, 5), stride=(2, 1), padding=(1, 0), groups=2, delay=2.0
    )
    assert made.convolution == SHAPE
    assert made.delay == 2.0
    found = sorted(zip(made.pre.tolist(), made.post.tolist(), made.weight.tolist(), strict=True))
    assert found == sorted(zip(PRE.tolist(), POST.tolist(), WEIGHT.tolist(), strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"kernel": np.ones((4, 2, 3, 3))},
            "connection 'in->out': a convolution from (2, 6, 5) to (4, 4, 3); allowed: shapes of "
            "61 sources and 48 targets.",
        ),
        (
            {"kernel": np.ones((4, 2, 7, 3))},
            "convolution shape: kernel_shape = (4, 2, 7, 3); allowed: a kernel that fits the "
            "padded sources of shape (2, 6, 5).",
        ),
        (
            {"kernel": "ones"},
            "connection 'in->out': kernel = 'ones'; allowed: an array of numbers, (channels out, "
            "channels in / groups, rows, columns).",
        ),
        (
            {"kernel": np.ones((4, 2, 3, 3)), "stride": 0},
            "convolution shape: stride = 0; allowed: 2 integers of at least 1.",
        ),
        (
            {"kernel": np.ones((4, 2, 3))},
            "convolution shape: kernel_shape = (4, 2, 3); allowed: 4 integers of at least 1.",
        ),
    ],
)
def test_convolutions_that_do_not_fit_are_refused(arguments, message):
    source, target = PoissonInput("in", 61, 1.0), Population("out", 48, LIF(tau_m=20.0))
    with pytest.raises(NetworkError) as caught:
        convolution(source, target, source_shape=(2, 6, 5), **arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize("delay", [0.0, 3.0])
def test_a_chip_that_stores_kernels_once_gets_one(delay):
    image = compile_network(network(delay=delay), chip=LOIHI2, dt=1.0)
    (shared,) = image.convolutions
    assert image.synapses == ()
    assert shared.kernel.shape == SHAPE.kernel_shape
    assert shared.delay == delay
    assert [item.connection for item in image.symbols.synapses] == ["in->out"]


@pytest.mark.parametrize("chip", [LOIHI, UNSHARED])
def test_other_chips_get_every_synapse(chip):
    image = compile_network(network(), chip=chip, dt=1.0)
    assert image.convolutions == ()
    assert image.n_synapses == len(PRE)


def test_a_kernel_gives_the_spikes_of_its_synapses(tmp_path):
    stimulus = draw_stimulus(network(), 300.0, seed=4)
    images = [compile_network(network(), chip=chip, dt=1.0) for chip in (LOIHI2, UNSHARED)]
    images += [images[0].unrolled(), load_image(save_image(images[0], tmp_path / "a.npz"))]
    first, *others = (Emulator(image).run(stimulus, record=["v"]) for image in images)
    assert first.n_spikes > 100
    for other in others:
        assert np.array_equal(first.ids["out"], other.ids["out"])
        assert np.array_equal(first.steps["out"], other.steps["out"])
        assert np.array_equal(first.trace("out").values, other.trace("out").values)


def test_the_report_counts_a_kernel_as_the_image_does():
    image = compile_network(network(), chip=LOIHI2, dt=1.0)
    usage, _ = core_usage(image)
    used = {name: image.report.resources[name][0] for name in ("synaptic_words", "memory_words")}
    assert used == {name: int(usage[name].max()) for name in used}
    unshared = compile_network(network(), chip=UNSHARED, dt=1.0)
    assert used["synaptic_words"] < unshared.report.resources["synaptic_words"][0]


def test_fewer_weight_bits_let_a_kernel_fit_fewer_cores():
    shape = ConvolutionShape((1, 3, 3), (16, 1, 1), (16, 1, 3, 3))
    pre, post, entry = pairs(shape)
    source = PoissonInput("in", 9, 100.0)
    target = Population("out", 16, LIF(tau_m=20.0))
    weight = np.random.default_rng(5).normal(0.5, 1.0, 16 * 9)[entry]
    given = from_arrays(source, target, pre, post, weight=weight, delay=1.0)
    shaped = dataclasses.replace(given, convolution=shape)
    small = LOIHI2.what_if(name="small", synaptic_words=10, cores=1)
    report = explain_fit(
        Network(inputs=[source], populations=[target], connections=[shaped]), small, 1.0
    )
    cores = {row.change: row.cores for row in report.rows}
    assert cores[""] == 2  # 9 rows of 16 weights take two words each
    assert cores["weights of 4 bits, not 8"] == 1  # and one word with 4 bits


@pytest.mark.parametrize(
    "given",
    [
        network(weight=np.where(np.arange(len(ENTRY)) == 7, 9.0, WEIGHT)),
        network(keep=np.arange(len(ENTRY)) != 7),
        network(delay=np.where(np.arange(len(ENTRY)) == 7, 3.0, 1.0)),
        network(v_thresh=np.linspace(5.0, 50.0, SHAPE.n_targets)),
    ],
    ids=["another weight", "a missing synapse", "another delay", "scales of their own"],
)
def test_synapses_that_share_no_kernel_are_stored_one_by_one(given):
    image = compile_network(given, chip=LOIHI2, dt=1.0)
    assert image.convolutions == ()
    assert image.n_synapses == given.connections[0].n_synapses


def test_weights_of_zero_may_be_missing():
    weight = np.where(ENTRY == 3, 0.0, WEIGHT)
    image = compile_network(network(weight=weight, keep=ENTRY != 3), chip=LOIHI2, dt=1.0)
    assert image.convolutions[0].kernel.ravel()[3] == 0


def test_attribution_reads_weights_from_a_kernel():
    chip = LOIHI2.what_if(exponent_on_sum=False)
    given = network()
    found = [
        attribute(given, draw_stimulus(given, 200.0, seed=2), chip=each, dt=1.0)
        for each in (chip, chip.what_if(kernels_shared=False))
    ]
    alone = [[(item.source, item.metric, item.alone) for item in each.effects] for each in found]
    assert alone[0] == alone[1]
    unexplained = [item.alone for item in found[0].effects if item.source == "unexplained"]
    assert unexplained == pytest.approx([0.0] * len(unexplained), abs=1e-9)


def test_attribution_refuses_kernels_whose_sums_are_shifted():
    image = compile_network(network(), chip=LOIHI2, dt=1.0)
    (shared,) = image.convolutions
    form = dataclasses.replace(shared.format, weight_exponent=-4)
    shifted = dataclasses.replace(image, convolutions=(dataclasses.replace(shared, format=form),))
    with pytest.raises(AnalysisError, match="shifts sums of synapses"):
        attribute(network(), draw_stimulus(network(), 50.0, seed=1), image=shifted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"target_shape": (4, 3, 3)},
            "convolution shape: target_shape = (4, 3, 3); allowed: what kernel_shape (4, 1, 3, 2) "
            "in 2 groups makes of (2, 6, 5).",
        ),
        (
            {"groups": 3},
            "convolution shape: target_shape = (4, 3, 4); allowed: what kernel_shape (4, 1, 3, 2) "
            "in 3 groups makes of (2, 6, 5).",
        ),
        (
            {"stride": (0, 1)},
            "convolution shape: stride = (0, 1); allowed: 2 integers of at least 1.",
        ),
        (
            {"source_shape": (2, 6)},
            "convolution shape: source_shape = (2, 6); allowed: 3 integers of at least 1.",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(change, message):
    with pytest.raises(NetworkError) as caught:
        dataclasses.replace(SHAPE, **change)
    assert str(caught.value) == message


def test_a_connection_has_the_sizes_of_its_shape():
    source, target = PoissonInput("in", 60, 1.0), Population("out", 10, LIF(tau_m=20.0))
    given = from_arrays(source, target, [0], [0], weight=1.0)
    with pytest.raises(NetworkError) as caught:
        dataclasses.replace(given, convolution=SHAPE)
    assert str(caught.value) == (
        "connection 'in->out': convolution from (2, 6, 5) to (4, 3, 4); allowed: shapes of 60 "
        "sources and 10 targets, as the connection has."
    )
    with pytest.raises(NetworkError) as caught:
        dataclasses.replace(given, convolution=(3, 3))
    assert str(caught.value) == (
        "connection 'in->out': convolution = (3, 3); allowed: a ConvolutionShape(...), or None."
    )
