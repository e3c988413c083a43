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
from ._step import STEP

__all__ = ["compile_options", "duration_option", "load_model", "run_model", "seed_option"]

_COMPILE_OPTIONS = (
    click.option(
        "--dt",
        type=STEP,
        default="0.1",
        show_default=True,
        help="Step in ms, or with a unit (0.1ms, 1e-4s).",
    ),
    click.option(
        "--gain",
        type=click.Choice(["dc", "impulse"]),
        default="dc",
        show_default=True,
        help="What survives the rounding of a decay register.",
    ),
    click.option(
        "--headroom",
        type=float,
        default=1.25,
        show_default=True,
        help="Wanted distance of expected peaks from overflow, as a factor.",
    ),
)

duration_option = click.option(
    "--duration", type=float, default=1000.0, show_default=True, help="Length of the run in ms."
)
seed_option = click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of the Poisson inputs."
)


def compile_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the compiler to a command."""
    for option in reversed(_COMPILE_OPTIONS):
        command = option(command)
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
