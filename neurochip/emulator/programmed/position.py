"""The state of a run between two steps, kept consistent under Ctrl-C.

Ctrl-C can interrupt Python between any two instructions, but it cannot interrupt a kernel. The
kernel keeps the spikes of its last step with the registers and moves the clock with both, and the
inputs that the next step delivers are found from the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ...learning.layout import State as PlasticState
from ...typing import Int32Array, Int64Array
from ..cpu.layout import LANES
from ..cpu.memory import aligned, zeroed
from ..position import UNDERWAY, AnyPosition
from ..spikes import NONE, InputRows
from .counting import COUNTED
from .generate import Scratch
from .order import Order
from .plastic import PlasticGroup
from .state import Inputs, State, Tables

__all__ = ["Position", "new_state"]


class Call(NamedTuple):
    """A call of the kernel that begins at ``step``.

    This step delivers the input spikes of ``sources`` with ``payloads``, later ones those that
    ``inputs`` has for them.
    """

    step: int = 0
    sources: Int32Array = NONE
    payloads: Int32Array = NONE
    inputs: Inputs | None = None


@dataclass(eq=False)
class Position(AnyPosition):
    """The registers, the spikes of the last step, and the inputs that the next one delivers.

    ``learned`` has the weights and traces of each group that learns, and ``overridden`` are given
    traces that the host has set for good, as group and variable.
    """

    state: State
    learned: tuple[PlasticState, ...] = ()
    call: Call = field(default_factory=Call)
    overridden: frozenset[tuple[int, str]] = frozenset()

    def pending_inputs(self) -> Int32Array:
        """Return the inputs whose spikes the next step delivers."""
        return self.settle().sources

    def settle(self) -> Call:
        """Copy the input spikes that the next step delivers, and release those of the last call."""
        step, call = self.step, self.call
        sources, payloads = call.sources, call.payloads
        if call.inputs is not None and step > call.step:
            begin, end = call.inputs.starts[step - call.step :][:2].tolist()
            sources, payloads = (part[begin:end].copy() for part in call.inputs[:2])
        self.call = Call(step, sources, payloads)
        return self.call

    def begin(self, rows: InputRows) -> Inputs:
        """Begin a run on input spikes; its first row is the pending ones, unless inputs act early.

        If they do, the spikes of the first row that the last run did not know are put last. At step
        0 without it they are those of step -1, which are delivered and teach nothing.
        """
        call = self.settle()
        payloads = np.ones(len(rows.sources), np.int32) if rows.payloads is None else rows.payloads
        starts = rows.starts[0]
        first = slice(*starts[:2].tolist())
        if rows.lead:
            order, unknown, untaught = known_first(rows.sources[first], call.sources)
            rows.sources[first] = rows.sources[first][order]
            payloads[first] = payloads[first][order]
        else:
            payloads[first][: len(call.payloads)] = call.payloads
            unknown, untaught = 0 if call.step else first.stop - first.start, 0
        inputs = Inputs(rows.sources, payloads, starts, unknown, untaught)
        self.call = call._replace(inputs=inputs)
        return inputs

    def rewind(self, order: Order, plastic: Sequence[PlasticGroup]) -> None:
        """Go back to step 0: initial state and weights, no spikes in transit."""
        self.state.clock[0] = UNDERWAY
        self.state.tiles[:] = order.tiles
        self.state.ring[:] = 0
        self.state.n_sent[0] = 0
        for group, learned in zip(plastic, self.learned, strict=True):
            for now, start in zip(learned, group.start, strict=True):
                now[...] = start
        self.call, self.overridden = Call(), frozenset()
        self.state.clock[0] = 0


def known_first(sources: Int32Array, known: Int32Array) -> tuple[Int64Array, int, int]:
    """Return an order of spikes, and how many are unknown, and of a source without known ones.

    Known ones come first, then those of a source that is listed more often than it is known.
    """
    order = np.argsort(sources, kind="stable")
    ranked, begun = sources[order], np.sort(known)
    nth = np.arange(len(ranked)) - np.searchsorted(ranked, ranked)
    n_known = np.searchsorted(begun, ranked, "right") - np.searchsorted(begun, ranked)
    unknown, untaught = nth >= n_known, n_known == 0
    order = order[np.argsort(unknown.astype(int) + untaught, kind="stable")]
    return order, int(np.count_nonzero(unknown)), int(np.count_nonzero(untaught))


def new_state(order: Order, tables: Tables) -> State:
    """Return the state before step 0."""
    n_lanes = len(order.compartment)
    rows = Scratch.BEFORE + max(len(part.program.state) for part in order.parts)
    state = State(
        clock=zeroed(1, np.int64),
        tiles=aligned(len(order.tiles), np.int32),
        ring=zeroed(tables.ring_size, np.int64),
        sent=zeroed(n_lanes, np.int32),
        payloads=zeroed(n_lanes, np.int32),
        n_sent=zeroed(1, np.int64),
        marks=zeroed(-(-len(order.lane) // LANES), np.uint64),
        carried=zeroed(len(order.lane), np.int32),
        scratch=zeroed(rows * LANES, np.int32),
        counts=zeroed(len(COUNTED) * LANES, np.int32),
        events=zeroed(1, np.int64),
        overflows=np.zeros((n_lanes, len(COUNTED)), dtype=np.int32),
        first_overflow=np.full(3, -1, dtype=np.int64),
    )
    state.tiles[:] = order.tiles
    return state
