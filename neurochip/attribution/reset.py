"""Resets that subtract, and lower bounds of v, as registers of the float64 recurrence."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recurrence import IdealPopulation
from .decoding import DecodedPopulation

__all__ = ["reset_of"]


def reset_of(ideal: IdealPopulation, decoded: DecodedPopulation, rounded: bool) -> dict[str, Any]:
    """Return the registers of resets that subtract, and of a lower bound of v, in LSB.

    ``rounded`` if they are those of the image.
    """
    model, scale = ideal.population.model, decoded.lsb_per_mv
    amount, v_min = decoded.registers.amount, np.full(len(scale), -np.inf)
    if model.subtracts and not rounded:
        amount = ideal.amount * scale
    if model.bounded:
        v_min = decoded.registers.v_low if rounded else ideal.v_min * scale
    return {
        "amount": amount,
        "several": np.full(len(scale), model.several),
        "early": np.full(len(scale), int(ideal.kicks_lost)),
        "v_min": v_min,
    }
