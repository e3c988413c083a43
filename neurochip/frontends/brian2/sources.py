"""Sources of spikes that are written as a NeuronGroup, and other inputs that Brian2 itself draws.

Scripts often write a PoissonGroup or a spike generator by hand: ``threshold='rand() < rates*dt'``
or ``'t > 10*ms'``, with parameters only. Such a group has no membrane potential that a register
could hold; it is an input, whose spikes are drawn by Brian2's own code before the chip runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brian2 import NeuronGroup
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.functions import DEFAULT_FUNCTIONS

from .refusal import check_part, refusal
from .values import (
    NotConstantError,
    dimensions_of,
    evaluate,
    set_at_spikes,
    varies_of,
)

__all__ = ["OwnCode", "check_source", "is_source", "own_code", "probability_of"]

_TIMES = {"t", "t_in_timesteps"}
_DRAWS = {name for name, function in DEFAULT_FUNCTIONS.items() if not function.stateless}
_POISSON = (r"\s*rand\(\s*\)\s*<(?!=)(.+)", r"(.+[^<>])>\s*rand\(\s*\)\s*")  # rand() < probability


def is_source(obj: Any) -> bool:
    """Return whether an object is a NeuronGroup without a membrane potential that spikes.

    It has no differential equations, and its threshold depends on time or random numbers, or on no
    parameter that the reset sets.
    """
    if not isinstance(obj, NeuronGroup) or "spike" not in obj.events:
        return False
    if obj.user_equations.diff_eq_names:
        return False
    names = _identifiers(obj, obj.events["spike"])
    return bool(names & (_TIMES | _DRAWS)) or not names & set_at_spikes(obj)


def check_source(group: Any, namespace: Mapping[str, Any]) -> None:
    """Check that the spikes of a source can be drawn before the chip runs.

    Raises
    ------
    FrontendError
        If it has other events than spikes, a part in another slot, or depends on a variable that
        changes in another group.
    """
    for event in group.events:
        if event != "spike":
            raise refusal(
                group, f"it defines the event {event!r}", "Only spikes exist on the chip."
            )
    check_part(group, "state updater", "groups", group.state_updater)
    check_part(group, "thresholder", "thresholds", group.thresholder["spike"])
    if "spike" in group.resetter:
        check_part(group, "resetter", "resets", group.resetter["spike"])
    group.equations.check_units(group, run_namespace=namespace)
    code = group.events["spike"]
    dimensions_of(code, group, namespace)
    codes = [code, *group.event_codes.values()]
    names = set().union(*(_identifiers(group, item) for item in codes))
    variables = group.resolve_all(names, namespace, user_identifiers=set())
    for name in sorted(names):
        owner = getattr(variables[name], "owner", None)
        where = getattr(owner, "name", group.name)
        if where != group.name and variables[name].name in varies_of(owner):
            raise refusal(
                group,
                f"its spikes depend on {name}, which changes during the run in {where!r}",
                "The spikes of a source are drawn before the run.",
            )


def probability_of(group: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the constant probability of a spike in a step of a source.

    Returns
    -------
    float or ndarray or None
        One value, or one for each neuron; None if the source does more than draw with it.
    """
    found = (re.fullmatch(form, group.events["spike"]) for form in _POISSON)
    (written,) = [item[1] for item in found if item] or [None]
    if written is None or group._refractory is not False or group.event_codes:
        return None
    try:
        return evaluate(written, group, namespace)
    except NotConstantError:
        return None


@dataclass(frozen=True, eq=False)
class OwnCode:
    """Brian2's own code of a source, by its part of a step.

    Parameters
    ----------
    before, after : tuple of brian2 objects
        Parts that run before all thresholds of a step, and after all of them.
    thresholder : brian2.Thresholder
        The part that decides which neurons spike.
    """

    before: tuple[Any, ...]
    thresholder: Any
    after: tuple[Any, ...]


def own_code(source: Any, namespace: Mapping[str, Any]) -> OwnCode:
    """Generate Brian2's code of a PoissonGroup or a source, for the numpy target.

    Parameters
    ----------
    source : brian2.PoissonGroup or NeuronGroup
        The source.
    namespace : dict
        Names of the caller of ``run``.
    """
    thresholder, before, after = source.thresholder["spike"], [], []
    if isinstance(source, NeuronGroup):
        before = [source.subexpression_updater, source.state_updater]
        after = [*source.resetter.values()]
    code = OwnCode(tuple(part for part in before if part), thresholder, tuple(after))
    for part in (*code.before, thresholder, *code.after):
        asked, part.codeobj_class = part.codeobj_class, NumpyCodeObject
        part.before_run(namespace)
        part.codeobj_class = asked
    return code


def _identifiers(group: Any, code: str) -> set[str]:
    """Return the names in a code, and those in the subexpressions that it names."""
    return set(get_identifiers_recursively([code], group.variables))
