"""Run PyNN's benchmark of Vogels and Abbott's network on the chip and on NEST, over several seeds.

    python tests/benchmarks/vogels_abbott.py            # four seeds
    python tests/benchmarks/vogels_abbott.py --seeds 12
    python tests/benchmarks/vogels_abbott.py --coba     # with conductances

The script is ``examples/VAbenchmarks.py`` of PyNN's source archive, which pip downloads by the name
of the package (or ``NEUROCHIP_PYNN_SDIST``): 4,000 neurons with currents (CUBA), about 319,000
synapses, 1 s in steps of 0.1 ms. It runs as published, by the name of the simulator; other seeds
than its own replace one number in it. A seed gives both simulators the same synapses and the same
initial v. NEST runs with spikes on the grid (``spike_precision="on_grid"``): by default PyNN lets
it interpolate between steps, which no chip does. Conductances (COBA) are currents on the chip.

The network is chaotic: any difference of one spike changes all later ones, so single runs differ by
a few per cent. Rates are therefore compared by their means over the seeds, with 95 % intervals of
Student's t. Times are those that the script prints, of a clock.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import t as student

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.tables import print_table
from pynn.scenarios import VERSION, find_archive

TESTS = Path(__file__).resolve().parents[1]
SCRIPT = f"pynn-{VERSION}/examples/VAbenchmarks.py"
SEED = "rngseed  = 98765"
ROWS = ("Excitatory rate", "Inhibitory rate", "Build time", "Simulation time", "Writing time")
RUN = """
import runpy, sys
from pynn.variants import load
sys.argv = sys.argv[1:]
load(sys.argv[1])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(script: Path, simulator: str, model: str) -> list[float]:
    """Return what the script prints of a simulator: the values of ``ROWS``."""
    paths = filter(None, (str(TESTS), os.environ.get("PYTHONPATH")))
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(script), simulator, model],
        cwd=script.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return [float(re.search(rf"{row} *: ([\d.e-]+)", done.stdout)[1]) for row in ROWS]


def main() -> None:
    """Print a row for each seed and simulator, and the difference of the rates."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--coba", action="store_true")
    given = parser.parse_args()
    seeds = range(98765, 98765 + given.seeds)
    model, chip = ("COBA", "neurochip_driving_force") if given.coba else ("CUBA", "neurochip")
    rates: dict[str, list[list[float]]] = {"nest_on_grid": [], chip: []}
    with tempfile.TemporaryDirectory() as name:
        archive = find_archive(Path(name))
        if archive is None:
            sys.exit(f"PyNN {VERSION}: no source archive; set NEUROCHIP_PYNN_SDIST to its path")
        with tarfile.open(archive) as whole:
            text = whole.extractfile(SCRIPT).read().decode()
        assert text.count(SEED) == 1
        rows = []
        for seed in seeds:
            script = Path(name, f"VAbenchmarks_{seed}.py")
            script.write_text(text.replace(SEED, f"rngseed = {seed}"), encoding="utf-8")
            for simulator, found in rates.items():
                exc, inh, *times = run(script, simulator, model)
                found.append([exc, inh])
                shown = [f"{value:.2f}" for value in (exc, inh, *times)]
                rows.append([str(seed), simulator, *shown])
    print_table(["seed", "simulator", "exc, Hz", "inh, Hz", "build, s", "run, s", "write, s"], rows)
    of_nest, of_chip = (np.array(found) for found in rates.values())
    error = 100 * (of_chip - of_nest) / of_nest.mean(axis=0)
    margin = np.zeros(2)
    if len(seeds) > 1:
        spread = error.std(axis=0, ddof=1) / np.sqrt(len(seeds))
        margin = student.ppf(0.975, len(seeds) - 1) * spread
    for name, mean, half in zip(
        ("excitatory", "inhibitory"), error.mean(axis=0), margin, strict=True
    ):
        print(f"{name} rate on the chip: {mean:+.2f} % of NEST's (95 % interval ±{half:.2f} %)")


if __name__ == "__main__":
    main()
