"""Synaptic currents that a PyNN script records are those of NEST, sample for sample."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")

SCRIPT = """
import json, sys
from importlib import import_module
import neurochip.frontends.pynn
import numpy as np

sim = import_module("pyNN." + sys.argv[1])
sim.setup(timestep=0.125, min_delay=0.125)  # whose multiples are exact: NEST moves no spike
rng = np.random.default_rng(1)
times = [np.unique(rng.integers(8, 1500, 9)) / 8 for _ in range(20)]
source = sim.Population(20, sim.SpikeSourceArray(spike_times=[list(each) for each in times]))
receptor = sim.CurrExpPostSynapticResponse
cells = sim.Population(
    3,
    sim.PointNeuron(
        sim.LIF(tau_m=20.0, cm=0.25, v_rest=-65.0, v_reset=-65.0, v_thresh=0.0),
        exc=receptor(tau_syn=3.0),
        inh=receptor(tau_syn=8.0),
    ),
)
for first, name, weight, delay in ((0, "exc", 0.1, 1.25), (10, "inh", -0.08, 0.5)):
    part, synapse = source[first : first + 10], sim.StaticSynapse(weight=weight, delay=delay)
    sim.Projection(part, cells, sim.AllToAllConnector(), synapse, receptor_type=name)
cells.record(["exc.isyn", "inh.isyn"])
sim.run(200.0)
segment = cells.get_data().segments[0]
found = [segment.filter(name=name)[0].magnitude.tolist() for name in ("exc.isyn", "inh.isyn")]
print("FOUND " + json.dumps(found))
"""


def currents_of(simulator):
    """Return both currents as the script records them on a simulator, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, simulator]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    return np.array(json.loads(line.removeprefix("FOUND ")))


@pytest.mark.slow
def test_currents_are_sampled_as_nest_samples_them():
    pytest.importorskip("nest", reason="NEST is not installed: neurochip[nest]")
    nest, chip = currents_of("nest"), currents_of("neurochip")
    assert nest.shape == chip.shape == (2, 1601, 3)
    assert (np.abs(nest).max(axis=(1, 2)) > 0.3).all()
    # Rises of 0.1 and 0.08 nA in the same samples; weights and decays are those of registers.
    assert np.abs(chip - nest).max() < 0.006
