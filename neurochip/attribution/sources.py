"""The names of the sources of error, in the order of the tables."""

from __future__ import annotations

__all__ = ["GRID", "REGISTERS"]

GRID = ("time step", "event order", "refractory steps", "delays")
"""What a grid of steps does to float64: on against a fine grid."""

REGISTERS = (
    "decay_v",
    "decay_u",
    "threshold",
    "bias",
    "initial state",
    "weights",
    "truncation",
    "overflow",
)
"""What registers do to float64 on the grid of the chip."""
