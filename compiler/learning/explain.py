"""Write the rows of plasticity of the compile report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from neurochip._support.text import counted, percent
from neurochip.chip.learning_spec import TraceDecay
from neurochip.image.report_rows import ReportRow
from neurochip.learning import Trace
from neurochip.learning.terms import FRACTION_BITS, Term

from ..explain_rows import report_row
from .plastic import PlasticRegisters, time_constants
from .products import NOW, Product

__all__ = ["plasticity_rows"]

_Row: TypeAlias = Callable[..., ReportRow]
_PAIRS = 100.0  # a second and second of distance, of independent spikes of 10 Hz
_FEW = 1e-3  # of the events of a source, as of an amplitude, do not matter
_TRACES = {"tau_plus": "x1", "tau_minus": "y1", "tau_x": "x2", "tau_y": "y2"}


def plasticity_rows(item: PlasticRegisters, dt: float) -> Iterator[ReportRow]:
    """Yield the rows of a connection that learns.

    Time constants and amplitudes, the traces and the room that they have, what a weight step is
    worth, coincidences, the delay, several spikes of a source in a step, and the reward.
    """

    def row(
        parameter: str, unit: str, asked: Any, meant: Any, note: str = "", **more: Any
    ) -> ReportRow:
        more.setdefault("registers", {})
        return replace(
            report_row(item.connection, parameter, unit, asked, meant, **more), note=note
        )

    taus = time_constants(item.stdp)
    for name, trace in _TRACES.items():
        found: Trace | None = getattr(item.rule, trace)
        if found is not None and taus[trace]:
            meant = dt * _meant(found, item)
            note = f"trace {trace} decays by {found.decay(item.rule.spec, 1):.6g} a step"
            yield row(name, "ms", taus[trace], meant, note, registers={trace: found.tau})
    yield from _amplitudes(item, row)
    for name, peak in item.peaks.items():
        found = getattr(item.rule, name)
        if found is not None and taus[name]:
            yield _room(item, row, name, found, peak)
    yield _step(item, row)
    taken = [p.trace for p in item.products if p.trace in NOW.values() and p.amplitude != "a_pre"]
    if taken:
        yield _coincidence(item, row, taken[0])
    if item.late:
        yield _delay(item, row, dt)
    if item.repeated > _FEW:
        yield _repeated(item, row)
    if item.reward is not None:
        yield from _reward(item, row)


def _meant(trace: Trace, item: PlasticRegisters) -> float:
    """Return the time constant of a trace in steps, as an exponential."""
    if item.rule.spec.trace_decay is TraceDecay.EXPONENTIAL:
        return trace.tau
    return _time_constant(trace.decay(item.rule.spec, 1))


def _time_constant(kept: float) -> float:
    """Return the time constant of an exponential, in the times that leave this fraction of it."""
    return -1.0 / math.log(kept) if kept > 0 else 0.0


def _amplitudes(item: PlasticRegisters, row: _Row) -> Iterator[ReportRow]:
    seen = set()
    terms = item.rule.terms["w" if item.reward is None else "t"]
    what = "weight" if item.reward is None else "tag"
    step = item.step.mean if item.reward is None else item.reward.tag_step
    for product, term in zip(item.products, terms, strict=False):
        if product.amplitude in seen:
            continue
        seen.add(product.amplitude)
        asked = _asked(item, product)
        meant = asked * (1 + item.errors[product.amplitude])
        each = "pair" if product.amplitude != "a_pre" else "presynaptic spike"
        note = f"one {each}: {abs(product.size) / step:.3g} {what} steps"
        if item.late and product.size != asked:
            note += f", times {abs(product.size / asked):.4g} for the delay"
        shift = term.shift(item.rule.spec)
        if shift:
            off = _rounded_off(term, item)
            note += f"; the product shift of {shift} bits is undone, and takes {off:.2g} a change"
        yield row(
            product.amplitude,
            item.connection.unit,
            asked,
            meant,
            note,
            registers=_registers(term, item, product),
        )


def _rounded_off(term: Term, item: PlasticRegisters) -> float:
    """Return what the product shift of a term rounds off on average, in steps of its target.

    The shift rounds down, so the last bit of a product is half a bit too small on average.
    """
    spec = item.rule.spec
    right = term.shift(spec)
    if spec.shifts_joined:
        right = min(right, max(0, right - term.exponent - FRACTION_BITS))
    return math.ldexp(0.5, term.exponent) * (1 - math.ldexp(1.0, -right)) if right else 0.0


def _asked(item: PlasticRegisters, product: Product) -> float:
    owner: Any = item.stdp.triplet if product.amplitude.startswith("a3") else item.stdp
    return float(getattr(owner, product.amplitude))


def _registers(term: Term, item: PlasticRegisters, product: Product) -> dict[str, float]:
    found: dict[str, float] = {"mantissa": term.mantissa, "exponent": term.exponent}
    for name in product.traces:
        found[f"impulse {name}"] = getattr(item.rule, name).impulse
    return found


def _room(item: PlasticRegisters, row: _Row, name: str, found: Trace, peak: float) -> ReportRow:
    """Return the row of a trace: its expected peak, of which it holds at most its top."""
    top = (1 << item.rule.spec.trace_bits) - 1
    expected = peak * found.impulse
    return row(
        f"trace {name}",
        "",
        expected,
        min(expected, top),
        f"an impulse is {found.impulse:g} of {top}; expected peak {peak:.3g} impulses",
        registers={"impulse": found.impulse, "top": top},
        remedy="it saturates; shorten its time constant, or expect lower rates",
    )


def _step(item: PlasticRegisters, row: _Row) -> ReportRow:
    """Return the row of w_max: the top of the format times a weight step."""
    soft = item.stdp.bounds == "soft" and item.reward is None
    top = round(item.stdp.w_max / item.step.mean) if soft else item.top
    meant = np.array([item.step.low, item.step.mean, item.step.high]) * top
    note = f"a weight step is {item.step} {item.connection.unit}"
    if item.lost_bits:
        note += f"; a spike delivers a weight without its {counted(item.lost_bits, 'lowest bit')}"
    if item.stdp.bounds == "hard":
        note += "; the limits clip the sum of a step, not each of its changes"
    return row(
        "w_max",
        item.connection.unit,
        item.stdp.w_max,
        meant,
        note,
        registers={"mantissa": item.top},
        remedy="another connection onto these neurons sets the value of a weight step; give both "
        "one w_max, or a power of two between them",
    )


def _coincidence(item: PlasticRegisters, row: _Row, name: str) -> ReportRow:
    """Return the row of spikes of both sides in one step, of which one side must be first."""
    note = f"trace {name} takes back what the chip adds where both sides spike in one step"
    first, second = ([p for p in item.products if p.event == event] for event in ("x0", "y0"))
    if item.stdp.bounds == "hard" or not (first and second) or item.reward is not None:
        return row("coincidence", "", 0.0, 0.0, note)
    # With soft bounds the second change of a network begins at the weight that the first one left.
    both = abs(first[0].size * second[0].size) / item.stdp.w_max
    note += "; both changes begin at one weight"
    return row("coincidence", item.connection.unit, 0.0, both, note)


def _delay(item: PlasticRegisters, row: _Row, dt: float) -> ReportRow:
    """Return the row of the distance up to which pairs come in the other order on the chip."""
    missed = item.late - 1
    note = "amplitudes make up for the delay of a presynaptic spike"
    if missed:
        pairs = "at a distance of" if missed == 1 else "at distances of 1 to"
        note += f", but for pairs {pairs} {counted(missed, 'step')}, which the chip sees reversed"
    if missed and item.reward is None:
        drift = _PAIRS * dt / 1000.0 * _reversed(item, dt) / item.step.mean
        note += f": independent spikes of 10 Hz on both sides add {drift:.2g} weight steps a second"
    shortest = min(item.stdp.tau_plus, item.stdp.tau_minus)
    return row(
        "pairs",
        "ms",
        0.0,
        missed * dt,
        note,
        registers={"delay": item.late},
        scale=shortest,
        remedy="compared with the time constants; shorten the delay, or let neurons relay the "
        "spikes: with_relays(network, dt)",
    )


def _reversed(item: PlasticRegisters, dt: float) -> float:
    """Return what the chip adds to a weight by a pair at each distance that it sees reversed.

    At m steps less than the delay, the chip raises a weight by what the impulses have for the delay
    and the decay leave, where the network lowers it.
    """
    stdp, before = item.stdp, dt * np.arange(1, item.late)
    raised = stdp.a_plus * np.exp(before / stdp.tau_plus)
    lowered = stdp.a_minus * np.exp(-before / stdp.tau_minus)
    return float((raised + lowered).sum())


def _repeated(item: PlasticRegisters, row: _Row) -> ReportRow:
    """Return the row of spikes of an input in one step, which are one event of the chip."""
    source, share = item.connection.source.name, percent(item.repeated, sign="")
    note = (
        f"{share} of the spikes of input {source!r} come in a step with an earlier one of their "
        "source; the chip learns from the first, float64 from each"
    )
    return row("events", "", 1.0, 1.0 - item.repeated, note, remedy="shorten dt")


def _reward(item: PlasticRegisters, row: _Row) -> Iterator[ReportRow]:
    modulation, found = item.stdp.reward, item.reward
    assert modulation is not None
    assert found is not None
    interval = modulation.interval
    yield row(
        "tau_eligibility",
        "ms",
        modulation.tau_eligibility,
        interval * _time_constant(found.kept),
        f"the tag keeps {found.kept:.5g} in {interval:g} ms",
        registers={"terms": len(found.decay)},
        remedy="coefficients are coarse; lengthen the interval",
    )
    top = item.rule.spec.tag_limits[1] if item.rule.spec.tag_limits else 0
    yield row(
        "eligibility",
        item.connection.unit,
        found.peak * found.tag_step,
        min(found.peak, top) * found.tag_step,
        f"a tag step is {found.tag_step:.3g} {item.connection.unit}",
        registers={"tag": found.peak},
        remedy="its expected peak exceeds the tag; lower the amplitudes or the reward",
    )
    largest = float(np.abs(found.rewards).max()) or 1.0
    off = _rounded_off(found.change, item)
    lost = (
        f"the product shift takes {off:.2g} weight steps in each interval with a reward, 1 step in "
        f"{math.ceil(1 / off)} intervals"
        if off
        else "nothing is rounded off"
    )
    yield row(
        "reward",
        "",
        found.rewards,
        found.values * found.reward_step,
        f"one step of trace y2 is {found.reward_step:.3g}; " + lost,
        registers={"y2": found.values},
        scale=np.full(found.values.shape, largest),
    )
