"""Reads Synapses with a weight that learns; constant weights may stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy

from ...typing import Float64Array
from .abstract import expression_of, shown, symbol_of
from .changes import Pathways, pathways_of
from .kicks import ON_PRE, Kicks, check_variable, constant_weight, delay_of, kicks_of
from .neurons import Cells
from .plasticity import read_rule
from .refusal import refusal
from .traces import equations_of, number
from .values import check_units_of

__all__ = ["check_range", "read_learning"]

_HALF_STEP = 1.0 + 0.5 / 255
_LEARNING = (
    "What works: one weight that pairs of spikes change, on_pre='v_post += w; x += A; "
    "w = clip(w + y, 0, w_max)' and on_post='y += B; w = clip(w + x, 0, w_max)', with "
    "dx/dt = -x/tau : 1 (event-driven) and the same for y."
)


def read_learning(
    synapses: Any,
    pathways: list[Any],
    cell: Cells,
    namespace: Mapping[str, Any],
    n_steps: int | None,
) -> Iterator[Kicks]:
    """Read a Synapses object of which variables change during a run.

    Parameters
    ----------
    synapses : brian2.Synapses
        Object to read.
    pathways : list of brian2.SynapticPathway
        Its active pathways.
    cell : Cells
        Its target.
    namespace : dict
        Names of the caller of ``run``.
    n_steps : int or None
        Steps from time 0 to the end of the run; needed for a reward that changes with time.

    Yields
    ------
    Kicks
        Those of the weight that learns, with its rule, and those of constant weights.

    Raises
    ------
    FrontendError
        If it does other than learn by :class:`~neurochip.STDP`.
    """
    for pathway in pathways:
        check_units_of(pathway.code, synapses, namespace)
    paths = pathways_of(synapses, pathways)
    _check_written(synapses, paths)
    names = [name for name in paths.pre.values if _is_of_target(synapses, name)]
    moving = {name: _moving_in(paths.pre.change(name), paths) for name in names}
    learning = [name for name in names if moving[name]]
    if len(learning) != 1:
        why = f"it adds variables that change during a run to {' and '.join(learning)}"
        if not learning:
            known = ", ".join(sorted(paths.moving))
            why = f"no statement adds a variable that changes during a run ({known}) to the target"
        raise refusal(synapses, why, _LEARNING)
    delay = _common_delay(synapses, pathways)
    for name in names:
        variable = str(synapses.variables[name].name)
        check_variable(synapses, variable, name, cell)
        change = sympy.expand(paths.pre.change(name))
        if symbol_of(name) in change.free_symbols:
            raise refusal(synapses, f"{paths.pre.line(name)} does more than add", ON_PRE)
        if not moving[name]:
            weight = constant_weight(synapses, shown(change), synapses, namespace)
            yield kicks_of(synapses, f"{synapses.name}_{variable}", cell, variable, weight, delay)
            continue
        own, per_weight = _weight_of(synapses, name, change, paths, namespace)
        rule = read_rule(synapses, own, paths, namespace, n_steps)
        values = np.asarray(synapses.variables[own].get_value(), dtype=np.float64)
        check_range(synapses, own, values, rule.w_max)
        yield kicks_of(
            synapses,
            synapses.name,
            cell,
            variable,
            values * per_weight,
            delay,
            rule,
            per_weight,
        )


def _is_of_target(synapses: Any, name: str) -> bool:
    return bool(synapses.variables.indices.get(name) == "_postsynaptic_idx")


def _moving_in(expression: Any, paths: Pathways) -> list[str]:
    """Return the variables in an expression that change during a run, sorted."""
    return sorted(paths.moving & {symbol.name for symbol in expression.free_symbols})


def _check_written(synapses: Any, paths: Pathways) -> None:
    """Refuse effects on other variables than those of the synapses, and of the target on_pre."""
    regular = (paths.regular.effect,) if paths.regular else ()
    for effect in (paths.pre, paths.post, *regular):
        for name in effect.values:
            index = synapses.variables.indices.get(name)
            local = name not in synapses.variables
            if local or index == "_idx" or (effect is paths.pre and index == "_postsynaptic_idx"):
                continue
            whose = {"_presynaptic_idx": "of the source", "_postsynaptic_idx": "of the target"}
            raise refusal(
                synapses,
                f"{effect.line(name)} changes {name} {whose.get(index, 'of all synapses')}",
                "What works: on_pre that adds to the target, and both pathways changing variables "
                "of the synapse.",
            )


def _common_delay(synapses: Any, pathways: list[Any]) -> float | Float64Array:
    """Return the delay of all pathways of the source; those of the target have none."""
    found: list[tuple[Any, float | Float64Array]] = []
    last = max((item.order, item.name) for item in pathways if item.prepost == "pre")
    for pathway in pathways:
        delay = delay_of(pathway)
        if pathway.prepost == "post" and np.any(delay):
            raise refusal(
                synapses,
                f"{pathway.objname} has a delay of its own",
                "Spikes of the target act at once: leave its delay out.",
            )
        if pathway.prepost == "post" and (pathway.order, pathway.name) < last:
            raise refusal(
                synapses,
                f"{pathway.objname} acts before a spike of the source in the same step",
                "What works: Brian2's default, on_pre before on_post.",
            )
        if pathway.prepost == "pre":
            found.append((pathway, delay))
    first, common = found[0]
    for pathway, delay in found[1:]:
        if not np.array_equal(delay, common):
            raise refusal(
                synapses,
                f"{first.objname} and {pathway.objname} have different delays",
                "A spike of the chip arrives and learns in one step: give both the same delay.",
            )
    return common


def _weight_of(
    synapses: Any, name: str, change: Any, paths: Pathways, namespace: Mapping[str, Any]
) -> tuple[str, float]:
    """Return the weight that a spike adds to a variable of the target, and its factor."""
    line, inside = paths.pre.line(name), _moving_in(change, paths)
    written = expression_of(synapses, paths.pre.lines[name].partition("= ")[2])
    direct = _moving_in(written, paths)
    weight = direct[0] if len(direct) == 1 else inside[0]
    if weight in equations_of(synapses):
        raise refusal(
            synapses,
            f"{line} adds {weight}, which has a differential equation",
            "What works: a weight that is a parameter, and that pairs of spikes change.",
        )
    symbol = symbol_of(weight)
    factor = sympy.diff(change, symbol)
    if inside == [weight] and not _moving_in(factor, paths) and not change.subs(symbol, 0):
        per_weight = number(synapses, factor, f"the factor of {weight} in {line}", namespace)
        if per_weight > 0:
            return weight, per_weight
        raise refusal(
            synapses,
            f"{line} subtracts {weight}",
            "Weights of the chip that learn excite: add them.",
        )
    if len(direct) == 1 and weight in paths.pre.values:
        raise refusal(
            synapses,
            f"{line} adds {weight} after the spike has changed it",
            "A spike is delivered with the weight before its own change: put this statement first.",
        )
    raise refusal(synapses, f"{line} adds {shown(change)}", _LEARNING)


def check_range(synapses: Any, weight: str, values: Float64Array, w_max: float) -> None:
    """Refuse weights that learn and are below 0 or above their upper limit.

    They may exceed it by half a weight step of the chip, as weights that were read back may.
    """
    bad = np.flatnonzero((values < 0) | (values > w_max * _HALF_STEP))
    if bad.size:
        raise refusal(
            synapses,
            f"{weight}[{bad[0]}] = {values[bad[0]]:g} at the beginning of the run",
            f"Weights that learn lie between 0 and their upper limit, {w_max:g}.",
        )
