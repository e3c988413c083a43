"""Engines to compare: each prepares a workload once and is then timed repeatedly.

``run()`` starts from step 0 and returns the seconds of the loop over steps. Building, compiling,
loading and the reset between repeats are never included; :data:`ENGINES` lists the included parts.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numba
import numpy as np

from neurochip.emulator import Emulator
from neurochip.image import ChipImage
from neurochip.recording import Recording
from neurochip.reference.loop import Loop
from neurochip.reference.probes import lay_out_traces
from neurochip.reference.tables import flatten_neurons, flatten_synapses

from . import c_kernels
from .images import Case

__all__ = ["ENGINES", "Engine", "Run", "UnavailableError", "digest"]

MOST_FLOAT_SYNAPSES = 20_000_000  # 12 bytes each in the network, and 12 in the tables


class UnavailableError(Exception):
    """An engine cannot run a workload here; the text gives the reason."""


class Run(Protocol):
    """A workload, ready to run; ``n_spikes`` and ``raster`` belong to the last run."""

    def run(self) -> float: ...

    @property
    def n_spikes(self) -> int: ...


@dataclass(frozen=True)
class Engine:
    """An engine: a function that prepares a workload, and the parts of the measured time."""

    prepare: Callable[[Case], Run]
    timed: str
    exact: bool = False


class EmulatorRun:
    """``Emulator.run_steps`` of an image."""

    def __init__(
        self,
        image: ChipImage,
        inputs: tuple[np.ndarray, np.ndarray],
        n_steps: int,
        threads: int,
    ) -> None:
        if threads > numba.config.NUMBA_NUM_THREADS:
            raise UnavailableError(f"Numba has {numba.config.NUMBA_NUM_THREADS} threads here")
        self._emulator = Emulator(image, threads=threads, progress=False)
        self._inputs, self._n_steps = inputs, n_steps

    def run(self) -> float:
        self._emulator.reset()
        begin = time.perf_counter()
        self._recording = self._step()
        return time.perf_counter() - begin

    def _step(self) -> Recording:
        return self._emulator.run_steps(self._n_steps, *self._inputs)

    @property
    def n_spikes(self) -> int:
        return self._recording.n_spikes

    @property
    def synaptic_events(self) -> int:
        return self._recording.counters["synaptic_events"]

    def raster(self) -> tuple[np.ndarray, np.ndarray]:
        (name,) = self._recording.populations
        return self._recording.steps[name], self._recording.ids[name]


class PhysicalRun(EmulatorRun):
    """``Emulator.run`` with names and units, as most users call it."""

    def __init__(self, case: Case) -> None:
        if case.image.symbols is None:
            raise UnavailableError("the workload is made of registers, without names and units")
        super().__init__(case.image, case.inputs, case.workload.n_steps, threads=1)
        self._stimulus = case.stimulus

    def _step(self) -> Recording:
        return self._emulator.run(self._stimulus)


class ReferenceRun:
    """The compiled loop of the float64 reference, without building its tables."""

    def __init__(self, case: Case, threads: int) -> None:
        if case.image.n_synapses > MOST_FLOAT_SYNAPSES:
            raise UnavailableError("the float64 network would need gigabytes")
        network = case.network
        tables = flatten_neurons(network, case.dt), flatten_synapses(network, case.dt)
        inputs = case.stimulus.binned(
            case.dt, [(item.name, item.size) for item in network.spike_inputs]
        )
        columns, _ = lay_out_traces({}, {}, case.workload.n_steps, case.dt)
        self._n_steps = case.workload.n_steps
        self._loop = Loop(network, *tables, inputs, columns, threads, case.dt)

    def run(self) -> float:
        self._loop.rewind()
        begin = time.perf_counter()
        parts = self._loop.run_to(self._n_steps, lambda _: None)
        seconds = time.perf_counter() - begin
        self._count = sum(len(steps) for steps, *_ in parts)
        return seconds

    @property
    def n_spikes(self) -> int:
        return self._count


def _prepare_emulator(case: Case, threads: int) -> Run:
    return EmulatorRun(case.image, case.inputs, case.workload.n_steps, threads)


def _prepare_c(case: Case, threads: int) -> Run:
    if case.workload.kind == "notebook":
        raise UnavailableError("the C kernels are for W2 and W3")
    if c_kernels.compiler() is None:
        raise UnavailableError("no C compiler (cc, or the one named by CC)")
    return c_kernels.CRun(case.image, case.inputs, case.workload.n_steps, threads)


def digest(run: Run) -> str | None:
    """Return the digest of the raster, if the engine has one; equal spikes have equal digests."""
    raster = getattr(run, "raster", None)
    if raster is None:
        return None
    parts = [np.ascontiguousarray(part, dtype=np.int32).tobytes() for part in raster()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


_STEPS = "Emulator.run_steps: sorting the input spikes, all steps, the recording of spikes"
_REFERENCE = "the compiled loop of the float64 reference, the recording of spikes"
ENGINES = {
    "neurochip-1": Engine(
        lambda case: _prepare_emulator(case, 1), f"{_STEPS}; 1 thread", exact=True
    ),
    "neurochip-2": Engine(
        lambda case: _prepare_emulator(case, 2), f"{_STEPS}; 2 threads", exact=True
    ),
    "neurochip-run": Engine(
        PhysicalRun,
        "Emulator.run: also binning the stimulus and giving spikes their names; 1 thread",
        exact=True,
    ),
    "reference-1": Engine(lambda case: ReferenceRun(case, 1), f"{_REFERENCE}; 1 thread"),
    "reference-2": Engine(lambda case: ReferenceRun(case, 2), f"{_REFERENCE}; 2 threads"),
    "c-1": Engine(lambda case: _prepare_c(case, 1), "one call of kernels.c; 1 thread", exact=True),
    "c-2": Engine(lambda case: _prepare_c(case, 2), "one call of kernels.c; 2 threads", exact=True),
}
"""Engines that run in this process."""
