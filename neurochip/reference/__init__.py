"""The reference: a simulation in float64 and physical units, for comparison with the chip."""

from .reference import Reference
from .simulate import simulate_reference
from .twins import MOST_TWINS, TWINS, simulate_twins

__all__ = ["MOST_TWINS", "TWINS", "Reference", "simulate_reference", "simulate_twins"]
