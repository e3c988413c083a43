"""An interpreter of neuron programs on arrays: many neurons at once, one row after the other.

It shares no code with the package; ``tests/program_interpreter.py`` is the one on plain integers.
"""

from __future__ import annotations

import numpy as np

HALF = {bits: 1 << (bits - 1) for bits in range(2, 64)}
MEANING = {
    "mov": lambda a: a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "shl": lambda a, k: a << k,
    "asr": lambda a, k: a >> k,
    "rtz": lambda a, k: np.sign(a) * (abs(a) >> k),
    "min": np.minimum,
    "max": np.maximum,
    "abs": abs,
    "gt": lambda a, b: (a > b) * 1,
    "ge": lambda a, b: (a >= b) * 1,
    "and": lambda a, b: a & b,
    "sel": lambda c, a, b: np.where(c != 0, a, b),
    "sat": lambda a, bits: np.clip(a, 1 - HALF[int(bits)], HALF[int(bits)] - 1),
    "wrap": lambda a, bits: (a + HALF[int(bits)]) % (2 * HALF[int(bits)]) - HALF[int(bits)],
    "div": lambda a, p: a // p,
    "emit": lambda x: x,
}


def run_program(program, inputs, parameters, reset=None):
    """Run one program; return each register and ``"payload"`` as (steps, neurons).

    ``inputs`` holds the accumulators, each (steps, neurons); ``reset`` an interval and an offset.
    """
    steps, neurons = inputs[0].shape
    values = {name: np.broadcast_to(np.int64(each), neurons) for name, each in parameters.items()}
    start = {name: np.zeros(neurons, np.int64) for name in program.state}
    values |= start
    found = {name: np.zeros((steps, neurons), np.int64) for name in (*program.state, "payload")}
    for step in range(steps):
        if reset is not None:
            again = step % reset[0] == reset[1]
            values |= {name: np.where(again, start[name], values[name]) for name in start}
        values |= {
            name: np.int64(each[step]) for name, each in zip(program.inputs, inputs, strict=True)
        }
        for destination, operation, *operands in program.rows:
            read = [values[item] if isinstance(item, str) else np.int64(item) for item in operands]
            values[destination] = MEANING[operation](*read)
        for name in program.state:
            found[name][step] = values[name]
        found["payload"][step] = values[None]
    return found
