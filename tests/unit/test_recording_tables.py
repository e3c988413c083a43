"""Recordings as tables of pandas, as arrays of xarray, and as trains of single neurons."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from neurochip import LIF, Network, Population, Recording, SpikeInput, draw_stimulus, one_to_one
from neurochip.errors import MissingExtraError, RecordingError
from neurochip.recording import Probe, Trace
from neurochip.reference import simulate_reference


def exactly(message):
    return f"^{re.escape(message)}$"


def recording(**changes):
    v = Trace([1, 3], np.arange(8.0).reshape(4, 2), "mV", 0.5, 10)
    u = Trace([3], np.arange(4, dtype=np.int32).reshape(4, 1), "LSB", 0.5, 10)
    fields = {
        "label": "test",
        "dt": 0.5,
        "first_step": 10,
        "n_steps": 4,
        "populations": {"exc": 4, "inh": 2},
        "steps": {"exc": [10, 12, 12, 13], "inh": []},
        "ids": {"exc": [3, 0, 3, 3], "inh": []},
        "traces": {("exc", "v"): v, ("exc", "u"): u},
    }
    return Recording(**{**fields, **changes})


def test_every_neuron_has_a_train_of_times():
    trains = recording().spike_trains("exc")
    assert [train.tolist() for train in trains] == [[6.0], [], [], [5.0, 6.0, 6.5]]
    assert [train.tolist() for train in recording().spike_trains("inh")] == [[], []]


def test_trains_hold_all_spikes_of_a_run_in_order():
    source = SpikeInput("source", 3, [0, 2, 1, 0], [1.0, 2.0, 3.0, 4.0])
    cells = Population("cells", 3, LIF(tau_refrac=1.0))
    network = Network(
        inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=30.0)]
    )
    run = simulate_reference(network, draw_stimulus(network, 10.0, seed=1), 0.1)
    trains = run.spike_trains("cells")
    assert list(map(len, trains)) == run.counts("cells").tolist() == [2, 1, 1]
    for neuron, train in enumerate(trains):
        assert train.tolist() == run.times("cells")[run.ids["cells"] == neuron].tolist()


def test_spikes_are_a_table_with_a_row_for_each():
    table = recording().to_pandas()
    assert list(table.columns) == ["population", "neuron", "time"]
    assert table["population"].tolist() == ["exc"] * 4
    assert list(table["population"].cat.categories) == ["exc", "inh"]
    assert table["neuron"].tolist() == [3, 0, 3, 3]
    assert table["time"].tolist() == [5.0, 6.0, 6.0, 6.5]
    assert table.attrs["units"] == {"time": "ms"}


def test_payloads_are_a_column_if_there_are_any():
    graded = recording(
        payloads={"inh": [7, -2]},
        steps={"exc": [10], "inh": [11, 12]},
        ids={"exc": [3], "inh": [0, 1]},
    )
    table = graded.to_pandas()
    assert table["population"].tolist() == ["exc", "inh", "inh"]
    assert table["payload"].tolist() == [1, 7, -2]


def test_a_run_without_spikes_is_an_empty_table_of_the_same_columns():
    silent = dict.fromkeys(("exc", "inh"), np.empty(0, dtype=np.int32))
    table = recording(steps=silent, ids=silent).to_pandas()
    assert len(table) == 0
    assert table.dtypes.astype(str).to_dict() == {
        "population": "category",
        "neuron": "int32",
        "time": "float64",
    }


def test_traces_of_a_variable_are_a_table_with_a_row_for_each_neuron_and_step():
    table = recording().to_pandas("v")
    assert list(table.columns) == ["population", "neuron", "time", "v"]
    assert table["neuron"].tolist() == [1] * 4 + [3] * 4
    assert table["time"].tolist() == [5.5, 6.0, 6.5, 7.0] * 2
    assert table["v"].tolist() == [0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]
    assert table.attrs["units"] == {"time": "ms", "v": "mV"}


def test_traces_of_a_population_are_arrays_over_time_and_neuron_with_units():
    found = recording().to_xarray()
    assert found.v.dims == ("time", "neuron")
    assert found.v.attrs["units"] == "mV"
    assert found.time.attrs["units"] == "ms"
    assert found.time.values.tolist() == [5.5, 6.0, 6.5, 7.0]
    assert found.v.sel(neuron=3).values.tolist() == [1.0, 3.0, 5.0, 7.0]
    assert found.attrs == {"population": "exc", "label": "test", "dt": 0.5}


def test_a_neuron_of_which_a_variable_was_not_recorded_is_undefined():
    u = recording().to_xarray("exc").u
    assert u.sel(neuron=3).values.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert np.isnan(u.sel(neuron=1)).all()


def test_registers_of_the_same_neurons_remain_integers():
    trace = recording().traces["exc", "u"]
    found = recording(traces={("exc", "u"): trace}).to_xarray()
    assert found.u.dtype == np.int32
    assert found.u.attrs["units"] == "LSB"


def test_a_trace_of_a_run_knows_its_times():
    cells = Population("cells", 2, LIF(tau_m=5.0))
    network = Network(populations=[cells])
    run = simulate_reference(network, draw_stimulus(network, 2.0, seed=1), 0.5, record=["v"])
    assert run.trace("cells").times.tolist() == [0.5, 1.0, 1.5, 2.0]


def test_the_population_must_be_named_if_several_have_traces():
    cells = [Population(name, 2, LIF(tau_m=5.0)) for name in "ab"]
    network = Network(populations=cells)
    record = [Probe("v", "a"), Probe("v", "b", (0,))]
    run = simulate_reference(network, draw_stimulus(network, 2.0, seed=1), 0.5, record=record)
    message = (
        "recording: to_xarray needs the name of a population; traces were recorded of 'a', 'b'."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        run.to_xarray()
    assert run.to_xarray("b").v.shape == (4, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda run: run.to_pandas("g"),
            "recording: 'g' of any population was not recorded; it holds 'v' of 'exc', 'u' of "
            "'exc'. Pass record=['g'] to the run.",
        ),
        (
            lambda run: run.to_xarray("inh"),
            "recording: 'v' of 'inh' was not recorded; it holds 'v' of 'exc', 'u' of 'exc'. Pass "
            "record=['v'] to the run.",
        ),
        (lambda run: run.to_xarray("x"), "recording: no population 'x'; there are 'exc', 'inh'."),
        (
            lambda run: run.spike_trains("x"),
            "recording: no population 'x'; there are 'exc', 'inh'.",
        ),
    ],
)
def test_what_a_recording_does_not_hold_is_named(call, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        call(recording())


@pytest.mark.parametrize(
    ("package", "call"),
    [("pandas", lambda run: run.to_pandas()), ("xarray", lambda run: run.to_xarray())],
)
def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch, package, call):
    monkeypatch.setitem(sys.modules, package, None)
    message = (
        f"Recording.to_{package} needs the package '{package}', which is not installed: "
        'pip install "neurochip[notebook]".'
    )
    with pytest.raises(MissingExtraError, match=exactly(message)):
        call(recording())


def test_a_trace_of_other_steps_than_the_recording_is_refused():
    late = Trace([1], np.zeros((4, 1)), "mV", 0.5)
    message = (
        "recording: trace 'v' of 'exc' has steps of 0.5 ms from step 0; allowed: the recording's, "
        "of 0.5 ms from step 10."
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        recording(traces={("exc", "v"): late})
