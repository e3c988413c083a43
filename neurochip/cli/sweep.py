"""``neurochip sweep``: run one model at many parameter values and report the results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from compiler import OPTIONS

from ._axes import read_axes
from ._options import (
    duration_option,
    fine_option,
    model_options,
    page_option,
    result_options,
    seed_option,
    workers_option,
)
from ._paths import keep_apart
from ._request import Request, was_given
from ._results import data_of
from ._terminal import command_line, is_json, result, say, wrote

__all__ = ["sweep_command"]


@click.command("sweep", short_help="Run MODEL at many values; write a report.")
@model_options()
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="AXIS=VALUES",
    help="Axis and its values: core.weight_mantissa_bits=1:8, dt=0.1,0.5 (repeatable).",
)
@duration_option
@seed_option
@fine_option("a tenth of the shortest dt if dt varies, otherwise none", omits=False)
@workers_option
@page_option("sweep.html", "the points (.jsonl) and the numbers (.json) go")
@result_options
def sweep_command(
    request: Request,
    vary: tuple[str, ...],
    duration: float,
    fine_dt: float | None,
    workers: int | None,
    seed: int,
    output: str,
) -> None:
    """Compile, run and compare MODEL at all combinations of the values, and write a report.

    `network` and `chip` in MODEL may be functions; their parameters are axes. Finished points are
    kept in a file: the same command, started again, continues with the missing points.
    """
    from ..report import sweep_report
    from ..sweeps import sweep

    axes = read_axes(vary)
    if request.is_graph and "dt" in axes:
        raise click.UsageError(
            f"--vary dt is not for {request.kinds}, whose meaning depends on the step: pass --dt."
        )
    for name, values in axes.items():
        for value in values if name in OPTIONS else ():
            OPTIONS[name].checked(value)  # refuse bad values before any point runs
    page = Path(output)
    points = page.with_suffix(".jsonl")
    keep_apart([request.model, request.spikes], [page, points, page.with_suffix(".json")])
    found = request.sweep_subject()
    options: dict[str, Any] = {"dt": found.dt, "seed": seed, **request.options}
    # An axis replaces the default of an option, but not a value that the user passed.
    options = {name: options[name] for name in options if name not in axes or was_given(name)}
    done = sweep(
        found.network,
        axes,
        duration=found.duration or duration,
        fine_dt=fine_dt,
        workers=workers,
        path=points,
        chip=found.chip,
        **options,
    )
    report = sweep_report(done, title=f"Sweep of {Path(request.model).stem}")
    report = replace(report, command=command_line())
    say(report.lead)
    wrote([points])
    wrote(report.write(page))
    if is_json():
        result("sweep", data_of(report))
