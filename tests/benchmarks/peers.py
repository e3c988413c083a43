"""Simulators in separate processes, in any Python environment.

A worker is a script with three arguments: the name of a workload, its mode, and the path of a file
with the input spikes (``steps`` and ``sources``). It prints one line of JSON when it is ready. For
each line that it reads, it runs and prints ``{"seconds": ..., "n_spikes": ...}``; an exact worker
may add ``"raster"``, the digest of ``engines.digest``. A worker that cannot run prints
``{"unavailable": "why"}`` and ends. All other output goes to stderr.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from .engines import Engine, Run, UnavailableError
from .images import Case

__all__ = ["PeerRun", "brian2_engines", "peer_engine"]

FOLDER = Path(__file__).parent


class PeerRun:
    """A workload that a worker has built."""

    def __init__(self, case: Case, python: str, script: Path, mode: str) -> None:
        executable = shutil.which(python)
        if executable is None:
            raise UnavailableError("its Python is not there")
        if not script.exists():
            raise UnavailableError(f"there is no worker {script.name}")
        self._folder = tempfile.TemporaryDirectory(prefix="neurochip-benchmark-")
        spikes = Path(self._folder.name) / "spikes.npz"
        steps, sources = case.inputs
        np.savez(spikes, steps=steps, sources=sources)
        self._log = (Path(self._folder.name) / "log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [executable, str(script), case.workload.name, mode, str(spikes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=self._folder.name,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        )
        self._read()

    def run(self) -> float:
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        self._answer = self._read()
        return float(self._answer["seconds"])

    @property
    def n_spikes(self) -> int:
        return int(self._answer["n_spikes"])

    @property
    def raster_digest(self) -> str | None:
        return self._answer.get("raster")

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()
        self._folder.cleanup()

    def _read(self) -> dict:
        line = self._process.stdout.readline()
        try:
            answer = json.loads(line)
        except ValueError:
            self._log.seek(0)
            last = (self._log.read().strip().splitlines() or ["no output"])[-1]
            self.close()
            raise UnavailableError(f"its worker stopped: {last}") from None
        if "unavailable" in answer:
            self.close()
            raise UnavailableError(answer["unavailable"])
        return answer


def _prepare(python: str, script: Path, mode: str, most_synapses: int, case: Case) -> Run:
    if case.workload.n_synapses > most_synapses:
        raise UnavailableError(f"left out above {most_synapses:,} synapses; raise --most-synapses")
    return PeerRun(case, python, script, mode)


def brian2_engines(python: str, most_synapses: int) -> dict[str, Engine]:
    """Return Brian2 in its usual modes; ``-given`` reads the input spikes instead of drawing."""
    script = FOLDER / "brian2_worker.py"
    prepare = functools.partial(_prepare, python, script)
    loop = "the loop over steps as Brian2 reports it"
    drawn = f"{loop}; draws the Poisson spikes of W1 in it"
    modes = {
        "cpp-1": f"{drawn}; standalone C++, 1 thread",
        "cpp-1-given": f"{loop}; W1 with given spikes; standalone C++, 1 thread",
        "cpp-2": f"{drawn}; standalone C++, 2 OpenMP threads",
        "cython": f"{drawn}; runtime mode",
        "numpy": f"{drawn}; runtime mode",
    }
    return {
        f"brian2-{mode}": Engine(functools.partial(prepare, mode, most_synapses), timed)
        for mode, timed in modes.items()
    }


def peer_engine(name: str, python: str, most_synapses: int) -> Engine:
    """Return an exact peer: ``peers/NAME.py`` next to this file, or the path of a worker.

    ``NAME@LABEL`` is NAME, which may run in several Pythons.
    """
    found, _, _ = name.partition("@")
    script = Path(found) if found.endswith(".py") else FOLDER / "peers" / f"{found}.py"
    prepare = functools.partial(_prepare, python, script, "exact", most_synapses)
    return Engine(prepare, "as its worker measures", exact=True)
