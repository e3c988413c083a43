"""Measure what it costs to record 4,000 neurons of a PyNN script for 1 s and to write the file.

    python tests/benchmarks/pynn_recording.py             # spikes of all, v of two
    python tests/benchmarks/pynn_recording.py --v         # v of all, too: 320 MB
    python tests/benchmarks/pynn_recording.py --nix       # a NIX file beside the pickle

The neurons spike by themselves at about 17 Hz. Prints seconds of the run, of ``get_data``, of
``write_data`` and of ``get_spike_counts``, on one thread.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import neurochip.frontends.pynn as sim

SIZE, DURATION = 4000, 1000.0


def timed(name: str, call: Callable[..., Any], *args: Any) -> Any:
    """Call a function and print how long it took."""
    begin = time.perf_counter()
    result = call(*args)
    print(f"{name:24} {time.perf_counter() - begin:6.2f} s")
    return result


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--v", action="store_true", help="record v of all neurons")
    parser.add_argument("--nix", action="store_true", help="write a NIX file, too")
    options = parser.parse_args()
    sim.setup(timestep=0.1, threads=1)
    cells = sim.Population(SIZE, sim.IF_curr_exp(tau_syn_I=10.0, i_offset=0.8))
    cells.initialize(v=sim.RandomDistribution("uniform", (-65, -50)))
    cells.record("spikes")
    (cells if options.v else cells[:2]).record("v")
    sim.run(1.0)  # compiles the kernels
    cells.get_data(clear=True)
    timed("run", sim.run, DURATION)
    timed("get_data", cells.get_data)
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("pkl", "nix") if options.nix else ("pkl",):
            timed(f"write_data, {ending}", cells.write_data, str(Path(folder) / f"data.{ending}"))
    counts = timed("get_spike_counts", cells.get_spike_counts)
    print(f"{sum(counts.values())} spikes")


if __name__ == "__main__":
    main()
