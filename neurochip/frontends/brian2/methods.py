"""Reads the integration method of a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException

from ...network.neurons import INTEGRATIONS, Integration
from .equations import Linear
from .refusal import refusal
from .timed import OfTime

__all__ = ["choices_of", "integration_of"]

_ALIASES = {"linear": "exact"}


def integration_of(group: Any, linear: Linear, namespace: Mapping[str, Any]) -> Integration:
    """Return the integration of :class:`~neurochip.LIF` for the method of a NeuronGroup.

    Raises
    ------
    FrontendError
        If the chip has no integration for the method, or Brian2 cannot use it.
    """
    several = isinstance(group.state_updater.method_choice, (tuple, list))
    for choice, name in choices_of(group, namespace):
        if name == "exact" and not linear.leaky and group.user_equations.diff_eq_names:
            raise refusal(
                group,
                "method = 'exact' of equations without a leak, which Brian2 refuses as well",
                "What works: method='euler'.",
            )
        refused = name == "exact" and _has_formulas(linear) and not several
        if refused and not _can_integrate(group, choice, namespace):
            raise refusal(
                group,
                "method = 'exact' of equations with functions of t, which Brian2 refuses as well",
                "What works: method='euler' or 'exponential_euler'.",
            )
        if name in INTEGRATIONS:
            return name
        raise refusal(
            group,
            f"method = {name!r}",
            "What works: method='exact', 'euler' or 'exponential_euler'.",
        )
    return "exact"  # no method fits: Brian2 raises when it prepares the run


def choices_of(group: Any, namespace: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield the methods that Brian2 may choose for the equations of a group, with their names.

    A single method is the only choice. From a list, Brian2 takes the first that is possible.
    """
    method = group.state_updater.method_choice
    several = isinstance(method, (tuple, list))
    for choice in method if several else (method,):
        if not several or _can_integrate(group, choice, namespace):
            name = _method_name(choice)
            yield choice, _ALIASES.get(name, name)


def _has_formulas(linear: Linear) -> bool:
    return any(isinstance(item, OfTime) for item in linear.timed)


def _method_name(choice: Any) -> str:
    if isinstance(choice, str):
        return choice.lower()
    for name, updater in StateUpdateMethod.stateupdaters.items():
        if updater is choice:
            return str(name)
    return getattr(choice, "__name__", repr(choice))


def _can_integrate(group: Any, choice: Any, namespace: Mapping[str, Any]) -> bool:
    """Return whether Brian2 would choose this method from a list."""
    names = group.equations.names | group.equations.identifiers | {"dt"}
    variables = group.resolve_all(names, namespace, user_identifiers=set())
    try:
        StateUpdateMethod.apply_stateupdater(group.equations, variables, choice)
    except UnsupportedEquationsException:
        return False
    return True
