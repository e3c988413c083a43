"""Continuous time on a grid of steps: the rule that all engines share with Brian2."""

from __future__ import annotations

__all__ = ["GRID_TOLERANCE", "LAST_STEP"]

GRID_TOLERANCE = 1e-3
"""Part of a step. A time t belongs to step ``floor(t / dt + GRID_TOLERANCE)``, since float rounding
puts times a little below the grid; a refractory period lasts as many steps."""

LAST_STEP = (1 << 31) - 1
"""The step that no run reaches: steps are counted in 32 bits. Later spikes belong to it."""
