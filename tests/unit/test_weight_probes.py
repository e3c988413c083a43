"""Probes of connections that learn, and the weights that a recording has of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    Emulator,
    Network,
    Population,
    Recording,
    WeightProbe,
    WeightTrace,
    compile_network,
    draw_stimulus,
    simulate_reference,
)
from neurochip.errors import RecordingError
from neurochip.recording import Sampled, resolve_weight_probes, split_record

SIZES = {"feed": 6, "loop": 2}
VARIABLES = {"feed": ("w", "x1", "y1"), "loop": ("w", "t")}


def exactly(message):
    return f"^{re.escape(message)}$"


def trace(**changes):
    fields = {
        "synapses": np.array([0, 5]),
        "steps": np.array([9, 19]),
        "values": np.array([[1.0, 2.0], [1.5, 0.5]]),
        "unit": "mV",
        "dt": 0.5,
    }
    return WeightTrace(**{**fields, **changes})


def recording(**changes):
    fields = {
        "label": "test",
        "dt": 0.5,
        "first_step": 5,
        "n_steps": 20,
        "populations": {"exc": 1},
        "steps": {"exc": np.empty(0, dtype=np.int32)},
        "ids": {"exc": np.empty(0, dtype=np.int32)},
        "synaptic": {
            ("feed", "w"): trace(),
            ("feed", "x1"): trace(values=np.ones((2, 2), dtype=np.int32), unit="LSB"),
        },
        "learning": {"feed": {"events": 12, "weights": 1}},
    }
    return Recording(**{**fields, **changes})


def test_samples_lie_at_the_ends_of_multiples_of_every_step_also_in_a_later_run():
    every = Sampled(np.arange(2), 10)
    assert every.steps(0, 30).tolist() == [9, 19, 29]
    assert every.steps(9, 1).tolist() == [9]
    assert every.steps(10, 9).tolist() == []
    assert [*every.steps(0, 13), *every.steps(13, 17)] == [9, 19, 29]
    assert Sampled(np.arange(2), 1).steps(3, 2).tolist() == [3, 4]


def test_a_weight_trace_is_sampled_at_the_ends_of_its_steps():
    assert trace().times.tolist() == [5.0, 10.0]
    assert repr(trace()) == "WeightTrace(2 synapses, 2 samples, mV)"


def test_probes_of_synapses_are_separate_from_those_of_neurons():
    probe = WeightProbe("feed", every=3)
    assert split_record(["v", probe]) == (["v"], (probe,))
    assert split_record(probe) == ((), (probe,))
    assert split_record("v") == ("v", ())
    assert split_record(None) == (None, ())


def test_a_probe_takes_chosen_synapses_or_all():
    found = resolve_weight_probes(
        [WeightProbe("feed", [5, 1], 4), WeightProbe(1, variable="t")], SIZES, VARIABLES
    )
    assert {key: (ids.tolist(), every) for key, (ids, every) in found.items()} == {
        ("feed", "w"): ([5, 1], 4),
        ("loop", "t"): ([0, 1], 1),
    }


@pytest.mark.parametrize(
    ("probes", "message"),
    [
        (
            [WeightProbe("bias")],
            "record: no connection 'bias' that learns; there is 'feed', 'loop'. Give the "
            "connection a rule, with plasticity=STDP(...).",
        ),
        (
            [WeightProbe(2)],
            "record: no connection 2 that learns; there is 'feed', 'loop'. Give the connection a "
            "rule, with plasticity=STDP(...).",
        ),
        (
            [WeightProbe("loop", [2])],
            "record: synapse 2 of connection 'loop'; allowed: 0 to 1.",
        ),
        (
            [WeightProbe("feed", variable="t")],
            "record: 't' of connection 'feed'; its rule has 'w', 'x1', 'y1'.",
        ),
        (
            [WeightProbe("loop"), WeightProbe("loop", [0])],
            "record: 'w' of connection 'loop' is requested twice; allowed: once. Join the synapses "
            "into one probe.",
        ),
    ],
)
def test_a_probe_of_what_does_not_exist_is_refused(probes, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        resolve_weight_probes(probes, SIZES, VARIABLES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"connection": None},
            "weight probe: connection = None; allowed: the name of a connection, or the number of "
            "a group that learns.",
        ),
        (
            {"connection": "a", "every": 0},
            "weight probe of 'a': every = 0; allowed: an integer of at least 1.",
        ),
        (
            {"connection": "a", "variable": "weight"},
            "weight probe of 'a': variable = 'weight'; allowed: 'w', 't', 'x1', 'x2', 'y1', 'y2', "
            "'y3'.",
        ),
        (
            {"connection": "a", "synapses": [[0]]},
            "weight probe of 'a': synapses = [[0]]; allowed: a list of integers, synapses of the "
            "connection.",
        ),
    ],
)
def test_a_probe_with_a_strange_value_is_refused(arguments, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        WeightProbe(**arguments)


def test_the_weights_of_a_recording_are_those_of_its_connections():
    assert recording().weights["feed"].values.tolist() == [[1.0, 2.0], [1.5, 0.5]]
    assert recording().synaptic["feed", "x1"].unit == "LSB"
    assert recording(synaptic={}).weights == {}


def test_a_recording_with_weights_is_saved_and_loaded(tmp_path):
    saved = recording()
    loaded = Recording.load(saved.save(tmp_path / "run.npz"))
    assert loaded.learning == {"feed": {"events": 12, "weights": 1}}
    assert loaded.synaptic.keys() == saved.synaptic.keys()
    for key, found in loaded.synaptic.items():
        given = saved.synaptic[key]
        assert (found.unit, found.dt) == (given.unit, given.dt)
        for name in ("synapses", "steps", "values"):
            assert np.array_equal(getattr(found, name), getattr(given, name))
            assert getattr(found, name).dtype == getattr(given, name).dtype


def test_a_run_without_learning_has_neither_weights_nor_counters():
    plain = Recording.of_run(label="a", dt=1.0)
    assert plain.weights == {}
    assert plain.learning == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"synaptic": {"feed": trace()}},
            "recording: synaptic has the key 'feed'; allowed: (connection, variable).",
        ),
        (
            {"synaptic": {("feed", "w"): trace(steps=np.array([9, 25]))}},
            "recording: 'w' of connection 'feed' has steps of 0.5 ms, array([ 9, 25]); allowed: "
            "steps of 0.5 ms, 5 to 24.",
        ),
        (
            {"synaptic": {("feed", "w"): trace(dt=1.0)}},
            "recording: 'w' of connection 'feed' has steps of 1 ms, array([ 9, 19]); allowed: "
            "steps of 0.5 ms, 5 to 24.",
        ),
        (
            {"learning": {"feed": {"events": -1}}},
            "recording learning of 'feed': events = -1; allowed: an integer of at least 0.",
        ),
    ],
)
def test_weights_that_are_not_of_the_recording_are_refused(changes, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        recording(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"steps": np.array([9, 9])},
            "weight trace: steps = array([9, 9]); allowed: rising numbers.",
        ),
        (
            {"synapses": np.array([0])},
            "weight trace: synapses have shape (1,), steps (2,) and values (2, 2); allowed: "
            "numbers, a row for each step and a column for each synapse.",
        ),
    ],
)
def test_a_weight_trace_with_strange_values_is_refused(changes, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        trace(**changes)


def test_a_weight_trace_is_a_table_of_synapses_and_samples():
    pytest.importorskip("pandas")
    table = trace().to_pandas()
    assert table["synapse"].tolist() == [0, 0, 5, 5]
    assert table["time"].tolist() == [5.0, 10.0, 5.0, 10.0]
    assert table["value"].tolist() == [1.0, 1.5, 2.0, 0.5]
    assert table.attrs["units"] == {"time": "ms", "value": "mV"}


def test_both_engines_refuse_the_weights_of_a_connection_that_does_not_learn():
    network = Network(populations=[Population("exc", 1, LIF(tau_m=10.0, v_thresh=1.0))])
    stimulus = draw_stimulus(network, duration=5.0, seed=1)
    emulator = Emulator(compile_network(network, dt=1.0))
    message = (
        "record: no connection 'feed' that learns; there is none. Give the connection a rule, "
        "with plasticity=STDP(...)."
    )
    for run in (
        lambda record: emulator.run(stimulus, record=record),
        lambda record: emulator.run_steps(3, record=record),
        lambda record: simulate_reference(network, stimulus, dt=1.0, record=record),
    ):
        with pytest.raises(RecordingError, match=exactly(message)):
            run(["v", WeightProbe("feed")])


def test_a_notebook_shows_what_was_recorded_and_what_each_connection_did():
    page = recording()._repr_html_()
    for text in ("Recorded synapses", "Learning", "events", "feed"):
        assert text in page
