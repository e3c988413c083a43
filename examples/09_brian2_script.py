"""Run a Brian2 script on the chip: one more import and one more line, the rest unchanged.

    python examples/09_brian2_script.py [folder for the figures]

Question: Does a Brian2 script run on the chip, and does the chip agree with Brian2?
Answer: The script runs, and its monitors record as usual. With the input of the notebook that this
    project started from, no neuron fires, on the chip as in Brian2. With 65 times the input all
    neurons fire, and the rate on the chip agrees with that of Brian2 within 1 %.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
from brian2 import *

import neurochip.frontends.brian2

prefs.codegen.target = "numpy"  # Brian2 itself also runs below; so it needs no C++ compiler


def script(rate):
    """Run the notebook with Poisson sources of the given rate; return its monitors."""
    v_rest = -70 * mV
    v_reset = -65 * mV
    v_threshold = -50 * mV
    tau = 10 * ms

    neurons = NeuronGroup(
        100,
        "dv/dt = (v_rest - v) / tau : volt (unless refractory)",
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=5 * ms,
        method="exact",
    )
    neurons.v = v_rest
    poisson_input = PoissonGroup(100, rates=rate)
    synapses = Synapses(poisson_input, neurons, on_pre="v += 1.5 * mV")
    synapses.connect(j="i")
    spike_monitor = SpikeMonitor(neurons)
    state_monitor = StateMonitor(neurons, "v", record=True)
    run(1000 * ms)

    plt.figure(figsize=(10, 8))
    plt.subplot(211)
    plt.plot(spike_monitor.t / ms, spike_monitor.i, ".k")
    plt.xlabel("Time (ms)")
    plt.ylabel("Neuron index")
    plt.subplot(212)
    for i in range(10):
        plt.plot(state_monitor.t / ms, state_monitor.v[i] / mV)
    plt.xlabel("Time (ms)")
    plt.ylabel("Membrane potential (mV)")
    return spike_monitor, state_monitor


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    for name, rate in (("notebook", 20 * Hz), ("driven", 1300 * Hz)):
        for device in ("runtime", "neurochip"):
            set_device(device)
            start_scope()
            seed(1)
            spikes, state = script(rate)
            trace = state.v / mV
            print(
                f"{name} on {device}: {spikes.num_spikes} spikes, "
                f"v from {trace.min():.2f} to {trace.max():.2f} mV"
            )
        if folder:  # the last figure is that of the chip
            folder.mkdir(parents=True, exist_ok=True)
            plt.savefig(folder / f"brian2_{name}.png")
        plt.close("all")
