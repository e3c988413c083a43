"""A slow model of the core in plain Python integers, one compartment at a time.

It restates ``docs/reference/core-semantics.md`` and nothing else: no array arithmetic,
no shared code with the package, so that an error in a kernel cannot hide in it.
Numbers taken from arrays are converted to Python integers before any arithmetic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from operator import index

MIXED, EXCITATORY, INHIBITORY = 1, 2, 3

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
    """Widths of the page, sections 2 to 4; other values are cores that might have been."""

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

    @property
    def decay_unity(self) -> int:
        return 2**self.decay_bits

    @property
    def state_limit(self) -> int:
        return 2 ** (self.state_bits - 1) - 1

    @property
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
    """Registers of one compartment; fields and ranges as on the page, section 2."""

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

    @property
    def factor_u(self) -> int:
        """What remains of u after one step, in units of 1/4096."""
        return self.core.decay_unity - (self.decay_u + self.decay_u_offset)

    @property
    def factor_v(self) -> int:
        """What remains of v after one step, in units of 1/4096."""
        return self.core.decay_unity - (self.decay_v + self.decay_v_offset)

    @property
    def bias(self) -> int:
        return self.bias_mantissa * 2**self.bias_exponent

    @property
    def threshold(self) -> int:
        return self.threshold_mantissa * 2**self.core.threshold_shift

    @property
    def vmin(self) -> int:
        return max(-(2**self.vmin_exponent) + 1, -self.core.state_limit)

    @property
    def vmax(self) -> int:
        return min(2 ** (9 + 2 * self.vmax_exponent) - 1, self.core.state_limit)


@dataclass(frozen=True)
class Synapse:
    """One synapse; ``source`` is ``("input", i)`` or ``("neuron", j)``."""

    source: Source
    target: int
    mantissa: int
    delay: int
    weight_exponent: int
    weight_bits: int
    sign_mode: int
    core: Core = LOIHI

    def __post_init__(self) -> None:
        kind, source_id = self.source
        if kind not in ("input", "neuron"):
            raise ValueError(f"source kind {kind!r} is neither 'input' nor 'neuron'")
        object.__setattr__(self, "source", (kind, index(source_id)))
        for item in fields(self)[1:-1]:
            object.__setattr__(self, item.name, index(getattr(self, item.name)))
        _require("delay", self.delay, 0, self.core.delay_max)

    @property
    def weight(self) -> int:
        return decode_weight(
            self.mantissa, self.weight_exponent, self.weight_bits, self.sign_mode, self.core
        )


@dataclass(frozen=True)
class Noise:
    """Noise registers and the raw draws to use, ``raw[step][neuron]`` in -127..127."""

    exponent: int
    mantissa_offset: int
    at_membrane: int
    enabled: Sequence[int]
    raw: Sequence[Sequence[int]]

    def value(self, step: int, neuron: int) -> int:
        if not index(self.enabled[neuron]):
            return 0
        mantissa = index(self.raw[step][neuron]) + 64 * index(self.mantissa_offset)
        shift = index(self.exponent) - 7
        if shift >= 0:
            return mantissa * 2**shift
        return truncating_quotient(mantissa, 2**-shift)


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


def wrap(value: int, bits: int) -> int:
    """Two's complement value of the lowest ``bits`` bits, sign bit included."""
    half = 2 ** (bits - 1)
    return (value + half) % (2 * half) - half


def clip(value: int, low: int, high: int) -> int:
    """The nearest value within ``low..high``."""
    return min(max(value, low), high)


def truncating_quotient(value: int, divisor: int) -> int:
    """``value / divisor`` rounded toward zero; ``divisor`` is positive."""
    magnitude = abs(value) // divisor
    return -magnitude if value < 0 else magnitude


def decay(state: int, factor: int, core: Core = LOIHI) -> int:
    """What is left of a state variable after one step."""
    return truncating_quotient(state * factor, core.decay_unity)


def decode_weight(
    mantissa: int, weight_exponent: int, weight_bits: int, sign_mode: int, core: Core = LOIHI
) -> int:
    """The integer a synapse adds to the accumulator."""
    mantissa, weight_exponent = index(mantissa), index(weight_exponent)
    weight_bits, sign_mode = index(weight_bits), index(sign_mode)
    if sign_mode not in (MIXED, EXCITATORY, INHIBITORY):
        raise ValueError(f"sign_mode = {sign_mode} is not one of 1, 2, 3")
    if weight_bits not in core.weight_bits:
        raise ValueError(f"weight_bits = {weight_bits} is not one of {core.weight_bits}")
    _require("weight_exponent", weight_exponent, core.weight_exponent_min, core.weight_exponent_max)
    _require("mantissa", mantissa, *core.mantissa_range(sign_mode))

    granule = 2 ** (core.weight_mantissa_bits - weight_bits + (1 if sign_mode == MIXED else 0))
    if sign_mode == INHIBITORY:
        stored = -(-mantissa // granule * granule)
    else:
        stored = mantissa // granule * granule
    _require("stored mantissa", stored, *core.mantissa_range(sign_mode))

    if weight_exponent >= 0:
        scaled = stored * 2**weight_exponent
    else:
        scaled = stored // 2**-weight_exponent
    return clip(scaled * 2**core.weight_shift, -core.weight_limit, core.weight_limit)


def run(
    compartments: Sequence[Compartment],
    synapses: Iterable[Synapse],
    input_spikes: Iterable[tuple[int, int]],
    n_steps: int,
    noise: Noise | None = None,
) -> Trace:
    """Run ``n_steps`` steps.

    An input spike ``(step, input)`` given twice is delivered twice. Spikes are handed to their
    synapses in the step after their own, inputs in their own step; whatever would be handed over
    after the last step is no synaptic event.
    """
    fan_out: dict[Source, list[tuple[int, int, int]]] = defaultdict(list)
    for synapse in synapses:
        _require("target", synapse.target, 0, len(compartments) - 1)
        if synapse.source[0] == "neuron":
            _require("source neuron", synapse.source[1], 0, len(compartments) - 1)
        fan_out[synapse.source].append((synapse.target, synapse.delay, synapse.weight))

    for neuron, registers in enumerate(compartments):
        if registers.join and neuron % 2 == 0:
            raise ValueError(f"compartment {neuron} is joined, but its number is even")

    trace = Trace()
    counters = trace.counters
    arriving: list[defaultdict[int, int]] = [defaultdict(int) for _ in range(n_steps)]

    def send(source: Source, handed_over: int) -> None:
        if handed_over >= n_steps:
            return
        for target, delay, weight in fan_out.get(source, ()):
            counters["synaptic_events"] += 1
            if handed_over + delay < n_steps:
                arriving[handed_over + delay][target] += weight

    def count(happened: bool, name: str, step: int, neuron: int) -> None:
        if happened:
            counters[name] += 1
            trace.overflows.append((step, neuron, name))

    for step, input_id in input_spikes:
        if index(step) < 0:
            raise ValueError(f"an input spike has a negative step, {step}")
        send(("input", index(input_id)), index(step))

    u = [compartment.u_init for compartment in compartments]
    v = [compartment.v_init for compartment in compartments]
    held = [0] * len(compartments)

    for step in range(n_steps):
        for neuron, registers in enumerate(compartments):
            core = registers.core
            noise_value = 0 if noise is None else noise.value(step, neuron)
            to_membrane = noise is not None and bool(noise.at_membrane)

            exact = arriving[step][neuron] + (0 if to_membrane else noise_value)
            accumulator = wrap(exact, core.accumulator_bits)
            count(accumulator != exact, "accumulator_wraps", step, neuron)

            exact = decay(u[neuron], registers.factor_u, core) + accumulator
            u[neuron] = wrap(exact, core.state_bits)
            count(u[neuron] != exact, "current_wraps", step, neuron)

            # The child comes before its parent, so its u is already that of this step.
            child = u[neuron - 1] if registers.join else 0
            exact = u[neuron] + child + registers.bias + (noise_value if to_membrane else 0)
            x = wrap(exact, core.state_bits)
            input_wrapped = x != exact

            exact = decay(v[neuron], registers.factor_v, core) + x
            v[neuron] = clip(exact, registers.vmin, registers.vmax)
            clipped_low = v[neuron] > exact
            clipped_high = v[neuron] < exact

            is_held = held[neuron] > 0
            if is_held:
                v[neuron] = 0
            spiked = v[neuron] > registers.threshold
            count(input_wrapped and not is_held, "input_wraps", step, neuron)
            count(clipped_low and not is_held, "voltage_clips_low", step, neuron)
            count(clipped_high and not is_held and not spiked, "voltage_clips_high", step, neuron)
            if spiked:
                v[neuron] = 0
                held[neuron] = registers.refractory
                trace.spikes.append((step, neuron))
                send(("neuron", neuron), step + 1)
            held[neuron] = max(held[neuron] - 1, 0)
            counters["updates"] += 1
            counters["spikes"] += spiked

        trace.u.append(list(u))
        trace.v.append(list(v))
    return trace
