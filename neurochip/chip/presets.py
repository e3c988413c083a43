"""Presets of chips: the first generation, its systems, and three published emulators of it.

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
)
"""Lava 0.10.0, bit-accurate models (its fixed-point LIF has no refractory period)."""

NENGO_LOIHI = LOIHI.what_if(name="nengo-loihi", weight_rounding=Rounding.NEAREST)
"""nengo-loihi 1.1.0: the rules of the chip, with weights rounded to nearest before loading."""

BRIAN2LOIHI = LOIHI.what_if(
    name="brian2loihi",
    accumulator_overflow=Overflow.NONE,
    current_overflow=Overflow.NONE,
    input_overflow=Overflow.NONE,
    voltage_overflow=Overflow.NONE,
    weight_rounding=Rounding.TOWARD_ZERO,
    refractory_max=64,
)
"""Brian2Loihi 0.5.2: states have no limits, and low weight bits are dropped toward zero."""

PRESETS = MappingProxyType({chip.name: chip for chip in (LOIHI, LAVA, NENGO_LOIHI, BRIAN2LOIHI)})
"""All presets by name."""

LOIHI2 = LOIHI.what_if(
    name="loihi2",
    programmable=True,
    payload_bits=24,
    accumulator_overflow=Overflow.NONE,
    exponent_on_sum=True,
)
"""The second generation: neuron programs, and spikes with a payload."""


def _system(name: str, chips: int, columns: int) -> ChipSpec:
    return LOIHI.what_if(name=name, chips=chips, mesh=MeshSpec(chip_columns=columns))


# Numbers of chips are from intel-nrc-ecosystem/models, ``plotting.py``. Pohoiki Springs is 12 x 64
# chips (Frady et al. 2020, 10.1145/3381755.3398695); the layout of the other systems is a guess.
SYSTEMS = MappingProxyType(
    {
        chip.name: chip
        for chip in (
            LOIHI,
            _system("kapoho-bay", 2, 2),
            _system("wolf-mountain", 4, 2),
            _system("nahuku-8", 8, 4),
            _system("nahuku-32", 32, 4),
            _system("pohoiki-springs", 768, 12),
        )
    }
)
"""Systems of the first generation by name, from one chip to 768."""

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
