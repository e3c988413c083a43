"""Recordings: rates, traces, probes, files, and what is refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from neurochip import Probe, Recording
from neurochip._support.npz import write_npz
from neurochip.errors import RecordingError
from neurochip.recording import Trace, resolve_probes


def exactly(message):
    return f"^{re.escape(message)}$"


def recording(**changes):
    fields = {
        "label": "test",
        "dt": 0.5,
        "first_step": 10,
        "n_steps": 200,
        "populations": {"exc": 4, "inh": 2},
        "steps": {
            "exc": np.array([10, 12, 12, 209], dtype=np.int32),
            "inh": np.empty(0, dtype=np.int32),
        },
        "ids": {
            "exc": np.array([3, 0, 3, 3], dtype=np.int32),
            "inh": np.empty(0, dtype=np.int32),
        },
        "traces": {
            ("exc", "v"): Trace(
                np.array([1, 3], dtype=np.int32), np.zeros((200, 2)), "mV", 0.5, 10
            ),
            ("inh", "u"): Trace(
                np.array([0], dtype=np.int32), np.ones((200, 1), dtype=np.int32), "LSB", 0.5, 10
            ),
        },
        "counters": {"updates": 1200, "u_wraps": 0},
    }
    return Recording(**{**fields, **changes})


def test_times_counts_and_rates_come_from_steps():
    chip = recording()
    assert chip.duration == 100.0
    assert chip.n_spikes == 4
    assert chip.times("exc").tolist() == [5.0, 6.0, 6.0, 104.5]
    assert chip.counts("exc").tolist() == [1, 0, 0, 3]
    assert chip.counts("exc").dtype == np.int64
    assert chip.rates("exc").tolist() == [10.0, 0.0, 0.0, 30.0]
    assert chip.rates("inh").tolist() == [0.0, 0.0]
    assert chip.times("inh").dtype == np.float64


def test_traces_are_sampled_at_the_ends_of_the_steps():
    times = recording().trace("exc").times
    assert (times[0], times[-1], times.shape) == (5.5, 105.0, (200,))
    assert recording().trace("exc").ids.tolist() == [1, 3]
    assert recording().trace("inh", "u").unit == "LSB"


def test_recordings_are_equal_by_content():
    assert recording() == recording()
    assert recording(dt=1.0, traces={}) != recording(traces={})
    assert recording(counters={"updates": 1}) != recording()
    moved = {**recording().steps, "exc": np.array([10, 12, 13, 209], dtype=np.int32)}
    assert recording(steps=moved) != recording()


def test_a_repr_is_one_line():
    assert repr(recording()) == "Recording(test, 200 steps of 0.5 ms, 4 spikes)"


def test_a_file_gives_back_an_equal_recording(tmp_path):
    path = recording().save(tmp_path / "run")
    assert path.name == "run.npz"
    loaded = Recording.load(path)
    assert loaded == recording()
    assert loaded.trace("inh", "u").values.dtype == np.int32
    bare = recording(traces={}, counters={})
    assert Recording.load(bare.save(tmp_path / "bare.npz")) == bare


def test_a_population_that_is_not_there_is_refused():
    message = "recording: no population 'x'; there are 'exc', 'inh'."
    for ask in ("times", "counts", "rates", "trace"):
        with pytest.raises(RecordingError, match=exactly(message)):
            getattr(recording(), ask)("x")


def test_a_trace_that_was_not_recorded_is_refused():
    message = (
        "recording: 'u' of 'exc' was not recorded; it holds 'v' of 'exc', 'u' of 'inh'. Pass "
        "record=['u'] to the run."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        recording().trace("exc", "u")
    message = (
        "recording: 'v' of 'exc' was not recorded; it holds no traces. Pass record=['v'] to the "
        "run."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        recording(traces={}).trace("exc")


SIZES = {"exc": 4, "inh": 2}


def resolved(record, variables=("v", "u")):
    return {key: ids.tolist() for key, ids in resolve_probes(record, SIZES, variables).items()}


def test_a_variable_is_recorded_of_all_neurons():
    assert resolved("v") == {("exc", "v"): [0, 1, 2, 3], ("inh", "v"): [0, 1]}
    assert resolved(["v", "u"]).keys() == {(p, x) for p in SIZES for x in "vu"}
    assert resolved(()) == {}


def test_a_probe_chooses_populations_and_neurons():
    assert resolved(Probe("v", "inh")) == {("inh", "v"): [0, 1]}
    assert resolved([Probe("v", "exc", [3, 1]), Probe("v", "inh", ())]) == {
        ("exc", "v"): [3, 1],
        ("inh", "v"): [],
    }
    assert resolved(Probe("v", ids=np.array([1]))) == {("exc", "v"): [1], ("inh", "v"): [1]}
    assert resolve_probes("v", SIZES, ("v",))["exc", "v"].dtype == np.int32


def test_probes_are_equal_by_content():
    assert Probe("v", "exc", np.array([1, 2])) == Probe("v", "exc", (1, 2))
    assert hash(Probe("v", ids=[1])) == hash(Probe("v", ids=(1,)))


@pytest.mark.parametrize(
    ("ids", "shown"),
    [([0, 1.5], "[0, 1.5]"), (3, "3"), (["a"], "['a']"), ([None], "[None]")],
)
def test_neurons_that_are_not_integers_are_refused(ids, shown):
    message = (
        f"probe of 'v': ids = {shown}; allowed: a list of integers, neurons within the population."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        Probe("v", "exc", ids)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            "spikes",
            "record: variable 'spikes'; this engine records 'v', 'u' (spikes are always recorded).",
        ),
        (
            [3],
            "record: variable 3; this engine records 'v', 'u' (spikes are always recorded).",
        ),
        (Probe("v", "x"), "record: no population 'x'; there are 'exc', 'inh'."),
        (Probe("v", "exc", [4]), "record: neuron 4 of 'exc'; allowed: 0 to 3."),
        (Probe("v", "exc", [-1, 9]), "record: neuron -1 of 'exc'; allowed: 0 to 3."),
        (Probe("v", ids=[3]), "record: neuron 3 of 'inh'; allowed: 0 to 1."),
        (
            ["v", Probe("v", "inh", [0])],
            "record: 'v' of 'inh' is requested twice; allowed: once. Join the ids into one probe.",
        ),
    ],
)
def test_what_cannot_be_recorded_is_refused(record, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        resolved(record)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({}, "'meta' is missing"),
        ({"meta": np.array("[]")}, "list indices must be integers or slices, not str"),
        ({"meta": np.array('{"populations": [["a", 1]]}')}, "'n_steps' is missing"),
        ({"meta": np.array("{")}, None),
    ],
)
def test_a_recording_with_parts_missing_is_refused(tmp_path, arrays, reason):
    path = write_npz(tmp_path / "r.npz", "recording", 1, arrays)
    if reason is None:
        with pytest.raises(json.JSONDecodeError) as problem:
            json.loads("{")
        reason = str(problem.value)
    message = f"{path}: a damaged recording ({reason}); run it again."
    with pytest.raises(RecordingError, match=exactly(message)):
        Recording.load(path)


def column(*values, dtype=np.int32):
    return np.array(values, dtype=dtype)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": 3}, "recording: label = 3; allowed: a string."),
        ({"dt": 0.0}, "recording: dt = 0.0 ms; allowed: a number above 0."),
        ({"dt": float("nan")}, "recording: dt = nan ms; allowed: a number above 0."),
        ({"first_step": -1}, "recording: first_step = -1; allowed: an integer of at least 0."),
        ({"n_steps": 0}, "recording: n_steps = 0; allowed: an integer of at least 1."),
        (
            {"counters": {"spikes": -1}},
            "recording counters: spikes = -1; allowed: an integer of at least 0.",
        ),
        (
            {"populations": {"exc": 4, "inh": 0}},
            "recording of 'inh': size = 0; allowed: an integer of at least 1.",
        ),
        (
            {"first_step": 11},
            "recording of 'exc': steps = array([ 10,  12,  12, 209], dtype=int32); allowed: 11 to "
            "210.",
        ),
        (
            {"ids": {"exc": column(3, 0, -1, 3), "inh": column()}},
            "recording of 'exc': ids[2] = -1; allowed: 0 to 3.",
        ),
        (
            {"ids": {"exc": column(3, 0, 3, 1.7, dtype=float), "inh": column()}},
            "recording of 'exc': ids are of type float64; allowed: integers.",
        ),
        (
            {"ids": {"exc": column(3, 0, 3), "inh": column()}},
            "recording of 'exc': steps have shape (4,) and ids (3,); allowed: two one-dimensional "
            "arrays of equal length, one entry per spike.",
        ),
        (
            {"ids": {"exc": column(3, 3, 0, 3), "inh": column()}},
            "recording of 'exc': its spikes are not sorted by step, then neuron, or one occurs "
            "twice.",
        ),
        (
            {"ids": {"exc": column(3, 3, 3, 3), "inh": column()}},
            "recording of 'exc': its spikes are not sorted by step, then neuron, or one occurs "
            "twice.",
        ),
        (
            {"traces": {("x", "v"): Trace(column(0), np.zeros((200, 1)), "mV", 0.5, 10)}},
            "recording: a trace has the key ('x', 'v'); allowed: (population, variable).",
        ),
    ],
)
def test_a_recording_that_no_run_gives_is_refused(changes, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        recording(**{"traces": {}, **changes})


def stored(path):
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    return {name: value for name, value in arrays.items() if not name.startswith("neurochip_")}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dt": 0}, "trace: dt = 0 ms; allowed: a number above 0"),
        ({"n_steps": "x"}, "expected numbers of shape (x, 2)"),
        ({"counters": []}, "recording: counters = []; allowed: a dict"),
        ({"populations": [["exc", 4], ["exc", 4]]}, "a population or a trace occurs twice"),
    ],
)
def test_what_a_file_says_of_a_run_is_checked(tmp_path, version, changes, reason):
    path = recording().save(tmp_path / "x")
    arrays = stored(path)
    meta = json.loads(str(arrays["meta"])) | changes
    write_npz(path, "recording", version, arrays | {"meta": np.array(json.dumps(meta))})
    with pytest.raises(RecordingError) as caught:
        Recording.load(path)
    assert str(caught.value).startswith(f"{path}: a damaged recording (")
    assert str(caught.value).endswith(f"{reason}); run it again.")


def test_a_recording_that_was_edited_is_refused_and_an_older_one_is_read(tmp_path):
    path = recording().save(tmp_path / "x")
    with np.load(path) as content:
        arrays = dict(content)
    arrays["trace_values_0"] = arrays["trace_values_0"] + 1.0
    np.savez(path, **arrays)
    message = (
        f"{path}: a damaged recording (its content does not match its checksum); run it again."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        Recording.load(path)
    write_npz(path, "recording", 1, stored(recording().save(path)))
    assert Recording.load(path) == recording()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dt": True}, "recording: dt = True ms; allowed: a number above 0."),
        ({"n_steps": 1.0}, "recording: n_steps = 1.0; allowed: an integer of at least 1."),
        (
            {"ids": {"exc": np.arange(4)}},
            "recording: ids = {'exc': array([0, 1, 2, 3])}; allowed: a dict with an entry for each "
            "population.",
        ),
        ({"populations": {"exc": 2, "inh": 2}}, "recording of 'exc': ids[0] = 3; allowed: 0 to 1."),
        (
            {"n_steps": 199, "traces": {}},
            "recording of 'exc': steps = array([ 10,  12,  12, 209], dtype=int32); allowed: 10 to "
            "208.",
        ),
        (
            {"counters": {"updates": 0.5}},
            "recording counters: updates = 0.5; allowed: an integer of at least 0.",
        ),
        (
            {"traces": {"v": 1}},
            "recording: a trace has the key 'v'; allowed: (population, variable).",
        ),
        (
            {"traces": {("inh", "v"): Trace([2], np.zeros((200, 1)), "mV", 0.5, 10)}},
            "recording: trace 'v' of 'inh': ids[0] = 2; allowed: 0 to 1.",
        ),
    ],
)
def test_a_recording_whose_parts_disagree_is_refused(changes, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        recording(**changes)


def test_a_trace_has_a_column_for_each_neuron():
    message = (
        "trace: ids have shape (1,) and values (5, 2); allowed: numbers, a row for each step and a "
        "column for each neuron."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        Trace([0], np.zeros((5, 2)), "mV", 0.5)


def test_what_is_no_list_is_not_recorded():
    message = "run: record = None; allowed: a list of 'v', 'u' and Probe(...)."
    with pytest.raises(RecordingError, match=exactly(message)):
        resolved(None)
