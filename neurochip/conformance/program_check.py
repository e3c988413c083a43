"""Repeats golden vectors of neuron programs, and compares every recorded value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..chip.presets import LOIHI2
from ..chip.spec import ChipSpec
from ..emulator import Emulator
from ..image import ChipImage, PeriodicReset, ProgramGroup
from ..image.program import SignMode, Synapses, program
from ..programs import PROGRAMS
from ..recording import Recording
from ..typing import Int32Array
from .check import Difference
from .differences import differences
from .program_vectors import PAYLOAD, ProgramCase

__all__ = ["Agreement", "check_program_case", "program_image_of"]

_WHO = "compartments"


@dataclass(frozen=True)
class Agreement:
    """Counts the values of a vector that were compared and that differ; names the first.

    Parameters
    ----------
    values : int
        Number of values that were compared.
    wrong : int
        Number of those that differ.
    first : Difference or None
        The first that differs, by step; None if all are equal.
    """

    values: int
    wrong: int
    first: Difference | None


def program_image_of(case: ProgramCase, chip: ChipSpec = LOIHI2) -> ChipImage:
    """Build the image of a vector: one input for each accumulator of each neuron, with weight 1.

    Inputs ``0`` to ``n_neurons - 1`` reach the first accumulators, the others the second ones.

    Parameters
    ----------
    case : ProgramCase
        The vector.
    chip : ChipSpec
        A chip with programmable cores.

    Raises
    ------
    ImageError
        If the chip cannot hold the vector.
    ProgramError
        If the core cannot run its program.
    """
    neurons = np.arange(case.n_neurons, dtype=np.int32)
    synapses = [
        Synapses(
            "inputs",
            pre=neurons + receptor * case.n_neurons,
            target=neurons,
            mantissa=1,
            sign_mode=SignMode.EXCITATORY,
            receptor=receptor,
        )
        for receptor in range(len(case.inputs))
    ]
    neuron = PROGRAMS[case.program](chip.core, *case.options)
    return program(
        chip,
        {},
        synapses,
        n_inputs=case.n_neurons * len(case.inputs),
        n_compartments=case.n_neurons,
        programs=[ProgramGroup.fill(neuron, neurons, parameters=case.parameters)],
        resets=_resets(case),
    )


def _resets(case: ProgramCase) -> list[PeriodicReset]:
    if case.reset_interval is None or case.reset_offset is None:
        return []
    when = np.stack([case.reset_interval, case.reset_offset], axis=1)
    kinds, which = np.unique(when, axis=0, return_inverse=True)
    return [
        PeriodicReset(
            np.flatnonzero(which.ravel() == index).astype(np.int32), int(interval), int(offset)
        )
        for index, (interval, offset) in enumerate(kinds)
    ]


def check_program_case(
    case: ProgramCase, chip: ChipSpec = LOIHI2, *, threads: int | None = None
) -> Agreement:
    """Run a vector of a neuron program and compare every recorded value.

    Parameters
    ----------
    case : ProgramCase
        The vector.
    chip : ChipSpec
        A chip with programmable cores.
    threads : int, optional
        Number of threads of the emulator.

    Raises
    ------
    ImageError
        If the chip cannot hold the vector.
    ProgramError
        If the core cannot run its program.
    """
    emulator = Emulator(program_image_of(case, chip), warn=False, threads=threads, progress=False)
    arrived = np.concatenate(case.inputs, axis=1)
    steps, inputs = np.nonzero(arrived)
    # What arrives in step s was sent in the step before.
    recording = emulator.run_steps(
        case.n_steps,
        steps - 1,
        inputs,
        payloads=arrived[steps, inputs],
        record=[name for name in case.expected if name != PAYLOAD],
    )
    found = {name: _found(case, recording, name) for name in case.expected}
    wrong, place_of_first = differences(found, case.expected)
    first = None
    if place_of_first is not None:
        name, (step, neuron) = place_of_first
        expected = int(case.expected[name][step, neuron])
        first = Difference(step, neuron, name, expected, int(found[name][step, neuron]))
    return Agreement(case.n_values, wrong, first)


def _found(case: ProgramCase, recording: Recording, name: str) -> Int32Array:
    """Return the values of a register, or of the payload, as (steps, neurons)."""
    if name != PAYLOAD:
        return recording.trace(_WHO, name).values  # type: ignore[no-any-return]
    grid = np.zeros((case.n_steps, case.n_neurons), dtype=np.int32)
    # Binary spikes carry no payload and count 1.
    grid[recording.steps[_WHO], recording.ids[_WHO]] = recording.payloads.get(_WHO, 1)
    return grid
