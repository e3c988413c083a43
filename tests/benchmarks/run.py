"""Measure workloads with several engines in turns, and print a comparison.

python tests/benchmarks/run.py [WORKLOAD ...] [--engines ...] [--repeats 5] [--json FILE]
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.engines import ENGINES, Engine, UnavailableError, digest
from benchmarks.images import Case
from benchmarks.peers import brian2_engines, peer_engine
from benchmarks.tables import print_tables
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from benchmarks.engines import Run

SMALL = [name for name in WORKLOADS if name != "W2_1e5x1000"]


def main() -> int:
    options = parse()
    engines = select(options)
    facts = machine.facts()
    results = {name: measure(name, engines, options.repeats) for name in options.workloads}
    print_tables(results, options.ratios)
    print(f"\n{machine.summary(facts)}.")
    if options.json:
        timed = {name: engine.timed for name, engine in engines.items()}
        document = {
            "machine": facts,
            "repeats": options.repeats,
            "timed": timed,
            "workloads": results,
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 1 if any(result["disagreement"] for result in results.values()) else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare neurochip with other engines.")
    add = parser.add_argument
    add(
        "workloads",
        nargs="*",
        metavar="WORKLOAD",
        help=f"of {', '.join(WORKLOADS)}; all but the largest",
    )
    add("--repeats", type=int, default=5, help="measured runs of every engine (5)")
    add("--engines", nargs="+", metavar="NAME", help="all that are found; a name may end in *")
    add(
        "--brian2",
        metavar="PYTHON",
        default=sys.executable,
        help="Python that has brian2 (this one)",
    )
    add(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="exact peer: peers/NAME.py, run by PYTHON; may be repeated",
    )
    add(
        "--most-synapses",
        type=int,
        default=20_000_000,
        metavar="N",
        help="leave peers and Brian2 out of larger workloads (20000000)",
    )
    add(
        "--ratios",
        choices=["median", "min"],
        default="median",
        help="of which times: the least ones on a machine that others load (median)",
    )
    add("--json", type=Path, metavar="FILE", help="write all measured times")
    options = parser.parse_args()
    unknown = sorted(set(options.workloads) - set(WORKLOADS))
    if unknown:
        parser.error(f"no workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    if any("=" not in item for item in options.peer):
        parser.error("--peer wants NAME=PYTHON")
    options.workloads = options.workloads or SMALL
    return options


def select(options: argparse.Namespace) -> dict[str, Engine]:
    engines = dict(ENGINES)
    engines |= brian2_engines(options.brian2, options.most_synapses)
    for item in options.peer:
        name, _, python = item.partition("=")
        engines[f"peer-{Path(name).stem}"] = peer_engine(name, python, options.most_synapses)
    if not options.engines:
        return engines
    chosen = {}
    for wanted in options.engines:
        stem = wanted.removesuffix("*")
        matching = [n for n in engines if n == wanted or (stem != wanted and n.startswith(stem))]
        if not matching:
            sys.exit(f"no engine {wanted}; there are {', '.join(engines)}")
        chosen |= {name: engines[name] for name in matching}
    return chosen


SHORT = 0.05
"""Seconds: before a shorter run another one brings its data back into the caches, which the other
engines had in between. A process of Brian2 does that as it sets its network up."""


def measure(name: str, engines: Mapping[str, Engine], repeats: int) -> dict[str, Any]:
    """Build every engine, warm it up, then let all of them run in turns."""
    case = Case(WORKLOADS[name])
    runs: dict[str, Run] = {}
    skipped: dict[str, str] = {}
    short: dict[str, bool] = {}
    for engine_name, engine in engines.items():
        begin = time.perf_counter()
        try:
            runs[engine_name] = engine.prepare(case)
        except UnavailableError as problem:
            skipped[engine_name] = str(problem)
            say(f"{name} {engine_name}: skipped, {problem}")
            continue
        first = runs[engine_name].run()  # compiles kernels, touches memory
        short[engine_name] = min(first, runs[engine_name].run()) < SHORT
        say(f"{name} {engine_name}: ready after {time.perf_counter() - begin:.1f} s")
    seconds: dict[str, list[float]] = {engine_name: [] for engine_name in runs}
    for _ in range(repeats):
        # In turns, so that a disturbance of the machine affects all engines.
        for engine_name, run in runs.items():
            if short[engine_name]:
                run.run()
            seconds[engine_name].append(run.run())
    result = {
        "steps": case.workload.n_steps,
        "synapses": case.image.n_synapses,
        "engines": {key: describe(run, seconds[key]) for key, run in runs.items()},
        "skipped": skipped,
        "disagreement": compare(case, runs, engines),
    }
    for run in runs.values():
        if hasattr(run, "close"):
            run.close()
    return result


def describe(run: Run, seconds: list[float]) -> dict[str, Any]:
    facts = {
        "median": statistics.median(seconds),
        "min": min(seconds),
        "max": max(seconds),
        "seconds": seconds,
        "n_spikes": run.n_spikes,
    }
    events = getattr(run, "synaptic_events", None)
    return facts if events is None else facts | {"synaptic_events": events}


def compare(case: Case, runs: Mapping[str, Run], engines: Mapping[str, Engine]) -> str:
    """Return whether all exact engines gave the same raster with the expected spikes."""
    rasters: dict[str, str] = {}
    for name, run in runs.items():
        if not engines[name].exact:
            continue
        if case.workload.spikes is not None and run.n_spikes != case.workload.spikes:
            return f"{name} has {run.n_spikes} spikes, not {case.workload.spikes}"
        found = getattr(run, "raster_digest", None) or digest(run)
        if found is not None:
            rasters[name] = found
    if len(set(rasters.values())) > 1:
        return "different rasters: " + ", ".join(f"{k} {v[:8]}" for k, v in rasters.items())
    return ""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
