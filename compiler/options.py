"""What a user may decide about a compilation."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from neurochip.errors import CompileError

__all__ = ["GAINS", "MESHES", "PLACEMENTS", "CompileOptions"]

GAINS = ("dc", "impulse")
PLACEMENTS = ("sequential", "greedy", "hypergraph", "best")
MESHES = ("in_order", "curve", "search")


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """Choices that the registers leave open.

    Parameters
    ----------
    gain : str
        What survives the rounding of a decay register. ``"dc"`` scales the weights so that a
        steady input gives the same mean v; ``"impulse"`` keeps the weights, so that one spike
        gives the same jump. The resting level is kept either way. As a rule the first is better
        for neurons that are driven by fluctuations, the second far above threshold.
    headroom : float
        Wanted distance of the expected peaks of accumulator, u and v from their limits, as a
        factor of at least 1. Expected means exceeded once in 1e9 steps, if sources are independent.
    assumed_rate : float, Hz
        Rate assumed for every neuron (and for given spike trains their own mean) in that estimate.
    placement : str
        How neurons are put on cores: one of :data:`PLACEMENTS`.
    mesh : str, optional
        How cores are put on the mesh: ``"in_order"``, ``"curve"`` or ``"search"`` (see
        :mod:`compiler.sites`). Default: in order where neurons are, else by search.
    seed : int
        At least 0; for strategies that draw at random.
    """

    gain: str = "dc"
    headroom: float = 1.25
    assumed_rate: float = 100.0
    placement: str = "sequential"
    mesh: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.gain not in GAINS:
            raise CompileError(f"options: gain = {self.gain!r}; allowed: 'dc' or 'impulse'.")
        if not (_is_number(self.headroom) and self.headroom >= 1):
            raise CompileError(f"options: headroom = {self.headroom!r}; allowed: at least 1.")
        if not (_is_number(self.assumed_rate) and self.assumed_rate >= 0):
            raise CompileError(
                f"options: assumed_rate = {self.assumed_rate!r} Hz; allowed: at least 0."
            )
        for name, names in (("placement", PLACEMENTS), ("mesh", (*MESHES, None))):
            value = getattr(self, name)
            if value not in names:
                allowed = ", ".join(repr(item) for item in names)
                raise CompileError(f"options: {name} = {value!r}; allowed: {allowed}.")
        if self.mesh is None:
            mesh = "in_order" if self.placement == "sequential" else "search"
            object.__setattr__(self, "mesh", mesh)
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise CompileError(f"options: seed = {self.seed!r}; allowed: an integer of at least 0.")


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    return math.isfinite(value)
