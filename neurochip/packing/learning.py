"""What learning takes of a core: tags in synaptic memory, and further entries for input axons.

nengo-loihi 1.1.0, which ran on the chip, counts the tag of a synapse like its weight and its delay,
and two entries for each axon that brings spikes to learning synapses. Where a core keeps rules and
traces is not published, and they are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..learning import LearningRule
from ..typing import Int64Array

if TYPE_CHECKING:
    from .wiring import Wiring

__all__ = ["axons_that_learn", "tag_bits_of"]


def tag_bits_of(rule: LearningRule | None) -> int:
    """Return the bits of the tag of a synapse: those of its range, or 0 if its rule has no tag.

    The chip can store tags of several widths (nengo-loihi: a code of 2 bits); of how many bits is
    not published.
    """
    if rule is None or rule.spec.tag_limits is None or not (rule.dt or "t" in rule.used):
        return 0
    low, high = rule.spec.tag_limits
    return 1 + max((-low - 1).bit_length(), high.bit_length())


def axons_that_learn(
    wiring: Wiring, core_of: Int64Array, group_of: Int64Array, n_cores: int
) -> Int64Array:
    """Return the number of axons to each core that bring spikes to learning synapses.

    Parameters
    ----------
    wiring : Wiring
        Neurons and their synapses.
    core_of, group_of : ndarray of int64, shape (n_compartments,)
        Core of each compartment, and a number that those compartments share that share their axons.
        Each input has axons of its own.
    n_cores : int
        Number of cores.

    Returns
    -------
    ndarray of int64, shape (n_cores,)
    """
    if not wiring.format_learns.any():
        return np.zeros(n_cores, dtype=np.int64)
    learns = wiring.format_learns[wiring.list_format[wiring.in_list]]
    target = np.repeat(np.arange(wiring.n_compartments), np.diff(wiring.in_ptr))[learns]
    inputs = group_of.max() + 1 + np.arange(wiring.n_inputs)
    axon_of = np.concatenate([group_of, inputs])
    axon = axon_of[wiring.list_source[wiring.in_list[learns]]]
    core, _ = np.unique(np.stack([core_of[target], axon]), axis=1)
    return np.bincount(core, minlength=n_cores).astype(np.int64)
