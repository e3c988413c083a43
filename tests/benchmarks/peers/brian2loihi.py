"""The benchmark networks in brian2-loihi 0.5.2: an exact worker that ``peers.py`` describes.

Its neurons have no bias and start at v = 0. The group below adds a bias to its equations and is
otherwise unchanged. It needs Python 3.11 or older with ``brian2-loihi==0.5.2``,
``brian2==2.6.0`` and ``numpy==1.23.5``.
"""

# ruff: noqa: T201

from __future__ import annotations

import hashlib
import json
import math
import sys
from pathlib import Path

import brian2 as b2
import brian2_loihi as bl
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import workloads as w

EQUATIONS = """
    rnd_v = int(sign(v) * ceil(abs(v * {keep_v}))) : 1
    rnd_I = int(sign(I) * ceil(abs(I * {keep_u}))) : 1
    dv/dt = -rnd_v / ms + I / ms + bias / ms : 1
    dI/dt = -rnd_I / ms : 1
    bias : 1 (constant)
"""


def neurons_of(size):
    equations = EQUATIONS.format(keep_v=w.DECAY_V / 4096, keep_u=w.DECAY_U / 4096)
    return b2.NeuronGroup(
        size,
        equations,
        threshold=f"v > {w.UNIT * w.THRESHOLD}",
        reset="v = 0",
        method="forward_euler",
    )


def connect(source, neurons, pre, post, mantissa):
    synapses = bl.LoihiSynapses(source, neurons, sign_mode=bl.synapse_sign_mode.MIXED)
    synapses.connect(i=pre, j=post)
    synapses.w = mantissa
    return synapses


def build(workload, spikes):
    bl.LoihiNetwork()  # makes its integration method known
    if workload.kind == "recurrent":
        net = w.recurrent(workload.neurons, workload.out_degree)
        neurons = source = neurons_of(workload.neurons)
        neurons.bias, neurons.v = net.bias.astype(float), net.v_init.astype(float)
        pre = np.repeat(np.arange(workload.neurons, dtype=np.int32), workload.out_degree)
        parts, post, mantissa = [neurons], net.target, net.mantissa
    else:
        net = w.feedforward(workload)
        neurons = neurons_of(workload.out_degree)
        # Its generator emits at the start of a step, and its synapses act in the same step.
        given = spikes["sources"], spikes["steps"] + 1
        source = bl.LoihiSpikeGeneratorGroup(workload.neurons, *given)
        pre = np.repeat(np.arange(workload.neurons, dtype=np.int32), workload.out_degree)
        post = np.tile(np.arange(workload.out_degree, dtype=np.int32), workload.neurons)
        parts, mantissa = [source, neurons], net.mantissa.ravel()
    synapses = connect(source, neurons, pre, post, mantissa)
    monitor = b2.SpikeMonitor(neurons)
    return bl.LoihiNetwork(*parts, synapses, monitor), monitor


def raster(monitor):
    """Return the digest of all spikes in the order of step and neuron, as ``engines.digest``."""
    steps = np.round(np.asarray(monitor.t / b2.ms)).astype(np.int32)
    ids = np.asarray(monitor.i).astype(np.int32)
    order = np.lexsort((ids, steps))
    return hashlib.sha256(steps[order].tobytes() + ids[order].tobytes()).hexdigest()


def say(**answer):
    print(json.dumps(answer), flush=True)


def main():
    name, _, path = sys.argv[1:]
    workload = w.WORKLOADS[name]
    if workload.kind == "notebook":
        say(unavailable="it takes no physical units")
        return
    b2.prefs.codegen.target = "cython"
    network, monitor = build(workload, np.load(path))
    network.store()
    elapsed = math.nan

    def report(now, completed, start, total):
        nonlocal elapsed
        elapsed = float(now)

    say(ready=True, version="0.5.2")
    for _ in sys.stdin:
        network.restore()
        network.run(workload.n_steps, report=report, report_period=1e6 * b2.second)
        say(seconds=elapsed, n_spikes=int(monitor.num_spikes), raster=raster(monitor))


if __name__ == "__main__":
    main()
