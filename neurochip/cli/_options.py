"""Options and files that several commands share."""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..errors import NetworkError, NeurochipError
from ..network import Network
from ._compiler import compile_options

__all__ = [
    "comparison_options",
    "duration_option",
    "fine_option",
    "load_model",
    "model_argument",
    "run_model",
    "seed_option",
]

model_argument = click.argument("model", type=click.Path())
duration_option = click.option(
    "--duration", type=float, default=1000.0, show_default=True, help="Length of the run in ms."
)
seed_option = click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of the Poisson inputs."
)


def fine_option(otherwise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for a finer reference, with what happens without it."""
    text = f"Step of a finer float run in ms, for the split of the error. Default: {otherwise}."
    return click.option("--fine", type=float, default=None, help=text)


def comparison_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every comparison of a model with its float run takes: MODEL and options."""
    parts = (model_argument, compile_options, duration_option, seed_option, fine_option("dt/10"))
    for part in reversed(parts):
        command = part(command)
    return command


def run_model(path: str) -> dict[str, Any]:
    """Run a Python file and return its names.

    Raises
    ------
    NetworkError
        If the file is missing or fails, or is a NIR graph.
    """
    if Path(path).suffix == ".nir":
        raise NetworkError(
            f"{path}: a NIR graph; here a Python file that defines 'network' is needed. Compile "
            "the graph (neurochip compile), and run the image with --input."
        )
    if not Path(path).is_file():
        raise NetworkError(f"{path}: no such file; pass a Python file that defines 'network'.")
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        return runpy.run_path(path)
    except NeurochipError as problem:
        raise NetworkError(f"{path}{_line(problem, path)}: {problem}") from None
    except (Exception, SystemExit) as problem:
        raise NetworkError(
            f"{path}{_line(problem, path)}: failed with {type(problem).__name__}: {problem}. "
            "Correct the model."
        ) from None
    finally:
        sys.path.pop(0)


def load_model(path: str) -> Network:
    """Run a Python file and return its ``network``.

    Raises
    ------
    NetworkError
        If the file is missing, fails, or does not define a Network under that name.
    """
    network = run_model(path).get("network")
    if not isinstance(network, Network):
        found = "nothing" if network is None else f"an object of type {type(network).__name__}"
        raise NetworkError(
            f"{path}: defines {found} under the name 'network'; expected a neurochip Network."
        )
    return network


def _line(problem: BaseException, path: str) -> str:
    """Where in the model it happened, as far as that is known."""
    frames = traceback.extract_tb(problem.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    return f", line {lines[-1]}" if lines else ""
