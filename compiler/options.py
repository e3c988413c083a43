"""What a user may decide about a compilation."""

from __future__ import annotations

from dataclasses import dataclass

from neurochip._support.values import choice, integer, real
from neurochip.errors import CompileError

__all__ = ["GAINS", "MESHES", "PLACEMENTS", "WEIGHT_ROUNDINGS", "CompileOptions"]

GAINS = ("dc", "impulse", "mean_and_variance", "auto")
NEED_DRIVE = ("mean_and_variance", "auto")
"""Gains that depend on the expected input."""

WEIGHT_ROUNDINGS = ("nearest", "floor", "stochastic", "moments")
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
        ``"mean_and_variance"`` scales the weights so that v varies as much as it should, and moves
        the resting level so that the mean is right under the input that is expected: under another
        one it is not. ``"auto"`` takes for each population the point between the first two at which
        its expected rate is kept, and where there is none, the best of the three. Both take inputs
        as independent Poisson trains; the report says what they did.
    headroom : float
        Wanted distance of the expected peaks of accumulator, u and v from their limits, as a
        factor of at least 1. Expected means exceeded once in 1e9 steps, if sources are independent.
    assumed_rate : float, Hz
        Rate assumed for every neuron (and for given spike trains their own mean) in that estimate.
    weight_rounding : str
        ``"nearest"`` rounds each weight to the nearest step; ``"floor"`` drops the fraction of its
        magnitude; ``"stochastic"`` rounds up with a probability equal to the fraction;
        ``"moments"`` rounds each weight up or down so that the sum of the weights onto each neuron
        and the sum of their squares are kept, and with them mean and variance of its input where
        the sources of a connection fire at one rate.
    weight_seed : int
        Of the last two rules, at least 0.
    placement : str
        How neurons are put on cores: one of :data:`PLACEMENTS`.
    mesh : str, optional
        How cores are put on the mesh: ``"in_order"``, ``"curve"`` or ``"search"`` (see
        :mod:`compiler.placement.sites`). Default: in order where neurons are, else by search.
    seed : int
        At least 0; for strategies that draw at random.
    """

    gain: str = "dc"
    headroom: float = 1.25
    assumed_rate: float = 100.0
    weight_rounding: str = "nearest"
    weight_seed: int = 0
    placement: str = "sequential"
    mesh: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        gains = "'dc', 'impulse', 'mean_and_variance' or 'auto'"
        roundings = "'nearest', 'floor', 'stochastic' or 'moments'"
        for name, names, allowed in (
            ("gain", GAINS, gains),
            ("weight_rounding", WEIGHT_ROUNDINGS, roundings),
            ("placement", PLACEMENTS, None),
            ("mesh", (*MESHES, None), None),
        ):
            value = getattr(self, name)
            choice("options", name, value, names, allowed=allowed, error=CompileError)
        for name, unit, least in (("headroom", "", 1.0), ("assumed_rate", "Hz", 0.0)):
            given, allowed = getattr(self, name), f"at least {least:g}"
            number = real(
                *("options", name, given, unit),
                at_least=least,
                allowed=allowed,
                error=CompileError,
            )
            object.__setattr__(self, name, number)
        if self.mesh is None:
            mesh = "in_order" if self.placement == "sequential" else "search"
            object.__setattr__(self, "mesh", mesh)
        for name in ("weight_seed", "seed"):
            seed = integer("options", name, getattr(self, name), at_least=0, error=CompileError)
            object.__setattr__(self, name, seed)
