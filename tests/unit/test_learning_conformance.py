"""``neurochip conformance`` with recorded learning runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from neurochip.cli import main
from neurochip.conformance import load_learning_case
from neurochip.errors import ImageError

FOLDER = Path(__file__).parents[1] / "conformance" / "learning"


def run(*arguments):
    return CliRunner().invoke(main, ["conformance", *map(str, arguments)])


def test_learning_runs_are_counted_by_emulator_and_class():
    result = run(FOLDER)
    assert result.exit_code == 0
    assert "lava         triplet              1 of   1 equal\n" in result.output
    assert "nengo-loihi: 2 of 2 learning runs equal in every trace, weight, tag" in result.output


def altered(folder, name, array, change):
    shutil.copy(FOLDER / "index.json", folder)
    arrays = dict(np.load(FOLDER / f"{name}.npz"))
    arrays[array] = change(arrays[array].copy())
    np.savez(folder / f"{name}.npz", **arrays)
    return folder / f"{name}.npz"


def test_a_run_that_differs_is_named_and_the_command_fails(tmp_path):
    name = "public_pes_001"

    def one_more(values):
        values[9, 2] += 1
        return values

    altered(tmp_path, name, "out_x1", one_more)
    result = run(tmp_path, "--json")
    assert result.exit_code == 1
    data = json.loads(result.output[result.output.index("{") :])
    assert data["learning"]["nengo-loihi"]["wrong"] == 1
    assert data["learning"]["nengo-loihi"]["equal"] == 0
    (difference,) = data["differences"]
    assert difference.startswith(f"{name}: step 9, neuron 2: x1 is ")


def test_a_weight_of_more_than_32_bits_is_refused_not_wrapped(tmp_path):
    path = altered(tmp_path, "public_pes_001", "w0", lambda a: a.astype(np.int64) * 0 + (1 << 32))
    message = (
        f"{path}: not a learning vector ('w0' holds 4294967296 to 4294967296, expected 32 bits); "
        "take a fresh copy."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        load_learning_case(path)
