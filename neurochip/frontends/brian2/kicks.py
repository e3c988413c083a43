"""Reads the effects of spikes: the statements of Synapses and the weights of PoissonInputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2 import PoissonInput, Synapses
from brian2.groups.subgroup import Subgroup
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from ...typing import Float64Array, Int32Array
from .neurons import Cells
from .refusal import refusal
from .times import delays
from .values import NotConstantError, check_units_of, evaluate, statements

__all__ = ["Kicks", "parent_of", "read_poisson_kicks", "read_synapses", "written_variables"]

_ON_PRE = "What works: on_pre='v_post += w' or '+=' onto a synaptic current, with constant weights."
_STATIC = "Weights on the chip are constant. " + _ON_PRE


@dataclass(frozen=True, eq=False)
class Kicks:
    """Synapses that add to one variable of one group; arrays of shape (n_synapses,).

    Parameters
    ----------
    name : str
        Name of the connection.
    source, target : str
        Names of the groups, or of the parents of subgroups.
    variable : str
        Variable of the target: v or a current.
    pre, post : ndarray of int32
        Neurons within these groups.
    weight : ndarray of float64
        Weights in the base unit of the variable.
    delay : float or ndarray of float64, ms
        One delay for all synapses, or one for each.
    most : int
        Largest number of spikes of one synapse in a step.
    """

    name: str
    source: str
    target: str
    variable: str
    pre: Int32Array
    post: Int32Array
    weight: Float64Array
    delay: float | Float64Array
    most: int = 1


def parent_of(group: Any) -> Any:
    """Return the parent of a subgroup, or the group itself."""
    return group.source if isinstance(group, Subgroup) else group


def written_variables(objects: Iterable[Any]) -> dict[str, set[str]]:
    """Return the variables that Synapses and PoissonInputs write, by the name of their group."""
    written: dict[str, set[str]] = {}
    for obj in objects:
        if isinstance(obj, PoissonInput):
            written.setdefault(parent_of(obj._group).name, set()).add(obj.target_var)
        if not isinstance(obj, Synapses):
            continue
        own = written.setdefault(parent_of(obj.target).name, set())
        for pathway in obj._pathways:
            for name, _, _ in statements(pathway.code):
                if obj.variables.indices.get(name) == "_postsynaptic_idx":
                    own.add(obj.variables[name].name)
    return written


def read_synapses(
    synapses: Any, cells: Mapping[str, Cells], sources: set[str], namespace: Mapping[str, Any]
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

    Raises
    ------
    FrontendError
        If a synapse has another effect than adding a constant to v or to a current.
    """
    _check_model(synapses)
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
    kicks = []
    for pathway in synapses._pathways:
        if pathway.active:
            _check_pathway(synapses, pathway)
            kicks += list(_read_pathway(synapses, pathway, cells[target.name], namespace))
    return kicks


def read_poisson_kicks(
    poisson: Any, cells: Mapping[str, Cells], namespace: Mapping[str, Any]
) -> Kicks:
    """Read a PoissonInput as one source for each neuron, connected one to one.

    Raises
    ------
    FrontendError
        If it drives a variable other than v or a current.
    """
    target = parent_of(poisson._group)
    if target.name not in cells:
        raise refusal(poisson, f"its target {target.name!r} is not in the network", "Add it.")
    if poisson.when != "synapses":
        _refuse_slot(poisson, poisson.when)
    cell = cells[target.name]
    _check_variable(poisson, poisson.target_var, poisson.target_var, cell)
    weight, part = poisson.weight, poisson._group
    if isinstance(weight, str):
        check_units_of(f"{poisson.target_var} += {weight}", part, namespace)
        weight = _constant(poisson, weight, part, namespace)
    first, size = int(part.start), int(part.N)
    return Kicks(
        name=poisson.name,
        source=poisson.name,
        target=target.name,
        variable=poisson.target_var,
        pre=np.arange(size, dtype=np.int32),
        post=np.arange(first, first + size, dtype=np.int32),
        weight=np.broadcast_to(np.asarray(weight, dtype=np.float64), (size,)),
        delay=0.0,
        most=int(poisson.N),
    )


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
    moving = [*synapses.equations.diff_eq_names]
    if synapses.event_driven is not None:
        moving += synapses.event_driven.diff_eq_names
    if moving:
        raise refusal(
            synapses,
            f"it has differential equations of its own ({', '.join(sorted(moving))})",
            "Put currents into the target group; plasticity and short-term dynamics are not "
            "supported yet.",
        )


def _check_pathway(synapses: Any, pathway: Any) -> None:
    if pathway.prepost == "post":
        raise refusal(
            synapses, f"{pathway.objname} acts on spikes of the target (on_post)", _STATIC
        )
    if pathway.event != "spike":
        raise refusal(
            synapses,
            f"{pathway.objname} waits for the event {pathway.event!r}",
            "Only spikes exist on the chip.",
        )
    if pathway.when != "synapses":
        _refuse_slot(synapses, pathway.when)


def _refuse_slot(owner: Any, slot: str) -> None:
    raise refusal(
        owner, f"it acts in the slot {slot!r}", "What works: Brian2's default, 'synapses'."
    )


def _read_pathway(
    synapses: Any, pathway: Any, cell: Cells, namespace: Mapping[str, Any]
) -> Iterator[Kicks]:
    lines = statements(pathway.code)
    for variable, _, _ in lines:
        if variable not in synapses.variables:
            raise refusal(
                synapses, f"{pathway.objname} computes {variable} in between", f"{_ON_PRE}"
            )
    check_units_of(pathway.code, synapses, namespace)
    pre = synapses.variables["_synaptic_pre"].get_value()
    post = synapses.variables["_synaptic_post"].get_value()
    delay = delays(pathway.variables["delay"].get_value(), float(pathway.source.clock.dt_))
    for variable, operation, expression in lines:
        name = _target_variable(synapses, pathway, variable, cell)
        added = _added(synapses, pathway, variable, operation, expression)
        weight = _constant(synapses, added, synapses, namespace)
        yield Kicks(
            name=synapses.name if len(synapses._pathways) == 1 else pathway.name,
            source=parent_of(synapses.source).name,
            target=cell.name,
            variable=name,
            pre=pre.astype(np.int32),
            post=post.astype(np.int32),
            weight=np.broadcast_to(np.asarray(weight, dtype=np.float64), pre.shape),
            delay=float(delay[0]) if pathway.variables["delay"].scalar else delay,
        )


def _target_variable(synapses: Any, pathway: Any, variable: str, cell: Cells) -> str:
    """Return the name that a written variable has in the target."""
    written = synapses.variables[variable]
    if written.owner is synapses or getattr(written.owner, "name", "") == synapses.name:
        raise refusal(
            synapses, f"{pathway.objname} changes {variable}, as plasticity does", _STATIC
        )
    if synapses.variables.indices[variable] != "_postsynaptic_idx":
        raise refusal(synapses, f"{pathway.objname} changes {variable} of the source", _ON_PRE)
    _check_variable(synapses, written.name, variable, cell)
    return str(written.name)


def _check_variable(owner: Any, name: str, shown: str, cell: Cells) -> None:
    if name != cell.v and name not in cell.linear.decay:
        known = " or ".join((cell.v, *cell.linear.decay))
        raise refusal(
            owner,
            f"it adds to {shown} of {cell.name!r}, which is neither its membrane potential nor a "
            "current that decays",
            f"What works: {known}.",
        )


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
        _ON_PRE,
    )


def _constant(owner: Any, code: str, context: Any, namespace: Mapping[str, Any]) -> Any:
    try:
        return evaluate(code, context, namespace)
    except NotConstantError as reason:
        why = f"the weight {code!r} is not constant, since {reason}"
        raise refusal(owner, why, _STATIC) from None
