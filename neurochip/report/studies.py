"""Reports on studies of many runs: sweeps, widths of a register, and classifications."""

from __future__ import annotations

from .._support.values import instance
from ..classification import AccuracyAttribution, Classification
from ..classification.sections import accuracy_attribution_section, classification_sections
from ..errors import AnalysisError
from ..precision import BitsAnswer
from ..precision.sections import bits_sections
from ..sweeps import Sweep
from ..sweeps.sections import sweep_lead, sweep_sections
from .document import Report

__all__ = ["bits_report", "classification_report", "sweep_report"]


def bits_report(answer: BitsAnswer, *, title: str = "How many bits") -> Report:
    """Return a report on a study of widths: the answer, its figure, all numbers, provenance.

    Parameters
    ----------
    answer : BitsAnswer
        Result of :func:`bits`.
    title : str
        Title of the page.

    Returns
    -------
    Report
        ``report.write("bits.html")`` writes the page and a JSON file with all numbers.
    """
    data = {**answer.to_dict(), "header": dict(answer.sweep.header)}
    sections = bits_sections(answer)
    return Report(title=title, lead=answer.sentence, sections=sections, data=data)


def classification_report(
    found: Classification,
    *,
    attribution: AccuracyAttribution | None = None,
    title: str = "Accuracy of a classifier",
) -> Report:
    """Return a report on a classification: accuracy over bits, energy, confusion, samples.

    Parameters
    ----------
    found : Classification
        Result of :func:`classify`.
    attribution : AccuracyAttribution, optional
        Result of :func:`attribute_accuracy`, which the report then shows, too.
    title : str
        Title of the page.

    Returns
    -------
    Report
        ``report.write("classify.html")`` writes the page and a JSON file with all numbers.
    """
    instance("report", "found", found, Classification, "a Classification", error=AnalysisError)
    sections, data = classification_sections(found), found.to_dict()
    if attribution is not None:
        allowed = "an AccuracyAttribution"
        kind = AccuracyAttribution
        instance("report", "attribution", attribution, kind, allowed, error=AnalysisError)
        sections = [sections[0], accuracy_attribution_section(attribution), *sections[1:]]
        data["attribution"] = attribution.to_dict()
    return Report(title=title, lead=found.lead, sections=sections, data=data)


def sweep_report(sweep: Sweep, *, title: str = "Sweep") -> Report:
    """Return a report on a sweep, finished or not: curves, medians, problems, provenance.

    Parameters
    ----------
    sweep : Sweep
        Result of :func:`sweep` or :func:`read_sweep`.
    title : str
        Title of the page.

    Returns
    -------
    Report
        ``report.write("sweep.html")`` writes the page and a JSON file with all rows.
    """
    data = {"header": dict(sweep.header), "rows": sweep.rows}
    return Report(title=title, lead=sweep_lead(sweep), sections=sweep_sections(sweep), data=data)
