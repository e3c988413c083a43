"""How many bits a network needs: the statistics, the verdict in words, the study and its file."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from command_line import fail, succeed, unfolded
from matplotlib.figure import Figure
from sweep_models import cells

import neurochip as nc
from neurochip import LIF, LOIHI, Conclusion, ConstantCurrent, Network, Population, bits
from neurochip.errors import AnalysisError, CompileError, SweepError
from neurochip.precision import BitsAnswer, plot_bits
from neurochip.precision.decide import Rates, conclude_width, judge, verdict
from neurochip.sweeps import read_sweep

EQUAL, DIFFERENT, UNDECIDED = Conclusion.EQUAL, Conclusion.DIFFERENT, Conclusion.UNDECIDED
SEEDS = 8


def rates(shift, spread=0.005, *, seeds=SEEDS, seed=0):
    """Rates around 20 Hz of each seed; those of the chip have a relative shift and a spread."""
    rng = np.random.default_rng(seed)
    reference = rng.normal(20, 0.5, seeds)
    chip = reference * (1 + shift + rng.normal(0, spread, seeds))
    return Rates(reference, chip, int(1000 * reference.sum()), 2.0)


def centred(shift, spread, seeds=SEEDS, off=2.0):
    """Rates whose differences have exactly this mean and this standard deviation.

    Single neurons are ``off`` by so many Hz of 20.
    """
    pattern = np.where(np.arange(seeds) % 2, 1.0, -1.0) * math.sqrt((seeds - 1) / seeds)
    return Rates(np.full(seeds, 20.0), 20 * (1 + shift + spread * pattern), 20_000 * seeds, off)


def answer(widths, register="weight_mantissa_bits", problems=(), **fields):
    """Return the answer for rates by width, one or one for each population."""
    results = []
    for width in sorted(widths, reverse=True):
        given = widths[width] if isinstance(widths[width], dict) else {"cells": widths[width]}
        results += [judge(width, name, item, 0.02, len(given)) for name, item in given.items()]
    return BitsAnswer(
        register=register,
        results=tuple(results),
        problems=dict(problems),
        tolerance=0.02,
        dt=0.1,
        duration=1000.0,
        seeds=tuple(range(1, SEEDS + 1)),
        **{"floor": {}, "random": True, "sweep": None, **fields},
    )


# Statistics


@pytest.mark.slow
def test_a_false_claim_of_enough_is_made_in_5_percent_of_studies_on_the_tolerance():
    studies, wrong = 1000, 0
    for seed in range(studies):
        widths = {8: rates(0.0, seed=3 * seed), 3: rates(0.02, seed=3 * seed + 1)}
        wrong += answer(widths).enough == 3
    assert abs(wrong - 0.05 * studies) < 3 * math.sqrt(0.05 * 0.95 * studies)


@pytest.mark.slow
def test_a_false_claim_of_not_enough_is_made_in_5_percent_at_most_for_all_populations_together():
    studies, wrong = 500, 0
    for seed in range(studies):
        each = {name: rates(0.02, seed=3 * seed + place) for place, name in enumerate("abc")}
        wrong += answer({2: each}).not_enough == 2
    assert 0 < wrong < 0.05 * studies + 3 * math.sqrt(0.05 * 0.95 * studies)


def test_a_difference_is_found_and_equality_proved_where_the_spread_allows():
    assert judge(3, "cells", centred(0.05, 0.01), 0.02, 1).conclusion is DIFFERENT
    assert judge(3, "cells", centred(-0.05, 0.01), 0.02, 1).conclusion is DIFFERENT
    assert judge(3, "cells", centred(0.001, 0.01), 0.02, 1).conclusion is EQUAL
    assert judge(3, "cells", centred(0.001, 0.2), 0.02, 1).conclusion is UNDECIDED


def test_more_populations_need_a_larger_difference():
    found = centred(0.03, 0.012)
    assert judge(3, "cells", found, 0.02, 1).conclusion is DIFFERENT
    assert judge(3, "cells", found, 0.02, 20).conclusion is UNDECIDED


@pytest.mark.parametrize("shift", [0.0, 0.01, -0.015, 0.03])
def test_the_predicted_number_of_seeds_decides(shift):
    few = judge(3, "cells", centred(shift, 0.05), 0.02, 1)
    assert few.conclusion is UNDECIDED
    number = few.seeds_to_decide + few.seeds_to_decide % 2  # an even number gives the exact mean
    decided = judge(3, "cells", centred(shift, 0.05, number), 0.02, 1)
    assert decided.conclusion is (EQUAL if abs(shift) < 0.02 else DIFFERENT)
    assert judge(3, "cells", centred(shift, 0.05, number - 2), 0.02, 1).conclusion is UNDECIDED


def test_a_difference_on_the_tolerance_is_not_decided_by_any_number_of_seeds():
    assert judge(3, "cells", centred(0.02, 0.05), 0.02, 1).seeds_to_decide is None


def test_few_spikes_resolve_no_small_tolerance():
    one_each = Rates(np.full(SEEDS, 0.1), np.full(SEEDS, 0.1), SEEDS, 0.0)
    found = judge(3, "cells", one_each, 0.02, 1)
    assert found.interval == pytest.approx((-3 / 8, 3 / 8), rel=0.01)  # three of eight spikes
    assert found.conclusion is UNDECIDED
    assert found.seeds_to_decide == 150  # three spikes are 2 % of 150


def test_a_population_without_a_spike_in_float_may_not_spike_on_the_chip():
    def found(*chip):
        return judge(3, "cells", Rates(np.zeros(len(chip)), np.array(chip), 0, 0.0), 0.02, 1)

    assert found(0.0, 0.0, 0.0).conclusion is EQUAL
    assert found(0.0, 1.0, 1.0, 1.0, 1.0, 1.0).conclusion is UNDECIDED
    assert found(1.0, 1.0, 1.0, 1.0, 1.0).conclusion is DIFFERENT
    assert found(1.0, 1.0, 1.0, 1.0).conclusion is UNDECIDED  # 1 in 16 by chance


# Verdict


@pytest.mark.parametrize(
    ("conclusions", "enough", "not_enough", "undecided"),
    [
        ("===x", 2, 1, ()),
        ("==?x", 3, 1, (2,)),
        ("====", 1, None, ()),
        ("xxxx", None, 4, ()),
        ("??xx", None, 2, (4, 3)),
        ("=x=x", 4, 1, (3, 2)),
        ("x===", None, None, (4, 3, 2, 1)),
    ],
)
def test_the_verdict_is_monotone(conclusions, enough, not_enough, undecided):
    kinds = {"=": EQUAL, "x": DIFFERENT, "?": UNDECIDED}
    found = verdict({4 - place: kinds[sign] for place, sign in enumerate(conclusions)})
    assert found == (enough, not_enough, undecided)


def test_the_worst_population_decides():
    given = (centred(0.0, 0.01), centred(0.1, 0.01), centred(0.0, 0.2))
    good, bad, unsure = (judge(3, "cells", item, 0.02, 3) for item in given)
    assert conclude_width([good, good]) is EQUAL
    assert conclude_width([good, unsure]) is UNDECIDED
    assert conclude_width([good, unsure, bad]) is DIFFERENT


# Sentences


def test_the_answer_names_both_numbers_the_difference_and_the_resolution():
    widths = {3: centred(0.01, 0.004), 2: centred(3.84, 0.02), 8: centred(0.001, 0.004, off=1.0)}
    found = answer(widths)
    assert (found.enough, found.not_enough, found.undecided) == (3, 2, ())
    assert found.resolution == pytest.approx(0.01 + 1.895 * 0.004 / math.sqrt(8), abs=1e-5)
    assert found.sentence == (
        "3 weight bits are enough for mean rates, 2 are not: rates +384 % (8 seeds; no difference "
        "above 1.3 % of the rate). Single neurons are off by 10.0 % on average (with 8: 5.0 %)."
    )


def test_undecided_widths_name_the_seeds_that_would_decide():
    widths = {4: centred(0.0, 0.01), 3: centred(0.01, 0.03), 2: centred(0.02, 0.1)}
    assert answer({**widths, 1: centred(-0.5, 0.1)}).sentence == (
        "4 weight bits are enough for mean rates, 1 is not: rates -50.0 % (8 seeds; no difference "
        "above 0.7 % of the rate). Single neurons are off by 10.0 % on average. 3 and 2 "
        "weight bits are undecided: about 27 seeds would decide 3."
    )
    assert answer({4: centred(0.0, 0.05)}).sentence == (
        "Undecided how large weight_mantissa_bits must be (8 seeds; tolerance 2 % of the rate). 4 "
        "weight bits are undecided: about 19 seeds would decide."
    )
    on_it = answer({3: centred(0.02, 0.1), 2: centred(0.02, 0.1)}, "refractory_max")
    assert on_it.sentence.endswith(
        " refractory_max = 3 and 2 are undecided, and up to 1,000 seeds would not decide 3."
    )


def test_one_of_several_populations_is_named():
    both = {"E": centred(-0.2, 0.01), "I": centred(0.1, 0.01)}
    found = answer({2: {"E": centred(0, 0.01), "I": centred(0, 0.01)}, 1: both})
    assert found.sentence.startswith(
        "2 weight bits are enough for mean rates, 1 is not: rates -20.0 % in 'E' ("
    )


def test_the_ends_of_what_was_tested_are_said():
    assert answer({8: centred(0, 0.01), 4: centred(0, 0.01)}).sentence == (
        "4 weight bits are enough for mean rates, the least of those tested (8 seeds; no "
        "difference above 0.7 % of the rate). Single neurons are off by 10.0 % on average (with 8: "
        "10.0 %)."
    )
    assert answer({2: centred(0.3, 0.01), 1: centred(0.4, 0.01)}).sentence == (
        "2 weight bits are not enough: rates +30.0 %; no larger value was tested (8 seeds; "
        "tolerance 2 % of the rate)."
    )


def test_a_register_that_is_no_number_of_bits_is_named_with_its_value():
    found = answer({20: centred(0, 0.01), 10: centred(0.3, 0.01)}, "refractory_max")
    assert found.sentence.startswith(
        "refractory_max = 20 is enough for mean rates, 10 is not: rates +30.0 % ("
    )


def test_a_wider_register_that_is_worse_is_said():
    widths = {8: centred(0, 0.01), 6: centred(0.1, 0.01), 4: centred(0, 0.01)}
    assert answer(widths).sentence == (
        "8 weight bits are enough for mean rates (8 seeds; no difference above 0.7 % of the rate). "
        "Single neurons are off by 10.0 % on average. More is not always better here: 6 differ and "
        "4 do not, since rounding happens to suit the parameters at some widths."
    )


def test_widths_that_cannot_be_compiled_count_as_not_enough_unless_they_are_the_widest():
    widths = {8: centred(0, 0.01), 4: centred(0, 0.01)}
    found = answer(widths, problems={2: "tau_m fits no register. Lengthen dt.", 16: "Too wide."})
    assert found.sentence == (
        "4 weight bits are enough for mean rates, 2 are not: it cannot be compiled, tau_m fits no "
        "register (8 seeds; no difference above 0.7 % of the rate). Single neurons are off by "
        "10.0 % on average (with 8: 10.0 %). 16 weight bits and more cannot be "
        "compiled: Too wide."
    )
    assert found.widths == (16, 8, 4, 2)
    assert "\n16  " in str(found)
    assert "  cannot be compiled: Too wide.\n" in str(found)
    assert answer({}, problems={2: "Too small."}).sentence == (
        "No answer: no width can be compiled; 2 weight bits: Too small."
    )


def test_silence_is_no_answer():
    silent = Rates(np.zeros(SEEDS), np.zeros(SEEDS), 0, 0.0)
    found = answer({8: silent, 4: silent})
    assert (found.enough, found.not_enough) == (None, None)
    assert found.sentence == (
        "No answer: no population spikes in float, so there are no rates to compare. Increase the "
        "input or the duration."
    )
    partly = answer({8: {"a": centred(0, 0.01), "b": silent}})
    assert partly.sentence.endswith(" No answer about 'b': no spikes in float.")


def test_a_silent_population_that_spikes_on_the_chip_is_a_difference():
    silent, loud = (Rates(np.zeros(SEEDS), np.full(SEEDS, rate), 0, 0.0) for rate in (0.0, 5.0))
    same = centred(0, 0.01)
    found = answer({8: {"a": same, "b": silent}, 1: {"a": same, "b": loud}})
    assert found.sentence.startswith(
        "8 weight bits are enough for mean rates, 1 is not: 'b' spikes on the chip only ("
    )
    assert found.to_dict()["results"][-1]["difference"] is None


# Study


def study(**options):
    given = {"register": "decay_bits", "widths": [12, 4], "tolerance": 0.05, "seeds": 5, **options}
    return bits(cells(), **{"dt": 0.5, "duration": 200.0, "gain": "dc", **given})


def test_a_study_runs_float_once_per_seed_and_each_width_on_the_same_stimuli():
    found = study()
    assert found.widths == (12, 4)
    assert (found.enough, found.not_enough) == (12, 4)
    assert found.seeds == (1, 2, 3, 4, 5)
    assert found.populations == ("cells",)
    wide, narrow = found.results
    assert wide.reference_rate == narrow.reference_rate
    rows = [row for row in found.sweep.rows if row["floor"] is False]
    assert len({row["reference_rate"] for row in rows}) <= 5
    assert len(rows) == 10


def test_the_floor_of_a_network_without_recurrence_is_narrow():
    low, high = study(widths=[12]).floor["cells"]
    assert -0.01 < low <= high < 0.01


def test_a_study_continues_where_it_stopped_and_takes_another_tolerance(tmp_path):
    path = tmp_path / "bits.jsonl"
    whole = study(path=path)
    content = path.read_bytes()
    path.write_bytes(b"".join(content.splitlines(keepends=True)[:4]))
    again = study(path=path)
    assert path.read_bytes() == content
    assert again.to_dict() == whole.to_dict()
    assert study(path=path, tolerance=0.9).enough == 4
    assert read_sweep(path).complete
    with pytest.raises(SweepError, match="holds another sweep"):
        study(widths=[12, 5], path=path)


def test_a_width_at_which_the_network_does_not_fit_is_reported():
    found = study(widths=[12, 3])
    assert (found.enough, found.not_enough) == (12, 3)
    assert found.problems[3].startswith("population 'cells': tau_m[0] = 10 ms is a decay of ")
    assert found.sentence.startswith(
        "12 decay bits are enough for mean rates, 3 are not: it cannot be compiled, population "
    )


def test_inputs_without_chance_are_one_input_whatever_the_seed():
    cell = Population("cell", 3, LIF(tau_m=10.0))
    network = Network(populations=[cell], inputs=[ConstantCurrent(cell, 2.0)])
    found = bits(network, register="decay_bits", widths=[12], dt=0.5, duration=500.0, seeds=5)
    assert found.floor == {}
    assert not found.random
    assert "(one input, whatever the seed; no difference above" in found.sentence


def test_the_widths_of_a_register_of_bits_go_down_from_that_of_the_chip():
    chip = LOIHI.what_if(weight_mantissa_bits=3)
    found = study(register="weight_mantissa_bits", widths=None, chip=chip, seeds=2)
    assert found.widths == (3, 2, 1)
    bias = LOIHI.what_if(bias_mantissa_bits=3)
    assert study(register="bias_mantissa_bits", widths=None, chip=bias, seeds=2).widths == (3, 2)


def test_the_step_may_be_chosen():
    assert study(dt="auto", seeds=2, widths=[12]).dt > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"register": "weight_bits"},
            "bits: register = 'weight_bits'; allowed: an integer field of CoreSpec, such as "
            "'weight_mantissa_bits' or 'decay_bits'. Did you mean 'weight_mantissa_bits'?",
        ),
        (
            {"register": "weight_clips"},
            "bits: register = 'weight_clips'; allowed: an integer field of CoreSpec, such as "
            "'weight_mantissa_bits' or 'decay_bits'. Did you mean 'weight_shift'?",
        ),
        (
            {"register": "refractory_max", "widths": None},
            "bits: widths = None; the register 'refractory_max' is no number of bits, so pass the "
            "values to test, such as widths=range(10, 64).",
        ),
        ({"widths": []}, "bits: widths has no values; allowed: at least one integer."),
        ({"widths": 8}, "bits: widths = 8; allowed: a list of integers."),
        ({"widths": [8, 1.5]}, "bits: widths[1] = 1.5; allowed: an integer."),
        ({"seeds": 1}, "bits: seeds = 1; allowed: an integer of at least 2."),
        (
            {"tolerance": 0},
            "bits: tolerance = 0; allowed: a number above 0 and at most 1 (0.05 is 5 %).",
        ),
        ({"dt": "0.5"}, "bits: dt = '0.5' ms; allowed: a number above 0."),
        ({"duration": -1}, "bits: duration = -1 ms; allowed: a number above 0."),
        ({"chip": "loihi"}, "bits: chip = 'loihi'; allowed: a ChipSpec."),
    ],
)
def test_what_is_no_study_is_refused(options, message):
    with pytest.raises(AnalysisError) as caught:
        study(**options)
    assert str(caught.value) == message


def test_an_option_of_the_compiler_that_is_wrong_is_no_answer():
    with pytest.raises(CompileError, match="gain = 'x'"):
        study(gain="x")
    with pytest.raises(SweepError, match="no option 'gian'"):
        study(gian="dc")


# On the command line

MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, one_to_one

source, cells = PoissonInput("source", 10, rate=1300.0), Population("cells", 10, LIF(tau_m=10.0))
weights = one_to_one(source, cells, weight=1.5)
network = Network(inputs=[source], populations=[cells], connections=[weights])
"""
SHORT = ("bits", "model.py", "--dt", "0.5", "--duration", "100", "--workers", "1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def test_the_command_prints_the_answer_and_writes_page_numbers_and_runs(folder):
    options = ("--register", "decay_bits", "--widths", "4,12", "--tolerance", "0.5", "--seeds", "3")
    lines = unfolded(succeed(*SHORT, *options, "-o", "x/page.html"))
    data = json.loads((folder / "x" / "page.json").read_text())
    assert lines[0] == data["answer"] == data["lead"]
    assert data["title"] == "How many bits model needs"
    assert (data["seeds"], data["tolerance"]) == ([1, 2, 3], 0.5)
    assert [row["width"] for row in data["results"]] == [12, 4]
    assert lines[-3:] == ["Wrote x/page.jsonl", "Wrote x/page.html", "Wrote x/page.json"]
    assert len(read_sweep("x/page.jsonl").records) == 9  # 2 widths and the floor, of 3 seeds


def test_the_command_refuses_what_the_function_refuses(folder):
    assert fail(*SHORT, "--register", "refractory_max") == (
        "bits: widths = None; the register 'refractory_max' is no number of bits, so pass the "
        "values to test, such as widths=range(10, 64)."
    )
    assert fail(*SHORT, "--widths", "8:1") == (
        "bits: --widths has the range 8:1; allowed: FIRST:LAST, upwards, with at most 1,000,000 "
        "values."
    )
    assert fail(*SHORT, "--widths", "few") == ("bits: widths[0] = 'few'; allowed: an integer.")
    assert fail(*SHORT, "--seeds", "1").endswith("'1' is not an integer of at least 2.")


# What is shown


def test_the_table_has_a_row_for_each_width_and_population():
    found = answer({8: rates(0.001), 1: rates(0.5)}, floor={"cells": (-0.001, 0.002)})
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("")
    assert " ".join(line.strip() for line in lines[:start]) == found.sentence
    header = ["population", "float", "chip", "difference", "90", "%", "interval", "|neuron|"]
    assert lines[start + 1].split() == header
    assert lines[start + 2].startswith("8  cells ")
    assert lines[start + 2].endswith("  equal")
    assert lines[start + 3].endswith("  different")
    assert lines[start + 4] == "Rates in Hz; equal: within the tolerance."
    assert lines[-1] == (
        "Noise floor, float with weights changed by 0.1 %: cells -0.10 to +0.20 %."
    )


def test_the_figure_marks_conclusions_the_tolerance_and_the_floor():
    widths = {8: centred(0, 0.01), 4: centred(0.02, 0.1), 1: centred(0.5, 0.01)}
    found = answer(widths, floor={"cells": (-0.005, 0.003)}, problems={2: "No."})
    ax = Figure().subplots()
    assert plot_bits(ax, found) is ax
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        *("float, weights ±0.1 %", "tolerance", "equal", "undecided", "different"),
    ]
    markers = {
        round(float(line.get_xdata()[0])): (line.get_marker(), line.get_markerfacecolor())
        for line in ax.lines
        if len(line.get_xdata()) == 1
    }
    assert [markers[place][0] for place in (0, 2, 3)] == ["X", "o", "o"]
    assert markers[2][1] == "white"
    assert 1 not in markers
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "4", "8"]
    assert [text.get_text() for text in ax.texts] == ["cannot be\ncompiled"]
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.y0, band.y1) == pytest.approx((-0.5, 0.3))


def test_the_report_leads_with_the_answer_and_holds_all_numbers(tmp_path):
    found = study()
    report = nc.bits_report(found)
    assert report.lead == found.sentence
    page, numbers = report.write(tmp_path / "bits.html")
    assert "How it was decided" in page.read_text()
    data = json.loads(numbers.read_text())
    assert (data["enough"], data["not_enough"]) == (12, 4)
    assert [row["width"] for row in data["results"]] == [12, 4]
    assert data["header"]["axes"] == ["core.decay_bits", "seed", "floor"]
