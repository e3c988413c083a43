"""Presets of chips: both generations, their systems, and three published emulators of the first.

The three emulators agree on most rules. A preset holds the rules in which one of them differs, so
that its published numbers can be reproduced, and the effect of the difference measured. See
``docs/reference/core-semantics.md`` for the evidence on each rule.
"""

from __future__ import annotations

from types import MappingProxyType

from .fixedpoint import Overflow, Rounding
from .spec import LOIHI, ChipSpec, MeshSpec

__all__ = ["BRIAN2LOIHI", "LAVA", "LOIHI2", "NENGO_LOIHI", "PACKING_RULES", "PRESETS", "SYSTEMS"]

LAVA = LOIHI.what_if(
    name="lava",
    accumulator_overflow=Overflow.NONE,
    current_overflow=Overflow.WRAP_UP,
    input_overflow=Overflow.NONE,
    weight_clips=False,
    exponent_on_sum=True,
    delay_max=63,
    learning="lava",
)
"""Lava 0.10.0, bit-accurate models (its fixed-point LIF has no refractory period)."""

NENGO_LOIHI = LOIHI.what_if(
    name="nengo-loihi", weight_rounding=Rounding.NEAREST, learning="nengo-loihi"
)
"""nengo-loihi 1.1.0: the rules of the chip, with weights rounded to nearest before loading."""

BRIAN2LOIHI = LOIHI.what_if(
    name="brian2loihi",
    accumulator_overflow=Overflow.NONE,
    current_overflow=Overflow.NONE,
    input_overflow=Overflow.NONE,
    voltage_overflow=Overflow.NONE,
    weight_rounding=Rounding.TOWARD_ZERO,
    refractory_max=64,
    learning="brian2loihi",
)
"""Brian2Loihi 0.5.2: states have no limits, and low weight bits are dropped toward zero."""

PRESETS = MappingProxyType({chip.name: chip for chip in (LOIHI, LAVA, NENGO_LOIHI, BRIAN2LOIHI)})
"""All presets by name."""

LOIHI2 = LOIHI.what_if(
    name="loihi2",
    compartments=8192,
    synapse_index_bits=13,
    accumulator_slots=65536,
    synaptic_words=12000,
    memory_words=24576,
    kernels_shared=True,
    programmable=True,
    payload_bits=24,
    delay_max=63,
    accumulator_overflow=Overflow.NONE,
    exponent_on_sum=True,
    learning=None,
)
"""The second generation: neuron programs, spikes with a payload, and kernels stored once.

Little of it is published. ``docs/reference/hardware.md`` gives the source of each field, the values
on which sources disagree, and what is not known: such fields keep the value of the first
generation.
"""


def _system(chip: ChipSpec, name: str, chips: int, columns: int) -> ChipSpec:
    return chip.what_if(name=name, chips=chips, mesh=MeshSpec(chip_columns=columns))


# First generation: numbers of chips from intel-nrc-ecosystem/models, ``plotting.py``; Pohoiki
# Springs is 12 x 64 chips (Frady et al. 2020, 10.1145/3381755.3398695). Second generation: from
# Intel's announcements; Hala Point has 140,544 cores on 1,152 chips, 122 of each. The layout of the
# other systems is a guess.
SYSTEMS = MappingProxyType(
    {
        chip.name: chip
        for chip in (
            LOIHI,
            _system(LOIHI, "kapoho-bay", 2, 2),
            _system(LOIHI, "wolf-mountain", 4, 2),
            _system(LOIHI, "nahuku-8", 8, 4),
            _system(LOIHI, "nahuku-32", 32, 4),
            _system(LOIHI, "pohoiki-springs", 768, 12),
            LOIHI2,
            _system(LOIHI2, "kapoho-point", 8, 4),
            _system(LOIHI2.what_if(cores=122), "hala-point", 1152, 32),
        )
    }
)
"""Systems of both generations by name, from one chip to 1,152."""

PACKING_RULES = MappingProxyType(
    {
        "nxtf": {},
        "nengo-loihi": {
            "synapses_per_entry": 64,
            "entry_alignment_bits": 64,
            "list_suffix_bits": 0,
            "run_base": False,
        },
    }
)
"""The two published rules for packing synapses, for ``chip.what_if(**PACKING_RULES[name])``.

``LOIHI`` uses ``nxtf``, the rule of a compiler that programmed the chip.
"""
