"""The benchmark networks in some version of neurochip: an exact worker of ``peers.py``.

Its Python has that version installed from a checkout (``pip install -e``), whose own benchmark
files are used. One thread.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import sys
from pathlib import Path

import neurochip

sys.path.insert(0, str(Path(neurochip.__file__).resolve().parents[1] / "tests"))
from benchmarks import workloads
from benchmarks.engines import EmulatorRun, digest
from benchmarks.images import Case


def say(**answer):
    print(json.dumps(answer), flush=True)


def main():
    name, _, path = sys.argv[1:]
    case = Case(workloads.WORKLOADS[name])
    if case.workload.kind == "notebook":
        say(unavailable="its inputs are drawn by each version")
        return
    run = EmulatorRun(case.image, case.inputs, case.workload.n_steps, 1)
    for _ in range(2):
        run.run()
    say(ready=True, version=neurochip.__version__, path=path)
    for _ in sys.stdin:
        seconds = run.run()
        say(seconds=seconds, n_spikes=run.n_spikes, raster=digest(run))


if __name__ == "__main__":
    main()
