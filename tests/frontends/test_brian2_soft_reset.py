"""Resets that subtract, in Brian2 and on a programmable chip, with the same input."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LOIHI2
from neurochip.errors import CompileError

KICKS = "dv/dt = -v/(10*ms) : 1 (unless refractory)"
CURRENT = "dv/dt = (I - v)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(4*ms) : 1"
FINE = LOIHI2.what_if(decay_bits=15, weight_mantissa_bits=14)


def run(b2, equations, on_pre, refractory):
    """Run 30 neurons on given spikes in two runs; return spikes and v at the start of each step."""
    b2.start_scope()
    b2.seed(3)
    b2.defaultclock.dt = 0.5 * b2.ms
    if refractory is False:
        equations = equations.replace(" (unless refractory)", "")
    cells = b2.NeuronGroup(
        30,
        equations,
        threshold="v > 1",
        reset="v -= 0.6",
        refractory=refractory,
        method="exact",
        name="cells",
    )
    rng = np.random.default_rng(5)
    steps, ids = np.unique([rng.integers(0, 180, 450), rng.integers(0, 30, 450)], axis=1)
    source = b2.SpikeGeneratorGroup(30, ids, steps * 0.5 * b2.ms, name="source")
    wires = b2.Synapses(source, cells, "w : 1", on_pre=on_pre, name="wires")
    wires.connect(p=0.4)
    wires.w = "0.45 * rand()" if on_pre == "v += w" else "rand()"
    spikes = b2.SpikeMonitor(cells, name="spikes")
    state = b2.StateMonitor(cells, "v", record=True, name="state")
    net = b2.Network(cells, source, wires, spikes, state)
    net.run(40 * b2.ms)
    if refractory is False:  # the chip holds v of refractory neurons
        cells.v[3] = 0.5
    net.run(60 * b2.ms)
    at = np.round(np.asarray(spikes.t_) / 0.0005).astype(int)
    return set(zip(at.tolist(), np.asarray(spikes.i).tolist(), strict=True)), np.array(state.v)


@pytest.mark.parametrize("refractory", [False, "2*ms"])
@pytest.mark.parametrize(("equations", "on_pre"), [(KICKS, "v += w"), (CURRENT, "I += w")])
def test_a_script_has_the_spikes_and_the_v_of_brian2(b2, equations, on_pre, refractory):
    refractory = refractory and 2 * b2.ms
    expected, v = run(b2, equations, on_pre, refractory)
    b2.set_device("neurochip", chip=FINE, progress=False)
    found, on_chip = run(b2, equations, on_pre, refractory)
    assert len(expected) > 200
    assert len(expected ^ found) < 0.05 * len(expected)
    apart = np.abs(on_chip - v)
    assert np.median(apart) < 0.001
    assert np.mean(apart > 0.1) < 0.03  # between a spike here and there, a step apart


def test_a_script_may_change_what_is_subtracted_between_runs(b2):
    def run():
        b2.start_scope()
        b2.defaultclock.dt = 0.5 * b2.ms
        group = b2.NeuronGroup(
            3, "dv/dt = (2 - v)/(10*ms) : 1\namount : 1", threshold="v > 1", reset="v -= amount",
            method="exact", name="cells",
        )  # fmt: skip
        group.amount = [0.3, 0.5, 0.7]
        spikes = b2.SpikeMonitor(group, name="spikes")
        net = b2.Network(group, spikes)
        net.run(40 * b2.ms)
        group.amount = 0.9
        net.run(40 * b2.ms)
        return spikes.count[:].tolist()

    expected = run()
    b2.set_device("neurochip", chip=FINE, progress=False)
    assert run() == expected
    assert expected[0] > expected[2]


def test_the_first_generation_says_what_works(chip):
    group = chip.NeuronGroup(2, KICKS, threshold="v > 1", reset="v -= 1", name="cells")
    with pytest.raises(CompileError) as caught:
        chip.Network(group).run(1 * chip.ms)
    assert "population 'cells': reset = 'subtract', but the neurons of loihi" in str(caught.value)
    assert "or take a chip with programmable cores: LOIHI2." in str(caught.value)
