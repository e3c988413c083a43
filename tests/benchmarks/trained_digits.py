"""Time of classifying 500 handwritten digits, and of the simulators that trained the networks.

python tests/benchmarks/trained_digits.py [--repeats 9] [--snntorch PYTHON]

The networks and the samples lie in ``examples/digits``: 58 neurons, 3,552 synapses, 25 steps a
sample. NumPy and snnTorch run all samples as one batch of dense matrices, which is what training
does; snnTorch runs in the interpreter PYTHON, which needs it. The engines take turns.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"
HEAD = ["500 samples of 25 steps", "median ms", "least ms"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--repeats", type=int, default=9, help="runs of each engine (9)")
    add("--snntorch", metavar="PYTHON", help="an interpreter with snnTorch and nir")
    add("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        run = snntorch_run()
        print(min(seconds(run) for _ in range(3)))
        return
    sys.path[0] = str(ROOT / "tests")  # as a script: this folder holds the package
    from benchmarks import machine
    from benchmarks.tables import print_table

    engines = {**numpy_run(), **chip_runs()}
    if options.snntorch:
        engines["snnTorch, the network that it trained"] = options.snntorch
    found = {name: [] for name in engines}
    for _ in range(options.repeats):
        for name, run in engines.items():
            if isinstance(run, str):
                command = [run, __file__, "--worker"]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[name].append(float(done.stdout.splitlines()[-1]))
            else:
                found[name].append(seconds(run))
    facts = machine.facts()
    rows = [
        [name, f"{1e3 * statistics.median(times):.0f}", f"{1e3 * min(times):.0f}"]
        for name, times in found.items()
    ]
    print_table(HEAD, rows)
    print(f"\n{machine.summary(facts)}.")


def seconds(run) -> float:
    """Time of one call."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def inputs():
    with np.load(DIGITS / "digits.npz") as file:
        return file["inputs"], file["labels"].astype(np.int64)


def weights(name):
    """The weights of both layers of a file, first layer first."""
    import nir

    nodes = nir.read(DIGITS / name).nodes.values()
    return sorted(
        (node.weight for node in nodes if isinstance(node, nir.Linear)), key=lambda w: -w.shape[0]
    )


def numpy_run():
    sys.path.append(str(DIGITS))
    import train

    given, both = inputs()[0], [item.astype(np.float64) for item in weights("digits.nir")]
    return {"NumPy, the network that it trained": lambda: train.classes_of(both, given)}


def chip_runs():
    from neurochip import LOIHI, LOIHI2, Emulator, Reference, classify, compile_network, read_nir

    given, labels = inputs()
    runs = {}
    for name, chip, rule in (
        ("digits.nir", LOIHI, {"reset": "value"}),
        ("digits_subtract.nir", LOIHI2, {"reset": "subtract", "reset_delay": True}),
    ):
        model = read_nir(DIGITS / name, dt=1e-3, **rule)
        stimuli = [model.stimulus(np.pad(item, ((0, 1), (0, 0)))) for item in given]
        emulator = Emulator(compile_network(model.network, chip, model.dt))
        reference = Reference(model.network, model.dt)
        told = f"{chip.name}, reset {rule['reset']}"
        runs |= {
            f"{told}: emulator": lambda e=emulator, s=stimuli: e.run_batch(s),
            f"{told}: float64": lambda r=reference, s=stimuli: r.run_batch(s),
            f"{told}: classify, with energy": lambda m=model, c=chip: classify(
                m, given, labels, chip=c
            ),
        }
    return runs


def snntorch_run():
    """The network with snnTorch's default reset."""
    import snntorch
    import torch

    given = torch.tensor(inputs()[0].astype(np.float32))
    layers = []
    for weight in weights("digits_subtract.nir"):
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layer.weight.data = torch.tensor(weight)
        layers.append(layer)
    neurons = [snntorch.Leaky(beta=0.9) for _ in layers]

    @torch.no_grad()
    def run():
        states, total = [item.init_leaky() for item in neurons], 0.0
        for step in range(given.shape[1]):
            spikes = given[:, step]
            for k, layer in enumerate(layers):
                spikes, states[k] = neurons[k](layer(spikes), states[k])
            total = total + spikes
        return total.argmax(dim=1)

    run()
    with np.load(DIGITS / "digits_subtract.npz") as file:
        assert (run().numpy() == file["simulated"]).all()
    return run


if __name__ == "__main__":
    main()
