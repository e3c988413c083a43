"""Say how often a run was beyond the limits of learning, as text."""

from __future__ import annotations

from collections.abc import Mapping

from .._support.text import short

__all__ = ["beyond_limits"]


def beyond_limits(counts: Mapping[str, float]) -> list[str]:
    """Return the line of what was beyond its limits; none if nothing was.

    A value of exactly its limit is not beyond it.

    Parameters
    ----------
    counts : dict of str to float
        How often ``"traces"``, ``"accumulators"`` and ``"weights"`` were beyond their limits.
    """
    beyond = [f"{name} {short(count)}" for name, count in counts.items() if count]
    return [f"  beyond their limits: {', '.join(beyond)} times"] if beyond else []
