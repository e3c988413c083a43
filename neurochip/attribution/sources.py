"""Names of the sources of error, in the order of the tables."""

from __future__ import annotations

__all__ = ["GRID", "LEARNING", "REGISTERS"]

GRID = ("time step", "event order", "refractory steps", "delays")
"""Sources of the time grid: errors of float64 on the chip's steps, against a fine grid."""

REGISTERS = (
    "decay_v",
    "decay_u",
    "threshold",
    "bias",
    "refractory register",
    "initial state",
    "weights",
    "delay register",
    "truncation",
    "overflow",
)
"""Sources of the registers: errors of the chip against float64 on the chip's steps."""

LEARNING = (
    "start weights",
    "weight step",
    "repeated spikes",
    "delay",
    "trace decay",
    "trace impulse",
    "trace rounding",
    "trace saturation",
    "learning rate",
    "product shift",
    "weight rounding",
    "tag rounding",
    "limits",
    "reward",
    "epoch",
    "event order",
)
"""Sources of a learning rule: errors of its registers and integers against real numbers."""
