"""Format numbers for reports and tables."""

from __future__ import annotations

import math

__all__ = ["counted", "fixed", "percent", "short_percent"]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or the plural: ``1 core``, ``2 cores``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent(value: float, sign: str = "+", digits: int = 2, undefined: str = "-") -> str:
    """Return a fraction in percent, rounded; ``sign`` is "+" or "", as in a format."""
    if not math.isfinite(value):
        return undefined
    rounded = round(100 * value, digits) + 0.0  # no "-0.00"
    return f"{rounded:{sign}.{digits}f} %"


def short_percent(value: float, digits: int = 2) -> str:
    """Return a fraction in percent with its sign and a few significant digits: ``+0.26 %``."""
    return f"{float(f'{100 * value:.{digits}g}'):+.6g} %"


def fixed(value: float, undefined: str = "-") -> str:
    """Return a number with three decimals."""
    return f"{value:.3f}" if math.isfinite(value) else undefined
