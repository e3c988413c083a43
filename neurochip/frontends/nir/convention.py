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
from collections.abc import Mapping
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
    "LAYERS",
    "RESETS",
    "SAID",
    "Convention",
    "resolve_convention",
    "seconds_to_ms",
]

KICKS = ("pulse", "impulse", "stored")
LAYERS = ("same_step", "next_step")
RESETS = ("reset", "reset_delay", "spikes_per_step", "v_min")
"""Arguments about the reset of :func:`read_nir` that the metadata of a graph may store."""

SAID = ("dt", "kick", "integration", "delivery", "layers", *RESETS)
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
    layers : str
        When the spikes of a layer act on the next one: ``"same_step"``, in simulators that pass
        them through all layers at once, or ``"next_step"``. A chip always takes a step for each
        layer; with ``"same_step"``, biases and connections that skip layers wait for it.

    Raises
    ------
    FrontendError
        If an argument has another value.
    """

    kick: str = "pulse"
    integration: Integration = "euler"
    delivery: str = "before_threshold"
    layers: str = "same_step"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("kick", KICKS),
            ("integration", INTEGRATIONS),
            ("delivery", DELIVERIES),
            ("layers", LAYERS),
        ):
            found = getattr(self, name)
            if not isinstance(found, str) or found not in allowed:
                listed = ", ".join(repr(item) for item in allowed)
                raise FrontendError(f"convention: {name} = {show(found)}; allowed: {listed}.")


_EULER = Convention()
CONVENTIONS = {
    "norse": _EULER,
    "snntorch": _EULER,
    "sinabs": Convention(kick="stored", integration="exponential_euler"),
    "lava": Convention(delivery="next_step", layers="next_step"),
    "nengo": Convention(integration="exponential_euler", layers="next_step"),
    "exact": Convention(kick="impulse", integration="exact", layers="next_step"),
}
"""Conventions by simulator; ``"exact"`` follows the continuous equations themselves."""


def resolve_convention(
    convention: Convention | str | None,
    kick: str | None = None,
    integration: str | None = None,
    delivery: str | None = None,
    layers: str | None = None,
    *,
    stored: Mapping[str, Any] | None = None,
) -> Convention:
    """Return a convention by its name, with single parts replaced.

    Without a name it is that of Norse with the parts that a graph stores.

    Raises
    ------
    FrontendError
        If the name or a part is unknown.
    """
    if convention is None:
        convention = dataclasses.replace(_EULER, **(stored or {}))
    elif isinstance(convention, str):
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
    parts = {"kick": kick, "integration": integration, "delivery": delivery, "layers": layers}
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
