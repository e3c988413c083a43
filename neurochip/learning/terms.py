"""The terms of a learning rule, their integer tables, and their values in weight steps.

A rule is a sum of terms ``S * D * product of factors`` (Davies et al. 2018, equation 4): S is
``mantissa * 2**exponent``, D a dependency (a spike of this epoch, or every ``2**k``-th epoch), and
a factor is a variable plus a constant, or the sign of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..chip.fixedpoint import Overflow
from ..chip.learning_spec import LearningSpec
from ..typing import BoolArray, Int32Array, Int64Array

__all__ = ["DEPENDENCIES", "POST", "PRE", "TARGETS", "VARIABLES", "Factor", "Tables", "Term"]

TARGETS = ("w", "d", "t")
"""Rules change these variables: weight, delay, tag."""
DEPENDENCIES = ("x0", "y0", "u")
PRE, POST = ("x1", "x2"), ("y1", "y2", "y3")
"""Traces of the pre- and the post-synaptic side."""
GIVEN_LIMITS = (-128, 127)
"""Range of the values that the host writes into a trace."""
VARIABLES = ("x0", "y0", *PRE, *POST, *TARGETS)
"""Variables of factors. A place in this list is the code of the variable in tables."""
_SYNAPTIC_BITS = 9
_MOST_SHIFT = 63  # a longer one of 64 bits is not defined, and leaves no more of a product
FRACTION_BITS = 7  # of an accumulator (LV, NL): it counts 1/128 of a weight step
WIDEST = 1 << 62  # what no accumulator reaches: the sum of two such numbers has 64 bits


@dataclass(frozen=True)
class Factor:
    """A variable plus a constant, or the sign of that: -1, 0 or 1.

    Parameters
    ----------
    variable : str
        One of :data:`VARIABLES`.
    constant : int
        What is added to it.
    sign : bool
        Whether the factor is the sign of the sum.
    """

    variable: str
    constant: int = 0
    sign: bool = False

    def width(self, spec: LearningSpec) -> int:
        """Return the bits that the product shift counts."""
        if self.variable in ("x0", "y0"):
            return 1
        return spec.trace_bits if self.variable in (*PRE, *POST) else _SYNAPTIC_BITS

    def most(self, spec: LearningSpec) -> int:
        """Return the largest magnitude that the factor can have."""
        if self.sign:
            return 1
        width = self.width(spec)
        return 1 << width if spec.factor_clips else (1 << width) + abs(self.constant)

    def real(self, values: Mapping[str, float]) -> float:
        """Return the factor as a real number, given the values of the variables."""
        value = values[self.variable] + self.constant
        return float(np.sign(value)) if self.sign else value

    def __str__(self) -> str:
        inner = f"{self.variable}{self.constant:+d}" if self.constant else self.variable
        if self.sign:
            return f"sgn({inner})"
        return f"({inner})" if self.constant else inner


@dataclass(frozen=True)
class Term:
    """One term of a rule.

    Parameters
    ----------
    dependency : str
        ``"x0"`` or ``"y0"``: acts in an epoch with a spike of that side. ``"u"``: acts in every
        ``2**k``-th epoch.
    mantissa, exponent : int
        Coefficient ``mantissa * 2**exponent``.
    factors : tuple of Factor
        Factors of the product, which may be none.
    k : int or None
        Exponent of the period of a u term.
    """

    dependency: str
    mantissa: int
    exponent: int
    factors: tuple[Factor, ...] = ()
    k: int | None = None

    def shift(self, spec: LearningSpec) -> int:
        """Return by how many bits an engine shifts the product right, which weakens the term."""
        if spec.shift_mantissa_bits is None:
            return 0
        widths = sum(factor.width(spec) for factor in self.factors)
        return max(0, widths + spec.shift_mantissa_bits - 15)

    def most(self, spec: LearningSpec) -> int:
        """Return the largest magnitude of the product with its mantissa, before shifts."""
        return math.prod((abs(self.mantissa), *(factor.most(spec) for factor in self.factors)))

    def reach(self, spec: LearningSpec) -> int:
        """Return the largest magnitude of the product after shifts, in units of an accumulator."""
        right, left = _shifts(self, spec)
        return self.most(spec) >> right << left

    def real(self, values: Mapping[str, float], spec: LearningSpec) -> float:
        """Return the change of the target in its steps, without any rounding or limit.

        The product shift is a property of the engine and not a rounding, so it is applied.
        """
        product = math.prod(factor.real(values) for factor in self.factors)
        return self.mantissa * 2.0 ** (self.exponent - self.shift(spec)) * product

    def __str__(self) -> str:
        sign, size = ("-" if self.mantissa < 0 else ""), abs(self.mantissa)
        power = f"2^{self.exponent}" if self.exponent else ""
        parts = [power if size == 1 and power else f"{size}*{power}" if power else str(size)]
        parts = [] if parts == ["1"] else parts
        event = self.dependency if self.k is None else f"u{self.k}"
        return sign + "*".join([*parts, event, *map(str, self.factors)])


def text_of(terms: Iterable[Term]) -> str:
    """Return terms as a sum, in the form that the grammar reads."""
    return " + ".join(map(str, terms)).replace("+ -", "- ")


class Tables(NamedTuple):
    """The terms of a rule as integers, and the numbers of its engine, for the kernels.

    ``first`` (4) delimits the terms of each target; per term: ``dependency``, ``k``, ``mantissa``,
    ``right`` and ``left`` shift, whether the early step of Brian2Loihi sees it, and ``start`` of
    its factors; per factor: ``variable``, ``constant``, ``sign``, and its ``low`` and ``high``.
    """

    first: Int32Array
    dependency: Int32Array
    k: Int32Array
    mantissa: Int64Array
    right: Int32Array
    left: Int32Array
    whole: BoolArray
    start: Int32Array
    variable: Int32Array
    constant: Int64Array
    sign: BoolArray
    low: Int64Array
    high: Int64Array


def tables_of(terms: Mapping[str, tuple[Term, ...]], spec: LearningSpec) -> Tables:
    """Return the tables of a rule, given the terms of each target."""
    every = [term for target in TARGETS for term in terms[target]]
    factors = [factor for term in every for factor in term.factors]
    shifts = [_shifts(term, spec) for term in every]
    limits = [_limits(factor, spec) for factor in factors]
    return Tables(
        first=_sums([len(terms[target]) for target in TARGETS]),
        dependency=_int32([DEPENDENCIES.index(term.dependency) for term in every]),
        k=_int32([term.k or 0 for term in every]),
        mantissa=np.array([term.mantissa for term in every], dtype=np.int64),
        right=_int32([right for right, _ in shifts]),
        left=_int32([left for _, left in shifts]),
        whole=np.array([term.exponent >= 0 for term in every], dtype=bool),
        start=_sums([len(term.factors) for term in every]),
        variable=_int32([VARIABLES.index(factor.variable) for factor in factors]),
        constant=np.array([factor.constant for factor in factors], dtype=np.int64),
        sign=np.array([factor.sign for factor in factors], dtype=bool),
        low=np.array([low for low, _ in limits], dtype=np.int64),
        high=np.array([high for _, high in limits], dtype=np.int64),
    )


def _shifts(term: Term, spec: LearningSpec) -> tuple[int, int]:
    right, left = term.shift(spec), term.exponent + FRACTION_BITS
    if not spec.shifts_joined and left >= 0:
        return right, left
    return min(max(0, right - left), _MOST_SHIFT), max(0, left - right)


def _limits(factor: Factor, spec: LearningSpec) -> tuple[int, int]:
    if not spec.factor_clips:
        return -WIDEST, WIDEST
    top = 1 << factor.width(spec)
    return -top, top - 1


def _int32(values: list[int]) -> Int32Array:
    return np.array(values, dtype=np.int32)


def _sums(counts: list[int]) -> Int32Array:
    return np.cumsum([0, *counts]).astype(np.int32)


def bounds_of(limits: tuple[float, float], overflow: Overflow) -> tuple[int, int]:
    """Return a range as integers; without limits, one that no sum reaches."""
    if overflow is Overflow.NONE:
        return -WIDEST, WIDEST
    return int(limits[0]), int(limits[1])
