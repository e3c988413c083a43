"""An attribution as a section of a page."""

from __future__ import annotations

import math

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import new_figure
from .._support.text import percent
from .effects import Attribution, SourceEffect, is_in_noise
from .learning_effects import LearningAttribution, interval_text
from .learning_plots import plot_learning_attribution
from .plots import plot_attribution

__all__ = ["attribution_section", "learning_attribution_section"]

_SUMS = ("interaction", "unexplained")


def attribution_section(attribution: Attribution) -> Section:
    """Return the effect of every source on rate, v and spike times, and the bars of the rate."""
    figure = new_figure("page", 70.0 + 10.0 * min(len(attribution.sizes), 7))
    plot_attribution(figure.subplots(), attribution, "rate")
    pale = "; pale: within the noise, which is grey" if attribution.twins else ""
    blocks: list[Block] = [
        Paragraph(
            f"The error against float64 in steps of {attribution.fine_dt:g} ms. Alone: only this "
            "error source of its part is active; with the interactions, these effects add up to "
            "the total. Left out: the gain if only this source were removed." + _noise(attribution)
        ),
        Picture(figure, f"Effects on the mean rates, which add up to the total{pale}."),
    ]
    for name in attribution.sizes:
        blocks += _population(attribution, name)
    return Section("Attribution", blocks)


def _noise(attribution: Attribution) -> str:
    """Return the sentences about the noise of a recurrent network."""
    if not attribution.twins:
        return ""
    return (
        " Noise: 95 % of the changes that mean nothing have a smaller effect on a recurrent "
        f"population, measured by {attribution.twins} float runs with one changed synapse. ~ marks "
        "effects within their noise."
    )


def _population(attribution: Attribution, name: str) -> list[Block]:
    rate, v, times = (attribution.effects_on(name, m) for m in ("rate", "v_rmse", "spike_times"))
    rows, without = [], []
    for effects in zip(rate, v, times, strict=True):
        first = effects[0]
        if first.source not in _SUMS and not any(map(_changes, effects)):
            without.append(first.source)
            continue
        cells = [
            cell
            for effect, unit in zip(effects, (" Hz", " mV", ""), strict=True)
            for cell in (
                _cell(value, unit, effect.noise) for value in (effect.alone, effect.left_out)
            )
        ]
        rows.append((first.source, first.part, *cells))
    totals = [attribution.total(name, metric) for metric in ("rate", "v_rmse", "spike_times")]
    ends = [
        cell
        for item, unit in zip(totals, (" Hz", " mV", ""), strict=True)
        for cell in (_cell(item.total, unit, item.noise), "")
    ]
    rows.append(("total", "", *ends))
    for part in dict.fromkeys(item.part for item in rate if item.noise):
        bounds = (next(e.noise for e in effects if e.part == part) for effects in (rate, v, times))
        cells = [
            cell
            for bound, unit in zip(bounds, (" Hz", " mV", ""), strict=True)
            for cell in (f"±{bound:.3f}{unit}", "")
        ]
        rows.append(("noise", part, *cells))
    header = (
        *(name, "part", "rate, alone", "left out", "v RMSE, alone", "left out"),
        *("spike times, alone", "left out"),
    )
    note = f"No effect: {', '.join(without)}." if without else ""
    return [Table(header, rows, note)]


def _changes(effect: SourceEffect) -> bool:
    return any(value and not math.isnan(value) for value in (effect.alone, effect.left_out))


def _cell(value: float, unit: str, noise: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{'~' if is_in_noise(value, noise) else ''}{round(value, 3) + 0.0:+.3f}{unit}"


@describes(Attribution)
def describe_attribution(attribution: Attribution) -> Description:
    """Describe an attribution by the error of each population and its largest source."""
    lead = [_answer(attribution, name) for name in attribution.sizes]
    return Description("\n".join(lead), [attribution_section(attribution)])


def _answer(attribution: Attribution, name: str) -> str:
    """Return the error of the mean rate of a population, and the source with the largest effect."""
    total = attribution.total(name, "rate").total
    effects = [e for e in attribution.effects_on(name, "rate") if e.source not in _SUMS]
    largest = max(effects, key=lambda effect: abs(effect.alone))
    sentence = f"{name}: the error of the mean rate is {total:+.2f} Hz"
    if not abs(largest.alone) > 0:
        return f"{sentence}."
    source = f"{largest.source} ({_cell(largest.alone, ' Hz', largest.noise)} alone)"
    return f"{sentence}; largest source: {source}."


def learning_attribution_section(attribution: LearningAttribution) -> Section:
    """Return the shares of the sources of a learning error, and their bars."""
    figure = new_figure("page", 60.0 + 10.0 * min(len(attribution.connections), 7))
    plot_learning_attribution(figure.subplots(), attribution)
    blocks: list[Block] = [
        Paragraph(
            f"The error of the weights that the engine {attribution.engine!r} learns in "
            f"{attribution.n_steps:,} steps, against real numbers and with the same spikes, over "
            f"{attribution.seeds} seeds of its draws. Alone: only this source is active; with the "
            "interaction, the mean squared errors add up to the total. Left out: what is gone "
            "without the source."
        ),
        Picture(figure, "Shares of the mean squared error, with 95 % intervals over seeds."),
    ]
    blocks += [_learned(attribution, name) for name in attribution.connections]
    return Section("Attribution of learning", blocks)


def _learned(attribution: LearningAttribution, name: str) -> Table:
    total = attribution.total(name)
    rows = [
        (
            effect.source,
            percent(effect.share, "", 1),
            interval_text(effect.interval),
            f"{effect.alone:.3f}",
            "-" if math.isnan(effect.left_out) else f"{effect.left_out:.3f}",
            f"{effect.bias:+.3f}",
        )
        for effect in attribution.effects_on(name)
        if effect.matters
    ]
    header = (name, "share", "95 % interval", "alone, steps²", "left out, steps²", "mean, steps")
    beyond = ", ".join(f"{key} {n:,.0f}" for key, n in total.saturated.items())
    note = (
        f"{total.synapses:,} synapses, {total.events:,} changes; weights changed by "
        f"{total.learned:.2f} steps (RMS), the error is {total.error:.2f}, and two seeds differ by "
        f"{total.spread:.2f}. Beyond their limits: {beyond}."
    )
    return Table(header, rows, note)


@describes(LearningAttribution)
def describe_learning_attribution(attribution: LearningAttribution) -> Description:
    """Describe an attribution of learning by its answers."""
    return Description(attribution.lead, [learning_attribution_section(attribution)])
