"""The options of the compiler, spelt once, and the request that they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import click

from compiler.options import GAINS, WEIGHT_ROUNDINGS, CompileOptions

from ..chip.spec import ChipSpec
from ..network import Network
from ._numbers import FACTOR, SEED
from ._step import STEP, STEP_OR_AUTO, Step
from ._terminal import say

__all__ = ["Request", "compile_options"]

_DEFAULT = CompileOptions()
_OPTIONS = (
    click.option(
        "--dt",
        type=STEP_OR_AUTO,
        default="0.1",
        show_default=True,
        help="Step in ms, or with a unit (0.1ms, 1e-4s); auto: the least expected error.",
    ),
    click.option(
        "--dt-bounds",
        type=STEP,
        nargs=2,
        metavar="SHORTEST LONGEST",
        help="Of --dt auto: the steps to look at. Default: 0.05 1.",
    ),
    click.option(
        "--gain",
        type=click.Choice(GAINS),
        default=_DEFAULT.gain,
        show_default=True,
        help="What survives the rounding of a decay register.",
    ),
    click.option(
        "--headroom",
        type=FACTOR,
        default=_DEFAULT.headroom,
        show_default=True,
        help="Wanted distance of expected peaks from overflow, as a factor.",
    ),
    click.option(
        "--weight-rounding",
        type=click.Choice(WEIGHT_ROUNDINGS),
        default=_DEFAULT.weight_rounding,
        show_default=True,
        help="How weights are rounded to steps of their register.",
    ),
    click.option(
        "--weight-seed",
        type=SEED,
        default=_DEFAULT.weight_seed,
        show_default=True,
        help="Of --weight-rounding stochastic and moments.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """How a network is to be compiled.

    Parameters
    ----------
    dt : Step or "auto"
        The step.
    bounds : (Step, Step) or None
        Shortest and longest step that "auto" may take.
    options : dict
        Of ``compile_network``.
    """

    dt: Step | Literal["auto"]
    bounds: tuple[Step, Step] | None
    options: dict[str, Any]

    def step(self, network: Network, chip: ChipSpec) -> float:
        """Return the step in ms; with "auto" look for it, and say what was found."""
        if isinstance(self.dt, Step):
            return self.dt.ms()
        from compiler import choose_dt

        find = functools.partial(choose_dt, network, chip, options=CompileOptions(**self.options))
        if self.bounds is None:
            choice = find()
        else:
            low, high = self.bounds
            choice = find(bounds=(low.ms(), high.ms()))
        steps = [item.dt for item in choice.candidates]
        say(
            f"dt = {choice.dt:g} ms: of {len(steps)} steps from {steps[0]:g} to {steps[-1]:g} ms "
            f"the one with the least expected error of the rates, {100 * choice.best.total:.2g} %\n"
        )
        return choice.dt


def compile_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the compiler to a command, which gets them as one ``request``."""

    @functools.wraps(command)
    def gathered(
        *arguments: Any,
        dt: Step | Literal["auto"],
        dt_bounds: tuple[Step, Step] | None,
        gain: str,
        headroom: float,
        weight_rounding: str,
        weight_seed: int,
        **others: Any,
    ) -> Any:
        if dt_bounds is not None and dt != "auto":
            raise click.UsageError("--dt-bounds is for --dt auto.")
        options = {
            "gain": gain,
            "headroom": headroom,
            "weight_rounding": weight_rounding,
            "weight_seed": weight_seed,
        }
        request = Request(dt=dt, bounds=dt_bounds, options=options)
        return command(*arguments, request=request, **others)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered
