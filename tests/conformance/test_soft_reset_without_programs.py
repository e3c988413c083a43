"""A soft reset on the first-generation chip, without a neuron program: by self-inhibition.

u is the membrane: it decays and sums its input, and no spike resets it. v forgets everything in one
step, so v = u, and the hard reset of v changes nothing. A synapse of each compartment onto itself
takes the threshold from u in the next step: ``u[t+1] = trunc(k u[t]) + input - threshold s[t]``.
"""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LOIHI, Emulator, SignMode, Synapses, program

STEPS, INPUTS, NEURONS = 500, 12, 24


def soft_reset(weights, decay, threshold, *, exponent=0, register=None):
    """Return neurons that subtract ``threshold`` (a mantissa) in the step after a spike."""
    pre, post = np.nonzero(weights)
    neurons = np.arange(weights.shape[1])
    lists = [
        Synapses("inputs", pre, post, weights[pre, post], SignMode.MIXED, exponent),
        Synapses("compartments", neurons, neurons, -threshold, SignMode.INHIBITORY, exponent),
    ]
    registers = {
        "decay_u": decay,  # the membrane
        "decay_v": 4095,  # with the offset 4096 of 4096: v forgets
        "decay_v_offset": 1,
        "threshold_mantissa": threshold << exponent if register is None else register,
    }
    return program(LOIHI, registers, lists, n_inputs=len(weights), n_compartments=len(neurons))


def delayed_subtraction(weights, decay, threshold, spikes, exponent):
    """Run ``v' = trunc(k v) + I - threshold s`` in plain integers, s of the step before."""
    keep = [4096 - (int(d) + 1) for d in decay]
    amounts = [int(m) << (6 + exponent) for m in threshold]
    v, spiked = [0] * len(decay), [False] * len(decay)
    traces, raster = [], []
    for row in spikes:
        arriving = row.astype(int) @ (weights.astype(int) << (6 + exponent))
        for i, keeps in enumerate(keep):
            kept = v[i] * keeps
            kept = kept // 4096 if kept >= 0 else -(-kept // 4096)
            v[i] = kept + int(arriving[i]) - amounts[i] * spiked[i]
            spiked[i] = v[i] > amounts[i]
        traces.append(list(v))
        raster.append(list(spiked))
    return np.array(traces), np.array(raster)


@pytest.mark.parametrize("exponent", [0, 3])
@pytest.mark.parametrize("seed", range(4))
def test_self_inhibition_is_the_delayed_soft_reset_bit_for_bit(seed, exponent):
    rng = np.random.default_rng(seed)
    weights = 2 * rng.integers(-20, 90, (INPUTS, NEURONS))
    decay, threshold = rng.integers(0, 2000, NEURONS), rng.integers(40, 256, NEURONS)
    spikes = rng.random((STEPS, INPUTS)) < 0.15
    image = soft_reset(weights, decay, threshold, exponent=exponent)
    # An input of step n acts in step n + 1.
    steps, sources = np.nonzero(spikes[1:])
    run = Emulator(image).run_steps(STEPS, steps, sources, record=["u"])
    spikes[0] = False
    traces, raster = delayed_subtraction(weights, decay, threshold, spikes, exponent)
    assert run.trace("compartments", "u").values.tolist() == traces.tolist()
    found = np.stack([run.steps["compartments"], run.ids["compartments"]])
    assert found.tolist() == np.stack(np.nonzero(raster)).tolist()
    assert raster.sum() > 500
    assert (traces > 2 * (threshold << (6 + exponent))).any()  # more is left than a threshold


def test_a_subtraction_before_the_leak_is_nearly_the_one_after_it():
    """The weight is k times the threshold, which its register holds to 64: an error of 32 at most.

    ``v' = trunc(k (v - threshold s)) + I`` with s of the same step, in plain integers.
    """
    rng = np.random.default_rng(5)
    exponent, steps = 5, 2000
    weights = 2 * rng.integers(-10, 45, (INPUTS, NEURONS))
    decay, amount = rng.integers(0, 2000, NEURONS), rng.integers(80, 256, NEURONS)
    keep = 4096 - (decay + 1)
    threshold = np.rint((amount << (6 + exponent)) * 4096 / keep / 64).astype(int)
    taken = (threshold << 6) * keep / 4096
    assert np.abs(taken - (amount << (6 + exponent))).max() <= 32
    spikes = rng.random((steps, INPUTS)) < 0.2
    spikes[0] = False
    image = soft_reset(weights, decay, amount, exponent=exponent, register=threshold)
    at, sources = np.nonzero(spikes[1:])
    run = Emulator(image).run_steps(steps, at, sources)
    found = np.zeros((steps, NEURONS), dtype=bool)
    found[run.steps["compartments"], run.ids["compartments"]] = True
    v, expected = np.zeros(NEURONS, dtype=np.int64), []
    for row in spikes:
        product = v * keep
        v = np.sign(product) * (np.abs(product) >> 12)
        v += row.astype(int) @ (weights << (6 + exponent))
        expected.append(v > threshold << 6)
        v -= (threshold << 6) * expected[-1]
    different, all_spikes = (found != expected).sum(), np.sum(expected)
    assert all_spikes > 10_000
    assert 0 < different < all_spikes // 100  # a spike that moves by a step counts twice
    assert np.abs(found.sum(axis=0) - np.sum(expected, axis=0)).max() <= 1
