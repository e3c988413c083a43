"""Options that are lengths of time, with or without a unit."""

from __future__ import annotations

import re
from typing import Any

import click

__all__ = ["STEP", "Step"]

_MS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0}
_FORM = re.compile(r"\s*([-+.\deE]+?)\s*(us|µs|ms|s)?\s*")


class Step(float):
    """A length of time in ms, and the unit that was given with it, if any.

    Without a unit the number is taken as ms; :meth:`taken_as` takes it otherwise.
    """

    unit: str | None

    @classmethod
    def of(cls, value: float, unit: str | None) -> Step:
        """Make a step from a number and its unit."""
        factor = _MS[unit or "ms"]
        step = cls(value if factor == 1 else f"{value * factor:.12g}")
        step.unit = unit
        return step

    def taken_as(self, unit: str) -> Step:
        """Return the step in ms, if ``unit`` is that of a number without one."""
        return self if self.unit else Step.of(float(self), unit)


class _StepType(click.ParamType):  # type: ignore[type-arg] # generic since click 8.2 only
    name = "step"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Step:
        if isinstance(value, Step):
            return value
        match = _FORM.fullmatch(str(value))
        try:
            return Step.of(float(match[1]), match[2])  # type: ignore[index]
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a number, or a number and us, ms or s.", param, ctx)


STEP = _StepType()
"""A step such as ``0.1``, ``0.1ms`` or ``1e-4s``."""
