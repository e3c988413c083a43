"""Run published networks in NEST, in the reference and on the chip, on the same input.

    pip install "nest-simulator==3.10.0"
    python tests/against_nest/large.py                        # 10 seeds of each, 4 minutes
    python tests/against_nest/large.py Vogels --seeds 2

For each population: the rate in NEST, the spikes of NEST, the spikes of the reference that are not
in the same step of the same neuron, and how much the rate of the chip differs, compiled without
options: the mean over the seeds and its standard error, since a recurrent network amplifies any
difference to another sequence of spikes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    tests = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(tests), str(tests.parent), str(tests.parent / "examples")]

import nest
from against_nest.circuits import CIRCUITS
from against_nest.compare import spikes_apart
from against_nest.simulate import simulate_nest

from compiler import compile_network
from neurochip import draw_stimulus
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference

DT = 0.1  # ms


def main() -> None:
    """Print a row for each population; exit with 1 if the reference differs from NEST."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="?", default="", help="beginning of a name of a network")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--duration", type=float, default=1000.0, help="ms")
    given = parser.parse_args()
    nest.verbosity = nest.VerbosityLevel.ERROR
    columns = f"{'rate':>9} {'spikes':>8}  reference            chip"
    sys.stdout.write(f"{'network':20} {'population':10} {columns}\n")
    found = 0
    for name, make in CIRCUITS.items():
        if not name.startswith(given.name):
            continue
        counts: dict[str, list[tuple[int, int, int]]] = {}
        for seed in range(1, given.seeds + 1):
            network = make(seed)
            stimulus = draw_stimulus(network, given.duration, seed=seed)
            theirs = simulate_nest(network, stimulus, DT).spikes
            reference = simulate_reference(network, stimulus, DT)
            chip = Emulator(compile_network(network, dt=DT), progress=False).run(stimulus)
            for item in network.populations:
                spikes = {item.name: theirs[item.name]}
                row = (len(theirs[item.name][0]), spikes_apart(spikes, reference))
                counts.setdefault(item.name, []).append((*row, len(chip.steps[item.name])))
        for item in network.populations:
            n_nest, apart, n_chip = np.array(counts[item.name]).T
            rate = n_nest.mean() / item.size / given.duration * 1e3
            errors = 100 * (n_chip / n_nest - 1)
            spread = errors.std(ddof=1) / len(errors) ** 0.5 if len(errors) > 1 else np.nan
            sys.stdout.write(
                f"{name:20} {item.name:10} {rate:6.2f} Hz {n_nest.sum():8}  {apart.sum():9}  "
                f"{errors.mean():+6.2f} ± {spread:.2f} %\n"
            )
            sys.stdout.flush()
            found += int(apart.sum())
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
