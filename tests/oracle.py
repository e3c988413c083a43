"""A slow model of the core in plain Python integers, one compartment at a time.

It restates ``docs/reference/core-semantics.md``, and the rules of other emulators as ``CoreSpec``
describes them, and nothing else: no array arithmetic, no shared code with the package, so that an
error in a kernel cannot hide in it. Numbers taken from arrays are converted to Python integers
before any arithmetic.

Each rule is a method of :class:`Rules`, so that ``tests/mutation`` can break one at a time. A
search for "semantics 5.2" finds a rule here, in the kernels and in the decoder of registers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from operator import index

MIXED, EXCITATORY, INHIBITORY = 1, 2, 3

WRAP, WRAP_UP, CLIP, NONE = "wrap", "wrap up", "clip", "none"
FLOOR, TOWARD_ZERO, NEAREST = "floor", "toward zero", "nearest"
UNLIMITED_BITS = 31
"""Bits of a register "without a limit"; the emulator counts values beyond them."""

OVERFLOWS = (
    "accumulator_wraps",
    "current_wraps",
    "input_wraps",
    "voltage_clips_low",
    "voltage_clips_high",
)
COUNTERS = (*OVERFLOWS, "synaptic_events", "updates", "spikes")


@dataclass(frozen=True, kw_only=True)
class Core:
    """Widths (semantics 2, semantics 3); other values describe hypothetical cores."""

    accumulator_bits: int = 22
    state_bits: int = 24
    decay_bits: int = 12
    threshold_mantissa_bits: int = 17
    threshold_shift: int = 6
    bias_mantissa_bits: int = 13
    bias_exponent_max: int = 7
    weight_mantissa_bits: int = 8
    weight_shift: int = 6
    weight_bits: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 8)
    weight_exponent_min: int = -8
    weight_exponent_max: int = 7
    refractory_max: int = 64
    delay_max: int = 62
    vmin_exponent_max: int = 23
    vmax_exponent_max: int = 7
    accumulator_overflow: str = WRAP
    current_overflow: str = WRAP
    input_overflow: str = WRAP
    voltage_overflow: str = CLIP
    weight_rounding: str = FLOOR
    weight_clips: bool = True
    exponent_on_sum: bool = False

    @cached_property
    def decay_unity(self) -> int:
        return 2**self.decay_bits

    @cached_property
    def state_limit(self) -> int:
        return 2 ** (self.state_bits - 1) - 1

    @cached_property
    def weight_limit(self) -> int:
        return 2 ** (self.accumulator_bits - 1) - 2**self.weight_shift

    def mantissa_range(self, sign_mode: int) -> tuple[int, int]:
        top = 2**self.weight_mantissa_bits
        ranges = {MIXED: (-top, top - 1), EXCITATORY: (0, top - 1), INHIBITORY: (1 - top, 0)}
        return ranges[sign_mode]

    def register_ranges(self) -> dict[str, tuple[int, int]]:
        return {
            "decay_u": (0, self.decay_unity - 1),
            "decay_u_offset": (0, 1),
            "decay_v": (0, self.decay_unity - 1),
            "decay_v_offset": (0, 1),
            "threshold_mantissa": (0, 2**self.threshold_mantissa_bits - 1),
            "bias_mantissa": (
                -(2 ** (self.bias_mantissa_bits - 1)),
                2 ** (self.bias_mantissa_bits - 1) - 1,
            ),
            "bias_exponent": (0, self.bias_exponent_max),
            "refractory": (1, self.refractory_max),
            "vmin_exponent": (0, self.vmin_exponent_max),
            "vmax_exponent": (0, self.vmax_exponent_max),
            "join": (0, 1),
            "v_init": (-self.state_limit - 1, self.state_limit),
            "u_init": (-self.state_limit - 1, self.state_limit),
        }


LOIHI = Core()

Source = tuple[str, int]


def _require(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} = {value} is outside {low}..{high}")


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """Registers of one compartment, with the fields and ranges of the page (semantics 2)."""

    decay_u: int
    decay_u_offset: int = 1
    decay_v: int
    decay_v_offset: int = 0
    threshold_mantissa: int
    bias_mantissa: int = 0
    bias_exponent: int = 0
    refractory: int = 1
    vmin_exponent: int = 23
    vmax_exponent: int = 7
    v_init: int = 0
    u_init: int = 0
    join: int = 0
    core: Core = LOIHI

    def __post_init__(self) -> None:
        for name, (low, high) in self.core.register_ranges().items():
            value = index(getattr(self, name))
            _require(name, value, low, high)
            object.__setattr__(self, name, value)

    @cached_property
    def factor_u(self) -> int:
        """Return the fraction of u that a step keeps, in units of 1/4096 (semantics 5.2)."""
        return self.core.decay_unity - (self.decay_u + self.decay_u_offset)

    @cached_property
    def factor_v(self) -> int:
        """Return the fraction of v that a step keeps, in units of 1/4096 (semantics 5.4)."""
        return self.core.decay_unity - (self.decay_v + self.decay_v_offset)

    @cached_property
    def threshold(self) -> int:
        return self.threshold_mantissa * 2**self.core.threshold_shift

    @cached_property
    def vmin(self) -> int:
        if self.core.voltage_overflow == NONE:
            return -(2 ** (UNLIMITED_BITS - 1)) + 1
        return max(-(2**self.vmin_exponent) + 1, -self.core.state_limit)

    @cached_property
    def vmax(self) -> int:
        if self.core.voltage_overflow == NONE:
            return 2 ** (UNLIMITED_BITS - 1) - 1
        return min(2 ** (9 + 2 * self.vmax_exponent) - 1, self.core.state_limit)


@dataclass(frozen=True)
class Synapse:
    """One synapse; ``source`` is ``("input", i)`` or ``("neuron", j)``.

    ``group`` tells synapse lists apart where a core shifts the sum of a list.
    """

    source: Source
    target: int
    mantissa: int
    delay: int
    weight_exponent: int
    weight_bits: int
    sign_mode: int
    core: Core = LOIHI
    group: int = 0

    def __post_init__(self) -> None:
        kind, source_id = self.source
        if kind not in ("input", "neuron"):
            raise ValueError(f"source kind {kind!r} is neither 'input' nor 'neuron'")
        object.__setattr__(self, "source", (kind, index(source_id)))
        for item in fields(self)[1:-2]:
            object.__setattr__(self, item.name, index(getattr(self, item.name)))
        _require("delay", self.delay, 0, self.core.delay_max)

    @property
    def weight(self) -> int:
        return decode_weight(
            self.mantissa, self.weight_exponent, self.weight_bits, self.sign_mode, self.core
        )


@dataclass(frozen=True)
class Noise:
    """Noise registers; ``raw[step][neuron]`` are given draws in -127..127; None: drawn by seed."""

    exponent: int
    mantissa_offset: int
    at_membrane: int
    enabled: Sequence[int]
    raw: Sequence[Sequence[int]] | None = None
    seed: int = 0


@dataclass(frozen=True)
class Trace:
    """State at the end of every step, ``u[step][neuron]``, spikes and counters.

    ``overflows`` lists (step, neuron, counter) of every wrap and clip that is counted.
    """

    u: list[list[int]] = field(default_factory=list)
    v: list[list[int]] = field(default_factory=list)
    spikes: list[tuple[int, int]] = field(default_factory=list)
    overflows: list[tuple[int, int, str]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))


@dataclass
class Cell:
    """State of a compartment; during a step, the state at the end of the last step."""

    registers: Compartment
    u: int
    v: int
    held: int = 0
    bias: int = 0

    def __post_init__(self) -> None:
        self.bias = decode_bias(self.registers.bias_mantissa, self.registers.bias_exponent)


def decode_bias(mantissa: int, exponent: int) -> int:
    """Return the number that is added to v in every step (semantics 5.3)."""
    return mantissa * 2**exponent


def wrap(value: int, bits: int) -> int:
    """Return the two's complement value of the lowest ``bits`` bits, including the sign bit."""
    half = 2 ** (bits - 1)
    return (value + half) % (2 * half) - half


def fit(value: int, bits: int, overflow: str) -> int:
    """Return the value of a number in a register of ``bits`` bits."""
    if overflow == NONE:
        return wrap(value, UNLIMITED_BITS)
    if overflow == WRAP_UP:
        return -wrap(-value, bits)
    return wrap(value, bits)


def clip(value: int, low: int, high: int) -> int:
    """Return the nearest value within ``low..high``."""
    return min(max(value, low), high)


def truncating_quotient(value: int, divisor: int) -> int:
    """Return ``value / divisor`` rounded toward zero; ``divisor`` is positive."""
    magnitude = abs(value) // divisor
    return -magnitude if value < 0 else magnitude


def nearest_quotient(value: int, divisor: int) -> int:
    """Return ``value / divisor`` rounded to the nearest integer, ties to even."""
    quotient, rest = divmod(value, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1):
        return quotient + 1
    return quotient


def decay(state: int, factor: int, core: Core = LOIHI) -> int:
    """Return the part of a state variable that a step keeps."""
    return truncating_quotient(state * factor, core.decay_unity)


class Rules:
    """The rules of the page, one method each, in the order in which they apply."""

    # ---------------------------------------------------------- weights (semantics 4)

    def decode_weight(
        self,
        mantissa: int,
        weight_exponent: int,
        weight_bits: int,
        sign_mode: int,
        core: Core = LOIHI,
    ) -> int:
        """Return the integer that a synapse adds to the accumulator or the sum of its group.

        (semantics 4)
        """
        mantissa, weight_exponent = index(mantissa), index(weight_exponent)
        weight_bits, sign_mode = index(weight_bits), index(sign_mode)
        if sign_mode not in (MIXED, EXCITATORY, INHIBITORY):
            raise ValueError(f"sign_mode = {sign_mode} is not one of 1, 2, 3")
        if weight_bits not in core.weight_bits:
            raise ValueError(f"weight_bits = {weight_bits} is not one of {core.weight_bits}")
        low, high = core.weight_exponent_min, core.weight_exponent_max
        _require("weight_exponent", weight_exponent, low, high)
        _require("mantissa", mantissa, *core.mantissa_range(sign_mode))

        granule = 2 ** self.low_bits(weight_bits, sign_mode, core)
        stored = self.store(mantissa, granule, sign_mode, core)
        _require("stored mantissa", stored, *core.mantissa_range(sign_mode))
        if core.exponent_on_sum:
            weight_exponent = max(weight_exponent, 0)
        scaled = self.scale(stored, weight_exponent)
        return self.limit_weight(scaled * 2**core.weight_shift, core)

    def low_bits(self, weight_bits: int, sign_mode: int, core: Core) -> int:
        return core.weight_mantissa_bits - weight_bits + (1 if sign_mode == MIXED else 0)

    def store(self, mantissa: int, granule: int, sign_mode: int, core: Core) -> int:
        if sign_mode == INHIBITORY:
            return -(-mantissa // granule * granule)
        if core.weight_rounding == TOWARD_ZERO:
            return truncating_quotient(mantissa, granule) * granule
        if core.weight_rounding == NEAREST:
            most = (2**core.weight_mantissa_bits - 1) // granule
            return clip(nearest_quotient(mantissa, granule), -most, most) * granule
        return mantissa // granule * granule

    def scale(self, stored: int, exponent: int) -> int:
        return stored * 2**exponent if exponent >= 0 else stored // 2**-exponent

    def limit_weight(self, weight: int, core: Core) -> int:
        if not core.weight_clips:
            return weight
        return clip(weight, -core.weight_limit, core.weight_limit)

    # ----------------------------------------------------------- a step (semantics 5)

    def handed_over(self, kind: str, step: int) -> int:
        """Return the step in which a spike reaches its synapses (semantics 5.1)."""
        return step + 1 if kind == "neuron" else step

    def acts(self, handed_over: int, delay: int) -> int:
        """Return the step in which the spike acts (semantics 5.1)."""
        return handed_over + delay

    def shift_sum(self, total: int, weight_exponent: int, core: Core) -> int:
        """Return the amount that the sum of a synapse group adds to the input (semantics 8)."""
        if not core.exponent_on_sum or weight_exponent >= 0:
            return total
        unit = 2**core.weight_shift
        return total // unit // 2**-weight_exponent * unit

    def noise_draw(self, seed: int, step: int, neuron: int) -> int:
        """Return a raw draw: a hash of seed, step and compartment (semantics 5.7)."""
        full = 2**64
        x = seed ^ (step * 2**32 + neuron)
        for _ in range(2):
            x = (x + 0x9E3779B97F4A7C15) % full
            x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % full
            x = (x ^ x >> 27) * 0x94D049BB133111EB % full
            x = x ^ x >> 31
        return x // 2**32 * 255 // 2**32 - 127

    def noise(self, noise: Noise, step: int, neuron: int) -> int:
        """Return the noise z of a step (semantics 5.7)."""
        if not index(noise.enabled[neuron]):
            return 0
        if noise.raw is None:
            raw = self.noise_draw(noise.seed, step, neuron)
        else:
            raw = index(noise.raw[step][neuron])
        mantissa = raw + 64 * index(noise.mantissa_offset)
        shift = index(noise.exponent) - 7
        return mantissa * 2**shift if shift >= 0 else self.noise_quotient(mantissa, 2**-shift)

    def noise_quotient(self, mantissa: int, divisor: int) -> int:
        return truncating_quotient(mantissa, divisor)

    def noise_at_membrane(self, noise: Noise) -> bool:
        return bool(noise.at_membrane)

    def accumulate(self, cell: Cell, arriving: int) -> int:
        """Return the input of a step as its register holds it (semantics 5.1)."""
        core = cell.registers.core
        return fit(arriving, core.accumulator_bits, core.accumulator_overflow)

    def decayed_u(self, cell: Cell) -> int:
        return decay(cell.u, cell.registers.factor_u, cell.registers.core)

    def current(self, cell: Cell, exact: int) -> int:
        """Return u as its register holds it (semantics 5.2)."""
        core = cell.registers.core
        return fit(exact, core.state_bits, core.current_overflow)

    def drive(self, cell: Cell, u: int) -> int:
        """Return u + bias before the wrap (semantics 5.3)."""
        return u + cell.bias

    def written_from(self, step: int) -> int:
        """Return the first step with a bias that is written in ``step`` (semantics 5.3)."""
        return step

    def input(self, cell: Cell, exact: int) -> int:
        core = cell.registers.core
        return fit(exact, core.state_bits, core.input_overflow)

    def decayed_v(self, cell: Cell) -> int:
        return decay(cell.v, cell.registers.factor_v, cell.registers.core)

    def integrate(self, cell: Cell, x: int) -> int:
        """Return v before the clip (semantics 5.4)."""
        return self.decayed_v(cell) + x

    def limit_v(self, cell: Cell, exact: int) -> int:
        return clip(exact, cell.registers.vmin, cell.registers.vmax)

    def is_held(self, cell: Cell) -> bool:
        """Return whether v is held (semantics 5.5)."""
        return cell.held > 0

    def held_v(self, cell: Cell, v: int) -> int:
        return 0

    def fires(self, cell: Cell, v: int) -> bool:
        """Return whether the compartment spikes (semantics 5.6)."""
        return v > cell.registers.threshold

    def reset_v(self, cell: Cell, v: int) -> int:
        return 0

    def hold(self, cell: Cell) -> int:
        """Return the refractory counter after a spike, before its decrement in the same step."""
        return cell.registers.refractory

    def update(
        self, cell: Cell, arriving: int, to_current: int, to_membrane: int
    ) -> tuple[bool, list[str]]:
        """Run one step of one compartment; return its spike and its overflows (semantics 7)."""
        exact_q = arriving + to_current
        q = self.accumulate(cell, exact_q)
        exact_u = self.decayed_u(cell) + q
        u = self.current(cell, exact_u)
        exact_x = self.drive(cell, u) + to_membrane
        x = self.input(cell, exact_x)
        exact_v = self.integrate(cell, x)
        v = limited = self.limit_v(cell, exact_v)
        held = self.is_held(cell)
        if held:
            v = self.held_v(cell, v)
        spiked = self.fires(cell, v)

        happened = (
            q != exact_q,
            u != exact_u,
            x != exact_x and not held,
            limited > exact_v and not held,
            limited < exact_v and not held and not spiked,
        )
        cell.u = u
        cell.v = self.reset_v(cell, v) if spiked else v
        cell.held = max((self.hold(cell) if spiked else cell.held) - 1, 0)
        return spiked, [name for name, yes in zip(OVERFLOWS, happened, strict=True) if yes]


RULES = Rules()
decode_weight = RULES.decode_weight


def run(
    compartments: Sequence[Compartment],
    synapses: Iterable[Synapse],
    input_spikes: Iterable[tuple[int, int]],
    n_steps: int,
    noise: Noise | None = None,
    rules: Rules = RULES,
    writes: Iterable[tuple[int, int, int, int]] = (),
) -> Trace:
    """Run ``n_steps`` steps.

    ``writes`` are (step, neuron, bias mantissa, bias exponent), and act in this order.

    An input spike ``(step, input)`` given twice is delivered twice. Spikes are handed to their
    synapses in the step after their own, inputs in their own step; whatever would be handed over
    after the last step is no synaptic event.
    """
    fan_out: dict[Source, list[tuple[tuple[int, int, int], int, int]]] = defaultdict(list)
    for s in synapses:
        _require("target", s.target, 0, len(compartments) - 1)
        if s.source[0] == "neuron":
            _require("source neuron", s.source[1], 0, len(compartments) - 1)
        weight = rules.decode_weight(
            s.mantissa, s.weight_exponent, s.weight_bits, s.sign_mode, s.core
        )
        fan_out[s.source].append(((s.target, s.group, s.weight_exponent), s.delay, weight))

    for neuron, registers in enumerate(compartments):
        if registers.join and neuron % 2 == 0:
            raise ValueError(f"compartment {neuron} is joined, but its number is even")

    trace = Trace()
    counters = trace.counters
    arriving: dict[int, dict[tuple[int, int, int], int]] = {}

    def send(source: Source, step: int) -> None:
        handed_over = rules.handed_over(source[0], step)
        if handed_over >= n_steps:
            return
        for where, delay, weight in fan_out.get(source, ()):
            counters["synaptic_events"] += 1
            sums = arriving.setdefault(rules.acts(handed_over, delay), {})
            sums[where] = sums.get(where, 0) + weight

    for step, input_id in input_spikes:
        if index(step) < 0:
            raise ValueError(f"an input spike has a negative step, {step}")
        send(("input", index(input_id)), index(step))

    cells = [Cell(registers, registers.u_init, registers.v_init) for registers in compartments]
    at_membrane = noise is not None and rules.noise_at_membrane(noise)
    written: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for step, neuron, mantissa, exponent in writes:
        registers = compartments[neuron]
        for name, value in (("bias_mantissa", mantissa), ("bias_exponent", exponent)):
            _require(name, value, *registers.core.register_ranges()[name])
        written[rules.written_from(index(step))].append((neuron, index(mantissa), index(exponent)))

    for step in range(n_steps):
        for neuron, mantissa, exponent in written[step]:
            cells[neuron].bias = decode_bias(mantissa, exponent)
        input_of = [0] * len(cells)
        for (target, _, exponent), total in arriving.pop(step, {}).items():
            input_of[target] += rules.shift_sum(total, exponent, compartments[target].core)
        for neuron, cell in enumerate(cells):
            z = 0 if noise is None else rules.noise(noise, step, neuron)
            to_current, to_membrane = (0, z) if at_membrane else (z, 0)
            # The child comes before its parent, so its u is already that of this step.
            to_membrane += cells[neuron - 1].u if compartments[neuron].join else 0
            spiked, overflowed = rules.update(cell, input_of[neuron], to_current, to_membrane)
            for name in overflowed:
                counters[name] += 1
                trace.overflows.append((step, neuron, name))
            if spiked:
                trace.spikes.append((step, neuron))
                send(("neuron", neuron), step)
            counters["updates"] += 1
            counters["spikes"] += spiked
        trace.u.append([cell.u for cell in cells])
        trace.v.append([cell.v for cell in cells])
    return trace
