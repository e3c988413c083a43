"""The rows of a neuron program: their grammar, and the range of each result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._support.foreign import nearest
from .._support.values import integer, shown
from ..errors import ProgramError
from .operations import MOST_SHIFT, OPERATIONS, Interval

__all__ = ["Row", "read_rows", "row_ranges", "row_text"]

Row = tuple[Any, ...]
"""Destination (None for ``emit``), operation and operands: names of registers, or constants."""

_INT64 = (-(1 << 63), (1 << 63) - 1)
_ALLOWED = {
    "shift": f"a constant from 0 to {MOST_SHIFT}, or a parameter within this range",
    "divisor": "a constant of at least 1, or a parameter whose lowest value is at least 1",
    "bits": "a constant from 2 to 63",
}
_WITHIN: dict[str, Interval] = {
    "shift": (0, MOST_SHIFT),
    "divisor": (1, _INT64[1]),
    "bits": (2, 63),
}


def row_text(row: Sequence[Any]) -> str:
    """Return a row as text, such as ``v = add v u``."""
    destination, *rest = row
    text = " ".join(map(str, rest))
    return text if destination is None else f"{destination} = {text}"


def read_rows(
    owner: str,
    rows: Sequence[Any],
    given: Sequence[str],
    state: Sequence[str],
    parameters: Mapping[str, Interval],
) -> tuple[Row, ...]:
    """Return rows as tuples, or raise :class:`ProgramError` at the first that breaks the grammar.

    Parameters
    ----------
    owner : str
        The program, for messages.
    rows : sequence
        The rows as the user gave them.
    given, state : sequence of str
        Names of the inputs and of the state.
    parameters : mapping
        Lowest and highest value of each parameter by name.
    """
    known, read_only = {*given, *state, *parameters}, {*given, *parameters}
    found: list[Row] = []
    emitted = None
    for index, item in enumerate(rows):
        row = _parts(owner, index, item)
        destination, name, *operands = row
        where = f"{owner}: row {index} ({row_text(row)})"
        operation = OPERATIONS.get(name)
        if operation is None:
            raise ProgramError(
                f"{where}: there is no operation {shown(name)}; there are {', '.join(OPERATIONS)}."
                f"{nearest('program', name, OPERATIONS)}"
            )
        if len(operands) != len(operation.operands):
            raise ProgramError(
                f"{where}: {name} has {len(operands)} operands; allowed: "
                f"{' '.join((name, *operation.operands))}."
            )
        for kind, value in zip(operation.operands, operands, strict=True):
            _check_operand(where, kind, value, known, parameters)
        if name == "emit":
            if destination is not None:
                raise ProgramError(
                    f"{where}: emit has the destination {destination!r}; allowed: None."
                )
            if emitted is not None:
                raise ProgramError(
                    f"{where}: row {emitted} emits already; allowed: one emit. Add or select the "
                    "payloads before it."
                )
            emitted = index
        elif destination is None:
            raise ProgramError(
                f"{where}: its destination is None; allowed: a state or a temporary, except for "
                "emit."
            )
        elif destination in read_only:
            kind = "parameter" if destination in parameters else "input"
            raise ProgramError(
                f"{where}: it writes the {kind} {destination!r}; allowed: a state or a temporary."
            )
        else:
            known.add(destination)
        found.append(row)
    return tuple(found)


def _parts(owner: str, index: int, item: Any) -> Any:
    """Return a row as a tuple of names and integers, or raise if it is something else."""
    allowed = "(destination, operation, operand, ...), names as text and constants as integers"
    if not isinstance(item, (tuple, list)) or len(item) < 2 or not isinstance(item[1], str):
        raise ProgramError(f"{owner}: row {index} = {shown(item)}; allowed: {allowed}.")
    destination, name, *operands = item
    if destination is not None and not _is_name(destination):
        raise ProgramError(
            f"{owner}: row {index} = {shown(item)}: its destination is {shown(destination)}; "
            "allowed: a name of letters, digits and _, or None for emit."
        )
    read: list[str | int] = []
    for operand in operands:
        if isinstance(operand, str):
            read.append(operand)
            continue
        where = f"{owner}: row {index}"
        constant = integer(where, "operand", operand, allowed=allowed, error=ProgramError)
        if not _INT64[0] <= constant <= _INT64[1]:
            raise ProgramError(
                f"{where}: operand = {shown(constant)}; allowed: {_INT64[0]} to {_INT64[1]}."
            )
        read.append(constant)
    return (destination, name, *read)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier()


def _check_operand(
    where: str, kind: str, value: Any, known: set[str], parameters: Mapping[str, Interval]
) -> None:
    if isinstance(value, str) and value not in known:
        raise ProgramError(
            f"{where}: {value!r} is read before it is written; known here: "
            f"{', '.join(sorted(known))}."
        )
    if kind not in _WITHIN:
        return
    (least, most), allowed = _WITHIN[kind], _ALLOWED[kind]
    if isinstance(value, int):
        interval = (value, value)
        text = str(value)
    elif value in parameters and kind != "bits":
        interval = parameters[value]
        text = f"{value!r}, a parameter from {interval[0]} to {interval[1]}"
    else:
        raise ProgramError(f"{where}: {kind} = {value!r}; allowed: {allowed}.")
    if interval[0] < least or interval[1] > most:
        raise ProgramError(f"{where}: {kind} = {text}; allowed: {allowed}.")


def row_ranges(
    owner: str, rows: Sequence[Row], registers: Mapping[str, Interval]
) -> tuple[tuple[Interval, ...], dict[str, Interval]]:
    """Return the range of each row's result, and of each register after the last row.

    Interval arithmetic on exact integers (Moore 1966, *Interval Analysis*): each operand is taken
    as independent of the others, so a range may be wider than what can happen, never narrower.

    Parameters
    ----------
    owner : str
        The program, for messages.
    rows : sequence
        Rows from :func:`read_rows`.
    registers : mapping
        Range of each input, state and parameter before the first row.

    Raises
    ------
    ProgramError
        If a value can leave 64 bits, with the row and the range.
    """
    held, found = dict(registers), []
    for index, (destination, name, *operands) in enumerate(rows):
        ranges = [held[item] if isinstance(item, str) else (item, item) for item in operands]
        low, high = OPERATIONS[name].bounds(*ranges)
        if low < _INT64[0] or high > _INT64[1]:
            raise ProgramError(
                f"{owner}: row {index} ({row_text(rows[index])}) can be {_power(low)} to "
                f"{_power(high)}, beyond 64 bits; allowed: -2**63 to 2**63 - 1. Narrow its "
                "operands with sat or wrap, or declare narrower parameters."
            )
        found.append((low, high))
        if destination is not None:
            held[destination] = low, high
    return tuple(found), held


def _power(value: int) -> str:
    """Return an integer as text; a large one as the power of two above its magnitude."""
    if abs(value) < 1 << 32:
        return str(value)
    sign = "-" if value < 0 else ""
    return f"{sign}2**{(abs(value) - 1).bit_length()}"
