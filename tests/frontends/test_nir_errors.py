"""What a network cannot have is refused with one message that names the node."""

from __future__ import annotations

import sys

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
    paper_neuron,
    published,
    read_on,
    readout,
    recurrent,
    stored,
)

from neurochip.errors import FrontendError, MissingExtraError, StimulusError
from neurochip.frontends.nir import Convention, read_nir

h5py = pytest.importorskip("h5py")


def says(kind=FrontendError):
    """Context whose ``value`` is the message."""
    return pytest.raises(kind)


@pytest.fixture(params=["memory", "disk"])
def read(request, tmp_path):
    """A reader of graphs, which lie in memory or are written first."""
    return read_on(request.param, tmp_path)


def entrance(*shape):
    return nir.Input({"input": np.array(shape)})


def leave(*shape):
    return nir.Output({"output": np.array(shape)})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            chain((1,), lif(v_reset=2.0)),
            "NIR: LIF 'a': LIF: v_reset = 2 mV is not below v_thresh = 1 mV; such a neuron would "
            "fire for ever. Lower v_reset or raise v_thresh.",
        ),
        (chain((1,), lif(r=-1.0)), "NIR: LIF 'a': r = -1; allowed: above 0."),
        (chain((1,), lif(tau=0.0)), "NIR: LIF 'a': tau = 0; allowed: above 0."),
        (chain((1,), cuba(tau_syn=-1.0)), "NIR: CubaLIF 'a': tau_syn = -1; allowed: above 0."),
        (
            chain((1,), lif(v_leak=np.nan)),
            "NIR: LIF 'a': v_leak is not finite; allowed: finite numbers.",
        ),
        (
            chain((2,), linear(np.ones((3, 2))), lif((2,))),
            "NIR: LIF 'b': has shape (2,) and gets shape (3,); allowed: the same shape, or a "
            "vector of equal size.",
        ),
        (
            chain((1,), linear([[1.0]]), readout(), linear([[1.0]]), lif()),
            "NIR: LI 'b': its v goes to 'd', but neurons of a chip send only spikes. Make it "
            "an output, or replace it by a spiking node.",
        ),
        (
            chain((1,), linear([[1.0]]), lif(), linear([[2.0]], [1.0])),
            "NIR: Output 'output': is fed by 'c'; allowed: the spikes (or v) of one node of "
            "neurons, unchanged, since a chip outputs no sums. Put an LI before it.",
        ),
        (
            chain((1,), lif(), nir.Delay(np.array([1e-3]))),
            "NIR: Output 'output': is fed by 'b'; allowed: the spikes (or v) of one node of "
            "neurons, unchanged, since a chip outputs no sums. Put an LI before it.",
        ),
        (
            chain((1,), linear([[1.0]]), nir.Threshold(np.array([0.0]))),
            "NIR: Threshold 'b': a threshold of 0 would spike without input; allowed: above 0.",
        ),
        (
            chain((1,), nir.Delay(np.array([-1e-3])), lif()),
            "NIR: Delay 'a': a delay of -0.001 s; allowed: a number of at least 0, up to 1e+300.",
        ),
        (
            chain((3,), nir.Delay(np.array([1e-3, 1e-3])), lif((3,))),
            "NIR: Delay 'a': delay has shape (2,) and gets shape (3,); allowed: the same "
            "shape, or one value.",
        ),
        (
            chain((3, 2), lif((2, 3))),
            "NIR: LIF 'a': has shape (2, 3) and gets shape (3, 2); allowed: the same shape, or "
            "a vector of equal size.",
        ),
        (
            chain((2,), lif((2,)), output=[3]),
            "NIR: Output 'output': shape = (3,) and gets shape (2,); allowed: the same shape, "
            "or a vector of equal size.",
        ),
        (
            chain((2, 3), nir.Delay(full((3, 2), 1e-3)), lif((2, 3))),
            "NIR: Delay 'a': delay has shape (3, 2) and gets shape (2, 3); allowed: the same "
            "shape, or one value.",
        ),
        (
            chain((0,), lif((2,))),
            "NIR: Input 'input': a tensor of shape (0,) has 0 elements; allowed: 1 to 2097152.",
        ),
        (
            chain((-2,), lif((2,))),
            "NIR: Input 'input': shape = [-2]; allowed: the size of each dimension, integers above "
            "0.",
        ),
        (
            chain((2.5,), lif((2,))),
            "NIR: Input 'input': shape = [2.5]; allowed: the size of each dimension, integers "
            "above 0.",
        ),
        (
            chain((10**6, 10**6), linear(np.ones((1, 2))), lif()),
            "NIR: Input 'input': a tensor of shape (1000000, 1000000) has 1000000000000 elements; "
            "allowed: 1 to 2097152.",
        ),
        (
            chain((1,), linear([[1e300]]), linear([[1e300]]), lif()),
            "NIR: Linear 'b': with the linear nodes before it, its values are beyond the range of "
            "float64. Scale them down.",
        ),
        (
            chain((1,), linear([[1.0]], [1e308]), integrator(r=1e-3)),
            "NIR: constant current into 'b': amplitude[0] = inf nA; allowed: a finite number.",
        ),
        (
            graph({"lif": lif(), "output": leave(1)}, [("lif", "output")]),
            "NIR: LIF 'lif': nothing feeds it. Connect it or remove it.",
        ),
        (
            graph(
                {"input": entrance(1), "lif": lif(), "w": linear([[1.0]]), "output": leave(1)},
                [("input", "lif"), ("w", "lif"), ("lif", "output")],
            ),
            "NIR: Linear 'w': nothing feeds it. Connect it or remove it.",
        ),
        (
            graph(
                {
                    "input": entrance(1),
                    "p": linear([[1.0]]),
                    "q": linear([[1.0]]),
                    "lif": lif(),
                    "output": leave(1),
                },
                [("input", "p"), ("p", "q"), ("q", "p"), ("q", "lif"), ("lif", "output")],
            ),
            "NIR: p -> q -> p form a loop without a neuron, so their values are undefined. Put "
            "a neuron into it.",
        ),
        (
            graph(
                {
                    "input": entrance(2),
                    "other": entrance(3),
                    "w": linear(np.ones((1, 2))),
                    "lif": lif(),
                    "output": leave(1),
                },
                [("input", "w"), ("other", "w"), ("w", "lif"), ("lif", "output")],
            ),
            "NIR: Linear 'w': gets shape (2,) from 'input' and (3,) from 'other'; allowed: the "
            "same shape.",
        ),
        (
            graph(
                {"input": entrance(1), "lif": lif(), "output": leave(1)},
                [("input", "lif"), ("lif", "output"), ("lif", "nowhere")],
            ),
            "NIR: the edge 'lif' -> 'nowhere' ends at 'nowhere', which is not a node. Add the node "
            "or remove the edge.",
        ),
        (
            graph(
                {"input": entrance(1), "lif": lif(), "output": leave(1)},
                [("input", "lif"), ("lif", "input"), ("lif", "output")],
            ),
            "NIR: Input 'input': is fed by 'lif'; an input of the whole graph is fed from outside. "
            "Remove the edge.",
        ),
        (
            chain(
                (1,),
                graph(
                    {"p": entrance(1), "q": entrance(1), "lif": lif(), "out": leave(1)},
                    [("p", "lif"), ("q", "lif"), ("lif", "out")],
                ),
                output=[1],
            ),
            "NIR: the nested graph 'a' has 2 nodes of type Input; allowed: one, since an edge to a "
            "graph does not say which. Open the graph, or split it.",
        ),
    ],
)
def test_a_graph_that_no_network_can_be_is_refused(read, source, message):
    with says() as caught:
        read(source)
    assert str(caught.value) == message


def test_parameters_of_different_shapes_are_refused():
    node = lif((2,))
    node.tau = full((3,), 0.01)
    with says() as caught:
        read_nir(chain((2,), node), DT, reset="value")
    assert str(caught.value) == (
        "NIR: LIF 'a': r has shape (2,) and others (3,); allowed: one shape for all "
        "parameters, or single numbers."
    )


def test_an_input_without_a_shape_is_refused():
    source = paper_neuron()
    source.nodes["input"].input_type = {"input": None}
    with says() as caught:
        read_nir(source, DT, reset="value")
    assert str(caught.value) == "NIR: Input 'input': has no shape. Give it one."


def test_two_nodes_of_one_path_are_refused():
    inner = graph({"i": entrance(1), "lif": lif(), "o": leave(1)}, [("i", "lif"), ("lif", "o")])
    nodes = {"input": entrance(1), "a.lif": lif(), "a": inner, "output": leave(1)}
    with says() as caught:
        read_nir(
            graph(nodes, [("input", "a"), ("a", "a.lif"), ("a.lif", "output")]), DT, reset="value"
        )
    assert str(caught.value) == (
        "NIR: two nodes are named 'a.lif' once nested graphs are opened. Rename one."
    )


def test_a_node_of_an_unknown_type_is_refused():
    class Strange(nir.LIF):
        pass

    node = Strange(**{n: full((1,), 0.5) for n in ("tau", "r", "v_leak", "v_threshold")})
    with says() as caught:
        read_nir(chain((1,), node), DT, reset="value")
    assert str(caught.value) == (
        "NIR: node 'a' is of the type 'Strange'; known: Affine, AvgPool2d, Conv1d, Conv2d, CubaLI, "
        "CubaLIF, Delay, Flatten, I, IF, Input, LI, LIF, Linear, NIRGraph, Output, Scale, "
        "SumPool2d, Threshold. Replace it by these."
    )


def test_a_threshold_needs_input_that_has_not_decayed():
    source = chain((1,), linear([[1.0]]), nir.Threshold(np.array([0.5])))
    with says() as caught:
        read_nir(source, DT, reset="value", delivery="after_threshold")
    assert str(caught.value) == (
        "NIR: Threshold 'b': compares the input of one step, but with delivery = 'after_threshold' "
        "input decays before it is compared. Take 'before_threshold' or 'next_step'."
    )


def test_a_current_as_stored_needs_a_step_that_takes_it_up_as_it_is():
    with says() as caught:
        read_nir(chain((1,), cuba()), DT, reset="value", kick="stored", integration="exact")
    assert str(caught.value) == (
        "NIR: CubaLIF 'a': kick = 'stored' adds the current to v as it is, but with integration = "
        "'exact' it decays within the step. Take 'euler' or 'exponential_euler'."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 0}, "NIR: dt = 0 s; allowed: a number above 0, in seconds."),
        ({"dt": "1e-4"}, "NIR: dt = '1e-4' s; allowed: a number above 0, in seconds."),
        ({"dt": True}, "NIR: dt = True s; allowed: a number above 0, in seconds."),
        (
            {"dt": 0.1},
            "NIR: dt = 0.1 s is longer than the time constant 0.0025 s of node 'b'; dt is in "
            "seconds: 0.1 ms is dt = 0.0001. Euler's method needs a shorter dt.",
        ),
        (
            {"convention": "nest"},
            "NIR: convention = 'nest'; allowed: 'norse', 'snntorch', 'sinabs', 'lava', 'nengo', "
            "'exact', or a Convention(...).",
        ),
        (
            {"convention": 3},
            "NIR: convention = 3; allowed: 'norse', 'snntorch', 'sinabs', 'lava', 'nengo', "
            "'exact', or a Convention(...).",
        ),
        ({"kick": "big"}, "convention: kick = 'big'; allowed: 'pulse', 'impulse', 'stored'."),
        (
            {"integration": "rk4"},
            "convention: integration = 'rk4'; allowed: 'exact', 'euler', 'exponential_euler'.",
        ),
        (
            {"delivery": "later"},
            "convention: delivery = 'later'; allowed: 'after_threshold', 'before_threshold', "
            "'next_step'.",
        ),
        ({"v_reset": "zero"}, "NIR: v_reset = 'zero'; allowed: a finite number."),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(arguments, message):
    with says() as caught:
        read_nir(paper_neuron(), **{"dt": DT, "reset": "value", **arguments})
    assert str(caught.value) == message


def test_a_step_that_looks_like_milliseconds_is_warned_about():
    expected = (
        "NIR: dt = 0.1 s is longer than the time constant 0.0025 s of node 'b'; dt is in seconds: "
        "0.1 ms is dt = 0.0001."
    )
    with pytest.warns(UserWarning, match="NIR: ") as caught:
        read_nir(paper_neuron(), 0.1, reset="value", convention="nengo")
    assert [str(item.message) for item in caught] == [expected]
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="NIR: ") as caught:
        read_nir(chain((1,), linear([[1.0]]), integrator()), 0.1, reset="value")
    assert [str(item.message) for item in caught] == [
        "NIR: dt = 0.1 s is a long step; dt is in seconds: 0.1 ms is dt = 0.0001."
    ]


def test_metadata_that_say_otherwise_are_warned_about(tmp_path):
    source = paper_neuron()
    source.metadata = {"dt": 1e-3, "kick": "stored", "integration": "euler"}
    path = tmp_path / "said.nir"
    nir.write(path, source)
    for given in (source, path):
        with pytest.warns(UserWarning, match="NIR: ") as caught:
            read_nir(given, DT, reset="value", convention="norse")
        assert [str(item.message) for item in caught] == [
            "NIR: the metadata of the graph say dt = 0.001, and it is read with 0.0001; its "
            "neurons will behave differently.",
            "NIR: the metadata of the graph say kick = 'stored', and it is read with 'pulse'; its "
            "neurons will behave differently.",
        ]
    assert read_nir(path, 1e-3, reset="value").convention.kick == "stored"


def test_a_step_that_currents_betray_is_warned_about():
    expected = (
        "NIR: tau / r (and tau_syn / w_in) are 0.0001 s in every node that leaks, which is how "
        "snnTorch stores its dt in a graph; it is read with dt = 5e-05 s."
    )
    with pytest.warns(UserWarning, match="NIR: ") as caught:
        read_nir(recurrent(), DT / 2, reset="value")
    assert [str(item.message) for item in caught] == [expected]
    with pytest.warns(UserWarning, match="are 0.0001 s in every node that leaks"):
        read_nir(published("braille_rnn.nir"), DT / 2, v_reset=0.0)


def test_something_that_is_no_graph_is_refused():
    with says() as caught:
        read_nir(lif(), DT)
    assert str(caught.value).endswith("allowed: the path of a .nir file, or a nir.NIRGraph.")


@pytest.mark.parametrize(
    ("package", "on_disk"), [("nir", False), ("h5py", True), ("scipy.sparse", True)]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    monkeypatch, tmp_path, package, on_disk
):
    source = stored(tmp_path / "a.nir", paper_neuron()) if on_disk else paper_neuron()
    monkeypatch.setitem(sys.modules, package, None)
    with says(MissingExtraError) as caught:
        read_nir(source, DT, reset="value")
    assert str(caught.value) == (
        f"reading a NIR graph needs the package {package!r}, which is not installed: pip install "
        '"neurochip[nir]".'
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.ones((5, 3)),
            "stimulus: the array for 'input' has shape (5, 3); allowed: (steps, 2), with at least "
            "one step.",
        ),
        (
            np.ones((0, 2)),
            "stimulus: the array for 'input' has shape (0, 2); allowed: (steps, 2), with at least "
            "one step.",
        ),
        (
            np.array([[0, 1], [0.5, 0]]),
            "stimulus: 'input' has the value 0.5 in step 1, element 0; allowed: the number of "
            "spikes in that step, since a chip takes spikes and no analog values.",
        ),
        (
            {"other": np.ones((5, 2))},
            "stimulus: arrays for 'other'; the graph has the inputs 'input'.",
        ),
        ({}, "stimulus: arrays for nothing; the graph has the inputs 'input'."),
    ],
)
def test_input_that_does_not_fit_is_refused(values, message):
    model = read_nir(chain((2,), lif((2,))), DT, reset="value")
    with says(StimulusError) as caught:
        model.stimulus(values)
    assert str(caught.value) == message


def test_several_inputs_need_arrays_of_one_length():
    nodes = {"p": entrance(1), "q": entrance(1), "lif": lif(), "output": leave(1)}
    model = read_nir(
        graph(nodes, [("p", "lif"), ("q", "lif"), ("lif", "output")]), DT, reset="value"
    )
    for values, message in (
        (
            np.ones((5, 1)),
            "stimulus: one array, but the graph has the inputs p, q; pass a dict with an array for "
            "each.",
        ),
        (
            {"p": np.ones((5, 1)), "q": np.ones((4, 1))},
            "stimulus: arrays of 4, 5 steps; allowed: one length for all inputs.",
        ),
    ):
        with says(StimulusError) as caught:
            model.stimulus(values)
        assert str(caught.value) == message
    assert model.stimulus({"q": np.ones((5, 1)), "p": np.zeros((5, 1))}).n_spikes == 5


def test_a_convention_is_checked():
    with says() as caught:
        Convention(kick="x")
    assert str(caught.value) == "convention: kick = 'x'; allowed: 'pulse', 'impulse', 'stored'."
