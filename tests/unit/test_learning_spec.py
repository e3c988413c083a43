"""Learning engines as data: what they refuse, and what is said of each field."""

from __future__ import annotations

import dataclasses

import pytest

from neurochip import LOIHI, LOIHI2
from neurochip.chip.fixedpoint import Overflow
from neurochip.chip.learning_grades import KNOWN
from neurochip.errors import SpecError
from neurochip.learning import LEARNING_PRESETS, Grade, LearningSpec, TraceRounding


def test_every_field_has_a_grade_and_a_source():
    assert set(KNOWN) == {item.name for item in dataclasses.fields(LearningSpec)} - {"name"}
    assert all(isinstance(grade, Grade) and source for grade, source in KNOWN.values())


def test_the_default_is_what_is_published_and_presets_say_where_they_differ():
    assert LEARNING_PRESETS["published"] == LearningSpec()
    assert LearningSpec().differences == {}
    assert list(LEARNING_PRESETS) == ["published", "lava", "brian2loihi", "nengo-loihi"]
    assert LEARNING_PRESETS["lava"].differences["tag_limits"] == (-257, 255)


def test_an_engine_is_one_line_with_what_differs_from_what_is_published():
    mine = LearningSpec(name="mine", trace_bits=6, accumulator_overflow=Overflow.WRAP)
    assert repr(mine) == "LearningSpec('mine', trace_bits=6, accumulator_overflow=WRAP)"
    assert str(mine) == "mine"


WRONG = [
    ({"trace_bits": 9}, "trace_bits = 9; allowed: 1 to 8."),
    (
        {"trace_decay": "exp"},
        "trace_decay = 'exp'; allowed: TraceDecay.EXPONENTIAL, TraceDecay.FIRST_ORDER.",
    ),
    ({"one_u": 1}, "one_u = 1; allowed: True or False."),
    ({"given_trace_tau": 0}, "given_trace_tau = 0; allowed: a number above 0."),
    ({"mixed_limits": (5, 4)}, "mixed_limits = (5, 4); allowed: whole numbers in order."),
    (
        {"exponent_limits": (-1001, 8)},
        "exponent_limits = (-1001, 8); allowed: within -1000 to 1000.",
    ),
    ({"pre_traces": 0}, "pre_traces = 0; allowed: an integer of at least 1."),
    ({"axon_slots": 5000}, "axon_slots = 5000; allowed: 1 to 4096."),
    ({"mixed_limits": 5}, "mixed_limits = 5; allowed: two numbers."),
    (
        {"accumulator_overflow": Overflow.WRAP, "accumulator_limits": (-100, 100)},
        "accumulator_limits = (-100, 100); allowed with WRAP: a power of two of values.",
    ),
    (
        {"trace_rounding": TraceRounding.IMPULSE_THEN_DECAY},
        "epoch_max = 63; allowed: 1, with traces per synapse, IMPULSE_THEN_DECAY or "
        "AWAY_FROM_ZERO, which act in each step.",
    ),
]


@pytest.mark.parametrize(("change", "problem"), WRONG)
def test_an_engine_that_cannot_be_is_refused(change, problem):
    with pytest.raises(SpecError) as caught:
        LearningSpec(name="mine", **change)
    assert str(caught.value) == f"learning engine 'mine': {problem}"


def test_fewer_bits_of_a_mantissa_narrow_the_limits_of_learned_weights():
    four = LOIHI.what_if(weight_mantissa_bits=4).core.learning
    assert (four.mixed_limits, four.excitatory_limits) == ((-16, 15), (0, 15))
    assert four.inhibitory_limits == (-15, 0)
    lower = dataclasses.replace(LOIHI.core.learning, excitatory_limits=(0, 9))
    chip = LOIHI.what_if(learning=lower)
    assert chip.what_if(weight_mantissa_bits=4).core.learning.excitatory_limits == (0, 9)


def test_limits_stay_where_nothing_is_narrower_where_they_are_given_and_without_an_engine():
    assert LOIHI.what_if(weight_mantissa_bits=9).core.learning == LOIHI.core.learning
    assert LOIHI.what_if(decay_bits=8).core.learning == LOIHI.core.learning
    given = LOIHI.what_if(weight_mantissa_bits=4, learning="lava").core.learning
    assert given == LEARNING_PRESETS["lava"]
    assert LOIHI2.what_if(weight_mantissa_bits=4).core.learning is None
