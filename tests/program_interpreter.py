"""A plain interpreter of neuron programs on Python integers, one row at a time.

It restates ``docs/reference/neuron-programs.md`` and shares no code with the package, so that an
error in the kernels or in their generator cannot hide in it. The rows are those of a program.
"""

from __future__ import annotations


def toward_zero(value, bits):
    return abs(value) // 2**bits * (1 if value >= 0 else -1)


MEANING = {
    "mov": lambda a: a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "shl": lambda a, bits: a * 2**bits,
    "asr": lambda a, bits: a // 2**bits,
    "rtz": toward_zero,
    "min": lambda a, b: b if b < a else a,
    "max": lambda a, b: b if b > a else a,
    "abs": lambda a: -a if a < 0 else a,
    "gt": lambda a, b: 1 if a > b else 0,
    "ge": lambda a, b: 1 if a >= b else 0,
    "and": lambda a, b: a & b,
    "sel": lambda c, a, b: b if c == 0 else a,
    "sat": lambda a, bits: sorted((1 - 2 ** (bits - 1), a, 2 ** (bits - 1) - 1))[1],
    "wrap": lambda a, bits: (a + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1),
    "div": lambda a, divisor: a // divisor,
    "emit": lambda x: x,
}


ACTED = {"sat": "program_clips", "wrap": "program_wraps"}
"""The counter of each operation that keeps a value in its width."""

LIMITS = {"voltage_clips_low": ("max", "vmin"), "voltage_clips_high": ("min", "vmax")}
"""The operation, and the parameter as its second operand, that limit v."""


def voltage_clips(program, before, lowest):
    """Return the names of the limits of v that have an effect in a step of one neuron.

    Without its rows the step would end with another state or send something else. ``before`` are
    its registers before the step, and a ``vmin`` above ``lowest`` belongs to the model.
    """
    found = []
    for name, (operation, limit) in LIMITS.items():
        rows = [
            (to, "mov", first) if (did, *rest) == (operation, limit) else (to, did, first, *rest)
            for to, did, first, *rest in program.rows
        ]
        own = limit in program.parameters and (limit != "vmin" or before["vmin"] <= lowest)
        if own and left(program, rows, before) != left(program, program.rows, before):
            found.append(name)
    return found


def left(program, rows, before):
    """Return the state that rows leave and what they send, from registers before a step."""
    registers = dict(before)
    payload, _ = interpret(rows, registers)
    return [registers[name] for name in program.state], payload


def interpret(rows, registers, meaning=MEANING):
    """Run a step of one neuron on its registers by name, in place; return (payload, clipped).

    ``clipped`` holds the index of each row with ``sat`` or ``wrap`` that changed its operand.
    """
    payload, clipped = 0, []
    for index, (destination, name, *operands) in enumerate(rows):
        values = [registers[each] if isinstance(each, str) else each for each in operands]
        if name == "emit":
            payload = meaning[name](*values)
            continue
        registers[destination] = meaning[name](*values)
        if name in ("sat", "wrap") and registers[destination] != values[0]:
            clipped.append(index)
    return payload, clipped
