"""Kicks, the effects of spikes on variables of neurons; and those of PoissonInputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import PoissonInput, Synapses
from brian2.groups.subgroup import Subgroup

from ...typing import Float64Array, Int32Array
from .neurons import Cells
from .plasticity import Rule
from .refusal import refusal
from .times import delays
from .values import NotConstantError, check_units_of, evaluate, statements

__all__ = [
    "ON_PRE",
    "Kicks",
    "check_variable",
    "constant_weight",
    "delay_of",
    "kicks_of",
    "parent_of",
    "read_poisson_kicks",
    "refuse_slot",
    "written_variables",
]

ON_PRE = "What works: on_pre='v_post += w' or '+=' onto a synaptic current, with constant weights."
_STATIC = "Weights that do not learn are constant. " + ON_PRE


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
    rule : Rule, optional
        How the weights learn. Default: they are constant.
    per_weight : float
        ``weight`` of one base unit of the variable that learns.
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
    rule: Rule | None = None
    per_weight: float = 1.0

    @property
    def largest(self) -> Float64Array:
        """Largest size that each weight can have."""
        if self.rule is None:
            return np.abs(self.weight)
        return np.full(len(self.weight), abs(self.rule.w_max * self.per_weight))

    @property
    def signs(self) -> Float64Array:
        """Signs that the weights can have."""
        if self.rule is None:
            return np.sign(self.weight)
        return np.full(len(self.weight), np.sign(self.per_weight))


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
        refuse_slot(poisson, poisson.when)
    cell = cells[target.name]
    check_variable(poisson, poisson.target_var, poisson.target_var, cell)
    weight, part = poisson.weight, poisson._group
    if isinstance(weight, str):
        check_units_of(f"{poisson.target_var} += {weight}", part, namespace)
        weight = constant_weight(poisson, weight, part, namespace)
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


def kicks_of(
    synapses: Any,
    name: str,
    cell: Cells,
    variable: str,
    weight: Any,
    delay: float | Float64Array,
    rule: Rule | None = None,
    per_weight: float = 1.0,
) -> Kicks:
    """Return the kicks of one variable of a target by all synapses of a Synapses object."""
    pre = synapses.variables["_synaptic_pre"].get_value()
    return Kicks(
        name=name,
        source=parent_of(synapses.source).name,
        target=cell.name,
        variable=variable,
        pre=pre.astype(np.int32),
        post=synapses.variables["_synaptic_post"].get_value().astype(np.int32),
        weight=np.broadcast_to(np.asarray(weight, dtype=np.float64), pre.shape),
        delay=delay,
        rule=rule,
        per_weight=per_weight,
    )


def delay_of(pathway: Any) -> float | Float64Array:
    """Return the delay of a pathway in ms: one for all synapses, or one for each."""
    delay = delays(pathway.variables["delay"].get_value(), float(pathway.source.clock.dt_))
    return float(delay[0]) if pathway.variables["delay"].scalar else delay


def refuse_slot(owner: Any, slot: str) -> None:
    """Refuse an object that acts in another slot than Brian2's default for spikes."""
    raise refusal(
        owner, f"it acts in the slot {slot!r}", "What works: Brian2's default, 'synapses'."
    )


def check_variable(owner: Any, name: str, shown: str, cell: Cells) -> None:
    """Refuse a variable of a target, ``shown`` in the script, that is neither v nor a current."""
    if name != cell.v and name not in cell.linear.decay:
        known = " or ".join((cell.v, *cell.linear.decay))
        raise refusal(
            owner,
            f"it adds to {shown} of {cell.name!r}, which is neither its membrane potential nor a "
            "current that decays",
            f"What works: {known}.",
        )


def constant_weight(owner: Any, code: str, context: Any, namespace: Mapping[str, Any]) -> Any:
    """Evaluate a weight, or refuse it if it changes during a run."""
    try:
        return evaluate(code, context, namespace)
    except NotConstantError as reason:
        why = f"the weight {code!r} is not constant, since {reason}"
        raise refusal(owner, why, _STATIC) from None
