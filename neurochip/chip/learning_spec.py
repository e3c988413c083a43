"""Learning engines are described as data: one as published, and three emulators of it.

No open model of the chip's learning engine is bit exact with it, and the three emulators differ
from each other. Each field of :class:`LearningSpec` is one point in which they can differ; it says
how well the point is known of the chip. ``docs/reference/learning.md`` has the table.

Sources, by key: **D18** Davies et al. 2018, IEEE Micro 38(1), 10.1109/MM.2018.112130359; **LV**
Lava 0.10.0 (``magma/core/model/py/connection.py``, ``magma/core/learning``); **B2** Brian2Loihi
0.5.2 (``loihi_synapses.py``); **NL** nengo-loihi 1.1.0 (``emulator/interface.py``,
``builder/discretize.py``, ``hardware/builder.py``), of which the last wrote registers of the chip.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .._support.brief import line
from .._support.ranges import Range
from .._support.values import instance, integer, items, real, shown, switch
from ..errors import SpecError
from .fixedpoint import Overflow

__all__ = [
    "DrawSharing",
    "ExtraSpikes",
    "LearningSpec",
    "TraceDecay",
    "TraceRounding",
    "WeightRounding",
]


class TraceDecay(enum.Enum):
    """Factor by which a trace with time constant ``tau`` (steps) decays in a step."""

    EXPONENTIAL = "exp(-1/tau)"
    FIRST_ORDER = "1 - 1/tau"


class TraceRounding(enum.Enum):
    """When a trace is rounded. All three round up with a probability equal to the fraction."""

    DECAY_THEN_IMPULSE = "the decayed value, then the impulse"
    """In each step: round the decayed value, then add the impulse, whose fraction has a draw."""
    IMPULSE_THEN_DECAY = "after the rule; the fraction is that of the value before the impulse"
    """In each step: add the impulse, apply the rule, decay. A quirk: the probability of rounding
    up is the fraction of the decayed value *without* the impulse."""
    ONCE_AN_EPOCH = "once an epoch, the sum of decayed value and impulse"
    """Decay over the whole epoch, add the impulse with its fraction, round."""


class DrawSharing(enum.Enum):
    """Who shares a random draw."""

    OWN = "its own"
    """Each trace, or each synapse, has a draw of its own in each step that rounds it."""
    SHARED = "one an epoch"
    """One draw an epoch for all traces of a side, or for all synapses."""


class ExtraSpikes(enum.Enum):
    """Names the effect of a spike that is not the first of its neuron in an epoch."""

    AT_EPOCH_START = "impulse added to the value that the epoch began with"
    """The impulse is added at once, undecayed; the last spike counts as the spike of the epoch."""
    AT_EPOCH_START_PRE_UP = "the same; a pre-synaptic fraction always rounds up"
    """As AT_EPOCH_START, with a draw of 0 on the pre-synaptic side."""
    REFUSED = "refused"


class WeightRounding(enum.Enum):
    """Names the way in which the sum of a rule becomes a weight."""

    STOCHASTIC = "floor, or up with the probability of the fraction"
    SIGN_MAGNITUDE = "the same of the magnitude, which also has the limit"
    AWAY_FROM_ZERO = "change away from zero to whole steps, then toward zero to the precision"
    """A quirk: rounding to the precision would be stochastic, but its probability is computed
    before the spikes of the step, so that only u terms with whole coefficients have one."""


_ENUMS: dict[str, type[enum.Enum]] = {
    "trace_decay": TraceDecay,
    "trace_rounding": TraceRounding,
    "trace_draw": DrawSharing,
    "extra_spikes": ExtraSpikes,
    "accumulator_overflow": Overflow,
    "weight_rounding": WeightRounding,
    "weight_draw": DrawSharing,
}
_SWITCHES = (
    *("trace_per_synapse", "one_u", "factor_clips", "shifts_joined", "product_wraps"),
    "precision_kept",
)
_RANGES = {
    "trace_bits": (1, 8),
    "decay_digits": (1, 17),
    "impulse_fraction_bits": (0, 16),
    "impulse_draw_bits": (0, 32),
    "epoch_max": (1, 1 << 20),
    "first_epoch": (0, 1),
    "shift_mantissa_bits": (0, 15),
    "product_bits": (16, 53),
    "pre_traces": (1, 1 << 20),
    "axon_slots": (1, 1 << 12),
}
_PAIRS = (
    *("mantissa_limits", "exponent_limits", "constant_limits", "accumulator_limits"),
    *("mixed_limits", "excitatory_limits", "inhibitory_limits", "tag_limits", "delay_limits"),
)
_MAY_BE_NONE = (
    *("decay_digits", "epoch_max", "shift_mantissa_bits", "tag_limits", "delay_limits"),
    "pre_traces",
)
_MOST_EXPONENT = 1000  # a power of two beyond is no float64


@dataclass(frozen=True, kw_only=True)
class LearningSpec:
    """Widths, orders and roundings of a learning engine; the defaults are what is published.

    Where nothing is published, the default is a choice: see the grade of the field in
    ``docs/reference/learning.md``. Results are therefore never "bit exact with the chip".

    Parameters
    ----------
    name : str
        Name of the engine, for messages.
    trace_bits : int
        Width of a trace, which is unsigned.
    trace_decay : TraceDecay
        Decay of a trace in a step.
    decay_digits : int or None
        Digits to which the factor of the decay is rounded; None: none.
    trace_rounding : TraceRounding
        When a trace is rounded.
    trace_per_synapse : bool
        Whether each synapse has traces of its own, instead of each neuron.
    trace_draw : DrawSharing
        Who shares the draws of traces.
    impulse_fraction_bits, impulse_draw_bits : int
        Bits of the fraction of an impulse, and of the draw that is compared with it. One bit less
        of the draw makes the impulse round up twice as often.
    epoch_max : int or None
        Longest epoch in steps; None: any.
    first_epoch : int
        Number of the first epoch, for the terms u0 to u9, which act when ``2**k`` divides it.
    one_u : bool
        Whether all u terms of a rule have the same k.
    extra_spikes : ExtraSpikes
        What further spikes of a neuron in an epoch do.
    given_trace_tau : float
        Time constant in steps with which traces that are given (reward) decay over an epoch.
    mantissa_limits, exponent_limits : (float, float)
        Range of the mantissa and of the exponent of a coefficient ``mantissa * 2**exponent``.
    constant_limits : (float, float)
        Range of the constant in a factor such as ``(w - 255)``.
    factor_clips : bool
        Whether a factor is clipped to the width of its variable, also with its constant.
    shift_mantissa_bits : int or None
        Products are shifted right by the sum of the widths of their factors plus these bits minus
        15, if that is positive; None: not at all.
    shifts_joined : bool
        Whether that shift and the exponent are one shift, instead of first right, then left.
    product_bits : int
        Width of a product with its sign.
    product_wraps : bool
        Whether a product beyond its width wraps. If not, rules that can reach it are refused.
    accumulator_limits : (float, float)
        Range of each product and each partial sum, in 1/128 of a weight step.
    accumulator_overflow : Overflow
        What happens beyond: CLIP, WRAP or NONE.
    weight_rounding : WeightRounding
        How the sum becomes a weight.
    weight_draw : DrawSharing
        Who shares the draws of weights.
    precision_kept : bool
        Whether weights keep the precision of their format (few bits, or the sign of mixed ones).
    mixed_limits, excitatory_limits, inhibitory_limits : (int, int)
        Range of a learned weight, by the sign mode of its format; with few bits, the multiples of
        their step within it.
    tag_limits, delay_limits : (int, int) or None
        Range of a learned tag and delay; None: they cannot be learned.
    pre_traces : int or None
        Different pre-synaptic traces (impulse and time constant) that a core has; None: any number.
    axon_slots : int
        Entries of the table of input axons that an axon with learning synapses takes.

    Raises
    ------
    SpecError
        If a field is not allowed.
    """

    name: str = "published"
    trace_bits: int = 7
    trace_decay: TraceDecay = TraceDecay.EXPONENTIAL
    decay_digits: int | None = None
    trace_rounding: TraceRounding = TraceRounding.DECAY_THEN_IMPULSE
    trace_per_synapse: bool = False
    trace_draw: DrawSharing = DrawSharing.OWN
    impulse_fraction_bits: int = 7
    impulse_draw_bits: int = 7
    epoch_max: int | None = 63
    first_epoch: int = 1
    one_u: bool = False
    extra_spikes: ExtraSpikes = ExtraSpikes.AT_EPOCH_START
    given_trace_tau: float = math.inf
    mantissa_limits: tuple[float, float] = (-8, 7)
    exponent_limits: tuple[float, float] = (-7, 8)
    constant_limits: tuple[float, float] = (-255, 255)
    factor_clips: bool = True
    shift_mantissa_bits: int | None = 4
    shifts_joined: bool = False
    product_bits: int = 32
    product_wraps: bool = False
    accumulator_limits: tuple[float, float] = (-(1 << 15), (1 << 15) - 1)
    accumulator_overflow: Overflow = Overflow.CLIP
    weight_rounding: WeightRounding = WeightRounding.STOCHASTIC
    weight_draw: DrawSharing = DrawSharing.OWN
    precision_kept: bool = True
    mixed_limits: tuple[int, int] = (-256, 254)
    excitatory_limits: tuple[int, int] = (0, 255)
    inhibitory_limits: tuple[int, int] = (-255, 0)
    tag_limits: tuple[int, int] | None = (-256, 255)
    delay_limits: tuple[int, int] | None = None
    pre_traces: int | None = 3
    axon_slots: int = 2

    def __post_init__(self) -> None:
        owner = f"learning engine {self.name!r}"
        for name, kind in _ENUMS.items():
            allowed = ", ".join(f"{kind.__name__}.{each.name}" for each in kind)
            instance(owner, name, getattr(self, name), kind, allowed, error=SpecError)
        for name in _SWITCHES:
            switch(owner, name, getattr(self, name), error=SpecError)
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None or name not in _MAY_BE_NONE:
                integer(owner, name, value, at_least=low, at_most=high, error=SpecError)
        tau = Range(above=0.0, finite=False)
        real(owner, "given_trace_tau", self.given_trace_tau, within=tau, error=SpecError)
        for name in _PAIRS:
            object.__setattr__(self, name, _pair(owner, name, getattr(self, name)))
        if max(map(abs, self.exponent_limits)) > _MOST_EXPONENT:
            raise SpecError(
                f"{owner}: exponent_limits = {self.exponent_limits}; allowed: within "
                f"-{_MOST_EXPONENT} to {_MOST_EXPONENT}."
            )
        least, most = self.accumulator_limits
        wraps = self.accumulator_overflow is Overflow.WRAP
        if wraps and (math.isinf(most - least) or int(most - least + 1).bit_count() != 1):
            raise SpecError(
                f"{owner}: accumulator_limits = {self.accumulator_limits}; allowed with WRAP: a "
                "power of two of values."
            )
        by_step = (
            self.trace_per_synapse
            or self.trace_rounding is TraceRounding.IMPULSE_THEN_DECAY
            or self.weight_rounding is WeightRounding.AWAY_FROM_ZERO
        )
        if by_step and self.epoch_max != 1:
            raise SpecError(
                f"{owner}: epoch_max = {self.epoch_max}; allowed: 1, with traces per synapse, "
                "IMPULSE_THEN_DECAY or AWAY_FROM_ZERO, which act in each step."
            )

    def limits(self, sign_mode: enum.IntEnum) -> tuple[int, int]:
        """Return the smallest and the largest learned weight of a sign mode.

        Parameters
        ----------
        sign_mode : SignMode
            Signs that the weights may have.
        """
        limits: tuple[int, int] = getattr(self, f"{sign_mode.name.lower()}_limits")
        return limits

    def weight_step(self, low_bits: int) -> int:
        """Return the distance between learned weights, in mantissas.

        Parameters
        ----------
        low_bits : int
            Low bits of a mantissa that the format of the weights does not store.
        """
        return 1 << low_bits if self.precision_kept else 1

    @property
    def differences(self) -> dict[str, Any]:
        """Fields that differ from what is published, with their values."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name != "name" and getattr(self, item.name) != item.default
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as texts, numbers and lists, for JSON."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: value.value
            if isinstance(value, enum.Enum)
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LearningSpec:
        """Return the engine that :meth:`to_dict` wrote.

        Parameters
        ----------
        data : dict
            All fields, or some: the others are as published.

        Raises
        ------
        SpecError
            If a value is not allowed.
        """
        values: dict[str, Any] = dict(data)
        for name, kind in _ENUMS.items():
            members: dict[Any, Any] = {member.value: member for member in kind}
            if isinstance(values.get(name), str):
                values[name] = members.get(values[name], values[name])
        return cls(**values)

    def __repr__(self) -> str:
        changed = (
            f"{name}={value.name if isinstance(value, enum.Enum) else value}"
            for name, value in self.differences.items()
        )
        return line(self, repr(self.name), *changed)

    def __str__(self) -> str:
        return self.name


def _pair(owner: str, name: str, value: Any) -> tuple[float, float] | None:
    """Return a range, or raise unless it is two numbers in order, whole or infinite."""
    if value is None and name in _MAY_BE_NONE:
        return None
    pair = items(owner, name, value, "two numbers", error=SpecError)
    if len(pair) != 2 or not all(isinstance(each, (int, float)) for each in pair):
        raise SpecError(f"{owner}: {name} = {shown(value)}; allowed: two numbers.")
    if not pair[0] <= pair[1] or any(each % 1 for each in pair if not math.isinf(each)):
        raise SpecError(f"{owner}: {name} = {shown(value)}; allowed: whole numbers in order.")
    return pair[0], pair[1]
