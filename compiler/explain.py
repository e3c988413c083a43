"""Write the compile report: for each parameter, the registers, their decoded value and the error.

``asked`` is the value of the network, ``meant`` the value that the registers stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from neurochip._support.grid import LAST_STEP
from neurochip._support.text import counted
from neurochip.chip.registers import decode_bias
from neurochip.chip.spec import ChipSpec
from neurochip.image import DriveSymbol, MomentGain
from neurochip.image.report import CompileReport
from neurochip.image.report_rows import RateRow, ReportRow, ScaleRow, Span
from neurochip.network import Connection, Population, Waveform
from neurochip.network.connections import Source
from neurochip.network.step_current import total_current
from neurochip.recurrence import (
    KICKS,
    LONG_STEP,
    IdealPopulation,
    delay_steps,
    is_long_step,
    time_constant,
)
from neurochip.typing import Float64Array, Int64Array

from .explain_reset import registers_of, reset_rows, threshold_row
from .explain_rows import exact_row, report_row
from .explain_weights import weight_row
from .learning.explain import plasticity_rows
from .neurons.decays import Decays
from .neurons.expectation import Expectation
from .neurons.lower import LoweredPopulation
from .neurons.peaks import is_soft
from .neurons.rates import GUESSED, UNKNOWN
from .neurons.scaling import peak_limits
from .options import CompileOptions
from .placement.place import Placement
from .translation import Translation

__all__ = ["explain"]

_VALUES = 1 << 20  # values of currents in a row of the report; more are sampled
_COARSE = "its decay register is coarse at this dt; lengthen dt"
_CHILD = "in a compartment of its own: each neuron takes two compartments"


def explain(translation: Translation, placement: Placement) -> CompileReport:
    """Collect the report of a compilation."""
    chip, dt, options = translation.chip, translation.dt, translation.options
    network, populations = translation.network, translation.populations
    rows: list[ReportRow] = []
    reached = {
        item.connection.target.name
        for item in translation.connections
        if item.connection.n_synapses
    }
    for name, lowered in populations.items():
        rows += _population_rows(lowered, chip, dt, name in reached)
        if lowered.ideal.kicked:
            rows.append(_kicks_row(lowered))
        if lowered.drive is not None:
            currents = network.step_currents(lowered.ideal.population)
            waveforms = [item.waveform for item in currents]
            rows.append(_step_current_row(lowered, lowered.drive, waveforms, chip, dt))
    whole = {connection.name: connection for connection in network.connections}
    for item in translation.connections:
        if item.connection.n_synapses:
            rows.append(weight_row(item, populations[item.connection.target.name], chip))
            if item.projection.sign <= 0:  # one row only for a connection split by sign
                rows.append(_delay_row(whole[item.connection.name], dt))
        if item.connection.name in translation.plastic:
            rows += plasticity_rows(translation.plastic[item.connection.name], dt)
    driving = {item.source.name for item in network.connections if item.n_synapses}
    return CompileReport(
        chip=chip.name,
        dt=dt,
        options=asdict(options),
        rows=tuple(rows),
        scales=tuple(_scale_row(lowered, chip, options) for lowered in populations.values()),
        rates=tuple(
            _rate_row(source, translation.expected, source.name in driving)
            for source in (*network.populations, *network.spike_inputs)
        ),
        resources=placement.resources(chip),
    )


def _population_rows(
    lowered: LoweredPopulation, chip: ChipSpec, dt: float, reached: bool
) -> Iterator[ReportRow]:
    """Yield the rows of a population; ``reached`` if it has synapses, for which gains matter."""
    ideal, decays, registers = lowered.ideal, lowered.decays, lowered.registers
    lsb_per_mv = lowered.lsb_per_mv
    population, core = ideal.population, chip.core
    get = population.parameter

    def row(
        parameter: str, unit: str, asked: Any, meant: Any, note: str = "", **other: Any
    ) -> ReportRow:
        return replace(report_row(population, parameter, unit, asked, meant, **other), note=note)

    span = ideal.threshold if population.model.spiking else None
    with np.errstate(divide="ignore"):  # a decay that leaves nothing means tau = 0
        taus = [time_constant(population.model, item.keep_u, dt) for item in decays.receptors]
    child = "" if lowered.program is not None else _CHILD
    decay_v = registers_of(lowered, "decay_v")
    if population.model.leaky:
        with np.errstate(divide="ignore"):
            tau_m = time_constant(population.model, decays.keep_v, dt)
        note = decays.gain_note if reached else ""
        found = row(
            "tau_m", "ms", get("tau_m"), tau_m, registers=decay_v, note=note, remedy=_COARSE
        )
        yield _with_step(found, population, dt)
    else:
        yield exact_row(population, "tau_m", decay_v, "inf: v keeps its value, there is no leak")
    for index, (wanted, tau) in enumerate(zip(ideal.receptors, taus, strict=True)):
        if wanted.parameter:
            found = row(
                wanted.parameter,
                "ms",
                wanted.tau,
                tau,
                registers=registers_of(lowered, "decay_u", index),
                note=child if index < len(taus) - 1 else "",
                remedy=_COARSE,
            )
            yield _with_step(found, population, dt)
    yield threshold_row(lowered)
    added = lowered.truncation.correction
    bias = (decode_bias(registers.bias_mantissa, registers.bias_exponent) - added) / lsb_per_mv
    biases = registers_of(lowered, "bias")
    if population.model.leaky:
        driven = not np.array_equal(ideal.v_inf, get("v_rest"))
        name = "v_rest + R I" if driven else "v_rest"
        level = ideal.origin + bias / (1 - decays.keep_v) - decays.shift
        note = "; ".join(filter(None, (_shift_note(ideal, decays), _truncation_note(added))))
        yield row(name, "mV", ideal.v_inf, level, registers=biases, scale=span, note=note)
    else:
        note = _truncation_note(added)
        yield row("drift", "mV per step", ideal.bias, bias, registers=biases, note=note)
    yield from reset_rows(lowered, core)
    yield row(
        "tau_refrac",
        "ms",
        get("tau_refrac"),
        ideal.period * dt,
        registers={"refractory": registers.refractory},
        remedy=_grid_remedy(get("tau_refrac"), ideal.period, dt),
    )
    yield row(
        "v_init",
        "mV",
        get("v_init"),
        ideal.origin + registers.v_init / lsb_per_mv,
        registers={"v": registers.v_init},
        scale=span,
    )
    two = ideal.population.model.two_currents
    for exact, u, item in zip(ideal.receptors, registers.u_init, decays.receptors, strict=True):
        if exact.start.any():
            name = exact.parameter.replace("tau_syn", "i_syn_init") if two else "i_syn_init"
            meant = u / lsb_per_mv * item.keep_u / item.gain
            yield row(name, "nA", exact.start, meant, registers={"u": u})


def _kicks_row(lowered: LoweredPopulation) -> ReportRow:
    """Return the row of the receptor of kicks beside a current."""
    late = "; kicks in the last refractory step (of 0: in the step of the spike) are not lost"
    own = "" if lowered.program is not None else _CHILD
    note = own + (late if lowered.ideal.keeps_kicks else "")
    decay_u = registers_of(lowered, "decay_u", KICKS)
    return exact_row(lowered.ideal.population, "kicks", decay_u, note)


def _step_current_row(
    lowered: LoweredPopulation,
    drive: DriveSymbol,
    waveforms: Sequence[Waveform],
    chip: ChipSpec,
    dt: float,
) -> ReportRow:
    """Return the row of the currents that change in steps, over at most 2**20 of their values."""
    population = lowered.ideal.population
    steps, current = total_current(waveforms, dt, 0, LAST_STEP, whole=True)
    every = -(-len(steps) * population.size // _VALUES)
    extremes = [current.min(axis=1).argmin(), current.max(axis=1).argmax()]
    pieces = current[np.unique([*range(0, len(steps), every), *extremes])]
    bias = drive.bias(pieces, chip.core)
    meant = (bias - drive.level) / drive.per_na
    range_ = float(np.ptp(current)) or float(np.abs(current).max()) or 1.0
    found = report_row(
        population,
        "step current",
        "nA",
        np.broadcast_to(pieces, bias.shape),
        np.where(np.abs(meant) < 1e-12 * range_, 0.0, meant),  # ignore float rounding
        registers={"bias": bias},
        scale=np.full(bias.shape, range_),
    )
    pieces_of = counted(len(steps), "piece")
    mean = Span.of(lowered.ideal.step_mean)
    note = f"{pieces_of}; the image has the bias of their expected mean, {mean} nA"
    return replace(found, note=note)


def _grid_remedy(asked: Float64Array, steps: Int64Array, dt: float) -> str:
    """Return why a time is off, and which of its values became 0."""
    gone = (asked > 0) & (steps == 0)
    if not gone.any():
        return "it is not a multiple of dt"
    shortest = f"{asked[gone].min():.3g} ms becomes 0 steps of {dt:g} ms"
    return f"{shortest}; shorten dt, or set it to 0"


def _with_step(found: ReportRow, population: Population, dt: float) -> ReportRow:
    """Add a warning to the row of a time constant if a step is longer than a fifth of it.

    Between steps the exact solution has no error, but spikes occur only at their ends. Forward and
    exponential Euler belong to networks that were made for one dt, so that is not questioned.
    """
    shortest = found.asked.low
    if population.model.integration != "exact" or not is_long_step(dt, shortest):
        return found
    text = (
        f"dt = {dt:g} ms is longer than a fifth of {found.parameter} = {shortest:g} ms, so the "
        f"time step itself changes the spikes; use at most {LONG_STEP * shortest:.3g} ms"
    )
    return replace(found, warning="; ".join(filter(None, (found.warning, text))))


def _shift_note(ideal: IdealPopulation, decays: Decays) -> str:
    if not isinstance(decays.rule, MomentGain):
        return ""
    expected = Span.of(decays.rule.expected(ideal))
    moved = Span.of(decays.shift)
    kept = "expected rate" if decays.rule.lift else "mean of v"
    return f"moved by {moved} mV to preserve the {kept} at an input of {expected} mV"


def _truncation_note(added: Float64Array) -> str:
    if not added.any():
        return ""
    return f"the bias also adds {Span.of(added)} LSB, which truncation is expected to take"


def _delay_row(connection: Connection, dt: float) -> ReportRow:
    asked = np.atleast_1d(np.asarray(connection.delay, dtype=np.float64))
    steps = delay_steps(asked, dt)
    return report_row(
        connection,
        "delay",
        "ms",
        asked,
        steps * dt,
        registers={"delay": steps},
        remedy=_grid_remedy(asked, steps, dt),
    )


def _scale_row(lowered: LoweredPopulation, chip: ChipSpec, options: CompileOptions) -> ScaleRow:
    population, own = lowered.ideal.population, lowered.lsb_per_mv
    limits = peak_limits(lowered.ideal, chip.core)
    pairs = {
        key: (float(getattr(lowered.peaks, key)), limit / float(own.max()))
        for key, limit in limits.items()
    }
    row = ScaleRow(
        owner=population.name,
        lsb_per_mv=Span.of(own),
        binding=lowered.scale.binding,
        peaks=pairs,
    )
    hard = [key for key in pairs if not is_soft(key, chip.core)]
    tight = [key for key in hard if row.headroom(key) < options.headroom * (1 - 1e-9)]
    if not tight:
        return row
    worst = min(tight, key=row.headroom)
    warning = (
        f"headroom of its {worst.replace('_', ' ')} is {row.headroom(worst):.2g}x, below the "
        f"requested {options.headroom:g}x, so that weights keep their resolution; check the "
        "overflow counters after a run"
    )
    return replace(row, warning=warning)


def _rate_row(source: Source, expected: Expectation, drives: bool) -> RateRow:
    origin = expected.origins[source.name]
    warning = ""
    if origin == UNKNOWN:
        warning = (
            f"its spikes are not known, so {GUESSED:g} Hz are assumed for each source; give them, "
            "or SpikeInput(..., expected_rate=...)"
        )
    elif drives and expected.guesses_bursts(source):
        warning = (
            "how many spikes it sends at once is not known, so its targets have all the room that "
            "their weights leave; if a run overflows, pass a float run as activity, or raise "
            "assumed_rate or headroom"
        )
    return RateRow(
        kind="population" if isinstance(source, Population) else "input",
        owner=source.name,
        expected=Span.of(expected.rates[source.name]),
        assumed=Span.of(expected.assumed(source)),
        origin=origin,
        warning=warning,
    )
