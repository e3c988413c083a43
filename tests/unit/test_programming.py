"""Registers by hand: what becomes of them, and what is refused in which words."""

from __future__ import annotations

import re

import numpy as np
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import LOIHI
from neurochip.chip.presets import BRIAN2LOIHI, LAVA, NENGO_LOIHI
from neurochip.chip.registers import SynapseFormat
from neurochip.emulator import Emulator
from neurochip.errors import ImageError
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.image.program import Noise, SignMode, Synapses, program

MIXED, EXCITATORY, INHIBITORY = SignMode


def exactly(message):
    return f"^{re.escape(message)}$"


def refused(message, *arguments, **keywords):
    with pytest.raises(ImageError, match=exactly(message)):
        program(*arguments, **keywords)


def synapses(**changes):
    fields = {"source": "inputs", "pre": [1, 0], "target": [0, 2], "mantissa": [4, 6]}
    return Synapses(**{**fields, "sign_mode": EXCITATORY, **changes})


def one(mantissa, sign_mode, bits=None, exponent=0, chip=LOIHI, **keywords):
    """An image of one synapse from input 0 to compartment 0."""
    only = Synapses("inputs", [0], [0], [mantissa], sign_mode, exponent=exponent, bits=bits)
    return program(chip, {}, [only], n_inputs=1, **keywords)


def cannot(mantissa, rest, nearest):
    return (
        f"synapse group 0: synapse 0 (input 0 to compartment 0) has mantissa {mantissa}, which "
        f"{rest} cannot represent; nearest: {nearest}. Round it, or pass truncate=True to let the "
        "chip cut it."
    )


# --- what an image becomes -----------------------------------------------------------------------


def test_a_program_is_the_image_of_its_integers():
    noise = Noise(np.array([0, 1, 0], dtype=np.int32), 5)
    made = program(
        LOIHI,
        {"decay_v": [1, 2, 3], "refractory": 5},
        [
            synapses(delay=[0, 3], exponent=-1),
            synapses(source="compartments", pre=[2, 0], mantissa=-8, sign_mode=3, bits=5),
        ],
        n_inputs=2,
        cores=[1, 2],
        noise=noise,
    )
    by_hand = ChipImage(
        chip=LOIHI,
        core_ptr=np.array([0, 1, 3]),
        compartments=Compartments.fill(LOIHI.core, 3, decay_v=[1, 2, 3], refractory=5),
        n_inputs=2,
        synapses=(
            SynapseGroup.from_coo(
                "inputs",
                2,
                SynapseFormat(-1, 8, EXCITATORY),
                pre=[1, 0],
                target=[0, 2],
                mantissa=[4, 6],
                delay=[0, 3],
            ),
            SynapseGroup.from_coo(
                "compartments",
                3,
                SynapseFormat(0, 5, INHIBITORY),
                pre=[2, 0],
                target=[0, 2],
                mantissa=[-8, -8],
            ),
        ),
        noise=noise,
    )
    assert made == by_hand
    assert made.digest() == by_hand.digest()
    assert made.symbols is None


def test_compartments_may_be_made_before():
    registers = Compartments.fill(LOIHI.core, 2, decay_v=7)
    assert program(LOIHI, registers) == program(LOIHI, {"decay_v": 7}, n_compartments=2)
    assert program(LOIHI, registers, n_compartments=2).compartments is registers


def test_the_number_of_compartments_comes_from_the_arrays():
    assert program(LOIHI, {}).n_compartments == 1
    assert program(LOIHI, {"decay_v": 3}).n_compartments == 1
    assert program(LOIHI, {"decay_v": 3, "v_init": np.zeros(5, dtype=int)}).n_compartments == 5
    assert program(LOIHI, {"decay_v": 3}, n_compartments=np.int64(4)).n_compartments == 4


def test_a_program_runs_as_the_oracle_says():
    registers = {"decay_u": 1023, "decay_v": [409, 200], "threshold_mantissa": [60, 90]}
    lists = [
        Synapses("inputs", [0, 0], [0, 1], [30, 50], EXCITATORY, exponent=2, delay=[0, 2]),
        Synapses("compartments", [0, 1], [1, 0], [40, -64], MIXED, exponent=3, bits=6, delay=1),
    ]
    image = program(LOIHI, registers, lists, n_inputs=1)
    at = np.arange(0, 60, 3)
    run = Emulator(image).run_steps(80, at - 1, 0 * at, record=["u", "v"])
    expected = oracle.run(
        [
            oracle.Compartment(decay_u=1023, decay_v=409, threshold_mantissa=60),
            oracle.Compartment(decay_u=1023, decay_v=200, threshold_mantissa=90),
        ],
        [
            oracle.Synapse(("input", 0), 0, 30, 0, 2, 8, 2),
            oracle.Synapse(("input", 0), 1, 50, 2, 2, 8, 2),
            oracle.Synapse(("neuron", 0), 1, 40, 1, 3, 6, 1),
            oracle.Synapse(("neuron", 1), 0, -64, 1, 3, 6, 1),
        ],
        [(step, 0) for step in at.tolist()],
        80,
    )
    assert run.trace("compartments", "u").values.tolist() == expected.u
    assert run.trace("compartments", "v").values.tolist() == expected.v
    assert {neuron for _, neuron in expected.spikes} == {0, 1}


# --- cores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "delay", "sizes"),
    [
        (3, 0, [3]),
        (1024, 7, [1024]),  # 3 bits leave 8192 >> 3
        (2500, 0, [1024, 1024, 452]),
        (1024, 8, [512, 512]),
        (300, 62, [128, 128, 44]),
    ],
)
def test_cores_are_filled_up_to_the_room_that_their_delay_leaves(size, delay, sizes):
    everywhere = Synapses("inputs", [0] * size, np.arange(size), 2, EXCITATORY, delay=delay)
    image = program(LOIHI, {}, [everywhere], n_inputs=1, n_compartments=size)
    assert np.diff(image.core_ptr).tolist() == sizes


def test_a_delay_matters_on_its_own_core_only():
    late = Synapses("inputs", [0], [600], 2, EXCITATORY, delay=62)
    image = program(LOIHI, {}, [late], n_inputs=1, n_compartments=2000)
    # Compartment 600 would leave room for 128, so it begins a core.
    assert np.diff(image.core_ptr).tolist() == [600, 128, 1024, 248]
    chosen = program(
        LOIHI, {}, [late], n_inputs=1, n_compartments=2000, cores=[550, 128, 1024, 298]
    )
    assert chosen.n_cores == 4


def test_a_core_with_more_compartments_than_its_delays_allow_is_refused():
    late = Synapses("inputs", [0], [150], 2, EXCITATORY, delay=62)
    message = (
        "image: core 1 holds 200 compartments and a delay of 62 steps, which takes 6 bits; "
        "allowed: at most 128 compartments. Use smaller cores or shorter delays."
    )
    refused(message, LOIHI, {}, [late], n_inputs=1, n_compartments=300, cores=[100, 200])
    program(LOIHI, {}, [late], n_inputs=1, n_compartments=300, cores=[149, 128, 23])


def test_a_chip_without_room_for_a_delay_is_refused():
    chip = LOIHI.what_if(accumulator_slots=32)
    late = Synapses("inputs", [0], [0], 2, EXCITATORY, delay=62)
    message = (
        "image: core 0 holds 1 compartments and a delay of 62 steps, which takes 6 bits; allowed: "
        "at most 0 compartments. Use smaller cores or shorter delays."
    )
    refused(message, chip, {}, [late], n_inputs=1)


@pytest.mark.parametrize("cores", [[2], [2, 2], [3, 0], [4, -1], [1.5, 1.5], [], 3, [[3]]])
def test_core_sizes_add_up(cores):
    message = (
        f"program: cores = {cores!r}; allowed: sizes of at least 1 that add up to 3, the number of "
        "compartments."
    )
    refused(message, LOIHI, {}, n_compartments=3, cores=cores)


def test_the_chip_has_so_many_cores():
    chip = LOIHI.what_if(name="small", cores=1)
    message = "image: 2 cores; allowed: at most 1, as chip 'small' has."
    refused(message, chip, {}, n_compartments=1025)
    message = "image: core 0 holds 1025 compartments; allowed: at most 1024."
    refused(message, LOIHI, {}, n_compartments=1025, cores=[1025])


# --- weights that a format does not represent ----------------------------------------------------


@pytest.mark.parametrize(
    ("mantissa", "sign_mode", "bits", "exponent", "rest", "nearest"),
    [
        (75, MIXED, 8, 0, "8 bits, mixed, with exponent 0", "74 and 76"),
        (-75, MIXED, 8, 0, "8 bits, mixed, with exponent 0", "-76 and -74"),
        (255, MIXED, 8, 0, "8 bits, mixed, with exponent 0", "254"),
        (75, EXCITATORY, 4, 0, "4 bits, excitatory, with exponent 0", "64 and 80"),
        (-75, INHIBITORY, 4, 0, "4 bits, inhibitory, with exponent 0", "-80 and -64"),
        (37, EXCITATORY, 8, -3, "8 bits, excitatory, with exponent -3", "32 and 40"),
        (-37, INHIBITORY, 8, -3, "8 bits, inhibitory, with exponent -3", "-40 and -32"),
        (-256, MIXED, 8, 7, "8 bits, mixed, with exponent 7", "-254"),  # the weight limit
        (1, EXCITATORY, 0, 0, "0 bits, excitatory, with exponent 0", "0"),
    ],
)
def test_a_weight_that_would_change_is_refused_unless_truncated(
    mantissa, sign_mode, bits, exponent, rest, nearest
):
    with pytest.raises(ImageError, match=exactly(cannot(mantissa, rest, nearest))):
        one(mantissa, sign_mode, bits, exponent)
    cut = one(mantissa, sign_mode, bits, exponent, truncate=True)
    assert cut.synapses[0].mantissa.tolist() == [mantissa]
    for value in nearest.split(" and "):
        one(int(value), sign_mode, bits, exponent)


@given(
    st.integers(-256, 255),
    st.sampled_from(SignMode),
    st.sampled_from(LOIHI.core.weight_bits[1:]),
    st.integers(-8, 7),
)
def test_exactly_the_weights_that_the_oracle_changes_are_refused(
    mantissa, sign_mode, bits, exponent
):
    low, high = oracle.LOIHI.mantissa_range(sign_mode)
    mantissa = min(max(mantissa, low), high)
    decoded = oracle.decode_weight(mantissa, exponent, bits, sign_mode)
    if decoded == mantissa * 2 ** (6 + exponent):
        one(mantissa, sign_mode, bits, exponent)
    else:
        with pytest.raises(ImageError, match=r"cannot represent; nearest: "):
            one(mantissa, sign_mode, bits, exponent)


def test_the_first_offending_synapse_is_named_in_the_order_given():
    fine = synapses()
    wrong = synapses(source="compartments", pre=[2, 1, 0], target=[0, 1, 2], mantissa=[2, 5, 7])
    wrong = Synapses(wrong.source, wrong.pre, wrong.target, wrong.mantissa, MIXED)
    message = (
        "synapse group 1: synapse 1 (compartment 1 to compartment 1) has mantissa 5, which 8 bits, "
        "mixed, with exponent 0 cannot represent; nearest: 4 and 6. Round it, or pass "
        "truncate=True to let the chip cut it."
    )
    refused(message, LOIHI, {}, [fine, wrong], n_inputs=2, n_compartments=3)


def test_the_rules_of_the_chip_decide_what_is_represented():
    one(-256, MIXED, exponent=7, chip=LAVA)  # no weight limit
    one(3, EXCITATORY, exponent=-2, chip=LAVA)  # the exponent shifts the sum
    for chip in (NENGO_LOIHI, BRIAN2LOIHI):
        message = cannot(3, "8 bits, mixed, with exponent 0", "2 and 4")
        with pytest.raises(ImageError, match=exactly(message)):
            one(3, MIXED, chip=chip)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pre": [2, 0]}, "synapses from inputs: a pre is 2; allowed: 0 to 1."),
        ({"pre": [-1, 0]}, "synapses from inputs: a pre is -1; allowed: 0 to 1."),
        ({"pre": 0}, "synapses from inputs: pre has shape (); allowed: one entry per synapse."),
        ({"target": [0, 3]}, "a target is 3; allowed: 0 to 2."),
        ({"target": [-1, 0], "delay": 3}, "a target is -1; allowed: 0 to 2."),
        (
            {"target": [0]},
            "synapses from inputs: target has shape (1,); allowed: a number or (2,), one entry per "
            "synapse.",
        ),
        ({"mantissa": [0, 256]}, "a mantissa is 256; allowed: 0 to 255."),
        ({"mantissa": [0, -1]}, "a mantissa is -1; allowed: 0 to 255."),
        (
            {"mantissa": [1.0, 2.0]},
            "synapses from inputs: mantissa is of type float64; allowed: integers.",
        ),
        ({"pre": [[1], [0, 1]]}, "synapses from inputs: pre is no array; allowed: integers."),
        ({"delay": 63}, "a delay is 63; allowed: 0 to 62."),
        ({"exponent": 8}, "weight_exponent = 8; allowed: -8 to 7."),
        ({"exponent": 1.0}, "synapse format: weight_exponent = 1.0; allowed: an integer."),
        ({"bits": 7}, "weight_bits = 7; allowed: 0, 1, 2, 3, 4, 5, 6, 8."),
        (
            {"sign_mode": 4},
            "synapse format: sign_mode = 4; allowed: 1 (mixed), 2 (excitatory), 3 (inhibitory).",
        ),
    ],
)
def test_a_synapse_that_the_chip_cannot_hold_is_refused(changes, message):
    lists = [synapses(), synapses(**changes)]
    refused(f"synapse group 1: {message}", LOIHI, {}, lists, n_inputs=2, n_compartments=3)


def test_a_source_that_does_not_exist_is_refused():
    message = "synapses: source = 'neurons'; allowed: 'inputs' or 'compartments'."
    with pytest.raises(ImageError, match=exactly(message)):
        synapses(source="neurons")
    message = (
        "synapse group 0: synapses from inputs: a pre is 1; allowed: none, as there are no inputs."
    )
    refused(message, LOIHI, {}, [synapses()], n_compartments=3)


def test_a_list_that_is_none_is_refused():
    message = "program: synapse list 1 = 5; allowed: a Synapses(...)."
    refused(message, LOIHI, {}, [synapses(), 5], n_inputs=2, n_compartments=3)


@pytest.mark.parametrize(
    ("registers", "message"),
    [
        ({"decay_v": [0, 4096]}, "register decay_v: compartment 1 holds 4096; allowed: 0 to 4095."),
        ({"refractory": 0}, "register refractory: compartment 0 holds 0; allowed: 1 to 63."),
        (
            {"decay_v": [1, 2], "v_init": [1, 2, 3]},
            "compartments: decay_v has shape (2,); allowed: a number or (3,).",
        ),
        ({"v_init": 0.5}, "compartments: v_init is of type float64; allowed: integers."),
        ({"v_init": [[1], [2, 3]]}, "compartments: v_init is no array; allowed: integers."),
        ({"v_init": [[1, 2]]}, "compartments: v_init has shape (1, 2); allowed: a number or (1,)."),
        ({"v_init": []}, "program: n_compartments = 0; allowed: an integer of at least 1."),
    ],
)
def test_a_register_that_the_chip_cannot_hold_is_refused(registers, message):
    refused(message, LOIHI, registers)


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "2"])
def test_sizes_are_integers(size):
    message = f"program: n_compartments = {size!r}; allowed: an integer of at least 1."
    refused(message, LOIHI, {}, n_compartments=size)
    if size:
        message = f"program: n_inputs = {size!r}; allowed: an integer of at least 0."
        refused(message, LOIHI, {}, n_inputs=size)


def test_other_kinds_of_arguments_are_refused():
    refused("program: chip = 'loihi'; allowed: a ChipSpec, such as LOIHI.", "loihi", {})
    message = "program: compartments = 3; allowed: a mapping of registers, or Compartments."
    refused(message, LOIHI, 3)
    registers = Compartments.fill(LOIHI.core, 2)
    message = "program: n_compartments = 3, but the Compartments are 2; omit n_compartments."
    refused(message, LOIHI, registers, n_compartments=3)
    noise = Noise(np.ones(3, dtype=np.int32), 7)
    message = (
        "noise: enabled has shape (3,); allowed: a one-dimensional array of int32 with 2 values."
    )
    refused(message, LOIHI, registers, noise=noise)
