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

ACCUMULATOR_BITS = 22
STATE_BITS = 24
DECAY_UNITY = 4096
ALIGNMENT = 6
WEIGHT_LIMIT = 2**21 - 64

WEIGHT_BITS = (0, 1, 2, 3, 4, 5, 6, 8)
MANTISSA_RANGE = {MIXED: (-256, 255), EXCITATORY: (0, 255), INHIBITORY: (-255, 0)}

COUNTERS = (
    "accumulator_wraps",
    "u_wraps",
    "x_wraps",
    "v_clips_low",
    "v_clips_high",
    "synaptic_events",
)

_COMPARTMENT_RANGES = {
    "decay_u": (0, 4095),
    "decay_u_offset": (0, 1),
    "decay_v": (0, 4095),
    "decay_v_offset": (0, 1),
    "threshold_mantissa": (0, 131071),
    "bias_mantissa": (-4096, 4095),
    "bias_exponent": (0, 7),
    "refractory": (1, 64),
    "vmin_exponent": (0, 23),
    "vmax_exponent": (0, 7),
    "v_init": (-(2**23), 2**23 - 1),
    "u_init": (-(2**23), 2**23 - 1),
}

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

    def __post_init__(self) -> None:
        for item in fields(self):
            value = index(getattr(self, item.name))
            _require(item.name, value, *_COMPARTMENT_RANGES[item.name])
            object.__setattr__(self, item.name, value)

    @property
    def factor_u(self) -> int:
        """What remains of u after one step, in units of 1/4096."""
        return DECAY_UNITY - (self.decay_u + self.decay_u_offset)

    @property
    def factor_v(self) -> int:
        """What remains of v after one step, in units of 1/4096."""
        return DECAY_UNITY - (self.decay_v + self.decay_v_offset)

    @property
    def bias(self) -> int:
        return self.bias_mantissa * 2**self.bias_exponent

    @property
    def threshold(self) -> int:
        return self.threshold_mantissa * 2**ALIGNMENT

    @property
    def vmin(self) -> int:
        return -(2**self.vmin_exponent) + 1

    @property
    def vmax(self) -> int:
        return 2 ** (9 + 2 * self.vmax_exponent) - 1


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

    def __post_init__(self) -> None:
        kind, source_id = self.source
        if kind not in ("input", "neuron"):
            raise ValueError(f"source kind {kind!r} is neither 'input' nor 'neuron'")
        object.__setattr__(self, "source", (kind, index(source_id)))
        for item in fields(self)[1:]:
            object.__setattr__(self, item.name, index(getattr(self, item.name)))
        _require("delay", self.delay, 0, 62)

    @property
    def weight(self) -> int:
        return decode_weight(self.mantissa, self.weight_exponent, self.weight_bits, self.sign_mode)


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
    """State at the end of every step, ``u[step][neuron]``, spikes and counters."""

    u: list[list[int]] = field(default_factory=list)
    v: list[list[int]] = field(default_factory=list)
    spikes: list[tuple[int, int]] = field(default_factory=list)
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


def decay(state: int, factor: int) -> int:
    """What is left of a state variable after one step."""
    return truncating_quotient(state * factor, DECAY_UNITY)


def decode_weight(mantissa: int, weight_exponent: int, weight_bits: int, sign_mode: int) -> int:
    """The integer a synapse adds to the accumulator."""
    mantissa, weight_exponent = index(mantissa), index(weight_exponent)
    weight_bits, sign_mode = index(weight_bits), index(sign_mode)
    if sign_mode not in MANTISSA_RANGE:
        raise ValueError(f"sign_mode = {sign_mode} is not one of 1, 2, 3")
    if weight_bits not in WEIGHT_BITS:
        raise ValueError(f"weight_bits = {weight_bits} is not one of {WEIGHT_BITS}")
    _require("weight_exponent", weight_exponent, -8, 7)
    _require("mantissa", mantissa, *MANTISSA_RANGE[sign_mode])

    granule = 2 ** (8 - weight_bits + (1 if sign_mode == MIXED else 0))
    if sign_mode == INHIBITORY:
        stored = -(-mantissa // granule * granule)
    else:
        stored = mantissa // granule * granule
    _require("stored mantissa", stored, *MANTISSA_RANGE[sign_mode])

    if weight_exponent >= 0:
        scaled = stored * 2**weight_exponent
    else:
        scaled = stored // 2**-weight_exponent
    return clip(scaled * 2**ALIGNMENT, -WEIGHT_LIMIT, WEIGHT_LIMIT)


def run(
    compartments: Sequence[Compartment],
    synapses: Iterable[Synapse],
    input_spikes: Iterable[tuple[int, int]],
    n_steps: int,
    noise: Noise | None = None,
) -> Trace:
    """Run ``n_steps`` steps.

    An input spike ``(step, input)`` given twice is delivered twice. Whatever would
    arrive after the last step is dropped and is not counted as a synaptic event.
    """
    fan_out: dict[Source, list[tuple[int, int, int]]] = defaultdict(list)
    for synapse in synapses:
        _require("target", synapse.target, 0, len(compartments) - 1)
        if synapse.source[0] == "neuron":
            _require("source neuron", synapse.source[1], 0, len(compartments) - 1)
        fan_out[synapse.source].append((synapse.target, synapse.delay, synapse.weight))

    trace = Trace()
    counters = trace.counters
    arriving: list[defaultdict[int, int]] = [defaultdict(int) for _ in range(n_steps)]

    def send(source: Source, first_step: int) -> None:
        for target, delay, weight in fan_out.get(source, ()):
            if first_step + delay < n_steps:
                arriving[first_step + delay][target] += weight
                counters["synaptic_events"] += 1

    for step, input_id in input_spikes:
        if index(step) < 0:
            raise ValueError(f"an input spike has a negative step, {step}")
        send(("input", index(input_id)), index(step))

    u = [compartment.u_init for compartment in compartments]
    v = [compartment.v_init for compartment in compartments]
    held = [0] * len(compartments)

    for step in range(n_steps):
        for neuron, registers in enumerate(compartments):
            noise_value = 0 if noise is None else noise.value(step, neuron)
            to_membrane = noise is not None and bool(noise.at_membrane)

            exact = arriving[step][neuron] + (0 if to_membrane else noise_value)
            accumulator = wrap(exact, ACCUMULATOR_BITS)
            counters["accumulator_wraps"] += accumulator != exact

            exact = decay(u[neuron], registers.factor_u) + accumulator
            u[neuron] = wrap(exact, STATE_BITS)
            counters["u_wraps"] += u[neuron] != exact

            exact = u[neuron] + registers.bias + (noise_value if to_membrane else 0)
            x = wrap(exact, STATE_BITS)
            counters["x_wraps"] += x != exact

            exact = decay(v[neuron], registers.factor_v) + x
            v[neuron] = clip(exact, registers.vmin, registers.vmax)
            clipped_low = v[neuron] > exact
            clipped_high = v[neuron] < exact

            if held[neuron] > 0:
                v[neuron] = 0
            spiked = v[neuron] > registers.threshold
            counters["v_clips_low"] += clipped_low
            counters["v_clips_high"] += clipped_high and not spiked
            if spiked:
                v[neuron] = 0
                held[neuron] = registers.refractory
                trace.spikes.append((step, neuron))
                send(("neuron", neuron), step + 1)
            held[neuron] = max(held[neuron] - 1, 0)

        trace.u.append(list(u))
        trace.v.append(list(v))
    return trace
