"""Measure a sweep of 1,000 points, and check that a kill half-way does not change its file.

python tests/benchmarks/sweep.py [--seeds 125] [--workers 2]
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.tables import print_table

from neurochip import LIF, Network, Normal, PoissonInput, Population, fixed_indegree
from neurochip.sweeps import sweep

BITS = 8  # 1 to 8 a weight
HEAD = ["points", "workers", "whole, s", "until killed, s", "points then", "the rest, s", "files"]


def network() -> Network:
    """Return 100 neurons that fire at about 17 Hz, with spread weights."""
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source, cells = PoissonInput("source", 200, rate=20.0), Population("cells", 100, lif)
    weights = fixed_indegree(source, cells, 50, weight=Normal(1.5, 0.5, low=0.1), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[weights])


def write(path: str, seeds: int, workers: int) -> None:
    """Run the sweep: 1 s in steps of 0.1 ms for each number of bits and each seed."""
    axes = {"core.weight_mantissa_bits": range(1, BITS + 1), "seed": range(seeds)}
    sweep(network(), axes, duration=1000.0, dt=0.1, path=path, workers=workers, progress=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="A sweep, timed, killed and resumed.")
    parser.add_argument("--seeds", type=int, default=125, help="8 points each (125)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--write", metavar="FILE", help="only run the sweep, into FILE")
    options = parser.parse_args()
    if options.write:
        write(options.write, options.seeds, options.workers)
        return
    facts, n_points = machine.facts(), BITS * options.seeds
    command = [sys.executable, __file__, "--seeds", str(options.seeds)]
    command += ["--workers", str(options.workers), "--write"]
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole.jsonl", Path(folder) / "killed.jsonl"
        begin = time.perf_counter()
        subprocess.run([*command, str(whole)], check=True)
        seconds = [time.perf_counter() - begin]
        begin = time.perf_counter()
        process = subprocess.Popen([*command, str(killed)])
        while points(killed) < n_points / 2 and process.poll() is None:
            time.sleep(0.05)
        process.kill()
        process.wait()
        seconds.append(time.perf_counter() - begin)
        done = points(killed)
        begin = time.perf_counter()
        subprocess.run([*command, str(killed)], check=True)
        seconds.append(time.perf_counter() - begin)
        same = "equal" if whole.read_bytes() == killed.read_bytes() else "DIFFERENT"
    first, until, rest = (f"{value:.1f}" for value in seconds)
    row = [str(n_points), str(options.workers), first, until, str(done), rest, same]
    print_table(HEAD, [row])
    print(f"\n{machine.summary(facts)}.")


def points(path: Path) -> int:
    """Return the number of points in the file, without its header."""
    return max(path.read_bytes().count(b"\n") - 1, 0) if path.exists() else 0


if __name__ == "__main__":
    main()
