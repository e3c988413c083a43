"""The engine that runs one image on CPU threads: its layout, tables, threads and buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..._kernels.barrier import new_barrier
from ..._kernels.pace import Pace
from ..._kernels.workers import join_lists, run_workers
from ...chip.registers import decode_voltage_limits
from ...errors import ChipOverflowError
from ...image import ChipImage
from ...typing import Int8Array, Int32Array, Int64Array
from ..engine import Columns, Engine, Registers, steps_per_call, work_of_step
from ..learning_run import PLAIN_RUN, LearningRun
from ..potential import potential_registers
from ..reprogram import inheritance
from ..spikes import NONE, InputRows
from ..writes import Writes
from .dense import dense_rows_of
from .kernels import run_blocks
from .layout import LANES, build_layout, sum_shifts_of
from .overflow import overflow_message
from .position import Position
from .settings import settings_of
from .side_by_side import side_by_side
from .state import (
    EVENTS,
    BiasTable,
    RunBuffers,
    RunState,
    TileRow,
    bias_of,
    joins_of,
    new_state,
    noise_of,
    read_row,
    widths_of,
    write_row,
)
from .transfer import arriving_sums, transfer

__all__ = ["CpuEngine"]

_REGISTERS = {"v": "v", "u": "u", "u_child": "u"}  # register of each variable that is recorded
_SPIKE_BUFFER = 1 << 20  # spikes per worker: 4 MB; shorter for short runs, at least two steps
_WORK_PER_CALL = 100_000_000  # about 0.1 s between two updates of progress and checks for Ctrl-C


class CpuEngine(Engine[Position]):
    """An image, laid out for a number of threads.

    Parameters
    ----------
    image : ChipImage
        Image to run.
    threads : int
        Number of threads that share the blocks of a run, at least 1.
    copies : int
        Number of side-by-side copies in the image.
    finest : int, optional
        Largest unit of a weight, so that sums of it are whole in the accumulators.
    may_wait : bool, default True
        Whether spikes may wait for their delays, instead of a ring of sums that they are added to.
    """

    def __init__(
        self,
        image: ChipImage,
        threads: int,
        copies: int = 1,
        *,
        finest: int | None = None,
        may_wait: bool = True,
    ) -> None:
        self.image = image
        self.threads = threads
        self.copies = copies
        self._of_copies: dict[int, CpuEngine] = {}
        self._layout, wide, lags = build_layout(image, threads, finest, may_wait=may_wait)
        self._settings = settings_of(image, self._layout)
        self._widths = widths_of(image, self._layout)
        self._work = work_of_step(image)
        self._lags = lags
        self._features = (
            joins_of(image, self._layout),
            sum_shifts_of(image),
            None if lags or not image.max_delay else np.uint64(self._layout.ring_size - 1),
            True if wide else None,
            dense_rows_of(self._layout.row_ptr, self._layout.synapses),
            lags,
        )

    def of_copies(self, number: int) -> CpuEngine:
        """Return an engine for several copies of the image, on one thread."""
        if number not in self._of_copies:
            self._of_copies[number] = CpuEngine(side_by_side(self.image, number), 1, number)
        return self._of_copies[number]

    def start(self) -> Position:
        """Return the position at step 0: initial v, no current, no spikes in transit."""
        state = new_state(self.image, self._layout, self.threads, self.copies, self._lags)
        return Position(state, pace=self._pace(self.threads))

    def _pace(self, threads: int) -> Pace:
        return Pace(threads, self._work)

    def reprogram(self, image: ChipImage, position: Position) -> tuple[CpuEngine, Position]:
        """Return an engine of another image, and its position: see ``Emulator.reprogram``.

        Raises
        ------
        EmulatorError
            If the images differ in more than values, or spikes in transit do not fit.
        """
        image = image.unrolled()
        found = inheritance(self.image, image)
        sums = arriving_sums(position, self._layout, *self._features[-3:])
        # A ring holds sums of the weights of the old image; spikes that wait have those of the new.
        engine = CpuEngine(
            image, self.threads, finest=self._layout.weight_unit, may_wait=not sums.any()
        )
        images, layouts = (self.image, image), (self._layout, engine._layout)
        start = engine.start()
        start.pace = position.pace
        return engine, transfer(position, images, layouts, sums, start, found)

    def set_v(self, position: Position, population: str, ids: Any, v: Any) -> None:
        """Set the membrane potential of some neurons: see ``Emulator.set_v``."""
        registers, size = self.image.compartments, self.image.n_compartments
        limits = decode_voltage_limits(
            registers.vmin_exponent, registers.vmax_exponent, self.image.chip.core
        )
        held, found = (read_row(position.state, row, size) for row in (TileRow.HELD, TileRow.V))
        own, values = potential_registers(self.image, population, ids, v, held, limits)
        found[own] = values
        write_row(position.state, TileRow.V, found)

    def rewind(self, position: Position) -> None:
        """Bring a position back to step 0."""
        position.rewind(self.image)

    def run(
        self,
        position: Position,
        rows: InputRows,
        columns: Columns,
        *,
        writes: Writes | None = None,
        draws: Int8Array | None = None,
        seed: int | None = None,
        strict: bool = False,
        report: Callable[[int], object] = lambda _: None,
        threads: int | None = None,
        learning: LearningRun = PLAIN_RUN,
    ) -> Registers:
        """Run from a position and move it: see :meth:`neurochip.emulator.engine.Engine.run`.

        ``threads`` may be smaller than the number of threads of the engine.
        """
        del learning  # images that learn have another engine
        pace = position.pace if threads is None else self._pace(threads)
        first, n_steps, state = position.step, rows.n_steps, position.state
        if writes is not None and position.bias is None:
            position.bias = bias_of(self.image)
        noise = noise_of(self.image, draws, seed, position.bias)
        joins, *features = self._features
        if joins is not None and position.bias is not None:
            joins = joins_of(self.image, self._layout, position.bias)
        held = read_row(state, TileRow.HELD, self.image.n_compartments)
        state.counters[:] = 0
        if _overflowed(state):  # in the last run
            state.overflows[:] = 0
            state.first_overflow[:] = -1
        v_ids, u_ids = (_ids_of(register, columns) for register in ("v", "u"))
        v, u = (np.empty((n_steps, len(ids)), dtype=np.int32) for ids in (v_ids, u_ids))
        steps: list[Int32Array] = []
        ids: list[Int32Array] = []
        per_call = steps_per_call(self._work, _WORK_PER_CALL, writes)
        index = 0
        while index < n_steps:
            call = pace.begin()
            stop = min(n_steps, index + min(per_call, call.steps))
            table = None
            if writes is not None and position.bias is not None:
                table = BiasTable(*writes.rows(index, stop), position.bias)
            size, full = self._room(call.threads, n_steps)
            if len(position.lists) < call.threads * size:
                position.lists = np.empty(call.threads * size, dtype=np.int32)
            buffer = position.lists
            ends = np.empty((call.threads, stop - index + 2), dtype=np.int64)
            ends[:, :2] = np.arange(call.threads)[:, None] * size
            output = RunBuffers(index, buffer, ends, full, v_ids, v, u_ids, u)
            position.begin(rows, output)
            run_workers(
                run_blocks,
                call.threads,
                stop,
                first,
                rows.starts,
                rows.sources,
                self._layout,
                self._settings,
                self._widths,
                state,
                output,
                strict,
                table,
                noise,
                joins,
                *features,
                barrier=new_barrier(call.patience),
            )
            begun, index = index, position.settle().step - first
            pace.end(index - begun)
            new_steps, new_ids = join_lists(buffer, ends, 1, index - begun, first + begun)
            steps.append(new_steps)
            ids.append(new_ids)
            report(index - begun)
            if strict and _overflowed(state):
                raise ChipOverflowError(overflow_message(self.image, state.first_overflow))
        totals = state.counters.sum(axis=(0, 1))
        totals[EVENTS.index("updates")] = n_steps * self.image.n_compartments
        all_steps = np.concatenate(steps)
        del steps  # frees the parts before the ids are joined: spikes may fill most of the memory
        return Registers(
            first_step=first,
            n_steps=n_steps,
            steps=all_steps,
            ids=np.concatenate(ids),
            held=held,
            refractory=self.image.compartments.refractory,
            traces=_split(columns, {"v": v, "u": u}),
            events=dict(zip(EVENTS, totals.tolist(), strict=False)),
            overflows=state.overflows[: len(held)].copy() if _overflowed(state) else None,
        )

    def _room(self, workers: int, n_steps: int) -> tuple[int, Int64Array]:
        """Return the size of a worker's spike list, and the entry where each list may be full."""
        layout = self._layout
        share = -(-layout.blocks // workers) * layout.span
        # Room for the spikes of the step before, and for a step in which every compartment spikes.
        size = max(min(_SPIKE_BUFFER, (n_steps + 1) * share), layout.n_compartments + share) + LANES
        full = size * np.arange(1, workers + 1) - share - LANES
        return size, full


def _overflowed(state: RunState) -> bool:
    """Return whether a register has overflowed since the overflows were cleared."""
    return bool((state.first_overflow[:, 0] >= 0).any())


def _ids_of(register: str, columns: Columns) -> Int32Array:
    parts = [ids for key, ids in columns.items() if _REGISTERS[key[-1]] == register]
    return np.concatenate([NONE, *parts], dtype=np.int32)


def _split(columns: Columns, values: Mapping[str, Int32Array]) -> dict[tuple[str, ...], Any]:
    """Split the recorded columns of each register by what they are recorded for."""
    used, parts = {"v": 0, "u": 0}, {}
    for key, ids in columns.items():
        register = _REGISTERS[key[-1]]
        begin = used[register]
        used[register] = begin + len(ids)
        parts[key] = values[register][:, begin : begin + len(ids)]
    return parts
