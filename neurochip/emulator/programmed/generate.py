"""Write the kernel of a neuron program from its table of integers.

A kernel is one loop over the 64 lanes of a tile, without branches, so that LLVM vectorises it. The
names of the registers do not enter its text, and neither does anything else that a user wrote:
every part of a line is an integer of the table, or comes from this file.

The range of each row, which the program proves, decides whether the row computes in 32 or in 64
bits, and whether its ``sat`` or ``wrap`` can act at all.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._kernels.jit import inline_kernel
from ...programs import OPERATIONS, NeuronProgram
from ..cpu.layout import LANES
from .state import COUNTED

__all__ = ["HOST_PARAMETER", "Scratch", "TileKernels", "digest_of", "function_of", "tile_kernels"]

HOST_PARAMETER = "bias"
"""The parameter that the host may write during a run; a tile holds it after the state."""


class Scratch:
    """Row numbers of the scratch memory, 64 int32 each, which serves one tile after the other.

    ``ARRIVED`` and the row after it hold the input of a step, by receptor; ``WRAPPED`` and the row
    after it are 1 where it wrapped. ``EMITTED`` holds the payload, and ``FIRED`` is -1 where there
    is one. The rows from ``BEFORE`` on hold the state before the step, where ``TileKernels.count``
    begins.
    """

    ARRIVED = 0
    WRAPPED = 2
    EMITTED = 4
    FIRED = 5
    BEFORE = 6


class TileKernels(NamedTuple):
    """The kernels of one program.

    ``update(tiles, tile, parameters, start, scratch, counts)`` makes one step of a tile; it returns
    0 if no ``sat`` or ``wrap`` acted. ``count`` has the same arguments: it repeats the step and
    adds, for each lane, how many of them acted to the rows of ``counts`` (``state.COUNTED``).
    """

    update: Any
    count: Any


_EXPRESSIONS = {
    "mov": "{a}",
    "add": "{a} + {b}",
    "sub": "{a} - {b}",
    "mul": "{a} * {b}",
    "shl": "{a} << {b}",
    "asr": "{a} >> {b}",
    # What the shift drops is added to a negative number first, which rounds it up.
    "rtz": "({a} + (({a} >> 63) & ((np.int64(1) << {b}) - 1))) >> {b}",
    "min": "min({a}, {b})",
    "max": "max({a}, {b})",
    "abs": "abs({a})",
    "gt": "{a} > {b}",
    "ge": "{a} >= {b}",
    "and": "{a} & {b}",
    "sel": "{b} if {a} != 0 else {c}",
    "sat": "min(max({a}, 1 - {half}), {half} - 1)",
    "wrap": "((np.int64({a}) + {half}) & (2 * {half} - 1)) - {half}",
    "div": "{a} // {b}",
    # Vectors are divided as real numbers. For integers of 32 bits this is exact: a quotient that is
    # no integer differs from the next one by more than the error of a float64.
    "narrow div": "np.floor(np.float64({a}) / np.float64({b}))",
}
_COUNTERS = {
    "sat": COUNTED.index("program_clips"),
    "wrap": COUNTED.index("program_wraps"),
}

_Range = tuple[int, int]


def tile_kernels(program: NeuronProgram, input_bits: int) -> TileKernels:
    """Return the kernels of a program; they are compiled when first used, and kept on disk.

    ``input_bits`` is the signed width of what arrives.
    """
    return TileKernels(
        *(_tile_kernel(_source(program, input_bits, counts)) for counts in (False, True))
    )


def function_of(source: str, **names: Any) -> Any:
    """Return the function ``written`` that a text defines, which may use some names.

    Its name is a digest of the text: compiled code from disk is joined by name, so two functions
    of one name would be one.
    """
    # The cache on disk looks for the source of a kernel in a file: this one.
    exec(compile(source, __file__, "exec"), names)
    function = names["written"]
    function.__name__ = function.__qualname__ = f"written_{digest_of(source)}"
    return function


def digest_of(text: str) -> str:
    """Return 16 hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def _tile_kernel(source: str) -> Any:
    return inline_kernel(function_of(source, np=np))


def _source(program: NeuronProgram, input_bits: int, counts: bool) -> str:
    """Return the text of a kernel; the variable of register k of the table is ``rk``."""
    known = _ranges_at_start(program, input_bits)
    body = _loads(program, counts)
    for (to, code, *places), result in zip(
        program.table.tolist(), program.ranges(input_bits), strict=True
    ):
        operands = [(k, known[k]) for k in places if k >= 0]
        body += _row(list(OPERATIONS)[code], to, operands, result, counts)
        known[to] = result
    first, written = len(program.inputs), set(program.table[:, 0].tolist())
    if not counts:
        kept = [k for k in range(len(program.state)) if first + k in written]
        body += [f"{_at(_TILE, k)} = np.int32(r{first + k})" for k in kept]
        silent = all(row[1] != "emit" for row in program.rows)
        body += [f"{_at(_SCRATCH, Scratch.FIRED)} = np.int32(0)"] * silent
    return "\n".join(
        (
            "def written(tiles, tile, parameters, start, scratch, counts):",
            "    acted = np.int32(0)",
            f"    for lane in range(np.uint64({LANES})):",
            *(f"        {line}" for line in body),
            "    return acted\n",
        )
    )


def _ranges_at_start(program: NeuronProgram, input_bits: int) -> dict[int, _Range]:
    """Return the range of each register that may be read before a row writes it."""
    widths = [input_bits] * len(program.inputs) + list(program.state.values())
    signed = [(-(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in widths]
    known = dict(enumerate([*signed, *program.parameters.values()]))
    first = len(known) + len(program.temporaries)
    return known | {first + k: (value, value) for k, value in enumerate(program.constants)}


def _at(place: str, row: int) -> str:
    """Return the text of a lane of a row; unsigned, see ``cpu.offsets``."""
    return f"{place}lane + np.uint64({row * LANES})]"


_SCRATCH, _TILE, _PARAMETERS = "scratch[", "tiles[tile + ", "parameters[start + "


def _loads(program: NeuronProgram, counts: bool) -> list[str]:
    """Return the lines that read inputs, state and parameters, and keep the state before."""
    own = [name for name in program.parameters if name != HOST_PARAMETER]
    state = range(len(program.state))
    before = [_at(_SCRATCH, Scratch.BEFORE + k) for k in state]
    now = [_at(_TILE, k) for k in state]
    places = [
        *(_at(_SCRATCH, Scratch.ARRIVED + k) for k in range(len(program.inputs))),
        *(before if counts else now),
        *(
            _at(_TILE, len(state)) if name == HOST_PARAMETER else _at(_PARAMETERS, own.index(name))
            for name in program.parameters
        ),
    ]
    first = len(places) + len(program.temporaries)
    kept = [] if counts else [f"{to} = {place}" for to, place in zip(before, now, strict=True)]
    return [
        *kept,
        *(f"r{k} = {place}" for k, place in enumerate(places)),
        *(f"r{first + k} = {value}" for k, value in enumerate(program.constants)),
    ]


def _row(
    name: str, to: int, operands: Sequence[tuple[int, _Range]], result: _Range, counts: bool
) -> list[str]:
    """Return the lines of one row of a program."""
    narrow = all(map(_is_narrow, [result, *(known for _, known in operands)]))
    texts = [f"r{k}" if narrow else f"np.int64(r{k})" for k, _ in operands]
    if name == "emit":
        emitted, fired = _at(_SCRATCH, Scratch.EMITTED), _at(_SCRATCH, Scratch.FIRED)
        lines = [f"{emitted} = np.int32({texts[0]})", f"{fired} = -np.int32({texts[0]} != 0)"]
        return [] if counts else lines
    values: dict[str, Any] = dict(zip("abc", texts, strict=False))
    counter = ""
    if name in _COUNTERS and result == operands[0][1]:
        name = "mov"  # the range says that it never acts
    elif name in _COUNTERS:
        values["half"] = 1 << (operands[1][1][0] - 1)
        counter = f"{_at('counts[', _COUNTERS[name])} += " if counts else "acted |= "
    expression = _EXPRESSIONS["narrow div" if name == "div" and narrow else name]
    kind = "np.int32" if _is_narrow(result) else "np.int64"
    lines = [f"{'limited' if counter else f'r{to}'} = {kind}({expression.format(**values)})"]
    if counter:
        lines += [f"{counter}np.int32(limited != {texts[0]})", f"r{to} = limited"]
    return lines


def _is_narrow(known: _Range) -> bool:
    return known[0] >= -(1 << 31) and known[1] < 1 << 31
