"""Report on one network on one chip."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.provenance import versions
from .._support.text import fixed, percent
from ..attribution import Attribution
from ..chip.registers import OVERFLOWS
from ..validation import (
    METRICS,
    ActivityComparison,
    Answer,
    Comparison,
    Conclusion,
    Equivalence,
    PopulationComparison,
    comparison_figure,
    membrane_figure,
    rate_equivalence,
)
from ..validation.answer import answer, lead, worst_first
from .attribution import attribution_section
from .compilation import compilation_section
from .document import Report
from .judgement import Judgement

__all__ = ["validation_report"]

_DRAWN = 6  # populations with figures; the tables have all


def validation_report(
    judgement: Judgement,
    *,
    tolerance: float | None = None,
    attribution: Attribution | None = None,
    activity: Sequence[ActivityComparison] = (),
) -> Report:
    """Return a report on a network on a chip.

    Parameters
    ----------
    judgement : Judgement
        The network, its image, both runs and their comparison.
    tolerance : float, optional
        Largest acceptable difference in mean rate (0.01 = 1 %); adds an equivalence test.
    attribution : Attribution, optional
        Attribution of the same run; adds the effect of each source of error.
    activity : sequence of ActivityComparison
        Comparisons of populations over several seeds; add their differences to the answers.

    Returns
    -------
    Report
        ``report.write("report.html")`` writes the page and a JSON file beside it.
        ``dataclasses.replace(report, title=...)`` gives it another title.
    """
    image, comparison = judgement.image, judgement.comparison
    assert image.report is not None  # Judgement checks this
    items = list(comparison.populations.values())
    tests: dict[str, Equivalence] = {}
    if tolerance is not None:
        tests = {item.name: rate_equivalence(item, tolerance=tolerance) for item in items}
    over_seeds = {item.population: item.quantities["rate"].mean for item in activity}
    answers = worst_first(
        answer(item, comparison.dt, comparison.fine_dt, over_seeds.get(item.name)) for item in items
    )
    sections = [
        Section("Result", [*_verdicts(comparison, answers, tests), *_rates(items)]),
        *([_split(items)] if any(item.split is not None for item in items) else []),
        Section("Figures", _figures(judgement)),
        *([attribution_section(attribution)] if attribution is not None else []),
        *([_seeds(activity)] if activity else []),
        compilation_section(image.report),
    ]
    origin = {
        "image digest": image.digest(),
        "chip": image.chip.name,
        "dt (ms)": comparison.dt,
        "duration (ms)": comparison.duration,
        "fine_dt (ms)": comparison.fine_dt,
        "seed of the input": judgement.seed,
        "network": repr(judgement.network),
        **versions(),
    }
    sections.append(
        Section(
            "Provenance", [Table((), [(k, str(v)) for k, v in origin.items() if v is not None])]
        )
    )
    return Report(
        title=f"Validation on {image.chip.name}",
        lead="\n".join(lead(answers)),
        answers=answers,
        sections=sections,
        data={
            "provenance": origin,
            "comparison": {
                **comparison.to_dict(),
                "answers": {item.population: item.to_dict() for item in answers},
            },
            "equivalence": {name: test.to_dict() for name, test in tests.items()},
            "attribution": None if attribution is None else attribution.rows(),
            "activity": [item.to_dict() for item in activity],
            "compile_report": image.report.to_dict(),
        },
    )


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


def _figures(judgement: Judgement) -> list[Block]:
    runs, comparison = (judgement.reference, judgement.chip), judgement.comparison
    blocks: list[Block] = []
    for population in judgement.network.populations[:_DRAWN]:
        name, threshold = population.name, population.parameter("v_thresh")
        figure = comparison_figure(comparison, *runs, name, threshold=threshold)
        caption = f"{name}: spikes, v, rates and rate errors of reference and chip."
        blocks.append(Picture(figure, caption))
        if all((name, "v") in run.traces for run in runs):
            figure = membrane_figure(runs, name, threshold=threshold)
            blocks.append(Picture(figure, f"{name}: raster and v of both runs."))
    left = len(judgement.network.populations) - _DRAWN
    if left > 0:
        blocks.append(Paragraph(f"{left} more populations are in the tables and in the JSON."))
    return blocks


def _seeds(activity: Sequence[ActivityComparison]) -> Section:
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
