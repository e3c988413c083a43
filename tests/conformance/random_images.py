"""Random chip images, made to reach every register, limit and overflow, in two forms.

A :class:`RandomCase` holds plain integers, from which the emulator's image and the oracle's
compartments and synapses are built independently of each other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import oracle

from neurochip import LOIHI
from neurochip.compile_report import CompileReport
from neurochip.hardware import ChipSpec
from neurochip.image import (
    ChipImage,
    Compartments,
    InputSymbol,
    PopulationSymbol,
    Symbols,
    SynapseGroup,
)
from neurochip.registers import SignMode, SynapseFormat

# Fields that the chip's specification and the oracle's core share, by both names.
_SHARED = (
    "accumulator_bits",
    "state_bits",
    "decay_bits",
    "threshold_mantissa_bits",
    "threshold_shift",
    "bias_mantissa_bits",
    "bias_exponent_max",
    "weight_mantissa_bits",
    "weight_shift",
    "weight_exponent_min",
    "weight_exponent_max",
    "refractory_max",
    "delay_max",
    "vmin_exponent_max",
    "vmax_exponent_max",
)

WHAT_IFS: tuple[dict[str, int], ...] = (
    {},
    {"state_bits": 16, "accumulator_bits": 14, "threshold_mantissa_bits": 9},
    {"state_bits": 16, "accumulator_bits": 16, "decay_bits": 8, "weight_shift": 2},
    {"weight_mantissa_bits": 4, "decay_bits": 6},
    {"weight_mantissa_bits": 6, "weight_shift": 3, "threshold_shift": 3, "accumulator_bits": 18},
    {"decay_bits": 15, "state_bits": 28, "accumulator_bits": 22},
    {"decay_bits": 1, "state_bits": 12, "accumulator_bits": 10, "threshold_mantissa_bits": 4},
    {"delay_max": 255, "refractory_max": 255},
    {"delay_max": 0, "refractory_max": 1, "bias_exponent_max": 0},
    {"accumulator_bits": 22, "state_bits": 22, "weight_mantissa_bits": 12},
)
"""Cores that might have been, the first-generation chip first."""


@dataclass(eq=False)
class RandomCase:
    """Registers, synapses and inputs as integers; inputs on the oracle's register clock."""

    chip: ChipSpec
    core_size: int
    n_inputs: int
    n_steps: int
    registers: dict[str, list[int]]
    formats: list[tuple[str, int, int, int]]  # kind of source, exponent, bits, sign mode
    synapses: list[list[tuple[int, int, int, int]]]  # by format: source, target, mantissa, delay
    inputs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.registers["decay_u"])

    def image(self, symbols: Symbols | None = None) -> ChipImage:
        groups = [
            SynapseGroup.from_coo(
                "inputs" if kind == "input" else "compartments",
                self.n_inputs if kind == "input" else self.size,
                SynapseFormat(exponent, bits, SignMode(sign_mode)),
                pre=[s[0] for s in synapses],
                target=[s[1] for s in synapses],
                mantissa=[s[2] for s in synapses],
                delay=[s[3] for s in synapses],
            )
            for (kind, exponent, bits, sign_mode), synapses in zip(
                self.formats, self.synapses, strict=True
            )
            if synapses
        ]
        return ChipImage(
            chip=self.chip,
            core_ptr=np.array([*range(0, self.size, self.core_size), self.size]),
            compartments=Compartments.fill(
                self.chip.core, self.size, **{k: np.array(v) for k, v in self.registers.items()}
            ),
            n_inputs=self.n_inputs,
            synapses=tuple(groups),
            symbols=symbols,
        )

    def emulator_inputs(self) -> tuple[list[int], list[int]]:
        """Steps and sources for ``Emulator.run_steps``, whose inputs act one step later."""
        return [step - 1 for step, _ in self.inputs], [source for _, source in self.inputs]

    def run_oracle(self, noise: oracle.Noise | None = None) -> oracle.Trace:
        core = self.chip.core
        bits = tuple(range(core.weight_mantissa_bits + 1))
        own = oracle.Core(
            weight_bits=bits if core.weight_mantissa_bits != 8 else oracle.LOIHI.weight_bits,
            **{name: getattr(core, name) for name in _SHARED},
        )
        names = list(self.registers)
        compartments = [
            oracle.Compartment(core=own, **dict(zip(names, row, strict=True)))
            for row in zip(*self.registers.values(), strict=True)
        ]
        synapses = [
            oracle.Synapse((kind, source), target, mantissa, delay, exponent, bits, sign, own)
            for (kind, exponent, bits, sign), group in zip(self.formats, self.synapses, strict=True)
            for source, target, mantissa, delay in group
        ]
        return oracle.run(compartments, synapses, self.inputs, self.n_steps, noise)


def symbols_for(case: RandomCase, rng: np.random.Generator) -> Symbols:
    """Names and units for a case: two populations whose compartments lie in no order."""
    order = rng.permutation(case.size).astype(np.int32)
    cut = max(1, case.size // 3)
    parts = [("first", order[:cut]), ("second", order[cut:])]
    return Symbols(
        dt=0.5,
        populations=tuple(
            PopulationSymbol(
                name=name,
                compartments=ids,
                mv_per_lsb=rng.uniform(0.001, 0.1, len(ids)),
                origin=rng.uniform(-70, -60, len(ids)),
                v_reset=rng.uniform(-80, -70, len(ids)),
            )
            for name, ids in parts
            if len(ids)
        ),
        inputs=(InputSymbol("input", case.n_inputs),),
        report=CompileReport(chip="test", dt=0.5, options={}, rows=(), scales=(), resources={}),
    )


def random_case(rng: np.random.Generator, *, what_if: dict[str, int] | None = None) -> RandomCase:
    """Draw a case; about one in two is the first-generation chip."""
    if what_if is None:
        what_if = {} if rng.random() < 0.5 else WHAT_IFS[rng.integers(1, len(WHAT_IFS))]
    size = int(rng.choice([1, 2, 5, 17, 40, 130], p=[0.2, 0.1, 0.2, 0.2, 0.2, 0.1]))
    core_size = int(rng.choice([1, 3, 16, 64, 1024]))
    core_size = max(core_size, -(-size // 128))
    chip = LOIHI.what_if(name="random", compartments=core_size, **what_if)
    n_inputs = int(rng.choice([1, 3, 20]))
    n_steps = int(min(rng.choice([1, 7, 40, 150]), max(20, 6000 // size)))
    registers = _registers(rng, chip.core, size)
    formats, synapses = [], []
    for _ in range(int(rng.integers(0, 5))):
        fmt, group = _group(rng, chip.core, size, n_inputs)
        formats.append(fmt)
        synapses.append(group)
    n_spikes = int(rng.choice([0, 5, n_steps, 4 * n_steps]))
    inputs = [
        (int(step), int(source))
        for step, source in zip(
            rng.integers(0, n_steps, n_spikes), rng.integers(0, n_inputs, n_spikes), strict=True
        )
    ]
    inputs += [inputs[0]] * int(rng.integers(0, 4)) if inputs else []  # repeated in one step
    return RandomCase(
        chip=chip,
        core_size=core_size,
        n_inputs=n_inputs,
        n_steps=n_steps,
        registers=registers,
        formats=formats,
        synapses=synapses,
        inputs=inputs,
    )


def _registers(rng: np.random.Generator, core: Any, size: int) -> dict[str, list[int]]:
    top_decay = core.decay.maximum
    kind = rng.integers(0, 4)

    def draw(low: int, high: int) -> np.ndarray:
        """Small values, any value, or the ends of the range."""
        span = high - low
        few = low + np.minimum(rng.geometric(0.2, size) - 1, span)
        even = rng.integers(low, high + 1, size)
        ends = rng.choice([low, high], size)
        return np.choose(rng.choice(3, size, p=[0.4, 0.45, 0.15]), [few, even, ends])

    threshold_bits = core.threshold_mantissa_bits
    threshold = (2 ** rng.uniform(0, threshold_bits, size)).astype(np.int64) - 1
    bias = core.bias_mantissa
    signed = rng.choice([-1, 1], size) * (2 ** rng.uniform(0, core.bias_mantissa_bits - 1, size))
    registers = {
        "decay_u": draw(0, top_decay),
        "decay_v": draw(0, top_decay),
        "decay_u_offset": rng.integers(0, 2, size) if kind == 0 else np.ones(size, int),
        "decay_v_offset": rng.integers(0, 2, size) if kind == 0 else np.zeros(size, int),
        "threshold_mantissa": np.minimum(threshold, core.threshold_mantissa.maximum),
        "bias_mantissa": np.clip(signed.astype(np.int64), bias.minimum, bias.maximum)
        * rng.integers(0, 2, size),
        "bias_exponent": rng.integers(0, core.bias_exponent_max + 1, size),
        "refractory": np.minimum(draw(1, core.refractory_max), rng.choice([1, 3, 300])).clip(1),
        "vmin_exponent": draw(0, core.vmin_exponent_max)
        if kind == 1
        else np.full(size, core.vmin_exponent_max),
        "vmax_exponent": draw(0, core.vmax_exponent_max)
        if kind <= 1
        else np.full(size, core.vmax_exponent_max),
    }
    state = core.state.maximum
    vmin = np.maximum(1 - 2 ** registers["vmin_exponent"], -state)
    vmax = np.minimum(2 ** (9 + 2 * registers["vmax_exponent"]) - 1, state)
    v_init = rng.integers(vmin, vmax + 1) if kind == 2 else np.zeros(size, int)
    return {
        name: [int(x) for x in values] for name, values in {**registers, "v_init": v_init}.items()
    }


def join_some(case: RandomCase, rng: np.random.Generator) -> RandomCase:
    """The case with about half of its pairs joined, where a pair is on one core."""
    joined = [
        int(number % 2 == 1 and number % case.core_size != 0 and rng.random() < 0.5)
        for number in range(case.size)
    ]
    return dataclasses.replace(case, registers={**case.registers, "join": joined})


def _group(
    rng: np.random.Generator, core: Any, size: int, n_inputs: int
) -> tuple[tuple[str, int, int, int], list[tuple[int, int, int, int]]]:
    kind = str(rng.choice(["input", "neuron"]))
    sign = int(rng.integers(1, 4))
    bits = int(rng.integers(0, core.weight_mantissa_bits + 1))
    if core.weight_mantissa_bits == 8 and bits == 7:
        bits = 8
    exponent = int(rng.integers(core.weight_exponent_min, core.weight_exponent_max + 1))
    low, high = oracle.Core(weight_mantissa_bits=core.weight_mantissa_bits).mantissa_range(sign)
    if sign == oracle.MIXED and bits == 0:
        low = 0
    sources = n_inputs if kind == "input" else size
    n = int(rng.choice([1, 3, 2 * size, 8 * size]))
    most = int(rng.choice([0, 3, 62, 255]))
    delays = rng.integers(0, min(most, core.delay_max) + 1, n)
    columns = (
        rng.integers(0, sources, n),
        rng.integers(0, size, n),
        rng.integers(low, high + 1, n),
        delays,
    )
    synapses = [(int(a), int(b), int(c), int(d)) for a, b, c, d in zip(*columns, strict=True)]
    return (kind, exponent, bits, sign), synapses
