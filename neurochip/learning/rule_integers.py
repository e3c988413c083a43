"""Rules as integers, for files and digests: terms, factors and traces as tables.

Names are codes: places in ``TARGETS``, ``DEPENDENCIES`` and ``VARIABLES`` of
:mod:`neurochip.learning.terms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..chip.learning_spec import LearningSpec
from ..errors import LearningError
from ..typing import Int64Array
from .terms import DEPENDENCIES, POST, PRE, TARGETS, VARIABLES, Factor, Term, text_of
from .trace import Trace

__all__ = ["RuleIntegers", "integers_of", "texts_of", "traces_of"]

_NAMES = (*PRE, *POST)


class RuleIntegers(NamedTuple):
    """A rule as three tables of int64.

    Parameters
    ----------
    terms : ndarray of int64, shape (n_terms, 6)
        Target, dependency, k (0 without u), mantissa, exponent, and number of factors, by target.
    factors : ndarray of int64, shape (n_factors, 3)
        Variable, constant, and 1 if the factor is the sign of the sum, of all terms in order.
    traces : ndarray of int64, shape (5, 3)
        For x1, x2, y1, y2 and y3: 1 if it has a trace, the impulse in the units of the engine, and
        the bits of the time constant as a float64.
    """

    terms: Int64Array
    factors: Int64Array
    traces: Int64Array


def integers_of(
    terms: Mapping[str, tuple[Term, ...]], traces: Mapping[str, Trace | None], spec: LearningSpec
) -> RuleIntegers:
    """Return the tables of a rule, given the terms of each target and its traces by name."""
    every = [(code, term) for code, target in enumerate(TARGETS) for term in terms[target]]
    rows = [
        (
            *(code, DEPENDENCIES.index(term.dependency), term.k or 0),
            *(term.mantissa, term.exponent, len(term.factors)),
        )
        for code, term in every
    ]
    factors = [
        (VARIABLES.index(factor.variable), factor.constant, int(factor.sign))
        for _, term in every
        for factor in term.factors
    ]
    unit = 1 << spec.impulse_fraction_bits
    sides = [
        (0, 0, 0) if trace is None else (1, round(trace.impulse * unit), _bits(trace.tau))
        for trace in (traces[name] for name in _NAMES)
    ]
    return RuleIntegers(*(_table(rows, 6), _table(factors, 3), _table(sides, 3)))


def texts_of(integers: RuleIntegers) -> dict[str, str]:
    """Return the texts dw, dd and dt of the tables of a rule.

    Raises
    ------
    LearningError
        If a number is no code, or the terms do not have as many factors as there are.
    """
    most = (len(TARGETS) - 1, len(DEPENDENCIES) - 1, 9)
    for index, row in enumerate(integers.terms.tolist()):
        if any(not 0 <= code <= top for code, top in zip(row, most, strict=False)) or row[-1] < 0:
            raise LearningError(
                f"learning rule: row {index} of its terms = {row}; allowed: target 0 to {most[0]}, "
                f"dependency 0 to {most[1]}, k 0 to {most[2]}, mantissa, exponent, and the number "
                "of its factors."
            )
    for index, row in enumerate(integers.factors.tolist()):
        if not (0 <= row[0] < len(VARIABLES) and 0 <= row[2] <= 1):
            raise LearningError(
                f"learning rule: row {index} of its factors = {row}; allowed: variable 0 to "
                f"{len(VARIABLES) - 1}, constant, sign 0 or 1."
            )
    factors = [
        Factor(VARIABLES[code], constant, bool(sign))
        for code, constant, sign in integers.factors.tolist()
    ]
    asked = sum(integers.terms[:, -1].tolist())
    if asked != len(factors):
        raise LearningError(
            f"learning rule: its terms have {asked} factors; allowed: {len(factors)}, as its table "
            "of factors has."
        )
    terms: dict[str, list[Term]] = {target: [] for target in TARGETS}
    for target, dependency, k, mantissa, exponent, n in integers.terms.tolist():
        name = DEPENDENCIES[dependency]
        own, factors = tuple(factors[:n]), factors[n:]
        term = Term(name, mantissa, exponent, own, k if name == "u" else None)
        terms[TARGETS[target]].append(term)
    return {f"d{target}": text_of(each) for target, each in terms.items() if each}


def traces_of(integers: RuleIntegers, spec: LearningSpec) -> dict[str, Trace]:
    """Return the traces of the tables of a rule by name."""
    unit = 1 << spec.impulse_fraction_bits
    return {
        name: Trace(impulse / unit, float(np.int64(bits).view(np.float64)))
        for name, (exists, impulse, bits) in zip(_NAMES, integers.traces.tolist(), strict=True)
        if exists
    }


def _table(rows: Any, columns: int) -> Int64Array:
    return np.array(rows, dtype=np.int64).reshape(-1, columns)


def _bits(value: float) -> int:
    return int(np.float64(value).view(np.int64))
