"""The delays of spikes that wait, and how many synapses each of them has in all blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..._kernels.waiting import waiting_delays
from ...image import ChipImage
from ...typing import Int64Array

__all__ = ["Lags", "lags_of"]


class Lags(NamedTuple):
    """Delays of the rows of a compartment.

    Parameters
    ----------
    delays : ndarray of int64, shape (n_lags,)
        In increasing order: row j of each compartment has its synapses with delay ``delays[j]``.
    fan_out : ndarray of int64, shape (n_compartments,)
        Number of synapses of each compartment.
    """

    delays: Int64Array
    fan_out: Int64Array


def lags_of(image: ChipImage, blocks: int) -> Lags | None:
    """Return the delays of compartments if their spikes wait: see ``neurochip._kernels.waiting``.

    Inputs do not wait, so an image whose inputs have delays uses the ring.
    """
    groups = [group for group in image.synapses if group.source == "compartments"]
    if any(group.delay.any() for group in image.synapses if group.source == "inputs"):
        return None
    delays = waiting_delays(
        [group.delay for group in groups],
        image.max_delay,
        image.n_compartments,
        sum(group.n_synapses for group in groups),
        blocks,
    )
    if delays is None:
        return None
    fan_out = np.zeros(image.n_compartments, dtype=np.int64)
    for group in groups:
        fan_out += np.diff(group.indptr)
    return Lags(delays, fan_out)
