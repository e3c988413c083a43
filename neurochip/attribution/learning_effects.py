"""Result of the attribution of a learning error: values, as flat rows and as text."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .._support.brief import brief, line
from .._support.json_text import plain_data
from .._support.names import named_lines, visible
from .._support.npz import write_json
from .._support.text import aligned, counted, folded, percent, short
from .._support.values import shown
from ..errors import AnalysisError
from ..learned.limits import beyond_limits

__all__ = ["LearningAttribution", "LearningEffect", "LearningTotal", "interval_text"]

_ROUNDING = 1e-18  # steps squared: weights of up to 255 steps differ by less than 1e-9
_UNEXPLAINED = 1e-6  # weight steps
_SHOWN = 0.05  # share from which on the answer names a source
_CLEAR = 0.2  # half-width of an interval beyond which the answer gives it
_SPIKES = 0.5  # fraction of the closed loop's error from which on the answer names spikes
_INTERACTION = 0.25  # share of the interaction from which on the answer warns


@dataclass(frozen=True, kw_only=True)
class LearningEffect:
    """Effect of one source of error on the weights that a connection learns.

    The measure is the mean squared error of the weights at the end, in weight steps squared: errors
    that do not depend on each other add up in it.

    Parameters
    ----------
    connection : str
        Name of the connection.
    source : str
        Name of the source, or ``"interaction"``: what remains of the total after all effects alone.
    alone : float
        Mean squared error with this source only. These and the interaction add up to the total.
    left_out : float
        Mean squared error that is gone without this source. NaN for the interaction.
    shapley : float
        Mean effect over all orders in which the sources can be switched on; NaN unless asked for.
    share : float
        ``alone`` as a fraction of the total; NaN if there is no error.
    interval : tuple of float
        95 % interval of the share over seeds (Fieller's, of a ratio of means); NaN if undefined.
    bias : float
        Mean error with this source only, in weight steps: what all synapses share.
    """

    connection: str
    source: str
    alone: float
    left_out: float
    shapley: float
    share: float
    interval: tuple[float, float]
    bias: float

    __repr__ = brief

    @property
    def matters(self) -> bool:
        """Tell whether the effect, alone or left out, is more than the rounding of float64."""
        effects = (abs(self.alone), abs(self.left_out))
        return any(effect > _ROUNDING for effect in effects)


@dataclass(frozen=True, kw_only=True)
class LearningTotal:
    """The change of a connection's weights in real numbers, and the chip's error, in weight steps.

    Parameters
    ----------
    connection : str
        Name of the connection.
    synapses : int
        Number of its synapses.
    events : int
        Changes of single synapses: those that each epoch touched, added up.
    step : float
        Mean size of such a change in real numbers.
    learned : float
        RMS change of the weights in real numbers.
    error : float
        RMS error of the weights of the chip, over synapses and seeds, from the same spikes.
    bias : float
        Mean error.
    spread : float
        RMS difference of the weights of two seeds.
    closed_error : float
        RMS error of the weights that the chip learns from its own spikes; NaN without a network.
    unexplained : float
        RMS difference of the model in real numbers from the reference, which should be nothing but
        the rounding of float64. 0 without a network.
    weight_bits : int
        Bits that the format stores of a weight.
    saturated : dict of str to float
        How often traces, accumulators and weights were beyond their limits, as a mean over seeds.
    """

    connection: str
    synapses: int
    events: int
    step: float
    learned: float
    error: float
    bias: float
    spread: float
    closed_error: float
    unexplained: float
    weight_bits: int
    saturated: Mapping[str, float]

    __repr__ = brief

    @property
    def other_spikes(self) -> float:
        """Fraction of the squared error of the closed loop that the chip's own spikes add."""
        if not self.closed_error:
            return 0.0
        return 1.0 - self.error**2 / self.closed_error**2


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningAttribution:
    """Error of learned weights, split by source.

    Parameters
    ----------
    engine : str
        Name of the learning engine.
    n_steps : int
        Number of steps.
    seeds : int
        Number of seeds of the draws.
    min_events : int
        With fewer changes of synapses there is no answer.
    effects : tuple of LearningEffect
        Ordered by connection, then source.
    totals : tuple of LearningTotal
        The total of each connection, to which its effects add up.
    """

    engine: str
    n_steps: int
    seeds: int
    min_events: int
    effects: tuple[LearningEffect, ...]
    totals: tuple[LearningTotal, ...]

    @property
    def connections(self) -> tuple[str, ...]:
        """Names of the connections that learn."""
        return tuple(total.connection for total in self.totals)

    @property
    def answers(self) -> Mapping[str, str]:
        """The answer of each connection: where the error of its weights comes from."""
        return {name: _answer(self, name) for name in self.connections}

    @property
    def lead(self) -> str:
        """The answers as lines; names only if there are several."""
        return named_lines(self.answers)

    def effects_on(self, connection: str) -> tuple[LearningEffect, ...]:
        """Return all effects on a connection.

        Raises
        ------
        AnalysisError
            If there is no such connection.
        """
        self.total(connection)
        return tuple(effect for effect in self.effects if effect.connection == connection)

    def effect(self, connection: str, source: str) -> LearningEffect:
        """Return the effect of one source, or of the interaction, on a connection.

        Raises
        ------
        AnalysisError
            If there is no such connection or source.
        """
        effects = self.effects_on(connection)
        for effect in effects:
            if isinstance(source, str) and effect.source == source:
                return effect
        known = ", ".join(repr(effect.source) for effect in effects)
        raise AnalysisError(f"attribution: no source {shown(source)}; there are {known}.")

    def total(self, connection: str) -> LearningTotal:
        """Return the total of a connection.

        Raises
        ------
        AnalysisError
            If there is no such connection.
        """
        for total in self.totals:
            if isinstance(connection, str) and total.connection == connection:
                return total
        known = ", ".join(map(repr, self.connections))
        raise AnalysisError(f"attribution: no connection {shown(connection)}; there are {known}.")

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row per connection and source; None where undefined."""
        return [plain_data(asdict(effect)) for effect in self.effects]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as data for JSON, with None for NaN."""
        return {
            "engine": self.engine,
            "n_steps": self.n_steps,
            "seeds": self.seeds,
            "min_events": self.min_events,
            "answers": dict(self.answers),
            "totals": [plain_data(asdict(total)) for total in self.totals],
            "effects": self.rows(),
        }

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write :meth:`to_dict` atomically to a JSON file and return its path."""
        return write_json(path, self.to_dict())

    def __str__(self) -> str:
        lines: list[str] = []
        for text, name in zip(self.lead.split("\n"), self.connections, strict=True):
            if lines:
                lines.append("")
            lines += [*folded(text, indent=""), "", *self._table(name)]
        return "\n".join(lines)

    def _table(self, name: str) -> list[str]:
        total = self.total(name)
        square = total.error**2 or math.nan  # effects may cancel each other
        lines = [
            f"{visible(name)}: {counted(total.synapses, 'synapse')}, {total.events:,} changes, "
            f"{counted(self.seeds, 'seed')}",
            f"  weights changed by {total.learned:.2f} steps (RMS); error {total.error:.2f}, "
            f"mean {total.bias:+.2f}; between seeds {total.spread:.2f}",
        ]
        with_shapley = any(not math.isnan(effect.shapley) for effect in self.effects_on(name))
        header = ("source", "share", "95 % interval", "RMS alone", "left out", "mean")
        rows = [(*header, "Shapley") if with_shapley else header]
        silent = []
        for effect in self.effects_on(name):
            if not effect.matters:
                silent.append(effect.source)
                continue
            row = (
                effect.source,
                percent(effect.share, "", 1),
                interval_text(effect.interval),
                "-" if effect.alone < 0 else f"{math.sqrt(effect.alone):.2f}",
                percent(effect.left_out / square, "", 1),
                f"{effect.bias:+.2f}",
            )
            shapley = percent(effect.shapley / square, "", 1)
            rows.append((*row, shapley) if with_shapley else row)
        if len(rows) > 1:
            lines += [f"  {text}" for text in aligned(rows, left=(0,))]
        if silent:
            lines += folded(f"no effect: {', '.join(silent)}", first="  ", indent="    ")
        if not math.isnan(total.closed_error):
            lines.append(
                f"  with its own spikes the chip is {total.closed_error:.2f} steps away (RMS); "
                f"{percent(total.other_spikes, '', 1)} of that is other spikes"
            )
        if total.unexplained > _UNEXPLAINED:
            lines.append(
                f"  unexplained: the reference is RMS {short(total.unexplained)} steps away"
            )
        return [*lines, *beyond_limits(total.saturated)]

    def __repr__(self) -> str:
        return line(self, self.engine, *self.connections, f"{self.seeds} seeds")


def interval_text(interval: tuple[float, float]) -> str:
    """Return the interval of a share in percent."""
    low, high = interval
    return "-" if math.isnan(low) else f"{100 * low:.1f} to {percent(high, '', 1)}"


def _answer(attribution: LearningAttribution, name: str) -> str:
    """Return in one or two sentences how large the error is, and where it comes from."""
    total = attribution.total(name)
    if total.events < attribution.min_events:
        return (
            f"Too few events to judge: {counted(total.events, 'change')} of "
            f"{counted(total.synapses, 'synapse')}, and {attribution.min_events:,} are needed. "
            "Run longer, or raise the rates."
        )
    if total.error**2 <= _ROUNDING:
        exactly = f"The chip learns exactly the weights of the rule ({total.events:,} changes)."
        return f"{exactly}{_closed(total)}"
    ordered = sorted(
        (e for e in attribution.effects_on(name) if e.source != "interaction"),
        key=lambda effect: -effect.share,
    )
    first, *others = [e for e in ordered if e.share >= _SHOWN] or ordered[:1]
    size = f"RMS {short(total.error)} weight steps, where weights changed by {short(total.learned)}"
    parts = [
        f"{_share(first)} of the learning error ({size}) is "
        f"{_CAUSES[first.source].format(bits=total.weight_bits)}{_since(first, total)}",
        *(f"{_share(effect)} {effect.source}" for effect in others),
    ]
    rest = attribution.effect(name, "interaction").share
    if abs(rest) > _INTERACTION:
        parts.append(f"{_percent(rest)} their interaction")
    remedy = _REMEDIES[first.source]
    if first.source == "weight rounding" and attribution.effect(name, "tag rounding").matters:
        remedy = "Larger amplitudes, or rewards at longer intervals, help."
    return f"{'; '.join(parts)}. {remedy}{_closed(total)}"


def _closed(total: LearningTotal) -> str:
    """Return a sentence about what the spikes of the chip add, if that is more than learning."""
    if not total.other_spikes > _SPIKES:
        return ""
    return (
        f" But {_percent(total.other_spikes)} of the error on the chip (RMS "
        f"{short(total.closed_error)}) comes from spikes that differ."
    )


def _since(effect: LearningEffect, total: LearningTotal) -> str:
    if effect.source != "weight rounding" or total.step >= 1.0:
        return ""
    return f", since one event changes a weight by only {short(total.step)} steps"


def _share(effect: LearningEffect) -> str:
    low, high = effect.interval
    if high - low <= 2 * _CLEAR:
        return _percent(effect.share)
    return (
        f"{_percent(effect.share)} ({_percent(low)[:-2]} to {_percent(high)}; more seeds narrow it)"
    )


def _percent(share: float) -> str:
    return percent(share, "", 0)


_CAUSES = {
    "start weights": "the rounding of the weights at the start",
    "trace decay": "the decay of the traces, which the engine holds differently",
    "trace impulse": "the fractions of the impulses, which are rounded at random",
    "trace rounding": "the stochastic rounding of the traces",
    "trace saturation": "the saturation of the traces",
    "learning rate": "the mantissa of the learning rate",
    "product shift": "the bits that products lose in their shift",
    "weight rounding": "the stochastic rounding of {bits}-bit weights",
    "tag rounding": "the stochastic rounding of the tags",
    "weight step": "the value of a weight step, which differs between neurons",
    "repeated spikes": "that several spikes of an input in one step count as one",
    "delay": "the delay of presynaptic spikes, which the chip learns from when they are sent",
    "reward": "the rounding of the rewards",
    "limits": "the limits of accumulators and weights",
    "epoch": "the epoch, at whose end alone weights change",
    "event order": "the order of spikes in the same step",
}
_REMEDIES = {
    "start weights": "Start weights that are whole steps have none.",
    "trace decay": "Choose a time constant that the engine holds.",
    "trace impulse": "Whole impulses have none.",
    "trace rounding": "Larger impulses help, as long as traces do not saturate.",
    "trace saturation": "Smaller impulses, lower rates or shorter time constants help.",
    "learning rate": "Choose the nearest amplitude that a mantissa holds.",
    "product shift": "A larger coefficient helps: it keeps more bits of the product.",
    "weight rounding": (
        "A larger amplitude, or learning in the tag and adding it to the weight by u, helps."
    ),
    "tag rounding": "Larger amplitudes or smaller rewards help.",
    "weight step": "One w_max for all connections onto these neurons helps.",
    "repeated spikes": "A shorter time step helps.",
    "delay": "A shorter delay, or a longer time step, helps.",
    "reward": "Rewards that are multiples of one number have none.",
    "limits": "A smaller amplitude, or a wider range of weights, helps.",
    "epoch": "A shorter epoch helps.",
    "event order": "A term of x0*y0 in the rule can undo it.",
}
