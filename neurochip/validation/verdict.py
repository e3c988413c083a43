"""Whether the rates of a population can be compared."""

from __future__ import annotations

from enum import Enum

from .run_pair import RunPair

__all__ = ["Verdict", "verdict_of"]


class Verdict(Enum):
    """Whether the rates of a population can be compared. No verdict means "passed"."""

    COMPARED = "compared"
    SILENT = "silent"
    SILENT_AT_STEP = "silent at this time step"
    SILENT_ON_CHIP = "silent on chip"
    SILENT_IN_REFERENCE = "silent in reference"
    SATURATED = "saturated"
    TOO_FEW_SPIKES = "too few spikes"

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        return _TEXTS[self]


_TEXTS = {
    Verdict.COMPARED: "Enough spikes to compare rates.",
    Verdict.SILENT: "Neither side spikes, so compare v instead of rates, or increase the input.",
    Verdict.SILENT_AT_STEP: "Only the fine run spikes: the time step is too long.",
    Verdict.SILENT_ON_CHIP: "The reference spikes and the chip does not.",
    Verdict.SILENT_IN_REFERENCE: "The chip spikes and the reference does not.",
    Verdict.SATURATED: "Most intervals are the shortest possible: the rate is at its limit.",
    Verdict.TOO_FEW_SPIKES: "Too few spikes in the reference to compare rates.",
}


def verdict_of(pair: RunPair, fine_spikes: int, min_spikes: int) -> Verdict:
    """Return the verdict on both runs of a population.

    Parameters
    ----------
    pair : RunPair
        Both runs.
    fine_spikes : int
        Spikes of the population in the fine run; 0 without one.
    min_spikes : int
        With fewer spikes in the reference the verdict is TOO_FEW_SPIKES.
    """
    reference, chip = pair.spikes
    if not reference and not chip:
        return Verdict.SILENT_AT_STEP if fine_spikes else Verdict.SILENT
    if not chip:
        return Verdict.SILENT_ON_CHIP
    if not reference:
        return Verdict.SILENT_IN_REFERENCE
    if any(n >= min_spikes and s > 0.5 for n, s in zip(pair.spikes, pair.at_limit, strict=True)):
        return Verdict.SATURATED
    return Verdict.TOO_FEW_SPIKES if reference < min_spikes else Verdict.COMPARED
