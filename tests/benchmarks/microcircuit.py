"""Run the cortical microcircuit of Potjans and Diesmann on chips, in float64 and in NEST.

    python tests/benchmarks/microcircuit.py --scale 0.1              # 3,000,000 synapses
    python tests/benchmarks/microcircuit.py --scale 0.1 --nest
    python tests/benchmarks/microcircuit.py --scale 1 --dc --bits 8 --repeats 1   # 11 GB

Every engine has a process of its own, builds the same network, and makes one run that is not timed,
from which rates, CV and correlation are measured. Then all engines run in turns; with
``--repeats 1`` one after the other, so that only one of them takes memory. The real-time factor is
the time of a run over its model time, events are spikes that arrive at a synapse, and the peak of
memory is counted from before the network was built.

The published rates are those of the full circuit with Poisson background. CV and correlation are
published in figures; here those of NEST, or of float64, stand beside those of the chip. The circuit
of another size keeps mean and variance of the input of a neuron by rates: examples/potjans_diesmann
describes it. A constant background (``--dc``) lacks the variance of the spikes, which a circuit
much smaller than the published one does not make itself.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":  # as a script: these folders hold what is imported
    root = Path(__file__).resolve().parents[2]
    sys.path[:1] = [str(root / name) for name in ("tests", "examples", "")]

from benchmarks import machine
from benchmarks.growth import peak, resident
from benchmarks.tables import print_table
from potjans_diesmann import DT, NAMES, RATES, activity, describe

from compiler import compile_network
from neurochip import LOIHI, Network, Recording, Reference, Stimulus, draw_stimulus
from neurochip.emulator import Emulator

MODEL = 1000.0  # ms of a timed run
RULES = {"delivery": "before_threshold", "refractory": "after_spike"}  # those of NEST
Run = Callable[[], Recording | None]
Start = Callable[[Network, Stimulus, argparse.Namespace], tuple[Run, dict[str, float]]]


def start_chip(
    network: Network, stimulus: Stimulus, given: argparse.Namespace
) -> tuple[Run, dict[str, float]]:
    """Compile for a chip with ``given.width`` weight bits and cores enough."""
    chip = LOIHI.what_if(
        weight_mantissa_bits=given.width, cores=1 << 20, input_axons=1 << 20, output_axons=1 << 20
    )
    begin = time.perf_counter()
    image = compile_network(network, chip, dt=DT)
    facts = {"compile": time.perf_counter() - begin, "cores": image.n_cores}
    emulator = Emulator(image, threads=given.threads, progress=False, warn=False)

    def run() -> Recording:
        emulator.reset()
        return emulator.run(stimulus)

    return run, facts


def start_reference(
    network: Network, stimulus: Stimulus, given: argparse.Namespace
) -> tuple[Run, dict[str, float]]:
    """Build the tables of the float64 reference."""
    begin = time.perf_counter()
    reference = Reference(network, DT, threads=given.threads, progress=False)
    facts = {"compile": time.perf_counter() - begin}

    def run() -> Recording:
        reference.reset()
        return reference.run(stimulus)

    return run, facts


def start_nest(
    network: Network, stimulus: Stimulus, given: argparse.Namespace
) -> tuple[Run, dict[str, float]]:
    """Build the network in NEST, which draws the background itself and goes on after each run."""
    import nest

    from neurochip.frontends.in_nest import InNest, begin

    began = time.perf_counter()
    begin(DT)
    nest.set(local_num_threads=given.threads or 1)
    sources = {item.name: nest.Create("parrot_neuron", item.size) for item in network.spike_inputs}
    for item in network.spike_inputs:
        generator = nest.Create("poisson_generator", 1, {"rate": float(item.rate)})
        nest.Connect(generator, sources[item.name], "all_to_all", {"delay": DT})
    made = InNest(network, stimulus, DT, sources=sources)
    facts = {"compile": time.perf_counter() - began}
    begun = [made.run]

    def run() -> Recording | None:
        return begun.pop()() if begun else nest.Simulate(stimulus.duration)

    return run, facts


ENGINES: dict[str, Start] = {
    "chip": start_chip,
    "float64": start_reference,
    "NEST": start_nest,
}


def work(given: argparse.Namespace) -> None:
    """Be one engine: answer with a line when it is ready, and for each line of the input."""
    start = ENGINES[given.worker]
    tiny = argparse.Namespace(**{**vars(given), "scale": 0.005})
    if given.worker != "NEST":  # its kernel does not begin twice; others load their kernels here
        run_once(tiny, start)
    before, begin = resident(), time.perf_counter()
    network = make(given)
    facts: dict[str, Any] = {"build": time.perf_counter() - begin}
    stimulus = draw_stimulus(network, MODEL, seed=given.seed)
    run, more = start(network, stimulus, given)
    n_synapses = network.n_synapses
    del network
    recording = run()
    assert recording is not None
    found = activity(recording)
    facts |= more | {
        "synapses": n_synapses,
        "peak": peak() - before,
        "rates": found.rates.tolist(),
        "cvs": found.cvs.tolist(),
        "correlations": found.correlations.tolist(),
        "events": int(recording.counters.get("synaptic_events", 0)),
    }
    print(json.dumps(facts), flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        run()
        print(json.dumps(time.perf_counter() - begin), flush=True)


def run_once(given: argparse.Namespace, start: Start) -> None:
    network = make(given)
    start(network, draw_stimulus(network, 10.0, seed=1), given)[0]()


def make(given: argparse.Namespace) -> Network:
    return describe(
        given.scale, background="dc" if given.dc else "poisson", seed=given.seed, **RULES
    )


class Worker:
    """An engine in a process of its own."""

    def __init__(self, engine: str, width: int, arguments: list[str]) -> None:
        self.name = f"chip, {width} bits" if engine == "chip" else engine
        self.width = width
        command = [sys.executable, __file__, *arguments]
        self._process = subprocess.Popen(
            [*command, "--worker", engine, "--width", str(width)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.facts: dict[str, Any] = self._answer()
        self.seconds: list[float] = []

    def run(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.seconds.append(self._answer())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(("{", *"0123456789")):
                return json.loads(line)
        sys.exit(f"{self.name} ended without an answer")


def main() -> None:
    """Print a table of times and memory, and one of the activity."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--scale", type=float, default=0.1, help="fraction of the published size (0.1)")
    add("--bits", type=int, nargs="*", default=[8, 6, 5, 4, 3], help="weight bits of the chips")
    add("--threads", type=int, default=None, help="of all engines; default: NEST 1, others own")
    add("--repeats", type=int, default=7, help="timed runs of each engine (7)")
    add("--dc", action="store_true", help="a constant background instead of Poisson spikes")
    add("--nest", action="store_true", help="also NEST 3.10 (pip install neurochip[nest])")
    add("--no-float", action="store_true", help="leave out the float64 reference")
    add("--seed", type=int, default=1)
    add("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    add("--width", type=int, default=8, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given)
        return
    engines = [("chip", bits) for bits in given.bits]
    engines += [] if given.no_float else [("float64", 8)]
    if given.nest:
        if importlib.util.find_spec("nest") is None:
            sys.exit("NEST is not installed: pip install neurochip[nest]")
        engines.append(("NEST", 8))
    facts, arguments, done = machine.facts(), sys.argv[1:], []
    if given.repeats == 1:
        for engine, width in engines:
            done.append(Worker(engine, width, arguments))
            done[-1].run()
            done[-1].close()
    else:
        done = [Worker(engine, width, arguments) for engine, width in engines]
        for _ in range(given.repeats):
            for worker in done:
                worker.run()
        for worker in done:
            worker.close()
    report(done)
    print(f"\n{machine.summary(facts)}.")


def report(done: list[Worker]) -> None:
    rows = []
    for worker in done:
        facts, seconds = worker.facts, np.array(worker.seconds)
        factor, least, most = (1000 * f(seconds) / MODEL for f in (np.median, np.min, np.max))
        events = max(item.facts["events"] for item in done)  # of one and the same circuit
        rows.append(
            [
                worker.name,
                f"{facts['build']:.1f}",
                f"{facts['compile']:.1f}",
                f"{factor:.2f} ({least:.2f}-{most:.2f})",
                f"{events / np.median(seconds) / 1e6:.3g}",
                f"{facts['peak'] / facts['synapses']:.0f}",
                str(facts.get("cores", "")),
            ]
        )
    head = ["engine", "build, s", "compile, s", "real-time factor", "events, 1e6/s"]
    print(f"{done[0].facts['synapses']:,} synapses\n")
    print_table([*head, "peak, bytes per synapse", "cores"], rows)
    for what, form in (("rates", ".2f"), ("cvs", ".2f"), ("correlations", ".4f")):
        print(f"\n{what}:\n")
        shown = [[f"{value:{form}}" for value in worker.facts[what]] for worker in done]
        rows = [[worker.name, *row] for worker, row in zip(done, shown, strict=True)]
        if what == "rates":
            rows.insert(0, ["published", *(f"{rate:.2f}" for rate in RATES)])
        print_table(["engine", *NAMES], rows)
    ours = [np.array(worker.facts["rates"]) for worker in done]
    others = [worker for worker in done if not worker.name.startswith("chip")]
    for worker in others:
        wanted = np.array(worker.facts["rates"])
        print(f"\nmean difference of the rates from {worker.name}:")
        for item, rates in zip(done, ours, strict=True):
            if item is not worker:
                print(f"  {item.name}: {100 * np.abs(rates / wanted - 1).mean():.1f} %")


if __name__ == "__main__":
    main()
