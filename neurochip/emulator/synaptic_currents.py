"""Synaptic currents in nA, from the registers u.

The current at the end of a step is the part of u that the next step keeps, ``trunc(u keep / 4096)``
(semantics 5.2), which is the u that a step without input would have. A spike of weight 1 adds the
gain of its receptor to u, so u divided by that gain is in the unit of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from ..image import ChipImage, PopulationSymbol
from ..image.neurons import decode_neurons, has_units, program_of
from ..typing import Float64Array, Int32Array

__all__ = ["Current", "Currents", "in_nanoamperes", "parts_of", "time_constants"]


class Current(NamedTuple):
    """A synaptic current of some neurons of a population; arrays of shape (n_ids,).

    Parameters
    ----------
    register : str
        Recorded variable that holds it, ``"u"`` or ``"u_child"``.
    keep : ndarray of float64
        Fraction that a step keeps, as its register has it.
    na_per_lsb : ndarray of float64, nA
        Current that one LSB stands for.
    """

    register: str
    keep: Float64Array
    na_per_lsb: Float64Array


Currents: TypeAlias = Mapping[tuple[str, str], Sequence[Current]]
"""The currents whose sum a variable is, by population and variable."""


def time_constants(image: ChipImage, symbol: PopulationSymbol) -> tuple[str, ...] | None:
    """Return the name of the time constant of each synaptic current of a population.

    None if its neurons run a program whose registers have units that only the program knows.
    """
    group = program_of(image, symbol)
    if group is not None and not has_units(group.program):
        return None
    return tuple(part.name for part in symbol.receptors if part.name)


def parts_of(
    image: ChipImage, symbol: PopulationSymbol, variable: str, neurons: Int32Array
) -> list[Current]:
    """Return the currents whose sum a variable is, one of ``CURRENT_VARIABLES``."""
    last, keep_u = len(symbol.receptors) - 1, decode_neurons(image, symbol).keep_u
    names = {"i_syn_E": ("tau_syn_E",), "i_syn_I": ("tau_syn_I",)}.get(variable)
    return [
        Current(
            "u" if index == last else "u_child",
            keep_u[index][neurons],
            symbol.weight_per_lsb(index)[neurons],
        )
        for index, part in enumerate(symbol.receptors)
        if part.name and (names is None or part.name in names)
    ]


def in_nanoamperes(registers: Sequence[Int32Array], currents: Sequence[Current]) -> Float64Array:
    """Return the sum of currents, at least one, shape (n_steps, n_ids).

    The product of u and the kept fraction is exact in float64: it has at most 43 bits.
    """
    total, *others = (
        np.trunc(values * item.keep) * item.na_per_lsb
        for values, item in zip(registers, currents, strict=True)
    )
    for other in others:
        total += other
    return np.asarray(total)
