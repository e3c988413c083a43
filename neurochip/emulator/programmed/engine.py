"""The engine that runs an image with neuron programs: its order, tables, kernels and buffers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._support.csr import starts_of
from ...errors import ChipOverflowError, EmulatorError
from ...image import ChipImage
from ...learning.terms import POST
from ...programs import NeuronProgram
from ...typing import Int8Array, Int32Array, Int64Array
from ..engine import Columns, Engine, Registers, steps_per_call, work_of_step
from ..learning_run import PLAIN_RUN, LearningRun
from ..overflows import first_overflow_message
from ..potential import potential_registers
from ..spikes import NONE, InputRows
from ..writes import Writes
from .counting import COUNTED, counting_of
from .generate import HOST_PARAMETER, tile_kernels
from .layout import build_tables
from .limits import voltage_limits
from .loop import loop_of
from .order import order_of, plain_compartments
from .pairs import without_pairs
from .plastic_run import PlasticRun
from .position import Position, new_state
from .state import BiasRows, Outputs, State
from .transfer import transfer
from .update import group_kernel

__all__ = ["ProgrammedEngine", "needs_programs"]

_REGISTERS = {"u_child": "u2"}  # the first of two receptors, in a program with two inputs
_SPIKE_BUFFER = 1 << 20  # spikes: 8 MB
_WORK_PER_CALL = 50_000_000  # about 0.1 s between two updates of progress and checks for Ctrl-C


def needs_programs(image: ChipImage) -> bool:
    """Return whether an image has what only this engine runs: programs, periodic resets, rules."""
    return bool(image.programs or image.resets or image.learning)


class ProgrammedEngine(Engine[Position]):
    """An image whose neurons run programs, on one thread.

    Parameters
    ----------
    image : ChipImage
        Image to run.

    Raises
    ------
    EmulatorError
        If the image has noise, a child of joined compartments does more than to add to its parent,
        or the image is too large.
    """

    def __init__(self, image: ChipImage) -> None:
        _check(image)
        self.image = image
        self._parents, plain = image.compartments.parents, without_pairs(image)
        self._order = order_of(plain, plain_compartments(image))
        self._tables, self._plastic = build_tables(plain, self._order)
        graded = np.array([part.program.payload_bits > 0 for part in self._order.parts])
        self._graded = graded[self._order.part]
        counters = self._order.places("held", np.arange(image.n_compartments))
        self._holding = np.flatnonzero(counters >= 0)
        self._counters = counters[self._holding]
        self._work = work_of_step(image) + sum(group.work for group in self._plastic)
        self._refractory = image.compartments.refractory.copy()
        for group in plain.programs:
            if "refractory" in group.program.parameters:
                row = list(group.program.parameters).index("refractory")
                self._refractory[group.compartments] = group.parameters[row]

    @functools.cached_property
    def _loop(self) -> Any:
        core, kernels = self.image.chip.core, []
        for part in self._order.parts:
            counting = counting_of(part.program, core, part.own)
            kernels.append(group_kernel(tile_kernels(part.program, core.input_bits, counting)))
        shares = len(self._tables.shared.uses) > 0
        return loop_of(tuple(kernels), learns=bool(self._plastic), shares=shares)

    def __getstate__(self) -> dict[str, object]:
        """Return everything but the kernels, which the programs give again."""
        return {name: value for name, value in vars(self).items() if name != "_loop"}

    def start(self) -> Position:
        """Return the position at step 0: initial state, no spikes in transit."""
        learned = tuple(group.state() for group in self._plastic)
        return Position(new_state(self._order, self._tables), learned=learned)

    def rewind(self, position: Position) -> None:
        """Bring a position back to step 0."""
        position.rewind(self._order, self._plastic)

    def reprogram(self, image: ChipImage, position: Position) -> tuple[ProgrammedEngine, Position]:
        """Return engine and position with another image: see ``Emulator.reprogram``."""
        other = ProgrammedEngine(image)
        start = other.start()
        images, orders = (self.image, image), (self._order, other._order)
        tables, plastic = (self._tables, other._tables), (self._plastic, other._plastic)
        return other, transfer(position, images, orders, tables, plastic, start)

    def set_v(self, position: Position, population: str, ids: Any, v: Any) -> None:
        """Set the membrane potential of some neurons: see ``Emulator.set_v``."""
        tiles = position.state.tiles
        everyone = np.arange(self.image.n_compartments)
        places, counters = (self._order.places(name, everyone) for name in ("v", "held"))
        held = np.where(counters < 0, 0, tiles[counters])
        own, values = potential_registers(
            self.image, population, ids, v, held, voltage_limits(self.image)
        )
        lacking = own[places[own] < 0]
        if lacking.size:
            raise EmulatorError(
                f"emulator: population {population!r} runs the program "
                f"{self._program(lacking[0])!r}, which has no register 'v'; allowed: populations "
                "that have one."
            )
        tiles[places[own]] = values

    def read(self, position: Position, index: int, variable: str) -> Int32Array:
        """Return a variable of the synapses of a group that learns, by number."""
        return self._plastic[index].values(position.learned[index], variable)

    def write(self, position: Position, index: int, variable: str, values: Int32Array) -> None:
        """Write a variable of the synapses of a group that learns, by number."""
        self._plastic[index].write(position.learned[index], variable, values)

    def set_given(self, position: Position, index: int, variable: str, values: Int32Array) -> None:
        """Set a given trace of a group that learns for good: one value, or one for each target."""
        position.overridden |= {(index, variable)}
        position.learned[index].y[POST.index(variable)] = values

    def _program(self, compartment: int) -> str:
        program: NeuronProgram = self._order.parts[self._order.part[compartment]].program
        return program.name

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
        """Run from a position and move it: see :meth:`neurochip.emulator.engine.Engine.run`."""
        del draws, seed, threads  # there is no noise, and one thread
        first, n_steps, state = position.step, rows.n_steps, position.state
        held = self._held(state.tiles)
        inputs = position.begin(rows)
        state.events[0] = 0
        if state.first_overflow[0] >= 0:  # in the last run
            state.overflows[:] = 0
            state.first_overflow[:] = -1
        places = [self._recorded(key[-1], ids) for key, ids in columns.items()]
        every_place = np.concatenate([np.empty(0, dtype=np.int64), *places])
        values = np.empty((n_steps, len(every_place)), dtype=np.int32)
        n_lanes = len(self._order.compartment)
        room = max(n_lanes, min(_SPIKE_BUFFER, n_steps * n_lanes))
        listed = np.empty((2, room), dtype=np.int32)
        spikes: list[tuple[Int32Array, Int32Array, Int32Array]] = []
        rewards = () if self.image.learning is None else self.image.learning.rewards
        planned = [
            each for each in rewards if (each.group, each.variable) not in position.overridden
        ]
        run = PlasticRun(self._plastic, position.learned, learning, planned, first, n_steps)
        per_call = min(steps_per_call(self._work, _WORK_PER_CALL, writes), run.steps_per_call)
        index = 0
        while index < n_steps:
            stop = min(n_steps, index + per_call)
            ends = np.zeros(stop - index + 1, dtype=np.int64)
            output = Outputs(index, listed[0], listed[1], ends, every_place, values)
            self._loop(
                stop,
                first,
                self.image.n_inputs,
                inputs,
                self._writes(writes, index, stop),
                strict,
                self._tables,
                state,
                output,
                run.call(first + index, first + stop),
            )
            begun, index = index, position.step - first
            spikes.append(self._listed(output, first, index))
            report(index - begun)
            if strict and state.first_overflow[0] >= 0:
                raise ChipOverflowError(self._message(state.first_overflow))
        steps, ids, payloads = (np.concatenate(part) for part in zip(*spikes, strict=True))
        ends = starts_of([len(part) for part in places]).tolist()
        return Registers(
            first_step=first,
            n_steps=n_steps,
            steps=steps,
            ids=ids,
            payloads=payloads if self._graded.any() else None,
            graded=self._graded if self._graded.any() else None,
            held=held,
            refractory=self._refractory,
            traces={
                key: values[:, begin:end]
                for key, begin, end in zip(columns, ends[:-1], ends[1:], strict=True)
            },
            events={
                "synaptic_events": int(state.events[0]),
                "updates": n_steps * self.image.n_compartments,
                "spikes": len(ids),
                "graded_spikes": int(np.count_nonzero(self._graded[ids])),
            },
            overflows=self._overflows(state),
            kinds=COUNTED,
            **run.results(),
        )

    def _recorded(self, variable: str, compartments: Int32Array) -> Int64Array:
        """Return the places of the registers of a trace; u of a child is that of its parent."""
        parents = self._parents[compartments]
        if variable == "v" and (parents >= 0).any():
            child = compartments[np.argmax(parents >= 0)]
            raise EmulatorError(
                f"emulator: v of compartment {child}, the child of a pair, is not computed beside "
                "programs, periodic resets and learning; allowed: 'u' of all, and Probe('v', "
                "ids=...) of others."
            )
        places = self._order.places(_REGISTERS.get(variable, variable), compartments)
        own = self._order.places("u2", np.maximum(parents, 0))
        return np.where(parents >= 0, own, places)

    def _writes(self, writes: Writes | None, begin: int, stop: int) -> BiasRows:
        """Return the writes of some steps by their place in the tiles."""
        if writes is None:
            starts = np.zeros(stop - begin + 1, dtype=np.int64)
            return BiasRows(starts, np.empty(0, dtype=np.int64), NONE)
        rows = writes.rows(begin, stop)
        places = self._order.places(HOST_PARAMETER, rows.compartments)
        ranges = [part.program.parameters.get(HOST_PARAMETER, (0, 0)) for part in self._order.parts]
        low, high = np.array(ranges)[self._order.part[rows.compartments]].T
        wrong = (places < 0) | (rows.values < low) | (rows.values > high)
        if wrong.any():
            first = int(np.argmax(wrong))
            compartment = int(rows.compartments[first])
            lacks = f"which has no parameter {HOST_PARAMETER!r}; allowed: compartments that do."
            beyond = (
                f"{HOST_PARAMETER} = {rows.values[first]}; allowed: {low[first]} to {high[first]}."
            )
            raise EmulatorError(
                f"emulator: a write to compartment {compartment} with the program "
                f"{self._program(compartment)!r}, {lacks if places[first] < 0 else beyond}"
            )
        return BiasRows(rows.starts, places, rows.values)

    def _listed(
        self, output: Outputs, first: int, index: int
    ) -> tuple[Int32Array, Int32Array, Int32Array]:
        """Return step, compartment and payload of the spikes of a call."""
        done = index - output.first_index
        counts, total = np.diff(output.ends[: done + 1]), int(output.ends[done])
        numbers = np.arange(first + output.first_index, first + index, dtype=np.int32)
        steps = np.repeat(numbers, counts)
        ids, payloads = output.ids[:total].copy(), output.payloads[:total].copy()
        return steps, ids, payloads

    def _held(self, tiles: Int32Array) -> Int32Array:
        """Return the refractory counters of all compartments; 0 for a program that has none."""
        held = np.zeros(self.image.n_compartments, dtype=np.int32)
        held[self._holding] = tiles[self._counters]
        return held

    def _overflows(self, state: State) -> Int32Array | None:
        if state.first_overflow[0] < 0:
            return None
        return state.overflows[self._order.lane]

    def _message(self, first_overflow: Int64Array) -> str:
        step, compartment, bits = first_overflow.tolist()
        kind = next(name for bit, name in enumerate(COUNTED) if bits >> bit & 1)
        return first_overflow_message(self.image, step, compartment, kind)


def _check(image: ChipImage) -> None:
    what = "programs" if image.programs else "periodic resets" if image.resets else "learning"
    if image.noise is not None:
        raise EmulatorError(f"emulator: the image has {what} and noise; allowed: one of the two.")
