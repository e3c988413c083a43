"""Recorded learning runs of three emulators: the kernels and the slow model repeat all values."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from learning_oracle import run_case

from neurochip.conformance import check_learning_case, holds_learning, load_learning_case
from neurochip.errors import ImageError
from neurochip.learning import LEARNING_PRESETS

HERE = Path(__file__).parent
FOLDER = HERE / "learning"
CASES = sorted(FOLDER.glob("*.npz"))
MANY = Path(os.environ.get("NEUROCHIP_LEARNING_RUNS", HERE.parents[2] / "shared" / "learning"))
INDEX = {case["case"]: case for case in json.loads((FOLDER / "index.json").read_text())["cases"]}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_kernels_repeat_a_recorded_run(path):
    agreement = check_learning_case(load_learning_case(path))
    assert agreement.first is None
    assert agreement.wrong == 0
    assert agreement.values > 500


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_slow_model_repeats_a_recorded_run(path):
    case = load_learning_case(path)
    found = run_case(case)
    for name, expected in case.expected.items():
        np.testing.assert_array_equal(found[name].reshape(expected.shape), expected, err_msg=name)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rule_is_read_as_the_emulator_read_it(path):
    case, entry = load_learning_case(path), INDEX[path.stem]
    for target in "wdt":
        if f"d{target}" in entry["params"]:
            read = [
                [
                    term.dependency,
                    term.mantissa,
                    term.exponent,
                    [[each.variable, each.constant or None, each.sign] for each in term.factors],
                ]
                for term in case.rule.terms[target]
            ]
            assert read == [term[:4] for term in entry["params"][f"d{target}"]]


def test_every_emulator_has_runs_and_every_run_is_in_the_index():
    assert {path.stem for path in CASES} == set(INDEX)
    assert {case["peer"] for case in INDEX.values()} == set(LEARNING_PRESETS) - {"published"}


@pytest.mark.slow
@pytest.mark.skipif(not MANY.is_dir(), reason="the folder of all recorded runs is not here")
def test_all_recorded_runs_are_repeated_where_they_are_at_hand():
    peers = {}
    for path in sorted(MANY.glob("*.npz")):
        case = load_learning_case(path)
        assert check_learning_case(case).first is None, path
        found = run_case(case)
        for name, expected in case.expected.items():
            assert (found[name].reshape(expected.shape) == expected).all(), (path, name)
        peers[case.peer] = peers.get(case.peer, 0) + 1
    assert peers == {"lava": 84, "brian2loihi": 27, "nengo-loihi": 9}


def test_a_wrong_value_is_named(tmp_path):
    source = FOLDER / "public_pes_001.npz"
    shutil.copy(FOLDER / "index.json", tmp_path)
    arrays = dict(np.load(source))
    arrays["out_w"] = arrays["out_w"].copy()
    arrays["out_w"][20, 1, 0] += 1 << 5
    np.savez(tmp_path / source.name, **arrays)
    case = load_learning_case(tmp_path / source.name)
    agreement = check_learning_case(case)
    value = int(case.expected["w"][20, 1, 0])
    assert agreement.wrong == 1
    assert agreement.first == f"step 20, synapse 1 to 0: w is {value - 1}, expected {value}"


def test_a_run_without_its_index_is_refused(tmp_path):
    path = tmp_path / CASES[0].name
    shutil.copy(CASES[0], path)
    assert holds_learning(path)
    with pytest.raises(ImageError) as caught:
        load_learning_case(path)
    assert str(caught.value).startswith(f"{tmp_path / 'index.json'}: not the index of learning")


def test_a_run_that_the_index_lacks_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    shutil.copy(CASES[0], path)
    shutil.copy(FOLDER / "index.json", tmp_path)
    with pytest.raises(ImageError, match=r"index\.json has no case 'other'"):
        load_learning_case(path)
