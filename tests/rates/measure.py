"""Predicted rates against those of runs in float64: the table of docs/reference/testing.md.

python tests/rates/measure.py       a minute, from the root of the source tree

"overflows" counts the wraps and clips of a run on the chip, compiled with the predicted rates.
"""

from __future__ import annotations

import warnings

import numpy as np
from networks import NETWORKS

from compiler import compile_network
from compiler.neurons.drive import mean_field
from neurochip import draw_stimulus
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference

DURATION, DT = 2000.0, 0.1  # ms


def main() -> None:
    """Print one row for each population."""
    warnings.simplefilter("ignore")  # overflows are counted here
    print(f"{'network':40}{'population':12}{'predicted':>12}{'measured':>12}{'overflows':>11}")
    ratios = []
    for name, make in NETWORKS.items():
        network = make()
        stimulus = draw_stimulus(network, DURATION, seed=1)
        run = simulate_reference(network, stimulus, DT, progress=False)
        chip = Emulator(compile_network(network, dt=DT), progress=False).run(stimulus)
        overflows = sum(
            count for key, count in chip.counters.items() if "wraps" in key or "clips" in key
        )
        predicted = mean_field(network).rates
        for item in network.populations:
            expected, found = predicted[item.name].mean(), run.rates(item.name).mean()
            if found >= 1.0:
                ratios.append(expected / found)
            print(
                f"{name:40}{item.name:12}{expected:9.1f} Hz{found:9.1f} Hz{overflows:11,}",
                flush=True,
            )
    near = sum(abs(np.array(ratios) - 1) <= 0.2)
    print(
        f"{near} of {len(ratios)} populations of at least 1 Hz are predicted within 20 %; the "
        f"median of predicted / measured is {np.median(ratios):.2f}"
    )


if __name__ == "__main__":
    main()
