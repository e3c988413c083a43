"""Linear nodes as sparse matrices give what their definition gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nir_graphs import linear, nir, node_of
from nir_numpy import layer

from neurochip.errors import FrontendError
from neurochip.frontends.nir.linear import transform

small = st.integers(1, 3)


def apply(node, x):
    """What a node makes of an array, as the reader has it; shape and flat values."""
    ours = transform(node_of(node), x.shape)
    return ours.shape, ours.build() @ x.ravel() + ours.bias


def assert_same(node, x):
    shape, flat = apply(node, x)
    theirs = layer(node, x)
    assert shape == theirs.shape
    assert np.abs(flat - theirs.ravel()).max() < 1e-12 * max(1, np.abs(theirs).max())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_convolution_in_two_dimensions(data):
    groups, per_in, per_out = (data.draw(small) for _ in range(3))
    kernel, stride, dilation = ((data.draw(small), data.draw(small)) for _ in range(3))
    padding = (data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2)))
    size = tuple(
        d * (k - 1) + data.draw(st.integers(1, 5)) for k, d in zip(kernel, dilation, strict=True)
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    weight = rng.normal(size=(groups * per_out, per_in, *kernel))
    bias = rng.normal(size=groups * per_out)
    node = nir.Conv2d(size, weight, stride, padding, dilation, groups, bias)
    assert_same(node, rng.normal(size=(groups * per_in, *size)))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_convolution_in_one_dimension(data):
    groups, per_in, per_out, kernel, stride, dilation = (data.draw(small) for _ in range(6))
    size = dilation * (kernel - 1) + data.draw(st.integers(1, 6))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    weight = rng.normal(size=(groups * per_out, per_in, kernel))
    padding, bias = data.draw(st.integers(0, 2)), rng.normal(size=groups * per_out)
    node = nir.Conv1d(size, weight, stride, padding, dilation, groups, bias)
    assert_same(node, rng.normal(size=(groups * per_in, size)))


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(["SumPool2d", "AvgPool2d"]))
def test_a_pool(data, kind):
    kernel, stride = ((data.draw(small), data.draw(small)) for _ in range(2))
    padding = (0, 0) if kind == "AvgPool2d" else (data.draw(st.integers(0, 1)), 0)
    size = tuple(k + data.draw(st.integers(0, 5)) for k in kernel)
    node = getattr(nir, kind)(np.array(kernel), np.array(stride), np.array(padding))
    assert_same(node, np.random.default_rng(0).normal(size=(data.draw(small), *size)))


@pytest.mark.parametrize("padding", ["same", b"same", np.bytes_(b"same"), np.array(b"same")])
def test_the_same_padding_keeps_the_size_and_pads_more_at_the_end(padding):
    node = nir.Conv1d(5, np.ones((1, 1, 4)), 1, "same", 1, 1, np.zeros(1))
    node.padding = padding
    shape, values = apply(node, np.ones((1, 5)))
    assert shape == (1, 5)
    assert values.tolist() == [3, 4, 4, 3, 2]
    valid = nir.Conv1d(5, np.ones((1, 1, 4)), 1, "valid", 1, 1, np.zeros(1))
    assert transform(node_of(valid), (1, 5)).shape == (1, 2)


@pytest.mark.parametrize(
    ("first", "last", "shape"),
    [
        (0, -1, (24,)),
        (1, -1, (2, 12)),
        (0, 1, (6, 4)),
        (-2, 2, (2, 12)),
        (1, 1, (2, 3, 4)),
    ],
)
def test_flattening_changes_the_shape_only(first, last, shape):
    node = nir.Flatten({"input": None}, first, last)
    flat, values = apply(node, np.arange(24.0).reshape(2, 3, 4))
    assert flat == shape
    assert values.tolist() == list(range(24))


def test_a_vector_has_nothing_to_flatten():
    assert transform(node_of(nir.Flatten({"input": None}, 1, -1)), (7,)).shape == (7,)


def test_a_scale_may_be_one_number():
    _, values = apply(nir.Scale(np.array([2.0])), np.arange(4.0).reshape(2, 2))
    assert values.tolist() == [0, 2, 4, 6]


def test_a_dense_layer_takes_a_tensor_row_by_row_and_drops_zeros():
    matrix = transform(node_of(linear([[0.0, 1.0, 0.0, 2.0]])), (2, 2)).build()
    assert matrix.nnz == 2
    assert (matrix @ np.arange(4)).tolist() == [7]


@pytest.mark.parametrize(
    ("node", "shape", "message"),
    [
        (
            nir.Linear(np.ones((2, 3, 4))),
            (2, 4),
            "weight has shape (2, 3, 4); allowed: 2 dimensions.",
        ),
        (
            linear(np.ones((2, 3))),
            (4,),
            "weight takes 3 inputs and gets shape (4,). Correct the weight, or flatten its input.",
        ),
        (
            linear(np.ones((2, 3)), np.ones(3)),
            (3,),
            "bias has shape (3,); allowed: (2,), or one value.",
        ),
        (
            nir.Scale(np.ones((2, 3))),
            (6,),
            "scale has shape (2, 3) and gets shape (6,); allowed: the same shape, or one value.",
        ),
        (
            nir.Flatten({"input": None}, 2, 1),
            (2, 2, 2),
            "start_dim = 2 lies after end_dim = 1.",
        ),
        (
            nir.Flatten({"input": np.array([3, 2])}, 0, -1),
            (2, 3),
            "input_type = (3, 2) and gets shape (2, 3); allowed: the same shape, or a vector "
            "of equal size.",
        ),
        (
            nir.Conv2d((4, 5), np.ones((1, 1, 2, 2)), 1, 0, 1, 1, np.zeros(1)),
            (1, 5, 4),
            "input_shape = (4, 5) and gets shape (1, 5, 4); allowed: the same shape. Correct "
            "one of them.",
        ),
        (
            nir.Conv2d(None, np.ones((1, 1, 2)), 1, 0, 1, 1, np.zeros(1)),
            (1, 4, 4),
            "weight has shape (1, 1, 2); allowed: 4 dimensions.",
        ),
        (
            nir.Conv2d((4, 4), np.ones((2, 1, 2, 2)), 1, 0, 1, 1, np.zeros(3)),
            (1, 4, 4),
            "bias has shape (3,); allowed: (2,), or one value.",
        ),
        (
            nir.Conv1d(None, np.ones((1, 1, 2)), 1, -1, 1, 1, np.zeros(1)),
            (1, 4),
            "padding = -1; allowed: 0 to 2147483647.",
        ),
        (
            nir.SumPool2d(np.array([2, 2]), np.array([0, 1]), np.array([0, 0])),
            (1, 4, 4),
            "stride = 0; allowed: 1 to 2147483647.",
        ),
        (
            nir.Conv1d(None, np.ones((1, 1, 2)), 1, 10**9, 1, 1, np.zeros(1)),
            (1, 4),
            "a tensor of shape (2000000003,) has 2000000003 elements; allowed: 1 to 2097152.",
        ),
        (
            nir.SumPool2d(np.array([500, 500]), np.array([1, 1]), np.array([0, 0])),
            (1, 1000, 1000),
            "would be a matrix of 62750250000 entries; allowed: 16777216.",
        ),
        (nir.Flatten({"input": None}, -3, -1), (2, 2), "start_dim = -3; allowed: -2 or more."),
        (
            nir.Conv2d((4, 4), np.ones((2, 3, 2, 2)), 1, 0, 1, 1, np.zeros(2)),
            (2, 4, 4),
            "weight has shape (2, 3, 2, 2) in 1 groups and gets shape (2, 4, 4); allowed: 3 "
            "channels of 2 dimensions.",
        ),
        (
            nir.Conv2d((4, 4), np.ones((1, 1, 2, 2)), (1, 2), "same", 1, 1, np.zeros(1)),
            (1, 4, 4),
            "padding = 'same' with stride (1, 2); allowed: 1.",
        ),
        (
            nir.Conv2d((4, 4), np.ones((1, 1, 5, 2)), 1, 0, 1, 1, np.zeros(1)),
            (1, 4, 4),
            "a kernel of (5, 2) is larger than its input (4, 4).",
        ),
        (
            nir.SumPool2d(np.array([2, 2]), np.array([2.5, 2]), np.array([0, 0])),
            (1, 4, 4),
            "stride = [2.5, 2.0]; allowed: 2 integers, or one.",
        ),
        (
            nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
            (16,),
            "gets shape (16,); allowed: channels, height and width.",
        ),
        (
            nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([1, 0])),
            (1, 4, 4),
            "padding = (1, 0), and NIR does not say whether the mean counts padded cells; allowed: "
            "no padding. Use a SumPool2d and a Scale.",
        ),
    ],
)
def test_a_node_that_does_not_fit_is_refused(node, shape, message):
    with pytest.raises(FrontendError) as caught:
        transform(node_of(node), shape)
    assert str(caught.value) == f"NIR: {type(node).__name__} 'n': {message}"
