"""The error function of arrays, which NumPy lacks."""

from __future__ import annotations

import math

import numpy as np

from neurochip.typing import Float64Array

__all__ = ["erf"]


def erf(values: Float64Array) -> Float64Array:
    """Return the error function of each value of a one-dimensional array."""
    return np.array([math.erf(value) for value in values.tolist()])
