"""A metric is one field of the comparison of a population; everything else is generated from it."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from neurochip import Recording
from neurochip.sweeps.records import RESULT_COLUMNS
from neurochip.validation import METRICS, Metric, PopulationComparison, compare

PAGE = Path(__file__).parents[2] / "docs/reference/comparison.md"
RUN = Recording(
    label="run",
    dt=1.0,
    first_step=0,
    n_steps=20,
    populations={"cells": 2},
    steps={"cells": np.array([1, 5, 9], dtype=np.int32)},
    ids={"cells": np.array([0, 0, 1], dtype=np.int32)},
)


def places(name):
    """Where a metric must appear, and whether it does."""
    stem = name.removesuffix("_interval")
    columns = {name} if stem == name else {f"{stem}_low", f"{stem}_high"}
    entry = f"\n{name} : {METRICS[name].kind}"
    return {
        "the dictionary for JSON": name in compare(RUN, RUN).population("cells").to_dict(),
        "the columns of a sweep": columns <= set(RESULT_COLUMNS),
        "the docstring": entry in inspect.getdoc(PopulationComparison),
        "the reference page": f"`{name}`" in PAGE.read_text(encoding="utf-8"),
    }


def test_every_metric_appears_in_json_sweeps_docstring_and_reference():
    assert len(METRICS) > 15
    missing = {
        name: [where for where, found in places(name).items() if not found] for name in METRICS
    }
    assert not any(missing.values()), missing


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("%", 0.12345, "12.35 %"),
        ("mV", 0.12345, "0.123 mV"),
        ("", 0.12345, "0.123"),
        ("", 12345, "12,345"),
        ("Hz", float("nan"), "-"),
        ("mV", None, "-"),
    ],
)
def test_a_value_is_shown_with_its_unit(unit, value, text):
    metric = Metric(name="m", of=lambda pair: value, kind="float", unit=unit, meaning="")
    assert metric.text(value) == text
