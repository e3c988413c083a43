"""Options that are lengths of time, with or without a unit."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import click

__all__ = ["STEP", "Step"]

_MS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0}
_FORM = re.compile(r"\s*([-+.\deE]+?)\s*(us|µs|ms|s)?\s*")


class Step(NamedTuple):
    """A number and the unit that was given with it, if any."""

    value: float
    unit: str | None

    def ms(self, default: str = "ms") -> float:
        """Return the step in ms; ``default`` is the unit of a number without one."""
        factor = _MS[self.unit or default]
        return self.value if factor == 1 else float(f"{self.value * factor:.12g}")


class _StepType(click.ParamType):  # type: ignore[type-arg] # generic since click 8.2 only
    name = "step"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Step:
        if isinstance(value, Step):
            return value
        match = _FORM.fullmatch(str(value))
        try:
            return Step(float(match[1]), match[2])  # type: ignore[index]
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a number, or a number and us, ms or s.", param, ctx)


STEP = _StepType()
"""A step such as ``0.1``, ``0.1ms`` or ``1e-4s``."""
