"""Comparisons of recordings built by hand, with known answers."""

from __future__ import annotations

import functools
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from neurochip import LIF, Network, Population, Recording
from neurochip.errors import RecordingError
from neurochip.recording import Origin, Trace
from neurochip.validation import Verdict
from neurochip.validation import compare as compare_runs

STEPS, DT = 1000, 1.0  # 1 s: counts are Hz
compare = functools.partial(compare_runs, any_origin=True)  # the recordings have no engine


def record(
    trains, *, sizes=None, label="run", dt=DT, n_steps=STEPS, coupling="independent", **fields
):
    """A recording from {population: {neuron: steps}}."""
    sizes = sizes or dict.fromkeys(trains, 10)
    known = {} if coupling is None else dict.fromkeys(sizes, coupling)
    steps, ids = {}, {}
    for name in sizes:
        spikes = sorted((s, i) for i, times in trains.get(name, {}).items() for s in times)
        pairs = np.array(spikes, dtype=np.int32).reshape(-1, 2)
        steps[name], ids[name] = pairs[:, 0], pairs[:, 1]
    return Recording(
        label=label,
        dt=dt,
        first_step=fields.pop("first_step", 0),
        n_steps=n_steps,
        populations=sizes,
        steps=steps,
        ids=ids,
        origin=Origin(kind="float", coupling=known),
        **fields,
    )


def regular(counts, start=0, period=20):
    """Spikes of neurons with these counts, every ``period`` steps."""
    return {i: range(start, start + n * period, period) for i, n in enumerate(counts)}


def silent(**fields):
    return record({"p": {}}, **fields)


def trace(ids, values, unit="mV"):
    return {("p", "v"): Trace(np.array(ids, np.int32), np.array(values, float), unit, DT)}


BOTH = {"p": regular([20] * 10)}
REFERENCE = record({"p": regular([20] * 10)}, label="float64")
CHIP = record({"p": regular([20] * 8 + [25, 10])}, label="emulator abc")


@pytest.fixture
def differing():
    return compare(REFERENCE, CHIP).populations["p"]


def test_population_rates_and_their_signed_error(differing):
    assert (differing.reference_rate, differing.chip_rate) == (20.0, 19.5)
    assert differing.rate_error == -0.025
    assert differing.verdict is Verdict.COMPARED


def test_rate_errors_of_neurons_by_their_definitions(differing):
    assert differing.mean_absolute_error_hz == 1.5  # (5 + 10) / 10 neurons
    assert differing.mean_absolute_error == 0.075  # over 20 Hz
    assert differing.mean_neuron_rate_error == 0.075  # (5/20 + 10/20) / 10
    assert (differing.worst_neuron, differing.neurons_differing) == (9, 2)


def test_the_two_relative_errors_weigh_neurons_differently():
    reference = record({"p": {0: range(0, 1000, 10), 1: [5, 900]}}, sizes={"p": 3})
    chip = record({"p": {0: range(0, 1000, 10), 1: [5], 2: [7]}}, sizes={"p": 3})
    found = compare(reference, chip).populations["p"]
    assert found.mean_absolute_error == pytest.approx(2 / 102)
    assert found.mean_neuron_rate_error == pytest.approx((0 + 0.5) / 2)  # neuron 2 has no rate


def test_counts_and_rates_of_neurons_are_kept_for_plots(differing):
    assert differing.reference_counts.tolist() == [20] * 10
    assert differing.chip_counts.tolist() == [20] * 8 + [25, 10]
    assert differing.chip_rates.tolist() == [20.0] * 8 + [25.0, 10.0]


def test_equal_runs_are_equal_in_every_number():
    found = compare(REFERENCE, REFERENCE).populations["p"]
    assert (found.rate_error, found.equal_spikes, found.coincidence) == (0.0, 1.0, 1.0)
    assert (found.worst_neuron, found.neurons_differing) == (None, 0)
    # No spike differs, but 3.7 of 200 might in a repetition.
    assert found.rate_error_interval == pytest.approx((-0.018444, 0.018444), rel=1e-4)
    assert found.beyond_chance is False
    assert "The registers change no spike; " in str(compare(REFERENCE, REFERENCE))


def test_spikes_one_step_late_are_not_equal_but_coincide():
    late = record({"p": regular([20] * 10, start=1)})
    found = compare(REFERENCE, late).populations["p"]
    assert found.equal_spikes == 0.0
    assert found.coincidence == pytest.approx(1.0)
    assert compare(REFERENCE, late, window=0).populations["p"].coincidence < 0.0


def test_equal_spikes_are_a_fraction_of_both_runs(differing):
    # 8 * 20 + 20 + 10 spikes have their equal; 200 and 195 spikes in all.
    assert differing.equal_spikes == 2 * 190 / 395


def test_cv_is_the_mean_over_neurons_that_have_one():
    reference = record({"p": {0: [0, 10, 40], 1: [0, 5, 10], 2: [3]}}, sizes={"p": 3})
    found = compare(reference, silent(sizes={"p": 3})).populations["p"]
    assert found.reference_cv == pytest.approx(0.25)  # 0.5 and 0
    assert math.isnan(found.chip_cv)


def test_the_interval_excludes_zero_for_a_common_error():
    rng = np.random.default_rng(0)
    counts = rng.integers(15, 25, 40)
    sizes = {"p": 40}
    reference = record({"p": regular(counts)}, sizes=sizes)
    chip = record({"p": regular(counts - rng.integers(1, 4, 40))}, sizes=sizes)
    found = compare(reference, chip).populations["p"]
    assert found.rate_error_interval[0] < found.rate_error < found.rate_error_interval[1] < 0
    assert found.beyond_chance is True
    assert str(compare(reference, chip)).startswith(
        "The registers make rates on the chip 11.3 % too"
    )


@pytest.mark.parametrize(
    ("coupling", "over"),
    [
        ("independent", "neurons"),
        ("shared input", "blocks of time"),
        ("recurrent", "blocks of time"),
        (None, "blocks of time"),
    ],
)
def test_the_coupling_of_the_neurons_decides_what_the_interval_is_over(coupling, over):
    found = compare(record(BOTH, coupling=coupling), record(BOTH, coupling=coupling))
    item = found.population("p")
    assert (item.coupling, item.pairs.over) == (coupling, over)
    assert (item.to_dict()["coupling"], item.to_dict()["interval_over"]) == (coupling, over)


def test_nothing_is_said_about_chance_where_spikes_are_none_or_too_few():
    assert compare(silent(), silent()).populations["p"].beyond_chance is None
    assert compare(REFERENCE, CHIP, min_spikes=201).populations["p"].beyond_chance is None
    assert compare(REFERENCE, silent()).populations["p"].beyond_chance is True


def test_another_population_does_not_change_an_interval():
    alone = compare(REFERENCE, CHIP).populations["p"].rate_error_interval
    sizes = {"first": 10, "p": 10}
    both = [record({"p": regular(c)}, sizes=sizes) for c in ([20] * 10, [20] * 8 + [25, 10])]
    assert compare(*both).populations["p"].rate_error_interval == alone


@pytest.mark.parametrize(
    ("reference", "chip", "verdict"),
    [
        ([], [], Verdict.SILENT),
        ([50, 50, 50], [], Verdict.SILENT_ON_CHIP),
        ([], [50, 50, 50], Verdict.SILENT_IN_REFERENCE),
        ([1], [], Verdict.SILENT_ON_CHIP),
        ([50, 49], [50, 50], Verdict.TOO_FEW_SPIKES),
        ([50, 50], [50, 49], Verdict.COMPARED),
    ],
)
def test_verdict_follows_from_the_spikes(reference, chip, verdict):
    runs = [record({"p": regular(counts)}) for counts in (reference, chip)]
    assert compare(*runs).populations["p"].verdict is verdict


def test_min_spikes_decides_what_is_too_few():
    runs = REFERENCE, CHIP
    assert compare(*runs, min_spikes=201).populations["p"].verdict is Verdict.TOO_FEW_SPIKES
    assert compare(*runs, min_spikes=200).populations["p"].verdict is Verdict.COMPARED


def test_a_neuron_that_spikes_in_every_step_is_saturated():
    chip = record({"p": {3: range(300)}})
    found = compare(REFERENCE, chip).populations["p"]
    assert found.verdict is Verdict.SATURATED
    assert (found.reference_saturated, found.chip_saturated) == (0, 1)


def test_a_few_short_intervals_are_not_saturation():
    chip = record({"p": regular([20] * 10) | {0: [0, 1, 40, 80]}})
    found = compare(REFERENCE, chip).populations["p"]
    assert found.verdict is Verdict.COMPARED
    assert found.chip_saturated == 0


def test_a_neuron_is_saturated_if_more_than_half_of_its_intervals_are_the_shortest():
    half, more = [0, 1, 40], [0, 1, 2, 40]
    chip = record({"p": regular([20] * 10) | {0: half, 1: more}})
    assert compare(REFERENCE, chip).populations["p"].chip_saturated == 1


@pytest.mark.parametrize(("least", "verdict"), [(300, "SATURATED"), (301, "TOO_FEW_SPIKES")])
def test_as_many_spikes_as_asked_for_are_enough_to_call_it_saturation(least, verdict):
    every_step = record({"p": {3: range(300)}})
    found = compare(every_step, every_step, min_spikes=least).populations["p"]
    assert found.verdict is Verdict[verdict]


@pytest.mark.parametrize(("period", "saturated"), [(5, True), (6, True), (7, False)])
def test_the_network_tells_what_rate_its_refractory_period_allows(period, saturated):
    network = Network(populations=[Population("p", 10, LIF(tau_refrac=5.0))])
    chip = record({"p": regular([100] * 10, period=period)})
    found = compare(REFERENCE, chip, network=network).populations["p"]
    assert (found.verdict is Verdict.SATURATED) == saturated
    assert found.chip_saturated == (10 if saturated else 0)
    assert compare(REFERENCE, chip).populations["p"].verdict is Verdict.COMPARED


def test_a_network_of_another_size_is_refused():
    network = Network(populations=[Population("p", 9)])
    message = (
        "compare: population 'p' has 9 neurons in the network and 10 in the recordings; pass the "
        "network that was run."
    )
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(REFERENCE, CHIP, network=network)


def test_v_is_compared_for_neurons_that_both_recorded_whatever_their_order():
    reference = silent(n_steps=2, traces=trace([1, 4, 7], [[0, 1, 2], [0, 1, 2]]))
    chip = silent(n_steps=2, traces=trace([7, 2, 1], [[2, 9, 0], [6, 9, 0]]))
    found = compare(reference, chip).populations["p"]
    assert (found.v_rmse, found.v_largest_error, found.v_neurons) == (2.0, 4.0, 2)


@pytest.mark.parametrize("ids", [None, [2]])
def test_v_without_common_neurons_is_none(ids):
    reference = silent(n_steps=1, traces=trace([1], [[0.0]]))
    chip = silent(n_steps=1, traces={} if ids is None else trace(ids, [[0.0]]))
    found = compare(reference, chip).populations["p"]
    assert (found.v_rmse, found.v_largest_error, found.v_neurons) == (None, None, 0)
    assert "v              not recorded on both sides" in str(compare(reference, chip))


def test_v_in_register_values_is_refused():
    runs = [silent(n_steps=1, traces=trace([1], [[0.0]], unit)) for unit in ("mV", "LSB")]
    message = (
        "compare: 'v' of 'p' is in LSB in the chip; allowed: mV. Run an image that has its symbols."
    )
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(*runs)


def test_a_finer_grid_splits_the_error_into_parts_that_add_up():
    fine = record({"p": regular([24] * 10, period=200)}, dt=0.1, n_steps=10_000, label="fine")
    split = compare(REFERENCE, CHIP, fine=fine).populations["p"].split
    # Rates: chip 19.5, reference 20, fine 24 Hz, which all fractions refer to.
    assert split.quantisation.signed_hz == pytest.approx(-0.5)
    assert split.time_step.signed_hz == pytest.approx(-4.0)
    assert split.total.signed_hz == pytest.approx(-4.5)
    assert split.total.signed == pytest.approx(-4.5 / 24)
    assert split.total.signed == pytest.approx(split.quantisation.signed + split.time_step.signed)
    assert split.quantisation.absolute_hz == pytest.approx(1.5)
    assert split.time_step.absolute_hz == pytest.approx(4.0)
    assert split.total.absolute_hz == pytest.approx((8 * 4 + 1 + 14) / 10)
    assert split.total.absolute == pytest.approx(4.7 / 24)


def test_without_a_finer_grid_there_is_no_split(differing):
    assert differing.split is None


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            silent(dt=0.5),
            "compare: the reference has dt = 1 ms and the chip 0.5 ms; allowed: equal steps. Run "
            "the reference on the chip's grid and pass one on a finer grid as fine=.",
        ),
        (
            silent(sizes={"q": 3, "p": 10}),
            "compare: the reference has populations 'p' (10) and the chip 'q' (3), 'p' (10); "
            "allowed: the same names and sizes. Run both from one network.",
        ),
        (
            silent(first_step=7),
            "compare: the reference begins at step 0 and the chip 7; allowed: the same. Run both "
            "over the same time.",
        ),
        (
            silent(n_steps=5),
            "compare: the reference has a number of steps of 1000 and the chip 5; allowed: the "
            "same. Run both over the same time.",
        ),
    ],
)
def test_recordings_that_do_not_belong_together_are_refused(other, message):
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(REFERENCE, other)


@pytest.mark.parametrize(
    ("fine", "message"),
    [
        (
            silent(),
            "compare: fine has dt = 1 ms; allowed: below the reference's 1 ms. Run the reference "
            "on a finer grid.",
        ),
        (
            silent(dt=0.5),
            "compare: the reference runs from 0 to 1000 ms and fine from 0 to 500 ms; allowed: the "
            "same. Run both over the same time.",
        ),
        (
            silent(dt=0.5, n_steps=2000, first_step=2),
            "compare: the reference runs from 0 to 1000 ms and fine from 1 to 1001 ms; allowed: "
            "the same. Run both over the same time.",
        ),
        (
            silent(dt=0.5, n_steps=2000, sizes={"p": 9}),
            "compare: the reference has populations 'p' (10) and the fine 'p' (9); allowed: the "
            "same names and sizes. Run both from one network.",
        ),
        (3, "compare: fine = 3; allowed: a Recording."),
    ],
)
def test_a_fine_run_that_does_not_belong_is_refused(fine, message):
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(REFERENCE, CHIP, fine=fine)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_spikes": 0}, "compare: min_spikes = 0; allowed: an integer of at least 1."),
        ({"min_spikes": 1.5}, "compare: min_spikes = 1.5; allowed: an integer of at least 1."),
        ({"window": -2.0}, "compare: window = -2.0 ms; allowed: a number of at least 0."),
        ({"window": math.nan}, "compare: window = nan ms; allowed: a number of at least 0."),
    ],
)
def test_options_that_are_not_allowed_are_refused(options, message):
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(REFERENCE, CHIP, **options)


def test_something_else_than_a_recording_is_refused():
    with pytest.raises(RecordingError, match=r"^compare: chip = None; allowed: a Recording\.$"):
        compare(REFERENCE, None)


OVERFLOWING = {"accumulator_wraps": 3, "current_wraps": 0, "voltage_clips_low": 1200, "updates": 9}


def test_overflows_of_the_chip_are_shown_in_any_case():
    comparison = compare(silent(), silent(counters=OVERFLOWING))
    assert comparison.overflows == {"accumulator_wraps": 3, "voltage_clips_low": 1200}
    lines = str(comparison).splitlines()
    assert (
        "  WARNING    accumulator_wraps = 3 on the chip: a sum of synaptic input wrapped round"
        in lines
    )
    assert (
        "  WARNING    voltage_clips_low = 1,200 on the chip: v was held at its lower limit" in lines
    )


def test_the_text_says_which_side_is_what_and_fits_a_screen():
    fine = record({"p": regular([24] * 10, period=200)}, dt=0.1, n_steps=10_000, label="x" * 200)
    lines = str(compare(REFERENCE, CHIP, fine=fine)).splitlines()
    assert lines[4:6] == ["  reference  float64", "  chip       emulator abc"]
    assert "p (10 neurons): COMPARED" in lines
    assert "  spikes                  200         195" in lines
    assert any("worst: neuron 9 (reference 20, chip 10)" in line for line in lines)
    assert "    total            -18.75 %     19.58 %" in lines
    assert len(lines) <= 30
    assert max(len(line) for line in lines) <= 80


def test_a_tiny_negative_error_is_not_printed_as_minus_zero():
    sizes = {"p": 200}
    reference = record({"p": regular([200] * 200, period=5)}, sizes=sizes)
    chip = record({"p": regular([200] * 199 + [199], period=5)}, sizes=sizes)
    assert "rate error     +0.00 %" in str(compare(reference, chip))
    assert "-0.00" not in str(compare(reference, chip)).split("interval")[0]


def test_the_text_of_a_silent_population_quotes_no_rate():
    text = str(compare(silent(), silent()))
    assert "p (10 neurons): SILENT" in text
    assert "Silent, in float and on the chip: nothing is known about rates. Compare v, or" in text
    assert "Hz" not in text
    assert "nan" not in text


def test_the_text_of_a_short_run_owns_up_to_having_no_interval():
    runs = [record({"p": {0: range(0, stop, 2)}}, sizes={"p": 1}, n_steps=9) for stop in (5, 9)]
    text = str(compare(*runs, min_spikes=3))
    assert "p (1 neuron): COMPARED" in text
    assert "the run is too short for an interval" in text
    assert "95 % interval undefined" in text


def test_many_populations_become_a_table_that_fits_a_screen():
    sizes = {f"a population with a long name {i}": 10 for i in range(40)}
    trains = {name: regular([20] * 10) for name in list(sizes)[::2]}
    text = str(compare(record(trains, sizes=sizes), record(trains, sizes=sizes)))
    lines = text.splitlines()
    table = lines[lines.index("  chip       run") + 2 :]
    assert lines[0].startswith("a population with a long name 0: The registers change no spike; ")
    assert "and 35 more populations, in .answers" in lines
    assert table[0].startswith("population")
    assert table[1].startswith("a populati…      10   20.00   20.00   +0.00 %")
    assert table[1].endswith("-1.84 to +1.84 %  compared")
    assert table[2].endswith("silent")
    assert lines[-1] == "and 24 more populations, in .populations"
    assert len(lines) <= 40
    assert max(len(line) for line in lines) <= 80


def test_the_table_shows_the_split():
    sizes = dict.fromkeys("abcd", 10)
    reference = record({"a": regular([20] * 10)}, sizes=sizes)
    fine = record({"a": regular([25] * 10, period=200)}, sizes=sizes, dt=0.1, n_steps=10_000)
    lines = str(compare(reference, reference, fine=fine)).splitlines()
    assert "a                   -20.00 %      -20.00 %       +0.00 %" in lines
    assert "b                          -             -             -" in lines


def test_json_holds_the_numbers_and_none_where_they_are_undefined(tmp_path):
    comparison = compare(silent(), CHIP, fine=silent(dt=0.5, n_steps=2000))
    path = comparison.to_json(tmp_path / "deep" / "comparison.json")
    loaded = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert loaded == comparison.to_dict()
    found = loaded["populations"]["p"]
    assert found["verdict"] == "silent in reference"
    assert (found["reference_spikes"], found["chip_spikes"]) == (0, 195)
    assert found["rate_error"] is None
    assert found["rate_error_interval"] == [None, None]
    assert found["split"]["total"]["signed_hz"] == 19.5
    assert found["split"]["total"]["signed"] is None


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = compare(REFERENCE, CHIP).to_json(tmp_path / "comparison.json")
    before = path.read_text()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        compare(REFERENCE, REFERENCE).to_json(path)
    assert path.read_text() == before
    assert [item.name for item in tmp_path.iterdir()] == ["comparison.json"]


def test_an_unknown_population_is_named_with_those_that_exist():
    message = "comparison: no population 'q'; there are 'p'."
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(REFERENCE, CHIP).population("q")


def test_repr_is_one_line():
    assert repr(compare(REFERENCE, CHIP)) == "Comparison(1000 ms, p: compared)"


def test_importing_validation_does_not_import_matplotlib():
    code = "import sys, neurochip.validation; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_window_may_be_longer_than_the_runs():
    whole, longer = (compare(REFERENCE, CHIP, window=window) for window in (STEPS * DT, 1e300))
    first, second = (found.population("p").to_dict() for found in (whole, longer))
    assert first == second
