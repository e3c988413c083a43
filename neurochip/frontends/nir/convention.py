"""What a graph leaves open: the size of a kick, the arithmetic of a step, the order of events.

NIR describes continuous equations and says nothing about time steps, and simulators differ. A
spike of weight W reaches a neuron as

- ``"pulse"``: a current of W that lasts for one step, taken up by the integration of the neuron: v
  of a LIF jumps by ``r W (1 - keep)``, with ``keep`` what a step leaves of v (``1 - dt / tau`` for
  Euler); I of a CubaLIF by ``w_in W (1 - keep)`` with the factor of the current; v of an IF, of
  which simulators leave out dt, by ``r W``;
- ``"impulse"``: a Dirac pulse of area W (seconds): ``r W / tau``, ``w_in W / tau_syn``, ``r W``;
- ``"stored"``: a jump by W as it is stored, whatever r, w_in and tau are; in a CubaLIF the current
  is added to v in every step, as it is.

A bias adds the same in every step; with ``"impulse"`` it is a constant current.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ..._support.ranges import Range
from ..._support.values import real
from ...errors import FrontendError
from ...network.network import DELIVERIES
from ...network.neurons import INTEGRATIONS
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
"""Metadata of a graph that say how it is meant, as :func:`write_nir` stores them."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How a simulator turns a graph into steps.

    Parameters
    ----------
    kick : str
        Size of what a spike adds: ``"pulse"``, ``"impulse"`` or ``"stored"``; see the page on NIR.
    integration : str
        As :class:`~neurochip.LIF` has it: ``"exact"``, ``"euler"`` or ``"exponential_euler"``.
    delivery : str
        As :class:`~neurochip.Network` has it: ``"after_threshold"``, ``"before_threshold"`` or
        ``"next_step"``.

    Raises
    ------
    FrontendError
        If one of them is none of these.
    """

    kick: str = "pulse"
    integration: str = "euler"
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
"""Conventions by the simulator that has them; ``"exact"`` is that of the equations themselves."""


def resolve_convention(
    convention: Convention | str,
    kick: str | None = None,
    integration: str | None = None,
    delivery: str | None = None,
) -> Convention:
    """Return a convention by its name, with single parts exchanged.

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
