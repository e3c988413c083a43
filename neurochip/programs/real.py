"""The real twin of a neuron program: its rows in float64, without rounding and without widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .._support.foreign import nearest
from .._support.values import instance, items, reals, shown
from ..errors import ProgramError
from ..typing import Float64Array
from .program import NeuronProgram

__all__ = ["simulate_program"]


def _divided(a: Float64Array, bits: Float64Array) -> Any:
    return a / np.exp2(bits)


_REAL: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "mov": lambda a: a,
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "shl": lambda a, bits: a * np.exp2(bits),
        "asr": _divided,
        "rtz": _divided,
        "min": np.minimum,
        "max": np.maximum,
        "abs": np.abs,
        "gt": np.greater,
        "ge": np.greater_equal,
        "and": lambda a, b: a.astype(np.int64) & b.astype(np.int64),
        "sel": lambda c, a, b: np.where(c != 0, a, b),
        "sat": lambda a, _: a,
        "wrap": lambda a, _: a,
        "div": lambda a, divisor: np.floor(a / divisor),
        "emit": lambda x: x,
    }
)
"""Each operation acts so on real numbers."""


def simulate_program(
    program: NeuronProgram,
    inputs: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    state: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Float64Array], Float64Array]:
    """Run neurons of a program in float64: the equations that its integers approximate.

    Shifts divide and multiply without rounding, and ``sat`` and ``wrap`` do nothing. ``div`` still
    gives whole numbers, since it counts, and ``and`` combines the bits of whole parts. The
    difference to a run on the chip is the error of rounding and of limits.

    Parameters
    ----------
    program : NeuronProgram
        What each neuron does in a step.
    inputs : array_like, shape (n_steps, n_neurons), or sequence of two
        What each accumulator holds in each step, in units of a weight: one array, or two for a
        program with two inputs.
    parameters : mapping of str to float or array_like, shape (n_neurons,)
        All parameters of the program. Real numbers, also outside of their range: a limit may be
        infinite.
    state : mapping of str to float or array_like, shape (n_neurons,), optional
        Values of state registers before the first step. Default: 0.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_steps, n_neurons)
        Each state register at the end of each step.
    ndarray of float64, shape (n_steps, n_neurons)
        The payload: 0 without a spike.

    Raises
    ------
    ProgramError
        If an input is missing or has a wrong shape, or a register does not exist or has no value.

    Examples
    --------
    How far 24-bit integers of a resonator are from its equation after 200 steps is a question of a
    few lines; here it rings after one kick, and keeps 0.99 of its amplitude in each step:

    >>> import numpy as np
    >>> from neurochip import LOIHI2
    >>> from neurochip.programs import PROGRAMS
    >>> keep = 4096 * 0.99 * np.exp(2j * np.pi / 8)
    >>> values = {"keep_cos": keep.real, "keep_sin": keep.imag, "threshold": 1e9}
    >>> kick = np.zeros((200, 1))
    >>> kick[0] = 64 * 10_000
    >>> ring = PROGRAMS["resonate_and_fire"](LOIHI2.core)
    >>> states, _ = simulate_program(ring, [kick, 0 * kick], {**values, "input_exponent": 0})
    >>> round(float(np.hypot(states["re"], states["im"])[-1, 0]), 3)
    1353.33
    """
    instance(
        "program", "program", program, NeuronProgram, "a NeuronProgram(...)", error=ProgramError
    )
    owner = f"program {program.name!r}"
    arrived = _inputs(owner, program, inputs)
    n_steps, n_neurons = arrived[0].shape
    values = _values(owner, "parameter", program.parameters, parameters, n_neurons)
    missing = [name for name in program.parameters if name not in values]
    if missing:
        raise ProgramError(
            f"{owner}: parameter {missing[0]!r} is missing; allowed: a value for each of "
            f"{', '.join(program.parameters)}."
        )
    values |= dict.fromkeys(program.state, np.zeros(n_neurons))
    values |= _values(owner, "state", program.state, state, n_neurons)
    found = {name: np.empty((n_steps, n_neurons)) for name in program.state}
    payload = np.zeros((n_steps, n_neurons))
    for step in range(n_steps):
        for name, each in zip(program.inputs, arrived, strict=True):
            values[name] = each[step]
        for destination, operation, *operands in program.rows:
            read = [
                values[item] if isinstance(item, str) else np.float64(item) for item in operands
            ]
            result = np.asarray(_REAL[operation](*read), dtype=np.float64)
            if destination is None:
                payload[step] = result
            else:
                values[destination] = result
        for name, held in found.items():
            held[step] = values[name]
    return found, payload


def _inputs(owner: str, program: NeuronProgram, inputs: Any) -> list[Float64Array]:
    """Return one array of (n_steps, n_neurons) for each input of a program."""
    two = len(program.inputs) == 2
    allowed = "numbers, shape (n_steps, n_neurons)"
    if two:
        inputs = items(owner, "inputs", inputs, f"two arrays of {allowed}", error=ProgramError)
        if len(inputs) != 2:
            raise ProgramError(
                f"{owner}: {len(inputs)} inputs; allowed: two arrays, for "
                f"{' and '.join(program.inputs)}."
            )
    found: list[Float64Array] = []
    for name, each in zip(program.inputs, inputs if two else [inputs], strict=True):
        array = _numbers(owner, f"input {name!r}", each, allowed)
        if array.ndim != 2 or (found and array.shape != found[0].shape):
            wanted = str(found[0].shape) if found else "(n_steps, n_neurons)"
            raise ProgramError(
                f"{owner}: input {name!r} has shape {array.shape}; allowed: {wanted}."
            )
        found.append(array)
    return found


def _values(
    owner: str, kind: str, known: Any, given: Mapping[str, Any] | None, n_neurons: int
) -> dict[str, Float64Array]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        what = "state" if kind == "state" else "parameters"
        raise ProgramError(
            f"{owner}: {what} = {shown(given)}; allowed: a dict of names and numbers."
        )
    found = {}
    for name, value in given.items():
        if name not in known:
            raise ProgramError(
                f"{owner}: no {kind} {shown(name)}; there are {', '.join(known) or 'none'}."
                f"{nearest(kind, str(name), known)}"
            )
        allowed = f"a number or ({n_neurons},)"
        array = _numbers(owner, name, value, allowed)
        if array.shape not in {(), (n_neurons,)}:
            raise ProgramError(f"{owner}: {name} has shape {array.shape}; allowed: {allowed}.")
        found[name] = np.broadcast_to(array, n_neurons)
    return found


def _numbers(owner: str, name: str, value: Any, allowed: str) -> Float64Array:
    """Return numbers as float64; infinite ones are limits that never act, NaN is refused."""
    array = reals(owner, name, value, "", allowed=allowed, error=ProgramError).astype(np.float64)
    if np.isnan(array).any():
        raise ProgramError(f"{owner}: {name} = {shown(value)}; allowed: {allowed}.")
    return array
