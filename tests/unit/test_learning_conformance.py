"""``neurochip conformance`` with recorded learning runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from neurochip.cli import main

FOLDER = Path(__file__).parents[1] / "conformance" / "learning"


def run(*arguments):
    return CliRunner().invoke(main, ["conformance", *map(str, arguments)])


def test_learning_runs_are_counted_by_emulator_and_class():
    result = run(FOLDER)
    assert result.exit_code == 0
    assert "lava         triplet              1 of   1 equal\n" in result.output
    assert "nengo-loihi: 2 of 2 learning runs equal in every trace, weight, tag" in result.output


def test_a_run_that_differs_is_named_and_the_command_fails(tmp_path):
    name = "public_pes_001"
    shutil.copy(FOLDER / "index.json", tmp_path)
    arrays = dict(np.load(FOLDER / f"{name}.npz"))
    arrays["out_x1"] = arrays["out_x1"].copy()
    arrays["out_x1"][9, 2] += 1
    np.savez(tmp_path / f"{name}.npz", **arrays)
    result = run(tmp_path, "--json")
    assert result.exit_code == 1
    data = json.loads(result.output[result.output.index("{") :])
    assert data["learning"]["nengo-loihi"]["wrong"] == 1
    assert data["learning"]["nengo-loihi"]["equal"] == 0
    (difference,) = data["differences"]
    assert difference.startswith(f"{name}: step 9, neuron 2: x1 is ")
