"""``neurochip sweep``: run one model at many parameter values and report the results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from compiler import OPTIONS

from ..chip.spec import LOIHI
from ._axes import read_axes
from ._compiler import Request, compile_options
from ._model import read_model, say_chip
from ._options import (
    duration_option,
    fine_option,
    model_argument,
    page_option,
    seed_option,
    workers_option,
)
from ._paths import keep_apart
from ._terminal import command_line, say, wrote

__all__ = ["sweep_command"]


@click.command("sweep")
@model_argument
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="AXIS=VALUES",
    help="Axis and its values: core.weight_mantissa_bits=1:8, dt=0.1,0.5 (repeatable).",
)
@compile_options
@duration_option
@seed_option
@fine_option("a tenth of the shortest dt if dt varies, otherwise none")
@workers_option
@page_option("sweep.html", "the points (.jsonl) and the numbers (.json) go")
def sweep_command(
    model: str,
    vary: tuple[str, ...],
    request: Request,
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
    dt = request.dt if request.dt == "auto" else request.dt.ms()
    options: dict[str, Any] = {"dt": dt, "seed": seed, **request.options}
    source = click.get_current_context().get_parameter_source
    for name, values in axes.items():
        if name in OPTIONS:
            for value in values:
                OPTIONS[name].checked(value)  # refuse bad values before any point runs
        # An axis replaces the default of an option, but not a value that the user passed.
        if name in options and source(name) is click.core.ParameterSource.DEFAULT:
            del options[name]
    page = Path(output)
    points = page.with_suffix(".jsonl")
    keep_apart([model], [page, points, page.with_suffix(".json")])
    network, chip = read_model(model)
    say_chip(model, chip)
    done = sweep(
        network,
        axes,
        duration=duration,
        fine_dt=fine_dt,
        workers=workers,
        path=points,
        chip=chip or LOIHI,
        **options,
    )
    report = replace(
        sweep_report(done, title=f"Sweep of {Path(model).stem}"), command=command_line()
    )
    say(report.lead)
    wrote([points])
    wrote(report.write(page))
