"""Write the kernel of a neuron program from its table of integers.

A kernel is one loop over the 64 lanes of a tile, without branches, so that LLVM vectorises it. The
names of the registers do not enter its text, and neither does anything else that a user wrote:
every part of a line is an integer of the table, or comes from this file.

The range of each row, which the program proves, decides whether the row computes in 32 or in 64
bits, and whether its ``sat`` or ``wrap`` can act at all. The kernel that counts leaves out rows
whose effect it asks for, so it computes in 64 bits.
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
from .counting import EFFECTIVE, LOW, UNHELD, Counting

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
    a bit for each kind of ``counting.COUNTED`` whose rows acted. ``count`` has the same arguments
    and a kind: it repeats the step and adds, for each lane, how many rows of this kind acted to its
    row of ``counts``; 1 for a kind of ``counting.EFFECTIVE`` if without its rows the step would
    leave something else.
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
_ANY = -(1 << 63), (1 << 63) - 1

_Range = tuple[int, int]


def tile_kernels(program: NeuronProgram, input_bits: int, counting: Counting) -> TileKernels:
    """Return the kernels of a program; they are compiled when first used, and kept on disk.

    ``input_bits`` is the signed width of what arrives.
    """
    sources = _update_source(program, input_bits, counting), _count_source(program, counting)
    return TileKernels(*map(_tile_kernel, sources))


def function_of(source: str, **names: Any) -> Any:
    """Return the function ``written`` that a text defines, which may use some names.

    Its name is a digest of the text: compiled code from disk is joined by name, so two functions
    of one name would be one.
    """
    # The cache on disk looks for the source of a kernel in a file: this one. Of a function without
    # a module Numba would keep all names that it may use, Python's own among them.
    names["__name__"] = __name__
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


def _update_source(program: NeuronProgram, input_bits: int, counting: Counting) -> str:
    """Return the text of a kernel; the variable of register k of the table is ``rk``."""
    known = _ranges_at_start(program, input_bits)
    body = _loads(program, counts=False)
    rows, rounded = _rows(program), False
    for index, ((to, operation, *operands), result) in enumerate(
        zip(rows, program.ranges(input_bits), strict=True)
    ):
        given = [(k, known[k]) for k in operands]
        decay = _decay(to, given, rows[index + 1 :], known) if operation == "mul" else ""
        if decay or rounded:  # a product that is rounded at once, or the row that would round it
            body += [f"r{to} = {decay}"] * bool(decay)
            known[to], rounded = result, bool(decay)
            continue
        if operation == "emit":
            value = _texts(given, result)[0]
            body += [
                f"{_at(_SCRATCH, Scratch.EMITTED)} = np.int32({value})",
                f"{_at(_SCRATCH, Scratch.FIRED)} = -np.int32({value} != 0)",
            ]
            continue
        idle = operation in ("sat", "wrap") and result == known[operands[0]]  # the range says so
        kind = None if idle else counting.kinds.get(index)
        value = _value("mov" if idle else operation, given, result)
        before = _texts(given, result)[0]
        body += [f"{'limited' if kind else f'r{to}'} = {value}"]
        if kind == LOW and counting.lowest is not None:
            # The least of all, for a model may hold v at a bound of its own in every step.
            seen = before
            if not _is_narrow(given[0][1]):
                seen = f"np.int32(min(max({before}, {counting.lowest - 1}), 0))"
            body += [f"deepest = np.int32(min(deepest, {seen}))", f"r{to} = limited"]
        elif kind:
            acts = f"{1 << kind} if limited != {before} else 0"
            body += [f"acted = np.int32(acted | np.int32({acts}))", f"r{to} = limited"]
        known[to] = result
    body += [f"{_at(_TILE, k)} = np.int32(r{register})" for k, register in _written(program)]
    silent = all(row[1] != "emit" for row in program.rows)
    body += [f"{_at(_SCRATCH, Scratch.FIRED)} = np.int32(0)"] * silent
    acted = "acted"
    if counting.lowest is not None:
        acted += f" | np.int32({1 << LOW} if deepest < {counting.lowest} else 0)"
    return _function("scratch, counts", body, ("acted", "deepest"), acted)


def _count_source(program: NeuronProgram, counting: Counting) -> str:
    """Return the text of a kernel that counts the rows of a kind."""
    known = dict.fromkeys(range(program.table.max() + 1), _ANY)
    known |= {k: (value, value) for k, value in _constants(program).items()}
    body = _loads(program, counts=True)
    left = [f"(r{register} != {_at(_TILE, k)})" for k, register in _written(program)]
    for index, (to, operation, *operands) in enumerate(_rows(program)):
        given = [(k, known[k]) for k in operands]
        if operation == "emit":
            body += [f"emitted = {_texts(given, _ANY)[0]}"]
            left += [f"(emitted != {_at(_SCRATCH, Scratch.EMITTED)})"]
            continue
        kind = counting.kinds.get(index)
        body += [f"{'limited' if kind else f'r{to}'} = {_value(operation, given, _ANY)}"]
        if kind in EFFECTIVE:
            body += [f"r{to} = r{operands[0]} if kind == {kind} else limited"]
        elif kind:
            acts = f"(limited != r{operands[0]}) & (kind == {kind})"
            if kind == UNHELD:
                acts += f" & (r{_number(program, 'held')} == 0)"
            body += [f"{_at('counts[', kind)} += np.int32({acts})", f"r{to} = limited"]
    found = f"({' | '.join(left)})"
    if LOW in counting.kinds.values() and counting.lowest is not None:
        found += f" & ((kind != {LOW}) | (r{_number(program, 'vmin')} <= {counting.lowest}))"
    if left and any(kind in EFFECTIVE for kind in counting.kinds.values()):
        body += [f"counts[np.uint64(kind * {LANES}) + lane] += np.int32({found})"]
    return _function("scratch, counts, kind", body)


def _function(
    arguments: str, body: Sequence[str], begun: Sequence[str] = (), result: str = "None"
) -> str:
    """Return the text of a loop over all lanes; some variables begin at 0."""
    return "\n".join(
        (
            f"def written(tiles, tile, parameters, start, {arguments}):",
            *(f"    {name} = np.int32(0)" for name in begun),
            f"    for lane in range(np.uint64({LANES})):",
            *(f"        {line}" for line in body),
            f"    return {result}\n",
        )
    )


def _rows(program: NeuronProgram) -> list[Any]:
    """Return destination, operation and operands of each row; registers by number."""
    return [
        (to, list(OPERATIONS)[code], *(k for k in places if k >= 0))
        for to, code, *places in program.table.tolist()
    ]


def _number(program: NeuronProgram, name: str) -> int:
    """Return the number of an input, a state or a parameter; -1 if there is none."""
    names = [*program.inputs, *program.state, *program.parameters]
    return names.index(name) if name in names else -1


def _written(program: NeuronProgram) -> list[tuple[int, int]]:
    """Return row and register of each state that the program writes."""
    first, written = len(program.inputs), set(program.table[:, 0].tolist())
    return [(k, first + k) for k in range(len(program.state)) if first + k in written]


def _constants(program: NeuronProgram) -> dict[int, int]:
    """Return the constants by the number of their register."""
    given = (program.inputs, program.state, program.parameters, program.temporaries)
    return dict(enumerate(program.constants, sum(map(len, given))))


def _ranges_at_start(program: NeuronProgram, input_bits: int) -> dict[int, _Range]:
    """Return the range of each register that may be read before a row writes it."""
    widths = [input_bits] * len(program.inputs) + list(program.state.values())
    signed = [(-(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in widths]
    known = dict(enumerate([*signed, *program.parameters.values()]))
    return known | {k: (value, value) for k, value in _constants(program).items()}


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
    kept = [] if counts else [f"{to} = {place}" for to, place in zip(before, now, strict=True)]
    return [
        *kept,
        *(f"r{k} = {place}" for k, place in enumerate(places)),
        *(f"r{k} = {value}" for k, value in _constants(program).items()),
    ]


def _texts(operands: Sequence[tuple[int, _Range]], result: _Range) -> list[str]:
    """Return the operands of a row, with the width that it computes in."""
    narrow = _all_narrow(operands, result)
    return [f"r{k}" if narrow else f"np.int64(r{k})" for k, _ in operands]


def _value(operation: str, operands: Sequence[tuple[int, _Range]], result: _Range) -> str:
    """Return the expression of a row of a program."""
    values: dict[str, Any] = dict(zip("abc", _texts(operands, result), strict=False))
    if operation in ("sat", "wrap"):
        values["half"] = 1 << (operands[1][1][0] - 1)
    narrow = operation == "div" and _all_narrow(operands, result)
    expression = _EXPRESSIONS["narrow div" if narrow else operation]
    kind = "np.int32" if _is_narrow(result) else "np.int64"
    return f"{kind}({expression.format(**values)})"


def _decay(
    to: int, factors: Sequence[tuple[int, _Range]], later: Sequence[Any], known: dict[int, _Range]
) -> str:
    """Return the expression of a product and of the next row, if that only rounds it toward zero.

    The value is split at the shift, so that 32 bits hold both products: vectors then have twice as
    many lanes. See :func:`neurochip.emulator.cpu.arithmetic.decay_toward_zero`. If 32 bits are too
    few, or the next row does something else, the expression is empty.
    """
    if not later or later[0][:3] != (to, "rtz", to):
        return ""
    (value, (low, high)), (keep, (least, most)) = factors
    (shift, most_shift), largest = known[later[0][3]], max(-low, high)
    products = ((largest >> shift) + 1) * most, ((1 << shift) - 1) * (most + 1)
    if not 0 < shift == most_shift or least < 0 or max(largest, *products) >= 1 << 31:
        return ""
    h = f"np.int32(r{value} >> {shift})"
    up = f"np.int32(np.uint32({h}) >> np.uint32({32 - shift}))"
    rest = f"np.int32(np.int32(r{value} & {(1 << shift) - 1}) * r{keep} + {up})"
    return f"np.int32(np.int32({h} * r{keep}) + ({rest} >> {shift}))"


def _all_narrow(operands: Sequence[tuple[int, _Range]], result: _Range) -> bool:
    return all(map(_is_narrow, [result, *(known for _, known in operands)]))


def _is_narrow(known: _Range) -> bool:
    return known[0] >= -(1 << 31) and known[1] < 1 << 31
