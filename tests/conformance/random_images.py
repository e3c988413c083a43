"""Random chip images in two forms, designed to reach every register, limit and overflow.

A :class:`RandomCase` holds plain integers, from which the emulator's image and the oracle's
compartments and synapses are built independently of each other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import oracle
from against_oracle import core_of

from neurochip import LOIHI
from neurochip.chip.fixedpoint import Overflow, Rounding
from neurochip.chip.presets import PRESETS
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.chip.spec import ChipSpec
from neurochip.image import (
    ChipImage,
    Compartments,
    InputSymbol,
    Noise,
    PopulationSymbol,
    PowerGain,
    ReceptorSymbol,
    Symbols,
    SynapseGroup,
    SynapseSymbol,
)
from neurochip.image.report import CompileReport

_WRAPS = (Overflow.WRAP, Overflow.WRAP_UP, Overflow.NONE)
RULES: dict[str, tuple[Any, ...]] = {
    "accumulator_overflow": _WRAPS,
    "current_overflow": _WRAPS,
    "input_overflow": _WRAPS,
    "voltage_overflow": (Overflow.CLIP, Overflow.NONE),
    "weight_rounding": (Rounding.FLOOR, Rounding.TOWARD_ZERO, Rounding.NEAREST),
    "weight_clips": (True, False),
    "exponent_on_sum": (False, True),
}
"""The rules in which open emulators differ, and all that a core may do."""

WHAT_IFS: tuple[dict[str, int], ...] = (
    {},
    {"state_bits": 16, "accumulator_bits": 14, "threshold_mantissa_bits": 9},
    {"state_bits": 16, "accumulator_bits": 16, "decay_bits": 8, "weight_shift": 2},
    {"weight_mantissa_bits": 4, "decay_bits": 6},
    {"weight_mantissa_bits": 6, "weight_shift": 3, "threshold_shift": 3, "accumulator_bits": 18},
    {"weight_mantissa_bits": 6, "state_bits": 16, "accumulator_bits": 16, "decay_bits": 8},
    {"weight_shift": 0, "threshold_shift": 0, "accumulator_bits": 16, "bias_exponent_max": 10},
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
    noise: oracle.Noise | None = None  # its plain integers serve both forms
    writes: list[tuple[int, int, int, int]] = field(default_factory=list)  # as of oracle.run

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
        noise = None
        if self.noise is not None:
            noise = Noise(
                np.array(self.noise.enabled, dtype=np.int32),
                self.noise.exponent,
                self.noise.mantissa_offset,
                bool(self.noise.at_membrane),
                self.noise.seed,
            )
        return ChipImage(
            chip=self.chip,
            core_ptr=np.array([*range(0, self.size, self.core_size), self.size]),
            compartments=Compartments.fill(
                self.chip.core, self.size, **{k: np.array(v) for k, v in self.registers.items()}
            ),
            n_inputs=self.n_inputs,
            synapses=tuple(groups),
            noise=noise,
            symbols=symbols,
        )

    @property
    def draws(self) -> np.ndarray | None:
        """Return draws of noise for ``Emulator.run_steps``."""
        if self.noise is None or self.noise.raw is None:
            return None
        return np.array(self.noise.raw, dtype=np.int64).reshape(self.n_steps, self.size)

    def emulator_inputs(self) -> tuple[list[int], list[int]]:
        """Return steps and sources for ``Emulator.run_steps``, whose inputs act one step later."""
        return [step - 1 for step, _ in self.inputs], [source for _, source in self.inputs]

    def run_oracle(self, rules: oracle.Rules = oracle.RULES) -> oracle.Trace:
        own = core_of(self.chip.core)
        names = list(self.registers)
        compartments = [
            oracle.Compartment(core=own, **dict(zip(names, row, strict=True)))
            for row in zip(*self.registers.values(), strict=True)
        ]
        synapses = [
            oracle.Synapse(
                (kind, source), target, mantissa, delay, exponent, bits, sign, own, group
            )
            for group, ((kind, exponent, bits, sign), listed) in enumerate(
                zip(self.formats, self.synapses, strict=True)
            )
            for source, target, mantissa, delay in listed
        ]
        return oracle.run(
            compartments, synapses, self.inputs, self.n_steps, self.noise, rules, self.writes
        )


def symbols_for(case: RandomCase, rng: np.random.Generator) -> Symbols:
    """Return symbols for a case: two populations with shuffled compartments."""
    order = rng.permutation(case.size).astype(np.int32)
    cut = max(1, case.size // 3)
    parts = [("first", order[:cut]), ("second", order[cut:])]
    return Symbols(
        dt=0.5,
        populations=tuple(
            PopulationSymbol(
                name=name,
                compartment_ids=ids,
                mv_per_lsb=rng.uniform(0.001, 0.1, len(ids)),
                origin=rng.uniform(-70, -60, len(ids)),
                v_reset=rng.uniform(-80, -70, len(ids)),
                child_ids=np.empty(0, dtype=np.int32),
                receptors=(ReceptorSymbol(name="tau_syn", gain=np.ones(len(ids))),),
                gain_rule=PowerGain(1.0, 1.0),
            )
            for name, ids in parts
            if len(ids)
        ),
        inputs=(InputSymbol("input", case.n_inputs),),
        synapses=tuple(
            SynapseSymbol(f"group {index}", "first", 0)
            for index, synapses in enumerate(case.synapses)
            if synapses
        ),
        report=CompileReport(
            chip="test",
            dt=0.5,
            options={},
            rows=(),
            scales=(),
            rates=(),
            resources={"cores": (1, 1)},
        ),
    )


def random_rules(rng: np.random.Generator) -> dict[str, Any]:
    """Draw the rules of the chip, of another emulator, or any combination."""
    choice = rng.random()
    if choice < 0.4:
        return {}
    if choice < 0.6:
        core = PRESETS[str(rng.choice(sorted(PRESETS)))].core
        return {name: getattr(core, name) for name in RULES}
    return {name: values[rng.integers(len(values))] for name, values in RULES.items()}


def random_case(
    rng: np.random.Generator, *, what_if: dict[str, int] | None = None, budget: int = 2500
) -> RandomCase:
    """Draw a case; about one in five is the first-generation chip in every width and rule.

    ``budget`` limits compartments times steps.
    """
    if what_if is None:
        what_if = {} if rng.random() < 0.5 else WHAT_IFS[rng.integers(1, len(WHAT_IFS))]
        what_if = {**what_if, **random_rules(rng)}
    if not what_if.get("weight_clips", True):
        # Only its own width limits a weight then, and the emulator stores 16 bits.
        widest = 15 - what_if.get("weight_mantissa_bits", 8)
        what_if = {**what_if, "weight_exponent_max": min(7, widest)}
    size = int(rng.choice([1, 2, 5, 17, 40, 130], p=[0.2, 0.1, 0.2, 0.2, 0.2, 0.1]))
    core_size = int(rng.choice([1, 3, 16, 64, 1024]))
    core_size = max(core_size, -(-size // 128))
    chip = LOIHI.what_if(name="random", compartments=core_size, **what_if)
    n_inputs = int(rng.choice([1, 3, 20]))
    n_steps = int(min(rng.choice([1, 7, 40, 150]), max(10, budget // size)))
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
        noise=_noise(rng, size, n_steps) if rng.random() < 0.4 else None,
    )


def _noise(rng: np.random.Generator, size: int, n_steps: int) -> oracle.Noise:
    """Draw noise of any size below 2**30, given or drawn with a seed."""
    exponent = int(rng.choice([rng.integers(0, 8), rng.integers(0, 16), rng.integers(0, 24)]))
    most = ((2**30 - 1 >> max(0, exponent - 7)) - 127) // 64
    most = int(min(most, rng.choice([0, 1, 50, 2**22], p=[0.2, 0.2, 0.2, 0.4])))
    raw = None
    if rng.random() < 0.5:
        draws = rng.integers(-127, 128, (n_steps, size))
        raw = np.where(rng.random(draws.shape) < 0.1, rng.choice([-127, 127]), draws).tolist()
    return oracle.Noise(
        exponent=exponent,
        mantissa_offset=int(rng.choice([-most, most, rng.integers(-most, most + 1)])),
        at_membrane=int(rng.integers(0, 2)),
        enabled=rng.choice([0, 1], size, p=[0.3, 0.7]).tolist(),
        raw=raw,
        seed=int(rng.choice([0, 1, rng.integers(0, 2**63), 2**63 - 1])),
    )


def _registers(rng: np.random.Generator, core: Any, size: int) -> dict[str, list[int]]:
    top_decay = core.decay.maximum
    kind = rng.integers(0, 4)

    def draw(low: int, high: int) -> np.ndarray:
        """Draw small values, any values, or the ends of the range."""
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


def write_some(case: RandomCase, rng: np.random.Generator) -> RandomCase:
    """Return the case with random writes of bias registers, some of them to one in one step."""
    core, n = case.chip.core, int(rng.choice([1, case.n_steps, 2 * case.n_steps * case.size]))
    mantissas = rng.integers(core.bias_mantissa.minimum, core.bias_mantissa.maximum + 1, n)
    columns = (
        rng.integers(0, case.n_steps, n),
        rng.integers(0, case.size, n),
        mantissas >> rng.integers(0, core.bias_mantissa_bits, n),
        rng.integers(0, core.bias_exponent_max + 1, n),
    )
    writes = [(int(a), int(b), int(c), int(d)) for a, b, c, d in zip(*columns, strict=True)]
    return dataclasses.replace(case, writes=writes)


def join_some(case: RandomCase, rng: np.random.Generator) -> RandomCase:
    """Return the case with about half of its pairs joined, if both are on one core."""
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
    # Four groups that shift their sums leave 7 of the emulator's 16 address bits for delays.
    most = int(rng.choice([0, 3, 62, 127 if core.exponent_on_sum else 255]))
    longest = min(most, core.delay_max)
    if rng.random() < 0.15:  # rows of consecutive targets, which the emulator stores differently
        rows = [
            (source, target, delay)
            for source in rng.permutation(sources)[:6]
            for delay in [rng.integers(0, longest + 1)]
            for target in range(rng.integers(0, 1 + size // 3), size)
        ]
        pre, target, delay = np.array(rows).T
    else:
        n = int(rng.choice([1, 3, 2 * size, 8 * size]))
        pre, target = rng.integers(0, sources, n), rng.integers(0, size, n)
        delay = rng.integers(0, longest + 1, n)
    columns = pre, target, rng.integers(low, high + 1, len(pre)), delay
    synapses = [(int(a), int(b), int(c), int(d)) for a, b, c, d in zip(*columns, strict=True)]
    return (kind, exponent, bits, sign), synapses
