"""Which terms of a rule act on which synapses of an epoch, and the signs of what they change."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel
from ..chip.registers import SignMode
from .layout import CONSTANT, DEPENDENCY, END, START, VARIABLE, K
from .terms import VARIABLES

__all__ = ["active_terms", "is_active", "is_due", "signs_of"]

Y0 = VARIABLES.index("y0")
EXCITATORY, INHIBITORY = int(SignMode.EXCITATORY), int(SignMode.INHIBITORY)
TIME = 2  # a dependency of terms


@inline_kernel
def is_due(number: Any, k: Any) -> Any:
    """Return whether a u term acts in an epoch; in that of a negative number none does."""
    return number >= 0 and number & ((np.int64(1) << k) - 1) == 0


@inline_kernel
def active_terms(kind: Any, number: Any, terms: Any, engine: Any) -> Any:
    """Return how many terms change synapses of a kind in this epoch, and the last of them."""
    n_active, last = np.int64(0), np.int64(0)
    for term in range(len(terms.each)):
        if is_active(term, kind, number, terms) and not vanishes(term, kind, terms, engine):
            n_active, last = n_active + 1, np.int64(term)
    return n_active, last


@inline_kernel
def vanishes(term: Any, kind: Any, terms: Any, engine: Any) -> Any:
    """Return whether a term needs spikes that a kind does not have, so that it changes nothing."""
    found = False
    for f in range(terms.each[term, START], terms.each[term, END]):
        variable = terms.factor[f, VARIABLE]
        if variable <= Y0 and terms.factor[f, CONSTANT] == 0:
            found |= (kind >> np.int64(variable == Y0)) & 1 == 0
    return found and engine.lined


@inline_kernel
def is_active(term: Any, kind: Any, number: Any, terms: Any) -> Any:
    """Return whether a term acts on a kind of synapses in this epoch."""
    if terms.each[term, DEPENDENCY] == TIME:
        return is_due(number, terms.each[term, K])
    return (kind >> terms.each[term, DEPENDENCY]) & 1 == 1


@inline_kernel
def signs_of(target: Any, engine: Any) -> Any:
    """Return the range of a sum by its sign: that of the weight's format; delays are positive."""
    least, most = np.int64(-engine.reach), np.int64(engine.reach)
    if (target == 0 and engine.sign == EXCITATORY) or target == 1:
        least = np.int64(0)
    elif target == 0 and engine.sign == INHIBITORY:
        most = np.int64(0)
    return least, most
