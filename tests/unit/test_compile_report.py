"""The compile report as data and as a table."""

from __future__ import annotations

import dataclasses
import json
import math
import re

import numpy as np
import pytest

from neurochip.errors import ImageError
from neurochip.image.report import CompileReport
from neurochip.image.report_rows import RateRow, ReportRow, ScaleRow, Span


def report(**changes):
    rows = (
        ReportRow(
            kind="population",
            owner="cells",
            parameter="tau_m",
            unit="ms",
            asked=Span(10.0, 10.0, 10.0),
            registers={"decay_v": Span(41.0, 41.0, 41.0)},
            meant=Span(9.94, 9.94, 9.94),
            error=-0.06,
            relative_error=-0.006,
            note="nearest",
        ),
        ReportRow(
            kind="population",
            owner="cells",
            parameter="v_rest",
            unit="mV",
            asked=Span(0.0, 0.0, 0.0),
            registers={},
            meant=Span(0.0, 0.0, 0.0),
            error=0.0,
            relative_error=float("nan"),
        ),
        ReportRow(
            kind="connection",
            owner="a->b",
            parameter="weight",
            unit="mV",
            asked=Span(0.1, 0.2, 0.3),
            registers={"mantissa": Span(1.0, 2.0, 3.0), "exponent": Span.of(-2)},
            meant=Span(0.1, 0.2, 0.31),
            error=0.01,
            relative_error=math.nan,
            warning="3 weights became 0",
        ),
    )
    fields = {
        "chip": "loihi",
        "dt": 0.1,
        "options": {"gain": "dc", "headroom": 1.25},
        "rows": rows,
        "scales": (
            ScaleRow(
                owner="cells",
                lsb_per_mv=Span.of(1234.5),
                binding="threshold",
                peaks={"accumulator": (1.0, 4.0), "voltage_low": (0.0, 100.0)},
                warning="little room",
            ),
        ),
        "rates": (
            RateRow(
                kind="population",
                owner="cells",
                expected=Span(0.25, 3.0, 12.3456),
                assumed=Span(10.0, 11.0, 12.3456),
                origin="predicted",
            ),
            RateRow(
                kind="input",
                owner="source",
                expected=Span.of(100.0),
                assumed=Span.of(100.0),
                origin="unknown",
                warning="not known",
            ),
        ),
        "resources": {"cores": (1, 128), "input_axons": (3, 4096)},
    }
    return CompileReport(**{**fields, **changes})


def test_a_span_is_smallest_mean_and_largest():
    assert Span.of([3.0, 1.0, 2.0]) == Span(1.0, 2.0, 3.0)
    assert Span.of(np.int64(4)) == Span(4.0, 4.0, 4.0)
    assert all(math.isnan(v) for v in (Span.of([]).low, Span.of([]).mean, Span.of([]).high))


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span(1.0, 1.5, 2.0), "1..2"),
        (Span(0.123456789, 1, 2.5), "0.12346..2.5"),
        (Span(-65.0, -65.0, -65.0), "-65"),
        (Span(1.0, 1.0, 1.0000001), "1"),
        (Span(-0.0, 0.0, 0.0), "0"),
        (Span(2e9, 2e9, 2e9), "2e+09"),
        (Span.of([]), "-"),
    ],
)
def test_a_span_prints_both_ends_unless_they_read_the_same(span, text):
    assert str(span) == text


def test_reports_are_equal_by_content_and_nan_equals_nan():
    assert report() == report()
    assert report().rows[1] == report().rows[1]
    assert Span.of([]) == Span.of([])
    assert report(dt=0.2) != report()
    assert Span(1.0, 2.0, 3.0) != (1.0, 2.0, 3.0)


def test_a_report_is_rebuilt_from_its_json():
    data = json.loads(json.dumps(report().to_dict(), allow_nan=False))
    assert CompileReport.from_dict(data) == report()
    assert data["rows"][1]["relative_error"] is None


def test_headroom_is_limit_over_peak():
    scale = report().scales[0]
    assert scale.headroom("accumulator") == 4.0
    assert scale.headroom("voltage_low") == math.inf


def test_a_scale_prints_the_room_that_it_leaves():
    assert str(report().scales[0]) == (
        "  scale 1234.5 LSB per mV, bounded by its threshold\n  headroom: accumulator 4x"
    )
    idle = ScaleRow(
        owner="x", lsb_per_mv=Span.of(1.0), binding="threshold", peaks={"current": (0.0, 1.0)}
    )
    assert str(idle).endswith("headroom: nothing drives it")


def test_warnings_are_sentences_that_name_their_object():
    assert report().warnings == (
        "connection 'a->b': 3 weights became 0",
        "population 'cells': little room",
        "input 'source': not known",
    )


def test_a_row_is_found_by_owner_and_parameter():
    assert report().row("cells", "tau_m").error == -0.06
    message = "no parameter 'tau_s' of 'cells' in the compile report"
    with pytest.raises(KeyError, match=message):
        report().row("cells", "tau_s")


def test_no_line_of_warnings_is_wider_than_a_terminal():
    long = report(
        rows=(),
        scales=(
            ScaleRow(owner="x", lsb_per_mv=Span.of(1.0), binding="", peaks={}, warning="w " * 90),
        ),
    )
    assert max(len(line) for line in str(long).splitlines()[1:]) <= 100


def test_the_table_says_everything():
    assert str(report()).splitlines() == [
        "Compiled for loihi at dt = 0.1 ms (gain=dc, headroom=1.25)",
        "  parameter  asked        meant         error     registers",
        "population 'cells'",
        "  scale 1234.5 LSB per mV, bounded by its threshold",
        "  headroom: accumulator 4x",
        "  tau_m      10 ms        9.94 ms       -0.6 %    decay_v 41",
        "    nearest",
        "  v_rest     0 mV         0 mV          exact     -",
        "connection 'a->b'",
        "  weight     0.1..0.3 mV  0.1..0.31 mV  +0.01 mV  mantissa 1..3, exponent -2",
        "rates of neurons and inputs",
        "  population 'cells': 0.25 to 12.35 Hz (predicted); headroom for 10 to 12.35 Hz",
        "  input 'source': 100 Hz (unknown)",
        "1 of 128 cores; the fullest: input axons 3/4096",
        "Warning: connection 'a->b': 3 weights became 0",
        "Warning: population 'cells': little room",
        "Warning: input 'source': not known",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Span(0.0, None, 1.0), "span: mean = None; allowed: a number."),
        (lambda: Span(True, 0.0, 1.0), "span: low = True; allowed: a number."),
        (
            lambda: dataclasses.replace(report().rows[0], kind="synapse"),
            "report: kind = 'synapse'; allowed: 'population', 'connection'.",
        ),
        (
            lambda: dataclasses.replace(report().rows[0], owner=[]),
            "report of population []: owner = []; allowed: a text.",
        ),
        (
            lambda: dataclasses.replace(report().rows[0], error="0"),
            "report of population 'cells': error = '0'; allowed: a number.",
        ),
        (
            lambda: dataclasses.replace(report().rows[0], meant=1.0),
            "report of population 'cells': meant = 1.0; allowed: a Span.",
        ),
        (
            lambda: dataclasses.replace(report().scales[0], peaks={"current": (1.0,)}),
            "report of the scale of 'cells': peaks['current'] = (1.0,); allowed: two numbers.",
        ),
        (
            lambda: dataclasses.replace(report().rates[0], kind="connection"),
            "report: kind = 'connection'; allowed: 'population', 'input'.",
        ),
        (
            lambda: dataclasses.replace(report().rates[1], assumed=100.0),
            "report of the rates of input 'source': assumed = 100.0; allowed: a Span.",
        ),
        (
            lambda: report(dt=-0.1),
            "report: dt = -0.1 ms; allowed: a number above 0.",
        ),
        (lambda: report(options=[]), "report: options = []; allowed: a dict."),
        (
            lambda: report(rows=("tau_m",)),
            "report: rows holds 'tau_m'; allowed: ReportRow.",
        ),
        (
            lambda: report(resources={"cores": (1, 1.5)}),
            "report: resource 'cores' = 1.5; allowed: an integer of at least 0.",
        ),
        (lambda: report(resources={}), "report: resources have no 'cores'."),
        (lambda: report(scales=()), "report: population 'cells' has no scale."),
    ],
)
def test_a_report_that_cannot_be_printed_is_refused(make, message):
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        make()
