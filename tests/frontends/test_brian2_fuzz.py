"""Random scripts in Brian2 and on the chip: equal input, and equal spikes of the float reference.

``NEUROCHIP_MANY=1000`` runs so many scripts instead of 30.
"""

from __future__ import annotations

import logging
import os

import numpy as np
import pytest
from brian2_scripts import random_script

from neurochip import SpikeInput, Stimulus
from neurochip.reference import simulate_reference

pytestmark = pytest.mark.slow

MANY = int(os.environ.get("NEUROCHIP_MANY", "30"))


def spikes_of(monitor):
    order = np.lexsort((monitor.i[:], monitor.t_[:]))
    return np.array(monitor.t_[:])[order], np.array(monitor.i[:])[order]


def run_script(b2, script, device):
    """Return the namespace of a script after its runs, and the stimulus of each."""
    b2.set_device(device)
    b2.start_scope()
    names = {**vars(b2)}
    exec("\n".join(script.setup), names)
    stimuli = []
    for changes, duration in script.runs:
        exec("\n".join([*changes, f"run({duration})"]), names)
        stimulus = getattr(b2.get_device(), "stimulus", None)
        if stimulus is not None and stimulus not in stimuli:  # a run of 0 ms leaves the last one
            stimuli.append(stimulus)
    return names, stimuli


def spike_by_spike(train):
    """Return a train of counts as one of single spikes."""
    if isinstance(train, SpikeInput):
        return train
    steps, ids = np.nonzero(train.counts)
    times = (steps + train.first_step) * train.dt
    several = train.counts[steps, ids]
    return SpikeInput(train.name, train.size, np.repeat(ids, several), np.repeat(times, several))


def joined(stimuli):
    """Return the stimuli of consecutive runs as one."""
    trains = {}
    for train in (train for stimulus in stimuli for train in stimulus.trains):
        trains.setdefault(train.name, []).append(spike_by_spike(train))
    return Stimulus(
        max(stimulus.duration for stimulus in stimuli),
        tuple(
            SpikeInput(
                name,
                parts[0].size,
                np.concatenate([part.ids for part in parts]),
                np.concatenate([part.times for part in parts]),
            )
            for name, parts in trains.items()
        ),
        stimuli[-1].currents,
    )


@pytest.mark.parametrize("seed", range(MANY))
def test_a_random_script_has_the_spikes_of_brian2(b2, seed):
    script = random_script(seed)
    logging.getLogger("scripts").warning("%s", script)  # shown if the test fails
    expected, _ = run_script(b2, script, "runtime")
    got, stimuli = run_script(b2, script, "neurochip")
    for name in script.inputs:
        pairs = [spikes_of(names[f"M_{name}"]) for names in (expected, got)]
        assert np.array_equal(*pairs), name
    if "V" in got:
        assert np.array_equal(*(names["V"].t_[:].shape for names in (expected, got)))
    if not stimuli:
        return
    network, dt = b2.get_device().network, float(b2.defaultclock.dt / b2.ms)
    reference = simulate_reference(network, joined(stimuli), dt, progress=False)
    for name in script.spiking:
        times, ids = spikes_of(expected[f"M_{name}"])
        order = np.lexsort((reference.ids[name], reference.steps[name]))
        assert np.array_equal(reference.steps[name][order], np.round(times * 1e3 / dt)), name
        assert np.array_equal(reference.ids[name][order], ids), name
