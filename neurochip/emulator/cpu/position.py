"""The state of a run between two steps, kept consistent under Ctrl-C.

Ctrl-C can interrupt Python between any two instructions, but it cannot interrupt a kernel. So the
kernel that changes the registers also moves their clock, and the spikes that the next step delivers
are found from the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

import numpy as np

from ...errors import EmulatorError
from ...image import ChipImage
from ...typing import Int32Array
from ..spikes import NONE, InputRows
from .state import UNDERWAY, RunBuffers, RunState, TileRow, bias_of, rewind, write_row

__all__ = ["Position"]


class Call(NamedTuple):
    """A call of the kernel that begins at ``step``.

    This step delivers the spikes of ``inputs`` and ``compartments``. Later steps deliver the spikes
    in ``rows`` and those that the kernel writes to ``output``.
    """

    step: int = 0
    inputs: Int32Array = NONE
    compartments: Int32Array = NONE
    rows: InputRows | None = None
    output: RunBuffers | None = None


@dataclass(eq=False)
class Position:
    """The registers, the next step, and the spikes that it delivers.

    A thread that moves the position holds its ``lock``. ``lists`` is a buffer for spikes that all
    runs reuse: allocating it takes as long as many steps of a small network. ``bias`` is the bias
    of each compartment, or None if none was ever written.
    """

    state: RunState
    lock: Lock = field(default_factory=Lock)
    lists: Int32Array = field(default_factory=lambda: NONE)
    call: Call = field(default_factory=Call)
    bias: Int32Array | None = None

    @property
    def step(self) -> int:
        """The step that runs next.

        Raises
        ------
        EmulatorError
            If an interruption left the registers inconsistent; :meth:`rewind` repairs this.
        """
        step = int(self.state.clock[0])
        if step == UNDERWAY:
            raise EmulatorError(
                "emulator: it was interrupted while its registers changed, so they are "
                "inconsistent; call reset() to start again."
            )
        return step

    def turn(self) -> Lock:
        """Return the lock, for a ``with`` block that moves the position.

        Raises
        ------
        EmulatorError
            If the position is being moved.
        """
        if self.lock.locked():
            raise EmulatorError(
                "emulator: it is running, in another thread, or in the process that this one was "
                "forked from; allowed: one run at a time. Make an Emulator for each thread, use "
                "run_batch, or call reset() to start again."
            )
        return self.lock

    def __getstate__(self) -> dict[str, object]:
        """Return the state for a copy: everything except the lock."""
        with self.turn():
            return {**vars(self), "lock": None}

    def __setstate__(self, values: dict[str, object]) -> None:
        vars(self).update(values, lock=Lock())

    def pending_inputs(self) -> Int32Array:
        """Return the inputs whose spikes the next step delivers."""
        return self.settle().inputs

    def begin(self, rows: InputRows, output: RunBuffers) -> None:
        """Begin a call: put the spikes of the step before at the start of the kernel's lists.

        ``output`` may use the same memory as the lists of the last call.
        """
        call = self.settle()
        self.call = Call(call.step, call.inputs, call.compartments, rows, output)
        output.ends[0, 1] += len(call.compartments)
        output.spikes[: len(call.compartments)] = call.compartments

    def settle(self) -> Call:
        """Copy the spikes that the next step delivers from the last call, and release its lists."""
        call = self.call
        if call.output is None or call.rows is None:
            return call
        step, inputs, compartments = self.step, call.inputs, call.compartments
        done = step - call.step
        if done:
            index = call.output.first_index + done
            begin, end = call.rows.starts[0, index : index + 2]
            inputs = call.rows.sources[begin:end].copy()
            bounds = call.output.ends[:, done : done + 2].tolist()
            compartments = np.concatenate([call.output.spikes[a:b] for a, b in bounds])
        self.call = Call(step, inputs, compartments)
        return self.call

    def rewind(self, image: ChipImage) -> None:
        """Go back to step 0: initial v, no current, no spikes in transit."""
        self.state.clock[0] = UNDERWAY
        rewind(self.state, image)
        if self.bias is not None:
            write_row(self.state, TileRow.BIAS, bias_of(image))
            self.bias = None
        self.call = Call()
        self.state.clock[0] = 0
