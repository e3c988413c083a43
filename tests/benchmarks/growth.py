"""Measure the growth of time and memory with synapses, activity and threads.

python tests/benchmarks/growth.py [--large] [--largest] [--repeats 3] [--json FILE] [--figure FILE]

Every measurement runs in its own process, since the memory peak of a process never decreases.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import c_kernels, machine
from benchmarks.images import SILENT, recurrent_image
from benchmarks.tables import print_table
from benchmarks.workloads import recurrent

from neurochip.image import ChipImage

OUT_DEGREE = 100
SIZES = (100, 1000, 10_000, 100_000)
LARGE, LARGEST = 1_000_000, 10_000_000
# Ranges of the bias mantissa: from few to nearly all neurons fire without input.
ACTIVITIES = {"low": (2100, 3300), "medium": (2600, 3900), "high": (3300, 4090)}
EVENTS_WANTED = 2e7  # long enough to measure, short enough to wait for
SPIKES_PER_STEP = 0.015  # of a neuron at medium activity, only for choosing the number of steps


@dataclass(frozen=True)
class Point:
    """One measurement."""

    size: int
    engine: str = "neurochip"
    threads: int = 1
    activity: str = "medium"
    repeats: int = 3

    @property
    def n_steps(self) -> int:
        expected = self.size * OUT_DEGREE * SPIKES_PER_STEP
        return int(min(5000, max(100, EVENTS_WANTED / expected)))


LAST = {"Synapses, 1 thread": [Point(LARGE), Point(LARGEST)]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time and memory against size and activity.")
    add = parser.add_argument
    add("--large", action="store_true", help="also 1e8 synapses (about 3 GB)")
    add("--largest", action="store_true", help="only 1e8 and 1e9 synapses, on 1 thread (12 GB)")
    add("--repeats", type=int, default=3, help="measured runs of every point (3)")
    add("--json", type=Path, metavar="FILE", help="write all numbers")
    add("--figure", type=Path, metavar="FILE", help="draw time and memory against synapses")
    add("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measure(Point(**json.loads(options.worker)))))
        return
    facts = machine.facts()
    tables = {
        title: [row(replace(point, repeats=options.repeats)) for point in points]
        for title, points in (LAST if options.largest else plan(options.large)).items()
    }
    for title, rows in tables.items():
        print(f"\n{title}:\n")
        print_table(HEAD, [cells(item) for item in rows])
    print(f"\n{machine.summary(facts)}.")
    if options.json:
        text = json.dumps({"machine": facts, "tables": tables}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.figure:
        draw([item for rows in tables.values() for item in rows], options.figure)


def plan(large: bool) -> dict[str, list[Point]]:
    sizes = (*SIZES, LARGE) if large else SIZES
    threads = [2**k for k in range(1, (os.cpu_count() or 1).bit_length())]
    plans = {
        "Synapses, 1 thread": [Point(size) for size in sizes],
        "Activity, 1 thread": [Point(10_000, activity=name) for name in ACTIVITIES],
        "Cores": [Point(size, threads=n) for n in threads for size in sizes],
    }
    if c_kernels.compiler():
        plans["The C kernels, 1 thread"] = [Point(size, engine="c") for size in sizes]
    return plans


def row(point: Point) -> dict[str, Any]:
    """Measure a point in a new process."""
    print(f"{point}", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--worker", json.dumps(asdict(point))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(point: Point) -> dict[str, Any]:
    """Build and run; return time and memory, counted from before the network was built."""
    from benchmarks.engines import EmulatorRun

    def prepare(image: ChipImage, n_steps: int) -> Any:
        make = c_kernels.CRun if point.engine == "c" else EmulatorRun
        return make(image, (SILENT, SILENT), n_steps, point.threads)

    # Load the kernels first: their memory does not belong to the network.
    prepare(recurrent_image(recurrent(SIZES[0], OUT_DEGREE)), 10).run()
    before = resident()
    registers = recurrent(point.size, OUT_DEGREE, bias=ACTIVITIES[point.activity])
    image = recurrent_image(registers)
    of_image = resident() - before
    run = prepare(image, point.n_steps)
    run.run()
    seconds = [run.run() for _ in range(point.repeats)]
    events, updates = run.synaptic_events, point.n_steps * point.size
    return {
        **asdict(point),
        "synapses": image.n_synapses,
        "steps": point.n_steps,
        "seconds": seconds,
        "events": events,
        "ns_per_event": 1e9 * statistics.median(seconds) / max(events, 1),
        "ns_per_event_spread": [1e9 * f(seconds) / max(events, 1) for f in (min, max)],
        "ns_per_update": 1e9 * statistics.median(seconds) / updates,
        "spikes_per_neuron_and_step": run.n_spikes / updates,
        "image_bytes": of_image,
        "peak_bytes": peak() - before,
    }


def resident() -> int:
    """Return the memory in use, in bytes; 0 if the system does not report it."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def peak() -> int:
    """Return the memory peak of this process, in bytes."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


HEAD = [
    "synapses", "threads", "activity", "spikes per neuron and step", "ns per synaptic event",
    "least-most", "ns per update", "image, bytes per synapse", "peak, bytes per synapse",
]  # fmt: skip


def cells(item: dict[str, Any]) -> list[str]:
    least, most = item["ns_per_event_spread"]
    # A small network needs less memory than the interpreter allocates meanwhile.
    tell = item["synapses"] >= 1_000_000
    return [
        f"{item['synapses']:.0e}".replace("e+0", "e"),
        str(item["threads"]),
        item["activity"],
        f"{item['spikes_per_neuron_and_step']:.3f}",
        f"{item['ns_per_event']:.2f}",
        f"{least:.2f}-{most:.2f}",
        f"{item['ns_per_update']:.2f}",
        f"{item['image_bytes'] / item['synapses']:.1f}" if tell else "",
        f"{item['peak_bytes'] / item['synapses']:.1f}" if tell else "",
    ]


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    medium = [item for item in rows if item["activity"] == "medium"]
    for engine, threads in dict.fromkeys((r["engine"], r["threads"]) for r in medium):
        mine = [r for r in medium if (r["engine"], r["threads"]) == (engine, threads)]
        by_size = {r["synapses"]: r for r in mine}
        line = list(by_size)
        label = f"{engine}, {threads} thread{'s' * (threads > 1)}"
        left.loglog(line, [by_size[s]["ns_per_event"] for s in line], "o-", label=label)
        big = [s for s in line if s >= 1_000_000]
        right.semilogx(big, [by_size[s]["peak_bytes"] / s for s in big], "o-", label=label)
    left.set(xlabel="synapses", ylabel="ns per synaptic event")
    right.set(xlabel="synapses", ylabel="peak, bytes per synapse", ylim=(0, None))
    left.legend(frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
