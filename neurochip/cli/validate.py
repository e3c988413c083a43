"""``neurochip validate``: compile, run, compare, and write a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ._numbers import COUNT, FRACTION
from ._options import (
    duration_option,
    fine_option,
    model_options,
    page_option,
    result_options,
    seed_option,
)
from ._paths import keep_apart
from ._request import Request
from ._results import data_of
from ._statuses import Status
from ._terminal import command_line, is_json, result, say, wrote

__all__ = ["validate_command"]


@click.command("validate", short_help="Compare MODEL with float64; write a report.")
@model_options()
@duration_option
@seed_option
@fine_option("dt/10; 0, without such a run, for a NIR graph", omits=True)
@click.option(
    "--tolerance",
    type=FRACTION,
    default=None,
    help="Largest acceptable difference in mean rate (0.01 = 1 %); adds an equivalence test. "
    "Exit status 1 unless all populations pass it.",
)
@click.option(
    "--no-attribution",
    is_flag=True,
    help="Skip the attribution of the error to its sources, which takes about 20 float runs.",
)
@click.option(
    "--seeds",
    type=COUNT,
    default=1,
    show_default=True,
    help="Number of seeds, counted from --seed. More than one adds the difference of the mean "
    "rates over seeds, and tests of the distributions of activity.",
)
@page_option("report.html", "a JSON of the numbers goes")
@result_options
def validate_command(
    request: Request,
    duration: float,
    seed: int,
    seeds: int,
    tolerance: float | None,
    no_attribution: bool,
    fine_dt: float | None,
    output: str,
) -> None:
    """Run MODEL on the chip and in float64, and write a report as one self-contained page.

    If synapses of MODEL learn, their weights are compared, too, and the error of the weights is
    attributed to its sources instead.
    """
    from ..report import validate
    from ..validation import Conclusion

    keep_apart([request.model, request.spikes], [output, Path(output).with_suffix(".json")])
    found = request.subject()
    report = validate(
        found.network,
        found.chip,
        found.dt,
        duration=found.duration or duration,
        seed=range(seed, seed + seeds),
        tolerance=tolerance,
        attribution=not no_attribution,
        fine_dt=fine_dt,
        **request.options,
    )
    title = f"{Path(request.model).stem} on {found.chip.name}"
    report = replace(report, title=title, command=command_line())
    tests = report.data["equivalence"].values()
    passed = all(test["conclusion"] == Conclusion.EQUAL.value for test in tests)
    say(report.lead)
    if tolerance is not None:
        what = "equal" if passed else "not shown to be equal"
        say(f"All rates: {what} within {100 * tolerance:g} %")
    request.warn_of(report.data["comparison"])
    wrote(report.write(output))
    if is_json():
        verdict = None if tolerance is None else passed
        result("validate", {"passed": verdict, **data_of(report)})
    if not passed:
        raise SystemExit(Status.FAILED_CHECK)
