"""Reads the statements of Synapses as kicks, whose weights are constant or learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from .kicks import (
    ON_PRE,
    Kicks,
    check_variable,
    constant_weight,
    delay_of,
    kicks_of,
    parent_of,
    refuse_slot,
)
from .learning import read_learning
from .neurons import Cells
from .refusal import refusal
from .rewards import regular_runners
from .traces import equations_of
from .values import check_units_of, statements

__all__ = ["read_synapses"]


def read_synapses(
    synapses: Any,
    cells: Mapping[str, Cells],
    sources: set[str],
    namespace: Mapping[str, Any],
    n_steps: int | None = None,
) -> list[Kicks]:
    """Read a Synapses object.

    Parameters
    ----------
    synapses : brian2.Synapses
        Object to read.
    cells : dict of str to Cells
        Groups of neurons in the network.
    sources : set of str
        Names of all spiking objects in the network.
    namespace : dict
        Names of the caller of ``run``.
    n_steps : int, optional
        Steps from time 0 to the end of the run; needed for a reward that changes with time.

    Raises
    ------
    FrontendError
        If a synapse has another effect than adding its weight to v or to a current, or the weight
        learns by another rule than :class:`~neurochip.STDP`.
    """
    _check_model(synapses)
    pathways = [pathway for pathway in synapses._pathways if pathway.active]
    learns = bool(pathways) and _moves(synapses, pathways)
    if regular_runners(synapses) and not learns:
        raise refusal(
            synapses,
            "its run_regularly changes synapses that do not learn",
            "What works: changes between runs; or a reward that turns an eligibility into weight.",
        )
    source, target = parent_of(synapses.source), parent_of(synapses.target)
    if source.name not in sources and not source.active:
        return []  # an inactive group of neurons sends no spikes
    if source.name not in sources:
        raise refusal(
            synapses,
            f"its source is the {type(source).__name__} {source.name!r}, which does not spike in "
            "this network",
            "What works: a NeuronGroup with a threshold, PoissonGroup or SpikeGeneratorGroup of "
            "this network.",
        )
    if target.name not in cells:
        raise refusal(
            synapses,
            f"its target is the {type(target).__name__} {target.name!r}{_flaw(target, sources)}",
            "What works: a NeuronGroup of this network.",
        )
    if not synapses._connect_called:
        raise refusal(synapses, "it has no synapses", "Call its connect() first.")
    for pathway in pathways:
        _check_pathway(synapses, pathway)
    cell = cells[target.name]
    if learns:
        return list(read_learning(synapses, pathways, cell, namespace, n_steps))
    return [
        kicks for pathway in pathways for kicks in _read_pathway(synapses, pathway, cell, namespace)
    ]


def _flaw(target: Any, sources: set[str]) -> str:
    """Return a clause that says why a group cannot be a target."""
    if not target.active:
        return ", which is inactive"
    potential = ", which has no membrane potential: its reset sets none"
    return potential if target.name in sources else ""


def _check_model(synapses: Any) -> None:
    if synapses.summed_updaters:
        names = ", ".join(sorted(synapses.summed_updaters))
        raise refusal(
            synapses,
            f"{names} is a summed variable; the chip adds when spikes arrive, not in every step",
            "Write the sum as a synaptic current: on_pre='I_post += w', dI/dt = -I/tau_syn in the "
            "target.",
        )
    if synapses.subexpression_updater is not None:
        raise refusal(
            synapses, "it has a subexpression '(constant over dt)'", "Make it a parameter instead."
        )


def _check_pathway(synapses: Any, pathway: Any) -> None:
    if pathway.event != "spike":
        raise refusal(
            synapses,
            f"{pathway.objname} waits for the event {pathway.event!r}",
            "Only spikes exist on the chip.",
        )
    if pathway.when != "synapses":
        refuse_slot(synapses, pathway.when)


def _read_pathway(
    synapses: Any, pathway: Any, cell: Cells, namespace: Mapping[str, Any]
) -> Iterator[Kicks]:
    lines = statements(pathway.code)
    for variable, _, _ in lines:
        if variable not in synapses.variables:
            raise refusal(synapses, f"{pathway.objname} computes {variable} in between", ON_PRE)
    check_units_of(pathway.code, synapses, namespace)
    for variable, operation, expression in lines:
        name = _target_variable(synapses, pathway, variable, cell)
        added = _added(synapses, pathway, variable, operation, expression)
        yield kicks_of(
            synapses,
            synapses.name if len(synapses._pathways) == 1 else pathway.name,
            cell,
            name,
            constant_weight(synapses, added, synapses, namespace),
            delay_of(pathway),
        )


def _target_variable(synapses: Any, pathway: Any, variable: str, cell: Cells) -> str:
    """Return the name that a written variable has in the target."""
    written = synapses.variables[variable]
    if synapses.variables.indices[variable] != "_postsynaptic_idx":
        raise refusal(synapses, f"{pathway.objname} changes {variable} of the source", ON_PRE)
    check_variable(synapses, written.name, variable, cell)
    return str(written.name)


def _added(owner: Any, pathway: Any, variable: str, operation: str, expression: str) -> str:
    """Return the expression that a statement adds to its variable."""
    if operation == "+=":
        return expression
    if operation == "-=":
        return f"-({expression})"
    symbol = sympy.Symbol(variable, real=True)
    value = str_to_sympy(expression, owner.variables).expand()
    if operation == "=" and sympy.diff(value, symbol) == 1:
        return str(sympy_to_str(value - symbol))
    raise refusal(
        owner,
        f"{pathway.objname} = '{variable} {operation} {expression}' does more than add",
        ON_PRE,
    )


def _moves(synapses: Any, pathways: list[Any]) -> bool:
    """Return whether a variable of the synapses changes during a run."""
    written = {
        "post" if pathway.prepost == "post" else synapses.variables.indices.get(name)
        for pathway in pathways
        for name, _, _ in statements(pathway.code)
    }
    return bool(equations_of(synapses)) or not written.isdisjoint({"post", "_idx"})
