"""``neurochip inspect``: say of each part of a trained network whether it runs, before it does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import FrontendError
from ._options import result_options
from ._paths import INPUT
from ._request import given_options
from ._statuses import Status
from ._step import STEP, Step
from ._terminal import result, say

if TYPE_CHECKING:
    from ..frontends.netx.describe import NetxDescription
    from ..frontends.nir import NirDescription

__all__ = ["inspect_command"]


@click.command("inspect", short_help="Say of each node of a trained network whether it runs.")
@click.argument("file", type=INPUT)
@click.option(
    "--dt", type=STEP, help="NIR only: step in s, or with a unit; checks what it decides."
)
@click.option("--convention", help="NIR only: simulator that the graph comes from. Default: norse.")
@result_options
def inspect_command(file: str, dt: Step | None, convention: str | None) -> None:
    """Describe FILE, a NIR graph (.nir) or a network of lava-dl (.net), before it is compiled.

    Each node or layer runs, is approximated or cannot run, with the reason. Exits with status 1 if
    the network cannot run.
    """
    found: NirDescription | NetxDescription
    ending = Path(file).suffix
    if ending == ".nir":
        from ..frontends.nir import inspect_nir

        found = inspect_nir(file, None if dt is None else dt.ms("s") / 1000, convention=convention)
        settings = dict(found.settings)
    elif ending == ".net":
        from ..frontends.netx.describe import inspect_netx

        for option in given_options(("dt", "convention")):
            raise click.UsageError(f"{option} is for NIR graphs (.nir).")
        found, settings = inspect_netx(file), {}
    else:
        raise FrontendError(
            f"{file}: not a trained network; pass a NIR graph (.nir), or a network of lava-dl "
            "(.net)."
        )
    say(found)
    result(
        "inspect",
        {
            "file": file,
            "runs": found.runs,
            "problem": found.problem,
            "settings": settings,
            "rows": [dataclasses.asdict(row) for row in found.rows],
        },
    )
    if not found.runs:
        raise SystemExit(Status.FAILED_CHECK)
