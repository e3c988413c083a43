"""Conventions for what a graph does not store: size of a kick, integration, order of events.

NIR describes continuous equations without time steps, and simulators discretise them differently.
A spike of weight W acts on a neuron as one of these kicks:

- ``"pulse"``: a current of W that lasts for one step and is integrated by the neuron. v of a LIF
  jumps by ``r W (1 - keep)``, where ``keep`` is the fraction of v that a step keeps (``1 - dt /
  tau`` for Euler). I of a CubaLIF jumps by ``w_in W (1 - keep)`` with the ``keep`` of the current.
  v of an IF jumps by ``r W``, because simulators omit dt there;
- ``"impulse"``: a Dirac pulse of area W (seconds): ``r W / tau``, ``w_in W / tau_syn``, ``r W``;
- ``"stored"``: a jump by the stored W, independent of r, w_in and tau; in a CubaLIF the unscaled
  current is added to v in every step.

A bias has the effect of a spike of the same weight in every step; with ``"impulse"`` it is a
constant current.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ..._support.ranges import Range
from ..._support.values import real
from ...errors import FrontendError
from ...network.network import DELIVERIES
from ...network.neurons import INTEGRATIONS, Integration
from .node import LONGEST, show

__all__ = [
    "CONVENTIONS",
    "KICKS",
    "SAID",
    "Convention",
    "resolve_convention",
    "seconds_to_ms",
]

KICKS = ("pulse", "impulse", "stored")
SAID = ("dt", "kick", "integration", "delivery", "reset")
"""Keys of the metadata in which :func:`write_nir` stores the step and the convention."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """Rules by which a simulator turns a graph into time steps.

    Parameters
    ----------
    kick : str
        Effect of a spike: ``"pulse"``, ``"impulse"`` or ``"stored"``; see the page on NIR.
    integration : str
        Integration of a :class:`~neurochip.LIF`: ``"exact"``, ``"euler"`` or
        ``"exponential_euler"``.
    delivery : str
        Delivery of a :class:`~neurochip.Network`: ``"after_threshold"``, ``"before_threshold"`` or
        ``"next_step"``.

    Raises
    ------
    FrontendError
        If an argument has another value.
    """

    kick: str = "pulse"
    integration: Integration = "euler"
    delivery: str = "before_threshold"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("kick", KICKS),
            ("integration", INTEGRATIONS),
            ("delivery", DELIVERIES),
        ):
            found = getattr(self, name)
            if not isinstance(found, str) or found not in allowed:
                listed = ", ".join(repr(item) for item in allowed)
                raise FrontendError(f"convention: {name} = {show(found)}; allowed: {listed}.")


_EULER = Convention()
CONVENTIONS = {
    "norse": _EULER,
    "snntorch": _EULER,
    "lava": Convention(delivery="next_step"),
    "nengo": Convention(integration="exponential_euler"),
    "exact": Convention(kick="impulse", integration="exact"),
}
"""Conventions by simulator; ``"exact"`` follows the continuous equations themselves."""


def resolve_convention(
    convention: Convention | str,
    kick: str | None = None,
    integration: str | None = None,
    delivery: str | None = None,
) -> Convention:
    """Return a convention by its name, with single parts replaced.

    Raises
    ------
    FrontendError
        If the name or a part is unknown.
    """
    if isinstance(convention, str):
        if convention not in CONVENTIONS:
            known = ", ".join(repr(name) for name in CONVENTIONS)
            raise FrontendError(
                f"NIR: convention = {show(convention)}; allowed: {known}, or a Convention(...)."
            )
        convention = CONVENTIONS[convention]
    elif not isinstance(convention, Convention):
        known = ", ".join(repr(name) for name in CONVENTIONS)
        raise FrontendError(
            f"NIR: convention = {show(convention)}; allowed: {known}, or a Convention(...)."
        )
    parts = {"kick": kick, "integration": integration, "delivery": delivery}
    changes: dict[str, Any] = {name: value for name, value in parts.items() if value is not None}
    return dataclasses.replace(convention, **changes)


def seconds_to_ms(dt: object) -> float:
    """Check a step in seconds and return it in ms.

    Raises
    ------
    FrontendError
        If it is not a number above 0.
    """
    allowed = "a number above 0, in seconds"
    seconds = real(
        "NIR",
        "dt",
        dt,
        "s",
        Range(above=0.0, at_most=LONGEST),
        allowed=allowed,
        error=FrontendError,
    )
    return float(f"{seconds * 1000:.12g}")
