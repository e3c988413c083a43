"""Registers that cost a classifier its accuracy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from classified import CHANNELS, CLASSES, classifier, samples

from neurochip import (
    LIF,
    LOIHI,
    AccuracyAttribution,
    AnalysisError,
    Network,
    Paired,
    PoissonInput,
    Population,
    StepCurrent,
    Stimulus,
    Waveform,
    attribute_accuracy,
    classification_report,
    classify,
    draw_stimulus,
    from_arrays,
)
from neurochip.attribution.model import Model
from neurochip.attribution.sources import REGISTERS
from neurochip.classification import runs
from neurochip.classification.statistics import mcnemar
from neurochip.errors import SweepError

COARSE = LOIHI.what_if(name="coarse", decay_bits=2)


@pytest.fixture(scope="module")
def narrow():
    """Two weight bits: every weight is one of two values."""
    stimuli, labels = samples(200)
    return attribute_accuracy(classifier(), stimuli, labels, bits=2, dt=1.0)


def test_ends_are_the_classes_of_float64_and_of_the_chip(narrow):
    stimuli, labels = samples(200)
    found = classify(classifier(), stimuli, labels, bits=[2], dt=1.0, costs=())
    assert np.array_equal(narrow.floats, found.floats)
    assert np.array_equal(narrow.classes, found.at(2).classes)
    assert narrow.unexplained == 0
    assert narrow.total == found.at(2).paired


def test_every_register_is_listed_once(narrow):
    listed = [item.source for item in narrow.effects]
    assert sorted([*listed, *narrow.without]) == sorted(REGISTERS)
    losses = [item.alone.difference for item in narrow.effects]
    assert losses == sorted(losses)


def test_the_weights_of_two_bits_are_to_blame_and_their_exact_values_would_help(narrow):
    weights = narrow.effect("weights")
    assert weights is narrow.effects[0]
    assert weights.alone == narrow.total or weights.alone.difference < 0
    assert weights.last.difference < 0 or not weights.costs
    assert narrow.effect("no such register") is None


def test_a_decay_of_two_bits_changes_classes_on_a_chip_that_has_it():
    cell = LIF(tau_m=5.0, v_rest=0.0, v_reset=0.0, v_thresh=1.0)
    stimuli, labels = samples(200)
    found = attribute_accuracy(classifier(cell), stimuli, labels, chip=COARSE, dt=1.0)
    assert (found.name, found.bits, found.unexplained) == ("coarse", 8, 0)
    decay = found.effect("decay_v")
    assert (decay.alone.lost, decay.alone.won) == (3, 2)
    assert "no effect" in str(found)


def of_classes(alone, without, n=100):
    """An attribution by numbers of wrong samples; float is always right."""
    labels = np.zeros(n, dtype=np.int64)

    def wrong(number):
        return np.where(np.arange(n) < number, 1, 0)

    return AccuracyAttribution.of_classes(
        labels,
        labels,
        wrong(30),
        alone={name: wrong(number) for name, number in alone.items()},
        without={name: wrong(number) for name, number in without.items()},
        name="chip",
        bits=2,
        unexplained=0,
    )


def test_the_sentence_names_what_costs_alone_and_what_an_exact_register_would_leave():
    found = of_classes(
        {"bias": 0, "weights": 25, "truncation": 12}, {"bias": 30, "weights": 10, "truncation": 30}
    )
    assert found.lead == (
        "2 weight bits lose 30.0 points; alone, these cost: weights 25.0 (p < 0.001), truncation "
        "12.0 (p < 0.001). With exact weights, the chip would lose 10.0 points."
    )
    assert [item.source for item in found.effects] == ["weights", "truncation"]
    assert found.without == ("bias",)
    assert found.effects[0].costs
    assert repr(found.effects[0]) == (
        "RegisterEffect('weights', alone -25.0 points, last -20.0 points)"
    )
    text = str(found)
    assert "  no effect on any class: bias" in text
    assert max(map(len, text.splitlines())) <= 80


def test_p_values_are_adjusted_for_all_effects():
    found = of_classes({"weights": 6, "bias": 1}, {"weights": 30, "bias": 30})
    weights, bias = found.effects
    assert (weights.alone.p_value, weights.p_alone) == (mcnemar(6, 0), 4 * mcnemar(6, 0))
    assert not weights.costs
    assert (bias.p_alone, bias.p_last) == (1.0, 1.0)
    assert found.lead == (
        "2 weight bits lose 30.0 points; no register alone loses what 100 samples can show."
    )


def test_without_a_loss_there_is_nothing_to_attribute():
    labels = np.zeros(50, dtype=np.int64)
    found = AccuracyAttribution.of_classes(
        labels, labels, labels, alone={}, without={}, name="chip", bits=1, unexplained=2
    )
    assert found.lead == (
        "1 weight bit loses nothing that 50 samples can show (p = 1): there is nothing to "
        "attribute."
    )
    assert found.notes == ["unexplained by the model: 2 samples"]


def test_samples_are_paired():
    labels = np.array([0, 1, 2, 0, 0])
    found = Paired.of(labels, np.array([0, 1, 1, 1, 1]), np.array([0, 0, 2, 0, 2]))
    assert (found.lost, found.won, found.samples) == (1, 2, 5)
    assert found.difference == 0.2
    assert repr(found) == "Paired(lost=1, won=2, samples=5)"


def test_a_report_shows_it(narrow, tmp_path):
    stimuli, labels = samples(20)
    found = classify(classifier(), stimuli, labels, bits=[2], dt=1.0)
    page, numbers = classification_report(found, attribution=narrow).write(tmp_path / "a.html")
    assert "Attribution of accuracy" in page.read_text()
    data = json.loads(numbers.read_text())["attribution"]
    assert data["lead"] == narrow.lead
    assert data["effects"][0]["source"] == narrow.effects[0].source
    with pytest.raises(AnalysisError, match=r"^report: attribution = 3; allowed: an Accuracy"):
        classification_report(found, attribution=3)


def test_currents_that_differ_between_samples_are_those_of_each_sample():
    source = PoissonInput("in", CHANNELS, rate=50.0)
    cell = LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_thresh=1.0, cm=1.0)
    out = Population("out", CLASSES, cell)
    pre, post = np.divmod(np.arange(CHANNELS * CLASSES), CLASSES)
    links = from_arrays(source, out, pre, post, weight=0.2 * np.sin(np.arange(len(pre))))
    drive = StepCurrent(out, times=[0.0], amplitudes=[0.05])
    network = Network(inputs=[source, drive], populations=[out], connections=[links])
    drawn = draw_stimulus(network, 30.0, seed=1)
    stimuli = [
        Stimulus(30.0, drawn.trains, (Waveform("out", CLASSES, [0.0], np.array([[a, b, 0.05]])),))
        for a, b in ((0.1, 0.02), (0.02, 0.1), (0.05, 0.09))
    ]
    found = attribute_accuracy(network, stimuli, [0, 1, 0], dt=1.0)
    assert found.unexplained == 0
    assert found.floats.tolist() == [0, 1, 0]


def test_a_register_that_is_exact_in_the_first_sample_is_rounded_in_the_others():
    source = PoissonInput("in", 1, rate=50.0)
    cell = LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_thresh=1.0, cm=1.0)
    out = Population("out", 2, cell)
    links = from_arrays(source, out, [0, 0], [0, 1], weight=[0.3, 0.3])
    drive = StepCurrent(out, times=[0.0, 1.0], amplitudes=[0.5, -0.5])
    network = Network(inputs=[source, drive], populations=[out], connections=[links])
    trains = draw_stimulus(network, 100.0, seed=1).trains
    currents = np.random.default_rng(0).uniform(0.06, 0.075, (40, 2))
    silent, *others = (
        Stimulus(100.0, trains, (Waveform("out", 2, [0.0], amplitudes[None]),))
        for amplitudes in (np.zeros(2), *currents)
    )
    chip = LOIHI.what_if(name="coarse", bias_mantissa_bits=4)
    found = [
        attribute_accuracy(network, stimuli, [0] * 41, chip=chip, dt=1.0)
        for stimuli in ([silent, *others], [*others, silent])
    ]
    assert found[0].effects == found[1].effects
    assert found[0].effect("bias").alone == Paired(lost=5, won=1, samples=41)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bits": 0}, "bits = 0; allowed: an integer of at least 1."),
        ({"chip": [LOIHI]}, "chip = [ChipSpec('loihi', 128 cores)]; allowed: a ChipSpec."),
        ({"decode": "most"}, "decode = 'most'; allowed: 'count', 'first', 'membrane', or a "),
        ({"labels": [7]}, "labels[0] = 7; allowed: 0 to 2, a neuron of the output."),
    ],
)
def test_wrong_arguments_are_named(change, message):
    stimuli, labels = samples(1)
    given = {"inputs": stimuli, "labels": labels, "dt": 1.0, **change}
    with pytest.raises(AnalysisError) as caught:
        attribute_accuracy(classifier(), **given)
    assert str(caught.value).startswith(f"attribute_accuracy: {message}")


# ------------------------------------------------------------------------------ what is kept


def test_an_interrupted_attribution_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "BLOCK", 7)
    stimuli, labels = samples(20)
    given = {"bits": 2, "dt": 1.0}
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    expected = attribute_accuracy(classifier(), stimuli, labels, path=whole, **given)
    assert expected == attribute_accuracy(classifier(), stimuli, labels, **given)
    settings = 2 + 2 * len(REGISTERS) + 2  # both ends, each register twice, float64 and the chip
    assert len(whole.read_text().splitlines()) == 1 + 3 * settings
    run_prepared, calls = Model.run_prepared, []

    def interrupted(self, prepared):
        calls.append(self)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return run_prepared(self, prepared)

    monkeypatch.setattr(Model, "run_prepared", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        attribute_accuracy(classifier(), stimuli, labels, path=cut, **given)
    (note,) = caught.value.__notes__
    assert note == (
        f"{cut}: 4 of {3 * settings} points are kept; start the same attribution of accuracy again "
        "to continue."
    )
    monkeypatch.setattr(Model, "run_prepared", run_prepared)
    assert attribute_accuracy(classifier(), stimuli, labels, path=cut, **given) == expected
    assert cut.read_text() == whole.read_text()
    monkeypatch.setattr(Model, "run_prepared", None)  # all is done
    assert attribute_accuracy(classifier(), stimuli, labels, path=cut, **given) == expected


def test_a_damaged_line_runs_again_and_the_file_of_another_attribution_is_refused(tmp_path):
    stimuli, labels = samples(20)
    path = tmp_path / "registers.jsonl"
    expected = attribute_accuracy(classifier(), stimuli, labels, bits=2, dt=1.0, path=path)
    path.write_bytes(path.read_bytes().replace(b'"classes":[', b'"classes":[7', 1))
    with pytest.warns(UserWarning, match="damaged"):
        again = attribute_accuracy(classifier(), stimuli, labels, bits=2, dt=1.0, path=path)
    assert again == expected
    with pytest.raises(SweepError, match="images"):
        attribute_accuracy(classifier(), stimuli, labels, bits=3, dt=1.0, path=path)
