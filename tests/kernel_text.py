"""Runs the kernels of a program on one tile, compiled or as the plain Python that they are.

Plain Python computes with NumPy's integers of 32 and 64 bits, as the compiled kernel does, but
needs no compilation, so it can try thousands of programs.
"""

from __future__ import annotations

import numba
import numpy as np

from neurochip import LOIHI2
from neurochip.emulator.cpu.layout import LANES
from neurochip.emulator.programmed.counting import COUNTED, counting_of
from neurochip.emulator.programmed.generate import HOST_PARAMETER, Scratch, tile_kernels

__all__ = ["one_step"]


def one_step(program, run, input_bits, *, compiled=False):
    """Run a step of 64 neurons; return state, payloads and the counts of all overflows.

    ``run`` is (state, parameters, arrived), with one column for each neuron.
    """
    state, parameters, arrived = run
    # With NUMBA_DISABLE_JIT, a kernel is its function.
    counting = counting_of(program, LOIHI2.core, own=False)
    update, count = (
        getattr(kernel, "py_func", kernel) for kernel in tile_kernels(program, input_bits, counting)
    )
    if compiled:  # and not kept on disk
        update, count = (
            numba.njit(error_model="numpy")(update),
            numba.njit(error_model="numpy")(count),
        )
    hosted = np.array([name == HOST_PARAMETER for name in program.parameters], dtype=bool)
    tiles = _rows(np.concatenate([state, parameters[hosted]]))
    constants = _rows(parameters[~hosted])
    # What another tile has left behind.
    scratch = np.full((Scratch.BEFORE + len(state)) * LANES, -1, dtype=np.int32)
    scratch[: len(arrived[0]) * LANES] = _rows(arrived[0])
    counts = np.zeros(len(COUNTED) * LANES, dtype=np.int32)
    places = (np.uint64(0), constants, np.uint64(0), scratch, counts)
    with np.errstate(over="ignore"):
        acted = update(tiles, *places)
        for kind in range(len(COUNTED)):
            if acted >> kind & 1:
                count(tiles, *places, kind)
    emitted, fired = (
        scratch[row * LANES : (row + 1) * LANES] for row in (Scratch.EMITTED, Scratch.FIRED)
    )
    found = tiles.reshape(-1, LANES)[: len(state)]
    counted = dict(zip(COUNTED, counts.reshape(-1, LANES), strict=True))
    return found, np.where(fired == -1, emitted, 0), counted


def _rows(values):
    return values.astype(np.int32).ravel()
