"""The core as data: its limits, the widths of its registers, and its overflow rules.

Sources, by key: **D18** Davies et al. 2018, IEEE Micro 38(1), 10.1109/MM.2018.112130359;
**NL** nengo-loihi 1.1.0 (``hardware/validate.py``, ``builder/discretize.py``, ``block.py``);
**NX** intel-nrc-ecosystem/models, ``nxsdk_modules_ncl/dnn``; **B2** Brian2Loihi 0.5.2
(Michaelis et al. 2022, 10.3389/fninf.2022.1015624). If they disagree, the field lists each value.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import Enum

from .._support.brief import line
from .._support.labels import words
from .._support.values import integer, shown, switch
from ..errors import SpecError
from .fixedpoint import Format, Overflow, Rounding
from .learning_presets import LEARNING_PRESETS, learning_engine
from .learning_spec import LearningSpec

__all__ = ["CoreSpec", "field_label"]

_WORDS = {
    "weight_mantissa_bits": "weight bits",
    "threshold_mantissa_bits": "threshold bits",
    "bias_mantissa_bits": "bias bits",
    "state_bits": "bits of v and u",
    "refractory_max": "largest refractory register",
    "delay_max": "longest delay (steps)",
}
"""Fields whose words differ from their name."""


@dataclass(frozen=True, kw_only=True)
class CoreSpec:
    """Limits, register widths and rules of one core. Defaults describe the first-generation chip.

    Parameters
    ----------
    compartments : int
        Compartments per core (D18 p. 89; NL, NX).
    accumulator_slots : int
        Entries of the synaptic accumulator: a core with ``b`` delay bits addresses
        ``accumulator_slots >> b`` compartments (NX; D18: 8 delay slots with all compartments).
    input_axons, output_axons : int
        Axon table entries per core (D18 p. 89; NL, NX).
    synaptic_words, word_bits : int
        Synaptic memory: number of words, and bits per word (D18 p. 89; NL, NX).
    synapses_per_entry, entry_prefix_bits, synapse_index_bits : int
        Packing: an entry is a prefix (4-bit format, 6-bit count) followed by at most 60 synapses,
        each with its weight and its delay; in a sparse entry also with a target index of at most
        ``synapse_index_bits`` bits (NX; NL allows 64 synapses).
    synapse_index_bits_min : int
        Smallest width of a target index; a core uses the width that the number of its compartments
        needs (NX 6 to 10 bits).
    skip_bits_min, skip_bits_max : int
        Smallest and largest width of the gap before each synapse of a run-length entry (NX, NL).
    run_base : bool
        Whether run-length and dense entries begin with the index of their first target (NX) or
        not (NL).
    entry_alignment_bits, list_suffix_bits : int
        The size of an entry is rounded up to a multiple of ``entry_alignment_bits`` (NX 1, NL 64).
        ``list_suffix_bits`` are added to the synapse list of an axon before its size is rounded up
        to words (6 bits reproduce NX, which adds a word if 0 or at least 59 bits remain; NL 0).
    list_words : int
        Largest number of words in the synapse list of one axon (NX).
    population_axons : bool
        Whether the neurons of a population on one core share an axon to another core (NL, NX) or
        each neuron has its own (D18).
    population_axon_entries, neuron_axon_entries, chip_axon_entries : int
        Output axon entries of a shared axon and of an axon of one neuron, and additional entries
        of an axon that ends on another chip (NX; NL ignores the last).
    compartment_profiles : int
        Distinct sets of decays and refractory period per core (NL).
    threshold_profiles : int
        Distinct thresholds per core (NL says 8 in one place and 16 in another: 8 is safe).
    synapse_formats : int
        Distinct (exponent, weight bits, sign mode) per core (NX: 16, entry 0 is reserved).
    decay_bits : int
        Width of both decay registers; a decay of ``2**decay_bits`` sets the state to 0 (NL, B2).
    decay_u_offset, decay_v_offset : int
        Added by the chip to the decay register: 1 for the current, 0 for the voltage (NL, B2).
    state_bits : int
        Width of u and v, including the sign (NL, asserted against the chip).
    accumulator_bits : int
        Width of the synaptic input of one step, including the sign (NL, asserted against the chip).
    threshold_mantissa_bits, threshold_shift : int
        Threshold = mantissa << shift, unsigned (NL, B2).
    bias_mantissa_bits, bias_exponent_max : int
        Bias = mantissa << exponent, mantissa signed (NL, Lava).
    weight_mantissa_bits, weight_shift : int
        Bits of the weight magnitude; weight = mantissa << (shift + exponent) (NL, B2).
    weight_exponent_min, weight_exponent_max : int
        Range of the exponent of a synapse format (B2: -8..7; NL: -7..7).
    refractory_max : int
        Largest refractory register; the smallest is 1 (NL 63; B2 64).
    delay_max : int
        Longest synaptic delay in steps, in addition to the one step that every spike takes
        (D18, B2).
    vmin_exponent_max, vmax_exponent_max : int
        vmin = -2**e + 1 and vmax = 2**(9 + 2 e) - 1 (NL, NX).
    accumulator_overflow, current_overflow, input_overflow : Overflow
        Overflow rules of the synaptic input of a step, of u, and of u + bias: WRAP (NL, the first
        two asserted against the chip), WRAP_UP or NONE.
    voltage_overflow : Overflow
        Overflow rule of v: CLIP to vmin and vmax (NL, Lava), or NONE (B2).
    weight_rounding : Rounding
        Rule that drops the mantissa bits that a format does not store: FLOOR (public notes on the
        vendor's formula), TOWARD_ZERO (B2) or NEAREST (NL, before loading). Inhibitory formats drop
        them from the magnitude.
    weight_clips : bool
        Whether a decoded weight is clipped to ``weight_limit`` (B2).
    exponent_on_sum : bool
        Whether a negative weight exponent shifts the sum of a synapse group in a step (Lava)
        instead of every weight.
    programmable : bool
        Whether a compartment may run a :class:`~neurochip.programs.NeuronProgram` instead of the
        LIF neuron: the second generation.
    payload_bits : int
        Width of the payload of a spike with its sign, up to 32; 0 if all spikes are binary.
    memory_words : int
        Words of one memory that synapses and the state of neurons share, in addition to the limit
        of ``synaptic_words`` (second generation); 0 if neurons have a memory of their own (D18).
    kernels_shared : bool
        Whether a core stores the kernel of a convolution once (second generation), or a weight for
        each synapse.
    learning : LearningSpec, str or None
        Learning engine of the core, or the name of one in ``LEARNING_PRESETS``; None, or "none":
        its synapses do not learn, or nothing is known of how they would.
    """

    compartments: int = 1024
    accumulator_slots: int = 8192
    input_axons: int = 4096
    output_axons: int = 4096
    synaptic_words: int = 16384
    word_bits: int = 64
    synapses_per_entry: int = 60
    entry_prefix_bits: int = 10
    synapse_index_bits: int = 10
    compartment_profiles: int = 32
    threshold_profiles: int = 8
    synapse_formats: int = 15
    decay_bits: int = 12
    decay_u_offset: int = 1
    decay_v_offset: int = 0
    state_bits: int = 24
    accumulator_bits: int = 22
    threshold_mantissa_bits: int = 17
    threshold_shift: int = 6
    bias_mantissa_bits: int = 13
    bias_exponent_max: int = 7
    weight_mantissa_bits: int = 8
    weight_shift: int = 6
    weight_exponent_min: int = -8
    weight_exponent_max: int = 7
    refractory_max: int = 63
    delay_max: int = 62
    vmin_exponent_max: int = 23
    vmax_exponent_max: int = 7
    accumulator_overflow: Overflow = Overflow.WRAP
    current_overflow: Overflow = Overflow.WRAP
    input_overflow: Overflow = Overflow.WRAP
    voltage_overflow: Overflow = Overflow.CLIP
    weight_rounding: Rounding = Rounding.FLOOR
    weight_clips: bool = True
    exponent_on_sum: bool = False
    # These say what an image may contain, or where neurons go, but change no spike of an image, so
    # they are not part of its digest. That of an image that learns covers its engine apart.
    programmable: bool = field(default=False, repr=False)
    payload_bits: int = field(default=0, repr=False)
    synapse_index_bits_min: int = field(default=6, repr=False)
    skip_bits_min: int = field(default=2, repr=False)
    skip_bits_max: int = field(default=5, repr=False)
    run_base: bool = field(default=True, repr=False)
    entry_alignment_bits: int = field(default=1, repr=False)
    list_suffix_bits: int = field(default=6, repr=False)
    list_words: int = field(default=256, repr=False)
    population_axons: bool = field(default=True, repr=False)
    population_axon_entries: int = field(default=2, repr=False)
    neuron_axon_entries: int = field(default=1, repr=False)
    chip_axon_entries: int = field(default=1, repr=False)
    memory_words: int = field(default=0, repr=False)
    kernels_shared: bool = field(default=False, repr=False)
    learning: LearningSpec | None = field(default=LEARNING_PRESETS["published"], repr=False)

    def __post_init__(self) -> None:
        self._check_rules()
        object.__setattr__(self, "learning", learning_engine(self.learning))
        for item in dataclasses.fields(self):
            if item.name in _RULES or item.name in _SWITCHES or item.name == "learning":
                continue
            value = getattr(self, item.name)
            value = integer("core", item.name, value, error=SpecError)
            low, high = _RANGES.get(item.name, (1, 1 << 31))
            if not low <= value <= high:
                raise SpecError(f"core: {item.name} = {shown(value)}; allowed: {low} to {high}.")
            object.__setattr__(self, item.name, value)
        self._check_order()
        if self.payload_bits == 1:
            raise SpecError(
                "core: payload_bits = 1; allowed: 0 (binary spikes), or 2 to 32, since one bit is "
                "the sign."
            )
        if self.payload_bits and not self.programmable:
            raise SpecError(
                f"core: payload_bits = {self.payload_bits} without programmable; only programs "
                "send payloads. Set programmable=True, or payload_bits=0."
            )
        if self.compartments > 1 << self.synapse_index_bits:
            raise SpecError(
                f"core: compartments = {self.compartments}; allowed: at most "
                f"{1 << self.synapse_index_bits} with synapse_index_bits = "
                f"{self.synapse_index_bits}, the width of a target index."
            )
        if self.accumulator_bits > self.state_bits:
            raise SpecError(
                f"core: accumulator_bits = {self.accumulator_bits} is above state_bits = "
                f"{self.state_bits}; the input of a step must fit the current to which it is added."
            )
        if self.accumulator_bits - self.weight_shift > 16:
            raise SpecError(
                f"core: accumulator_bits - weight_shift = "
                f"{self.accumulator_bits - self.weight_shift}; allowed: at most 16, since the "
                "emulator stores a weight in 16 bits."
            )
        if self.accumulator_bits - self.weight_shift < 2:
            raise SpecError(
                f"core: accumulator_bits - weight_shift = "
                f"{self.accumulator_bits - self.weight_shift}; allowed: at least 2, since only "
                "weight 0 would fit the accumulator."
            )
        widest = self.weight_mantissa_bits + self.weight_exponent_max
        if not self.weight_clips and widest > 15:
            raise SpecError(
                f"core: weight_mantissa_bits + weight_exponent_max = {widest}; allowed: at most 15 "
                "without weight_clips, since the emulator stores a weight in 16 bits."
            )
        for mantissa, shift in (
            ("threshold_mantissa_bits", "threshold_shift"),
            ("bias_mantissa_bits", "bias_exponent_max"),
        ):
            bits = getattr(self, mantissa) + getattr(self, shift)
            if bits > 31:
                raise SpecError(
                    f"core: {mantissa} + {shift} = {bits}; allowed: at most 31, since the "
                    "emulator computes in 32 bits."
                )

    def _check_rules(self) -> None:
        for name, allowed in _RULES.items():
            value = getattr(self, name)
            try:  # a file holds the value of an enumeration member
                rule = type(allowed[0])(value)
            except (TypeError, ValueError):
                rule = None
            if rule not in allowed:
                listed = ", ".join(str(member) for member in allowed)
                raise SpecError(f"core: {name} = {shown(value)}; allowed: {listed}.")
            object.__setattr__(self, name, rule)
        for name in _SWITCHES:
            object.__setattr__(
                self, name, switch("core", name, getattr(self, name), error=SpecError)
            )

    def _check_order(self) -> None:
        for low_name, high_name in _ORDERED:
            low, high = getattr(self, low_name), getattr(self, high_name)
            if low > high:
                raise SpecError(
                    f"core: {low_name} = {low} is above {high_name} = {high}; exchange them."
                )

    @property
    def decay_scale(self) -> int:
        """Effective decay that sets a state variable to 0 in one step."""
        return 1 << self.decay_bits

    @property
    def decay(self) -> Format:
        """Format of both decay registers."""
        return Format(self.decay_bits, signed=False)

    @property
    def state(self) -> Format:
        """Format of u and v."""
        return Format(self.state_bits, signed=True)

    @property
    def accumulator(self) -> Format:
        """Format of the synaptic input of one step."""
        return Format(self.accumulator_bits, signed=True)

    @property
    def threshold_mantissa(self) -> Format:
        """Format of the threshold mantissa."""
        return Format(self.threshold_mantissa_bits, signed=False)

    @property
    def bias_mantissa(self) -> Format:
        """Format of the bias mantissa."""
        return Format(self.bias_mantissa_bits, signed=True)

    @property
    def input_bits(self) -> int:
        """Width, with its sign, of the synaptic input that a neuron program gets in a step."""
        if self.accumulator_overflow is Overflow.NONE:
            return 31
        return self.accumulator_bits + (self.accumulator_overflow is Overflow.WRAP_UP)

    @property
    def weight_bits(self) -> tuple[int, ...]:
        """Stored bits that a synapse format may have: its 3-bit code omits 7 of 8 bits (NL)."""
        most = self.weight_mantissa_bits
        return tuple(bits for bits in range(most + 1) if (bits, most) != (7, 8))

    @property
    def weight_limit(self) -> int:
        """Largest magnitude of a decoded weight: the accumulator's limit, on the weight grid."""
        return (1 << (self.accumulator_bits - 1)) - (1 << self.weight_shift)

    @property
    def differences(self) -> tuple[str, ...]:
        """The fields that differ from their defaults, as text."""
        return tuple(
            f"{item.name}={value.name if isinstance(value, Enum) else value}"
            for item in dataclasses.fields(self)
            if (value := getattr(self, item.name)) != item.default
        )

    def __repr__(self) -> str:
        return line(self, *self.differences)


_WRAPS = (Overflow.WRAP, Overflow.WRAP_UP, Overflow.NONE)
_RULES: dict[str, tuple[Overflow, ...] | tuple[Rounding, ...]] = {
    "accumulator_overflow": _WRAPS,
    "current_overflow": _WRAPS,
    "input_overflow": _WRAPS,
    "voltage_overflow": (Overflow.CLIP, Overflow.NONE),
    "weight_rounding": (Rounding.FLOOR, Rounding.TOWARD_ZERO, Rounding.NEAREST),
}
_SWITCHES = (
    "weight_clips",
    "exponent_on_sum",
    "run_base",
    "population_axons",
    "programmable",
    "kernels_shared",
)
_ORDERED = (
    ("weight_exponent_min", "weight_exponent_max"),
    ("synapse_index_bits_min", "synapse_index_bits"),
    ("skip_bits_min", "skip_bits_max"),
)

# Bounds that keep the emulator's 32-bit arithmetic exact, and fields that may be 0 or negative.
_RANGES = {
    "decay_bits": (1, 15),
    "decay_u_offset": (0, 1),
    "decay_v_offset": (0, 1),
    "state_bits": (4, 28),
    "accumulator_bits": (2, 28),
    "threshold_mantissa_bits": (1, 24),
    "threshold_shift": (0, 16),
    "bias_mantissa_bits": (2, 24),
    "bias_exponent_max": (0, 16),
    "weight_mantissa_bits": (1, 15),
    "weight_shift": (0, 16),
    "weight_exponent_min": (-16, 16),
    "weight_exponent_max": (-16, 16),
    "refractory_max": (1, 255),
    "delay_max": (0, 255),
    "payload_bits": (0, 32),
    "synapse_index_bits": (1, 20),
    "synapse_index_bits_min": (0, 20),
    "skip_bits_min": (1, 16),
    "skip_bits_max": (1, 16),
    "list_suffix_bits": (0, 64),
    "chip_axon_entries": (0, 64),
    "vmin_exponent_max": (0, 31),
    "vmax_exponent_max": (0, 15),
    "memory_words": (0, 1 << 31),
}


def field_label(name: str) -> str:
    """Return the words of a field of a core, as figures show them: "weight bits"."""
    return _WORDS.get(name, words(name))
