"""Grades say how well each field of a learning engine is known of the chip, and from where.

The keys of sources are those of :mod:`neurochip.chip.learning_spec`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["KNOWN", "Grade"]


class Grade(enum.Enum):
    """Says how well a point is known of the chip."""

    PUBLISHED = "published"
    """Stated in a publication on the chip."""
    USED = "used on the chip"
    """Software that ran on the chip writes its registers in this way."""
    OPEN = "open"
    """Nowhere public, or the sources disagree: the value is a choice."""


KNOWN: Mapping[str, tuple[Grade, str]] = MappingProxyType(
    {
        "trace_bits": (Grade.PUBLISHED, "D18"),
        "trace_decay": (Grade.OPEN, "D18: a first-order filter; LV and NL against B2"),
        "decay_digits": (Grade.OPEN, "the code of a decay is not published"),
        "trace_rounding": (Grade.OPEN, "D18: stochastic; where is not published"),
        "trace_per_synapse": (Grade.USED, "NL: one entry a neuron"),
        "trace_draw": (Grade.OPEN, "NL: seeds per generator"),
        "impulse_fraction_bits": (Grade.USED, "NL"),
        "impulse_draw_bits": (Grade.OPEN, "as many as the fraction"),
        "epoch_max": (Grade.PUBLISHED, "D18"),
        "first_epoch": (Grade.OPEN, "LV and NL against B2"),
        "one_u": (Grade.OPEN, "LV against B2"),
        "extra_spikes": (Grade.OPEN, "LV; NL: one spike time a neuron and epoch"),
        "given_trace_tau": (Grade.OPEN, "D18 names reward; nothing more"),
        "mantissa_limits": (Grade.OPEN, "LV 4 bits, NL 3"),
        "exponent_limits": (Grade.OPEN, "LV; NL at least -7"),
        "constant_limits": (Grade.OPEN, "LV: 8 bits; that the sign is one more is a choice"),
        "factor_clips": (Grade.OPEN, "LV"),
        "shift_mantissa_bits": (Grade.OPEN, "LV 4, NL 3: one bit uncertain"),
        "shifts_joined": (Grade.OPEN, "LV against NL"),
        "product_bits": (Grade.OPEN, "LV, NL: the integers of NumPy"),
        "product_wraps": (Grade.OPEN, "such rules are refused"),
        "accumulator_limits": (Grade.PUBLISHED, "D18: 16 bits"),
        "accumulator_overflow": (Grade.OPEN, "clip or wrap"),
        "weight_rounding": (Grade.OPEN, "LV, NL"),
        "weight_draw": (Grade.OPEN, "NL against LV"),
        "precision_kept": (Grade.PUBLISHED, "D18: weights of 1 to 9 bits"),
        "mixed_limits": (Grade.OPEN, "NL: 127 steps of 2"),
        "excitatory_limits": (Grade.OPEN, "LV, B2"),
        "inhibitory_limits": (Grade.OPEN, "LV against B2"),
        "tag_limits": (Grade.PUBLISHED, "D18: 9 bits"),
        "delay_limits": (Grade.OPEN, "no open model applies it"),
        "pre_traces": (Grade.USED, "NL: three"),
        "axon_slots": (Grade.USED, "NL"),
    }
)
"""The grade of each field says how well it is known of the chip, and from where."""
