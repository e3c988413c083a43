"""Checks of the payloads of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.values import integers, shown
from ..errors import RecordingError

__all__ = ["checked_payloads"]

_RANGE = np.iinfo(np.int32)


def checked_payloads(
    payloads: Mapping[str, Any], several: Any, ids: Mapping[str, Any]
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the payloads of a recording and the populations where they are numbers of spikes.

    Parameters
    ----------
    payloads, several, ids
        As in :class:`~neurochip.Recording`; ``ids`` are checked.

    Raises
    ------
    RecordingError
        If a population does not exist, if there is not one payload for each spike, or if one is 0,
        below 1 where it is a number of spikes, or no int32.
    """
    found = {}
    if not payloads.keys() <= ids.keys():
        raise RecordingError(
            f"recording: payloads = {shown(payloads)}; allowed: entries of its populations."
        )
    known = isinstance(several, (frozenset, set, list, tuple))
    if not known or not frozenset(several) <= payloads.keys():
        raise RecordingError(
            f"recording: several = {shown(several)}; allowed: names of populations with payloads."
        )
    for name, given in payloads.items():
        owner, low = f"recording of {name!r}", 1 if name in several else _RANGE.min
        values = integers(owner, "payloads", given, low=low, high=_RANGE.max, error=RecordingError)
        if values.shape != ids[name].shape or not values.all():
            raise RecordingError(
                f"{owner}: payloads = {shown(given)}; allowed: {len(ids[name])} numbers other than "
                "0, one per spike."
            )
        found[name] = values
    return found, frozenset(several)
