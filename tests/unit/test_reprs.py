"""Every object is one line where an interpreter prints it; its text is longer where it has one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from shown_objects import network, objects, parts

import neurochip as nc
from neurochip._support.brief import brief
from neurochip.chip.fixedpoint import Overflow

LONGEST = 160


def ours(value):
    return type(value).__module__.partition(".")[0] in ("neurochip", "compiler")


@pytest.mark.slow
def test_the_repr_of_every_result_and_of_all_its_parts_is_one_line():
    image = objects()["ChipImage"]
    others = [
        *(nc.LAVA, nc.DAVIES_2018, nc.Emulator(image), nc.Activity.uniform(image)),
        nc.bands(objects()["Sweep"], "core.delay_max", "rate_error"),
    ]
    seen = {}
    found = [part for item in (*objects().values(), *others) for part in parts(item, seen)]
    lines = {repr(part) for part in found if ours(part)}
    assert len(lines) > 60
    assert [text for text in lines if len(text) > LONGEST or "\n" in text] == []


@pytest.mark.slow
def test_a_repr_has_the_decisive_numbers():
    found = objects()
    assert repr(found["CompileReport"]) == (
        "CompileReport(loihi, dt = 0.5 ms, 1 of 128 cores, 8 parameters, 0 warnings)"
    )
    assert repr(found["MappingReport"]) == (
        "MappingReport(loihi, 1 of 128 cores, 0 messages per step between cores)"
    )
    assert repr(found["FitReport"]) == "FitReport(loihi, fits, 1 of 128 cores)"
    answer = found["BitsAnswer"]
    assert repr(answer).startswith("BitsAnswer(weight_mantissa_bits, ")
    assert repr(answer).endswith(", 2 seeds)")
    item = found["Comparison"].populations["cells"]
    assert repr(item).startswith(f"PopulationComparison('cells', {item.verdict.value}, ")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CompileReport", "MappingReport", "BitsAnswer", "DtChoice"])
def test_the_text_of_a_report_is_still_the_whole_report(name):
    item = objects()[name]
    assert str(item).count("\n") >= 3
    assert str(item) != repr(item)


def test_a_chip_is_named_with_what_differs_from_the_first_generation():
    assert repr(nc.LOIHI) == "ChipSpec('loihi', 128 cores)"
    other = nc.LOIHI.what_if(name="mine", cores=1, delay_max=20, current_overflow=Overflow.NONE)
    assert repr(other) == "ChipSpec('mine', 1 core, delay_max=20, current_overflow=NONE)"
    assert repr(nc.SYSTEMS["nahuku-8"]) == "ChipSpec('nahuku-8', 8 chips, 128 cores)"
    assert repr(nc.LOIHI.core) == "CoreSpec()"


def test_the_digest_of_an_image_covers_every_field_that_can_affect_a_spike():
    text = nc.LOIHI.spelled
    assert text.startswith("ChipSpec(name='loihi', cores=128, core=CoreSpec(compartments=1024, ")
    assert text.endswith("weight_clips=True, exponent_on_sum=False))")
    assert nc.LOIHI.what_if(name="loihi", delay_max=20).spelled != text
    assert nc.SYSTEMS["loihi"].what_if(name="loihi", chips=8).spelled == text


@dataclasses.dataclass
class Some:
    """Fields of each kind."""

    number: float
    count: int
    text: str
    rule: Overflow
    array: object
    pair: object
    table: object
    hidden: int = dataclasses.field(default=1, repr=False)

    __repr__ = brief


def test_fields_are_short_on_the_line():
    item = Some(1 / 3, 12, "x" * 50, Overflow.WRAP, np.zeros((3, 2)), (1, 2.5), {"a": 1})
    assert repr(item) == (
        f"Some(number=0.3333, count=12, text='{'x' * 39}…', rule=WRAP, array=<3 x 2 values>, "
        "pair=(1, 2.5), table=<1 items>)"
    )


def test_a_line_is_cut_and_a_name_cannot_break_it():
    wide = Some(1.0, 1, "a\nb", Overflow.WRAP, np.zeros(3), list(range(9)), network())
    assert "text='a\\nb'" in repr(wide)
    assert "pair=<9 items>" in repr(wide)
    assert len(repr(dataclasses.replace(wide, table=tuple("b" * 200)))) <= LONGEST


def test_inputs_and_registers_with_arrays_are_one_line():
    cells = network().populations[0]
    current = nc.ConstantCurrent(cells, np.arange(4.0))
    assert repr(current) == (
        "ConstantCurrent(target=Population(name='cells', size=4, model=LIF(tau_m=10.0, "
        "tau_refrac=2.0)), amplitude=<4 values>)"
    )
    synapses = nc.Synapses("inputs", np.arange(90), np.arange(90), np.ones(90, int), 2)
    assert repr(synapses).startswith(
        "Synapses(source='inputs', pre=<90 values>, target=<90 values>"
    )
    assert "\n" not in repr(synapses)


def test_neurons_with_many_digits_and_operations_are_one_line():
    digits = {"tau_m": 0.123456789123, "v_reset": -65.123456789, "v_thresh": -50.1234567891}
    model = nc.LIF(**digits, cm=0.0999999984354, tau_syn=0.50000002374872, reset="subtract")
    assert repr(nc.Population("n", 3)) == "Population(name='n', size=3, model=LIF())"
    for item in (nc.Population("a population", 3, model), *nc.OPERATIONS.values()):
        assert len(repr(item)) <= LONGEST
        assert "<function" not in repr(item)
