"""The error message for a register overflow."""

from __future__ import annotations

import numpy as np

from ...chip.registers import OVERFLOWS
from ...image import ChipImage
from ...typing import Int64Array
from ..overflows import meaning_of

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
    step, compartment, event = seen[np.lexsort((seen[:, 1], seen[:, 0]))[0], :3]
    kind = next(name for bit, name in enumerate(OVERFLOWS) if event >> (bit + 1) & 1)
    meaning = meaning_of(kind, image.chip.core)
    who, when = f"compartment {compartment}", f"step {step}"
    if image.symbols is not None:
        join = image.compartments.join
        joins_next = compartment + 1 < len(join) and join[compartment + 1] == 1
        child, neuron = ("the child of ", compartment + 1) if joins_next else ("", compartment)
        when = f"{step * image.symbols.dt:g} ms (step {step})"
        for item in image.symbols.populations:
            where = np.flatnonzero(item.compartment_ids == neuron)
            if where.size:
                who = f"{child}neuron {where[0]} of {item.name!r}"
    return (
        f"{who}: at {when} {meaning}. Compile with more headroom, or run with strict=False to "
        "count such events."
    )
