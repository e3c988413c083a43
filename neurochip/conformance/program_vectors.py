"""Reads golden vectors of neuron programs: inputs, parameters, and the state they must produce."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .._support.archive import Archive
from .._support.npz import opened, refusing
from .._support.values import read_only
from ..errors import ImageError
from ..programs import PROGRAMS
from ..typing import Int32Array

__all__ = ["PAYLOAD", "ProgramCase", "holds_program", "load_program_case"]

PAYLOAD = "payload"
"""Name of the output of a program among its expected values."""

_INPUTS = ("input_0", "input_1")
_RESET = ("reset_interval", "reset_offset")


@dataclass(frozen=True, eq=False)
class ProgramCase:
    """One golden vector of a neuron program: neurons side by side that do not interact.

    All arrays are read-only, of T steps or N neurons.

    Parameters
    ----------
    name : str
        Name of the vector: that of its file.
    program : str
        Name of the program in :data:`neurochip.programs.PROGRAMS`.
    options : tuple of str
        Further arguments of that function, such as ``("many",)``.
    source : str
        Where the expected values come from.
    inputs : tuple of (T, N)
        What arrives at each accumulator in each step, in units of a mantissa: the sum of mantissa
        times payload.
    parameters : dict of str to (N,)
        Parameters of the program.
    reset_interval, reset_offset : (N,) or None
        A neuron starts again from 0 in each step with ``step % interval == offset``; None: never.
    expected : dict of str to (T, N)
        Value of each recorded register at the end of each step, and of ``"payload"``, which is 0
        without a spike and 1 for a binary one.
    """

    name: str
    program: str
    options: tuple[str, ...]
    source: str
    inputs: tuple[Int32Array, ...]
    parameters: Mapping[str, Int32Array]
    reset_interval: Int32Array | None
    reset_offset: Int32Array | None
    expected: Mapping[str, Int32Array]

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return int(self.inputs[0].shape[0])

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.inputs[0].shape[1])

    @property
    def n_values(self) -> int:
        """Number of values to compare."""
        return sum(values.size for values in self.expected.values())


def holds_program(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a vector of a neuron program, not one of registers.

    Raises
    ------
    ImageError
        If the file is missing or damaged.
    """
    damage = refusing(path, "not a golden vector", "take a fresh copy", ImageError)
    with opened(path, ImageError, "the path of a golden vector (.npz)") as file, damage:
        return "program" in Archive(file)


def load_program_case(path: str | os.PathLike[str]) -> ProgramCase:
    """Read one vector of a neuron program.

    Raises
    ------
    ImageError
        If the file is missing, damaged, or not such a vector.
    """
    damage = refusing(path, "not a golden vector", "take a fresh copy", ImageError)
    with opened(path, ImageError, "the path of a golden vector (.npz)") as file, damage:
        return _case(Path(path).stem, Archive(file))


def _case(name: str, archive: Archive) -> ProgramCase:
    program = archive.text("program")
    if program not in PROGRAMS:
        raise ValueError(f"'program' is {program!r}, expected {', '.join(PROGRAMS)}")
    steps, neurons = archive.shape(_INPUTS[0])
    if not steps or not neurons:
        raise ValueError(f"'input_0' has shape {(steps, neurons)}, expected steps and neurons")
    inputs = [key for key in _INPUTS if key in archive]
    resets = [key for key in _RESET if key in archive]
    if len(resets) == 1:
        raise ValueError(f"{resets[0]!r} is there without the other of {', '.join(_RESET)}")
    parameters, expected = (
        {key.removeprefix(prefix): key for key in archive.names if key.startswith(prefix)}
        for prefix in ("parameter_", "expected_")
    )
    if not expected:
        raise ValueError("it expects nothing")
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys((*inputs, *expected.values()), (steps, neurons)),
        **dict.fromkeys((*parameters.values(), *resets), (neurons,)),
    }
    for key, shape in shapes.items():
        archive.expect(key, "iu", shape)
    arrays = {key: read_only(archive.int32(key, shape)) for key, shape in shapes.items()}
    if resets and (arrays[_RESET[0]] < 1).any():
        raise ValueError(f"{_RESET[0]!r} holds {arrays[_RESET[0]].min()}, expected at least 1")
    options = archive.array("options", "U", (None,)).tolist() if "options" in archive else []
    return ProgramCase(
        name=name,
        program=program,
        options=tuple(options),
        source=archive.text("source"),
        inputs=tuple(arrays[key] for key in inputs),
        parameters={each: arrays[key] for each, key in parameters.items()},
        reset_interval=arrays.get(_RESET[0]),
        reset_offset=arrays.get(_RESET[1]),
        expected={each: arrays[key] for each, key in expected.items()},
    )
