"""A Conv2d between neurons keeps its shape, so that a chip can store its kernel once."""

from __future__ import annotations

import numpy as np
import pytest
from nir_graphs import DT, chain, integrator, nir

from compiler import compile_network
from neurochip import LOIHI2, Emulator, draw_stimulus, read_nir

KERNEL = np.random.default_rng(1).normal(size=(3, 2, 3, 3))


def read(*nodes):
    model = read_nir(chain((2, 6, 6), *nodes), DT, reset="value")
    return [connection.convolution for connection in model.network.connections]


@pytest.mark.parametrize(
    ("padding", "stride", "shape"),
    [(1, 2, (3, 3, 3)), (0, 1, (3, 4, 4)), ("same", 1, (3, 6, 6)), ("valid", 1, (3, 4, 4))],
)
def test_a_convolution_between_two_layers_of_neurons_has_its_shape(padding, stride, shape):
    conv = nir.Conv2d((6, 6), KERNEL, stride, padding, 1, 1, np.ones(3))
    (found,) = read(conv, integrator(shape))
    assert found.target_shape == shape
    assert (found.source_shape, found.kernel_shape) == ((2, 6, 6), (3, 2, 3, 3))


@pytest.mark.parametrize("kind", [nir.SumPool2d, nir.AvgPool2d])
def test_a_pool_before_a_convolution_enlarges_its_kernel(kind):
    pool = kind(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    conv = nir.Conv2d((3, 3), KERNEL[..., :2, :2], 1, 0, 1, 1, np.ones(3))
    (found,) = read(pool, conv, integrator((3, 2, 2)))
    assert (found.kernel_shape, found.stride) == ((3, 2, 4, 4), (2, 2))


def test_other_nodes_between_neurons_leave_no_shape():
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    scale = nir.Scale(np.full((3, 4, 4), 2.0))
    conv = nir.Conv2d((6, 6), KERNEL, 1, 0, 1, 1, np.ones(3))
    assert read(conv, scale, integrator((3, 4, 4))) == [None]
    assert read(pool, integrator((2, 3, 3))) == [None]
    uneven = nir.Conv2d((6, 6), KERNEL[..., :2, :2], 1, "same", 1, 1, np.ones(3))
    assert read(uneven, integrator((3, 6, 6))) == [None]


@pytest.mark.parametrize(("size", "padding", "shared"), [(6, 1, True), (7, 0, True), (7, 1, False)])
def test_a_kernel_behind_a_pool_is_shared_where_it_says_all(size, padding, shared):
    # A pool leaves out the last row of 7, but a padded kernel would reach it.
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    conv = nir.Conv2d((3, 3), KERNEL, 1, padding, 1, 1, np.zeros(3))
    out = 1 + 2 * padding
    model = read_nir(
        chain((2, size, size), pool, conv, integrator((3, out, out))), DT, reset="value"
    )
    image = compile_network(model.network, chip=LOIHI2, dt=model.dt)
    assert bool(image.convolutions) == shared
    single = compile_network(model.network, chip=LOIHI2.what_if(kernels_shared=False), dt=model.dt)
    assert image.unrolled().n_synapses == single.n_synapses
    stimulus = draw_stimulus(model.network, 2000 * model.dt, seed=3)
    runs = [Emulator(each, warn=False).run(stimulus) for each in (image, single)]
    assert np.array_equal(*(each.ids["c"] for each in runs))
    assert runs[0].n_spikes > 50


def test_a_graph_of_convolutions_is_compiled_with_its_kernels():
    layers = [
        nir.Conv2d((6, 6), KERNEL, 1, 1, 1, 1, np.zeros(3)),
        integrator((3, 6, 6)),
        nir.Conv2d((6, 6), KERNEL[:2, :1].repeat(3, axis=1), 2, 1, 1, 1, np.zeros(2)),
        integrator((2, 3, 3)),
    ]
    model = read_nir(chain((2, 6, 6), *layers), DT, reset="value")
    image = compile_network(model.network, chip=LOIHI2, dt=model.dt)
    assert {item.kernel.shape for item in image.convolutions} == {(3, 2, 3, 3), (2, 3, 3, 3)}
    assert image.synapses == ()
