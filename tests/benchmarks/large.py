"""Compile, save, load and run one large network, and print the time and memory of each part.

python tests/benchmarks/large.py [SYNAPSES] [--threads N]
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.growth import resident
from benchmarks.tables import print_table

from compiler import compile_network
from neurochip import LIF, LOIHI, Network, Normal, Population, draw_stimulus, fixed_outdegree
from neurochip.emulator import Emulator
from neurochip.image.files import load_image, save_image

HEAD = ["step", "seconds", "of processors", "bytes a synapse: before", "most", "after"]
OUT_DEGREE = 100
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time and memory of one large network.")
    parser.add_argument(
        "synapses", type=float, nargs="?", default=1e7, help="of 100 a neuron (1e7)"
    )
    parser.add_argument("--threads", type=int, default=None, help="of the emulator")
    options = parser.parse_args()
    facts = machine.facts()
    size = round(options.synapses / OUT_DEGREE)
    warm_up()
    rows: list[list[str]] = []
    start = resident()  # memory of Python, Numba and the kernels, without the network

    def measured(step: str, call: Callable[[], T]) -> T:
        gc.collect()
        before, most, done = resident(), [0], threading.Event()

        def watch() -> None:
            while not done.wait(0.01):
                most[0] = max(most[0], resident())

        watcher = threading.Thread(target=watch)
        watcher.start()
        begin, worked = time.perf_counter(), time.process_time()
        result = call()
        seconds, worked = time.perf_counter() - begin, time.process_time() - worked
        done.set()
        watcher.join()
        gc.collect()
        found = (before, max(most[0], before, resident()), resident())
        per = [f"{(value - start) / (size * OUT_DEGREE):.1f}" for value in found]
        rows.append([step, f"{seconds:.1f}", f"{worked:.1f}", *per])
        return result

    network = measured("draw the network", partial(build, size))
    chip = LOIHI.what_if(cores=1 << 20)
    image = measured("compile", partial(compile_network, network, chip, dt=1.0))
    stimulus = draw_stimulus(network, 100.0, seed=1)
    del network
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.npz"
        measured("save", partial(save_image, image, path))
        on_disk = path.stat().st_size / (size * OUT_DEGREE)
        del image
        image = measured("load", partial(load_image, path))
    emulator = measured(
        "start the emulator", partial(Emulator, image, threads=options.threads, progress=False)
    )
    run = measured("run 100 steps", partial(emulator.run, stimulus))
    print_table(HEAD, rows)
    events = run.counters["synaptic_events"]
    print(f"\n{size:,} neurons, {size * OUT_DEGREE:,} synapses, {image.n_cores:,} cores; on disk ")
    print(f"{on_disk:.1f} bytes a synapse; {run.n_spikes:,} spikes, {events:,} synaptic events.")
    print(f"\n{machine.summary(facts)}.")


def build(size: int) -> Network:
    cells = Population("cells", size, LIF(tau_m=10.0, tau_syn=5.0, cm=0.25, i_offset=0.4))
    weight = Normal(0.002, 0.0004)
    link = fixed_outdegree(cells, cells, OUT_DEGREE, weight=weight, seed=1)
    return Network(populations=[cells], connections=[link])


def warm_up() -> None:
    """Load all kernels."""
    network = build(200)
    Emulator(compile_network(network, dt=1.0)).run(draw_stimulus(network, 10.0, seed=1))


if __name__ == "__main__":
    main()
