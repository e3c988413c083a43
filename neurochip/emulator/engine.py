"""The interface between the emulator and an engine: input spikes in, registers out.

An engine handles integers only. The emulator adds names, units and recordings
(:mod:`neurochip.emulator.plan`, :mod:`neurochip.emulator.decode`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Protocol, TypeVar

import numpy as np

from ..chip.registers import OVERFLOWS
from ..image import ChipImage
from ..typing import BoolArray, Int8Array, Int32Array
from .learning_run import PLAIN_RUN, LearningRun, Samples, join_counts, join_samples
from .spikes import InputRows
from .writes import Writes

__all__ = [
    "Columns",
    "Engine",
    "Position",
    "Registers",
    "join_registers",
    "steps_per_call",
    "work_of_step",
]

_WRITES_PER_CALL = 1 << 21  # bias registers written per call of a kernel: 16 MB, or 24 MB as places

Columns = Mapping[tuple[str, ...], Int32Array]
"""Compartments to record by what they are recorded for; a key ends with the name of a register."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Registers:
    """Integer results of a run.

    ``steps`` and ``ids`` are the spikes (step, compartment), sorted; ``held`` is the refractory
    counter of each compartment before the first step; ``traces`` holds int32 arrays of shape
    (n_steps, n_ids). ``overflows`` has for each compartment the numbers of its overflows, in the
    order of ``kinds``; None if there are none. ``events`` are the other counters. ``payloads`` has
    the payload of each spike, and ``graded`` tells which compartments send payloads; None if none
    does. ``synaptic`` has the samples of groups that learn, by number and variable, and
    ``learning`` their counters.
    """

    first_step: int
    n_steps: int
    steps: Int32Array
    ids: Int32Array
    held: Int32Array
    refractory: Int32Array
    traces: Mapping[tuple[str, ...], Int32Array]
    events: Mapping[str, int]
    overflows: Int32Array | None
    kinds: tuple[str, ...] = tuple(OVERFLOWS)
    payloads: Int32Array | None = None
    graded: BoolArray | None = None
    synaptic: Mapping[tuple[int, str], Samples] = field(default_factory=dict)
    learning: Mapping[int, Mapping[str, int]] = field(default_factory=dict)

    @property
    def counters(self) -> dict[str, int]:
        """All counters of the run by name: overflows of all compartments, then events."""
        totals = [0] * len(self.kinds)
        if self.overflows is not None:
            totals = self.overflows.sum(axis=0, dtype=np.int64).tolist()
        return {**dict(zip(self.kinds, totals, strict=True)), **self.events}


def join_registers(parts: Sequence[Registers]) -> Registers:
    """Return the results of consecutive runs, at least one, as those of one run."""
    if len(parts) == 1:
        return parts[0]
    head, overflows = parts[0], [part.overflows for part in parts if part.overflows is not None]
    return replace(
        head,
        n_steps=sum(part.n_steps for part in parts),
        steps=np.concatenate([part.steps for part in parts]),
        ids=np.concatenate([part.ids for part in parts]),
        payloads=None
        if head.payloads is None
        else np.concatenate([part.payloads for part in parts if part.payloads is not None]),
        traces={key: np.concatenate([part.traces[key] for part in parts]) for key in head.traces},
        events={key: sum(part.events[key] for part in parts) for key in head.events},
        overflows=np.sum(overflows, axis=0, dtype=np.int32) if overflows else None,
        synaptic=join_samples([part.synaptic for part in parts]),
        learning=join_counts([part.learning for part in parts]),
    )


def work_of_step(image: ChipImage) -> int:
    """Return the work of a step, in updates of a compartment, to plan calls of a kernel."""
    return image.n_compartments + image.n_synapses // 50


def steps_per_call(work: int, most_work: int, writes: Writes | None) -> int:
    """Return how many steps a call of a kernel runs, at least one.

    ``work`` is that of a step, and ``most_work`` that of a call: Ctrl-C is handled between calls.
    """
    steps = most_work // (work + 1000)
    if writes is not None and writes.per_step:
        steps = min(steps, _WRITES_PER_CALL // writes.per_step)
    return max(1, steps)


class Position(Protocol):
    """State of a run between two steps; the engine decides where the registers are stored."""

    lock: Lock
    """Held by the thread that moves the position."""

    @property
    def step(self) -> int:
        """The step that runs next.

        Raises
        ------
        EmulatorError
            If the registers were left inconsistent by an interruption.
        """

    def turn(self) -> Lock:
        """Return the lock for a ``with`` block; raise an error if the position is being moved."""

    def pending_inputs(self) -> Int32Array:
        """Return the inputs whose spikes the next step delivers."""


P = TypeVar("P", bound=Position)


class Engine(Protocol[P]):
    """Runs one image on one kind of hardware, with the same results as every other engine."""

    image: ChipImage

    def start(self) -> P:
        """Return the position at step 0: initial v, no current, no spikes in transit."""

    def rewind(self, position: P) -> None:
        """Bring a position back to step 0."""

    def reprogram(self, image: ChipImage, position: P) -> tuple[Engine[P], P]:
        """Return an engine of another image, and its position: see ``Emulator.reprogram``.

        Raises
        ------
        EmulatorError
            If the images differ in more than values, or spikes in transit do not fit.
        """

    def set_v(self, position: P, population: str, ids: Any, v: Any) -> None:
        """Set the membrane potential of some neurons: see ``Emulator.set_v``.

        Raises
        ------
        EmulatorError
            If a name, a neuron or a value is not allowed.
        """

    def run(
        self,
        position: P,
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
        """Run from a position, and move the position.

        Parameters
        ----------
        position : Position
            From :meth:`start` of this engine.
        rows : InputRows
            Input spikes of all steps, including the spikes pending at the position.
        columns : mapping
            Compartments to record; the key of each entry ends with the name of its register.
        writes : Writes, optional
            Bias registers to write during the run. They keep their values after it.
        draws : ndarray of int8, optional
            Raw noise, shape (n_steps, n_compartments).
        seed : int, optional
            Seed of the noise, instead of the one in the image.
        strict : bool
            Raise at the end of the first step in which a register overflows.
        report : callable
            Called with the number of steps done since the last call.
        threads : int, optional
            Number of threads, at most that of the engine. Default: that of the engine.
        learning : LearningRun
            What groups that learn are given, and what is recorded of them.

        Raises
        ------
        ChipOverflowError
            If ``strict`` and a register overflows.
        """
