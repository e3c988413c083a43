"""Every number in the examples of ``docs/reference/core-semantics.md``."""

from __future__ import annotations

import oracle
import pytest
from oracle import (
    EXCITATORY,
    INHIBITORY,
    MIXED,
    Compartment,
    Synapse,
    decode_bias,
    decode_weight,
)

FORGETS_U = {"decay_u": 4095}


def test_truncation_floor_wrap_and_clip_of_section_1():
    assert oracle.truncating_quotient(-8999, 10) == -899
    assert oracle.truncating_quotient(8999, 10) == 899
    assert -46 // 10 == -5
    assert oracle.wrap(8_500_000, oracle.LOIHI.state_bits) == -8_277_216
    assert oracle.clip(-1200, -1023, 8191) == -1023
    assert Compartment(decay_u=0, decay_v=0, threshold_mantissa=100).threshold == 6400


@pytest.mark.parametrize(
    ("mantissa", "exponent", "bits", "sign_mode", "weight"),
    [
        (150, 2, 8, EXCITATORY, 38_400),
        (75, 0, 8, MIXED, 4_736),
        (-75, 0, 8, MIXED, -4_864),
        (75, 0, 4, EXCITATORY, 4_096),
        (-75, 0, 4, INHIBITORY, -4_096),
        (-75, 0, 4, MIXED, -6_144),
        (37, -3, 8, EXCITATORY, 256),
        (-37, -3, 8, INHIBITORY, -320),
        (255, 7, 8, EXCITATORY, 2_088_960),
        (-256, 7, 8, MIXED, -2_097_088),
    ],
)
def test_weights_of_section_4(mantissa, exponent, bits, sign_mode, weight):
    assert decode_weight(mantissa, exponent, bits, sign_mode) == weight


def test_zero_weight_bits_store_nothing_and_refuse_a_negative_mixed_mantissa():
    assert decode_weight(255, 0, 0, EXCITATORY) == 0
    assert decode_weight(-255, 0, 0, INHIBITORY) == 0
    assert decode_weight(255, 0, 0, MIXED) == 0
    with pytest.raises(ValueError, match=r"stored mantissa = -512 is outside -256\.\.255"):
        decode_weight(-1, 0, 0, MIXED)


def test_seven_weight_bits_are_refused():
    with pytest.raises(ValueError, match="weight_bits = 7"):
        decode_weight(1, 0, 7, EXCITATORY)


def test_two_spikes_in_one_step_are_summed_and_wrapped():
    neuron = Compartment(**FORGETS_U, decay_v=4095, threshold_mantissa=131071)
    synapse = Synapse(("input", 0), 0, 255, 0, 7, 8, EXCITATORY)
    trace = oracle.run([neuron], [synapse], [(0, 0), (0, 0)], n_steps=1)
    assert trace.u == [[-16_384]]
    assert trace.counters["accumulator_wraps"] == 1
    assert trace.counters["synaptic_events"] == 2


def test_arrival_steps_of_a_neuron_spike_and_an_input_spike():
    source = Compartment(
        **FORGETS_U, decay_v=0, threshold_mantissa=100, bias_mantissa=3000, refractory=63
    )
    target = Compartment(**FORGETS_U, decay_v=4095, threshold_mantissa=131071)
    synapses = [
        Synapse(("neuron", 0), 1, 1, 3, 0, 8, EXCITATORY),
        Synapse(("input", 0), 1, 2, 3, 0, 8, EXCITATORY),
    ]
    trace = oracle.run([source, target], synapses, [(2, 0), (3, 0)], n_steps=8)
    assert trace.spikes == [(2, 0)]
    assert [u[1] for u in trace.u] == [0, 0, 0, 0, 0, 2 * 64, (1 + 2) * 64, 0]


def test_a_child_adds_its_current_of_the_same_step_to_its_parent():
    quiet = {"decay_v": 4095, "threshold_mantissa": 131071}
    child = Compartment(decay_u=2047, **quiet)
    parent = Compartment(decay_u=1023, decay_v=0, threshold_mantissa=100, bias_mantissa=10, join=1)
    synapses = [
        Synapse(("input", 0), 0, -20, 0, 0, 8, INHIBITORY),
        Synapse(("input", 0), 1, 60, 0, 0, 8, EXCITATORY),
    ]
    trace = oracle.run([child, parent], synapses, [(0, 0)], n_steps=3)
    assert trace.u == [[-1280, 3840], [-640, 2880], [-320, 2160]]
    assert [v[1] for v in trace.v] == [2570, 4820, 0]
    assert trace.spikes == [(2, 1)]


def test_a_joined_compartment_has_an_odd_number():
    joined = Compartment(decay_u=0, decay_v=0, threshold_mantissa=1, join=1)
    with pytest.raises(ValueError, match="compartment 0 is joined, but its number is even"):
        oracle.run([joined, joined], [], [], n_steps=1)


def test_decay_of_u_truncates_toward_zero():
    for sign in (1, -1):
        neuron = Compartment(decay_u=409, decay_v=0, threshold_mantissa=131071, u_init=sign * 1000)
        assert neuron.factor_u == 3686
        assert oracle.run([neuron], [], [], n_steps=1).u == [[sign * 899]]


def test_smallest_decay_of_u_removes_one_per_step():
    neuron = Compartment(decay_u=0, decay_v=4095, threshold_mantissa=131071, u_init=5)
    trace = oracle.run([neuron], [], [], n_steps=6)
    assert [row[0] for row in trace.u] == [4, 3, 2, 1, 0, 0]


def test_u_without_decay_and_offset_is_kept():
    neuron = Compartment(
        decay_u=0, decay_u_offset=0, decay_v=4095, threshold_mantissa=131071, u_init=5
    )
    assert oracle.run([neuron], [], [], n_steps=3).u == [[5], [5], [5]]


def test_u_wraps():
    assert oracle.wrap(8_300_000 + 200_000, oracle.LOIHI.state_bits) == -8_277_216
    neuron = Compartment(
        decay_u=0,
        decay_u_offset=0,
        decay_v=4095,
        threshold_mantissa=131071,
        u_init=8_300_000,
    )
    # The two synapses add (195 * 16 + 5) * 64 = 200,000.
    synapses = [
        Synapse(("input", 0), 0, mantissa, 0, exponent, 8, EXCITATORY)
        for mantissa, exponent in ((195, 4), (5, 0))
    ]
    trace = oracle.run([neuron], synapses, [(0, 0)], n_steps=1)
    assert trace.u == [[-8_277_216]]
    assert trace.counters["current_wraps"] == 1


def test_u_plus_bias_wraps():
    neuron = Compartment(
        decay_u=0,
        decay_u_offset=0,
        decay_v=4095,
        threshold_mantissa=131071,
        bias_mantissa=4095,
        bias_exponent=7,
        u_init=8_380_000,
    )
    trace = oracle.run([neuron], [], [], n_steps=1)
    assert trace.v == [[-7_873_056]]
    assert trace.counters["input_wraps"] == 1


def test_bias_of_section_1():
    neuron = Compartment(
        **FORGETS_U,
        decay_v=0,
        threshold_mantissa=0,
        bias_mantissa=-300,
        bias_exponent=4,
    )
    assert decode_bias(neuron.bias_mantissa, neuron.bias_exponent) == -4800
    assert oracle.run([neuron], [], [], n_steps=1).v == [[-4800]]


def test_v_clips_at_vmin():
    neuron = Compartment(
        **FORGETS_U,
        decay_v=0,
        threshold_mantissa=100,
        bias_mantissa=-200,
        vmin_exponent=10,
        vmax_exponent=2,
        v_init=-1000,
    )
    assert (neuron.vmin, neuron.vmax) == (-1023, 8191)
    trace = oracle.run([neuron], [], [], n_steps=1)
    assert trace.v == [[-1023]]
    assert trace.counters["voltage_clips_low"] == 1


@pytest.mark.parametrize(("threshold_mantissa", "spikes", "clips"), [(127, 1, 0), (128, 0, 1)])
def test_a_clip_at_vmax_counts_only_without_a_spike(threshold_mantissa, spikes, clips):
    neuron = Compartment(
        **FORGETS_U,
        decay_v=0,
        threshold_mantissa=threshold_mantissa,
        vmax_exponent=2,
        v_init=9000,
    )
    trace = oracle.run([neuron], [], [], n_steps=1)
    assert len(trace.spikes) == spikes
    assert trace.counters["voltage_clips_high"] == clips


def test_truncation_makes_a_small_leak_larger():
    neuron = Compartment(**FORGETS_U, decay_v=41, threshold_mantissa=100, v_init=50)
    assert oracle.run([neuron], [], [], n_steps=1).v == [[49]]


def test_largest_threshold_is_below_vmax():
    neuron = Compartment(**FORGETS_U, decay_v=0, threshold_mantissa=131071)
    assert (neuron.threshold, neuron.vmax) == (8_388_544, 8_388_607)


@pytest.mark.parametrize(("v_init", "spikes"), [(6400, []), (6401, [(0, 0)])])
def test_threshold_is_strict(v_init, spikes):
    neuron = Compartment(**FORGETS_U, decay_v=0, threshold_mantissa=100, v_init=v_init)
    assert oracle.run([neuron], [], [], n_steps=1).spikes == spikes


def test_refractory_three_holds_two_steps():
    neuron = Compartment(
        **FORGETS_U, decay_v=0, threshold_mantissa=100, bias_mantissa=3000, refractory=3
    )
    trace = oracle.run([neuron], [], [], n_steps=8)
    assert [row[0] for row in trace.v] == [3000, 6000, 0, 0, 0, 3000, 6000, 0]
    assert trace.spikes == [(2, 0), (7, 0)]


@pytest.mark.parametrize(
    ("exponent", "offset", "raw", "value"),
    [(5, 0, -127, -31), (5, 1, 100, 41), (9, 0, 100, 400)],
)
def test_noise_of_section_5_7(exponent, offset, raw, value):
    noise = oracle.Noise(exponent, offset, 0, enabled=[1], raw=[[raw]])
    neuron = Compartment(**FORGETS_U, decay_v=4095, threshold_mantissa=131071)
    assert oracle.run([neuron], [], [], n_steps=1, noise=noise).u == [[value]]


def test_whole_example_of_section_6():
    neuron = Compartment(
        decay_u=1023,
        decay_v=409,
        threshold_mantissa=100,
        bias_mantissa=50,
        bias_exponent=2,
        u_init=-1001,
        v_init=5000,
    )
    synapse = Synapse(("input", 0), 0, 30, 0, 0, 8, EXCITATORY)
    trace = oracle.run([neuron], [synapse], [(0, 0)], n_steps=4)
    assert synapse.weight == 1920
    assert (neuron.factor_u, neuron.factor_v) == (3072, 3687)
    assert decode_bias(neuron.bias_mantissa, neuron.bias_exponent) == 200
    assert [row[0] for row in trace.u] == [1170, 877, 657, 492]
    assert [row[0] for row in trace.v] == [5870, 6360, 0, 692]
    assert trace.spikes == [(2, 0)]
    assert [oracle.decay(v, 3687) for v in (5000, 5870, 6360)] == [4500, 5283, 5724]
    assert oracle.decay(6360, 3687) + 657 + 200 == 6581


# ------------------------------------------------------------------------ section 7, counters


def test_a_held_compartment_counts_wraps_of_its_current_but_neither_of_its_input_nor_clips():
    """A weight of 2^21 - 8192 each step makes u, and with it u + bias, wrap every few steps."""
    neuron = Compartment(
        decay_u=0,
        decay_u_offset=0,
        decay_v=0,
        threshold_mantissa=0,
        refractory=64,
        vmin_exponent=0,
        vmax_exponent=7,
    )
    synapse = Synapse(("input", 0), 0, 255, 0, 7, 8, EXCITATORY)
    trace = oracle.run([neuron], [synapse], [(t, 0) for t in range(12)], n_steps=12)
    # Step 0 spikes; u = 5 * 2,088,960 - 2^24 after step 4 and goes round again by step 12.
    assert trace.spikes == [(0, 0)]
    assert trace.counters["current_wraps"] == 1
    assert min(row[0] for row in trace.u) < 0
    assert trace.counters["voltage_clips_low"] == 0
    free = Compartment(
        decay_u=0, decay_u_offset=0, decay_v=0, threshold_mantissa=131071, vmin_exponent=0
    )
    trace = oracle.run([free], [synapse], [(t, 0) for t in range(12)], n_steps=12)
    assert trace.counters["voltage_clips_low"] > 0


def test_a_wrap_of_u_plus_bias_is_not_counted_while_held():
    registers = {
        "decay_u": 0,
        "decay_u_offset": 0,
        "decay_v": 0,
        "bias_mantissa": 4095,
        "bias_exponent": 7,
        "u_init": 7_000_000,
        "refractory": 64,
    }
    synapse = Synapse(("input", 0), 0, 250, 0, 6, 8, EXCITATORY)  # 1,024,000: x wraps, u does not
    held = Compartment(**registers, threshold_mantissa=0)
    trace = oracle.run([held], [synapse], [(1, 0)], n_steps=4)
    assert trace.spikes == [(0, 0)]
    assert trace.counters["input_wraps"] == 0
    free = Compartment(**registers, threshold_mantissa=131071)
    trace = oracle.run([free], [synapse], [(1, 0)], n_steps=4)
    assert trace.counters["input_wraps"] == 3
    assert trace.counters["current_wraps"] == 0


def test_synaptic_events_count_when_a_spike_is_handed_over_whatever_its_delay():
    source = Compartment(**FORGETS_U, decay_v=4095, threshold_mantissa=100, bias_mantissa=3000)
    never = Compartment(**FORGETS_U, decay_v=4095, threshold_mantissa=131071)
    always = Compartment(**FORGETS_U, decay_v=0, threshold_mantissa=0, bias_mantissa=1)
    assert oracle.run([source], [], [], n_steps=3).spikes == []
    for delay in (0, 62):
        from_input = Synapse(("input", 0), 0, 1, delay, 0, 8, EXCITATORY)
        trace = oracle.run([never], [from_input], [(0, 0), (2, 0), (3, 0)], n_steps=3)
        assert trace.counters["synaptic_events"] == 2
        from_neuron = Synapse(("neuron", 0), 1, 1, delay, 0, 8, EXCITATORY)
        trace = oracle.run([always, never], [from_neuron], [], n_steps=5)
        assert trace.counters["spikes"] == 5
        assert trace.counters["synaptic_events"] == 4  # the spike of step 4 is still on its way
        assert trace.counters["updates"] == 10
