"""A trace of spikes: its impulse and its time constant."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .._support.ranges import Range
from .._support.values import real
from ..chip.learning_spec import LearningSpec, TraceDecay, TraceRounding
from ..errors import LearningError

__all__ = ["Trace"]


@dataclass(frozen=True)
class Trace:
    """A low-pass filter of the spikes of a neuron, for rules.

    Parameters
    ----------
    impulse : float
        What a spike adds: 0 to 127, and a fraction in whole units of the engine (1/128 as
        published). Large impulses make traces fine; ``impulse * (1 + rate * tau)`` should stay
        well below 127, where traces saturate.
    tau : float
        Time constant in steps; ``inf`` does not decay. With 0 the trace is empty except in the step
        of its spike: a trace that is never emptied needs ``inf``, not 0.

    Raises
    ------
    LearningError
        If a value is not in its range.
    """

    impulse: float
    tau: float

    def __post_init__(self) -> None:
        least = Range(at_least=0.0, finite=False)
        impulse = real("trace", "impulse", self.impulse, error=LearningError)
        tau = real(
            "trace",
            "tau",
            self.tau,
            within=least,
            error=LearningError,
            allowed="a number of steps of at least 0; math.inf does not decay",
        )
        object.__setattr__(self, "impulse", impulse)
        object.__setattr__(self, "tau", tau)

    def check(self, name: str, spec: LearningSpec) -> None:
        """Raise unless an engine can hold the trace.

        Parameters
        ----------
        name : str
            Name of the trace in its rule, for the message.
        spec : LearningSpec
            The engine.

        Raises
        ------
        LearningError
            If the engine cannot hold it.
        """
        top, unit = (1 << spec.trace_bits) - 1, 1 << spec.impulse_fraction_bits
        if not 0 <= self.impulse < top + 1:
            raise LearningError(
                f"trace {name}: impulse = {self.impulse:g}; allowed: 0 to {top} and a fraction."
            )
        if self.impulse * unit != round(self.impulse * unit):
            near = round(self.impulse * unit) / unit
            what = f"multiples of 1/{unit}" if unit > 1 else "integers"
            raise LearningError(
                f"trace {name}: impulse = {self.impulse!r}; allowed on {spec.name}: {what}, the "
                f"nearest is {near!r}."
            )
        first_order = spec.trace_decay is TraceDecay.FIRST_ORDER and not math.isinf(self.tau)
        if first_order and (self.tau < 1 or self.tau % 1):
            raise LearningError(
                f"trace {name}: tau = {self.tau:g}; allowed on {spec.name}: integers of at least "
                "1, since the decay is 1 - 1/tau."
            )

    def decay(self, spec: LearningSpec, epoch: int) -> float:
        """Return the factor of a decay, before any rounding to digits.

        Parameters
        ----------
        spec : LearningSpec
            The engine.
        epoch : int
            Steps of an epoch, for an engine that decays once an epoch.
        """
        if math.isinf(self.tau):
            return 1.0
        if spec.trace_decay is TraceDecay.FIRST_ORDER:
            return 1.0 - 1.0 / self.tau
        steps = epoch if spec.trace_rounding is TraceRounding.ONCE_AN_EPOCH else 1
        return math.exp(-steps / self.tau) if self.tau > 0.0 else 0.0
