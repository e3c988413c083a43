"""The benchmark networks in Brian2: the worker that ``peers.py`` describes.

The equations are the recurrence of the chip in float, in the form that is cheapest in Brian2. A
synapse adds ``w / keep`` to u after the update of its step, so that ``u = keep * u`` of the next
step gives w; this saves a variable for the arriving input.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import math
import sys
import tempfile

import brian2 as b2
import numpy as np
import workloads as w  # beside this script

KEEP_U, KEEP_V = 1 - w.DECAY_U / 4096, 1 - w.DECAY_V / 4096


def recurrent_parts(workload):
    net = w.recurrent(workload.neurons, workload.out_degree)
    neurons = integer_neurons(workload.neurons)
    neurons.bias, neurons.v = net.bias.astype(float), net.v_init.astype(float)
    synapses = b2.Synapses(neurons, neurons, "w : 1", on_pre="u_post += w")
    pre = np.repeat(np.arange(workload.neurons, dtype=np.int32), workload.out_degree)
    synapses.connect(i=pre, j=net.target)
    synapses.w = net.mantissa * (w.UNIT / KEEP_U)
    return [neurons, synapses], neurons


def feedforward_parts(workload):
    net = w.feedforward(workload)
    neurons = integer_neurons(workload.out_degree)
    source = given_spikes(workload.neurons, net.steps, net.sources, 1.0)
    synapses = b2.Synapses(source, neurons, "w : 1", on_pre="u_post += w")
    synapses.connect()
    synapses.w = net.mantissa.ravel() * (w.UNIT / KEEP_U)
    return [source, neurons, synapses], neurons


def integer_neurons(size):
    neurons = b2.NeuronGroup(
        size, "u : 1\nv : 1\nbias : 1 (constant)", threshold=f"v > {w.UNIT * w.THRESHOLD}",
        reset="v = 0",
    )  # fmt: skip
    neurons.run_regularly(f"u = {KEEP_U!r} * u\nv = {KEEP_V!r} * v + u + bias")
    return neurons


def notebook_parts(workload, given):
    unit = {"tau_m": b2.ms, "tau_refrac": b2.ms}
    constants = {name: value * unit.get(name, b2.mV) for name, value in w.NOTEBOOK.items()}
    neurons = b2.NeuronGroup(
        workload.neurons,
        "dv/dt = (v_rest - v) / tau_m : volt (unless refractory)",
        threshold="v > v_thresh",
        reset="v = v_reset",
        refractory=constants["tau_refrac"],
        method="exact",
        namespace=constants,
    )
    neurons.v = constants["v_rest"]
    if given is None:
        source = b2.PoissonGroup(workload.neurons, workload.rate * b2.Hz)
    else:
        source = given_spikes(workload.neurons, *given, w.NOTEBOOK_DT)
    synapses = b2.Synapses(source, neurons, on_pre=f"v_post += {w.NOTEBOOK_WEIGHT}*mV")
    synapses.connect(j="i")
    return [source, neurons, synapses], neurons


def given_spikes(size, steps, sources, dt):
    # A generator allows one spike per source and step; a second spike is dropped.
    steps, sources = np.unique(np.stack([steps, sources]), axis=1)
    return b2.SpikeGeneratorGroup(size, sources, (steps + 0.5) * dt * b2.ms)


def build(workload, mode, spikes):
    notebook = workload.kind == "notebook"
    dt = w.NOTEBOOK_DT if notebook else 1.0
    b2.defaultclock.dt = dt * b2.ms
    if notebook:
        given = (spikes["steps"], spikes["sources"]) if mode.endswith("-given") else None
        parts, neurons = notebook_parts(workload, given)
    elif workload.kind == "feedforward":
        parts, neurons = feedforward_parts(workload)
    else:
        parts, neurons = recurrent_parts(workload)
    monitor = b2.SpikeMonitor(neurons)
    return b2.Network(*parts, monitor), monitor, workload.n_steps * dt * b2.ms


def standalone(workload, mode, spikes):
    folder = tempfile.mkdtemp(dir=".")
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = 2 if mode == "cpp-2" else 0
    network, monitor, duration = build(workload, mode, spikes)
    network.run(duration)
    b2.device.build(directory=folder, run=False, with_output=False)

    def run():
        b2.device.run(with_output=False)
        return b2.device._last_run_time, int(monitor.num_spikes)

    return run


def runtime(workload, mode, spikes):
    b2.prefs.codegen.target = mode
    network, monitor, duration = build(workload, mode, spikes)
    network.store()
    elapsed = math.nan

    def report(now, completed, start, total):
        nonlocal elapsed
        elapsed = float(now)

    def run():
        network.restore()
        network.run(duration, report=report, report_period=1e6 * b2.second)
        return elapsed, int(monitor.num_spikes)

    return run


def say(**answer):
    print(json.dumps(answer), flush=True)


def main():
    name, mode, path = sys.argv[1:]
    workload = w.WORKLOADS[name]
    if mode.endswith("-given") and workload.kind != "notebook":
        say(unavailable="only W1 draws its input spikes")
        return
    spikes = np.load(path)
    prepare = standalone if mode.startswith("cpp") else runtime
    run = prepare(workload, mode, spikes)
    say(ready=True, version=b2.__version__)
    for _ in sys.stdin:
        seconds, n_spikes = run()
        say(seconds=seconds, n_spikes=n_spikes)


if __name__ == "__main__":
    main()
