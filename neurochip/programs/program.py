"""A neuron program: what a neuron does in a step, as a table of integer operations."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.text import counted
from .._support.values import ArrayValue, check_name, integer, items, read_only, shown
from ..errors import ProgramError
from ..typing import Int64Array
from .operations import OPERATIONS, Interval
from .rows import Row, read_rows, row_ranges, row_text

__all__ = ["NeuronProgram"]

_INT32 = (-(1 << 31), (1 << 31) - 1)
_MOST_BITS = 32
_MOST_ROWS = 512  # a kernel of this size compiles in half a minute
_OPERANDS = 3
_CODES = {name: code for code, name in enumerate(OPERATIONS)}


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronProgram(ArrayValue):
    """Says what a neuron does in a step: rows of operations on integer registers, in order.

    A row is ``(destination, operation, operand, ...)``, such as ``("v", "add", "v", "u")``.
    Operands are names of registers, or constants as integers. ``(None, "emit", "x")`` makes a spike
    if x is not 0. :data:`OPERATIONS` lists the operations. Each row computes with 64 bits and takes
    effect before the next one. A name that is not declared is a temporary, which lasts for one
    step.

    A program is checked when it is made: every name is written before it is read, no value can
    leave 64 bits, whatever arrives, and each state and the payload end within their width.

    Parameters
    ----------
    name : str
        Name shown in messages and reports.
    inputs : sequence of str
        One or two accumulators: the sum of what arrived in this step, in units of a weight
        (``mantissa << (weight_shift + exponent)``). Read-only.
    state : mapping of str to int
        Width in bits of each register that keeps its value from step to step, with its sign: 2 to
        32. Recordings know the register ``v`` as potential and ``u`` as current.
    parameters : mapping of str to (int, int)
        Lowest and highest value of each constant of a neuron, within 32 bits. Read-only. The host
        may write ``bias`` during a run. Rows such as ``("v", "max", "v", "vmin")`` and
        ``("v", "min", "v", "vmax")`` limit v, which is counted where it has an effect.
    rows : sequence of tuple
        The operations in their order.
    payload_bits : int
        Width of the payload of a spike with its sign, 2 to 32; 0 if spikes are binary, so that
        ``emit`` gets only 0 or 1.

    Raises
    ------
    ProgramError
        If a row breaks the grammar, a value can leave its width, or names clash.

    Examples
    --------
    A neuron that integrates its input without a leak, spikes at its threshold and goes on with what
    was left over:

    >>> NeuronProgram(
    ...     name="integrator",
    ...     state={"v": 24},
    ...     parameters={"threshold": (1, 8388607)},
    ...     rows=(
    ...         ("v", "add", "v", "a"),
    ...         ("fires", "ge", "v", "threshold"),
    ...         ("lowered", "sub", "v", "threshold"),
    ...         ("v", "sel", "fires", "lowered", "v"),
    ...         ("v", "sat", "v", 24),
    ...         (None, "emit", "fires"),
    ...     ),
    ... )
    NeuronProgram('integrator', 6 rows, 1 input, state v, parameters threshold)
    """

    name: str
    inputs: Sequence[str] = ("a",)
    state: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, Interval] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    payload_bits: int = 0

    def __post_init__(self) -> None:
        check_name("program", self.name, ProgramError)
        inputs = items(self._owner, "inputs", self.inputs, "one or two names", error=ProgramError)
        if len(inputs) not in {1, 2}:
            raise ProgramError(f"{self._owner}: {len(inputs)} inputs; allowed: one or two names.")
        state = {
            name: self._bits(f"state {name!r}", bits)
            for name, bits in _mapping(self._owner, "state", self.state, "its bits").items()
        }
        parameters = {
            name: self._interval(name, interval)
            for name, interval in _mapping(
                self._owner, "parameters", self.parameters, "(lowest, highest)"
            ).items()
        }
        _check_names(self._owner, [*inputs, *state, *parameters])
        payload = integer(self._owner, "payload_bits", self.payload_bits, error=ProgramError)
        given = items(self._owner, "rows", self.rows, "a list of rows", error=ProgramError)
        if not 1 <= len(given) <= _MOST_ROWS:
            raise ProgramError(f"{self._owner}: {len(given)} rows; allowed: 1 to {_MOST_ROWS}.")
        for name, value in (
            ("inputs", inputs),
            ("state", state),
            ("parameters", parameters),
            ("rows", read_rows(self._owner, given, inputs, tuple(state), parameters)),
            ("payload_bits", payload and self._bits("payload_bits", payload)),
        ):
            object.__setattr__(self, name, value)
        self.ranges()

    @property
    def _owner(self) -> str:
        return f"program {self.name!r}"

    def _bits(self, name: str, value: Any) -> int:
        bits = integer(self._owner, name, value, error=ProgramError)
        if not 2 <= bits <= _MOST_BITS:
            zero = ", or 0 for binary spikes" if name == "payload_bits" else ""
            raise ProgramError(
                f"{self._owner}: {name} = {shown(bits)}; allowed: 2 to {_MOST_BITS} bits{zero}."
            )
        return bits

    def _interval(self, name: str, value: Any) -> Interval:
        owner, allowed = self._owner, f"(lowest, highest) within {_INT32[0]} to {_INT32[1]}"
        ends = items(owner, f"parameter {name!r}", value, allowed, error=ProgramError)
        read = tuple(
            integer(owner, f"parameter {name!r}", end, allowed=allowed, error=ProgramError)
            for end in ends
        )
        if len(read) != 2 or not _INT32[0] <= read[0] <= read[1] <= _INT32[1]:
            raise ProgramError(f"{owner}: parameter {name!r} = {shown(value)}; allowed: {allowed}.")
        return read

    @functools.cached_property
    def temporaries(self) -> tuple[str, ...]:
        """Names of the registers that last for one step, in the order of their first row."""
        written = (row[0] for row in self.rows if row[0] is not None)
        return tuple(dict.fromkeys(name for name in written if name not in self.state))

    @functools.cached_property
    def constants(self) -> tuple[int, ...]:
        """The distinct constants of all rows, in the order of their first use."""
        used = (item for row in self.rows for item in row[2:] if isinstance(item, int))
        return tuple(dict.fromkeys(used))

    @functools.cached_property
    def table(self) -> Int64Array:
        """The rows as integers, shape (n_rows, 5): all that files and engines need.

        Columns: destination, code of the operation (its place in :data:`OPERATIONS`), and up to
        three operands; -1 means none. Registers are numbered in the order inputs, state,
        parameters, temporaries, constants.
        """
        registers: list[str | int] = [*self.inputs, *self.state, *self.parameters]
        registers += [*self.temporaries, *self.constants]
        numbers = {register: number for number, register in enumerate(registers)}
        table = np.full((len(self.rows), 2 + _OPERANDS), -1, dtype=np.int64)
        for entry, (destination, name, *operands) in zip(table, self.rows, strict=True):
            entry[0] = -1 if destination is None else numbers[destination]
            entry[1] = _CODES[name]
            entry[2 : 2 + len(operands)] = [numbers[item] for item in operands]
        return read_only(table)  # type: ignore[no-any-return]

    @classmethod
    def from_integers(
        cls,
        table: Int64Array,
        constants: Sequence[int],
        *,
        temporaries: Sequence[str],
        **declared: Any,
    ) -> NeuronProgram:
        """Return the program of a :attr:`table` and its constants.

        Parameters
        ----------
        table : ndarray of int64, shape (n_rows, 5)
            See :attr:`table`.
        constants : sequence of int
            Values of the constants.
        temporaries : sequence of str
            Names of the temporaries.
        **declared
            All other fields of the program.

        Raises
        ------
        ProgramError
            If a number stands for no register or operation, or the program is not allowed.
        """
        fields = (declared[name] for name in ("inputs", "state", "parameters"))
        names: list[str | int] = [name for part in fields for name in part]
        names += [*temporaries, *(int(value) for value in constants)]
        operations = tuple(OPERATIONS)
        rows: list[Any] = []
        for index, (destination, code, *operands) in enumerate(table.tolist()):
            used = [item for item in operands if item != -1]
            if not (
                0 <= code < len(operations)
                and -1 <= destination < len(names)
                and all(0 <= item < len(names) for item in used)
            ):
                raise ProgramError(
                    f"program {declared['name']!r}: row {index} of the table = "
                    f"{table[index].tolist()}; allowed: numbers of {len(operations)} operations "
                    f"and {len(names)} registers."
                )
            written = None if destination == -1 else names[destination]
            rows.append((written, operations[code], *(names[item] for item in used)))
        return cls(rows=rows, **declared)

    def ranges(self, input_bits: int = 32) -> tuple[Interval, ...]:
        """Return the lowest and the highest value of each row's result.

        Parameters
        ----------
        input_bits : int
            Width of the accumulators with their sign. The default covers every chip.

        Raises
        ------
        ProgramError
            If a value can leave 64 bits, or a state or the payload can end outside its width.
        """
        before = {
            **dict.fromkeys(self.inputs, _width(input_bits)),
            **{name: _width(bits) for name, bits in self.state.items()},
            **self.parameters,
        }
        ranges, after = row_ranges(self._owner, self.rows, before)
        for name, bits in self.state.items():
            written = [index for index, row in enumerate(self.rows) if row[0] == name]
            if written:
                self._check_end(written[-1], f"state {name!r}", after[name], bits)
        for index, row in enumerate(self.rows):
            if row[1] == "emit":
                self._check_end(index, "the payload", ranges[index], self.payload_bits)
        return ranges

    def _check_end(self, index: int, what: str, found: Interval, bits: int) -> None:
        """Raise unless what a row leaves fits its width; 0 bits are those of a binary spike."""
        width = _width(bits) if bits else (0, 1)
        if found[0] < width[0] or found[1] > width[1]:
            remedy = (
                "End with sat or wrap, or declare more bits."
                if bits
                else "Emit a comparison such as gt, or declare payload_bits."
            )
            allowed = f"with {bits} bits" if bits else "for a binary spike (payload_bits = 0)"
            raise ProgramError(
                f"{self._owner}: row {index} ({row_text(self.rows[index])}): {what} can be "
                f"{found[0]} to {found[1]}; allowed {allowed}: {width[0]} to {width[1]}. {remedy}"
            )

    def __str__(self) -> str:
        return "\n".join([repr(self), *(f"  {row_text(row)}" for row in self.rows)])

    def __repr__(self) -> str:
        named = {"state": self.state, "parameters": self.parameters}
        return line(
            self,
            repr(self.name),
            counted(len(self.rows), "row"),
            counted(len(self.inputs), "input"),
            *(f"{kind} {' '.join(names)}" for kind, names in named.items() if names),
            *([f"payload of {self.payload_bits} bits"] if self.payload_bits else []),
        )


def _width(bits: int) -> Interval:
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _mapping(owner: str, name: str, value: Any, each: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise ProgramError(
            f"{owner}: {name} = {shown(value)}; allowed: a dict of names, each with {each}."
        )
    return dict(value)


def _check_names(owner: str, names: Sequence[Any]) -> None:
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.isidentifier():
            raise ProgramError(
                f"{owner}: a register is named {shown(name)}; allowed: letters, digits and _."
            )
        if name in names[:place]:
            raise ProgramError(
                f"{owner}: the name {name!r} is used twice; allowed: different names for inputs, "
                "state and parameters."
            )
