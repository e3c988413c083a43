"""A calibration as a section of a page: what was trimmed, and the rates before and after."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Paragraph, Section, Table
from .._support.text import percent
from .calibration import Calibration, Trim

__all__ = ["describe_calibration"]


@describes(Calibration)
def describe_calibration(calibration: Calibration) -> Description:
    """Describe a calibration by the rates that agree, its trims and its test."""
    lines = str(calibration).splitlines()
    header = (
        *("population", "float64", "before", "error", "fitted", "error", "fresh error"),
        *("threshold", "bias", "agrees"),
    )
    table = Table(header, [_row(item) for item in calibration.trims])
    return Description(
        f"{lines[0]}.", [Section("Populations", [table, Paragraph(calibration.tested)])]
    )


def _row(item: Trim) -> tuple[str, ...]:
    return (
        item.population,
        f"{item.reference_rate:.3f} Hz",
        f"{item.rate_before:.3f} Hz",
        percent(item.error_before),
        f"{item.rate_after:.3f} Hz",
        percent(item.error_after),
        percent(item.error_fresh),
        f"{item.threshold_shift:+.4g} mV" if item.threshold_shift else "-",
        f"{item.bias_shift:+.4g} mV" if item.bias_shift else "-",
        "yes" if item.agrees else "no",
    )
