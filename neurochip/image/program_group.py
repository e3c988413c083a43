"""Neurons that run a program, and the periodic reset of state.

Import these names from ``neurochip.image``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.text import counted
from .._support.values import MOST_IDS, ArrayValue, instance, integer, shown
from ..errors import ImageError
from ..programs import NeuronProgram
from ..typing import Int32Array
from .parts import check_array, narrow, whole_numbers

__all__ = ["PeriodicReset", "ProgramGroup"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class ProgramGroup(ArrayValue):
    """Compartments that run a program instead of the LIF neuron of the core.

    Build one with :meth:`fill`, which takes numbers and names.

    Parameters
    ----------
    program : NeuronProgram
        What each compartment does in a step.
    compartments : ndarray of int32, shape (n,)
        Their numbers, rising.
    state : ndarray of int32, shape (n_state, n)
        Value of each state register before the first step, in the order of the program.
    parameters : ndarray of int32, shape (n_parameters, n)
        Value of each parameter, in the order of the program.

    Raises
    ------
    ImageError
        If a shape or a type is wrong, or a value is outside its width or its declared range.
    """

    program: NeuronProgram
    compartments: Int32Array
    state: Int32Array
    parameters: Int32Array

    def __post_init__(self) -> None:
        allowed = "a NeuronProgram(...)"
        instance("program group", "program", self.program, NeuronProgram, allowed, error=ImageError)
        check_ids(self._owner, self.compartments)
        program, n = self.program, len(self.compartments)
        ranges = {
            "state": {
                name: (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
                for name, bits in program.state.items()
            },
            "parameters": program.parameters,
        }
        for part, registers in ranges.items():
            values = getattr(self, part)
            _check_table(self._owner, part, values, (len(registers), n))
            for (name, (low, high)), row in zip(registers.items(), values, strict=True):
                outside = (row < low) | (row > high)
                if outside.any():
                    first = int(np.argmax(outside))
                    raise ImageError(
                        f"{self._owner}: {name} of compartment {self.compartments[first]} = "
                        f"{row[first]}; allowed: {low} to {high}."
                    )

    @property
    def _owner(self) -> str:
        return f"program {self.program.name!r}"

    @classmethod
    def fill(
        cls,
        program: NeuronProgram,
        compartments: Any,
        *,
        state: Mapping[str, Any] = _NOTHING,
        parameters: Mapping[str, Any] = _NOTHING,
    ) -> ProgramGroup:
        """Build a group from numbers or arrays by name.

        Parameters
        ----------
        program : NeuronProgram
            What each compartment does in a step.
        compartments : array_like of int, shape (n,)
            Their numbers, rising.
        state : mapping of str to int or array_like of int, shape (n,), optional
            Values before the first step. Default: 0.
        parameters : mapping of str to int or array_like of int, shape (n,)
            All parameters of the program.

        Raises
        ------
        ImageError
            If a name does not exist, a parameter is missing, or a value is not allowed.
        """
        allowed = "a NeuronProgram(...)"
        instance("program group", "program", program, NeuronProgram, allowed, error=ImageError)
        owner = f"program {program.name!r}"
        ids = narrow(owner, "compartment", compartments, np.int32)
        if ids.ndim != 1:
            raise ImageError(
                f"{owner}: compartments have shape {ids.shape}; allowed: a list of numbers."
            )
        for name, values in (("state", state), ("parameters", parameters)):
            if not isinstance(values, Mapping):
                raise ImageError(
                    f"{owner}: {name} = {shown(values)}; allowed: a dict of numbers or arrays."
                )
        missing = [name for name in program.parameters if name not in parameters]
        if missing:
            raise ImageError(
                f"{owner}: parameter {missing[0]!r} is missing; allowed: a value for each of "
                f"{', '.join(program.parameters)}."
            )
        return cls(
            program,
            ids,
            _rows(owner, "state", program.state, state, len(ids)),
            _rows(owner, "parameter", program.parameters, parameters, len(ids)),
        )

    def integers(self) -> tuple[str, list[Any]]:
        """Return all integers of the group for a digest, as text and arrays; names are none."""
        program = self.program
        widths = len(program.inputs), tuple(program.state.values())
        text = repr((*widths, tuple(program.parameters.values()), program.payload_bits))
        constants = np.array(program.constants, dtype=np.int64)
        arrays = [self.compartments, self.state, self.parameters]
        return f"program {text}", [program.table, constants, *arrays]

    def __len__(self) -> int:
        return len(self.compartments)

    def __repr__(self) -> str:
        return line(self, repr(self.program.name), counted(len(self), "compartment"))


@dataclass(frozen=True, eq=False)
class PeriodicReset(ArrayValue):
    """Compartments whose state goes back to its initial values every ``interval`` steps.

    It happens before each step s with ``s % interval == offset``, also before step ``offset``
    itself: u and v, or all state of a program, and the refractory counter. Spikes in transit stay.

    Parameters
    ----------
    compartments : ndarray of int32, shape (n,)
        Their numbers, rising.
    interval : int
        Steps between two resets, at least 1.
    offset : int
        First step with a reset before it: 0 to ``interval - 1``.

    Raises
    ------
    ImageError
        If a value is not allowed.
    """

    compartments: Int32Array
    interval: int
    offset: int = 0

    def __post_init__(self) -> None:
        check_ids("periodic reset", self.compartments)
        interval = integer(
            "periodic reset",
            "interval",
            self.interval,
            at_least=1,
            at_most=MOST_IDS,
            error=ImageError,
        )
        object.__setattr__(self, "interval", interval)
        offset = integer(
            "periodic reset",
            "offset",
            self.offset,
            at_least=0,
            at_most=interval - 1,
            error=ImageError,
        )
        object.__setattr__(self, "offset", offset)

    def integers(self) -> tuple[str, list[Any]]:
        """Return all integers of the reset for a digest, as text and arrays."""
        return f"reset {self.interval}, {self.offset}", [self.compartments]

    def __repr__(self) -> str:
        every = f"every {counted(self.interval, 'step')} from step {self.offset}"
        return line(self, counted(len(self.compartments), "compartment"), every)


def check_ids(owner: str, ids: Any) -> None:
    """Raise :class:`ImageError` unless ids are rising numbers of compartments, at least one."""
    check_array(owner, "compartments", ids, np.int32)
    if not len(ids) or ids[0] < 0 or (np.diff(ids) <= 0).any():
        raise ImageError(
            f"{owner}: compartments = {shown(ids.tolist())}; allowed: rising numbers of "
            "compartments, at least one."
        )


def _check_table(owner: str, name: str, values: Any, shape: tuple[int, int]) -> None:
    if not isinstance(values, np.ndarray) or values.dtype != np.int32 or values.shape != shape:
        found = (
            f"has shape {values.shape} and type {values.dtype}"
            if isinstance(values, np.ndarray)
            else f"= {shown(values)}"
        )
        raise ImageError(f"{owner}: {name} {found}; allowed: an array of int32, shape {shape}.")


def _rows(owner: str, kind: str, known: Any, given: Mapping[str, Any], size: int) -> Int32Array:
    """Return the values of registers by name as an array, one row for each; 0 if not given."""
    for name, value in given.items():
        if name not in known:
            raise ImageError(
                f"{owner}: no {kind} {name!r}; there are {', '.join(known) or 'none'}."
            )
        shape = whole_numbers(owner, name, value).shape
        if shape not in {(), (size,)}:
            raise ImageError(f"{owner}: {name} has shape {shape}; allowed: a number or ({size},).")
    rows = np.zeros((len(known), size), dtype=np.int32)
    for row, name in zip(rows, known, strict=True):
        row[:] = narrow(owner, name, given.get(name, 0), np.int32)
    return rows
