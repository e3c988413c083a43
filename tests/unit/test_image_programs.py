"""Images with neuron programs, periodic resets and convolutions."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import LOIHI, LOIHI2
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.errors import ImageError
from neurochip.image import Compartments, Convolution, PeriodicReset, ProgramGroup
from neurochip.image.files import load_image, save_image
from neurochip.image.lif_group import lif_group
from neurochip.image.program import Synapses, program
from neurochip.image.text import dump_image
from neurochip.programs import PROGRAMS, NeuronProgram

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
    assert "2 compartments with NeuronProgram('sigma_delta', 17 rows, 1 input" in text
    assert "  1..2: program 'sigma_delta', see below\n  3..3: decay_u 4095, decay_v 0, " in text
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


def test_a_kernel_that_its_format_would_cut_is_refused_like_single_synapses():
    kernel = np.full((1, 1, 2, 2), 4, dtype=np.int16)
    kernel[0, 0, 1, 0] = 3
    odd = Convolution(
        source="inputs",
        sources=np.arange(9, dtype=np.int32),
        targets=np.arange(4, dtype=np.int32),
        source_shape=(1, 3, 3),
        target_shape=(1, 2, 2),
        kernel=kernel,
        format=SynapseFormat(0, 8, SignMode.MIXED),
    )
    parts = {"n_inputs": 9, "n_compartments": 4, "convolutions": [odd]}
    message = exactly(
        "convolution 0: kernel[0, 0, 1, 0] has mantissa 3, which 8 bits, mixed, with exponent 0 "
        "cannot represent; nearest: 2 and 4. Round it, or pass truncate=True to let the chip cut "
        "it."
    )
    with pytest.raises(ImageError, match=message):
        program(LOIHI2, {}, **parts)
    assert program(LOIHI2, {}, **parts, truncate=True).convolutions == (odd,)


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


def one_of(program):
    """Return a group of one compartment with the lowest parameters."""
    values = {name: low for name, (low, _) in program.parameters.items()}
    return [ProgramGroup.fill(program, [0], parameters=values)]


def test_a_first_generation_chip_refuses_a_program_and_names_what_comes_nearest():
    with pytest.raises(
        ImageError,
        match=exactly(
            "program 'lif_soft_reset': chip 'loihi' runs the LIF neuron of its cores only; "
            "allowed: a chip with programmable cores, such as LOIHI2. Nearest here: LIF registers, "
            "which reset v to 0; or, if the reset subtracts and the input is not filtered, "
            "self-inhibition (docs/reference/hardware.md)."
        ),
    ):
        image(LOIHI, programs=one_of(PROGRAMS["lif_soft_reset"](LOIHI.core)))


def test_a_first_generation_chip_refuses_a_payload():
    with pytest.raises(
        ImageError,
        match=exactly(
            "program 'sigma_delta': chip 'loihi' runs the LIF neuron of its cores only; allowed: a "
            "chip with programmable cores, such as LOIHI2. Nothing on this chip sends a payload: "
            "its spikes are binary."
        ),
    ):
        image(LOIHI, programs=one_of(PROGRAMS["sigma_delta"](LOIHI2.core)))


@pytest.mark.parametrize(
    ("payload_bits", "allowed", "remedy"),
    [(0, "binary spikes", "Emit 0 or 1"), (16, "up to 16 bits", "End with sat")],
)
def test_a_payload_wider_than_the_chip_has_is_refused(payload_bits, allowed, remedy):
    chip = LOIHI2.what_if(name="narrow", payload_bits=payload_bits)
    with pytest.raises(
        ImageError,
        match=exactly(
            f"program 'sigma_delta': payload_bits = 24; allowed on chip 'narrow': {allowed}. "
            f"{remedy}, or use a chip with wider payloads: chip.what_if(payload_bits=24)."
        ),
    ):
        image(chip, programs=one_of(PROGRAMS["sigma_delta"](LOIHI2.core)))


def test_a_payload_needs_a_target_with_a_program():
    message = (
        "compartment 1 sends payloads to compartment 3, a LIF neuron of the core, which takes "
        "binary spikes only; allowed: a target with a program, such as PROGRAMS['lif']."
    )
    to_lif = Synapses("compartments", [0, 1], [3, 3], [4, 4], SignMode.MIXED)
    with pytest.raises(ImageError, match=exactly(f"synapse group 0: {message}")):
        image(synapses=[to_lif])
    shared = convolution(
        source="compartments",
        sources=np.array([0, 1], dtype=np.int32),
        targets=np.array([2, 3], dtype=np.int32),
        source_shape=(1, 1, 2),
        target_shape=(1, 1, 2),
        kernel=np.array([[[[2]]]], dtype=np.int16),
    )
    with pytest.raises(ImageError, match=exactly(f"convolution 0: {message}")):
        image(convolutions=[shared])


def test_binary_spikes_of_programs_reach_lif_neurons():
    lif = lif_group(Compartments.fill(LOIHI2.core, 4), np.array([1], dtype=np.int32), LOIHI2.core)
    to_lif = Synapses("compartments", [1], [3], [4], SignMode.MIXED)
    assert image(synapses=[to_lif], programs=[lif]).programs == (lif,)


TWO = NeuronProgram(
    name="two",
    inputs=("a", "b"),
    state={"v": 32},
    rows=[("v", "sub", "a", "b"), ("v", "sat", "v", 32)],
)


def test_the_second_receptor_needs_two_inputs():
    two = ProgramGroup.fill(TWO, [0, 3])
    second = Synapses("inputs", [0, 1], [0, 3], [4, 4], SignMode.MIXED, receptor=1)
    made = image(programs=[two], synapses=[second], convolutions=[])
    assert made.synapses[0].receptor == 1
    plain = Synapses("inputs", [0, 1], [0, 3], [4, 4], SignMode.MIXED)
    other = image(programs=[two], synapses=[plain], convolutions=[])
    assert other.digest() != made.digest()
    message = (
        "receptor 1 of compartment 1, which has one input; allowed: compartments whose program has "
        "two inputs."
    )
    wrong = Synapses("inputs", [0, 1], [0, 1], [4, 4], SignMode.MIXED, receptor=1)
    with pytest.raises(ImageError, match=exactly(f"synapse group 0: {message}")):
        image(programs=[two], synapses=[wrong])
    with pytest.raises(ImageError, match=exactly(f"convolution 0: {message}")):
        image(programs=[two], synapses=[], convolutions=[convolution(receptor=1)])


def test_a_receptor_survives_a_file(tmp_path):
    second = Synapses("inputs", [0], [0], [4], SignMode.MIXED, receptor=1)
    made = image(programs=[ProgramGroup.fill(TWO, [0])], synapses=[second])
    assert load_image(save_image(made, tmp_path / "made.npz")) == made


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"programs": [group([2, 4])]},
            "program 'sigma_delta': a compartment is 4; allowed: 0 to 3.",
        ),
        (
            {"programs": [group(), group([2, 3])]},
            "program 'sigma_delta': compartment 2 has a program already; allowed: one program.",
        ),
        (
            {"resets": [PeriodicReset(np.array([4], dtype=np.int32), 17)]},
            "reset 0: a compartment is 4; allowed: 0 to 3.",
        ),
        (
            {"convolutions": [convolution(sources=np.arange(1, 9, dtype=np.int32))]},
            "convolution 0: a source is 8; allowed: 0 to 7.",
        ),
        (
            {"convolutions": [convolution(targets=np.array([4, 1], dtype=np.int32))]},
            "convolution 0: a target is 4; allowed: 0 to 3.",
        ),
        (
            {"convolutions": [convolution(kernel=np.full((2, 2, 2, 2), 256, dtype=np.int16))]},
            "convolution 0: a mantissa is 256; allowed: -256 to 255.",
        ),
        (
            {"convolutions": [convolution(delay=64)]},
            "convolution 0: a delay is 64; allowed: 0 to 63.",
        ),
        (
            {"convolutions": [convolution(format=SynapseFormat(9, 8, SignMode.MIXED))]},
            "convolution 0: weight_exponent = 9; allowed: -8 to 7.",
        ),
        (
            {"programs": [3]},
            "image: programs holds 3; allowed: ProgramGroup.",
        ),
    ],
)
def test_every_number_stands_for_something(changes, message):
    with pytest.raises(ImageError, match=exactly(message)):
        image(**changes)


def test_the_registers_of_the_lif_neuron_are_unused_by_a_program():
    with pytest.raises(
        ImageError,
        match=exactly(
            "program 'sigma_delta': compartment 2 has bias_mantissa 5, a register of the LIF "
            "neuron, which its program does not read; allowed: the default, 0. Use a parameter of "
            "the program."
        ),
    ):
        program(LOIHI2, {"bias_mantissa": [5, 0, 5, 5]}, programs=[group()])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: group(threshold=-1),
            "program 'sigma_delta': threshold of compartment 1 = -1; allowed: 0 to 8388607.",
        ),
        (
            lambda: ProgramGroup.fill(SIGMA_DELTA, [1], parameters={"bias": 0}),
            "program 'sigma_delta': parameter 'threshold' is missing; allowed: a value for each of "
            "bias, threshold, state_exponent.",
        ),
        (
            lambda: group(gain=1),
            "program 'sigma_delta': no parameter 'gain'; there are bias, threshold, "
            "state_exponent.",
        ),
        (
            lambda: ProgramGroup.fill(SIGMA_DELTA, [1, 2], parameters=VALUES, state={"x": 1}),
            "program 'sigma_delta': no state 'x'; there are sigma, act, residue.",
        ),
        (
            lambda: ProgramGroup.fill(SIGMA_DELTA, [1, 2], parameters=VALUES, state={"act": 2**23}),
            "program 'sigma_delta': act of compartment 1 = 8388608; allowed: -8388608 to 8388607.",
        ),
        (
            lambda: group(bias=[1, 2, 3]),
            "program 'sigma_delta': bias has shape (3,); allowed: a number or (2,).",
        ),
        (
            lambda: group([2, 1]),
            "program 'sigma_delta': compartments = [2, 1]; allowed: rising numbers of "
            "compartments, at least one.",
        ),
        (
            lambda: group(3, threshold=0),
            "program 'sigma_delta': compartments have shape (); allowed: a list of numbers.",
        ),
        (
            lambda: ProgramGroup(SIGMA_DELTA, group().compartments, np.zeros(3), np.zeros(3)),
            "program 'sigma_delta': state has shape (3,) and type float64; allowed: an array of "
            "int32, shape (3, 2).",
        ),
        (
            lambda: ProgramGroup("lif", [1], None, None),
            "program group: program = 'lif'; allowed: a NeuronProgram(...).",
        ),
        (
            lambda: PeriodicReset(np.array([1], dtype=np.int32), 0),
            "periodic reset: interval = 0; allowed: an integer of at least 1.",
        ),
        (
            lambda: PeriodicReset(np.array([1], dtype=np.int32), 17, 17),
            "periodic reset: offset = 17; allowed: 0 to 16.",
        ),
        (
            lambda: PeriodicReset([1], 17),
            "periodic reset: compartments = [1]; allowed: a one-dimensional array of int32.",
        ),
        (
            lambda: convolution(target_shape=(2, 2, 2), targets=np.zeros(8, dtype=np.int32)),
            "convolution: target_shape = (2, 2, 2); allowed: (2, 1, 1), from source_shape, kernel, "
            "stride, padding and dilation.",
        ),
        (
            lambda: convolution(sources=np.zeros(7, dtype=np.int32)),
            "convolution: sources has shape (7,); allowed: a one-dimensional array of int32 with 8 "
            "values.",
        ),
        (
            lambda: convolution(groups=3),
            "convolution: groups = 3; allowed: a divisor of the channels, 2 and 2.",
        ),
        (
            lambda: convolution(kernel=np.zeros((2, 1, 2, 2), dtype=np.int16)),
            "convolution: kernel has shape (2, 1, 2, 2) and type int16; allowed: an array of "
            "int16, shape (2, 2, height, width).",
        ),
        (
            lambda: convolution(kernel=[[1]]),
            "convolution: kernel = [[1]]; allowed: an array of int16, shape (2, 2, height, width).",
        ),
        (
            lambda: convolution(stride=0),
            "convolution: stride = 0; allowed: 2 integers of at least 1.",
        ),
        (
            lambda: convolution(source_shape=(8,)),
            "convolution: source_shape = (8,); allowed: 3 integers of at least 1.",
        ),
        (
            lambda: convolution(source="neurons"),
            "convolution: source = 'neurons'; allowed: 'inputs' or 'compartments'.",
        ),
    ],
)
def test_each_part_checks_itself(call, message):
    with pytest.raises(ImageError, match=exactly(message)):
        call()
