"""Builds the Population and Connections of a group: converts units and assigns receptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import amp

from ...errors import FrontendError, NetworkError
from ...network import LIF, Connection, Population, from_arrays
from ...network.connections import Source
from ...typing import Float64Array
from .kicks import Kicks
from .neurons import Cells
from .reach import out_of_reach
from .refusal import refusal
from .values import uniform

__all__ = ["Units", "connect", "populate"]

_NANO = 1e9


@dataclass(frozen=True, eq=False)
class Units:
    """Conversion of the numbers of one Brian2 group.

    Parameters
    ----------
    population : Population
        Population of the group.
    factor : dict of str to ndarray, shape (size,)
        Weight in neurochip for one base unit of a variable that synapses add to: v (mV) or a
        current. A current in ampere is converted to nA; another current is measured by the mV to
        which it would drive v (nA through 1 MOhm).
    child : str
        Variable of the first of two receptors: v beside a current, or the inhibitory of two
        currents; empty for one receptor.
    """

    population: Population
    factor: dict[str, Float64Array]
    child: str


def populate(cells: Cells, kicks: Sequence[Kicks]) -> Units:
    """Build the population of a group, given all its kicks.

    Raises
    ------
    FrontendError
        If its kicks need other than v, one current, both, or two currents of different sign.
    """
    used = {item.variable for item in kicks}
    linear = cells.linear
    initial = {
        name: cells.group.variables[name].get_value() - level
        for name, level in linear.level.items()
    }
    currents = [name for name, value in initial.items() if name in used or value.any()]
    if not currents and cells.v not in used:
        currents = list(linear.decay)[:1]  # not driven: keep its first current
    # Infinite, and a capacitance of 1 nF, without a leak.
    tau_m = 1000.0 / linear.rate if linear.leaky else np.full(cells.size, np.inf)
    cm = tau_m if linear.leaky else np.ones(cells.size)
    parameters: dict[str, Any] = {
        "tau_m": tau_m,
        "v_rest": linear.v_inf * cells.unit if linear.leaky else cells.v_reset,
        "v_reset": cells.v_reset,
        "v_thresh": cells.v_thresh,
        "v_init": cells.v_init,
        "tau_refrac": cells.tau_refrac,
    }
    # Steady-state v in mV, or without a leak its slope in mV/ms, per base unit of a current.
    per_rate = linear.rate if linear.leaky else 1000.0
    drives = {name: linear.drive[name] / per_rate * cells.unit for name in currents}
    factor = dict(drives)
    if currents and _share_resistance(cells, drives):
        cm = cm / (drives[currents[0]] / _NANO)
        factor = dict.fromkeys(currents, np.full(cells.size, _NANO))
    if currents or not linear.leaky:
        parameters["cm"] = cm
    if not linear.leaky:
        parameters["i_offset"] = linear.slope * cells.unit / 1000.0 * cm
    taus = {name: 1000.0 / linear.decay[name] for name in currents}
    initial = {name: initial[name] * factor[name] for name in currents}
    receptors, child = _receptors(cells, kicks, taus, factor, initial)
    parameters |= receptors
    if cells.v in used or not currents:
        factor[cells.v] = np.full(cells.size, cells.unit)
    if cells.v in used and currents:
        _check_third(cells, currents, child)
        child = cells.v
    reset = cells.reset
    if out_of_reach(cells, kicks):
        parameters |= {"v_thresh": np.inf, "v_reset": parameters["v_rest"], "tau_refrac": 0.0}
        reset = "value"
    values: dict[str, Any] = {key: uniform(value) for key, value in parameters.items()}
    try:
        model = LIF(**values, integration=cells.integration, reset=reset)
        return Units(Population(cells.name, cells.size, model), factor, child)
    except NetworkError as problem:
        raise NetworkError(f"NeuronGroup {cells.name!r}: {problem}") from None


def connect(kicks: Kicks, source: Source, units: Units) -> Connection:
    """Build the connection of one pathway.

    Raises
    ------
    FrontendError
        If one base unit of a weight that learns has different effects on the targets.
    """
    factor = units.factor[kicks.variable][kicks.post]
    weight, plasticity = uniform(kicks.weight * factor) if factor.size else 0.0, None
    if kicks.rule is not None and factor.size:
        if (factor != factor[0]).any():
            raise FrontendError(
                f"Synapses {kicks.name!r}: a weight of one unit has different effects on the "
                f"neurons of {kicks.target!r}, whose capacitances or leaks differ; a rule of the "
                "chip has one largest weight. Give all of them the same."
            )
        plasticity = kicks.rule.scaled(kicks.per_weight * float(factor[0]))
        weight = np.minimum(kicks.weight * factor, plasticity.w_max)  # both are rounded
    beside_current = kicks.variable == units.child and not units.population.model.two_currents
    return from_arrays(
        source,
        units.population,
        kicks.pre,
        kicks.post,
        weight=weight,
        delay=uniform(kicks.delay) if np.size(kicks.delay) else 0.0,
        name=kicks.name,
        receptor="v" if beside_current else None,
        plasticity=plasticity,
    )


def _check_third(cells: Cells, currents: Sequence[str], child: str) -> None:
    """Refuse kicks of v beside two currents of different time constants."""
    if child:
        raise refusal(
            cells.group,
            f"synapses add to {cells.v}, and its currents {' and '.join(currents)} have different "
            "time constants; a neuron of the chip has at most two receptors",
            f"What works: {cells.v} and one current, or two currents. Give both currents the same "
            "time constant.",
        )


def _share_resistance(cells: Cells, drives: dict[str, Float64Array]) -> bool:
    """Return whether all currents are in ampere and share one resistance, which defines cm."""
    first, *others = drives.values()
    in_ampere = all(cells.group.variables[name].dim == amp.dim for name in drives)
    return in_ampere and bool((first > 0).all()) and all(np.array_equal(first, o) for o in others)


def _receptors(
    cells: Cells,
    kicks: Sequence[Kicks],
    taus: dict[str, Float64Array],
    factor: dict[str, Float64Array],
    initial: dict[str, Float64Array],
) -> tuple[dict[str, Float64Array], str]:
    """Return the LIF parameters of the currents, and the name of the inhibitory one of two.

    Two currents are told apart by their signs.
    """
    if not taus:
        return {}, ""
    first, *others = taus
    if not others or np.array_equal(taus[first], taus[others[0]]):
        at_zero = np.sum([*initial.values()], axis=0)
        return {"tau_syn": taus[first], "i_syn_init": at_zero}, ""
    (second,) = others
    signs = {}
    for name in taus:
        weights = [
            item.signs * np.sign(factor[name][item.post]) for item in kicks if item.variable == name
        ]
        values = np.concatenate([np.zeros(1), *weights])
        signs[name] = {int(sign) for sign in np.unique(values)} - {0}
    roles = [
        (plus, minus)
        for plus, minus in ((first, second), (second, first))
        if signs[plus] <= {1} and signs[minus] <= {-1}
    ]
    if not roles:
        mixed = [name for name in taus if len(signs[name]) > 1]
        why = f"{mixed[0]} gets both signs" if mixed else "both get the same sign"
        raise refusal(
            cells.group,
            f"its currents {first} and {second} have different time constants, and {why}",
            "On the chip one of the two is excitatory and the other inhibitory: give both the same "
            "time constant, or each its own sign.",
        )
    plus, minus = roles[0]
    at_zero = {"i_syn_init_E": initial[plus], "i_syn_init_I": initial[minus]}
    return {"tau_syn_E": taus[plus], "tau_syn_I": taus[minus], **at_zero}, minus
