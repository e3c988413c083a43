"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ._compiler import compile_options
from ._numbers import COUNT, MILLISECONDS, SEED
from ._paths import INPUT, OutputFile

__all__ = [
    "comparison_options",
    "duration_option",
    "fine_option",
    "model_argument",
    "page_option",
    "seed_option",
    "threads_option",
    "workers_option",
]

model_argument = click.argument("model", type=INPUT)
duration_option = click.option(
    "--duration",
    type=MILLISECONDS,
    default=1000.0,
    show_default=True,
    help="Length of the run in ms.",
)
seed_option = click.option(
    "--seed", type=SEED, default=1, show_default=True, help="Seed of the Poisson inputs."
)
threads_option = click.option(
    "--threads",
    type=COUNT,
    default=None,
    help="Number of threads. Default: chosen by the size of the image.",
)
workers_option = click.option(
    "--workers", type=COUNT, default=None, help="Number of processes. Default: one per CPU."
)


def page_option(default: str, beside: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for the page of a report; ``beside`` names the files next to it."""
    return click.option(
        "-o",
        "--output",
        type=OutputFile(".html", ".htm"),
        default=default,
        show_default=True,
        help=f"Page to write; {beside} next to it.",
    )


def fine_option(otherwise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for a fine reference; ``otherwise`` describes its default in the help."""
    text = (
        "Step in ms of a second, finer float run that separates the error of the time step from "
        f"that of the registers. Default: {otherwise}."
    )
    return click.option("--fine-dt", type=MILLISECONDS, default=None, help=text)


def comparison_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add MODEL and the options that all comparisons of a model with its float run share."""
    parts = (model_argument, compile_options, duration_option, seed_option, fine_option("dt/10"))
    for part in reversed(parts):
        command = part(command)
    return command
