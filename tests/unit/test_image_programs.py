"""Images with neuron programs, periodic resets and convolutions."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import LOIHI, LOIHI2, Emulator
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.errors import EmulatorError, ImageError
from neurochip.image import Compartments, Convolution, PeriodicReset, ProgramGroup
from neurochip.image.files import load_image, save_image
from neurochip.image.lif_group import lif_group
from neurochip.image.program import Synapses, program
from neurochip.image.text import dump_image
from neurochip.programs import PROGRAMS

SIGMA_DELTA = PROGRAMS["sigma_delta"](LOIHI2.core)
VALUES = {"bias": 0, "threshold": [64, 128], "state_exponent": 6}
MIXED = SynapseFormat(0, 8, SignMode.MIXED)


def exactly(message):
    return f"^{re.escape(message)}$"


def group(compartments=(1, 2), **changes):
    return ProgramGroup.fill(SIGMA_DELTA, compartments, parameters={**VALUES, **changes})


def convolution(**changes):
    fields = {
        "source": "inputs",
        "sources": np.arange(8, dtype=np.int32),
        "targets": np.array([3, 1], dtype=np.int32),
        "source_shape": (2, 2, 2),
        "target_shape": (2, 1, 1),
        "kernel": np.arange(2, 34, 2, dtype=np.int16).reshape(2, 2, 2, 2),
        "format": MIXED,
    }
    return Convolution(**{**fields, **changes})


def image(chip=LOIHI2, **changes):
    parts = {
        "synapses": [Synapses("compartments", [1], [2], [4], SignMode.MIXED)],
        "n_inputs": 8,
        "n_compartments": 4,
        "programs": [group()],
        "resets": [PeriodicReset(np.array([0, 2], dtype=np.int32), 17, 3)],
        "convolutions": [convolution()],
    }
    return program(chip, {}, **{**parts, **changes})


def test_all_parts_survive_save_and_load(tmp_path):
    made = image()
    loaded = load_image(save_image(made, tmp_path / "made.npz"))
    assert loaded == made
    assert loaded.digest() == made.digest()
    assert loaded.programs[0].program == SIGMA_DELTA


def test_every_part_enters_the_digest():
    second = PeriodicReset(np.array([0, 2], dtype=np.int32), 17, 4)
    digests = [
        item.digest()
        for item in (
            image(),
            image(programs=[]),
            image(resets=[]),
            image(resets=[second]),
            image(convolutions=[]),
            image(convolutions=[convolution(delay=1)]),
            image(programs=[group(bias=1)]),
        )
    ]
    assert len(set(digests)) == len(digests)


def test_the_names_in_a_program_do_not_enter_the_digest():
    renamed = dataclasses.replace(SIGMA_DELTA, name="other")
    other = ProgramGroup.fill(renamed, [1, 2], parameters=VALUES)
    assert image(programs=[other]).digest() == image().digest()


def test_a_plain_image_keeps_its_digest():
    plain = program(LOIHI, {"threshold_mantissa": [25, 30]}, n_inputs=1)
    assert plain.digest() == "001d0c516fe68111cfb67d163e84939115d51990a046aa37adbf452dbdc1b566"


def test_the_text_of_an_image_shows_all_parts():
    text = dump_image(image())
    assert "2 compartments with NeuronProgram('sigma_delta', 16 rows, 1 input" in text
    assert "  threshold 64 to 128" in text
    assert "PeriodicReset(2 compartments, every 17 steps from step 3)" in text
    assert "Convolution('inputs', 2 x 2 x 2 to 2 x 1 x 1, 16 weights" in text


def slow_convolution(item):
    """All synapses of a convolution by its definition, as (source, target, mantissa)."""
    (channels, height, width), (out, rows, columns) = item.source_shape, item.target_shape
    found = []
    for k, y, x in np.ndindex(out, rows, columns):
        for c, i, j in np.ndindex(item.kernel.shape[1:]):
            channel = k // (out // item.groups) * (channels // item.groups) + c
            row = y * item.stride[0] - item.padding[0] + i * item.dilation[0]
            column = x * item.stride[1] - item.padding[1] + j * item.dilation[1]
            if 0 <= row < height and 0 <= column < width:
                source = item.sources[(channel * height + row) * width + column]
                target = item.targets[(k * rows + y) * columns + x]
                found.append((source, target, item.kernel[k, c, i, j]))
    return sorted(found)


@pytest.mark.parametrize(
    ("settings", "target_shape"),
    [
        ({}, (4, 4, 5)),
        ({"stride": (2, 1)}, (4, 2, 5)),
        ({"padding": (1, 2)}, (4, 6, 9)),
        ({"dilation": 2}, (4, 2, 4)),
        ({"groups": 2, "stride": 2, "padding": 1}, (4, 3, 4)),
    ],
)
def test_an_unrolled_convolution_has_the_synapses_of_its_definition(settings, target_shape):
    rng = np.random.default_rng(7)
    groups = settings.get("groups", 1)
    item = convolution(
        source_shape=(2, 6, 6),
        target_shape=target_shape,
        sources=rng.permutation(72).astype(np.int32),
        targets=rng.permutation(int(np.prod(target_shape))).astype(np.int32),
        kernel=rng.integers(-100, 100, (4, 2 // groups, 3, 2)).astype(np.int16),
        delay=3,
        **settings,
    )
    unrolled = item.unrolled(72)
    pre = np.repeat(np.arange(72), np.diff(unrolled.indptr))
    found = sorted(zip(pre, unrolled.target, unrolled.mantissa, strict=True))
    assert found == slow_convolution(item)
    assert item.n_synapses == unrolled.n_synapses
    assert set(unrolled.delay.tolist()) == {3}


def test_an_unrolled_image_has_its_convolutions_as_further_groups():
    made = image()
    unrolled = made.unrolled()
    assert unrolled.convolutions == ()
    assert unrolled.synapses == (*made.synapses, convolution().unrolled(8))
    assert unrolled.n_synapses == made.n_synapses == 17
    assert unrolled.unrolled() is unrolled


def test_lif_neurons_have_a_notation_as_program():
    registers = Compartments.fill(
        LOIHI.core, 3, decay_v=[100, 200, 300], bias_mantissa=3, bias_exponent=2, v_init=-5
    )
    found = lif_group(registers, np.array([0, 2], dtype=np.int32), LOIHI.core)
    assert dict(zip(found.program.parameters, found.parameters.tolist(), strict=True)) == {
        "keep_u": [0, 0],
        "keep_v": [3996, 3796],
        "bias": [12, 12],
        "vmin": [-8388607, -8388607],
        "vmax": [8388607, 8388607],
        "threshold": [6400, 6400],
        "refractory": [1, 1],
    }
    assert dict(zip(found.program.state, found.state.tolist(), strict=True)) == {
        "u": [0, 0],
        "v": [-5, -5],
        "held": [0, 0],
    }


def test_a_first_generation_chip_refuses_a_program():
    lif = PROGRAMS["lif_soft_reset"](LOIHI.core)
    values = {name: low for name, (low, _) in lif.parameters.items()}
    with pytest.raises(
        ImageError,
        match=exactly(
            "program 'lif_soft_reset': chip 'loihi' runs the LIF neuron of its cores only; "
            "allowed: a chip with programmable cores, such as LOIHI2."
        ),
    ):
        image(LOIHI, programs=[ProgramGroup.fill(lif, [0], parameters=values)])


def test_the_engine_refuses_parts_that_it_does_not_run():
    with pytest.raises(
        EmulatorError,
        match=exactly(
            "emulator: the image has neuron programs, periodic resets or convolutions, which no "
            "engine of this version runs; allowed: LIF neurons with synapse groups."
        ),
    ):
        Emulator(image())
