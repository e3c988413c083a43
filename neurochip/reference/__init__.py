"""The reference: a simulation in float64 and physical units, for comparison with the chip."""

from .simulate import simulate_reference

__all__ = ["simulate_reference"]
