"""Run a network in float64 with any set of the chip's sources of error switched on."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._support.csr import rows_of
from .._support.grid import GRID_TOLERANCE
from ..image import ChipImage
from ..image.weights import decode_connections
from ..network import Network, Population, SpikeCounts
from ..network.binning import binned_windows
from ..network.step_current import total_current, waveforms_for
from ..recurrence import (
    KICKS,
    IdealPopulation,
    ideal_population,
    initial_current,
)
from ..reference.tables import TWO_CURRENTS, SynapseTable, flatten_neurons, flatten_synapses
from ..stimulus import Stimulus, count_steps
from ..typing import Float64Array, Int32Array, Int64Array
from .bias import bias_of
from .decoding import DecodedPopulation, decode_populations, decode_rules
from .kernels import N_SPIKES, NEXT_INPUT, run_steps
from .prepared import Prepared, by_slot, steps_of
from .reset import soft_registers
from .tables import Changes, FloatState, NeuronRegisters, SourceRows

__all__ = ["Model", "ModelRun"]

_SPIKE_BUFFER = 1 << 16
_WORK_PER_CALL = 20_000_000  # neuron updates, about 0.1 s; Ctrl-C is handled between calls
_DITHER_SEED = 0


@dataclass(frozen=True, eq=False)
class ModelRun:
    """Spikes and sampled potentials of one run, on the grid of the chip.

    Parameters
    ----------
    steps, ids, numbers : ndarray of int32, shape (n_spikes,)
        Step on the chip's grid, the neuron, counted through all populations, and how many spikes it
        emits at once.
    v : ndarray of float64, shape (n_steps, n_sampled), mV
        Potentials at the end of each step.
    """

    steps: Int32Array
    ids: Int32Array
    numbers: Int32Array
    v: Float64Array


class Model:
    """Runs a network with the registers of its image, each of them exact or rounded.

    Parameters
    ----------
    network : Network
        Network that was compiled.
    stimulus : Stimulus
        Spikes and currents of the inputs.
    image : ChipImage
        Compiled image of the network.
    substeps : int
        Number of fine steps in one step of the chip.
    sampled : dict of str to ndarray of int64
        Neurons of each population whose v is recorded.
    """

    def __init__(
        self,
        network: Network,
        stimulus: Stimulus,
        image: ChipImage,
        substeps: int,
        sampled: dict[str, Int64Array],
    ) -> None:
        self.network, self.image, self.sampled = network, image, sampled
        self.decoded = decode_populations(network, image)
        self.dt, self.substeps = image.report.dt, substeps
        self._feed(stimulus)
        # The factor that the compiler applied to each weight, and the registers of the synapses.
        self._compiled = [item.compiled for item in self.decoded.values()]
        self._synapses = flatten_synapses(decode_connections(network, image), self.dt)
        table = flatten_neurons(network, self.dt)
        self.bounds = table.bounds
        self._second = np.full(int(self.bounds[-1]), -1, dtype=np.int64)
        for begin, end, receptors, slot in zip(
            self.bounds[:-1], self.bounds[1:], table.receptors, table.second, strict=True
        ):
            if receptors >= TWO_CURRENTS:
                self._second[begin:end] = slot + np.arange(end - begin)
        self._sampled = np.concatenate(
            [
                first + np.asarray(sampled[item.name], dtype=np.int64)
                for item, first in zip(network.populations, self.bounds[:-1], strict=True)
            ]
        )

    def of(self, stimulus: Stimulus) -> Model:
        """Return the model for another stimulus."""
        other = copy.copy(self)
        other._feed(stimulus)
        return other

    def _feed(self, stimulus: Stimulus) -> None:
        self.stimulus = stimulus
        self.n_steps = count_steps(stimulus.duration, self.dt)
        count_steps(stimulus.duration, self.dt / self.substeps)  # raises if there are too many
        self._inputs: dict[bool, list[tuple[int, Int32Array, Int32Array]]] = {}
        self._known: dict[bytes, ModelRun] = {}
        timed = [item for item in self.network.populations if self.network.step_currents(item)]
        sizes = [(item.name, item.size) for item in timed]
        waveforms = waveforms_for(stimulus.currents, sizes)
        self._driven = {item.name: own for item, own in zip(timed, waveforms, strict=True)}

    def run(self, on: Iterable[str]) -> ModelRun:
        """Run with these sources switched on; equal tables are run only once."""
        prepared = self.prepare(on)
        if prepared.digest not in self._known:
            self._known[prepared.digest] = self.run_prepared(prepared)
        return self._known[prepared.digest]

    def prepare(self, on: Iterable[str]) -> Prepared:
        """Return the tables for a run with these sources switched on.

        They depend on the stimulus only through its length and its currents.
        """
        sources = frozenset(on)
        grid = "time step" in sources
        ideals = [self._ideal(item, sources) for item in self.network.populations]
        cells, gains, origin = self._cells(ideals, sources)
        changes = self._changes(ideals, sources)
        rows = self._rows(gains, sources)
        rules = decode_rules(
            self.image, truncates="truncation" in sources, overflows="overflow" in sources
        )
        key = hashlib.sha256(repr((grid, rules)).encode())
        soft = soft_registers(ideals, self.decoded, "threshold" in sources)
        for array in (*cells, *(soft or ()), *rows, *(changes or ())):
            key.update(np.ascontiguousarray(array).data)
        return Prepared(cells, soft, changes, rows, rules, origin, grid, key.digest())

    def _step(self, sources: frozenset[str]) -> float:
        return self.dt if "time step" in sources else self.dt / self.substeps

    def _ideal(self, population: Population, sources: frozenset[str]) -> IdealPopulation:
        """Return exact registers on the grid of the run; "event order" selects that of kicks."""
        ideal = ideal_population(self.network, population, self._step(sources))
        if population.model.delta_synapses or ideal.kicked:
            waits = self.dt if "event order" in sources else self.dt / self.substeps
            gain = ideal_population(self.network, population, waits).receptors[KICKS].gain
            kicks, *currents = ideal.receptors
            ideal = replace(ideal, receptors=(replace(kicks, gain=gain), *currents))
        return ideal

    def _cells(
        self, ideals: list[IdealPopulation], sources: frozenset[str]
    ) -> tuple[NeuronRegisters, list[list[Float64Array]], Float64Array]:
        """Return registers of all neurons, receptor gains (LSB per weight unit), and origins."""
        columns: dict[str, list[Any]] = {}
        gains, seconds, starts, origin = [], [], [], []
        for ideal in ideals:
            decoded = self.decoded[ideal.population.name]
            scale = decoded.lsb_per_mv
            own = self._registers(ideal, decoded, sources)
            for name, values in own.items():
                columns.setdefault(name, []).append(values)
            exact = [item.keep_u for item in ideal.receptors]
            kept = list(decoded.registers.keep_u) if "decay_u" in sources else exact
            columns.setdefault("keep_u", []).append(kept[-1])
            per_mv = decoded.gains(
                ideal, decay_v="decay_v" in sources, decay_u="decay_u" in sources
            )
            gains.append([gain * scale for gain in per_mv])
            if "initial state" in sources:
                begin = list(decoded.registers.u_init)
            else:
                chosen = decoded.chosen_u if "decay_u" in sources else kept
                begin = [
                    initial_current(item.start * gain, keep, ideal.population)
                    for item, gain, keep in zip(ideal.receptors, gains[-1], chosen, strict=True)
                ]
            columns.setdefault("u_init", []).append(begin[-1])
            if len(kept) > 1:
                seconds.append(kept[0])
                starts.append(begin[0])
            origin.append(ideal.origin)
        joined: dict[str, Any] = {name: np.concatenate(parts) for name, parts in columns.items()}
        joined["keep_u"] = np.concatenate([joined["keep_u"], *seconds])
        joined["u_init"] = np.concatenate([joined["u_init"], *starts])
        return NeuronRegisters(second=self._second, **joined), gains, np.concatenate(origin)

    def _registers(
        self, ideal: IdealPopulation, decoded: DecodedPopulation, sources: frozenset[str]
    ) -> dict[str, Any]:
        scale, registers = decoded.lsb_per_mv, decoded.registers
        keep_v = registers.keep_v if "decay_v" in sources else ideal.keep_v
        bias = bias_of(ideal, decoded, sources)
        threshold = ideal.threshold * scale
        if "threshold" in sources:
            # Neurons that never spike have a threshold that v cannot exceed, because it is clipped.
            reached = ideal.population.model.spiking | (registers.threshold < registers.v_high)
            threshold = np.where(reached, registers.threshold, np.inf)
        refractory, v_release, v_share = self._refractory(ideal, decoded, sources)
        return {
            "keep_v": keep_v,
            "bias": bias,
            "threshold": threshold,
            "v_init": registers.v_init if "initial state" in sources else ideal.v_init * scale,
            "refractory": refractory,
            "v_release": v_release * scale,
            "v_share": v_share,
            "kicks_lost": np.full(
                len(v_share), ideal.keeps_kicks and "refractory register" not in sources
            ),
            "v_low": registers.v_low,
            "v_high": registers.v_high,
        }

    def _changes(self, ideals: list[IdealPopulation], sources: frozenset[str]) -> Changes | None:
        """Return bias and v at release under the currents in steps of the stimulus."""
        if not self._driven:
            return None
        n_steps = round(self.n_steps * self.dt / self._step(sources))
        parts = []
        for ideal, first in zip(ideals, self.bounds[:-1].tolist(), strict=True):
            name, size = ideal.population.name, ideal.population.size
            if name not in self._driven:
                continue
            decoded, waveforms = self.decoded[name], self._driven[name]
            steps, current = total_current(waveforms, self._step(sources), 0, n_steps, whole=True)
            assert decoded.drive is not None
            held = decoded.drive.bias(current, self.image.chip.core).astype(np.float64)
            change = current - ideal.step_mean
            bias = bias_of(ideal, decoded, sources, change, held)
            _, v_release, _ = self._refractory(ideal, decoded, sources, change)
            shape = (len(steps), size)
            parts.append(
                (
                    np.repeat(steps, size),
                    np.tile(np.arange(first, first + size), len(steps)),
                    np.broadcast_to(bias, shape).ravel(),
                    np.broadcast_to(v_release * decoded.lsb_per_mv, shape).ravel(),
                )
            )
        steps, ids, bias, v_release = (np.concatenate(part) for part in zip(*parts, strict=True))
        starts, order = rows_of(steps, n_steps)
        return Changes(starts, ids[order], bias[order], v_release[order])

    def _refractory(
        self,
        ideal: IdealPopulation,
        decoded: DecodedPopulation,
        sources: frozenset[str],
        change: Float64Array | float = 0.0,
    ) -> tuple[Int64Array, Float64Array, Float64Array]:
        """Return the register, v at release (mV above the origin), and the next input's share.

        ``change`` is a current (nA) more than the mean. If the origin is one leak step after the
        reset, it moves with the current; a register of v cannot, which counts as an error of bias.
        """
        population = ideal.population
        follows = ideal.kicks_decay and "bias" not in sources
        none, all_of_it = np.zeros(population.size), np.ones(population.size)
        none = none + ideal.per_na * change if follows else none
        lag = self.network.refractory_lag
        whole = np.maximum(self.network.refractory_steps(population, self.dt) - lag, 0)
        grid, rounded = "time step" in sources, "refractory steps" in sources
        if "refractory register" in sources:  # only with the sources of the grid
            return decoded.registers.refractory, none, all_of_it
        if grid == rounded:
            return ideal.refractory, none, all_of_it
        if rounded:  # whole steps of the chip, on the fine grid
            longer = np.maximum(whole * self.substeps, 1) - np.maximum(ideal.period, 1)
            return ideal.refractory + longer, none, all_of_it
        # On the chip's grid a neuron that resumes within a step leaks only for the rest of that
        # step. The model leaks for a whole step, from a v further away from the steady level.
        left = population.parameter("tau_refrac") / self.dt - whole
        rounded_up = left < -GRID_TOLERANCE  # the period ends within its last step
        register, left = ideal.refractory - rounded_up, np.clip(left + rounded_up, 0.0, 1.0)
        if not population.model.leaky:
            return register, none - left * (ideal.bias + ideal.per_na * change), 1 - left
        get = population.parameter
        level = ideal.v_inf + get("tau_m") / get("cm") * change
        above = get("v_reset") - level
        away = np.exp(left * self.dt / get("tau_m"))
        if ideal.kicks_decay:
            away *= ideal.keep_v
        return register, level + above * away - ideal.origin, 1 - left

    def _rows(self, gains: list[list[Float64Array]], sources: frozenset[str]) -> SourceRows:
        step = self._step(sources)
        table = flatten_synapses(self.network, step)
        weight = table.weight * by_slot(gains)[table.target]
        if "weights" in sources:
            ratio = by_slot(gains) / by_slot(self._compiled)  # 1 where both decays are rounded
            weight = self._synapses.weight * ratio[table.target]
        return SourceRows(table.indptr, table.target, weight, self._delays(table, sources))

    def _delays(self, table: SynapseTable, sources: frozenset[str]) -> Int64Array:
        if "delay register" in sources:  # only with the sources of the grid
            return steps_of(self._synapses)
        grid, rounded = "time step" in sources, "delays" in sources
        if grid == rounded or not len(table.delay):
            return steps_of(table)
        if rounded:
            return steps_of(flatten_synapses(self.network, self.dt)) * self.substeps
        # The grid has no fractional delays: round each at random, so that the mean is exact.
        exact = flatten_synapses(self.network, self.dt / self.substeps).delay / self.substeps
        whole = np.floor(exact)
        up = np.random.default_rng(_DITHER_SEED).random(len(exact)) < exact - whole
        return np.asarray(whole + up, dtype=np.int64)

    def run_prepared(self, prepared: Prepared) -> ModelRun:
        """Run with tables of this model, or of one whose stimulus has the same currents."""
        cells, soft, changes, rows, rules, origin, grid, _ = prepared
        every = 1 if grid else self.substeps
        n_steps, n_slots = self.n_steps * every, len(cells.keep_u)
        state = FloatState(
            u=cells.u_init.copy(),
            v=cells.v_init.copy(),
            held=np.zeros(len(cells.v_init), dtype=np.int64),
            ring=np.zeros((int(rows.delay.max(initial=0)) + 1, n_slots)),
            spike_steps=np.empty(len(cells.v_init) + _SPIKE_BUFFER, dtype=np.int32),
            spike_ids=np.empty(len(cells.v_init) + _SPIKE_BUFFER, dtype=np.int32),
            spike_numbers=np.empty(len(cells.v_init) + _SPIKE_BUFFER, dtype=np.int32),
            position=np.zeros(4, dtype=np.int64),
            sampled=self._sampled,
            samples=np.empty((self.n_steps, len(self._sampled))),
        )
        first = self.network.input_lead > 0
        ahead = 1 + _WORK_PER_CALL // (len(cells.v_init) + len(rows.target) // 50)
        parts, reached = [], 0
        for end, *inputs in self._windows(grid, n_steps):
            state.position[NEXT_INPUT] = 0
            while reached < end:
                stop = min(end, reached + ahead)
                reached = run_steps(
                    cells, soft, changes, rows, rules, *inputs, state, reached, stop, every, first
                )
                count = state.position[N_SPIKES]
                lists = state.spike_steps, state.spike_ids, state.spike_numbers
                parts.append(tuple(values[:count].copy() for values in lists))
                state.position[N_SPIKES] = 0
        steps, ids, numbers = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return ModelRun(steps // every, ids, numbers, self._decode_v(state.samples, origin))

    def _windows(self, grid: bool, n_steps: int) -> Iterable[tuple[int, Int32Array, Int32Array]]:
        if grid in self._inputs:
            return self._inputs[grid]
        step = self.dt if grid else self.dt / self.substeps
        sizes = [(item.name, item.size) for item in self.network.spike_inputs]
        trains = self.stimulus.trains_for(sizes)
        windows = binned_windows(trains, step, 0, n_steps)
        if any(isinstance(train, SpikeCounts) for train in trains):
            return windows  # listed again for each run: all together may not fit into memory
        self._inputs[grid] = list(windows)
        return self._inputs[grid]

    def _decode_v(self, samples: Float64Array, origin: Float64Array) -> Float64Array:
        populations = self.network.populations
        scale = np.concatenate([self.decoded[item.name].lsb_per_mv for item in populations])
        v_reset = np.concatenate([item.parameter("v_reset") for item in populations])
        at = self._sampled
        v = samples / scale[at] + origin[at]
        held: Float64Array = np.where(np.isnan(samples), v_reset[at], v)
        return held
