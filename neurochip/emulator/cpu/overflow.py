"""The error message for a register overflow."""

from __future__ import annotations

import numpy as np

from ...chip.registers import OVERFLOWS
from ...image import ChipImage
from ...typing import Int64Array
from ..overflows import first_overflow_message

__all__ = ["overflow_message"]


def overflow_message(image: ChipImage, first_overflow: Int64Array) -> str:
    """Describe the first overflow of a run: neuron, time, register, and what to do.

    Parameters
    ----------
    image : ChipImage
        Provides the names of neurons and the widths of registers.
    first_overflow : ndarray of int64, shape (n_blocks, 3 or more)
        Step, compartment and event word of the first overflow of each block; step -1 if none.
    """
    seen = first_overflow[first_overflow[:, 0] >= 0]
    step, compartment, event = seen[np.lexsort((seen[:, 1], seen[:, 0]))[0], :3].tolist()
    kind = next(name for bit, name in enumerate(OVERFLOWS) if event >> (bit + 1) & 1)
    return first_overflow_message(image, step, compartment, kind)
