"""Images that learn: what they hold, their digest, their file, and what they refuse."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest

from neurochip import (
    BRIAN2LOIHI,
    LAVA,
    LOIHI,
    LOIHI2,
    NENGO_LOIHI,
    PROGRAMS,
    ProgramGroup,
)
from neurochip.errors import ImageError
from neurochip.image import GivenTrace, Learning, Plasticity
from neurochip.image.files import load_image, save_image
from neurochip.image.program import SignMode, Synapses, program
from neurochip.image.text import dump_image
from neurochip.learning import LEARNING_PRESETS, LearningRule, LearningSpec, Trace

PAIR = "2^-1*x1*y0 - 2^-1*x0*y1"


def rule(text=PAIR, *, x1=(16, 10), y1=(16, 20), **more):
    return LearningRule(text, x1=Trace(*x1), y1=Trace(*y1), **more)


def tags(*values):
    return np.array(values, dtype=np.int16)


def numbers(*values):
    return np.array(values, dtype=np.int32)


def given(group, variable, steps, values):
    return GivenTrace(group, variable, np.array(steps), np.array(values, dtype=np.int16))


def synapses(**more):
    registers = {
        "pre": [2, 0, 1],
        "target": [0, 1, 0],
        "mantissa": [10, 20, 30],
        "sign_mode": SignMode.EXCITATORY,
    }
    return Synapses("inputs", **registers | more)


def image(*groups, chip=LOIHI, lists=None, cores=None, **learning):
    groups = groups or (Plasticity(0, rule()),)
    lists = [synapses(), synapses()] if lists is None else lists
    return program(
        chip,
        {"threshold_mantissa": [25, 30]},
        lists,
        n_inputs=3,
        cores=cores,
        learning=Learning(groups, **learning),
    )


# --- what an image holds -------------------------------------------------------------------------


def test_tags_and_numbers_follow_their_synapses_when_lists_are_sorted_by_source():
    (item,) = image(Plasticity(0, rule(), tag=tags(1, 2, 3))).learning.groups
    assert item.number.tolist() == [1, 2, 0]
    assert item.tag.tolist() == [2, 3, 1]
    (item,) = image(Plasticity(0, rule(), number=numbers(2, 0, 1))).learning.groups
    assert item.number.tolist() == [0, 1, 2]
    assert item.tags(3).tolist() == [0, 0, 0]


def test_synapses_and_compartments_without_numbers_have_their_own():
    assert Plasticity(0, rule()).numbers(3).tolist() == [0, 1, 2]
    learning = image().learning
    assert learning.compartment_numbers(2).tolist() == [0, 1]
    assert (learning.of(0), learning.of(1)) == (learning.groups[0], None)


def test_an_image_says_how_many_of_its_synapses_learn():
    assert image().n_plastic == 3
    assert " 6 synapses of which 3 learn, " in repr(image())
    assert dataclasses.replace(image(), learning=None).n_plastic == 0


def test_the_text_of_an_image_shows_its_rules():
    text = dump_image(image(Plasticity(1, rule()), seed=7))
    assert text.endswith(
        """
learning with seed 7
  synapse group 1, epoch 1, engine 'published': x1 16 with tau 10 steps, y1 16 with tau 20 steps
    dw = 2^-1*y0*x1 - 2^-1*x0*y1
      2^-1*y0*x1: 8 weight steps where x1 = 16
      -2^-1*x0*y1: -8 weight steps where y1 = 16"""
    )


def test_a_notebook_shows_the_rule_of_each_group():
    found = image(Plasticity(1, rule(dt="x0*y1", epoch=2)))._repr_html_()
    assert "synapses that learn" in found
    cells = ["1", "3", "dw = 2^-1*y0*x1 - 2^-1*x0*y1; dt = x0*y1", "16, tau 10", "16, tau 20"]
    row = "".join(f"<td>{cell}</td>" for cell in [*cells, "2 steps"])
    assert row in re.sub(r"<td[^>]*>", "<td>", found)
    assert "synapses that learn" not in dataclasses.replace(image(), learning=None)._repr_html_()


# --- digest and file -----------------------------------------------------------------------------


def test_an_image_without_learning_keeps_its_digest_and_its_file(tmp_path):
    plain = dataclasses.replace(image(), learning=None)
    other = plain.chip.what_if(name="loihi", learning="lava")
    assert dataclasses.replace(plain, chip=other).digest() == plain.digest()
    with np.load(save_image(plain, tmp_path / "plain")) as file:
        assert "learning" not in str(file["header"])


BEFORE = {  # of images that were made before images could learn
    "loihi": "b68becab84120978a33467f52ae276e6e12423bd04c522f16a300aedc5e02196",
    "lava": "468fc322ae3b4bf9e10bccaca0f20aab91229f38a68ca793e9021e56648f6dd0",
    "loihi2": "e3b24185f2bb9f608ab2aa6b1b687a50f3e6013968f4ffdd763ac920f6b7ec87",
}


@pytest.mark.parametrize("chip", [LOIHI, LAVA, LOIHI2], ids=lambda chip: chip.name)
def test_images_without_learning_have_the_digest_that_they_had_before(chip):
    registers = {"threshold_mantissa": [25, 30]}
    assert program(chip, registers, [synapses()], n_inputs=3).digest() == BEFORE[chip.name]


CHANGED = [
    image(Plasticity(1, rule())),
    image(Plasticity(0, rule(epoch=2))),
    image(Plasticity(0, rule(first_epoch=0))),
    image(Plasticity(0, rule(PAIR.replace("y0", "y0*y0*x1")))),
    image(Plasticity(0, rule(x1=(15, 10)))),
    image(Plasticity(0, rule(x1=(16, 10.5)))),
    image(Plasticity(0, rule(), tag=tags(0, 0, 1))),
    image(Plasticity(0, rule(), number=numbers(2, 1, 0))),
    image(seed=1),
    image(numbers=numbers(1, 0)),
    image(rewards=(given(0, "y2", [0], [1]),)),
    image(rewards=(given(0, "y3", [0], [1]),)),
    image(rewards=(given(0, "y3", [0], [[1, 2]]),)),
]


def test_each_integer_of_learning_changes_the_digest():
    digests = {each.digest() for each in (image(), *CHANGED)}
    assert len(digests) == 1 + len(CHANGED)


@pytest.mark.parametrize("chip", [LOIHI, LAVA, NENGO_LOIHI])
def test_an_image_that_learns_is_the_same_after_save_and_load(chip, tmp_path):
    spec = chip.core.learning
    three = LearningRule(
        "2*x1*y0*sgn(w - 3) + u2*y3*(255 - w) - 3*2^-2*x0*x2",
        x1=Trace(16.5, 10.25),
        x2=Trace(3, math.inf),
        epoch=2,
        first_epoch=5,
        spec=spec,
    )
    groups = Plasticity(1, three), Plasticity(0, rule(epoch=2, spec=spec, first_epoch=5))
    rewards = (given(0, "y3", [0, 5], [[1, 2], [-3, 4]]),)
    saved = image(*groups, chip=chip, seed=3, numbers=numbers(1, 0), rewards=rewards)
    loaded = load_image(save_image(saved, tmp_path / "image"))
    assert loaded == saved
    assert loaded.digest() == saved.digest()
    assert loaded.learning.groups[0].rule == three


@pytest.mark.parametrize(
    "engine", [None, LearningSpec(name="mine", epoch_max=None, mixed_limits=(-254, 254))]
)
def test_a_chip_keeps_its_learning_engine_in_a_file(engine, tmp_path):
    chip = LOIHI.what_if(learning=engine)
    saved = program(chip, {"threshold_mantissa": 25})
    assert load_image(save_image(saved, tmp_path / "image")).chip == chip


@pytest.mark.parametrize("spec", LEARNING_PRESETS.values(), ids=list(LEARNING_PRESETS))
def test_an_engine_is_the_same_after_writing_it_as_a_dict(spec):
    assert LearningSpec.from_dict(spec.to_dict()) == spec


def test_the_arrays_of_learning_are_read_only():
    (item,) = image(Plasticity(0, rule(), tag=tags(1, 2, 3))).learning.groups
    with pytest.raises(ValueError, match="read-only"):
        item.tag[0] = 5


# --- refusals ------------------------------------------------------------------------------------

LAVA_SPEC = LEARNING_PRESETS["lava"]
B2_SPEC = LEARNING_PRESETS["brian2loihi"]
INHIBITORY = {"mantissa": [-10, -20, -30], "sign_mode": SignMode.INHIBITORY}
MIXED = {"sign_mode": SignMode.MIXED}

REFUSED = [
    (
        lambda: image(chip=LOIHI2),
        "learning: chip 'loihi2' has no learning engine; allowed: a chip that has one, such as "
        "LOIHI, or chip.what_if(learning=LearningSpec(...)).",
    ),
    (lambda: Learning(()), "learning: groups = (); allowed: at least one Plasticity(...)."),
    (
        lambda: image(Plasticity(2, rule())),
        "plasticity 0: synapses = 2; allowed: 0 to 1, the synapse groups of the image.",
    ),
    (
        lambda: image(Plasticity(1, rule()), Plasticity(1, rule())),
        "plasticity 1: synapse group 1 learns by plasticity 0 already; allowed: one rule a group.",
    ),
    (
        lambda: image(Plasticity(0, rule(spec=LAVA_SPEC))),
        "plasticity 0: its rule is for the engine 'lava', and chip 'loihi' has 'published'; "
        "allowed: LearningRule(..., spec=chip.core.learning).",
    ),
    (
        lambda: image(Plasticity(0, rule(dd="x0*y1", spec=LAVA_SPEC)), chip=LAVA),
        "plasticity 0: dd = 'x0*y1'; allowed in an image: rules of weights and tags, since it is "
        "not known when a learned delay acts. Leave it out.",
    ),
    (
        lambda: image(
            Plasticity(0, LearningRule("x0*y1", spec=B2_SPEC)),
            chip=BRIAN2LOIHI,
        ),
        "plasticity 0: the rule uses y1, which has no Trace; the engine 'brian2loihi' has no given "
        "traces. Pass y1=Trace(impulse, tau).",
    ),
    (
        lambda: image(
            Plasticity(0, LearningRule("x0*y1", y1=Trace(1, 10), spec=B2_SPEC)),
            chip=BRIAN2LOIHI,
            lists=[synapses(**INHIBITORY)],
        ),
        "plasticity 0, synapse group 0: the engine 'brian2loihi' learns inhibitory weights of -256 "
        "to 0, and a mantissa holds -255 to 0; allowed: limits within that. Use "
        "chip.what_if(learning=dataclasses.replace(chip.core.learning, inhibitory_limits="
        "(-255, 0))).",
    ),
    (
        lambda: image(chip=LOIHI.what_if(weight_mantissa_bits=6, learning=LOIHI.core.learning)),
        "plasticity 0, synapse group 0: the engine 'published' learns excitatory weights of 0 to "
        "255, and a mantissa holds 0 to 63; allowed: limits within that. Use chip.what_if("
        "learning=dataclasses.replace(chip.core.learning, excitatory_limits=(0, 63))).",
    ),
    (
        lambda: image(lists=[synapses(bits=0, mantissa=0)]),
        "plasticity 0, synapse group 0: weight_bits = 0; allowed for learning: at least 1.",
    ),
    (
        lambda: image(lists=[synapses(bits=6, mantissa=[4, 8, 6])]),
        "plasticity 0, synapse group 0: a mantissa is 6; allowed: multiples of 4, which 6 bits, "
        "excitatory, store. Round the mantissas, or store more bits.",
    ),
    (
        lambda: image(
            Plasticity(0, rule(spec=LEARNING_PRESETS["nengo-loihi"])),
            chip=NENGO_LOIHI,
            lists=[synapses(**MIXED, mantissa=[-256, 0, 2])],
        ),
        "plasticity 0, synapse group 0: a mantissa is -256; allowed: -254 to 254.",
    ),
    (
        lambda: image(Plasticity(0, rule(), tag=tags(1, 2))),
        "plasticity 0, synapse group 0: tag has 2 values; allowed: 3, or none.",
    ),
    (
        lambda: image(Plasticity(0, rule(), tag=tags(1, 2, 256))),
        "plasticity 0, synapse group 0: a tag is 256; allowed: -256 to 255.",
    ),
    (
        lambda: image(
            Plasticity(0, rule(spec=LEARNING_PRESETS["nengo-loihi"]), tag=tags(1, 2, 3)),
            chip=NENGO_LOIHI,
        ),
        "plasticity 0, synapse group 0: tag has 3 values; the engine 'nengo-loihi' has no tags. "
        "Leave them out.",
    ),
    (
        lambda: image(Plasticity(0, rule(), number=numbers(0, 1))),
        "plasticity 0, synapse group 0: number has 2 values; allowed: 3, or none.",
    ),
    (
        lambda: image(Plasticity(0, rule(), number=numbers(0, 1, 3))),
        "plasticity 0, synapse group 0: a number is 3; allowed: 0 to 2.",
    ),
    (
        lambda: image(Plasticity(0, rule(), number=numbers(0, 2, 2))),
        "plasticity 0, synapse group 0: number holds 2 twice; allowed: each number once.",
    ),
    (
        lambda: image(numbers=numbers(0, 0)),
        "learning: numbers holds 0 twice; allowed: each number once.",
    ),
    (
        lambda: image(Plasticity(0, rule()), Plasticity(1, rule(epoch=2))),
        "plasticity 1: epoch = 2 on core 0, where plasticity 0 has 1; allowed: one epoch a core.",
    ),
    (
        lambda: image(Plasticity(0, rule()), Plasticity(1, rule(first_epoch=0))),
        "plasticity 1: first_epoch = 0 on core 0, where plasticity 0 has 1; allowed: one "
        "first_epoch a core.",
    ),
    (
        lambda: image(
            Plasticity(0, rule(x1=(1, 1), x2=Trace(2, 2))),
            Plasticity(1, rule(x1=(3, 3), x2=Trace(4, 4))),
        ),
        "plasticity 1: core 0 has 4 different pre-synaptic traces; allowed: 3. Give connections "
        "the same x1 or x2, or place their targets on different cores.",
    ),
    (
        lambda: image(rewards=(given(1, "y2", [0], [1]),)),
        "given trace 0: group = 1; allowed: 0 to 0, the groups of learning.",
    ),
    (
        lambda: image(rewards=(given(0, "y1", [0], [1]),)),
        "given trace 0: variable = 'y1', of which plasticity 0 has a Trace; allowed: 'y2', 'y3'.",
    ),
    (
        lambda: image(
            Plasticity(0, rule(spec=B2_SPEC)),
            chip=BRIAN2LOIHI,
            rewards=(given(0, "y2", [0], [[1, 2]]),),
        ),
        "given trace 0: y2 of plasticity 0; the engine 'brian2loihi' has no given traces. Leave it "
        "out.",
    ),
    (
        lambda: image(rewards=(given(0, "y2", [3, 3], [1, 2]),)),
        "given trace 0: steps = [3, 3]; allowed: rising from at least 0.",
    ),
    (
        lambda: image(rewards=(given(0, "y2", [-1], [1]),)),
        "given trace 0: steps = [-1]; allowed: rising from at least 0.",
    ),
    (
        lambda: image(rewards=(given(0, "y2", [0], [[1, 2, 3]]),)),
        "given trace 0: values have shape (1, 3); allowed: (1,) or (1, 2), a column for each "
        "target.",
    ),
    (
        lambda: image(rewards=(given(0, "y2", [0], [128]),)),
        "given trace 0: a value is 128; allowed: -128 to 127.",
    ),
    (
        lambda: image(rewards=(given(0, "y2", [0], [1]), given(0, "y2", [1], [1]))),
        "given trace 1: y2 of plasticity 0 has given trace 0 already; allowed: one.",
    ),
    (
        lambda: given(0, "x1", [0], [1]),
        "given trace: variable = 'x1'; allowed: 'y1', 'y2', 'y3'.",
    ),
    (
        lambda: Plasticity(0, PAIR),
        f"plasticity: rule = {PAIR!r}; allowed: a LearningRule(...).",
    ),
    (
        lambda: Learning((Plasticity(0, rule()),), seed=-1),
        "learning: seed = -1; allowed: an integer of at least 0.",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_learning_that_a_chip_cannot_do_is_refused(make, message):
    with pytest.raises(ImageError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(("ids", "side"), [([0, 1], "source 0"), ([1], "target 1")])
def test_neurons_that_send_payloads_take_no_part(ids, side):
    chip = LOIHI2.what_if(learning="published")
    values = {"bias": 0, "threshold": 64, "state_exponent": 6}
    graded = ProgramGroup.fill(PROGRAMS["sigma_delta"](chip.core), ids, parameters=values)
    one = Synapses("compartments", [0], [1], 4, SignMode.EXCITATORY)
    with pytest.raises(ImageError) as caught:
        program(
            chip,
            {},
            [one],
            n_compartments=2,
            programs=[graded],
            learning=Learning((Plasticity(0, rule()),)),
        )
    assert str(caught.value) == (
        f"plasticity 0: {side} sends payloads, and what they would add to a trace is not known; "
        "allowed: neurons with binary spikes."
    )


def test_rules_with_other_epochs_or_traces_may_be_on_different_cores():
    lists = [synapses(pre=[0], target=[each], mantissa=[1]) for each in (0, 1)]
    groups = [
        Plasticity(each, rule(x1=(each + 1, 3), x2=Trace(each + 5, 3), epoch=each + 1))
        for each in (0, 1)
    ]
    assert image(*groups, lists=lists, cores=[1, 1]).n_plastic == 2
