"""The state of a run between two steps, kept consistent under Ctrl-C.

Ctrl-C can interrupt Python between any two instructions, but it cannot interrupt a kernel. So the
kernel that changes the registers also moves their clock, and the spikes that the next step delivers
are found from the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..._kernels.pace import Pace
from ...image import ChipImage
from ...typing import Int32Array
from ..position import UNDERWAY, AnyPosition
from ..spikes import NONE, InputRows
from .state import RunBuffers, RunState, TileRow, bias_of, rewind, write_row

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
class Position(AnyPosition):
    """The registers, the next step, and the spikes that it delivers.

    ``pace`` chooses the calls of the runs. ``lists`` is a buffer for spikes that all runs reuse:
    allocating it takes as long as many steps of a small network. ``bias`` is the bias of each
    compartment, or None if none was ever written.
    """

    state: RunState
    pace: Pace = field(default_factory=lambda: Pace(1))
    lists: Int32Array = field(default_factory=lambda: NONE)
    call: Call = field(default_factory=Call)
    bias: Int32Array | None = None

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
