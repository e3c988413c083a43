"""Chip images: what fits a register, what an image counts, and what is refused."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import LOIHI
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.errors import ImageError
from neurochip.image import (
    ChipImage,
    Compartments,
    InputSymbol,
    PopulationSymbol,
    PowerGain,
    ReceptorSymbol,
    Symbols,
    SynapseGroup,
    SynapseSymbol,
)
from neurochip.image.report import CompileReport

CORE = LOIHI.core
EXCITATORY = SynapseFormat(0, 8, SignMode.EXCITATORY)


def exactly(message):
    return f"^{re.escape(message)}$"


def group(source="inputs", n_sources=2, form=EXCITATORY, **columns):
    fields = {"pre": [1, 0, 1], "target": [0, 3, 2], "mantissa": [1, 2, 3], "delay": [0, 5, 0]}
    return SynapseGroup.from_coo(source, n_sources, form, **{**fields, **columns})


def symbols(n_groups=1, **changes):
    fields = {
        "name": "cells",
        "compartment_ids": np.arange(4, dtype=np.int32),
        "mv_per_lsb": np.full(4, 0.01),
        "origin": np.full(4, -65.0),
        "v_reset": np.full(4, -65.0),
        "child_ids": np.empty(0, dtype=np.int32),
        "receptors": (ReceptorSymbol(name="tau_syn", gain=np.full(4, 0.5)),),
        "gain_rule": PowerGain(1.0, 1.0),
    }
    return Symbols(
        dt=0.1,
        populations=(PopulationSymbol(**{**fields, **changes}),),
        inputs=(InputSymbol("source", 2),),
        synapses=(SynapseSymbol("links", "cells", 0),) * n_groups,
        report=CompileReport(
            chip="x", dt=0.1, options={}, rows=(), scales=(), rates=(), resources={"cores": (1, 1)}
        ),
    )


def image(registers=None, **changes):
    fields = {
        "chip": LOIHI,
        "core_ptr": np.array([0, 3, 4], dtype=np.int64),
        "compartments": Compartments.fill(CORE, 4, **(registers or {})),
        "n_inputs": 2,
        "synapses": (group(),),
    }
    return ChipImage(**{**fields, **changes})


def test_an_image_counts_its_parts():
    whole = image(synapses=[group(), group(delay=0)], symbols=symbols(2))
    assert (whole.n_cores, whole.n_compartments, whole.n_synapses) == (2, 4, 6)
    assert whole.max_delay == 5
    assert image(synapses=()).max_delay == 0
    assert isinstance(whole.synapses, tuple)
    assert repr(whole) == (
        f"ChipImage(loihi, 2 cores, 4 compartments, 6 synapses, digest {whole.digest()[:12]})"
    )


def test_compartments_are_filled_with_what_the_chip_holds_after_a_reset():
    filled = Compartments.fill(CORE, 2, decay_v=[1, 2], refractory=np.uint8(3))
    assert len(filled) == 2
    values = {item.name: getattr(filled, item.name) for item in dataclasses.fields(filled)}
    assert {name: array.tolist() for name, array in values.items()} == {
        "decay_u": [4095, 4095],
        "decay_v": [1, 2],
        "decay_u_offset": [1, 1],
        "decay_v_offset": [0, 0],
        "threshold_mantissa": [100, 100],
        "bias_mantissa": [0, 0],
        "bias_exponent": [0, 0],
        "refractory": [3, 3],
        "vmin_exponent": [23, 23],
        "vmax_exponent": [7, 7],
        "v_init": [0, 0],
        "join": [0, 0],
        "u_init": [0, 0],
    }
    assert all(array.dtype == np.int32 for array in values.values())
    narrow = LOIHI.what_if(threshold_mantissa_bits=4).core
    assert Compartments.fill(narrow, 1).threshold_mantissa.tolist() == [15]


def test_a_group_is_sorted_by_source_and_says_nothing_of_delays_that_are_zero():
    made = group()
    assert made.indptr.tolist() == [0, 1, 3]
    assert made.target.tolist() == [3, 0, 2]
    assert made.mantissa.tolist() == [2, 1, 3]
    assert made.delay.tolist() == [5, 0, 0]
    assert [made.indptr.dtype, made.target.dtype, made.mantissa.dtype, made.delay.dtype] == [
        np.int64,
        np.int32,
        np.int16,
        np.uint8,
    ]
    silent = group(delay=0)
    assert (silent.delay.shape, silent.max_delay) == ((0,), 0)
    empty = group(pre=[], target=[], mantissa=[], delay=[])
    assert (empty.n_synapses, empty.indptr.tolist()) == (0, [0, 0, 0])


@given(
    st.integers(1, 6),
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 255), st.integers(0, 62)),
        max_size=30,
    ),
)
def test_no_synapse_is_lost_or_mixed_up_by_sorting(n_sources, rows):
    rows = [(pre % n_sources, target, mantissa, delay) for pre, target, mantissa, delay in rows]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    made = SynapseGroup.from_coo(
        "inputs",
        n_sources,
        EXCITATORY,
        **dict(zip(("pre", "target", "mantissa", "delay"), map(list, columns), strict=True)),
    )
    pre = np.repeat(np.arange(n_sources), np.diff(made.indptr)).tolist()
    delay = made.delay.tolist() if made.delay.size else [0] * len(rows)
    kept = zip(pre, made.target.tolist(), made.mantissa.tolist(), delay, strict=True)
    assert sorted(kept) == sorted(rows)


def test_the_integers_of_an_image_cannot_be_written():
    whole = image()
    for array in (whole.core_ptr, whole.compartments.decay_u, whole.synapses[0].mantissa):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_images_are_equal_by_content():
    assert image() == image()
    assert image(symbols=symbols()) == image(symbols=symbols())
    assert image(symbols=symbols()) != image()
    assert image({"decay_v": 1}) != image()


def test_the_digest_is_the_same_without_symbols_and_in_every_copy():
    whole = image(symbols=symbols())
    assert len(whole.digest()) == 64
    assert whole.digest() == whole.without_symbols().digest() == image().digest()
    assert whole.without_symbols().symbols is None


REGISTERS = [item.name for item in dataclasses.fields(Compartments) if item.name != "join"]


@pytest.mark.parametrize("name", REGISTERS)
@pytest.mark.parametrize("compartment", [0, 3])
def test_the_digest_changes_with_every_register(name, compartment):
    values = getattr(image().compartments, name).copy()
    values[compartment] += -1 if name.startswith(("decay_u", "vm")) else 1
    assert image({name: values}).digest() != image().digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"chip": LOIHI.what_if(name="other")},
        {"chip": LOIHI.what_if(name="loihi", delay_max=61)},
        {"core_ptr": np.array([0, 2, 4])},
        {"n_inputs": 3, "synapses": (group(n_sources=3),)},
        {"synapses": ()},
        {"synapses": (group(), group())},
        {"synapses": (group(pre=[1, 0, 0]),)},
        {"synapses": (group(target=[0, 3, 3]),)},
        {"synapses": (group(mantissa=[1, 2, 4]),)},
        {"synapses": (group(delay=[0, 5, 1]),)},
        {"synapses": (group(delay=0),)},
        {"synapses": (group(form=SynapseFormat(1, 8, SignMode.EXCITATORY)),)},
        {"synapses": (group(form=SynapseFormat(0, 6, SignMode.EXCITATORY)),)},
        {"synapses": (group(form=SynapseFormat(0, 8, SignMode.MIXED)),)},
        {"synapses": (group("compartments", 4),)},
    ],
)
def test_the_digest_changes_with_everything_else(changes):
    assert image(**changes).digest() != image().digest()


def test_the_digest_does_not_depend_on_the_kind_of_integer():
    other = image(
        chip=LOIHI.what_if(name="loihi", cores=np.int64(128)),
        n_inputs=np.int32(2),
        synapses=(group(form=SynapseFormat(np.int8(0), np.int64(8), 2)),),
    )
    assert other.digest() == image().digest()


def test_the_report_is_part_of_the_symbols():
    assert image(symbols=symbols()).report.chip == "x"
    message = "image: it has no symbols, so there is no compile report."
    with pytest.raises(ImageError, match=exactly(message)):
        _ = image().report


@pytest.mark.parametrize(
    ("register", "low", "high"),
    [
        ("decay_u", 0, 4095),
        ("decay_v", 0, 4095),
        ("decay_u_offset", 0, 1),
        ("decay_v_offset", 0, 1),
        ("threshold_mantissa", 0, 131071),
        ("bias_mantissa", -4096, 4095),
        ("bias_exponent", 0, 7),
        ("refractory", 1, 63),
        ("vmin_exponent", 0, 23),
        ("vmax_exponent", 0, 7),
        ("v_init", -8388607, 8388607),
        ("u_init", -8388607, 8388607),
    ],
)
def test_a_register_holds_its_range_and_nothing_else(register, low, high):
    for value in (low, high):
        assert getattr(image({register: value}).compartments, register).tolist() == [value] * 4
    for value in (low - 1, high + 1):
        values = np.full(4, low)
        values[2] = value
        message = f"register {register}: compartment 2 holds {value}; allowed: {low} to {high}."
        with pytest.raises(ImageError, match=exactly(message)):
            image({register: values})


def test_a_narrower_chip_has_narrower_registers():
    chip = LOIHI.what_if(decay_bits=8, state_bits=16, accumulator_bits=14)
    compartments = Compartments.fill(chip.core, 4, decay_v=256)
    message = "register decay_v: compartment 0 holds 256; allowed: 0 to 255."
    with pytest.raises(ImageError, match=exactly(message)):
        image(chip=chip, compartments=compartments, synapses=())
    compartments = Compartments.fill(chip.core, 4, v_init=32768)
    message = "register v_init: compartment 0 holds 32768; allowed: -32767 to 32767."
    with pytest.raises(ImageError, match=exactly(message)):
        image(chip=chip, compartments=compartments, synapses=())


def test_a_joined_compartment_is_the_second_of_a_pair_on_one_core():
    assert image({"join": [0, 1, 0, 0]}).compartments.join.tolist() == [0, 1, 0, 0]
    message = (
        "register join: compartment 2 is joined; allowed: odd numbers only, whose child is the "
        "compartment before."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        image({"join": [0, 1, 1, 0]})
    message = (
        "register join: compartment 3 is the first of its core, and its child is on the core "
        "before; allowed: both on one core."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        image({"join": [0, 1, 0, 1]})


def test_a_join_changes_the_digest():
    assert image({"join": [0, 1, 0, 0]}).digest() != image().digest()


@pytest.mark.parametrize(("v_init", "at"), [(8192, 1), (-1024, 0)])
def test_a_voltage_begins_within_its_limits(v_init, at):
    values = np.zeros(4, dtype=int)
    values[at] = v_init
    message = (
        f"register v_init: compartment {at} holds {v_init}; allowed with its limits of v: -1023 to "
        "8191."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        image({"v_init": values, "vmin_exponent": 10, "vmax_exponent": 2})


def test_a_register_that_does_not_exist_is_refused():
    names = ", ".join(item.name for item in dataclasses.fields(Compartments))
    message = f"compartments: no register 'decay'; there are {names}."
    with pytest.raises(ImageError, match=exactly(message)):
        Compartments.fill(CORE, 4, decay=1)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "compartments: decay_v has shape (2,); allowed: a number or (4,)."),
        ([[1, 2]] * 2, "compartments: decay_v has shape (2, 2); allowed: a number or (4,)."),
        (1.0, "compartments: decay_v is of type float64; allowed: integers."),
        (np.nan, "compartments: decay_v is of type float64; allowed: integers."),
        (True, "compartments: decay_v is of type bool; allowed: integers."),
        (
            2**31,
            "compartments: a decay_v is 2147483648; allowed: -2147483648 to 2147483647.",
        ),
    ],
)
def test_registers_that_are_no_integers_are_refused(value, message):
    with pytest.raises(ImageError, match=exactly(message)):
        Compartments.fill(CORE, 4, decay_v=value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            np.zeros(4),
            "compartments: decay_v is of type float64; allowed: a one-dimensional array of int32.",
        ),
        (
            [0, 0, 0, 0],
            "compartments: decay_v = [0, 0, 0, 0]; allowed: a one-dimensional array of int32.",
        ),
        (
            np.zeros(3, dtype=np.int32),
            "compartments: decay_v has shape (3,); allowed: a one-dimensional array of int32 with "
            "4 values.",
        ),
    ],
)
def test_arrays_that_are_not_what_an_engine_reads_are_refused(value, message):
    compartments = dataclasses.replace(Compartments.fill(CORE, 4), decay_v=value)
    with pytest.raises(ImageError, match=exactly(message)):
        image(compartments=compartments)


@pytest.mark.parametrize(
    "core_ptr", [[0, 5], [0, 3], [1, 4], [0, 2, 2, 4], [0, 4, 3, 4], [0], [0, -1, 4]]
)
def test_cores_that_do_not_share_out_the_compartments_are_refused(core_ptr):
    message = (
        f"image: core_ptr = {core_ptr}; allowed: rising from 0 to 4, the number of compartments."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        image(core_ptr=np.array(core_ptr))


def test_core_pointers_of_another_type_are_refused():
    message = "image: core_ptr is of type int32; allowed: a one-dimensional array of int64."
    with pytest.raises(ImageError, match=exactly(message)):
        image(core_ptr=np.array([0, 4], dtype=np.int32))
    message = "image: core_ptr has shape (1, 2); allowed: a one-dimensional array of int64."
    with pytest.raises(ImageError, match=exactly(message)):
        image(core_ptr=np.array([[0, 4]]))
    message = "image: core_ptr = [0, 4]; allowed: a one-dimensional array of int64."
    with pytest.raises(ImageError, match=exactly(message)):
        image(core_ptr=[0, 4])


def test_more_than_the_chip_holds_is_refused():
    message = "image: 2 cores; allowed: at most 1, as chip 'small' has."
    with pytest.raises(ImageError, match=exactly(message)):
        image(chip=LOIHI.what_if(name="small", cores=1))
    message = "image: core 0 holds 3 compartments; allowed: at most 2."
    with pytest.raises(ImageError, match=exactly(message)):
        image(chip=LOIHI.what_if(name="small", compartments=2))


@pytest.mark.parametrize("n_inputs", [-1, 2.0, True, None])
def test_a_number_of_inputs_that_is_no_count_is_refused(n_inputs):
    message = f"image: n_inputs = {n_inputs!r}; allowed: an integer of at least 0."
    with pytest.raises(ImageError, match=exactly(message)):
        image(n_inputs=n_inputs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "axons"}, "source = 'axons'; allowed: 'inputs' or 'compartments'."),
        (
            {"format": SynapseFormat(8, 8, SignMode.MIXED)},
            "weight_exponent = 8; allowed: -8 to 7.",
        ),
        (
            {"format": SynapseFormat(0, 7, SignMode.MIXED)},
            "weight_bits = 7; allowed: 0, 1, 2, 3, 4, 5, 6, 8.",
        ),
        (
            {"indptr": np.array([0, 3])},
            "indptr has shape (2,); allowed: a one-dimensional array of int64 with 3 values.",
        ),
        (
            {"indptr": np.array([0, 1, 3], dtype=np.int32)},
            "indptr is of type int32; allowed: a one-dimensional array of int64.",
        ),
        (
            {"indptr": np.array([0, 1, 2])},
            "indptr = [0, 1, 2]; allowed: never falling, from 0 to 3, the number of synapses.",
        ),
        (
            {"indptr": np.array([1, 1, 3])},
            "indptr = [1, 1, 3]; allowed: never falling, from 0 to 3, the number of synapses.",
        ),
        (
            {"indptr": np.array([0, 4, 3])},
            "indptr = [0, 4, 3]; allowed: never falling, from 0 to 3, the number of synapses.",
        ),
        (
            {"mantissa": np.zeros(2, dtype=np.int16)},
            "mantissa has shape (2,); allowed: a one-dimensional array of int16 with 3 values.",
        ),
        (
            {"mantissa": np.zeros(3)},
            "mantissa is of type float64; allowed: a one-dimensional array of int16.",
        ),
        (
            {"delay": np.zeros(2, dtype=np.uint8)},
            "delay has shape (2,); allowed: a one-dimensional array of uint8 with 3 values.",
        ),
        (
            {"delay": 0},
            "delay = 0; allowed: a one-dimensional array of uint8.",
        ),
        (
            {"target": np.array([0, 1, 4], dtype=np.int32)},
            "a target is 4; allowed: 0 to 3.",
        ),
        (
            {"target": np.array([0, -1, 3], dtype=np.int32)},
            "a target is -1; allowed: 0 to 3.",
        ),
        (
            {"mantissa": np.array([0, 256, 3], dtype=np.int16)},
            "a mantissa is 256; allowed: 0 to 255.",
        ),
        (
            {"mantissa": np.array([0, -1, 3], dtype=np.int16)},
            "a mantissa is -1; allowed: 0 to 255.",
        ),
        (
            {
                "mantissa": np.array([0, -256, 0], dtype=np.int16),
                "format": SynapseFormat(0, 8, SignMode.INHIBITORY),
            },
            "a mantissa is -256; allowed: -255 to 0.",
        ),
        (
            {
                "mantissa": np.array([0, -1, 3], dtype=np.int16),
                "format": SynapseFormat(0, 0, SignMode.MIXED),
            },
            "a mantissa is -1; allowed: 0 to 255.",
        ),
        (
            {"delay": np.array([0, 63, 3], dtype=np.uint8)},
            "a delay is 63; allowed: 0 to 62.",
        ),
    ],
)
def test_synapses_that_the_core_cannot_hold_are_refused(changes, message):
    broken = dataclasses.replace(group(), **changes)
    with pytest.raises(ImageError, match=exactly(f"synapse group 1: {message}")):
        image(synapses=(group(), broken))


def test_the_ends_of_the_synapse_registers_are_accepted():
    mixed = group(form=SynapseFormat(-8, 8, SignMode.MIXED), mantissa=[-256, 0, 254], delay=62)
    inhibitory = group(form=SynapseFormat(7, 1, SignMode.INHIBITORY), mantissa=[-255, 0, -128])
    assert image(synapses=(mixed, inhibitory)).n_synapses == 6


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"pre": [0, 1, 2]}, "a pre is 2; allowed: 0 to 1."),
        ({"pre": [0, -1, 1]}, "a pre is -1; allowed: 0 to 1."),
        ({"pre": [0.0, 1.0, 1.0]}, "pre is of type float64; allowed: integers."),
        ({"pre": 1}, "pre has shape (); allowed: one entry per synapse."),
        (
            {"target": [0, 1]},
            "target has shape (2,); allowed: a number or (3,), one entry per synapse.",
        ),
        ({"target": [0, 1, 2**31]}, "a target is 2147483648; allowed: -2147483648 to 2147483647."),
        ({"mantissa": 40_000}, "a mantissa is 40000; allowed: -32768 to 32767."),
        ({"mantissa": 1.5}, "mantissa is of type float64; allowed: integers."),
        ({"delay": np.array([0, 256, 0])}, "a delay is 256; allowed: 0 to 255."),
        ({"delay": -1}, "a delay is -1; allowed: 0 to 255."),
    ],
)
def test_synapses_that_would_be_cut_short_are_refused(columns, message):
    with pytest.raises(ImageError, match=exactly(f"synapses from inputs: {message}")):
        group(**columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"compartment_ids": np.array([0, 1, 2, 4], dtype=np.int32)},
            "symbols of 'cells': a compartment is 4; allowed: 0 to 3.",
        ),
        (
            {"compartment_ids": np.array([0, 1, 2, -4], dtype=np.int32)},
            "symbols of 'cells': a compartment is -4; allowed: 0 to 3.",
        ),
        (
            {"origin": np.zeros(3)},
            "symbols of 'cells': origin has shape (3,); allowed: a one-dimensional array of "
            "float64 with 4 values.",
        ),
        (
            {"mv_per_lsb": 0.1},
            "symbols of 'cells': mv_per_lsb = 0.1; allowed: a one-dimensional array of float64.",
        ),
    ],
)
def test_symbols_of_another_image_are_refused(changes, message):
    with pytest.raises(ImageError, match=exactly(message)):
        image(symbols=symbols(**changes))


def test_symbols_of_other_inputs_are_refused():
    wrong = dataclasses.replace(symbols(), inputs=(InputSymbol("source", 3),))
    message = "symbols: the inputs have 3 sources; allowed: 2, as the image has."
    with pytest.raises(ImageError, match=exactly(message)):
        image(symbols=wrong)
