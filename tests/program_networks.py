"""A slow model of networks whose neurons run programs, and random ones to compare with.

Plain Python integers, one neuron and one spike at a time: it restates
``docs/reference/core-semantics.md`` and shares no code with the engine.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict

import numpy as np
import oracle
from program_interpreter import ACTED, interpret, voltage_clips

from neurochip import LOIHI2
from neurochip.chip.fixedpoint import Overflow
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.image import ChipImage, Compartments, PeriodicReset, ProgramGroup, SynapseGroup
from neurochip.programs import NeuronProgram

INTEGRATOR = NeuronProgram(
    name="integrator",
    state={"v": 18},
    parameters={"threshold": (1, 100_000)},
    payload_bits=12,
    rows=(
        ("v", "add", "v", "a"),
        ("v", "sat", "v", 18),
        ("size", "abs", "v"),
        ("fires", "ge", "size", "threshold"),
        ("sent", "sel", "fires", "v", 0),
        ("v", "sub", "v", "sent"),
        ("v", "wrap", "v", 18),
        ("payload", "asr", "sent", 7),
        ("payload", "sat", "payload", 12),
        (None, "emit", "payload"),
    ),
)
"""Sends all that it holds once that reaches the threshold; its widths are easily exceeded."""

LEAKY_PAIR = NeuronProgram(
    name="leaky_pair",
    inputs=("excitation", "inhibition"),
    state={"e": 24, "i": 24, "v": 24},
    parameters={"keep": (0, 4096), "bias": (-1000, 1000), "threshold": (1, 1 << 22)},
    rows=(
        *((name, "mul", name, "keep") for name in ("e", "i")),
        *((name, "rtz", name, 12) for name in ("e", "i")),
        ("e", "add", "e", "excitation"),
        ("i", "add", "i", "inhibition"),
        *((name, "wrap", name, 24) for name in ("e", "i")),
        ("v", "add", "v", "e"),
        ("v", "sub", "v", "i"),
        ("v", "add", "v", "bias"),
        ("v", "wrap", "v", 24),
        ("spike", "gt", "v", "threshold"),
        ("v", "sel", "spike", 0, "v"),
        (None, "emit", "spike"),
    ),
)
"""Two accumulators, a bias that the host may write, and binary spikes."""

LIMITED_PAIR = dataclasses.replace(
    LEAKY_PAIR,
    name="limited_pair",
    parameters={**LEAKY_PAIR.parameters, "vmin": (1 - (1 << 20), 0), "vmax": (1, 1 << 22)},
    rows=(
        *LEAKY_PAIR.rows[:-3],
        ("v", "max", "v", "vmin"),
        ("v", "min", "v", "vmax"),
        *LEAKY_PAIR.rows[-3:],
    ),
)
"""The same with limits of v."""


def slow_run(image, spikes, n_steps, writes=()):
    """Return spikes (step, compartment, payload), states by step, and counters of overflows.

    ``spikes`` are (step of arrival, input, payload), ``writes`` (step, compartment, bias).
    """
    core, n = image.chip.core, image.n_compartments
    owner = {int(c): (g, k) for g in image.programs for k, c in enumerate(g.compartments)}
    start = [
        dict(
            zip(owner[c][0].program.state, owner[c][0].state[:, owner[c][1]].tolist(), strict=True)
        )
        for c in range(n)
    ]
    constants = [
        dict(
            zip(
                owner[c][0].program.parameters,
                owner[c][0].parameters[:, owner[c][1]].tolist(),
                strict=True,
            )
        )
        for c in range(n)
    ]
    state = [dict(each) for each in start]
    ring = defaultdict(int)  # by (step, compartment, receptor, group)
    sent, states, counts = [], [], Counter()
    rule = {
        Overflow.WRAP: oracle.WRAP,
        Overflow.WRAP_UP: oracle.WRAP_UP,
        Overflow.NONE: oracle.NONE,
    }
    plain = oracle.Core(weight_shift=0, weight_clips=False, exponent_on_sum=core.exponent_on_sum)

    def send(kind, source, payload, step):
        for number, group in enumerate(image.synapses):
            if group.source != kind:
                continue
            for s in range(group.indptr[source], group.indptr[source + 1]):
                delay = int(group.delay[s]) if len(group.delay) else 0
                form = group.format
                weight = oracle.decode_weight(
                    int(group.mantissa[s]),
                    form.weight_exponent,
                    form.weight_bits,
                    int(form.sign_mode),
                    plain,
                )
                key = (step + delay, int(group.target[s]), group.receptor, number)
                ring[key] += weight * payload
                counts["synaptic_events"] += 1

    last = []
    for step in range(n_steps):
        for at, compartment, bias in writes:
            if at == step:
                constants[compartment]["bias"] = bias
        for reset in image.resets:
            if step % reset.interval == reset.offset:
                for c in reset.compartments.tolist():
                    state[c] = dict(start[c])
        for _, source, payload in (each for each in spikes if each[0] == step):
            send("inputs", source, payload, step)
        for source, payload in last:
            send("compartments", source, payload, step)
        last = []
        for c in range(n):
            program = owner[c][0].program
            registers = {**constants[c], **state[c]}
            for receptor, name in enumerate(program.inputs):
                total = 0
                for number, group in enumerate(image.synapses):
                    if group.receptor == receptor:
                        part = ring[step, c, receptor, number]
                        exponent = group.format.weight_exponent
                        on_sum = core.exponent_on_sum and exponent < 0
                        total += part // 2**-exponent if on_sum else part
                total *= 2**core.weight_shift
                fitted = oracle.fit(total, core.accumulator_bits, rule[core.accumulator_overflow])
                counts["accumulator_wraps"] += fitted != total
                registers[name] = fitted
            counts.update(voltage_clips(program, registers, 1 - 2**core.vmin_exponent_max))
            payload, clipped = interpret(program.rows, registers)
            counts.update(ACTED[program.rows[row][1]] for row in clipped)
            state[c] = {name: registers[name] for name in program.state}
            if payload:
                sent.append((step, c, payload))
                last.append((c, payload))
        states.append([dict(each) for each in state])
    return sent, states, counts


def random_network(rng, *, on_sum=True, overflow=Overflow.WRAP):
    """Draw an image of both programs and LIF-free groups in any order, and its inputs.

    Returns the image, spikes as rows (step of arrival, input, payload) and the number of steps.
    """
    chip = LOIHI2.what_if(
        exponent_on_sum=on_sum,
        accumulator_overflow=overflow,
        accumulator_bits=20,
        weight_shift=4,
        vmin_exponent_max=20,
    )
    size, n_inputs = int(rng.choice([2, 9, 70, 130])), int(rng.integers(1, 6))
    n_steps = int(rng.integers(3, 25))
    pairs = rng.random(size) < 0.5
    pairs[:2] = True, False
    programs = []
    for program, mine in ((LIMITED_PAIR, pairs), (INTEGRATOR, ~pairs)):
        ids = np.flatnonzero(mine).astype(np.int32)
        half = rng.random(len(ids)) < 0.5  # one program in two groups
        parts = [part for part in (ids[half], ids[~half]) if part.size]
        programs += [_random_group(rng, program, part) for part in parts]
    groups = [
        _random_synapses(rng, chip.core, size, n_inputs, np.flatnonzero(pairs))
        for _ in range(int(rng.integers(1, 6)))
    ]
    resets = [
        PeriodicReset(
            np.sort(rng.choice(size, size=max(1, size // 2), replace=False)).astype(np.int32),
            interval,
            int(rng.integers(0, interval)),
        )
        for interval in rng.integers(1, 9, int(rng.integers(0, 3))).tolist()
    ]
    image = ChipImage(
        chip=chip,
        core_ptr=np.array([0, size]),
        compartments=Compartments.fill(chip.core, size),
        n_inputs=n_inputs,
        synapses=tuple(groups),
        programs=tuple(programs),
        resets=tuple(resets),
    )
    n = int(rng.integers(1, 8 * n_steps))
    payloads = rng.integers(-(1 << 11), 1 << 11, n) >> rng.integers(0, 11, n)
    spikes = np.stack(
        [rng.integers(0, n_steps, n), rng.integers(0, n_inputs, n), np.where(payloads, payloads, 1)]
    )
    return image, [tuple(each) for each in spikes.T.tolist()], n_steps


def _random_group(rng, program, ids):
    state = {
        name: rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), len(ids)) >> rng.integers(0, bits)
        for name, bits in program.state.items()
    }
    parameters = {
        name: rng.integers(low, max(low + 1, high >> int(rng.integers(0, 8))), len(ids))
        for name, (low, high) in program.parameters.items()
    }
    if "vmin" in parameters:  # that of the register for many, and of the model for others
        parameters["vmin"] = rng.choice([program.parameters["vmin"][0], -5000], len(ids))
    return ProgramGroup.fill(program, ids, state=state, parameters=parameters)


def _random_synapses(rng, core, size, n_inputs, pairs):
    source = str(rng.choice(["inputs", "compartments"]))
    n_sources = n_inputs if source == "inputs" else size
    receptor = int(rng.random() < 0.3)
    targets = pairs if receptor else np.arange(size)
    n = int(rng.choice([1, size, 4 * size]))
    pre, target = rng.integers(0, n_sources, n), rng.choice(targets, n)
    if rng.random() < 0.3:  # whole rows, whose targets are consecutive
        pre = np.repeat(rng.permutation(n_sources)[:4], len(targets))
        target = np.tile(targets, min(n_sources, 4))
    return SynapseGroup.from_coo(
        source,
        n_sources,
        SynapseFormat(int(rng.integers(-6, 4)), 8, SignMode.MIXED),
        pre=pre,
        target=target,
        mantissa=rng.integers(-128, 128, len(pre)) * 2,
        delay=rng.integers(0, int(rng.choice([1, 2, 9])), len(pre)),
        receptor=receptor,
    )
