"""Formats of synapses on a core: which synapses share one, and what it costs.

nengo-loihi 1.1.0, which ran on the chip, counts the tag of a synapse that learns like its weight
and its delay. Where a core keeps rules and traces is not published, and they are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..chip.registers import SynapseFormat
from ..learning import LearningRule, Trace
from ..typing import Int32Array

__all__ = ["StoredFormat", "format_tables", "tag_bits_of"]


class StoredFormat(NamedTuple):
    """The format of synapses as a core stores it."""

    format: SynapseFormat
    delay_bits: int
    once: bool  # whether a shared kernel holds the weights
    rule: LearningRule | None

    @property
    def traces(self) -> tuple[Trace | None, ...]:
        """Pre-synaptic traces of the rule, of which a core has few."""
        return (None, None) if self.rule is None else (self.rule.x1, self.rule.x2)


def tag_bits_of(rule: LearningRule | None) -> int:
    """Return the bits of the tag of a synapse: those of its range, or 0 if its rule has no tag.

    The chip can store tags of several widths (nengo-loihi: a code of 2 bits); of how many bits is
    not published.
    """
    if rule is None or rule.spec.tag_limits is None or not rule.keeps("t"):
        return 0
    low, high = rule.spec.tag_limits
    return 1 + max((-low - 1).bit_length(), high.bit_length())


def format_tables(formats: Iterable[StoredFormat]) -> dict[str, Any]:
    """Return the formats as the arrays ``format_*`` of a wiring."""
    formats = tuple(formats)
    numbers: dict[Trace | None, int] = {None: -1}
    traces = [
        [numbers.setdefault(trace, len(numbers) - 1) for trace in item.traces] for item in formats
    ]
    bits = [item.format.weight_bits + item.delay_bits + tag_bits_of(item.rule) for item in formats]
    return {
        "format_bits": _int32(bits),
        "format_delay": _int32([item.delay_bits for item in formats]),
        "format_once": np.array([item.once for item in formats], dtype=np.int8),
        "format_learns": np.array([item.rule is not None for item in formats], dtype=np.bool_),
        "format_traces": _int32(traces).reshape(-1, 2),
    }


def _int32(values: Any) -> Int32Array:
    return np.array(values, dtype=np.int32)
