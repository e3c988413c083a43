"""Random neuron programs within the grammar, and random values for them.

They are made to reach what kernels get wrong: values at both ends of 8, 32 and 64 bits, negative
numbers under every shift and division, registers that are written several times and read before and
after, saturations, wraps and limits that act, and payloads of either sign.
"""

from __future__ import annotations

import numpy as np
from program_interpreter import ACTED, LIMITS, MEANING, interpret, voltage_clips

from neurochip.programs import OPERATIONS, NeuronProgram

EDGES = (0, 1, -1, 2, 5, 63, -64, 127, 4096, 2**15, -(2**23), 2**31 - 1, -(2**31), 2**40, -(2**62))
INTERVALS = (
    *((0, 1), (0, 12), (0, 62), (1, 1), (1, 7), (1, 2**23), (-1, 1), (-100, 50), (-(2**12), 2**12)),
    *((0, 2**24), (-(2**31), 2**31 - 1)),
)
LOWEST = 1 - 2**23  # of a v on the chip of these tests
VOLTAGES = {"vmin": (LOWEST - 9, 0), "vmax": (0, 2**23 - 1)}
COMMON = ("add", "sub", "mul", "rtz", "asr", "sel", "gt", "ge", "sat", "wrap")


def random_program(rng: np.random.Generator, most_rows: int = 24) -> NeuronProgram:
    """Draw a program; rows that would leave 64 bits are drawn again."""
    inputs = ("a", "b")[: int(rng.integers(1, 3))]
    state = {f"s{i}": int(rng.integers(2, 33)) for i in range(int(rng.integers(0, 4)))}
    parameters = {
        f"p{i}": INTERVALS[rng.integers(len(INTERVALS))] for i in range(int(rng.integers(0, 5)))
    }
    if rng.random() < 0.3:
        parameters |= VOLTAGES
    held = {name: width(32) for name in inputs}
    held |= {name: width(bits) for name, bits in state.items()} | parameters
    early, late = [], []
    emits_first = rng.random() < 0.2
    if emits_first:
        early, payload_bits = _emit(rng, held)
    rows = []
    for _ in range(int(rng.integers(1, most_rows + 1))):
        row, interval = _row(rng, held, list(state), parameters)
        rows.append(row)
        held[row[0]] = interval
    for name, bits in state.items():
        if not _fits(held[name], bits):
            rows.append((name, str(rng.choice(["sat", "wrap"])), name, bits))
            held[name] = width(bits)
    if not emits_first:
        late, payload_bits = _emit(rng, held)
    return NeuronProgram(
        name="random",
        inputs=inputs,
        state=state,
        parameters=parameters,
        rows=[*early, *rows, *late],
        payload_bits=payload_bits,
    )


def width(bits):
    """Lowest and highest value of a signed width."""
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _fits(interval, bits):
    low, high = width(bits)
    return low <= interval[0] and interval[1] <= high


def _row(rng, held, state, parameters):
    """Draw a row whose result fits 64 bits, with the interval of the result."""
    while True:
        name = str(rng.choice(COMMON if rng.random() < 0.6 else list(OPERATIONS)))
        if name == "emit":
            continue
        operands = [_operand(rng, kind, held, parameters) for kind in OPERATIONS[name].operands]
        if "vmin" in parameters and rng.random() < 0.1:
            name, limit = list(LIMITS.values())[rng.integers(2)]
            operands = [_operand(rng, "a", held, parameters), limit]
        given = [held[each] if isinstance(each, str) else (each, each) for each in operands]
        interval = OPERATIONS[name].bounds(*given)
        if _fits(interval, 64):
            temporaries = [f"t{i}" for i in range(4)]
            return (str(rng.choice([*state, *temporaries])), name, *operands), interval


def _operand(rng, kind, held, parameters):
    if kind == "bits":
        return int(rng.choice([2, 8, 16, 24, 31, 32, 33, 63, rng.integers(2, 64)]))
    if kind in {"shift", "divisor"}:
        least, most = (0, 62) if kind == "shift" else (1, 2**63)
        fitting = [name for name, (low, high) in parameters.items() if low >= least <= high <= most]
        if fitting and rng.random() < 0.5:
            return str(rng.choice(fitting))
        if kind == "shift":
            return int(rng.choice([0, 1, 6, 12, 31, 32, 62, rng.integers(0, 63)]))
        return int(rng.choice([1, 2, 3, 64, 1000, 2**31, 2**62]))
    if rng.random() < 0.2:
        return int(EDGES[rng.integers(len(EDGES))])
    return str(rng.choice(list(held)))


def _emit(rng, held):
    """Draw the rows that emit, with the width of the payload; one program in ten is silent."""
    names = list(held)
    choice, name = rng.random(), str(rng.choice(names))
    if choice < 0.1:
        return [], 0
    if choice < 0.25:
        return [("fires", "gt", name, str(rng.choice(names))), (None, "emit", "fires")], 0
    if choice < 0.65:
        return [*_mix([each for each in names if each[0] == "t"]), (None, "emit", "sent")], 32
    bits = int(rng.choice([2, 8, 24, 32, rng.integers(2, 33)]))
    if _fits(held[name], bits):
        return [(None, "emit", name)], bits
    limit = str(rng.choice(["sat", "wrap"]))
    return [("sent", limit, name, bits), (None, "emit", "sent")], bits


def _mix(names):
    """Rows whose result depends on every bit of some registers, so that no error is lost."""
    rows = [("sent", "mov", 1)]
    for name in names:
        rows += [
            ("low", "wrap", name, 32),
            ("high", "asr", name, 31),
            ("sent", "mul", "sent", 5),
            ("sent", "add", "sent", "low"),
            ("sent", "add", "sent", "high"),
            ("sent", "wrap", "sent", 32),
        ]
    return rows


def random_values(rng: np.random.Generator, intervals, size: int) -> np.ndarray:
    """Draw values of registers, shape (len(intervals), size): small ones, any, or the ends."""
    rows = []
    for low, high in intervals:
        near = np.clip(rng.integers(-3, 4, size), low, high)
        large = np.clip(rng.integers(-(2**12), 2**12, size), low, high)
        ends = rng.choice([low, high], size)
        even = rng.integers(low, high + 1, size)
        rows.append(np.choose(rng.integers(0, 4, size), [near, large, ends, even]))
    return np.array(rows, dtype=np.int64).reshape(len(intervals), size)


def random_run(program, rng: np.random.Generator, size: int = 8, n_steps: int = 4, bits: int = 31):
    """Draw state, parameters and what arrives, the latter of shape (n_steps, n_inputs, n)."""
    state = random_values(rng, [width(each) for each in program.state.values()], size)
    parameters = random_values(rng, list(program.parameters.values()), size)
    arrived = random_values(rng, [width(bits)] * n_steps * len(program.inputs), size)
    return state, parameters, arrived.reshape(n_steps, len(program.inputs), size)


def run_interpreter(program, state, parameters, arrived, meaning=MEANING):
    """Run a program on Python integers, one neuron after the other.

    Return the state after every step, shape (n_steps, n_state, n), the payloads, shape (n_steps,
    n), and the overflows as (step, neuron, counter).
    """
    n_steps, _, n = arrived.shape
    states = np.zeros((n_steps, len(program.state), n), dtype=object)
    payloads = np.zeros((n_steps, n), dtype=object)
    acted = []
    for i in range(n):
        registers = dict(zip(program.state, state[:, i].tolist(), strict=True))
        fixed = dict(zip(program.parameters, parameters[:, i].tolist(), strict=True))
        for step in range(n_steps):
            given = dict(zip(program.inputs, arrived[step, :, i].tolist(), strict=True))
            registers = {name: registers[name] for name in program.state} | fixed | given
            kinds = voltage_clips(program, registers, LOWEST)
            payloads[step, i], rows = interpret(program.rows, registers, meaning)
            kinds += [ACTED[program.rows[row][1]] for row in rows]
            acted += [(step, i, kind) for kind in kinds]
            states[step, :, i] = [registers[name] for name in program.state]
    return states, payloads, sorted(acted)
