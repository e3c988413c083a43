"""Resets that subtract, and lower bounds of v, as registers of the float64 recurrence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..recurrence import IdealPopulation
from .decoding import DecodedPopulation
from .tables import SoftRegisters

__all__ = ["soft_registers"]


def soft_registers(
    ideals: Sequence[IdealPopulation],
    decoded: Mapping[str, DecodedPopulation],
    rounded: bool,
) -> SoftRegisters | None:
    """Return the registers of resets that subtract, and of lowest v; None if there are none.

    ``rounded`` if they are those of the image.
    """
    models = [item.population.model for item in ideals]
    if not any(model.subtracts or model.bounded for model in models):
        return None
    columns = [_columns(item, decoded[item.population.name], rounded) for item in ideals]
    return SoftRegisters(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def _columns(ideal: IdealPopulation, decoded: DecodedPopulation, rounded: bool) -> SoftRegisters:
    model, scale = ideal.population.model, decoded.lsb_per_mv
    amount, v_min = decoded.registers.amount, np.full(len(scale), -np.inf)
    if model.subtracts and not rounded:
        amount = ideal.amount * scale
    if model.bounded:
        v_min = decoded.registers.v_low if rounded else ideal.v_min * scale
    several, raises = np.full(len(scale), model.several), np.full(len(scale), model.raises)
    early = np.full(len(scale), int(ideal.kicks_lost))
    return SoftRegisters(amount, several, raises, early, v_min)
