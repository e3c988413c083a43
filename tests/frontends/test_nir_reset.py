"""A graph cannot say whether v is set to a value or lowered by the threshold, so one is asked."""

from __future__ import annotations

import numpy as np
import pytest
from nir_graphs import (
    DT,
    chain,
    cuba,
    graph,
    integrator,
    lif,
    linear,
    nir,
    paper_neuron,
    published,
    readout,
    recurrent,
    stored,
)

from neurochip.errors import FrontendError
from neurochip.frontends.nir import inspect_nir, read_nir, write_nir

h5py = pytest.importorskip("h5py")

ASKED = "so its reset is unknown. If a spike sets v to 0, pass reset='value' (--reset value)"
SUBTRACTING = (
    " If it subtracts the threshold from v (snnTorch, sinabs and Rockpool by default), pass "
    "reset='subtract' (--reset subtract), which needs a chip with programmable neurons."
)
SNNTORCH = (
    " This graph seems to come from snnTorch (tau / r is one dt), whose resets are a step late "
    "unless reset_delay=False: pass reset_delay=True (--reset-delay), too; its subtraction without "
    "a delay is reset='subtract_and_raise'."
)
WITH_RESET = pytest.mark.parametrize(
    "node", [lif(), cuba(), integrator()], ids=["LIF", "CubaLIF", "IF"]
)


def refusal(source, **options):
    with pytest.raises(FrontendError) as caught:
        read_nir(source, DT, **options)
    return str(caught.value)


def without_reset(path, source):
    """Write a graph as files of before that field have it."""
    stored(path, source)
    with h5py.File(path, "a") as file:
        for node in file["node/nodes"].values():
            if "v_reset" in node:
                del node["v_reset"]
    return path


def resets(source, **options):
    network = read_nir(source, DT, **options).network
    return [item.model.v_reset for item in network.populations]


@WITH_RESET
def test_a_reset_of_0_is_asked_about(tmp_path, node):
    source = chain((1,), node)
    for given in (source, stored(tmp_path / "a.nir", source)):
        assert refusal(given) == (
            f"NIR: {type(node).__name__} 'a': stores a v_reset of 0, {ASKED}.{SUBTRACTING}"
        )
        assert resets(given, reset="value") == [0.0]
        assert resets(given, v_reset=0.0) == [0.0]  # an answer, too


@WITH_RESET
def test_a_file_without_a_reset_is_asked_about(tmp_path, node):
    path = without_reset(tmp_path / "old.nir", chain((1,), node))
    assert refusal(path) == (
        f"NIR: {type(node).__name__} 'a': stores no v_reset, {ASKED}; if to another value, pass "
        f"v_reset.{SUBTRACTING}"
    )
    assert resets(path, reset="value") == [0.0]
    assert resets(path, v_reset=-0.5) == resets(path, v_reset=-0.5, reset="value") == [-0.5]


def test_a_reset_other_than_0_needs_no_question(tmp_path):
    path = stored(tmp_path / "new.nir", chain((2,), lif((2,), v_reset=np.array([0.25, 0.0]))))
    (found,) = resets(path)
    assert found.tolist() == [0.25, 0.0]


@pytest.mark.parametrize("options", [{}, {"reset": "value"}, {"reset": "subtract"}])
def test_a_reset_that_no_node_would_take_is_refused(options):
    own = chain((2,), lif((2,), v_reset=np.array([0.25, 0.0])))
    assert refusal(own, v_reset=0.0, **options) == (
        "NIR: LIF 'a': v_reset = 0 is for nodes that store none, but each node of this graph "
        "stores its own, here 0.25. Pass reset='value' (--reset value) instead, or change the file."
    )


def test_what_never_resets_needs_no_question(tmp_path):
    for node in (readout(), nir.Threshold(np.array([1.5]))):
        source = chain((1,), linear([[1.0]]), node)
        read_nir(source, DT)
        read_nir(stored(tmp_path / "a.nir", source), DT)


def test_a_nested_node_is_found(tmp_path):
    ends = {"i": nir.Input({"input": np.array([1])}), "o": nir.Output({"output": np.array([1])})}
    inner = graph({**ends, "lif": lif()}, [("i", "lif"), ("lif", "o")])
    path = stored(tmp_path / "nested.nir", chain((1,), inner, output=[1]))
    assert refusal(path).startswith("NIR: LIF 'a.lif': stores a v_reset of 0, so its reset")


def test_a_graph_that_was_written_here_says_what_it_means(tmp_path):
    path = write_nir(read_nir(paper_neuron(), DT, reset="value"), tmp_path / "own.nir")
    assert resets(path) == [0.0]


def test_metadata_may_say_that_neurons_are_lowered(tmp_path):
    source = chain((1,), lif())
    source.metadata = {"reset": "subtract"}
    for given in (source, stored(tmp_path / "a.nir", source)):
        assert read_nir(given, DT).network.populations[0].model.reset == "subtract"
        with pytest.warns(UserWarning, match="say reset = 'subtract', and it is read with 'value'"):
            read_nir(given, DT, reset="value")


@pytest.mark.parametrize("reset", ["zero", 0, True, ["value"], np.array(["value"])])
def test_any_other_reset_is_refused(reset):
    shown = repr(reset.tolist() if isinstance(reset, np.ndarray) else reset)
    assert refusal(paper_neuron(), reset=reset) == (
        f"NIR: reset = {shown}; allowed: 'value', 'subtract' or 'subtract_and_raise'."
    )


@pytest.mark.parametrize(
    "source",
    [
        recurrent(),
        chain((1,), lif(tau=1e-3, r=10.0)),
        chain((1,), linear([[1.0]]), lif(tau=1e-3, r=10.0), linear([[1.0]]), lif(tau=5e-4, r=5.0)),
    ],
)
def test_a_graph_with_the_marks_of_snntorch_is_asked_with_what_else_it_may_mean(source):
    assert refusal(source).endswith(f"{ASKED}.{SUBTRACTING}{SNNTORCH}")


def test_a_graph_without_those_marks_is_asked_without():
    for node in (lif(), lif(tau=1e-3, r=3.0), cuba()):
        assert SNNTORCH not in refusal(chain((1,), node))


def test_a_subtraction_that_raises_is_kept_in_a_file(tmp_path):
    model = read_nir(chain((1,), lif()), DT, reset="subtract_and_raise")
    assert model.network.populations[0].model.raises
    again = read_nir(write_nir(model, tmp_path / "own.nir"), DT)
    assert again.network.populations[0].model == model.network.populations[0].model
    described = str(inspect_nir(tmp_path / "own.nir"))
    assert "what is left above v_threshold raises it by as much for a" in described


def test_a_late_subtraction_raises_nothing():
    source = chain((1,), linear([[1.0]]), lif(tau=2e-3), linear([[1.0]]), lif(tau=2e-3))
    first, second = (
        item.model
        for item in read_nir(
            source, DT, reset="subtract_and_raise", reset_delay={"b": True}
        ).network.populations
    )
    assert (first.reset, first.v_reset) == ("subtract", pytest.approx(1 - 1 / (1 - DT / 2e-3)))
    assert (second.reset, second.v_reset) == ("subtract_and_raise", 0.0)
    assert refusal(source, reset="subtract_and_raise", reset_delay=True) == (
        "NIR: reset = 'subtract_and_raise' and reset_delay = True; a threshold that is subtracted "
        "a step late raises nothing. Pass reset='subtract', or name the nodes that are late, as in "
        "reset_delay={'name': True}."
    )
    assert refusal(source, reset="subtract_and_raise", spikes_per_step="many") == (
        "NIR: spikes_per_step = 'many' and reset = 'subtract_and_raise'; only a threshold that is "
        "subtracted at once leaves something for a second spike. Pass reset='subtract' alone."
    )


@pytest.mark.parametrize("integration", ["euler", "exponential_euler"])
def test_a_late_subtraction_beside_one_that_raises_is_kept_in_a_file(tmp_path, integration):
    source = chain((1,), linear([[1.0]]), lif(tau=2e-3), linear([[1.0]]), lif(tau=2e-3))
    rule = {"reset": "subtract_and_raise", "reset_delay": {"b": True}}
    model = read_nir(source, DT, **rule, integration=integration)
    path = write_nir(model, tmp_path / "own.nir")
    with h5py.File(path) as file:
        assert file["node/nodes/b/v_reset"][()] == pytest.approx(0.0, abs=1e-15)  # as in the source
    again = read_nir(path, DT)
    for before, after in zip(model.network.populations, again.network.populations, strict=True):
        assert (after.model.reset, after.model.v_thresh) == (
            before.model.reset,
            before.model.v_thresh,
        )
        assert after.model.v_reset == pytest.approx(before.model.v_reset, abs=1e-15)


@pytest.mark.parametrize("name", ["lif_norse.nir", "braille_rnn.nir"])
def test_published_files_store_no_reset_and_run_when_asked_properly(name):
    path = published(name)
    assert ": stores no v_reset, so its reset" in refusal(path)
    assert set(resets(path, reset="value")) == set(resets(path, v_reset=0.0)) == {0.0}


@pytest.mark.parametrize("neuron", ["leaky", "syn"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("delay", ["delay", "nodelay"])
def test_an_export_of_snntorch_is_asked_whatever_its_reset_was(neuron, reset, delay):
    path = published(f"snntorch_{neuron}_{reset}_{delay}.nir")
    assert refusal(path, convention="snntorch").endswith(SNNTORCH)
