"""Comparisons as sections of a page: rates, the split of errors, and activity over seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Section, Table
from .._support.text import fixed, percent
from ..chip.registers import OVERFLOWS
from .activity import ActivityComparison
from .answer import Answer, lead
from .comparison import Comparison
from .equivalence import Conclusion, Equivalence
from .population import METRICS, PopulationComparison

__all__ = ["activity_section", "comparison_sections"]


def comparison_sections(
    comparison: Comparison,
    answers: Sequence[Answer],
    tests: Mapping[str, Equivalence] | None = None,
) -> list[Section]:
    """Return the result of a comparison, and the split of its errors if it has one.

    Parameters
    ----------
    comparison : Comparison
        Chip against reference.
    answers : sequence of Answer
        The answers to show, which may know of more runs than the comparison.
    tests : dict of str to Equivalence, optional
        Tests of the equivalence of the mean rates by population.
    """
    items = list(comparison.populations.values())
    return [
        Section("Result", [*_verdicts(comparison, answers, tests or {}), *_rates(items)]),
        *([_split(items)] if any(item.split is not None for item in items) else []),
    ]


def _verdicts(
    comparison: Comparison, answers: Sequence[Answer], tests: Mapping[str, Equivalence]
) -> list[Block]:
    blocks: list[Block] = [
        Paragraph(
            f"{name} = {count:,} on the chip: {OVERFLOWS[name]}. The differences below come from "
            "overflow, not from rounding.",
            warning=True,
        )
        for name, count in comparison.overflows.items()
    ]
    rows = []
    for item in answers:
        row = [item.population, item.verdict.value, item.sentence]
        rows.append([*row, str(tests[item.population])] if tests else row)
    header = ["population", "verdict", "answer", *(["equivalence"] if tests else [])]
    blocks.append(Table(header, rows))
    return blocks


def _rates(items: Sequence[PopulationComparison]) -> list[Block]:
    rates = Table(
        ("population", "neurons", "reference", "chip", "error", "95 % interval", "|error|"),
        [
            (
                item.name,
                f"{item.size:,}",
                f"{item.reference_rate:.2f} Hz",
                f"{item.chip_rate:.2f} Hz",
                percent(item.rate_error),
                _interval(item.rate_error_interval),
                percent(item.mean_absolute_error, ""),
            )
            for item in items
        ],
        "Mean rates. Interval: Student's t over neurons where they are independent, otherwise over "
        "10 blocks of time. "
        "|error|: mean over neurons of the absolute error, divided by the mean reference rate.",
    )
    shown = [metric for metric in METRICS.values() if metric.heading]
    metrics = Table(
        ("population", *(metric.heading for metric in shown)),
        [(item.name, *(m.text(getattr(item, m.name)) for m in shown)) for item in items],
        " ".join(f"{m.heading[0].upper()}{m.heading[1:]}: {_sentence(m.meaning)}" for m in shown),
    )
    return [rates, metrics]


def _sentence(meaning: str) -> str:
    """Return the meaning of a metric without the markup of docstrings."""
    return re.sub(r" \(:func:`\w+`\)|``", "", meaning)


def _split(items: Sequence[PopulationComparison]) -> Section:
    header = ("population", "total", "95 % interval", "time step", "registers", "noise floor")
    rows = [
        (
            item.name,
            percent(item.split.total.signed),
            _interval(item.split.total.interval),
            percent(item.split.time_step.signed),
            percent(item.split.quantisation.signed),
            "-" if item.noise_floor is None else percent(item.noise_floor.rate, ""),
        )
        for item in items
        if item.split is not None
    ]
    note = (
        "Errors of the mean rate, as fractions of the rate on the fine grid. Registers: the chip "
        "against float on the chip's grid. Time step: float on the chip's grid against the fine "
        "grid. Noise floor: float runs of a recurrent network that differ in one synapse differ by "
        "less in 95 % of all cases."
    )
    return Section("Time step and registers", [Table(header, rows, note)])


def activity_section(activity: Sequence[ActivityComparison]) -> Section:
    """Return the tests of activity over several seeds, of each population."""
    header = (
        *("population", "quantity", "verdict", "mean", "90 % interval", "spread", "90 % interval"),
        *("chip to float", "float to float", "p"),
    )
    rows = []
    for item in activity:
        for name, quantity in item.quantities.items():
            unit = f" {quantity.unit}" if quantity.unit else ""
            rows.append(
                (
                    item.population,
                    name,
                    quantity.conclusion.value,
                    percent(quantity.mean.difference),
                    _interval(quantity.mean.interval),
                    percent(quantity.spread.difference),
                    _interval(quantity.spread.interval),
                    f"{quantity.distance:.3g}{unit}",
                    f"{quantity.floor:.3g}{unit}",
                    fixed(quantity.p_value),
                )
            )
    texts = [
        Paragraph(
            f"{item.population}: {item.conclusion.value}, over {item.runs} seeds, with a tolerance "
            f"of {100 * item.tolerance:g} % of the mean."
            + (" More seeds may decide it." if item.conclusion is Conclusion.UNDECIDED else "")
        )
        for item in activity
    ]
    note = (
        "Mean and spread (standard deviation) of each quantity: difference of chip and float as a "
        "fraction of the mean in float, by paired t tests over seeds. Chip to float, float to "
        "float: earth mover's distances between runs with different seeds; the second is the noise "
        "floor. p: p-value of the test for a difference of the distributions."
    )
    return Section("Seeds", [*texts, Table(header, rows, note)])


def _interval(interval: tuple[float, float], digits: int = 2) -> str:
    low, high = interval
    if math.isnan(low):
        return "-"
    return f"{100 * low:+.{digits}f} to {percent(high, digits=digits)}"


@describes(Comparison)
def describe_comparison(comparison: Comparison) -> Description:
    """Describe a comparison by its answers."""
    answers = comparison.answers
    return Description("\n".join(lead(answers)), comparison_sections(comparison, answers))


@describes(PopulationComparison)
def describe_population(item: PopulationComparison) -> Description:
    """Describe the comparison of one population by its rates and metrics."""
    head = f"{item.name}: {item.verdict.value}, rate error {percent(item.rate_error)}."
    blocks = [*_rates([item])]
    if item.split is not None:
        blocks += _split([item]).blocks
    return Description(head, [Section("Result", blocks)])


@describes(ActivityComparison)
def describe_activity(activity: ActivityComparison) -> Description:
    """Describe the tests of the activity of one population over several seeds."""
    return Description(str(activity).splitlines()[0], [activity_section([activity])])


@describes(Equivalence)
def describe_equivalence(test: Equivalence) -> Description:
    """Describe a test of equivalence by its sentence."""
    return Description(str(test))
