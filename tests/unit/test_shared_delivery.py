"""Convolutions in the engine for programs: a kernel delivers what its synapses one by one do."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from program_networks import INTEGRATOR, LEAKY_PAIR

from neurochip import LOIHI2, Emulator
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.emulator import engines
from neurochip.image import ChipImage, Compartments, Convolution, PeriodicReset, ProgramGroup
from neurochip.image.program import Synapses, program

WHO = "compartments"
SHAPES = [
    {"source_shape": (2, 6, 5), "target_shape": (3, 4, 3), "kernel": (3, 2, 3, 3)},
    {
        "source_shape": (4, 5, 6),
        "target_shape": (6, 3, 6),
        "kernel": (6, 2, 3, 2),
        "stride": (2, 1),
        "padding": (1, 1),
        "dilation": (1, 2),
        "groups": 2,
    },
    {"source_shape": (1, 1, 9), "target_shape": (70, 1, 5), "kernel": (70, 1, 1, 1), "stride": 2},
]


def convolution(rng, shape, sources, targets, **parts):
    """A convolution with a random kernel between some sources and compartments."""
    form = SynapseFormat(int(rng.integers(-3, 3)), 8, SignMode.MIXED)
    kernel = 2 * rng.integers(-60, 70, shape["kernel"])
    given = {name: value for name, value in shape.items() if name != "kernel"}
    return Convolution(
        sources=np.asarray(sources, np.int32),
        targets=np.asarray(targets, np.int32),
        kernel=kernel.astype(np.int16),
        format=form,
        **{**given, **parts},
    )


def image_of(seed, shape, shuffled=False):
    """Inputs, two layers of integrators and pairs, and single synapses beside the kernels."""
    rng = np.random.default_rng(seed)
    n, m = int(np.prod(shape["source_shape"])), int(np.prod(shape["target_shape"]))
    places = rng.permutation(n + 2 * m) if shuffled else np.arange(n + 2 * m)
    first, second, pairs = places[:n], places[n : n + m], places[n + m :]
    given = {"threshold": 3000}
    keep = {"keep": 3000, "bias": 100, "threshold": 50_000}
    groups = [
        ProgramGroup.fill(INTEGRATOR, np.sort(places[: n + m]), parameters=given),
        ProgramGroup.fill(LEAKY_PAIR, np.sort(pairs), parameters=keep),
    ]
    inner = {"source": "compartments", "sources": first}
    kernels = [
        convolution(rng, shape, source="inputs", sources=np.arange(n), targets=second),
        convolution(rng, shape, **inner, targets=second, delay=3),
        convolution(rng, shape, **inner, targets=pairs),
        convolution(rng, shape, **inner, targets=pairs, receptor=1, delay=1),
    ]
    single = Synapses("inputs", np.arange(n), first, 40, SignMode.MIXED)
    loop = Synapses("compartments", second, second[::-1], -30, SignMode.MIXED, delay=2)
    return program(
        LOIHI2,
        {},
        [single, loop],
        n_inputs=n,
        n_compartments=n + 2 * m,
        programs=groups,
        convolutions=kernels,
        resets=[PeriodicReset(np.sort(second).astype(np.int32), 11, 4)],
    )


def run(image, seed=1, n_steps=40):
    rng = np.random.default_rng(seed)
    steps, sources = np.nonzero(rng.random((n_steps, image.n_inputs)) < 0.2)
    payloads = rng.integers(1, 200, len(steps))
    emulator = Emulator(image, warn=False)
    options = {"payloads": payloads, "record": ["v"]}
    return emulator.run_steps(n_steps, steps, sources, **options)


def assert_same(one, other):
    for name in ("steps", "ids", "payloads"):
        assert np.array_equal(getattr(one, name)[WHO], getattr(other, name)[WHO]), name
    assert np.array_equal(one.trace(WHO).values, other.trace(WHO).values)
    assert one.counters == other.counters


@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled"])
@pytest.mark.parametrize("shape", SHAPES, ids=["plain", "all settings", "many channels"])
def test_a_kernel_delivers_what_its_synapses_do(shape, shuffled):
    for seed in range(3):
        image = image_of(seed, shape, shuffled)
        found = run(image)
        assert_same(found, run(image.unrolled()))
        assert found.n_spikes > 200
        steps, ids = found.steps[WHO], found.ids[WHO]
        same = steps[1:] == steps[:-1]
        assert (ids[1:][same] > ids[:-1][same]).all()


def test_a_run_with_kernels_is_that_of_its_synapses():
    shape = {**SHAPES[1], "source_shape": (4, 3, 4), "target_shape": (6, 2, 4)}
    image = image_of(4, shape)
    assert_same(run(image, n_steps=25), run(image.unrolled(), n_steps=25))


def test_a_run_with_kernels_goes_on_and_can_be_copied():
    image = image_of(5, SHAPES[1])
    whole = run(image)
    emulator = Emulator(image, warn=False)
    rng = np.random.default_rng(1)
    steps, sources = np.nonzero(rng.random((40, image.n_inputs)) < 0.2)
    given = (steps, sources)
    options = {"payloads": rng.integers(1, 200, len(steps)), "record": ["v"]}
    emulator.run_steps(17, *given, **options)
    other = copy.deepcopy(emulator)
    for each in (emulator, other):
        rest = each.run_steps(23, *given, **options)
        assert np.array_equal(rest.trace(WHO).values, whole.trace(WHO).values[17:])


def test_a_target_of_two_kernels_with_other_shapes_gets_both():
    rng = np.random.default_rng(2)
    line = {"source_shape": (1, 1, 9), "target_shape": (9, 1, 4), "kernel": (9, 1, 1, 3)}
    square = {"source_shape": (1, 3, 3), "target_shape": (4, 3, 3), "kernel": (4, 1, 1, 1)}
    kernels = [
        convolution(rng, {**line, "stride": 2}, np.arange(9), np.arange(36), source="inputs"),
        convolution(rng, square, np.arange(9), rng.permutation(36), source="inputs"),
    ]
    group = ProgramGroup.fill(INTEGRATOR, range(36), parameters={"threshold": 5000})
    image = program(
        LOIHI2, {}, n_inputs=9, n_compartments=36, programs=[group], convolutions=kernels
    )
    assert_same(run(image), run(image.unrolled()))


def test_a_stride_takes_every_other_column_of_a_kernel():
    rng = np.random.default_rng(6)
    shape = {"source_shape": (1, 1, 20), "target_shape": (3, 1, 7), "kernel": (3, 1, 1, 8)}
    kernel = convolution(
        rng, {**shape, "stride": (1, 2)}, np.arange(20), np.arange(21), source="inputs"
    )
    group = ProgramGroup.fill(INTEGRATOR, range(21), parameters={"threshold": 5000})
    image = program(
        LOIHI2, {}, n_inputs=20, n_compartments=21, programs=[group], convolutions=[kernel]
    )
    assert_same(run(image, n_steps=20), run(image.unrolled(), n_steps=20))


def test_large_convolutions_of_plain_neurons_run_with_their_kernels(monkeypatch):
    rng = np.random.default_rng(3)
    size = int(np.prod(SHAPES[0]["target_shape"]))
    n = int(np.prod(SHAPES[0]["source_shape"]))
    kernel = convolution(rng, SHAPES[0], np.arange(n), np.arange(size), source="inputs")
    image = ChipImage(
        chip=LOIHI2,
        core_ptr=np.array([0, size]),
        compartments=Compartments.fill(LOIHI2.core, size, threshold_mantissa=20, decay_v=200),
        n_inputs=n,
        convolutions=(kernel,),
    )
    steps, sources = np.nonzero(rng.random((50, n)) < 0.2)
    runs = []
    for most in (0, 1 << 22):
        monkeypatch.setattr(engines, "_MOST_UNROLLED", most)
        emulator = Emulator(image, warn=False)
        runs.append(emulator.run_steps(50, steps, sources, record=["u", "v"]))
        kind = type(emulator._engine).__name__
        assert kind == ("CpuEngine" if most else "ProgrammedEngine")
    for variable in ("u", "v"):
        first, second = (each.trace(WHO, variable).values for each in runs)
        assert np.array_equal(first, second)
    assert runs[0].n_spikes == runs[1].n_spikes > 20
