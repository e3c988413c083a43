"""Run copies of a small network as one image: join their inputs and separate their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..._kernels.jit import kernel
from ...image import ChipImage
from ...typing import Int32Array
from ..engine import Columns, Registers
from ..spikes import InputLists
from ..writes import JointWrites, Writes
from .engine import CpuEngine
from .state import EVENTS

__all__ = ["Copies"]


class Copies:
    """Copies of an image that one worker runs side by side.

    Parameters
    ----------
    image : ChipImage
        Image of a single copy.
    engine : Engine
        From :meth:`~neurochip.emulator.cpu.engine.CpuEngine.of_copies`.
    columns : Columns
        Compartments to record in each copy.
    look : callable
        Called several times during a run, with a number of steps; an exception from it ends the
        run.
    """

    def __init__(
        self,
        image: ChipImage,
        engine: CpuEngine,
        columns: Columns,
        look: Callable[[int], object],
    ) -> None:
        self._image, self._engine, self._columns, self._look = image, engine, columns, look
        self._position = engine.start()
        self.inputs = InputLists(engine.copies)
        self.writes: list[Writes | None] = []
        self._fan_out = np.zeros(image.n_compartments, dtype=np.int64)
        for group in image.synapses:
            if group.source == "compartments":
                self._fan_out += np.diff(group.indptr)

    def run(self) -> Iterator[Registers]:
        """Run all copies; yield the registers of each copy that was given a run."""
        rows, added = self.inputs.take()
        given = [item for item in self.writes if item is not None]
        self.writes.clear()
        size, n_steps = self._image.n_compartments, rows.n_steps
        firsts = np.arange(self._engine.copies, dtype=np.int32)[:, None] * size
        self._engine.rewind(self._position)
        joint = self._engine.run(
            self._position,
            rows,
            {key: (ids + firsts).ravel() for key, ids in self._columns.items()},
            writes=JointWrites(given, size) if given else None,
            report=self._look,
        )
        counts = self._position.state.counters[:, 1:].sum(axis=0)
        steps, ids = np.empty_like(joint.steps), np.empty_like(joint.ids)
        ends = np.cumsum(np.bincount(joint.ids // size, minlength=self._engine.copies))
        starts = ends - np.diff(ends, prepend=0)
        _take_apart(
            joint.steps,
            joint.ids,
            size,
            n_steps - 1,
            self._fan_out,
            starts.copy(),
            steps,
            ids,
            counts[:, EVENTS.index("synaptic_events")],
        )
        counts[:, EVENTS.index("updates")] = n_steps * size
        counts[:, EVENTS.index("spikes")] = ends - starts
        traces = {
            key: np.split(values, self._engine.copies, axis=1)
            for key, values in joint.traces.items()
        }
        overflows: list[Int32Array | None] = [None] * self._engine.copies
        if joint.overflows is not None:
            parts = np.split(joint.overflows, self._engine.copies)
            overflows = [part if part.any() else None for part in parts]
        for copy in range(added):
            mine = slice(starts[copy], ends[copy])
            yield Registers(
                first_step=0,
                n_steps=n_steps,
                steps=steps[mine].copy(),  # a view would keep the spikes of all copies in memory
                ids=ids[mine].copy(),
                held=joint.held[:size],
                refractory=self._image.compartments.refractory,
                traces={key: values[copy] for key, values in traces.items()},
                events=dict(zip(EVENTS, counts[copy].tolist(), strict=False)),
                overflows=overflows[copy],
            )


@kernel
def _take_apart(
    joint_steps: Any,
    joint_ids: Any,
    size: Any,
    last_step: Any,
    fan_out: Any,
    cursor: Any,
    steps: Any,
    ids: Any,
    events: Any,
) -> None:
    """Write the spikes of each copy at its cursor, and count their synaptic events.

    Spikes of the last step are not counted: the next step would deliver them.
    """
    for k in range(len(joint_ids)):
        copy = joint_ids[k] // size
        own = joint_ids[k] - copy * size
        steps[cursor[copy]] = joint_steps[k]
        ids[cursor[copy]] = own
        cursor[copy] += 1
        if joint_steps[k] < last_step:
            events[copy] += fan_out[own]
