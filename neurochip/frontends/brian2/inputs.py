"""Reads the inputs of a network and draws their spikes.

Random spikes are drawn as Brian2 draws them: in every step, for each object in the order of its
schedule, from the stream of its ``seed()``. A script therefore gets exactly the spikes of Brian2
with the numpy target; for draws that depend on the run, see ``following.py``. Where Brian2 draws a
normal number instead of a number of spikes, the binomial number is drawn that it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import PoissonGroup, PoissonInput, SpikeGeneratorGroup
from brian2.core.functions import timestep
from brian2.core.variables import Subexpression
from brian2.input.binomial import BinomialFunction
from brian2.units import hertz
from brian2.units.fundamentalunits import fail_for_dimension_mismatch

from ... import network as ours
from ...typing import Int32Array, Int64Array
from ..session import Drive, Spikes, collect_spikes
from .draws import Draws, binomial, odds_of
from .refusal import check_part, refusal
from .sources import OwnCode, check_source, is_source, own_code, probability_of
from .times import milliseconds
from .values import NotConstantError, dimensions_of, evaluate, uniform

__all__ = [
    "binomial_of",
    "changes_with_time",
    "describe",
    "draw",
    "generated",
    "known_spikes",
    "pass_over",
]

_BLOCK = 1 << 22  # random numbers drawn at once: 32 MB


def describe(
    source: Any, spikes: Drive | None, dt: float, namespace: Mapping[str, Any]
) -> ours.PoissonInput | ours.SpikeInput:
    """Return an input of Brian2 as an input of a neurochip network.

    Parameters
    ----------
    source : brian2.PoissonGroup, PoissonInput, SpikeGeneratorGroup or NeuronGroup
        Input to describe; a NeuronGroup is a source as in ``sources.py``.
    spikes : (steps, ids) or SpikeCounts, optional
        Spikes of the input, if they are known; those of a PoissonInput are not used.
    dt : float, ms
        Length of a step.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If its rates change with time and its spikes are not known, it is not in its default slot,
        or its N and rate are no number of spikes.
    """
    if isinstance(source, PoissonInput):
        _check_draws(source)
        rate = float(source.N) * float(source.rate)
        return ours.PoissonInput(source.name, int(source._group.N), rate)
    if is_source(source):
        if source.active:
            check_source(source, namespace)
        probability = probability_of(source, namespace)
        if probability is not None:
            rates = uniform(probability) / float(source.clock.dt_)
            return ours.PoissonInput(source.name, int(source.N), rates)
        if spikes is None:
            raise refusal(
                source,
                f"it spikes where {source.events['spike']!r}",
                "Pass duration=..., so that its spikes can be drawn.",
            )
    elif isinstance(source, PoissonGroup):
        if source.active:
            check_part(source, "thresholder", "thresholds", source.thresholder["spike"])
        if isinstance(source.variables["rates"], Subexpression):
            got = dimensions_of(source.variables["rates"].expr, source, namespace)
            fail_for_dimension_mismatch(got, hertz, "rates of a PoissonGroup have units of Hz")
        rates = _constant_rate(source, namespace)
        if rates is not None:
            return ours.PoissonInput(source.name, int(source.N), uniform(rates))
        if spikes is None:
            raise refusal(
                source,
                "its rates change with time",
                "Pass duration=..., so that its spikes can be drawn.",
            )
    elif source.when != "thresholds":
        raise refusal(
            source,
            f"it spikes in the slot {source.when!r}",
            "What works: Brian2's default, 'thresholds'.",
        )
    elif spikes is None and _period_of(source):
        raise refusal(
            source,
            f"it repeats its spikes every {float(source.period_[:]) * 1e3:g} ms",
            "Pass duration=..., so that the number of repetitions is known.",
        )
    steps, ids = spikes if isinstance(spikes, tuple) else generated(source, 0, None)
    return ours.SpikeInput(source.name, int(source.N), ids, steps * dt)


def known_spikes(sources: Iterable[Any], first: int, n_steps: int) -> dict[str, Spikes]:
    """Return the spikes of all inputs that need no drawing, and none of the others.

    Parameters
    ----------
    sources : iterable of brian2 inputs
        The inputs.
    first, n_steps : int
        First step and number of steps.
    """
    return {
        source.name: generated(source, first, n_steps)
        if isinstance(source, SpikeGeneratorGroup) and source.active
        else collect_spikes([], first)
        for source in sources
    }


def changes_with_time(source: Any, namespace: Mapping[str, Any]) -> bool:
    """Return whether an input is described by its drawn spikes, since its rates change."""
    drawn = not isinstance(source, (PoissonInput, SpikeGeneratorGroup))
    return drawn and _chance_of(source, namespace) is None


def _constant_rate(source: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the rates of a PoissonGroup in Hz, or None if they change with time."""
    try:
        return evaluate("rates", source, namespace)
    except NotConstantError:
        return None


@dataclass(frozen=True, eq=False)
class _Sampler:
    """An input and a function that draws one step: the spike counts of its sources."""

    source: Any
    size: int
    probability: Any  # of a spike in a step; None if it changes
    draw: Any
    code: OwnCode | None = None  # where Brian2 draws


def _check_draws(source: Any) -> None:
    """Refuse a PoissonInput whose N and rate are no number of spikes."""
    number, probability = float(source.N), float(source.rate) * float(source.clock.dt_)
    if not 0 <= probability <= 1 or number < 0 or number != int(number):
        raise refusal(
            source,
            f"N = {number:g} sources, and {probability:.3g} spikes of each in a step",
            "What works: a whole number of sources of at least 0, and 0 to 1 spikes.",
        )
    if float(source._stored_dt) != float(source.clock.dt_):
        raise refusal(
            source,
            f"it was made for dt = {float(source._stored_dt) * 1e3:g} ms, and dt is now "
            f"{float(source.clock.dt_) * 1e3:g} ms",
            "Set dt before creating the PoissonInput.",
        )


def _uniform(*shape: int) -> Any:
    return np.random.rand(*shape)  # noqa: NPY002 - the stream of brian2.seed()


def binomial_of(source: Any) -> Any:
    """Return Brian2's function that draws the spikes of a PoissonInput in a step."""
    (binomial,) = (item for item in source.variables.values() if isinstance(item, BinomialFunction))
    return binomial


def _sampler_of(source: Any, namespace: Mapping[str, Any]) -> _Sampler:
    """Return the sampler of a random input; changing rates are drawn by Brian2's own code."""
    if isinstance(source, PoissonInput):
        _check_draws(source)
        size, odds = int(source._group.N), odds_of(source)
        return _Sampler(source, size, None, lambda: binomial(odds, size))
    size, chance = int(source.N), _chance_of(source, namespace)
    if chance is not None:
        probability = np.broadcast_to(np.asarray(chance, dtype=np.float64), (size,))
        return _Sampler(source, size, probability, lambda: _uniform(size) < probability)
    code = own_code(source, namespace)

    def by_brian2() -> Any:
        code.thresholder.run()
        counts = np.zeros(size, dtype=np.int64)
        counts[source.spikes] = 1
        return counts

    return _Sampler(source, size, None, by_brian2, code)


def _chance_of(source: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the probability of a spike in a step of a group, or None if it changes."""
    if is_source(source):
        return probability_of(source, namespace)
    rates = _constant_rate(source, namespace)
    return None if rates is None else np.asarray(rates) * float(source.clock.dt_)


def draw(
    sources: Sequence[Any], clock: Any, first: int, n_steps: int, namespace: Mapping[str, Any]
) -> dict[str, Drive]:
    """Return the spikes of all inputs for consecutive steps; inputs that are inactive send none.

    Parameters
    ----------
    sources : sequence of brian2 inputs
        The inputs in the order of Brian2's schedule.
    clock : brian2.Clock
        Clock of the network; rates that change with time read it.
    first, n_steps : int
        First step and number of steps.
    namespace : dict
        Names of the caller of ``run``.
    """
    active = [source for source in sources if source.active]
    spikes: dict[str, Drive] = {**known_spikes(sources, first, n_steps)}
    samplers = [
        _sampler_of(source, namespace)
        for source in active
        if not isinstance(source, SpikeGeneratorGroup)
    ]
    if all(item.probability is not None for item in samplers):
        return spikes | _draw_blocks(samplers, first, n_steps)
    return spikes | _draw_steps(samplers, clock, first, n_steps)


def _draw_blocks(samplers: Sequence[_Sampler], first: int, n_steps: int) -> dict[str, Spikes]:
    """Draw many steps at once, with the same numbers as group by group and step by step."""
    if not samplers or not n_steps:
        return {item.source.name: collect_spikes([], first) for item in samplers}
    probability = np.concatenate([item.probability for item in samplers])
    ends = np.cumsum([item.size for item in samplers])
    most = max(1, _BLOCK // probability.size)
    parts = []
    for begin in range(0, n_steps, most):
        count = min(most, n_steps - begin)
        steps, ids = np.nonzero(_uniform(count, probability.size) < probability)
        parts.append((steps + begin, ids))
    steps = np.concatenate([part[0] for part in parts])
    ids = np.concatenate([part[1] for part in parts])
    drawn = {}
    for item, end in zip(samplers, ends, strict=True):
        own = (ids >= end - item.size) & (ids < end)
        drawn[item.source.name] = (
            steps[own].astype(np.int64) + first,
            (ids[own] - (end - item.size)).astype(np.int32),
        )
    return drawn


def _draw_steps(
    samplers: Sequence[_Sampler], clock: Any, first: int, n_steps: int
) -> dict[str, Drive]:
    """Draw step by step, since binomial numbers and changing rates use a varying stream length."""
    drawn = [(item.draw, Draws(item.source)) for item in samplers]
    codes = [item.code for item in samplers if item.code is not None]
    clocks = {clock, *(item.source.clock for item in samplers)}
    for step in range(first, first + n_steps):
        _set_step(clocks, step)
        for part in (part for code in codes for part in code.before):
            part.run()
        for draw_step, draws in drawn:
            draws.add(draw_step())
        for part in (part for code in codes for part in code.after):
            part.run()
    _set_step(clocks, first)
    dt = milliseconds(float(clock.dt_))
    return {
        item.source.name: draws.taken(first, dt)
        for item, (_, draws) in zip(samplers, drawn, strict=True)
    }


def _set_step(clocks: Iterable[Any], step: int) -> None:
    for clock in clocks:
        clock.variables["timestep"].set_value(step)
        clock.variables["t"].set_value(step * clock.dt_)


def _period_of(source: Any) -> int:
    """Return the period of a SpikeGeneratorGroup in steps; 0 if it does not repeat."""
    period, dt = float(source.period_[:]), float(source.clock.dt_)
    if period / dt > np.iinfo(np.int32).max:
        return 0  # Brian2 reports this in its log
    steps = round(period / dt)
    if abs(steps * dt - period) > period * np.finfo(np.float64).eps:
        raise refusal(
            source,
            f"its period of {period * 1e3:g} ms is not a multiple of its dt of {dt * 1e3:g} ms, "
            "which Brian2 refuses as well",
            "Give it a whole number of steps.",
        )
    return steps


def generated(source: Any, first: int, n_steps: int | None) -> Spikes:
    """Return the spikes of a SpikeGeneratorGroup, at step ``floor(t / dt + 1e-3)`` as in Brian2.

    Spikes that were due while it was inactive come in the first step, as in Brian2. If ``n_steps``
    is None, all its spikes are returned; it must then have no period.

    Raises
    ------
    FrontendError
        If a source spikes twice in a step.
    """
    dt = float(source.clock.dt_)
    bins = np.asarray(timestep(np.asarray(source._spike_time), dt), dtype=np.int64)
    ids = np.asarray(source._neuron_index, dtype=np.int32)
    _check_once(source, bins, ids, dt)
    if n_steps is None:
        return bins, ids
    late = _late(source, bins, first) if n_steps else np.arange(0)
    period = _period_of(source)
    who = np.arange(len(bins))
    if period:
        turns = np.arange(first // period, (first + n_steps - 1) // period + 1)
        once = who[bins < period]
        bins = (bins[None, once] + turns[:, None] * period).ravel()
        who = np.tile(once, len(turns))
    inside = (bins >= first) & (bins < first + n_steps)
    steps = np.concatenate([np.full(len(late), first), bins[inside]])
    return steps, ids[np.concatenate([late, who[inside]])]


def pass_over(sources: Iterable[Any], stop: int) -> None:
    """Tell Brian2's SpikeGeneratorGroups that their spikes before a step were sent.

    Parameters
    ----------
    sources : iterable of brian2 inputs
        Inputs of a run on the chip.
    stop : int
        First step after the run, which had at least one.
    """
    for source in sources:
        if isinstance(source, SpikeGeneratorGroup) and source.active:
            bins = timestep(np.asarray(source._spike_time), float(source.clock.dt_))
            last = (stop - 1) % (_period_of(source) or stop)
            sent = np.searchsorted(bins, last, side="right")
            source.variables["_lastindex"].set_value(sent)


def _late(source: Any, bins: Int64Array, first: int) -> Int64Array:
    """Return the indices of spikes that were due before a run and have not been sent."""
    if first == 0:
        return np.arange(0)
    sent = int(source.variables["_lastindex"].get_value().item())
    now = first % (_period_of(source) or first + 1)
    if sent > 0 and bins[sent - 1] >= now:
        sent = 0  # a new period
    return np.arange(sent, np.searchsorted(bins, now))


def _check_once(source: Any, bins: Int64Array, ids: Int32Array, dt: float) -> None:
    """Refuse a source that spikes twice in a step."""
    by_id = np.lexsort((ids, bins))
    steps, who = bins[by_id], ids[by_id]
    twice = (np.diff(steps) == 0) & (np.diff(who) == 0)
    if twice.any():
        again = int(np.argmax(twice))
        raise refusal(
            source,
            f"neuron {who[again]} spikes more than once in the step at {steps[again] * dt * 1e3:g} "
            "ms, which Brian2 refuses as well",
            "Remove all but one, or shorten dt.",
        )
