"""Compiles ``kernels.c`` on the fly and runs an image with it."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from neurochip.chip.registers import (
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    decode_weights,
    effective_decay,
)
from neurochip.image import ChipImage, SynapseGroup

SOURCE = Path(__file__).with_name("kernels.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC", "-pthread")
TARGET_BITS = 20  # as in the source
LANES = 64


class Network(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("n_steps", "n_inputs")),
        *((name, ctypes.c_int32) for name in ("accumulator_bits", "state_bits", "weight_shift")),
        *((name, ctypes.c_void_p) for name in ("input_ptr", "inputs", "u", "v", "held")),
        *((name, ctypes.c_void_p) for name in ("keep_u", "keep_v", "bias", "vmin", "vmax")),
        *((name, ctypes.c_void_p) for name in ("threshold", "refractory")),
    ]


class Worker(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("begin", "end")),
        *((name, ctypes.c_void_p) for name in ("row_ptr", "synapses", "dense", "arriving")),
        *((name, ctypes.c_void_p) for name in ("spike_ptr", "spikes")),
        ("events", ctypes.c_int64),
    ]


def compiler() -> str | None:
    """Return the C compiler of this machine, or None."""
    return shutil.which(os.environ.get("CC", "cc"))


def load(source: Path) -> ctypes.CDLL:
    """Compile and load a file; the result of the compiler is deleted after loading."""
    with tempfile.TemporaryDirectory(prefix="neurochip-benchmark-") as folder:
        path = Path(folder) / "kernels.so"
        subprocess.run([compiler(), *FLAGS, str(source), "-o", str(path)], check=True)
        return ctypes.CDLL(str(path))


@functools.cache
def library() -> ctypes.CDLL:
    """Return the compiled kernels."""
    loaded = load(SOURCE)
    loaded.run_network.argtypes = [ctypes.POINTER(Network), ctypes.c_void_p, ctypes.c_int32]
    return loaded


class CRun:
    """An image laid out for the C kernels, with the spikes of its inputs.

    It supports no delays and no noise, and one group of synapses for each kind of source.
    """

    def __init__(
        self, image: ChipImage, inputs: tuple[np.ndarray, np.ndarray], n_steps: int, threads: int
    ) -> None:
        self._image, self._keep = image, []
        self._network = self._lay_out(inputs, n_steps)
        size = image.n_compartments
        cuts = np.linspace(0, size, threads + 1).astype(int)
        self._workers = (Worker * threads)()
        self._spikes, self._spike_ptr = [], []
        for worker, begin, end in zip(self._workers, cuts[:-1], cuts[1:], strict=True):
            self._add_synapses(worker, int(begin), int(end))
            # Untouched pages of this array use no memory.
            capacity = n_steps * int(end - begin) + LANES
            self._spikes.append(np.empty(capacity, dtype=np.int32))
            self._spike_ptr.append(np.zeros(n_steps + 1, dtype=np.int64))
            worker.arriving = self._address(np.zeros(end - begin, dtype=np.int32))
            worker.spikes = self._address(self._spikes[-1])
            worker.spike_ptr = self._address(self._spike_ptr[-1])

    def run(self) -> float:
        """Start from step 0 and run; return the seconds of the loop over steps."""
        self._u[:], self._held[:] = 0, 0
        self._v[:] = self._image.compartments.v_init
        for worker in self._workers:
            ctypes.memset(worker.arriving, 0, 4 * (worker.end - worker.begin))
        network, workers = ctypes.byref(self._network), ctypes.addressof(self._workers)
        begin = time.perf_counter()
        failed = library().run_network(network, workers, len(self._workers))
        seconds = time.perf_counter() - begin
        if failed:
            raise RuntimeError(f"the C kernels stopped with code {failed}")
        return seconds

    @property
    def n_spikes(self) -> int:
        return int(sum(pointers[-1] for pointers in self._spike_ptr))

    @property
    def synaptic_events(self) -> int:
        return sum(worker.events for worker in self._workers)

    def raster(self) -> tuple[np.ndarray, np.ndarray]:
        """Return step and compartment of every spike, sorted."""
        steps = np.arange(len(self._spike_ptr[0]) - 1, dtype=np.int32)
        at = np.concatenate([np.repeat(steps, np.diff(pointers)) for pointers in self._spike_ptr])
        pairs = zip(self._spikes, self._spike_ptr, strict=True)
        ids = np.concatenate([spikes[: pointers[-1]] for spikes, pointers in pairs])
        # Workers own ascending ranges and list them in order, so a stable sort by step is enough.
        order = np.argsort(at, kind="stable")
        return at[order], ids[order]

    def _address(self, array: np.ndarray) -> int:
        self._keep.append(array)
        return array.ctypes.data

    def _lay_out(self, inputs: tuple[np.ndarray, np.ndarray], n_steps: int) -> Network:
        registers, core = self._image.compartments, self._image.chip.core
        size, scale = self._image.n_compartments, core.decay_scale
        vmin, vmax = decode_voltage_limits(registers.vmin_exponent, registers.vmax_exponent, core)
        self._u, self._v, self._held = (np.zeros(size, dtype=np.int32) for _ in range(3))
        steps, sources = inputs
        order = np.lexsort((sources, steps))
        input_ptr = np.searchsorted(steps[order], np.arange(-1, n_steps)).astype(np.int64)
        return Network(
            n_steps,
            self._image.n_inputs,
            core.accumulator_bits,
            core.state_bits,
            core.weight_shift,
            self._address(input_ptr),
            *(
                self._address(np.ascontiguousarray(values, dtype=np.int32))
                for values in (
                    sources[order],
                    self._u,
                    self._v,
                    self._held,
                    scale - effective_decay(registers.decay_u, registers.decay_u_offset),
                    scale - effective_decay(registers.decay_v, registers.decay_v_offset),
                    decode_bias(registers.bias_mantissa, registers.bias_exponent),
                    vmin,
                    vmax,
                    decode_threshold(registers.threshold_mantissa, core),
                    registers.refractory,
                )
            ),
        )

    def _add_synapses(self, worker: Worker, begin: int, end: int) -> None:
        worker.begin, worker.end = begin, end
        size = self._image.n_compartments
        groups = {group.source: group for group in self._image.synapses}
        if len(groups) != len(self._image.synapses) or self._image.max_delay or self._image.noise:
            raise ValueError("the C kernels know one group per kind of source, no delay, no noise")
        if list(groups) == ["inputs"]:
            group = groups["inputs"]
            weights = self._weights(group)
            regular = group.n_synapses == self._image.n_inputs * size and np.array_equal(
                group.target.reshape(-1, size)[0], np.arange(size)
            )
            if regular and (group.target.reshape(-1, size) == group.target[:size]).all():
                matrix = weights.reshape(-1, size)[:, begin:end]
                if abs(matrix).max() < 128:
                    worker.dense = self._address(matrix.astype(np.int8))
                    return
        counts, synapses = [np.zeros(1, dtype=np.int64)], []
        for source, rows in (("inputs", self._image.n_inputs), ("compartments", size)):
            if source not in groups:
                counts.append(np.zeros(rows, dtype=np.int64))
                continue
            group = groups[source]
            weights = self._weights(group)
            if abs(weights).max(initial=0) >= 2048 or end - begin > 1 << TARGET_BITS:
                raise ValueError("the C kernels store weights in 12 bits and targets in 20")
            mine = (group.target >= begin) & (group.target < end)
            ends = np.concatenate([[0], np.cumsum(mine)])
            counts.append(np.diff(ends[group.indptr]))
            packed = (weights[mine] << TARGET_BITS) | (group.target[mine] - np.int32(begin))
            synapses.append(packed)
        worker.row_ptr = self._address(np.cumsum(np.concatenate(counts)))
        worker.synapses = self._address(np.concatenate(synapses))

    def _weights(self, group: SynapseGroup) -> np.ndarray:
        """Return weights in units of ``2**weight_shift``, from a table of all mantissas."""
        core = self._image.chip.core
        top = 1 << core.weight_mantissa_bits
        table = decode_weights(np.arange(-top, top), group.format, core) >> core.weight_shift
        return table.astype(np.int32)[group.mantissa.astype(np.intp) + top]
