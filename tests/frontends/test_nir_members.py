"""Members of nodes are finite real numbers of a shape that fits, or are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from nir_graphs import (
    DT,
    chain,
    cuba,
    full,
    graph,
    integrator,
    lif,
    linear,
    nir,
    read_on,
    readout,
)

from compiler import compile_network
from neurochip.errors import FrontendError
from neurochip.frontends.nir import read_nir

pytest.importorskip("h5py")


@pytest.fixture(params=["memory", "disk"])
def read(request, tmp_path):
    """A reader of graphs, which lie in memory or are written first."""
    return read_on(request.param, tmp_path)


def refusal(read, source, **options):
    with pytest.raises(FrontendError) as caught:
        read(source, **options)
    return str(caught.value)


def with_weight(weight):
    node = linear([[1.0, 1.0]])
    node.weight = weight
    return chain((2,), node, lif())


@pytest.mark.parametrize(
    ("weight", "found"),
    [
        (np.array([[1 + 2j, 1]]), "holds complex numbers; allowed: real numbers."),
        (np.array([[1 + 0j, 1]]), "holds complex numbers; allowed: real numbers."),
        (np.array([[True, False]]), "holds truth values; allowed: real numbers."),
        (np.array([[b"a", b"b"]]), "holds text; allowed: real numbers."),
        (np.array([[np.nan, 1.0]]), "is not finite; allowed: finite numbers."),
        (np.array([[1.0, -np.inf]]), "is not finite; allowed: finite numbers."),
        (
            np.array([[2**53 + 1, 1]]),
            "= 9007199254740993; allowed: numbers that a float64 holds.",
        ),
        (
            np.array([[2**64 - 1, 1]], dtype=np.uint64),
            "= 18446744073709551615; allowed: numbers that a float64 holds.",
        ),
        (np.array([[np.longdouble("1e4000"), 1]]), "is not finite; allowed: finite numbers."),
        (
            np.array([[np.longdouble("1e-4000"), 1]]),
            "= 1e-4000; allowed: numbers that a float64 holds.",
        ),
    ],
)
def test_numbers_that_would_lose_something_are_refused(read, weight, found):
    assert refusal(read, with_weight(weight)) == f"NIR: Linear 'a': weight {found}"


@pytest.mark.parametrize("kind", ["f2", "f4", "i1", "u2", "i8", ">f4", ">i2"])
def test_numbers_of_any_width_keep_their_value(read, kind):
    model = read(with_weight(np.array([[3, 1]], dtype=kind)), kick="stored")
    assert model.network.connections[0].weight.tolist() == [3.0, 1.0]


class Quantity(np.ndarray):
    """An array of a library that has its units elsewhere."""


class InMillivolts:
    unit = "mV"

    def __array__(self, dtype=None, copy=None):
        return np.ones((1, 2))


@pytest.mark.parametrize(
    ("weight", "found"),
    [
        (
            np.ma.masked_array([[1.0, 2.0]], [[False, True]]),
            "is a masked array, whose hidden values mean nothing; allowed: plain numbers. Fill it.",
        ),
        (
            InMillivolts(),
            "is a InMillivolts; allowed: plain numbers, in the units of NIR (times in seconds).",
        ),
        (
            np.ones((1, 2)).view(Quantity),
            "is a Quantity; allowed: plain numbers, in the units of NIR (times in seconds).",
        ),
        (
            [[1.0], [1.0, 2.0]],
            "is a list that is no array; allowed: numbers in rows of equal length.",
        ),
        (np.array([[1.0, None]]), "holds objects; allowed: real numbers."),
        ([[10**400, 1]], "holds objects; allowed: real numbers."),
        (np.array([[1, 2]], "m8[s]"), "holds spans of time; allowed: real numbers."),
        ("ab", "holds text; allowed: real numbers."),
        (None, None),
    ],
)
def test_what_is_no_plain_array_in_memory_is_refused(weight, found):
    message = refusal(read_on("memory", None), with_weight(weight))
    wanted = "NIR: Linear 'a': has no 'weight'. Give it one." if found is None else None
    assert message == (wanted or f"NIR: Linear 'a': weight {found}")


@pytest.mark.parametrize("number", [True, 1.0, "1", np.array([1.0, 1.0]), np.array([1, 1, 1])])
def test_sizes_of_a_kernel_are_integers(read, number):
    node = nir.Conv2d((3, 3), np.ones((1, 1, 2, 2)), 1, 0, 1, 1, np.zeros(1))
    node.stride = number
    shown = repr(number.tolist() if isinstance(number, np.ndarray) else number)
    assert refusal(read, chain((1, 3, 3), node, integrator((1, 2, 2)))) == (
        f"NIR: Conv2d 'a': stride = {shown}; allowed: 2 integers, or one."
    )


def one_number(node):
    """The node with one number for each of its parameters."""
    for name, value in list(vars(node).items()):
        if isinstance(value, np.ndarray):
            setattr(node, name, value.ravel()[:1].reshape(()))
    return node


def size_one(node):
    for name, value in list(vars(node).items()):
        if isinstance(value, np.ndarray):
            setattr(node, name, value.ravel()[:1])
    return node


def only_first(node):
    """The node with one number for each parameter but the first."""
    first, *others = [n for n, value in vars(node).items() if isinstance(value, np.ndarray)]
    for name in others:
        setattr(node, name, getattr(node, name).ravel()[0])
    assert getattr(node, first).size > 1
    return node


def make(kind, shape):
    return {
        "LIF": lambda: lif(shape),
        "CubaLIF": lambda: cuba(shape),
        "IF": lambda: integrator(shape),
        "LI": lambda: readout(shape),
        "I": lambda: nir.I(full(shape, 2.0)),
        "Threshold": lambda: nir.Threshold(full(shape, 1.5)),
        "CubaLI": lambda: nir.CubaLI(
            **{n: full(shape, 0.01) for n in ("tau_syn", "tau_mem", "r", "v_leak")}
        ),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "reduce"),
    [
        (kind, reduce)
        for kind in ("LIF", "CubaLIF", "IF", "LI", "I", "Threshold", "CubaLI")
        for reduce in (one_number, size_one, only_first)
        if reduce is not only_first or kind not in {"I", "Threshold"}  # these have one parameter
    ],
)
def test_single_numbers_are_those_of_all_neurons(read, kind, reduce):
    def image(node):
        kernel = np.arange(8.0).reshape(2, 1, 2, 2)
        layer = nir.Conv2d((3, 4), kernel, 1, 0, 1, 1, np.array([0.5]))
        model = read(chain((1, 3, 4), layer, node, output=[2, 2, 3]))
        assert model.shapes["b"] == (2, 2, 3)
        return compile_network(model.network, dt=model.dt)

    assert image(reduce(make(kind, (2, 2, 3)))).digest() == image(make(kind, (2, 2, 3))).digest()


def test_a_single_bias_is_that_of_all_channels(read):
    for node, shape in (
        (linear(np.ones((3, 2)), [0.5]), (2,)),
        (nir.Conv1d(2, np.ones((3, 1, 2)), 1, 0, 1, 1, np.array(0.5)), (1, 2)),
    ):
        model = read(chain(shape, node, lif(()), output=[3]))
        assert model.network.current(model.network.population("b")) == pytest.approx([0.5] * 3)


def test_single_numbers_in_a_circle_take_the_shape_that_comes_from_outside(read):
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "w": linear(np.ones((4, 2))),
        "lif": lif(()),
        "back": nir.Delay(np.array(1e-3)),
        "output": nir.Output({"output": np.array([])}),
    }
    edges = [("input", "w"), ("w", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "output")]
    model = read(graph(nodes, edges))
    assert (model.shapes["lif"], model.outputs) == ((4,), ("lif",))


def test_single_numbers_that_no_shape_reaches_are_refused(read):
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "p": lif((2,)),
        "lif": lif(()),
        "back": nir.Delay(np.array(1e-3)),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "p"), ("p", "output"), ("lif", "back"), ("back", "lif")]
    assert refusal(read, graph(nodes, edges)) == (
        "NIR: LIF 'lif': its parameters are single numbers, and no source gives it a shape, so "
        "its number of neurons is unknown. Give it a value for each neuron."
    )
    assert refusal(read, graph(nodes, edges[:3])) == (
        "NIR: LIF 'lif': nothing feeds it. Connect it or remove it."
    )


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"dt": "fast"}, "dt = 'fast'; allowed: a number above 0, in seconds."),
        ({"dt": -1.0}, "dt = -1.0; allowed: a number above 0, in seconds."),
        ({"dt": np.nan}, "dt = nan; allowed: a number above 0, in seconds."),
        ({"kick": 3}, "kick = 3; allowed: text."),
        ({"reset": 1.5}, "reset = 1.5; allowed: text."),
    ],
)
def test_metadata_that_cannot_be_compared_are_refused(read, metadata, message):
    source = chain((1,), lif())
    source.metadata = metadata
    assert refusal(read, source) == (
        f"NIR: the metadata of the graph say {message} Correct or remove it."
    )


def test_metadata_of_a_nested_graph_count_too(read):
    ends = {"i": nir.Input({"input": np.array([1])}), "o": nir.Output({"output": np.array([1])})}
    inner = graph({**ends, "lif": lif()}, [("i", "lif"), ("lif", "o")])
    inner.metadata = {"dt": np.array([1e-3]), "note": np.arange(3)}
    with pytest.warns(UserWarning, match="the metadata of 'a' say dt = 0.001, and it is read with"):
        read(chain((1,), inner, output=[1]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges": None}, "NIR: edges of the graph are a NoneType; allowed: a list of pairs of "),
        ({"edges": [("a",)]}, "NIR: the graph has an edge ('a',); allowed: pairs of names."),
        ({"edges": [("a", 3)]}, "NIR: the graph has an edge ('a', 3); allowed: pairs of names."),
        ({"nodes": []}, "NIR: nodes of the graph are a list; allowed: a dict of nodes."),
        ({"metadata": 7}, "NIR: metadata of the graph are a int; allowed: a dict."),
    ],
)
def test_a_graph_in_memory_that_is_put_together_wrongly_is_refused(change, message):
    source = chain((1,), lif())
    vars(source).update(change)
    assert refusal(read_on("memory", None), source).startswith(message)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\ud800", 3, None])
def test_a_name_that_cannot_be_printed_is_refused(name):
    source = chain((1,), lif())
    source.nodes[name] = lif()
    assert refusal(read_on("memory", None), source) == (
        f"NIR: a node is named {name!r}; allowed: text that can be printed. Rename it."
    )


@pytest.mark.parametrize("name", ["a->b", "it's", "ä", ".", "x" * 1000, "population 'x'"])
def test_any_other_name_is_that_of_a_population(read, name):
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        name: lif(),
        "output": nir.Output({"output": np.array([1])}),
    }
    if name == ".":
        read = read_on("memory", None)  # HDF5 has no such name
    model = read(graph(nodes, [("input", name), (name, "output")]))
    assert model.outputs == (name,)


def test_a_graph_that_contains_itself_is_refused():
    source = chain((1,), lif())
    source.nodes["self"] = source
    assert refusal(read_on("memory", None), source) == (
        "NIR: nested more than 32 graphs deep, or in itself; allowed: 32. Open the inner graphs."
    )


def test_delays_that_all_differ_take_no_more_than_their_synapses():
    size = 20_000
    source = chain((size,), nir.Delay(np.linspace(0, 1e-3, size)), lif((size,)))
    (connection,) = read_nir(source, DT, reset="value").network.connections
    assert connection.pre.tolist() == connection.post.tolist() == list(range(size))
    assert np.array_equal(connection.delay, np.linspace(0, 1e-3, size) * 1000)
