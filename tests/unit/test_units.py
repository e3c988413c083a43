"""Quantities of other libraries: converted to the unit of the argument, or refused."""

from __future__ import annotations

import re
from collections import deque

import numpy as np
import pytest
from with_brian2 import quiet_brian2

from compiler import CompileOptions, choose_dt, compile_network
from neurochip import (
    LIF,
    ConstantCurrent,
    LogNormal,
    Network,
    Normal,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    Uniform,
    draw_stimulus,
    fixed_probability,
    from_arrays,
    one_to_one,
    sweep,
)
from neurochip._support.ranges import NOT_NEGATIVE, POSITIVE
from neurochip._support.values import integers, quantity, real, reals
from neurochip.emulator import Emulator
from neurochip.errors import FrontendError, NetworkError, NeurochipError, StimulusError
from neurochip.frontends.nir.convention import seconds_to_ms
from neurochip.mapping import CostTable
from neurochip.reference import simulate_reference
from neurochip.stimulus import count_steps
from neurochip.validation import compare, compare_activity

SIZES = {"s": ("time", 1.0), "ms": ("time", 1e-3), "ns": ("time", 1e-9), "": ("none", 1.0)}
SIZES |= {"V": ("voltage", 1.0), "mV": ("voltage", 1e-3), "A": ("current", 1.0)}
SIZES |= {"nA": ("current", 1e-9), "F": ("capacitance", 1.0), "nF": ("capacitance", 1e-9)}
SIZES |= {"kHz": ("rate", 1e3), "Hz": ("rate", 1.0), "J": ("energy", 1.0), "pJ": ("energy", 1e-12)}
SIZES |= {"W": ("power", 1.0), "mW": ("power", 1e-3)}


def exactly(message):
    return f"^{re.escape(message)}$"


def ratio(unit, wanted):
    (dimension, size), (other, other_size) = SIZES[unit], SIZES[wanted]
    if dimension != other:
        raise TypeError(f"{dimension} is no {other}")
    return size / other_size


class LikePint:
    """What of pint's Quantity is used: ``units``, ``magnitude`` and ``to``."""

    def __init__(self, magnitude, units):
        masked = isinstance(magnitude, np.ma.MaskedArray)
        self.magnitude = magnitude if masked else np.asarray(magnitude, dtype=float)
        self.units = units

    def to(self, unit):
        return LikePint(self.magnitude * ratio(self.units, unit), unit)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.magnitude, dtype=dtype)  # as pint does, with a warning

    def __float__(self):
        return float(self.magnitude)


class LikeUnyt(np.ndarray):
    """What of unyt's array is used: ``units`` and ``to_value``, on an array of numbers."""

    label = "units"

    def __new__(cls, values, unit):
        array = np.asarray(values, dtype=float).view(cls)
        setattr(array, cls.label, unit)
        return array

    def __array_finalize__(self, other):
        if other is not None:
            setattr(self, self.label, getattr(other, self.label, None))

    def to_value(self, unit):
        return np.asarray(self) * ratio(getattr(self, self.label), unit)


class LikeAstropy(LikeUnyt):
    """As unyt's array, with ``unit``."""

    label = "unit"


def of_brian2(values, unit):
    brian2 = pytest.importorskip("brian2")
    names = {"s": brian2.second, "V": brian2.volt, "A": brian2.amp, "F": brian2.farad}
    names |= {"W": brian2.watt, "mW": brian2.mwatt, "Hz": brian2.hertz, "": 1}
    known = names.get(unit)
    return np.asarray(values) * (getattr(brian2, unit) if known is None else known)


def of_quantities(values, unit):
    quantities = pytest.importorskip("quantities")
    return quantities.Quantity(values, unit or "dimensionless")


MAKERS = [of_brian2, of_quantities, LikePint, LikeAstropy, LikeUnyt]
libraries = pytest.mark.parametrize("of", MAKERS, ids=lambda of: of.__name__)


@libraries
def test_a_quantity_becomes_a_number_in_the_unit_of_the_argument(of):
    assert quantity("x", "tau", of(0.01, "s"), "ms") == pytest.approx(10.0)
    assert quantity("x", "tau", of(10.0, "ms"), "ms") == 10.0
    assert quantity("x", "v", of([-0.07, -0.05], "V"), "mV").tolist() == pytest.approx([-70, -50])
    assert real("x", "rate", of(1.0, "kHz"), "Hz") == 1000.0
    found = reals("x", "w", of([[1.0, 2.0], [3.0, 4.0]], "nA"), "nA", allowed="numbers")
    assert found.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert type(found) is np.ndarray


@libraries
def test_lists_of_quantities_are_converted_item_by_item(of):
    mixed = [of(0.01, "s"), of(20.0, "ms")]
    for values in (mixed, tuple(mixed), deque(mixed)):
        assert quantity("x", "tau", values, "ms").tolist() == pytest.approx([10.0, 20.0])
    nested = [[of(0.01, "s")], [of(20.0, "ms")]]
    assert reals("x", "w", nested, "ms", allowed="numbers").ravel() == pytest.approx([10.0, 20.0])


def test_arrays_of_objects_are_read_as_lists():
    objects = np.array([LikePint(0.01, "s"), LikePint(20.0, "ms")], dtype=object)
    assert quantity("x", "tau", objects, "ms").tolist() == pytest.approx([10.0, 20.0])
    assert quantity("x", "tau", np.array([1, 2.5], dtype=object), "ms").tolist() == [1.0, 2.5]
    with pytest.raises(NetworkError, match="which mixes quantities with plain numbers"):
        quantity("x", "tau", np.array([LikePint(0.01, "s"), 2.0], dtype=object), "ms")


@libraries
def test_quantities_and_numbers_are_not_mixed(of):
    message = ", which mixes quantities with plain numbers; allowed: a number or one number per "
    for values in ([of(10.0, "ms"), 20.0], [20.0, of(10.0, "ms")]):
        with pytest.raises(NetworkError, match=re.escape(message)):
            quantity("x", "tau", values, "ms")


@libraries
def test_a_quantity_of_another_dimension_is_refused(of):
    message = r"^x: tau = .*, which cannot be converted to ms; allowed: .*in ms\.$"
    for value in (of(5.0, "mV"), of([5.0], "mV"), [of(5.0, "mV")], [[of(5.0, "mV")]]):
        with pytest.raises(NetworkError, match=message):
            quantity("x", "tau", value, "ms")
        with pytest.raises(NetworkError, match=message):
            real("x", "tau", value, "ms", POSITIVE)


@libraries
def test_a_quantity_without_dimension_is_a_number(of):
    assert real("x", "p", of(0.5, "")) == 0.5
    assert quantity("x", "tau", of(10.0, ""), "ms") == 10.0  # as x / ms is in Brian2
    assert quantity("x", "tau", [of(10.0, ""), 20.0], "ms").tolist() == [10.0, 20.0]


@libraries
def test_an_argument_without_unit_takes_no_quantity(of):
    message = r"^x: p = .*, which has a unit; allowed: a number of at least 0\.$"
    with pytest.raises(NetworkError, match=message):
        real("x", "p", of(10.0, "ms"), within=NOT_NEGATIVE)
    with pytest.raises(NetworkError, match=r"^x: ids = .*, which has a unit; allowed: integers\.$"):
        integers("x", "ids", of([1.0, 2.0], "ms"))


def test_a_message_shows_the_quantity_and_the_unit():
    brian2 = pytest.importorskip("brian2")
    message = (
        "LIF: tau_m = 5. * mvolt, which cannot be converted to ms; allowed: a number or one "
        "number per neuron, in ms."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        LIF(tau_m=5 * brian2.mV)
    message = (
        "stimulus: duration = 5. * mvolt, which cannot be converted to ms; allowed: a number above "
        "0, in ms."
    )
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus(5 * brian2.mV)
    message = "LogNormal: mu = 1. * mvolt, which has a unit; allowed: a finite number."
    with pytest.raises(NetworkError, match=exactly(message)):
        LogNormal(1 * brian2.mV, 0.5)


@libraries
def test_random_rules_of_weights_and_delays_take_quantities(of):
    source, cells = PoissonInput("s", 5, 10.0), Population("n", 5, LIF())
    weight, delay = Normal(of(0.0015, "V"), of(0.1, "mV")), Uniform(of(0.001, "s"), of(2.0, "ms"))
    plain = Normal(1.5, 0.1), Uniform(1.0, 2.0)
    found, wanted = (
        one_to_one(source, cells, weight=w, delay=d, seed=1) for w, d in ((weight, delay), plain)
    )
    assert found.weight == pytest.approx(wanted.weight)
    assert found.delay == pytest.approx(wanted.delay)
    assert LogNormal(0.0, 0.5, of(-0.001, "V")).scale == -1.0
    assert (weight.unit, delay.unit, plain[0].unit) == ("mV", "ms", "")


@libraries
def test_random_rules_of_another_unit_are_refused(of):
    source, cells = PoissonInput("s", 5, 10.0), Population("n", 5, LIF())
    message = "connection 's->n': weight = Uniform(low=1.0, high=2.0) in nA; allowed: in mV."
    with pytest.raises(NetworkError, match=exactly(message)):
        one_to_one(source, cells, weight=Uniform(of(1.0, "nA"), of(2.0, "nA")), seed=1)
    message = "Normal: mean in mV and std in no unit; allowed: one unit for all, or none."
    with pytest.raises(NetworkError, match=exactly(message)):
        Normal(of(1.0, "mV"), 0.1)
    assert Normal(of(1.0, "mV"), 0, low=0).mean == 1.0


@libraries
def test_steps_of_a_sweep_take_quantities(of):
    source, cells = PoissonInput("s", 5, 10.0), Population("n", 5, LIF())
    network = Network(inputs=[source], populations=[cells])
    done = sweep(network, {"dt": [of(100e-6, "s"), of(0.5, "ms")]}, duration=50.0, workers=1)
    assert done.column("dt") == [0.1, 0.5]


@quiet_brian2
def test_variables_of_a_brian2_group_have_units():
    brian2 = pytest.importorskip("brian2")
    group = brian2.NeuronGroup(3, "tau : second\nv : volt", name="units_of_a_group")
    brian2.Network(group)  # else Brian2 warns that it was never used
    group.tau = [1, 2, 3] * brian2.ms
    assert quantity("x", "tau", group.tau, "ms").tolist() == pytest.approx([1.0, 2.0, 3.0])
    assert integers("x", "ids", group.i).tolist() == [0, 1, 2]
    with pytest.raises(NetworkError, match="which cannot be converted to ms"):
        quantity("x", "tau", group.v, "ms")


def test_spike_trains_of_neo_have_units():
    neo, quantities = pytest.importorskip("neo"), pytest.importorskip("quantities")
    train = neo.SpikeTrain([1.0, 2.0] * quantities.s, t_stop=3.0)
    assert SpikeInput.from_trains("s", [train]).times.tolist() == [1000.0, 2000.0]


def test_arrays_that_name_their_unit_are_read_by_it():
    xarray = pytest.importorskip("xarray")
    assert quantity("x", "t", xarray.DataArray([1.0, 2.0]), "ms").tolist() == [1.0, 2.0]
    named = xarray.DataArray([1.0, 2.0], attrs={"units": "ms"})
    assert quantity("x", "t", named, "ms").tolist() == [1.0, 2.0]
    with pytest.raises(NetworkError, match="which cannot be converted to ms"):
        quantity("x", "t", named.assign_attrs(units="s"), "ms")
    wrapping = type("Wrapping", (), {"data": LikePint([1.0, 2.0], "s")})()
    assert quantity("x", "t", wrapping, "ms").tolist() == [1000.0, 2000.0]


def test_columns_of_pandas_are_arrays():
    pandas = pytest.importorskip("pandas")
    assert quantity("x", "t", pandas.Series([1, 2]), "ms").tolist() == [1.0, 2.0]
    assert integers("x", "ids", pandas.Series([1, 2])).tolist() == [1, 2]
    spans = pandas.Series([pandas.Timedelta("1s")])
    for values in (pandas.Series([True]), spans, pandas.Series(["1"])):
        with pytest.raises(NetworkError, match="allowed: a number or one number per neuron"):
            quantity("x", "t", values, "ms")
    with pytest.raises(NetworkError, match=r"^x: t\[1\] = nan ms; allowed: a finite number\.$"):
        quantity("x", "t", pandas.array([1, None], dtype="Int64"), "ms")


def test_what_is_no_array_says_why():
    class OnAnotherDevice:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("can't convert a tensor on a device; copy it first")

    message = (
        "which is not an array (can't convert a tensor on a device; copy it first); allowed: "
        "integers."
    )
    with pytest.raises(NetworkError, match=re.escape(message)):
        integers("x", "ids", OnAnotherDevice())


SOURCE, CELLS = SpikeInput("s", 2, [0, 1], [1.0, 2.0]), Population("p", 2)
CURRENT = Population("c", 2, LIF(tau_syn=2.0))
NETWORK = Network(
    inputs=[SOURCE], populations=[CELLS], connections=[one_to_one(SOURCE, CELLS, weight=20.0)]
)
DRAWN = draw_stimulus(NETWORK, 10.0, seed=1)


def costs(**changes):
    free = dict.fromkeys(("update_inactive", "update_active", "synaptic_event"), (1.0, 1.0))
    return CostTable(name="t", source="s", **{**free, **changes})


@pytest.fixture(scope="module")
def runs():
    image = compile_network(NETWORK, dt=1.0)
    return simulate_reference(NETWORK, DRAWN, 1.0), Emulator(image).run(DRAWN)


def test_every_time_voltage_current_and_rate_is_converted(runs):
    reference, chip = runs
    emulator = Emulator(compile_network(NETWORK, dt=1.0))

    def of(values, unit):
        return LikePint(values, unit)

    lif = LIF(
        tau_m=of(0.01, "s"),
        v_rest=of(-0.07, "V"),
        v_reset=of(-0.065, "V"),
        v_thresh=of(-0.05, "V"),
        v_init=of(-0.06, "V"),
        tau_refrac=of(0.002, "s"),
        cm=of(1e-9, "F"),
        i_offset=of(1e-9, "A"),
        tau_syn=of(0.003, "s"),
        i_syn_init=of(2e-9, "A"),
    )
    plain = LIF(
        tau_m=10.0,
        v_rest=-70.0,
        v_reset=-65.0,
        v_thresh=-50.0,
        v_init=-60.0,
        tau_refrac=2.0,
        cm=1.0,
        i_offset=1.0,
        tau_syn=3.0,
        i_syn_init=2.0,
    )
    for name in ("tau_m", "v_rest", "v_reset", "v_thresh", "v_init", "tau_refrac", "cm"):
        assert getattr(lif, name) == pytest.approx(getattr(plain, name))
    for name in ("i_offset", "tau_syn", "i_syn_init"):
        assert getattr(lif, name) == pytest.approx(getattr(plain, name))
    two = LIF(tau_syn_E=of(0.001, "s"), tau_syn_I=of(0.002, "s"))
    assert (two.tau_syn_E, two.tau_syn_I) == pytest.approx((1.0, 2.0))
    assert PoissonInput("x", 2, of([1.0, 2.0], "kHz")).rate.tolist() == [1000.0, 2000.0]
    assert ConstantCurrent(CELLS, of(1e-9, "A")).amplitude == pytest.approx(1.0)
    assert SpikeInput("x", 2, [0], of([0.5], "s")).times.tolist() == [500.0]
    link = from_arrays(SOURCE, CELLS, [0], [1], weight=of([0.5], "V"), delay=of(0.002, "s"))
    assert (link.weight.tolist(), link.delay) == ([500.0], 2.0)
    assert one_to_one(SOURCE, CURRENT, weight=of(1e-9, "A")).weight == pytest.approx(1.0)
    with pytest.raises(NetworkError, match="which cannot be converted to mV"):
        one_to_one(SOURCE, CELLS, weight=of(1e-9, "A"))  # delta synapses
    assert Stimulus(of(0.5, "s")).duration == 500.0
    assert draw_stimulus(NETWORK, of(0.01, "s"), seed=1) == DRAWN
    assert count_steps(of(0.5, "s"), of(0.001, "s")) == 500
    assert DRAWN.binned(of(0.001, "s"), [("s", 2)])[0].tolist() == [1, 2]
    assert compile_network(NETWORK, dt=of(0.001, "s")).report.dt == 1.0
    assert choose_dt(NETWORK, bounds=of([0.0005, 0.001], "s")).candidates[-1].dt == 1.0
    assert choose_dt(NETWORK, candidates=[of(0.5, "ms")]).dt == 0.5
    assert CompileOptions(assumed_rate=of(0.1, "kHz")).assumed_rate == 100.0
    assert simulate_reference(NETWORK, DRAWN, of(0.001, "s")) == reference
    assert simulate_reference(NETWORK, DRAWN, 1.0, duration=of(0.005, "s")).n_steps == 5
    assert emulator.run(DRAWN, duration=of(0.005, "s")).n_steps == 5
    assert compare(reference, chip, window=of(0.003, "s")).window == 3.0
    pairs = [reference] * 2, [chip] * 2
    assert compare_activity(*pairs, "p", tolerance=0.2, bin_width=of(0.002, "s")).runs == 2
    table = costs(spike=(of(1e-12, "J"), of(1e-9, "s")), static=(of(1.0, "mW"), 1.0))
    assert (table.spike.picojoules, table.spike.nanoseconds) == pytest.approx((1.0, 1.0))
    assert table.static == pytest.approx((1e-3, 1.0))


@pytest.mark.parametrize(
    "refused",
    [
        lambda of: Normal(1.0, of(1.0, "mV")),
        lambda of: Population("p", of(3, "ms")),
        lambda of: fixed_probability(SOURCE, CELLS, of(0.5, "s"), weight=1.0, seed=1),
        lambda of: SpikeInput("x", 2, of([0, 1], "ms"), [1.0, 2.0]),
        lambda of: from_arrays(SOURCE, CELLS, of([0], "s"), [0], weight=1.0),
        lambda of: CompileOptions(headroom=of(2.0, "mV")),
        lambda of: CompileOptions(assumed_rate=of(2.0, "ms")),
        lambda of: draw_stimulus(NETWORK, 10.0, seed=of(1, "s")),
        lambda of: compile_network(NETWORK, dt=of(1.0, "Hz")),
        lambda of: costs(spike=(of(1.0, "mW"), 1.0)),
    ],
)
@libraries
def test_no_unit_is_left_behind(of, refused):
    with pytest.raises(NeurochipError):
        refused(of)


def test_a_masked_array_that_hides_nothing_is_an_array():
    shown = np.ma.array([10.0, 20.0], mask=[False, False])
    assert LIF(tau_m=shown).tau_m.tolist() == [10.0, 20.0]
    assert LIF(tau_m=np.ma.array([10.0, 20.0])).tau_m.tolist() == [10.0, 20.0]
    assert integers("x", "ids", np.ma.array([0, 1])).tolist() == [0, 1]


def test_a_hidden_value_is_refused_wherever_it_is():
    message = (
        "LIF: tau_m = masked_array(data=[10.0, --], mask=[False, True], fill_value=1e+20), of "
        "which 1 value is masked; allowed: a number or one number per neuron, in ms. Leave out "
        "masked values or fill them."
    )
    hidden = np.ma.array([10.0, 20.0], mask=[False, True])
    with pytest.raises(NetworkError, match=exactly(message)):
        LIF(tau_m=hidden)
    message = re.escape(", of which 2 values are masked; allowed: ")
    with pytest.raises(NetworkError, match=message):
        LIF(tau_m=np.ma.masked_all(2))
    for values in ([1.0, np.ma.masked], [hidden, hidden], np.ma.masked, LikePint(hidden, "ms")):
        with pytest.raises(NetworkError, match="masked"):
            reals("x", "t", values, "ms", allowed="numbers")
    masked_quantity = LikeAstropy([1.0, 2.0], "ms")
    masked_quantity.mask = np.array([False, True])  # as that of astropy's Masked
    with pytest.raises(NetworkError, match="of which 1 value is masked"):
        reals("x", "t", masked_quantity, "ms", allowed="numbers")


@quiet_brian2
def test_the_step_of_a_nir_graph_is_in_seconds_also_as_a_quantity():
    brian2 = pytest.importorskip("brian2")
    quantities = pytest.importorskip("quantities")
    assert seconds_to_ms(0.1 * brian2.ms) == 0.1
    assert seconds_to_ms(0.1 * quantities.ms) == 0.1
    message = (
        "NIR: dt = 1. * mvolt, which cannot be converted to s; allowed: a number above 0, in "
        "seconds."
    )
    with pytest.raises(FrontendError, match=exactly(message)):
        seconds_to_ms(1 * brian2.mV)
