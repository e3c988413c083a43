"""Run convolutions from their kernels, and from their synapses one by one: time and memory.

python tests/benchmarks/convolutions.py [FILE.net | FILE.nir ...] [--samples 100] [--steps 60]
    [--repeats 5]

A file is a network of lava-dl or a NIR graph. A network of lava-dl whose first layer takes frames
gets random ones, a new one in each step; others get random spikes. Without a file, a classifier of
images of 2 x 34 x 34 with random weights is run, in turns on one thread: on the engine for neuron
programs from kernels and from synapses, and, unless its neurons run programs, on the engine for
plain neurons, which has synapses only. Their spikes must be equal. Times are those of the
processor. Memory is that of the tables and registers of an engine.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.tables import print_table

from compiler import compile_network
from neurochip import LOIHI2, read_netx, read_nir
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.emulator.cpu.engine import CpuEngine
from neurochip.emulator.emulator import Emulator
from neurochip.emulator.programmed.engine import ProgrammedEngine, needs_programs
from neurochip.image import Convolution
from neurochip.image.program import program

HEAD = ["network", "weights", "synapses", "ready, ms", "memory, MB", "samples, s", "times as fast"]
LAYERS = (  # channels, size of the kernel, stride, padding: the shapes of published classifiers
    (16, 5, 2, 1),
    (16, 3, 1, 1),
    (8, 3, 2, 1),
)
SHAPE = (2, 34, 34)


ENGINES = {  # and whether they get synapses one by one
    "kernels": (ProgrammedEngine, False),
    "synapses": (ProgrammedEngine, True),
    "plain engine": (lambda image: CpuEngine(image, 1), True),
}


def emulator_of(image, engine):
    """Return an emulator on an engine, whatever the image holds."""
    found = Emulator(image, threads=1, warn=False, progress=False)
    found._engine = engine(image)
    found._position = found._engine.start()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Convolutions from kernels and from synapses.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--samples", type=int, default=100, help="number of samples (100)")
    parser.add_argument("--steps", type=int, default=60, help="steps of a sample (60)")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each (5)")
    options = parser.parse_args()
    facts = machine.facts()
    networks = {str(file): read(file) for file in options.files} or {
        "2 x 34 x 34": (classifier(), input_spikes)
    }
    rows = [row for name, item in networks.items() for row in measure(name, *item, options)]
    print_table(HEAD, rows)
    print(f"\n{machine.summary(facts)}.")


def read(file: Path):
    """Return the image of a file, and a function that draws its input."""
    if file.suffix == ".net":
        model = read_netx(file, within_limits=False)
        if model.layers[0].kind != "input":
            return model.image, input_spikes
        return model.image, lambda image, rng, n_steps: model.inputs(
            model.encode(rng.random((n_steps, *model.input_shape))), hold=1
        )
    graph = read_nir(file, dt=1e-3, reset="value", v_reset=0.0)
    return compile_network(graph.network, chip=LOIHI2), input_spikes


def input_spikes(image, rng, n_steps):
    """Draw the input of a run: a spike of each input in 5 % of the steps."""
    steps, sources = np.nonzero(rng.random((n_steps, image.n_inputs)) < 0.05)
    return {"steps": steps, "sources": sources}


def classifier():
    """Return convolutions of LIF neurons, and a dense layer of 10, with random weights."""
    rng = np.random.default_rng(1)
    convolutions, shape, first, sources = [], SHAPE, 0, np.arange(np.prod(SHAPE))
    for channels, size, stride, padding in LAYERS:
        places = [(n + 2 * padding - size) // stride + 1 for n in shape[1:]]
        ids = first + np.arange(channels * np.prod(places))
        convolutions.append(
            Convolution(
                source="compartments" if first else "inputs",
                sources=sources.astype(np.int32),
                targets=ids.astype(np.int32),
                source_shape=shape,
                target_shape=(channels, *places),
                kernel=2 * rng.integers(-20, 30, (channels, shape[0], size, size), np.int16),
                format=SynapseFormat(0, 8, SignMode.MIXED),
                stride=(stride, stride),
                padding=(padding, padding),
            )
        )
        shape, first, sources = (channels, *places), int(ids[-1]) + 1, ids
    registers = {"threshold_mantissa": 200, "decay_v": 128}
    return program(
        LOIHI2,
        registers,
        n_inputs=int(np.prod(SHAPE)),
        n_compartments=first,
        convolutions=convolutions,
    )


def measure(name, image, draw, options):
    """Yield a row for each engine."""
    rng = np.random.default_rng(2)
    samples = [draw(image, rng, options.steps) for _ in range(options.samples)]
    ready, memory, emulators = [], [], []
    unrolled = image.unrolled()
    engines = dict(list(ENGINES.items())[:2]) if needs_programs(image) else ENGINES
    for engine, one_by_one in engines.values():
        each = unrolled if one_by_one else image
        engine(each).start()  # its kernels are compiled
        begin = time.thread_time()
        engine(each).start()
        ready.append(1000 * (time.thread_time() - begin))
        tracemalloc.start()
        held = engine(each)
        position = held.start()
        memory.append(tracemalloc.get_traced_memory()[0] / 1e6)
        tracemalloc.stop()
        del held, position
        emulators.append(emulator_of(each, engine))
    seconds, spikes = ([[] for _ in engines] for _ in range(2))
    for _ in range(options.repeats + 1):
        for k, emulator in enumerate(emulators):
            begin, count = time.thread_time(), []
            for given in samples:
                emulator.reset()
                count.append(emulator.run_steps(options.steps, **given).n_spikes)
            seconds[k].append(time.thread_time() - begin)
            spikes[k] = count
    if any(each != spikes[0] for each in spikes):
        raise SystemExit(f"{name}: the engines give other spikes")
    best = [min(each[1:]) for each in seconds]
    weights = sum(item.kernel.size for item in image.convolutions)
    single = sum(item.n_synapses for item in image.synapses)
    for k, what in enumerate(engines):
        yield [
            f"{name}, {what}",
            f"{(image.n_synapses if k else weights + single):,}",
            f"{image.n_synapses:,}",
            f"{ready[k]:.1f}",
            f"{memory[k]:.1f}",
            f"{best[k]:.3g}",
            f"{best[1] / best[k]:.2f}",
        ]


if __name__ == "__main__":
    main()
