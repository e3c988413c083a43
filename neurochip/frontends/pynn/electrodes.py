"""Current sources."""

from __future__ import annotations

from typing import Any

__all__ = ["current_into"]


def current_into(population: Any, until_step: int, dt: float) -> list[tuple[Any, Any]]:  # noqa: ARG001
    """Return the currents in steps into a population: times (ms) and amplitudes (nA)."""
    return []
