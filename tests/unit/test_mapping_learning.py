"""Mapping and energy of images that learn: tags, axons, and updates of synapses."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from checker import count_image
from command_line import succeed

from neurochip import (
    LOIHI,
    GivenTrace,
    Learning,
    Plasticity,
    SignMode,
    Synapses,
    core_usage,
    fill_cores,
    map_image,
    program,
)
from neurochip.image.files import save_image
from neurochip.learning import LEARNING_PRESETS, LearningRule, Trace
from neurochip.packing.learning import tag_bits_of

PAIR = LearningRule("x1*y0 - x0*y1", x1=Trace(16, 10), y1=Trace(16, 20))
TAGGED = LearningRule("u0*t*y2", dt="x1*y0", x1=Trace(16, 10))


def synapses(rng, source, n_sources, n_targets, *, bits=8, p=0.5):
    pre, post = np.nonzero(rng.random((n_sources, n_targets)) < p)
    return Synapses(source, pre, post, 4, SignMode.EXCITATORY, bits=bits)


def random_image(seed, *, chip=LOIHI):
    """Return an image of three cores, in which two of three synapse groups learn."""
    rng = np.random.default_rng(seed)
    lists = [
        synapses(rng, "inputs", 20, 30, p=rng.random()),
        synapses(rng, "compartments", 30, 30, p=rng.random()),
        synapses(rng, "inputs", 20, 30, bits=int(rng.choice([6, 8])), p=rng.random()),
    ]
    groups = (Plasticity(0, TAGGED), Plasticity(1, PAIR))
    return program(
        chip,
        {"threshold_mantissa": np.full(30, 50)},
        lists,
        n_inputs=20,
        cores=[7, 1, 22],
        learning=Learning(groups),
    )


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_each_resource_of_an_image_that_learns_is_counted_as_by_hand(seed, shared):
    image = random_image(seed, chip=LOIHI.what_if(population_axons=shared))
    counted, expected = core_usage(image)[0], count_image(image)[0]
    for name, values in expected.items():
        assert counted[name].tolist() == values.tolist(), name


def test_a_tag_takes_the_bits_of_its_range():
    assert (tag_bits_of(TAGGED), tag_bits_of(PAIR), tag_bits_of(None)) == (9, 0, 0)
    lava = LearningRule("x0*sgn(t)", spec=LEARNING_PRESETS["lava"])
    assert tag_bits_of(lava) == 10  # -257 to 255
    assert tag_bits_of(LearningRule("x0", spec=LEARNING_PRESETS["nengo-loihi"])) == 0


def test_synapses_with_a_tag_take_twice_the_memory():
    def words(rule):
        dense = Synapses("inputs", np.repeat(range(100), 200), np.tile(range(200), 100), 4, 2)
        part = None if rule is None else Learning((Plasticity(0, rule),))
        image = program(LOIHI, {}, [dense], n_inputs=100, n_compartments=200, learning=part)
        return core_usage(image)[0]["synaptic_words"].tolist()

    plain, learns, tagged = words(None), words(PAIR), words(TAGGED)
    assert (plain, learns, tagged) == ([2700], [2700], [5500])


def test_a_core_takes_half_as_many_axons_that_learn():
    chip = LOIHI.what_if(input_axons=100)
    each = Synapses("inputs", range(100), range(100), 4, 2)
    plain = program(chip, {}, [each], n_inputs=100, n_compartments=100)
    learning = dataclasses.replace(plain, learning=Learning((Plasticity(0, PAIR),)))
    assert core_usage(fill_cores(plain))[0]["input_axons"].tolist() == [100]
    assert core_usage(fill_cores(learning))[0]["input_axons"].tolist() == [100, 100]
