"""Random scripts in Brian2 and on the chip: equal input, and equal spikes of the float reference.

``NEUROCHIP_MANY=1000`` runs so many scripts instead of 30.
"""

from __future__ import annotations

import logging
import os

import numpy as np
import pytest
from brian2_scripts import random_script

from neurochip import Reference

pytestmark = pytest.mark.slow

MANY = int(os.environ.get("NEUROCHIP_MANY", "30"))


def spikes_of(monitor):
    order = np.lexsort((monitor.i[:], monitor.t_[:]))
    return np.array(monitor.t_[:])[order], np.array(monitor.i[:])[order]


def potentials(names, groups):
    """Return v of each group in mV; 1 is read as 1 mV if it has no unit."""
    values = {name: names[name].v for name in groups}
    return {
        name: np.array(v[:]) * (1000.0 if v.dim.is_dimensionless is False else 1.0)
        for name, v in values.items()
    }


def run_script(b2, script, device):
    """Return the namespace of a script after its runs, and what the chip ran.

    For each run: the network, the stimulus, and the neurons whose v was set since the run before.
    """
    b2.set_device(device)
    b2.start_scope()
    names = {**vars(b2)}
    exec("\n".join(script.setup), names)
    runs, before = [], {}
    for changes, duration in script.runs:
        exec("\n".join(changes), names)
        v = potentials(names, script.groups)
        exec(f"run({duration})", names)
        stimulus = getattr(b2.get_device(), "stimulus", None)
        if stimulus is None or (runs and stimulus is runs[-1][1]):
            continue  # a run of 0 ms
        moved = {name: np.flatnonzero(v[name] != before[name]) for name in before}
        runs.append(
            (b2.get_device().network, stimulus, {n: (ids, v[n][ids]) for n, ids in moved.items()})
        )
        before = potentials(names, script.groups)
    return names, runs


def run_reference(runs, dt):
    """Run the float reference as the chip ran; return step and neuron of the spikes by name."""
    reference, recordings = Reference(runs[0][0], dt, progress=False), []
    for network, stimulus, set_v in runs:
        if recordings:
            reference.reprogram(network)
        for name, (ids, v) in set_v.items():
            reference.set_v(name, ids, v)
        recordings.append(reference.run(stimulus))
    return {
        name: [
            np.concatenate([part[name] for part in (getattr(r, key) for r in recordings)])
            for key in ("steps", "ids")
        ]
        for name in recordings[0].populations
    }


def check_monitor(b2, expected, names):
    """Check that the monitor V has what happened on the chip, and as many samples as in Brian2.

    Events are no samples: neurons of the chip may spike in another step, so that a spike is missing
    or late at the end of a run. V has those that the spike monitor of the same group has.
    """
    monitor = names["V"]
    if isinstance(monitor, b2.EventMonitor):
        for own, other in zip(
            spikes_of(monitor), spikes_of(names[f"M_{monitor.source.name}"]), strict=True
        ):
            assert np.array_equal(own, other)
    else:
        assert monitor.t_[:].shape == expected.t_[:].shape


@pytest.mark.parametrize("seed", range(MANY))
def test_a_random_script_has_the_spikes_of_brian2(b2, seed):
    script = random_script(seed)
    logging.getLogger("scripts").warning("%s", script)  # shown if the test fails
    expected, _ = run_script(b2, script, "runtime")
    got, runs = run_script(b2, script, "neurochip")
    for name in script.inputs:
        pairs = [spikes_of(names[f"M_{name}"]) for names in (expected, got)]
        assert np.array_equal(*pairs), name
    if "V" in got:
        check_monitor(b2, expected["V"], got)
    if not runs:
        return
    dt = float(b2.defaultclock.dt / b2.ms)
    reference = run_reference(runs, dt)
    for name in script.spiking:
        times, ids = spikes_of(expected[f"M_{name}"])
        steps, own = reference[name]
        order = np.lexsort((own, steps))
        assert np.array_equal(steps[order], np.round(times * 1e3 / dt)), name
        assert np.array_equal(own[order], ids), name
