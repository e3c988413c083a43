"""Accuracy of a classifier in float64 and on the chip."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from classified import CHANNELS, CLASSES, STEPS, classifier, samples
from hypothesis import given
from hypothesis import strategies as st

from neurochip import (
    LIF,
    LOIHI,
    AnalysisError,
    ChipAccuracy,
    Classification,
    CompileError,
    Network,
    Population,
    SpikeInput,
    Stimulus,
    classify,
    plot_accuracy,
    simulate_reference,
)
from neurochip._support.plotting import new_figure
from neurochip.classification.decode import decoder_of
from neurochip.classification.statistics import _mcnemar_of_many, holm, mcnemar, wilson_interval

READOUT = LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_thresh=math.inf)


@pytest.fixture(scope="module")
def found():
    stimuli, labels = samples()
    return classify(classifier(), stimuli, labels, bits=[2, 8, 3], dt=1.0)


def test_float_classes_are_those_of_single_runs(found):
    stimuli, labels = samples()
    counts = [simulate_reference(classifier(), one, 1.0).counts("out") for one in stimuli]
    assert found.floats.tolist() == [int(np.argmax(row)) for row in counts]
    assert found.tied == sum(np.count_nonzero(row == row.max()) > 1 for row in counts)
    assert found.accuracy == np.mean(found.floats == labels)


def test_chips_are_ordered_from_the_widest_weights_down(found):
    assert [item.bits for item in found.chips] == [8, 3, 2]
    assert found.at(3) is found.chips[1]
    assert found.at(8).accuracy > 0.5  # of three classes


def test_each_chip_adds_up(found):
    for item in found.chips:
        assert item.hits == found.hits - item.lost + item.won
        assert item.difference == pytest.approx(item.accuracy - found.accuracy)
        assert item.interval == wilson_interval(item.hits, found.n_samples)
        assert item.p_value == mcnemar(item.lost, item.won)
        assert set(item.disagreeing) == {
            k for k in range(found.n_samples) if item.classes[k] != found.floats[k]
        }


def test_a_confusion_matrix_counts_each_sample_by_its_class(found):
    for bits in (None, 8, 2):
        matrix = found.confusion(bits)
        assert matrix.shape == (CLASSES, CLASSES)
        assert matrix.sum(axis=1).tolist() == np.bincount(found.labels).tolist()
    assert np.trace(found.confusion()) == found.hits
    assert np.trace(found.confusion(2)) == found.at(2).hits


def test_the_numbers_go_through_json(found):
    data = json.loads(json.dumps(found.to_dict()))
    assert data["lead"] == found.lead
    assert [item["bits"] for item in data["chips"]] == [8, 3, 2]
    assert data["chips"][0]["accuracy"] == found.at(8).accuracy


def test_without_bits_the_chip_as_given_is_tried():
    stimuli, labels = samples(10)
    found = classify(classifier(), stimuli, labels, dt=1.0)
    assert [item.bits for item in found.chips] == [8]
    assert found.lead.startswith("The chip loses nothing that 10 samples can show (")


def test_a_read_out_is_decoded_by_its_membrane():
    stimuli, labels = samples()
    found = classify(classifier(READOUT), stimuli, labels, decode="membrane", dt=1.0)
    runs = [simulate_reference(classifier(READOUT), s, 1.0, record=["v"]) for s in stimuli]
    final = [int(np.argmax(run.trace("out").values[-1])) for run in runs]
    assert found.floats.tolist() == final
    assert (found.tied, found.chips[0].tied) == (0, 0)


def test_the_first_spike_can_decide():
    stimuli, labels = samples()
    found = classify(classifier(), stimuli, labels, decode="first", dt=1.0)
    for stimulus, chosen in zip(stimuli, found.floats, strict=True):
        run = simulate_reference(classifier(), stimulus, 1.0)
        if run.n_spikes:
            earliest = run.steps["out"].min()
            assert chosen in run.ids["out"][run.steps["out"] == earliest]


def test_a_silent_sample_is_tied():
    silent = Stimulus(float(STEPS), (SpikeInput("in", CHANNELS, [], []),))
    for rule in ("count", "first", "membrane"):
        found = classify(classifier(), [silent], [2], decode=rule, dt=1.0)
        assert (found.tied, found.chips[0].tied, found.floats[0]) == (1, 1, 0)


def test_a_function_can_decide():
    stimuli, labels = samples(5)

    def highest_v(run):
        return int(np.argmax(run.trace("out").values.max(axis=0)))

    found = classify(classifier(READOUT), stimuli, labels, decode=highest_v, dt=1.0)
    assert found.decode == "highest_v"
    assert found.n_samples == 5


def test_a_function_that_returns_no_class_is_an_error():
    stimuli, labels = samples(2)
    with pytest.raises(AnalysisError) as caught:
        classify(classifier(), stimuli, labels, decode=lambda _: 7, dt=1.0)
    assert str(caught.value) == "classify: the class from decode = 7; allowed: 0 to 2."


def of_hits(chances, n=200):
    """A classification with these numbers of (bits, lost, won) samples; float is always right."""
    labels = np.zeros(n, dtype=np.int64)
    chips = []
    for bits, lost in chances:
        classes = np.where(np.arange(n) < lost, 1, 0)
        chips.append(
            ChipAccuracy(
                name="chip",
                bits=bits,
                image=None,
                labels=labels,
                floats=labels,
                classes=classes,
                tied=0,
                layers={"out": np.full(n, 30 + bits)},
                costs={},
            )
        )
    return Classification(
        labels=labels,
        floats=labels,
        tied=0,
        layers={"out": np.full(n, 40)},
        chips=tuple(chips),
        problems=(),
        n_classes=2,
        decode="count",
    )


def test_the_sentence_names_the_fewest_bits_that_lose_nothing_and_the_first_that_lose():
    assert of_hits([(8, 0), (4, 3), (3, 20), (2, 50)]).lead == (
        "4 weight bits lose nothing that 200 samples can show (98.5 % against 100.0 % in float, "
        "p = 0.5); 3 weight bits lose 10.0 points (90.0 % against 100.0 % in float, p < 0.001)."
    )


def test_what_the_first_losing_width_loses_is_said_though_a_narrower_one_loses_less():
    found = of_hits([(8, 0), (4, 20), (3, 2)])
    assert found.losing == (False, True, False)
    assert found.lead == (
        "8 weight bits lose nothing that 200 samples can show (100.0 % against 100.0 % in float, "
        "p = 1); 4 weight bits lose 10.0 points (90.0 % against 100.0 % in float, p < 0.001)."
    )


def test_many_widths_need_stronger_evidence():
    assert of_hits([(8, 6)]).losing == (True,)  # p = 0.031
    assert of_hits([(8, 6), (4, 5)]).losing == (False, False)


def test_more_bits_than_float_may_win():
    """A chip that is significantly more accurate loses nothing."""
    labels = np.zeros(100, dtype=np.int64)
    floats = np.where(np.arange(100) < 20, 1, 0)
    item = dataclasses.replace(of_hits([(4, 0)], n=100).chips[0], floats=floats)
    found = dataclasses.replace(of_hits([(4, 0)], n=100), floats=floats, chips=(item,))
    assert (item.won, item.lost, found.losing) == (20, 0, (False,))
    assert found.p_values[0] < 0.001
    assert found.labels.tolist() == labels.tolist()


def test_every_width_may_lose():
    assert of_hits([(2, 100), (1, 150)]).lead == (
        "2 weight bits lose 50.0 points (50.0 % against 100.0 % in float, p < 0.001)."
    )


def test_one_bit_is_singular():
    assert of_hits([(2, 0), (1, 50)]).lead.split("; ")[1].startswith("1 weight bit loses 25.0")


@pytest.mark.parametrize(("hits", "samples"), [(15, 20), (0, 10), (10, 10), (1, 3), (978, 1000)])
def test_a_wilson_interval_ends_where_the_proportion_is_just_significant(hits, samples):
    for end in wilson_interval(hits, samples):
        spread = math.sqrt(end * (1 - end) / samples)
        assert abs(hits / samples - end) == pytest.approx(1.959964 * spread, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("lost", "won", "p"),
    # Sums of binomial coefficients, by hand: 2 (1 + 6) / 2**6 and so on.
    [(0, 0, 1.0), (1, 5, 0.21875), (10, 0, 0.001953125), (7, 7, 1.0), (2, 12, 0.012939453125)],
)
def test_mcnemar_equals_a_binomial_test(lost, won, p):
    assert mcnemar(lost, won) == p


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_sum_of_logarithms_equals_the_exact_test(lost, won):
    assert _mcnemar_of_many(lost, won) == pytest.approx(mcnemar(lost, won), rel=1e-9)


def test_a_test_of_many_samples_has_a_value():
    assert mcnemar(5_000, 5_000) == 1.0
    assert 0 < mcnemar(4_000, 4_400) < 1e-4


def test_adjusted_p_values_keep_their_order():
    # By hand: 0.01 x 4, 0.02 x 3, 0.03 x 2 (not below 0.06), 0.5 x 1.
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_equal_scores_are_tied():
    with pytest.raises(AnalysisError) as caught:
        decoder_of("classify", "most", 3)
    assert str(caught.value) == (
        "classify: decode = 'most'; allowed: 'count', 'first', 'membrane', or a function that "
        "takes a Recording and returns a class."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": 3}, "model = 3; allowed: a trained model, as from read_nir, or a Network."),
        ({"dt": None}, "dt is missing; allowed: a step in ms, such as dt=0.1."),
        ({"inputs": []}, "there are no inputs; allowed: at least one sample."),
        (
            {"inputs": [np.ones((2, 5), dtype=int)]},
            "inputs[0] has shape (2, 5); allowed: (n_steps, 12), the number of spikes of each "
            "source of 'in' in each step.",
        ),
        (
            {"labels": [0]},
            "labels have the shape (1,); allowed: (3,), one for each sample.",
        ),
        (
            {"labels": [0, 3, 1]},
            "labels[1] = 3; allowed: 0 to 2, a neuron of the output.",
        ),
        ({"output": "hidden"}, "output = 'hidden'; allowed: 'out'."),
        ({"bits": [8, 8]}, "bits = [8, 8]; allowed: a list of different integers."),
        ({"bits": [0]}, "bits = 0; allowed: an integer of at least 1."),
        (
            {"chip": "loihi"},
            "chip = 'loihi'; allowed: a ChipSpec, or a list of them with different names.",
        ),
        (
            {"chip": [LOIHI, LOIHI]},
            "chips = ['loihi', 'loihi']; allowed: a ChipSpec, or a list of them with different "
            "names.",
        ),
        ({"costs": ["SANA-FE"]}, "costs holds 'SANA-FE'; allowed: CostTable."),
        ({"extra_steps": -1}, "extra_steps = -1; allowed: an integer of at least 0."),
    ],
)
def test_wrong_arguments_are_named(change, message):
    stimuli, labels = samples(3)
    arguments = {"model": classifier(), "inputs": stimuli, "labels": labels, "dt": 1.0, **change}
    with pytest.raises(AnalysisError) as caught:
        classify(arguments.pop("model"), **arguments)
    assert str(caught.value) == f"classify: {message}"


def test_several_outputs_need_a_name():
    network = classifier()
    both = Network(
        inputs=network.inputs,
        populations=[*network.populations, Population("other", 1, LIF())],
        connections=network.connections,
    )
    stimuli, labels = samples(2)
    with pytest.raises(AnalysisError) as caught:
        classify(both, stimuli, labels, dt=1.0)
    assert str(caught.value) == (
        "classify: the network has 2 outputs ('out', 'other'); pass output=, the population that "
        "gives the class."
    )
    assert classify(both, stimuli, labels, dt=1.0, output="out").n_classes == CLASSES


def test_a_width_without_an_image_is_named_and_the_others_run():
    stimuli, labels = samples(5)
    found = classify(classifier(), stimuli, labels, bits=[8, 1], dt=1.0)
    assert [item.bits for item in found.chips] == [8]
    (problem,) = found.problems
    assert (problem.chip, problem.bits) == ("loihi", 1)
    assert problem.reason.startswith(
        "connection 'in->out': weights of both signs need at least 2 weight bits"
    )
    text = str(found)
    assert " ".join(text.split()).endswith(f"1 bit: {problem.reason}")
    assert max(map(len, text.splitlines())) <= 80


def test_a_chip_without_an_image_is_named_in_the_first_sentence():
    stimuli, labels = samples(5)
    narrow = LOIHI.what_if(name="narrow", weight_mantissa_bits=1)
    found = classify(classifier(), stimuli, labels, chip=[LOIHI, narrow], dt=1.0)
    assert (found.names, found.unfit) == (("loihi",), ("narrow",))
    assert found.lead.startswith("loihi loses nothing that 5 samples can show (")
    assert found.lead.endswith(". The network cannot be compiled for narrow.")
    text = str(found)
    assert "\nloihi\n" in text
    assert "\n  narrow, 1 bit: connection 'in->out': weights of both signs need" in text


def test_no_width_with_an_image_is_an_error():
    stimuli, labels = samples(5)
    with pytest.raises(CompileError, match=r"^connection 'in->out': weights of both signs need"):
        classify(classifier(), stimuli, labels, bits=[1], dt=1.0)


def test_an_unknown_width_is_named(found):
    with pytest.raises(AnalysisError) as caught:
        found.at(5)
    assert str(caught.value) == "classify: bits = 5; allowed: 8, 3, 2."


def test_a_figure_shows_each_width_and_whether_it_loses(found):
    axes = plot_accuracy(new_figure("column", 60.0).subplots(), found)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "3", "8"]
    points = [line for line in axes.lines if line.get_linestyle() == "None"]
    drawn = np.concatenate([line.get_ydata() for line in points])
    assert sorted(drawn) == sorted(100 * item.accuracy for item in found.chips)
    plot_accuracy(new_figure("column", 60.0).subplots(), of_hits([(8, 0), (4, 50)]))


def test_a_result_is_one_line_for_an_interpreter():
    assert repr(of_hits([(8, 0), (4, 50)])) == (
        "Classification(200 samples, float: 100.0 %, 8 bits: 100.0 %, 4 bits: 75.0 %)"
    )
    assert repr(of_hits([(1, 50)]).chips[0]) == "ChipAccuracy('chip', 1 bit, 75.0 %)"
