"""Option type for the length of a step, with or without a unit."""

from __future__ import annotations

import math
import re
from typing import Any, Literal, NamedTuple

import click

__all__ = ["STEP", "STEP_OR_AUTO", "Step"]

_MS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0}
_FORM = re.compile(r"\s*([-+.\deE]+?)\s*(us|µs|ms|s)?\s*")


class Step(NamedTuple):
    """Length of a step as a number with an optional unit."""

    value: float
    unit: str | None

    def ms(self, default: str = "ms") -> float:
        """Return the step in ms; ``default`` is the unit of a number that has none."""
        factor = _MS[self.unit or default]
        return self.value if factor == 1 else float(f"{self.value * factor:.12g}")


class _StepType(click.ParamType):  # type: ignore[type-arg] # generic since click 8.2 only
    """A step, or the word ``auto`` where it is allowed."""

    def __init__(self, auto: bool) -> None:
        self._auto = auto
        self.name = "step|auto" if auto else "step"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Step | Literal["auto"]:
        if isinstance(value, Step):
            return value
        if value == "auto" and self._auto:
            return "auto"
        match = _FORM.fullmatch(str(value))
        try:
            step = Step(float(match[1]), match[2])  # type: ignore[index]
        except (TypeError, ValueError):
            words = "'auto', " if self._auto else ""
            text = f"{value!r} is not {words}a number, or a number and us, ms or s."
            self.fail(text, param, ctx)
        if not 0 < step.ms() < math.inf:
            self.fail(f"{value!r} is not a step above 0.", param, ctx)
        return step


STEP = _StepType(auto=False)
"""A step such as ``0.1``, ``0.1ms`` or ``1e-4s``."""

STEP_OR_AUTO = _StepType(auto=True)
"""A step such as ``0.1``, ``0.1ms`` or ``1e-4s``, or the word ``auto``."""
