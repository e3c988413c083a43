"""What the compiler refuses, with the exact words."""

from __future__ import annotations

import numpy as np
import pytest

from compiler import CompileError, CompileOptions, compile_network, explain_fit
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    all_to_all,
    from_arrays,
    one_to_one,
)
from neurochip.chip.fixedpoint import Overflow


def lif(**changes):
    return LIF(**{"tau_m": 10.0, "v_rest": -70.0, "v_reset": -65.0, "v_thresh": -50.0, **changes})


def driven(model=None, *, size=4, sources=None, connect=None):
    source = PoissonInput("source", sources or size, rate=20.0)
    cells = Population("cells", size, model or lif())
    connect = connect or (lambda s, c: [all_to_all(s, c, weight=1.5)])
    return Network(inputs=[source], populations=[cells], connections=connect(source, cells))


def message(network, chip=LOIHI, dt=0.1, **options):
    with pytest.raises(CompileError) as caught:
        compile_network(network, chip, dt, **options)
    return str(caught.value)


# ------------------------------------------------------------------------------- the request


@pytest.mark.parametrize("dt", [0, -0.1, "0.1", True, float("nan"), float("inf")])
def test_dt_must_be_a_number_above_zero(dt):
    assert message(driven(), dt=dt) == f"compile: dt = {dt!r} ms; allowed: a number above 0."


@pytest.mark.parametrize("dt", [1, 0.5, np.float64(0.5), np.float32(0.5), np.int64(1)])
def test_dt_may_be_any_real_number(dt):
    assert compile_network(driven(), dt=dt).symbols.dt == float(dt)


def test_only_a_network_is_compiled():
    assert message([1, 2]) == "compile: network = [1, 2]; allowed: a Network(...)."


def test_only_for_a_chip():
    assert message(driven(), chip="loihi") == (
        "compile: chip = 'loihi'; allowed: a ChipSpec such as LOIHI."
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"gain": "DC"},
            "options: gain = 'DC'; allowed: 'auto', 'dc', 'impulse', 'mean_and_variance'.",
        ),
        ({"headroom": 0.99}, "options: headroom = 0.99; allowed: at least 1."),
        ({"headroom": True}, "options: headroom = True; allowed: at least 1."),
        ({"headroom": float("inf")}, "options: headroom = inf; allowed: at least 1."),
        (
            {"assumed_rate": -1},
            "options: assumed_rate = -1 Hz; allowed: at least 0, or 'auto'.",
        ),
        (
            {"assumed_rate": "fast"},
            "options: assumed_rate = 'fast' Hz; allowed: at least 0, or 'auto'.",
        ),
        (
            {"weight_rounding": "up"},
            "options: weight_rounding = 'up'; allowed: 'auto', 'nearest', 'floor', 'stochastic', "
            "'moments'.",
        ),
        ({"weight_seed": -1}, "options: weight_seed = -1; allowed: an integer of at least 0."),
    ],
)
def test_options_out_of_range_are_refused(options, text):
    assert message(driven(), **options) == text
    with pytest.raises(CompileError) as caught:
        CompileOptions(**options)
    assert str(caught.value) == text


def test_numbers_of_numpy_are_numbers():
    options = CompileOptions(headroom=np.float32(2), assumed_rate=np.int64(50))
    assert (options.headroom, options.assumed_rate) == (2, 50)


# -------------------------------------------------------------------------------- parameters


def test_a_time_constant_without_a_decay_is_refused_by_the_whole_compiler_too():
    assert message(driven(lif(tau_m=1000.0))) == (
        "population 'cells': tau_m[0] = 1000 ms is a decay of 0.41 in 4096 per step of 0.1 ms and "
        "would round to 0; the longest at this dt is 819.1 ms. Lengthen dt to at least 0.123 ms."
    )


def test_a_time_constant_that_leaves_nothing_of_a_spike_is_refused():
    assert message(driven(lif(tau_m=[10.0, 0.001, 10.0, 10.0])), dt=1.0) == (
        "population 'cells': tau_m[1] = 0.001 ms is so short that a spike decays to 0 within one "
        "step of 1 ms. Shorten dt."
    )


def test_a_neuron_that_leaks_over_its_threshold_in_one_step_is_refused():
    assert message(driven(lif(tau_m=1.0, v_rest=-40.0)), dt=1.0) == (
        "population 'cells': neuron 0 leaks from its reset (-65 mV) to -49.2 mV within one step of "
        "1 ms, not below its threshold (-50 mV), so it would spike without end. Shorten dt or "
        "lower the current."
    )


def test_a_refractory_period_that_no_register_holds_is_refused():
    model = lif(tau_refrac=[1.0, 6.2, 6.3, 7.0])
    assert message(driven(model)) == (
        "population 'cells': tau_refrac[2] = 6.3 ms needs refractory register 64 at dt = 0.1 ms; "
        "allowed: 1 to 63, which is at most 6.2 ms. Lengthen dt or shorten tau_refrac."
    )
    compile_network(driven(lif(tau_refrac=6.2)), dt=0.1)
    assert message(driven(lif(tau_refrac=6.4, tau_syn=5.0))) == (
        "population 'cells': tau_refrac[0] = 6.4 ms needs refractory register 64 at dt = 0.1 ms; "
        "allowed: 1 to 63, which is at most 6.3 ms. Lengthen dt or shorten tau_refrac."
    )
    compile_network(driven(lif(tau_refrac=6.3, tau_syn=5.0)), dt=0.1)


def test_a_chip_whose_refractory_register_is_too_small_for_any_neuron_is_named():
    assert message(driven(), LOIHI.what_if(name="short", refractory_max=1)) == (
        "population 'cells': even without a refractory period it needs refractory register 2; "
        "short has at most 1. Give the chip a larger refractory_max."
    )


def test_an_initial_v_below_the_lowest_v_of_the_chip_is_refused():
    text = message(driven(lif(i_offset=2.0)), LOIHI.what_if(name="shallow", vmin_exponent_max=4))
    start, end = text.split(" mV is ")
    assert start == "population 'cells': v_init[0] = -70"
    assert end.endswith(
        " LSB; shallow has v from -15 LSB upwards. Raise v_init, or give the chip a larger "
        "vmin_exponent_max."
    )


def test_weights_of_both_signs_need_a_bit_for_the_sign():
    one_bit = LOIHI.what_if(name="one bit", weight_mantissa_bits=1)
    mixed = driven(connect=lambda s, c: [one_to_one(s, c, weight=[0.5, -0.5, 0.5, 0.0])])
    assert message(mixed, one_bit, 0.5) == (
        "connection 'source->cells': weights of both signs need at least 2 weight bits, one of "
        "them for the sign; one bit has 1. Split it into an excitatory and an inhibitory "
        "connection."
    )
    compile_network(driven(), one_bit, 0.5)
    two = lif(tau_syn_E=5.0, tau_syn_I=8.0)  # each receptor gets one sign
    split = driven(two, connect=lambda s, c: [one_to_one(s, c, weight=[0.5, -0.5, 0.5, 0.0])])
    assert compile_network(split, one_bit, 0.5).n_synapses == 4


def test_an_endless_refractory_period_gets_the_same_advice():
    text = message(driven(lif(tau_refrac=1e300)))
    assert text.endswith("which is at most 6.2 ms. Lengthen dt or shorten tau_refrac.")


def test_a_delay_that_no_register_holds_is_refused():
    def network(delay):
        return driven(connect=lambda s, c: [one_to_one(s, c, weight=1.0, delay=delay)])

    assert message(network([0.1, 6.25, 7.0, 0.0])) == (
        "connection 'source->cells': a delay of 7 ms is 70 steps of 0.1 ms; allowed: at most 62 "
        "steps (6.2 ms). Lengthen dt or shorten the delay."
    )
    assert message(network(6.25)) == (
        "connection 'source->cells': a delay of 6.25 ms is 63 steps of 0.1 ms; allowed: at most 62 "
        "steps (6.2 ms). Lengthen dt or shorten the delay."
    )
    assert compile_network(network(6.24), dt=0.1).max_delay == 62


def test_the_delay_of_a_connection_without_synapses_does_not_matter():
    network = driven(connect=lambda s, c: [from_arrays(s, c, [], [], weight=1.0, delay=99.0)])
    assert compile_network(network, dt=0.1).n_synapses == 0


def test_a_threshold_below_one_step_of_its_register_is_refused():
    model = lif(v_rest=-65.0, v_thresh=[-64.9999999, -50.0, -50.0, -50.0])
    network = driven(model, connect=lambda s, c: [])
    assert message(network) == (
        "population 'cells': its threshold lies 1e-07 mV above its reset, less than one step of "
        "the threshold register at the scale that its threshold allows. Reduce the spread of its "
        "parameters, or its input."
    )


# ------------------------------------------------------------------------------ the chip's size


def test_a_network_that_needs_more_cores_than_there_are_is_refused():
    network, chip = driven(size=5, sources=5), LOIHI.what_if(name="tiny", compartments=2, cores=2)
    assert message(network, chip) == (
        "network: needs 3 cores; chip 'tiny' has 2. A core is full with 2 compartments: "
        "simulate fewer neurons, or compile for a larger chip with chip.what_if(cores=3)."
    )
    assert compile_network(network, chip.what_if(cores=3), dt=0.1).n_cores == 3


MORE = "or compile for a chip that has more with chip.what_if(...)."


@pytest.mark.parametrize(
    ("changes", "connect", "text"),
    [
        (
            {"accumulator_slots": 63},
            lambda s, c: [all_to_all(s, c, weight=1.0, delay=6.2)],
            f"needs 1 compartments of a core; allowed: 0. Make the network fit (shorten its "
            f"delays), {MORE}",
        ),
        (
            {"synaptic_words": 49},
            lambda s, c: [all_to_all(s, c, weight=1.0)],
            f"needs 50 synaptic words of a core; allowed: 49. Make the network fit (reduce its "
            f"in-degree), {MORE}",
        ),
        (
            {"input_axons": 49},
            lambda s, c: [all_to_all(s, c, weight=1.0)],
            f"needs 50 input axons of a core; allowed: 49. Make the network fit (drive it from "
            f"fewer sources), {MORE}",
        ),
        (
            {"synapse_formats": 2},
            lambda s, c: [
                all_to_all(s, c, weight=w, delay=d) for w, d in ((1.0, 0), (-1.0, 0), (1.0, 2.0))
            ],
            f"needs 3 synapse formats of a core; allowed: 2. Make the network fit (give its "
            f"connections fewer signs, scales and delays), {MORE}",
        ),
    ],
    ids=["compartments", "synaptic_words", "input_axons", "synapse_formats"],
)
def test_a_single_neuron_that_exceeds_a_core_is_refused(changes, connect, text):
    network = driven(size=3, sources=50, connect=connect)
    chip = LOIHI.what_if(name="small", **changes)
    assert message(network, chip) == f"population 'cells': neuron 0 alone {text}"
    larger = chip.what_if(**{name: value + 1 for name, value in changes.items()})
    compile_network(network, larger, dt=0.1)


def test_cores_that_all_send_to_each_other_fit_with_more_axons():
    cells = Population("cells", 40, lif())
    network = Network(
        populations=[cells], connections=[all_to_all(cells, cells, weight=0.1, name="all")]
    )
    chip = LOIHI.what_if(name="small", compartments=4, input_axons=6)
    assert compile_network(network, chip.what_if(input_axons=10), dt=0.1).n_cores == 10
    rows = explain_fit(network, chip, 0.1).rows
    assert rows[-1].change == "cores with 8 times the synaptic memory"
    assert rows[-1].cores is None
    (more,) = [row for row in rows if row.change == "cores with 10 input axons"]
    assert (more.cores, more.fits) == (10, True)


def test_more_synaptic_memory_makes_fewer_cores_that_send():
    cells = Population("cells", 64, lif())
    network = Network(
        populations=[cells], connections=[all_to_all(cells, cells, weight=0.1, name="all")]
    )
    chip = LOIHI.what_if(name="small", synaptic_words=200, input_axons=3)
    last = explain_fit(network, chip, 0.1).rows[-1]
    assert last.change.endswith(" times the synaptic memory")
    assert last.fits


def test_the_neuron_that_exceeds_a_core_is_named():
    def connect(source, cells):
        pre = [0, 1, *range(50), 7]
        post = [0, 1, *([2] * 50), 3]
        return [from_arrays(source, cells, pre, post, weight=1.0)]

    network = driven(size=4, sources=50, connect=connect)
    text = message(network, LOIHI.what_if(synaptic_words=49))
    assert text.startswith("population 'cells': neuron 2 alone needs 50 synaptic words of a core")


@pytest.mark.parametrize(
    ("limit", "value", "text"),
    [
        (
            "input_axons",
            3,
            "network: core 0 needs 4 input axons: 0 for inputs and 4 for groups of neurons, one "
            "for each population on each core that sends to it; allowed: 3. Smaller cores make "
            "more groups: let a core hold more than 4 neurons (it is full with 4 compartments: "
            "simulate fewer neurons), or compile for a chip that has more, with "
            "chip.what_if(input_axons=4). explain_fit tries such changes.",
        ),
        (
            "output_axons",
            7,
            "network: core 0 needs 8 output axons; allowed: 7. Make the network fit (connect it to "
            "fewer populations), or compile for a chip that has more, with "
            "chip.what_if(output_axons=8).",
        ),
    ],
)
def test_axons_between_cores_are_counted_after_placement(limit, value, text):
    """Four populations on a core each, all connected: one axon in, two entries out per pair."""
    members = [Population(f"p{i}", 4, lif()) for i in range(4)]
    network = Network(
        populations=members,
        connections=[all_to_all(a, b, weight=0.1) for a in members for b in members],
    )
    chip = LOIHI.what_if(name="small", compartments=4, **{limit: value})
    assert message(network, chip) == text
    image = compile_network(network, chip.what_if(**{limit: value + 1}), dt=0.1)
    assert image.report.resources[limit] == (value + 1, value + 1)


@pytest.mark.parametrize(("parameter", "other"), [("tau_m", {}), ("tau_syn", {"tau_m": 9.0})])
def test_forward_euler_may_not_overshoot(parameter, other):
    model = lif(**{**other, parameter: 0.5}, integration="euler")
    assert message(driven(model), dt=1.0) == (
        f"population 'cells': {parameter}[0] = 0.5 ms is shorter than a step of 1 ms, so "
        "forward Euler overshoots, which a decay register cannot do. Shorten dt, or set "
        "integration = 'exact'."
    )


# ------------------------------------------------------- no leak, no threshold, a first current


def test_a_chip_on_which_v_always_decays_has_no_neurons_without_a_leak():
    assert message(driven(lif(tau_m=np.inf)), LOIHI.what_if(name="leaky", decay_v_offset=1)) == (
        "population 'cells': tau_m = inf, but on leaky v decays at least by 1 in 4096 per step. "
        "Give it a tau_m."
    )


def test_a_chip_on_which_v_passes_every_threshold_has_no_silent_neurons():
    silent = driven(lif(v_thresh=np.inf))
    expected = (
        "population 'cells': v_thresh = inf, but on this chip v can exceed the largest "
        "threshold (64 LSB), whatever the limit of v. Give the neurons a threshold, or the chip "
        "voltage_overflow = CLIP and a wider threshold register."
    )
    assert message(silent, LOIHI.what_if(threshold_mantissa_bits=1)) == expected
    unlimited = LOIHI.what_if(voltage_overflow=Overflow.NONE)
    assert message(silent, unlimited) == expected.replace("(64 LSB)", "(8388544 LSB)")


def test_a_first_current_that_is_over_in_one_step_is_refused():
    assert message(driven(lif(tau_syn=0.001, i_syn_init=[0.0, 0.0, 1.0, 0.0])), dt=1.0) == (
        "population 'cells': the synaptic current of neuron 2 is not 0 at time 0, but decays to 0 "
        "within one step. Set i_syn_init to 0, or shorten dt."
    )
