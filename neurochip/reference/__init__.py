"""The reference: the same network on the same input, in float64 and in the user's own units."""

from .simulate import simulate_reference

__all__ = ["simulate_reference"]
