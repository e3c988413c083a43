"""The compiler options of the command line, collected into one request."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import click

from compiler import OPTIONS, CompileOptions, Option

from ..chip.spec import ChipSpec
from ..network import Network
from ._numbers import at_least
from ._step import STEP_OR_AUTO, Step
from ._terminal import say

__all__ = ["Request", "compile_options"]

_step_option = click.option(
    "--dt",
    type=STEP_OR_AUTO,
    default="0.1",
    show_default=True,
    help="Step in ms, or with a unit (0.1ms, 1e-4s). auto: the step with the smallest expected "
    "error.",
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """How a network is to be compiled.

    Parameters
    ----------
    dt : Step or "auto"
        Length of a step, or ``"auto"`` to choose it.
    options : dict
        Keyword arguments of ``compile_network``.
    """

    dt: Step | Literal["auto"]
    options: dict[str, Any]

    def step(self, network: Network, chip: ChipSpec) -> float:
        """Return the step in ms; with "auto", choose it and print the choice."""
        if isinstance(self.dt, Step):
            return self.dt.ms()
        from compiler import choose_dt

        choice = choose_dt(network, chip, options=CompileOptions(**self.options))
        steps, best = [item.dt for item in choice.candidates], choice.best
        say(
            f"dt = {choice.dt:g} ms: the expected error of the rates is {100 * best.total:+.2g} % "
            f"(time grid {100 * best.grid:+.2g} %, registers {100 * best.registers:+.2g} %), the "
            f"best of {len(steps)} steps from {steps[0]:g} to {steps[-1]:g} ms\n"
        )
        return choice.dt


def compile_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the compiler options to a command and pass them to it as one ``request``."""

    @functools.wraps(command)
    def gathered(*arguments: Any, dt: Step | Literal["auto"], **others: Any) -> Any:
        options = {name: others.pop(name) for name in OPTIONS}
        request = Request(dt=dt, options=options)
        return command(*arguments, request=request, **others)

    for option in reversed((_step_option, *map(_as_click, OPTIONS.values()))):
        gathered = option(gathered)
    return gathered


def _as_click(option: Option) -> Callable[..., Any]:
    numbers = at_least(option.kind, option.at_least, option.word)
    unit = f" In {option.unit}." if option.unit else ""
    return click.option(
        f"--{option.name.replace('_', '-')}",
        type=click.Choice(option.choices) if option.choices else numbers,
        default=option.default,
        show_default=option.default is not None,
        help=f"{option.summary}{unit}",
    )
