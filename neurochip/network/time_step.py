"""The step of a network: that of a run, which a network may fix."""

from __future__ import annotations

import math
from typing import Any

from .._support.ranges import POSITIVE
from .._support.values import real, shown
from ..errors import NeurochipError
from .network import Network

__all__ = ["finer_steps", "own_step"]

_FINER = 10


def own_step(
    owner: str, network: Network, dt: Any, error: type[NeurochipError], default: float | None = None
) -> float:
    """Return the step (ms) of a run of a network.

    Parameters
    ----------
    owner : str
        What runs, at the beginning of messages.
    network : Network
        The network.
    dt : float, str or None, ms
        Step that was asked for; by default that of the network.
    error : type
        Class of the error.
    default : float, optional, ms
        Step of a network that has none of its own; without it, one must be given.

    Raises
    ------
    NeurochipError
        Of that class, if dt is missing, is not a number above 0, or differs from ``network.dt``.
    """
    if network.dt is None:
        if dt is None and default is None:
            raise error(f"{owner}: dt is missing; allowed: a step in ms, such as dt=0.1.")
        return real(owner, "dt", default if dt is None else dt, "ms", POSITIVE, error=error)
    if dt is None:
        return network.dt
    if isinstance(dt, str):
        asked = shown(dt)
    else:
        step = real(owner, "dt", dt, "ms", POSITIVE, error=error)
        if math.isclose(step, network.dt, rel_tol=1e-9):
            return network.dt
        asked = f"{step:g} ms"
    raise error(
        f"{owner}: dt = {asked}, but the network was made for steps of {network.dt:g} ms, and its "
        "kicks or relays hold for no others; omit dt, or make it for another step."
    )


def finer_steps(network: Network, asked: int | None) -> int:
    """Return the number of fine steps in a step of a run.

    By default 10, or 1 for a network that has a step of its own, and so no finer grid.
    """
    if asked is not None:
        return asked
    return _FINER if network.dt is None else 1
