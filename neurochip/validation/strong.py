"""Finds whether chip and reference differ so much that a trained network can hardly work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._support.text import percent

__all__ = ["strong_difference"]

_LEAST = 0.75  # of the spikes that both runs share
_FEWEST = 20  # spikes in either run


def strong_difference(populations: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which population differs strongly first, in words; empty if none does.

    The spikes of a trained network are its computation: it differs strongly where more than a
    quarter of the spikes have none in the same step of the other run, among at least 20.

    Parameters
    ----------
    populations : dict of str to dict
        Populations in the order of the layers, as :meth:`Comparison.to_dict` returns them.
    """
    for name, item in populations.items():
        spikes = item["reference_spikes"], item["chip_spikes"]
        if max(spikes) >= _FEWEST and item["equal_spikes"] < _LEAST:
            alone = percent(1 - item["equal_spikes"], sign="", digits=0)
            return (
                f"the chip differs strongly from float64, first in layer {name!r}: {alone} of its "
                f"spikes have none in the same step of the other run ({spikes[0]:,} spikes in "
                f"float64, {spikes[1]:,} on the chip). neurochip attribute names the registers."
            )
    return ""
