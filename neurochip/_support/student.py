"""Student's t distribution: probabilities and quantiles, without SciPy."""

from __future__ import annotations

import math
from functools import lru_cache

__all__ = ["t_quantile", "t_tail"]

_TINY = 1e-300
_TERMS = 10_000
_HALVINGS = 200


def t_tail(t: float, freedom: float) -> float:
    """Return the probability of a value above ``t``.

    Parameters
    ----------
    t : float
        Any number, also infinite.
    freedom : float
        Degrees of freedom, above 0.
    """
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    below = freedom / (freedom + t * t)
    tail = 0.5 * _incomplete_beta(below, t * t / (freedom + t * t), freedom / 2)
    return tail if t >= 0 else 1.0 - tail


@lru_cache(maxsize=256)
def t_quantile(probability: float, freedom: float) -> float:
    """Return the value that is exceeded with a probability of ``1 - probability``.

    Parameters
    ----------
    probability : float
        From 0.5 to below 1.
    freedom : float
        Degrees of freedom, above 0.
    """
    target, low, high = 1.0 - probability, 0.0, 1.0
    while t_tail(high, freedom) > target:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):  # neighbouring floats
            break
        low, high = (middle, high) if t_tail(middle, freedom) > target else (low, middle)
    return high


def _incomplete_beta(x: float, y: float, a: float) -> float:
    """Return the regularised incomplete beta function I_x(a, 1/2), with y = 1 - x.

    Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, evaluated by
    the method of Lentz (Appl. Opt. 15:668, 1976). It converges quickly for x below
    (a + 1) / (a + 5/2); above, I_x(a, b) = 1 - I_y(b, a).
    """
    b = 0.5
    if not x or not y:
        return x
    factor = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log1p(-y) + b * math.log(y)
    )
    if x < (a + 1) / (a + b + 2):
        return factor * _fraction(x, a, b) / a
    return 1.0 - factor * _fraction(y, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, _TERMS):
        m, odd = divmod(term, 2)
        if odd:
            part = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            part = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _apart(1.0 + part * d)
        c = _apart(1.0 + part / c)
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return 1.0 / value


def _apart(value: float) -> float:
    """Return a denominator that is not 0."""
    return value if abs(value) > _TINY else _TINY
