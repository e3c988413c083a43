"""The bias of the neurons with any set of the chip's sources of error."""

from __future__ import annotations

import numpy as np

from ..recurrence import IdealPopulation
from ..typing import Float64Array
from .decoding import DecodedPopulation

__all__ = ["bias_of"]


def bias_of(
    ideal: IdealPopulation,
    decoded: DecodedPopulation,
    sources: frozenset[str],
    change: Float64Array | float = 0.0,
    held: Float64Array | None = None,
) -> Float64Array:
    """Return the bias of a population if these sources of error are switched on, in LSB.

    Parameters
    ----------
    ideal : IdealPopulation
        Exact registers on the grid of the run.
    decoded : DecodedPopulation
        Registers of the image.
    sources : frozenset of str
        Sources that are switched on.
    change : ndarray, shape (n, size) or (n, 1), nA, optional
        Currents into the neurons, relative to those of the image. Default: those of the image.
    held : ndarray, shape (n, size), LSB, optional
        Bias registers under these currents. Default: those of the image.

    Returns
    -------
    ndarray of float64, shape (size,) or (n, size)
    """
    scale, rounded = decoded.lsb_per_mv, "decay_v" in sources
    held = decoded.registers.bias if held is None else held
    # What the bias adds against truncation belongs to truncation.
    added = decoded.correction if "truncation" in sources else np.zeros(len(decoded.registers.bias))
    register = held - (decoded.correction - added)  # exact if truncation is on
    if not ideal.population.model.leaky:
        exact = (ideal.bias + ideal.per_na * change) * scale
        return register if "bias" in sources else exact + added
    # The bias follows the decay as compiled, whatever the register holds now.
    keep_v = decoded.chosen_v if rounded else ideal.keep_v
    get = ideal.population.parameter
    moved_by = get("tau_m") / get("cm") * change
    level = decoded.level(ideal, decay_v=rounded, decay_u="decay_u" in sources)
    level = (level + moved_by) * scale
    if "bias" not in sources:
        return (1 - keep_v) * level + added
    # A rounded bias shifts the steady level of v, also if the decay is exact.
    wanted = (decoded.level(ideal, decay_v=True, decay_u=True) + moved_by) * scale
    moved = (held - decoded.correction) / (1 - decoded.chosen_v) - wanted
    if rounded and np.array_equal(level, wanted):
        return register
    return (1 - keep_v) * (level + moved) + added
