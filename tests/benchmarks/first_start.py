"""Measure the CPU time of a first start, and what each feature of a network adds to it.

python tests/benchmarks/first_start.py [FEATURE ...]

Each run is a process with a cache of its own: the README's network begins with an empty one, all
others with what that run left. A second run of the same network finds all kernels; the difference
of the two is what the feature adds. Python finds the bytecode of all modules, as after an
installation.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import compileall
import dataclasses
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from benchmarks import machine
from benchmarks.tables import print_table

import compiler
import neurochip as nc
from compiler import compile_network
from neurochip.emulator import Emulator
from neurochip.image import ChipImage, Noise
from neurochip.reference import simulate_reference

README = "the README's network"
PARTS = ["compile", "chip", "float64"]
PLAIN = {"tau_m": 10.0, "tau_refrac": 5.0}
WEIGHTS = nc.Uniform(1.3, 1.7)
DURATION = 100.0  # ms


def network(
    lif: dict[str, Any] = PLAIN,
    *,
    size: int = 100,
    rate: float = 1300.0,
    weight: Any = WEIGHTS,
    among: dict[str, Any] | None = None,
    current: float | None = None,
    **options: Any,
) -> nc.Network:
    """Return the README's network, with what is named instead or in addition."""
    source = nc.PoissonInput("source", size, rate=rate)
    cells = nc.Population("cells", size, nc.LIF(**lif))
    connections = [nc.one_to_one(source, cells, weight=weight, seed=1, **options)]
    if among is not None:
        connections.append(nc.fixed_outdegree(cells, cells, seed=2, **among))
    inputs: list[Any] = [source]
    if current is not None:
        inputs.append(nc.StepCurrent(cells, times=[0.0, 50.0], amplitudes=[current, 0.0]))
    return nc.Network(inputs=inputs, populations=[cells], connections=connections)


def with_noise(image: ChipImage) -> ChipImage:
    """Return an image whose compartments have noise, which no network has."""
    enabled = np.ones(image.n_compartments, dtype=np.int32)
    return dataclasses.replace(image, noise=Noise(enabled, exponent=8))


def with_shift(image: ChipImage) -> ChipImage:
    """Return an image that shifts a sum of weights."""
    first, *others = image.synapses
    weaker = dataclasses.replace(
        first, format=dataclasses.replace(first.format, weight_exponent=-1)
    )
    return dataclasses.replace(image, synapses=(weaker, *others))


STDP = nc.STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.01, a_minus=0.0105, w_max=3.0)
REWARDED = dataclasses.replace(
    STDP, reward=nc.RewardModulation(nc.Reward([0.0], [1.0]), tau_eligibility=50.0, interval=12.8)
)
PAIR = {**PLAIN, "tau_syn_E": 5.0, "tau_syn_I": 10.0}
SUBTRACT = {**PLAIN, "reset": "subtract"}


class Feature(NamedTuple):
    """A network that has a feature, the chip that has it, too, and what the image then becomes."""

    network: Callable[[], nc.Network] = network
    chip: nc.ChipSpec = nc.LOIHI
    change: Callable[[ChipImage], ChipImage] | None = None


FEATURES = {
    README: Feature(),
    "a parameter of each neuron": Feature(
        lambda: network({**PLAIN, "tau_m": np.linspace(9.0, 11.0, 100)})
    ),
    "sparse connections": Feature(lambda: network(among={"outdegree": 5, "weight": 0.1})),
    "dense connections": Feature(lambda: network(among={"outdegree": 90, "weight": 0.1})),
    "delays": Feature(lambda: network(delay=2.0)),
    "a synaptic current": Feature(lambda: network({**PLAIN, "tau_syn": 5.0}, weight=0.1)),
    "a current and kicks": Feature(lambda: network({**PLAIN, "tau_syn": 5.0}, receptor="v")),
    "two currents": Feature(lambda: network(PAIR, weight=0.1)),
    "two currents, delays, dense": Feature(
        lambda: network(PAIR, weight=0.1, among={"outdegree": 90, "weight": -0.01, "delay": 2.0})
    ),
    "a current in steps": Feature(lambda: network(current=0.1)),
    "sums with shifts": Feature(
        lambda: network(among={"outdegree": 5, "weight": 0.1}), nc.LAVA, with_shift
    ),
    "noise": Feature(change=with_noise),
    "70,000 neurons": Feature(lambda: network(size=70_000, rate=10.0)),
    "a lowest v": Feature(lambda: network({**PLAIN, "v_min": -90.0}), nc.LOIHI2),
    "reset by subtraction": Feature(lambda: network(SUBTRACT), nc.LOIHI2),
    "several spikes in a step": Feature(
        lambda: network({**SUBTRACT, "spikes_per_step": "many"}), nc.LOIHI2
    ),
    "learning": Feature(lambda: network(plasticity=STDP)),
    "learning, all pairs": Feature(
        lambda: network(among={"outdegree": 100, "weight": 0.1, "plasticity": STDP})
    ),
    "learning by reward": Feature(lambda: network(plasticity=REWARDED)),
}


def run(name: str) -> dict[str, float]:
    """Compile and run a network; return the CPU time of each part, in s."""
    feature = FEATURES[name]
    given = feature.network()
    times = [time.process_time()]
    image = compile_network(given, feature.chip, dt=0.1)
    if feature.change is not None:
        image = feature.change(image)
    times.append(time.process_time())
    stimulus = nc.draw_stimulus(given, DURATION, seed=1)
    Emulator(image, threads=1, progress=False, warn=False).run(stimulus, record=["v"])
    times.append(time.process_time())
    simulate_reference(given, stimulus, dt=0.1, threads=1, record=["v"], progress=False)
    times.append(time.process_time())
    return dict(zip(PARTS, np.diff(times).tolist(), strict=True))


def measure(cache: Path, *arguments: str) -> tuple[float, dict[str, float]]:
    """Run a process with this cache; return its CPU time in s, and that of each part."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "MPLBACKEND": "agg"}
    for name in ("NUMBA_CACHE_DIR", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)
    output = subprocess.run(
        [sys.executable, *arguments],
        env=environment, cwd=cache, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = output.splitlines()[-1] if output else ""
    return total, json.loads(last) if last.startswith("{") else {}


def starts(folder: Path, *arguments: str) -> list[float]:
    """Return the CPU time of a start with an empty cache, which is kept, and of another."""
    folder.mkdir()
    return [measure(folder, *arguments)[0] for _ in range(2)]


def added(name: str, cache: Path, folder: Path) -> list[float]:
    """Return the CPU time that a feature adds to a first start: of each part, and in all."""
    shutil.copytree(cache, folder)
    (new, first), (known, second) = (measure(folder, __file__, "--run", name) for _ in range(2))
    times = [*(first[part] - second[part] for part in PARTS), new - known]
    print(f"{name}: {times[-1]:.1f} s", file=sys.stderr)
    return times


def medians(rows: list[list[float]]) -> list[str]:
    return [f"{value:.1f}" for value in np.median(rows, axis=0)]


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of first starts.")
    parser.add_argument("features", nargs="*", metavar="FEATURE", help="all of them, or some")
    parser.add_argument("--repeats", type=int, default=1, help="of each measurement (1)")
    parser.add_argument("--run", metavar="FEATURE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run is not None:
        print(json.dumps(run(options.run)))
        return
    unknown = sorted(set(options.features) - set(FEATURES))
    if unknown:
        parser.error(f"no feature {unknown[0]!r}; there are {', '.join(FEATURES)}")
    facts, again = machine.facts(), range(options.repeats)
    for package in (compiler, nc):
        compileall.compile_dir(Path(str(package.__file__)).parent, quiet=1)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        commands = {
            README: (__file__, "--run", README),
            "`neurochip demo`": ("-m", "neurochip", "demo", "--quiet"),
        }
        rows = [
            [name, *medians([starts(folder / f"{name} {k}", *command) for k in again])]
            for name, command in commands.items()
        ]
        print("CPU time of a start, s:\n")
        print_table(["start", "empty cache", "all kernels found"], rows)
        print(f"\nCPU time that a feature adds to the first start of {README}, s:\n", flush=True)
        cache = folder / f"{README} 0"
        rows = [
            [name, *medians([added(name, cache, folder / f"{name} {k}") for k in again])]
            for name in options.features or FEATURES
            if name != README
        ]
        print_table(["feature", *PARTS, "in all"], rows)
    print(f"\n{machine.summary(facts)}.")


if __name__ == "__main__":
    main()
