"""Four bits keep the rates of the cortical microcircuit; three, rounded to nearest, add 14 %.

Question: what happens to the microcircuit of Potjans and Diesmann on a Loihi-like chip with weights
of 8, 4 and 3 bits?
Answer: a tenth of it, 7,717 neurons with 3 million synapses, fits one chip. With 8 bits it has
0.2 % more spikes than in float64, with 4 bits 0.6 % fewer: another input makes such differences.
With 3 bits that are rounded to nearest it has 14 % more spikes, in each layer: the sums of weights
onto a neuron are off. Rounded so that each neuron keeps the sum and the sum of squares of its
weights (weight_rounding="moments"), 3 bits cost 1.5 % of the spikes. CV and correlation stay.

The rates are lower than the published ones, in float64, too: a tenth of the circuit keeps mean and
variance of its input only as far as its rates are those of the full one.

    python examples/21_microcircuit.py [figure.png]
"""

from __future__ import annotations

import argparse

import numpy as np
from potjans_diesmann import DT, NAMES, RATES, START, activity, describe

from neurochip import (
    LOIHI,
    Emulator,
    Recording,
    compile_network,
    draw_stimulus,
    new_figure,
    simulate_reference,
)

SCALE, DURATION = 0.1, 1000.0  # of the published size; ms
CHIPS = ((8, "nearest"), (4, "nearest"), (3, "nearest"), (3, "moments"))  # bits, rounding


def draw(runs: dict[str, Recording], path: str) -> None:
    """Draw all spikes of 200 ms, and the rates of all populations."""
    figure = new_figure("page")
    shown = ("float64", "3 bits, nearest")
    *rasters, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.2))
    for axes, name in zip(rasters, shown, strict=True):
        run, low = runs[name], 0
        for k, population in enumerate(NAMES):
            times, ids = run.times(population), run.ids[population]
            seen = (times >= START) & (times < START + 200)
            axes.plot(times[seen], low - ids[seen], ".", markersize=1, color=f"C{3 * (k % 2)}")
            # Two columns, because L5I has too few neurons for a line of text.
            axes.text(START - (5, 30)[k % 2], low, population, ha="right", va="top", fontsize=6)
            low -= run.populations[population]
        axes.set(xlabel="time, ms", yticks=[], xlim=(START, START + 200))
        axes.set_title(name, fontsize=8)
    places = np.arange(len(NAMES))
    for k, (name, run) in enumerate(runs.items()):
        bars.bar(places + 0.14 * (k - 2.5), activity(run).rates, 0.14, label=name)
    bars.plot(places, RATES, "k_", label="published")
    bars.set(xticks=places, ylabel="rate, Hz")
    bars.set_xticklabels(NAMES, fontsize=6)
    bars.legend(frameon=False, fontsize=6)
    figure.savefig(path, dpi=150)


def main(path: str | None) -> None:
    """Run the circuit in float64 and on chips, and print its activity."""
    network = describe(SCALE, background="poisson")
    stimulus, other = (draw_stimulus(network, DURATION, seed=seed) for seed in (1, 2))
    runs = {"float64": simulate_reference(network, stimulus, dt=DT)}
    for bits, rounding in CHIPS:
        chip = LOIHI.what_if(weight_mantissa_bits=bits)
        emulator = Emulator(compile_network(network, chip, dt=DT, weight_rounding=rounding))
        name = f"{bits} bits" + (f", {rounding}" if bits == 3 else "")
        runs[name] = emulator.run(stimulus)
        if bits == 8:
            cores = emulator.image.n_cores
            emulator.reset()
            runs["8 bits, other input"] = emulator.run(other)
    neurons = sum(item.size for item in network.populations)
    print(f"{neurons:,} neurons, {network.n_synapses:,} synapses; {cores} of {LOIHI.cores} cores")
    print(f"\n{'Hz':20}" + "".join(f"{name:>7}" for name in NAMES))
    print(f"{'published, full size':20}" + "".join(f"{rate:7.2f}" for rate in RATES))
    for name, run in runs.items():
        print(f"{name:20}" + "".join(f"{rate:7.2f}" for rate in activity(run).rates))
    print(f"\n{'':20}{'all spikes':>12}{'CV':>8}{'correlation':>14}")
    spikes = {name: run.n_spikes for name, run in runs.items()}
    for name, run in runs.items():
        found = activity(run)
        percent = 100 * (spikes[name] / spikes["float64"] - 1)
        print(
            f"{name:20}{percent:+10.2f} %{found.cvs.mean():8.3f}{found.correlations.mean():14.4f}"
        )
    if path is not None:
        draw(runs, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", nargs="?")
    main(parser.parse_args().figure)
