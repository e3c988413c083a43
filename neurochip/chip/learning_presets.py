"""Presets of learning engines: what is published, and three emulators that differ from it.

See :mod:`neurochip.chip.learning_spec` for the fields and the sources.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .._support.values import shown
from ..errors import SpecError
from .fixedpoint import Overflow
from .learning_spec import (
    DrawSharing,
    ExtraSpikes,
    LearningSpec,
    TraceDecay,
    TraceRounding,
    WeightRounding,
)

__all__ = ["LEARNING_PRESETS", "learning_engine"]

_ANY = (-math.inf, math.inf)

_LAVA = LearningSpec(
    name="lava",
    trace_draw=DrawSharing.SHARED,
    impulse_fraction_bits=8,
    epoch_max=None,
    one_u=True,
    extra_spikes=ExtraSpikes.AT_EPOCH_START_PRE_UP,
    given_trace_tau=65535.0,
    constant_limits=_ANY,
    product_wraps=True,
    accumulator_limits=(-(1 << 15) - 1, (1 << 15) - 1),
    weight_draw=DrawSharing.SHARED,
    precision_kept=False,
    mixed_limits=(-256, 255),
    tag_limits=(-257, 255),
    delay_limits=(0, 255),
    pre_traces=None,
)
_BRIAN2LOIHI = LearningSpec(
    name="brian2loihi",
    trace_decay=TraceDecay.FIRST_ORDER,
    decay_digits=15,
    trace_rounding=TraceRounding.IMPULSE_THEN_DECAY,
    trace_per_synapse=True,
    impulse_fraction_bits=0,
    impulse_draw_bits=0,
    epoch_max=1,
    first_epoch=0,
    mantissa_limits=_ANY,
    exponent_limits=(-7, 9),
    constant_limits=_ANY,
    factor_clips=False,
    shift_mantissa_bits=None,
    product_bits=53,
    accumulator_limits=_ANY,
    accumulator_overflow=Overflow.NONE,
    weight_rounding=WeightRounding.AWAY_FROM_ZERO,
    precision_kept=False,
    inhibitory_limits=(-256, 0),
    tag_limits=None,
    pre_traces=None,
)
_NENGO_LOIHI = LearningSpec(
    name="nengo-loihi",
    trace_rounding=TraceRounding.ONCE_AN_EPOCH,
    extra_spikes=ExtraSpikes.REFUSED,
    mantissa_limits=_ANY,
    factor_clips=False,
    shift_mantissa_bits=3,
    shifts_joined=True,
    accumulator_limits=_ANY,
    accumulator_overflow=Overflow.NONE,
    weight_rounding=WeightRounding.SIGN_MAGNITUDE,
    mixed_limits=(-254, 254),
    tag_limits=None,
)

LEARNING_PRESETS: Mapping[str, LearningSpec] = MappingProxyType(
    {each.name: each for each in (LearningSpec(), _LAVA, _BRIAN2LOIHI, _NENGO_LOIHI)}
)
"""The published engine, and one for each emulator, by name. Each repeats its emulator's recorded
runs bit for bit if it gets the same draws."""


def learning_engine(value: Any) -> LearningSpec | None:
    """Return a learning engine that is given as such, by its name, or as None or "none".

    Raises
    ------
    SpecError
        If it is something else.
    """
    if value is None or isinstance(value, LearningSpec):
        return value
    if isinstance(value, str) and value in {*LEARNING_PRESETS, "none"}:
        return LEARNING_PRESETS.get(value)
    names = ", ".join(map(repr, LEARNING_PRESETS))
    raise SpecError(
        f"core: learning = {shown(value)}; allowed: a LearningSpec(...), {names}, or 'none'."
    )
