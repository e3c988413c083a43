"""A classification as a study: samples in arrays and files, several chips, costs, resuming."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from classified import CHANNELS, CLASSES, STEPS, classifier, samples

from neurochip import (
    DAVIES_2018,
    LIF,
    LOIHI,
    LOIHI2,
    AnalysisError,
    ChipOverflowWarning,
    CompileError,
    Emulator,
    NeurochipWarning,
    Reference,
    SpikeInput,
    SweepError,
    attribute_accuracy,
    classification_report,
    classify,
    estimate_energy,
    plot_accuracy,
    read_nir,
    read_samples,
    simulate_reference,
)
from neurochip._support.plotting import new_figure
from neurochip.classification import runs

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
NARROW = LOIHI.what_if(name="narrow", decay_bits=5)


def counts(number=60, seed=1):
    """The samples of ``samples`` as arrays of counts, and their classes."""
    stimuli, labels = samples(number, seed)
    arrays = np.zeros((number, STEPS, CHANNELS), dtype=np.uint8)
    for array, stimulus in zip(arrays, stimuli, strict=True):
        train = stimulus.trains[0]
        np.add.at(array, (train.times.astype(int), train.ids), 1)
    return arrays, labels


# --- samples --------------------------------------------------------------------------------------


def test_arrays_of_counts_are_samples_of_a_network_with_one_input():
    arrays, labels = counts()
    stimuli, _ = samples()
    one, other = (classify(classifier(), given, labels, dt=1.0) for given in (arrays, stimuli))
    assert one == other
    assert classify(classifier(), arrays > 0, labels, dt=1.0) == one
    folded = arrays.reshape(len(arrays), STEPS, 3, CHANNELS // 3)
    assert classify(classifier(), folded, labels, dt=1.0) == one


def test_silent_steps_follow_a_sample_that_is_an_array_and_no_stimulus():
    arrays, labels = counts(5)
    stimuli, _ = samples(5)
    lengths = []

    def steps(run):
        lengths.append(run.n_steps)
        return 0

    classify(classifier(), [arrays[0], stimuli[1]], labels[:2], decode=steps, dt=1.0, extra_steps=3)
    assert lengths == 2 * [STEPS + 3, STEPS]


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (
            3,
            " has shape (); allowed: (n_steps, 12), the number of spikes of each source of 'in'",
        ),
        (np.full((2, CHANNELS), 0.5), ": counts are of type float64; allowed: integers."),
        (np.full((2, CHANNELS), np.nan), ": counts are of type float64; allowed: integers."),
        (np.full((2, CHANNELS), -1), ": counts[0] = -1; allowed: 0 to 2147483647."),
        (np.zeros((0, CHANNELS), int), " has shape (0, 12); allowed: (n_steps, 12), the number of"),
        (np.zeros((2, 3, 5), int), " has shape (2, 3, 5); allowed: (n_steps, 12), the number of"),
    ],
)
def test_a_sample_that_is_no_table_of_counts_is_named(sample, message):
    with pytest.raises(AnalysisError) as caught:
        classify(classifier(), [sample], [0], dt=1.0)
    assert str(caught.value).startswith(f"classify: inputs[0]{message}")


def test_counts_for_a_network_with_two_inputs_are_refused():
    network = classifier()
    two = dataclasses.replace(network, inputs=[*network.inputs, SpikeInput("more", 1, [], [])])
    with pytest.raises(AnalysisError, match=r"inputs\[0\] = .*; allowed: a Stimulus\. An array of"):
        classify(two, counts(1)[0], [0], dt=1.0)


def test_samples_are_read_from_a_file_of_numpy(tmp_path):
    arrays, labels = counts(4)
    for stored in (arrays, arrays > 0, arrays.astype(np.float32), arrays.astype(np.int64)):
        np.savez_compressed(tmp_path / "data.npz", inputs=stored, labels=labels, more=["ignored"])
        found, classes = read_samples(tmp_path / "data.npz")
        assert np.array_equal(found, stored)
        assert found.dtype == stored.dtype
        assert (classes.tolist(), classes.dtype) == (labels.tolist(), np.int64)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"inputs": np.zeros((2, 3, 4))}, "'labels' is missing"),
        ({"labels": [1]}, "'inputs' is missing"),
        (
            {"inputs": np.zeros((2, 3)), "labels": [0, 1]},
            "'inputs' has shape (2, 3), expected (samples, steps, channels)",
        ),
        (
            {"inputs": np.zeros((2, 3, 4)), "labels": [0]},
            "'labels' has shape (1,) and type int64, expected integers of shape (2,)",
        ),
        (
            {"inputs": np.zeros((2, 3, 4)), "labels": [0.0, 1.0]},
            "'labels' has shape (2,) and type float64, expected integers of shape (2,)",
        ),
        (
            {"inputs": np.full((2, 3, 4), "x"), "labels": [0, 1]},
            "'inputs' has shape (2, 3, 4) and type <U1, expected numbers of shape (2, 3, 4)",
        ),
    ],
)
def test_a_file_without_samples_is_refused_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "data.npz"
    np.savez(path, **content)
    with pytest.raises(AnalysisError) as caught:
        read_samples(path)
    assert str(caught.value) == (
        f"{path}: no samples ({reason}); pass an .npz with the arrays 'inputs' and 'labels'."
    )


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "data.npz"
    path.write_bytes(b"text")
    with pytest.raises(AnalysisError, match=r"no samples \(it is not an \.npz\); pass an \.npz"):
        read_samples(path)
    with pytest.raises(AnalysisError, match=r"no such file; pass an \.npz with the arrays"):
        read_samples(tmp_path / "lost.npz")


# --- chips and costs ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two():
    arrays, labels = counts()
    return classify(classifier(), arrays, labels, bits=[3, 8], chip=[LOIHI, NARROW], dt=1.0)


def test_each_chip_has_each_width_and_is_found_by_its_name(two):
    assert [(item.name, item.bits) for item in two.chips] == [
        *(("loihi", 8), ("loihi", 3)),
        *(("narrow", 8), ("narrow", 3)),
    ]
    assert two.at(3, "narrow") is two.chips[3]
    assert two.at(3, "narrow").image.chip.core.decay_bits == 5
    assert two.confusion(3, "narrow").sum() == two.n_samples
    with pytest.raises(AnalysisError) as caught:
        two.at(3)
    assert str(caught.value) == "classify: chip = None; allowed: 'loihi', 'narrow'."


def test_each_chip_has_its_sentence_and_its_tables(two):
    assert [part.split(":")[0] for part in two.lead.split(". ")] == ["loihi", "narrow"]
    text = str(two)
    assert text.count("  8 bits  ") == 4  # accuracy and costs of both
    assert max(map(len, text.splitlines())) <= 80
    alone = classify(classifier(), *counts(5), chip=[LOIHI, NARROW], dt=1.0, costs=())
    assert [part.split(" loses")[0] for part in alone.lead.split(". ")] == ["loihi", "narrow"]


def test_all_chips_and_widths_are_one_family_of_tests(two):
    for item, p in zip(two.chips, two.p_values, strict=True):
        assert p >= item.p_value


def test_a_figure_shows_each_chip_in_its_colour(two):
    axes = plot_accuracy(new_figure("column", 60.0).subplots(), two)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3", "8"]
    colours = {line.get_color() for line in axes.lines if line.get_linestyle() == "None"}
    assert len(colours) == 2


def test_costs_and_spikes_are_those_of_single_runs(two):
    stimuli, _ = samples()
    item = two.at(8, "loihi")
    run = Emulator(item.image).run(stimuli[7])
    single = estimate_energy(item.image, run, DAVIES_2018, stimuli[7])
    cost = item.costs["Davies 2018"]
    assert cost.energies[7] == single.total
    assert cost.times[7] == single.step_times.sum()
    assert (cost.energy, cost.latency) == (cost.energies.mean(), cost.times.mean())
    assert item.spikes[7] == run.n_spikes
    assert two.spikes[7] == simulate_reference(classifier(), stimuli[7], 1.0).n_spikes
    assert repr(cost).startswith("InferenceCost('Davies 2018', ")


def test_without_tables_only_spikes_are_counted():
    found = classify(classifier(), *counts(5), costs=(), dt=1.0)
    assert found.chips[0].costs == {}
    assert "\nspikes of a sample\n" in str(found)


def test_a_report_has_all_numbers_and_the_samples_that_differ(two, tmp_path):
    page, numbers = classification_report(two, title="Digits").write(tmp_path / "page.html")
    text = page.read_text()
    for part in ("Energy and latency", "Confusion", "How it was decided", "Davies 2018"):
        assert part in text
    data = json.loads(numbers.read_text())
    assert data["chips"][3]["disagreeing"] == two.chips[3].disagreeing.tolist()
    assert data["chips"][0]["costs"]["SANA-FE"]["energy_joule"] > 0
    assert np.sum(data["float"]["confusion"]) == two.n_samples
    with pytest.raises(AnalysisError, match=r"^report: found = 3; allowed: a Classification"):
        classification_report(3)


def test_overflows_are_told_once_for_all_samples():
    arrays, labels = counts(150)
    with pytest.warns(NeurochipWarning) as caught:
        classify(classifier(), 200 * arrays.astype(np.int64), labels, dt=1.0, bits=[8, 4])
    overflows, strong = caught
    assert overflows.category is ChipOverflowWarning
    assert str(overflows.message).startswith(
        "classify: registers wrapped or clipped, so classes may be wrong (loihi "
        "(weight_mantissa_bits=8): "
    )
    assert str(strong.message).startswith(
        "classify: chip 'loihi' with 8 weight bits differs strongly from float64, first in layer "
        "'out': the numbers of its spikes differ by "
    )


def test_a_chip_that_changes_the_activity_of_a_layer_is_warned_of_by_its_name():
    short = LOIHI.what_if(name="short", decay_bits=1)
    cell = LIF(tau_m=2.0, v_rest=0.0, v_reset=0.0, v_thresh=1.0)
    with pytest.warns(NeurochipWarning) as caught:
        found = classify(classifier(cell), *counts(), chip=[LOIHI, short], dt=1.0, gain="dc")
    (warning,) = caught
    assert re.fullmatch(
        r"classify: chip 'short' with 8 weight bits differs strongly from float64, first in layer "
        r"'out': the numbers of its spikes differ by \d+% \(\d+ in float64, \d+ on the chip\)\. "
        r"attribute_accuracy names the registers\.",
        str(warning.message),
    )
    assert found.chips[1].layers["out"].sum() == found.chips[1].spikes.sum()


# --- the file -------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(runs, "BLOCK", 7)


def lines(path):
    return path.read_text().splitlines()


@pytest.mark.usefixtures("small_blocks")
def test_an_interrupted_classification_goes_on_where_it_was(tmp_path, monkeypatch):
    arrays, labels = counts(20)
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    given = {"bits": [8, 3], "dt": 1.0}
    expected = classify(classifier(), arrays, labels, path=whole, **given)
    assert len(lines(whole)) == 1 + 3 * 3  # float and two chips, of three blocks each
    run_batch, calls = Emulator.run_batch, []

    def interrupted(self, *arguments, **options):
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return run_batch(self, *arguments, **options)

    monkeypatch.setattr(Emulator, "run_batch", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        classify(classifier(), arrays, labels, path=cut, **given)
    (note,) = caught.value.__notes__
    assert note == (
        f"{cut}: 4 of 9 points are kept; start the same classification again to continue."
    )
    monkeypatch.undo()
    monkeypatch.setattr(runs, "BLOCK", 7)
    monkeypatch.setattr(Reference, "run_batch", None)  # float is done
    assert classify(classifier(), arrays, labels, path=cut, **given) == expected
    assert lines(cut) == lines(whole)
    monkeypatch.setattr(Emulator, "run_batch", None)  # and now the chips are, too
    assert classify(classifier(), arrays, labels, path=cut, **given) == expected


@pytest.mark.slow
def test_a_command_that_is_killed_goes_on_when_it_is_started_again(tmp_path):
    pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    graph = [str(DIGITS / "digits.nir"), "--dt", "1e-3", "--reset", "value"]
    command = [sys.executable, "-m", "neurochip", "classify", *graph, "--bits", "2:8"]
    command += ["--data", str(DIGITS / "digits.npz"), "-q", "-o", "page.html"]
    runs, numbers = tmp_path / "page.jsonl", tmp_path / "page.json"
    with subprocess.Popen(command, cwd=tmp_path) as process:
        while process.poll() is None and (not runs.exists() or len(lines(runs)) < 4):
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not numbers.exists()
    kept = [line for line in runs.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert set(kept) <= set(runs.read_bytes().splitlines(keepends=True))
    model = read_nir(DIGITS / "digits.nir", dt=1e-3, reset="value")
    whole = classify(model, *read_samples(DIGITS / "digits.npz"), bits=range(2, 9))
    found = json.loads(numbers.read_text())
    assert {name: found[name] for name in whole.to_dict()} == json.loads(
        json.dumps(whole.to_dict())
    )


def test_a_model_runs_with_the_step_that_it_was_read_for_though_its_network_names_none():
    model = read_nir(DIGITS / "digits.nir", dt=1e-3, reset="value")
    model = dataclasses.replace(model, network=dataclasses.replace(model.network, dt=None))
    with pytest.raises(AnalysisError) as caught:
        classify(model, *read_samples(DIGITS / "digits.npz"), dt=0.5)
    assert str(caught.value) == (
        "classify: dt = 0.5 ms, but the model was read for 1 ms; omit dt, or read the model for "
        "another step."
    )


@pytest.mark.usefixtures("small_blocks")
def test_a_block_that_was_cut_off_or_damaged_runs_again(tmp_path):
    arrays, labels = counts(20)
    path = tmp_path / "runs.jsonl"
    expected = classify(classifier(), arrays, labels, path=path, dt=1.0)
    complete = path.read_bytes()
    path.write_bytes(complete[:-30])
    assert classify(classifier(), arrays, labels, path=path, dt=1.0) == expected
    path.write_bytes(complete.replace(b'"classes":[', b'"classes":[9', 1))
    with pytest.warns(UserWarning, match=r"line 2 \(point 0\) is damaged"):
        assert classify(classifier(), arrays, labels, path=path, dt=1.0) == expected
    assert path.read_bytes() == complete


def test_a_file_of_other_samples_or_another_decoder_is_refused(tmp_path):
    arrays, labels = counts(5)
    path = tmp_path / "runs.jsonl"
    classify(classifier(), arrays, labels, path=path, dt=1.0)
    for changed, name in (
        ({"inputs": arrays[::-1]}, "inputs"),
        ({"decode": "first"}, "decode"),
        ({"bits": [4]}, "images"),
        ({"costs": [DAVIES_2018]}, "costs"),
        ({"model": classifier(LIF(tau_m=9.0, v_rest=0.0, v_reset=0.0, v_thresh=1.0))}, "network"),
    ):
        given = {"model": classifier(), "inputs": arrays, "labels": labels, **changed}
        with pytest.raises(SweepError) as caught:
            classify(given.pop("model"), path=path, dt=1.0, **given)
        assert str(caught.value).startswith(f"{path}: holds another classification, with {name} = ")


def test_the_labels_may_change_since_runs_do_not_depend_on_them(tmp_path):
    arrays, labels = counts(5)
    path = tmp_path / "runs.jsonl"
    classify(classifier(), arrays, labels, path=path, dt=1.0)
    wrong = (labels + 1) % CLASSES
    found = classify(classifier(), arrays, wrong, path=path, dt=1.0)
    assert found == classify(classifier(), arrays, wrong, dt=1.0)


def test_a_changed_decoder_of_the_user_is_refused(tmp_path):
    arrays, labels = counts(5)
    path = tmp_path / "runs.jsonl"

    def decoder(factor):
        def rule(run):
            return int(np.argmax(factor * run.counts("out")))

        return rule

    classify(classifier(), arrays, labels, path=path, dt=1.0, decode=decoder(1))
    classify(classifier(), arrays, labels, path=path, dt=1.0, decode=decoder(1))
    with pytest.raises(SweepError, match="whose `decode` had a different"):
        classify(classifier(), arrays, labels, path=path, dt=1.0, decode=decoder(-1))


def test_a_sweep_is_no_classification(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text('{"neurochip_sweep":2}\n')
    with pytest.raises(SweepError, match=r"not a classification; it was not written by neurochip"):
        classify(classifier(), *counts(5), path=path, dt=1.0)


# --- a trained network ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    model = read_nir(DIGITS / "digits.nir", dt=1e-3, reset="value")
    return model, *read_samples(DIGITS / "digits.npz")


def test_float64_classifies_the_digits_as_the_simulator_that_trained_them(digits):
    found = classify(*digits)
    with np.load(DIGITS / "digits.npz") as file:
        simulated = file["simulated"]
    assert found.floats.tolist() == simulated.tolist()
    assert found.accuracy == 0.972
    assert abs(found.at(8).difference) < 0.01


@pytest.fixture(scope="module")
def subtracting(digits):
    model = read_nir(DIGITS / "digits_subtract.nir", dt=1e-3, reset="subtract", reset_delay=True)
    with np.load(DIGITS / "digits_subtract.npz") as file:
        return model, digits[1], digits[2], file["simulated"]


def test_float64_and_the_second_generation_classify_as_snntorch_whose_reset_subtracts(subtracting):
    model, inputs, labels, simulated = subtracting
    found = classify(model, inputs, labels, chip=LOIHI2, costs=())
    assert found.floats.tolist() == simulated.tolist()
    assert found.accuracy == 0.968
    assert abs(found.at(8).difference) < 0.01


def test_the_first_generation_says_what_a_reset_to_a_value_would_cost(subtracting):
    model, inputs, labels, _ = subtracting
    with pytest.raises(CompileError, match=r"reset = 'subtract'.* % fewer spikes .* LOIHI2\.$"):
        classify(model, inputs[:1], labels[:1])


def test_registers_of_programs_are_blamed_as_those_of_the_first_generation(subtracting):
    model, inputs, labels, _ = subtracting
    found = attribute_accuracy(model, inputs[:100], labels[:100], chip=LOIHI2, bits=2)
    assert found.unexplained == 0
    assert [item.source for item in found.effects if item.costs] == ["weights"]


def test_a_deeper_output_gets_the_steps_by_which_it_runs_behind(digits):
    model, inputs, labels = digits
    lengths = set()

    def steps(run):
        lengths.add(run.n_steps)
        return 0

    classify(model, inputs[:2], labels[:2], decode=steps)
    assert lengths == {inputs.shape[1] + model.depths["lif_1"]} == {26}


def test_a_read_out_that_never_spikes_is_read_after_its_last_input():
    """The last input spike reaches the output in a step that a run without extra steps lacks."""
    nir = pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    one = np.ones(1)
    neuron = nir.LIF(tau=1e-3 * one, r=one, v_leak=0 * one, v_threshold=0.5 * one, v_reset=0 * one)
    readout = nir.LI(tau=0.1 * np.ones(2), r=np.ones(2), v_leak=np.zeros(2))
    graph = nir.NIRGraph.from_list(
        nir.Linear(np.ones((1, 1))), neuron, nir.Linear(np.array([[0.0], [1.0]])), readout
    )
    model = read_nir(graph, 1e-3, reset="value")
    sample = np.zeros((1, 4, 1), dtype=int)
    sample[0, -1] = 1
    assert classify(model, sample, [1], decode="membrane").accuracy == 1.0
    assert classify(model, sample, [1], decode="membrane", extra_steps=0).tied == 1


def test_a_read_out_behind_two_layers_with_biases_has_v_of_a_simulator_of_layers():
    nir = pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    rng = np.random.default_rng(3)
    sizes = (8, 12, 9, 4)
    layers = [
        (rng.normal(0.0, 0.5, (after, before)), rng.normal(0.05, 0.1, after))
        for before, after in itertools.pairwise(sizes)
    ]

    def leaky(size):
        return {"tau": np.full(size, 0.01), "r": np.full(size, 10.0), "v_leak": np.zeros(size)}

    nodes = []
    for (weight, bias), size in zip(layers, sizes[1:], strict=True):
        limits = {"v_threshold": np.ones(size), "v_reset": np.zeros(size)}
        last = size == sizes[-1]
        neurons = nir.LI(**leaky(size)) if last else nir.LIF(**leaky(size), **limits)
        nodes += [nir.Affine(weight, bias), neurons]
    model = read_nir(nir.NIRGraph.from_list(*nodes), 1e-3, reset="value")
    inputs = (rng.random((20, 30, 8)) < 0.3).astype(int)

    def simulate(sample):
        v = [np.zeros(size) for size in sizes[1:]]
        for spikes in sample:
            for k, (weight, bias) in enumerate(layers):
                v[k] = 0.9 * v[k] + weight @ spikes + bias
                if k + 1 < len(layers):
                    spikes = v[k] > 1  # noqa: PLW2901 - those of the next layer
                    v[k] = v[k] * ~spikes
        return v[-1]

    ends = np.array([simulate(sample) for sample in inputs])
    seen = []

    def last_v(run):
        seen.append(run.trace("li").values[-1])
        return int(np.argmax(seen[-1]))

    found = classify(model, inputs, ends.argmax(axis=1), decode=last_v, costs=())
    np.testing.assert_allclose(seen[: len(inputs)], ends, rtol=0, atol=1e-12)
    assert found.accuracy == 1.0
