"""Runs random neuron programs on the emulator, many in one image, for comparison.

Each neuron gets what arrives as the payload of one input spike per step over a synapse of weight 1,
so that every value reaches it unchanged.
"""

from __future__ import annotations

import numpy as np
from random_programs import random_program, random_run, run_interpreter

from neurochip import LOIHI2, Emulator, ProgramGroup, SignMode, Synapses, program

CHIP = LOIHI2.what_if(name="any", weight_shift=0, accumulator_bits=16, payload_bits=32)
NEURONS, STEPS = 5, 4
KINDS = ("program_clips", "program_wraps", "voltage_clips_low", "voltage_clips_high")


def random_programs(rng, number, **options):
    """Draw programs, and for each a random run of some neurons over some steps."""
    drawn = [random_program(rng, **options) for _ in range(number)]
    bits = CHIP.core.input_bits
    return [(item, random_run(item, rng, NEURONS, STEPS, bits)) for item in drawn]


def image_of(runs):
    """One image with a group of neurons for each program; two inputs reach each neuron."""
    groups, synapses, n = [], [], NEURONS * len(runs)
    for index, (item, (state, parameters, _)) in enumerate(runs):
        ids = np.arange(index * NEURONS, (index + 1) * NEURONS, dtype=np.int32)
        groups.append(ProgramGroup(item, ids, state.astype(np.int32), parameters.astype(np.int32)))
    for receptor in (0, 1):
        reached = np.concatenate(
            [group.compartments for group in groups if len(group.program.inputs) > receptor]
        )
        synapses.append(
            Synapses(
                "inputs", receptor * n + reached, reached, 1, SignMode.EXCITATORY, receptor=receptor
            )
        )
    return program(CHIP, {}, synapses, n_inputs=2 * n, n_compartments=n, programs=groups)


def run_emulator(runs):
    """Return for each program its states and payloads, and the numbers of overflows."""
    n = NEURONS * len(runs)
    arrived = np.zeros((STEPS, 2, n), dtype=np.int64)
    for index, (_, (_, _, given)) in enumerate(runs):
        arrived[:, : given.shape[1], index * NEURONS : (index + 1) * NEURONS] = given
    rows = arrived.reshape(STEPS, 2 * n)
    steps, sources = np.nonzero(rows)
    names = sorted({name for item, _ in runs for name in item.state})
    recording = Emulator(image_of(runs), warn=False, progress=False).run_steps(
        STEPS, steps - 1, sources, payloads=rows[steps, sources], record=names
    )
    payloads = np.zeros((STEPS, n), dtype=np.int64)
    who = "compartments"
    sent = recording.payloads.get(who, 1)
    payloads[recording.steps[who], recording.ids[who]] = sent
    held = {name: np.zeros((STEPS, n), dtype=np.int64) for name in names}
    for name, values in held.items():
        trace = recording.trace(who, name)
        values[:, trace.ids] = trace.values
    found = []
    for index, (item, _) in enumerate(runs):
        own = slice(index * NEURONS, (index + 1) * NEURONS)
        states = [held[name][:, own] for name in item.state]
        states = np.array(states, dtype=np.int64).reshape(len(states), STEPS, NEURONS)
        found.append((states.swapaxes(0, 1), payloads[:, own]))
    return found, {kind: recording.counters[kind] for kind in KINDS}


def differences(runs):
    """Return the programs for which the emulator and the interpreter differ, as text."""
    found, counts = run_emulator(runs)
    wrong, acted = [], dict.fromkeys(KINDS, 0)
    for (item, run), (states, payloads) in zip(runs, found, strict=True):
        right, sent, overflows = run_interpreter(item, *run)
        for _, _, kind in overflows:
            acted[kind] += 1
        if not np.array_equal(states, right) or not np.array_equal(payloads, sent):
            wrong.append(str(item))
    if counts != acted:
        wrong.append(f"counters {counts} instead of {acted}")
    return wrong
