"""Result of a comparison of learning: what each connection learned, as values and as text."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .._support.brief import brief, line
from .._support.json_text import plain_data
from .._support.names import named_lines, visible
from .._support.npz import write_json
from .._support.text import aligned, counted, fixed, folded, percent, short
from .._support.values import shown
from ..errors import RecordingError
from ..typing import Float64Array
from ..validation import Comparison
from ..validation.answer import lead
from .limits import beyond_limits
from .metrics import WeightError
from .window import LearningWindow

__all__ = ["ConnectionLearning", "LearningComparison", "MeanWeights"]

_DRIFT = 0.5  # of the error: from this bias on the answer names a drift
_OFTEN = 0.01  # of the events: saturations that the answer names


@dataclass(frozen=True, eq=False)
class MeanWeights:
    """Mean weight of a connection in time, in weight steps.

    Parameters
    ----------
    times : ndarray of float64, shape (n_samples,), ms
        Ends of the steps.
    reference : ndarray of float64, shape (n_samples,)
        Mean weight in float.
    chip : ndarray of float64, shape (n_seeds, n_samples)
        Mean weight on the chip.
    """

    times: Float64Array
    reference: Float64Array
    chip: Float64Array

    __repr__ = brief


@dataclass(frozen=True, kw_only=True, eq=False)
class ConnectionLearning:
    """The weights that a connection learned in float and on the chip.

    Parameters
    ----------
    name, unit : str
        Name of the connection, and the unit of its weights: ``"mV"`` or ``"nA"``.
    step : float
        What a weight step is worth, in that unit; a mean over the target neurons.
    top : float
        ``w_max`` in weight steps.
    synapses : int
        Number of its synapses.
    events : float
        Plastic events: synapses of each spike of either side, as a mean over seeds.
    learned : float
        RMS change of the weights in float, in weight steps.
    open_loop, closed_loop : WeightError
        Error with the spikes of float, and with those of the chip.
    saturated : dict of str to float
        How often traces, accumulators and weights were beyond their limits, as a mean over seeds.
    reference : ndarray of float64, shape (n_synapses,)
        Weights of float at the end, in weight steps.
    chip : ndarray of float64, shape (n_seeds, n_synapses)
        Weights of the chip at the end, in the closed loop.
    means : MeanWeights
        Mean weight in time.
    window : LearningWindow or None
        Learning window of float and chip; None if a reward or an epoch leaves none.
    """

    name: str
    unit: str
    step: float
    top: float
    synapses: int
    events: float
    learned: float
    open_loop: WeightError
    closed_loop: WeightError
    saturated: Mapping[str, float]
    reference: Float64Array
    chip: Float64Array
    means: MeanWeights
    window: LearningWindow | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the arrays, as data for JSON; None for NaN."""
        plain = ("name", "unit", "step", "top", "synapses", "events", "learned")
        return {
            **{name: plain_data(getattr(self, name)) for name in plain},
            "saturated": dict(self.saturated),
            "open_loop": plain_data(asdict(self.open_loop)),
            "closed_loop": plain_data(asdict(self.closed_loop)),
        }

    def __repr__(self) -> str:
        error = self.closed_loop
        return line(self, repr(self.name), f"error {error.error:.3g}", f"spread {error.spread:.3g}")


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningComparison:
    """A comparison of learning on the chip and in float, made by :func:`compare_learning`.

    Parameters
    ----------
    spikes : Comparison
        Comparison of the spikes of float and of the chip with the first seed.
    seeds : int
        Number of seeds of the chip.
    min_events : int
        With fewer plastic events there is no answer.
    connections : dict of str to ConnectionLearning
        What each connection learned, by its name.
    """

    spikes: Comparison
    seeds: int
    min_events: int
    connections: Mapping[str, ConnectionLearning]

    @property
    def answers(self) -> Mapping[str, str]:
        """The answer of each connection: whether the chip learns the same weights."""
        return {name: _answer(item, self.min_events) for name, item in self.connections.items()}

    @property
    def lead(self) -> str:
        """The answers as lines; names only if there are several."""
        return named_lines(self.answers)

    def connection(self, name: str) -> ConnectionLearning:
        """Return what one connection learned.

        Raises
        ------
        RecordingError
            If there is no such connection.
        """
        if not isinstance(name, str) or name not in self.connections:
            known = ", ".join(map(repr, self.connections))
            raise RecordingError(
                f"compare_learning: no connection {shown(name)} learns; there are {known}."
            )
        return self.connections[name]

    def to_dict(self) -> dict[str, Any]:
        """Return everything except weights of single synapses, as data for JSON; None for NaN."""
        return {
            "seeds": self.seeds,
            "min_events": self.min_events,
            "answers": dict(self.answers),
            "connections": {name: item.to_dict() for name, item in self.connections.items()},
            "spikes": self.spikes.to_dict(),
        }

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write :meth:`to_dict` atomically to a JSON file and return its path."""
        return write_json(path, self.to_dict())

    def __str__(self) -> str:
        lines: list[str] = []
        for text, item in zip(self.lead.split("\n"), self.connections.values(), strict=True):
            lines += [*folded(text, indent=""), "", *_block(item, self.seeds), ""]
        for sentence in lead(self.spikes.answers):
            lines += folded(f"Spikes: {visible(sentence)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return line(self, *self.connections, f"{self.seeds} seeds")


_ROWS: tuple[tuple[str, Callable[[WeightError], str]], ...] = (
    ("RMS from float", lambda e: f"{e.error:.2f}"),
    ("RMS between seeds", lambda e: f"{e.spread:.2f}"),
    ("mean difference", lambda e: f"{e.bias:+.2f}"),
    ("correlation", lambda e: fixed(e.correlation)),
    ("earth mover's", lambda e: f"{e.distance:.2f}"),
    ("KS distance", lambda e: fixed(e.ks)),
    ("at a limit", lambda e: percent(e.at_limits[1], "", 1)),
    ("cosine", lambda e: fixed(e.cosine)),
    ("strongest tenth", lambda e: percent(e.overlap, "", 1)),
)
"""Words of the rows of a table, and their numbers of a WeightError."""


def _block(item: ConnectionLearning, seeds: int) -> list[str]:
    """Return the lines of a connection: its size, and both loops as columns."""
    rows = [("", "open loop", "closed loop")]
    rows += [(name, text(item.open_loop), text(item.closed_loop)) for name, text in _ROWS]
    limits = percent(item.closed_loop.at_limits[0], "", 1)
    lines = [
        f"{visible(item.name)}: {counted(item.synapses, 'synapse')}, {item.events:,.0f} plastic "
        f"events, {counted(seeds, 'seed')}",
        f"  weights of float changed by {item.learned:.2f} steps (RMS) of {item.step:.3g} "
        f"{item.unit}; {limits} at a limit",
        *(f"  {text}" for text in aligned(rows, left=(0,))),
    ]
    return [*lines, *beyond_limits(item.saturated)]


def _answer(item: ConnectionLearning, min_events: int) -> str:
    """Return whether the chip learns the same, how this compares with what is learned, and why."""
    if item.events < min_events:
        return (
            f"Too few events to judge: {item.events:,.0f} on {counted(item.synapses, 'synapse')}, "
            f"and {min_events:,} are needed. Run longer, or raise the rates."
        )
    if not item.learned and not item.closed_loop.error:
        return "No weight changed, in float and on the chip: nothing is known about learning."
    parts = [_claim(item.closed_loop), *_meaning(item)]
    if not item.closed_loop.within_spread:
        parts.append(_reason(item))
    parts += [f"Traces saturate ({item.saturated['traces']:,.0f} times)."] * (
        item.saturated["traces"] > _OFTEN * item.events
    )
    return " ".join(parts)


def _claim(error: WeightError) -> str:
    if not error.error:
        return "The chip learns exactly the weights of float."
    sizes = (
        f"RMS {short(error.error)} weight steps from float, {short(error.spread)} between two of "
        "its seeds"
    )
    within = error.within_spread
    if within:
        return f"The chip learns the same weights within the spread between its own seeds: {sizes}."
    if within is False:
        return f"The chip learns other weights than float: {sizes}."
    return f"Undecided whether the chip learns the same weights: {sizes}. More seeds may decide it."


def _meaning(item: ConnectionLearning) -> list[str]:
    """Return the sentences that compare the error with what is learned."""
    error, parts = item.closed_loop, []
    if error.error > item.learned:
        parts.append(
            f"But weights changed by only {short(item.learned)}, so draws hide what is learned."
        )
    elif not math.isnan(error.correlation):
        parts.append(
            f"Weights changed by {short(item.learned)}; these changes correlate by "
            f"{error.correlation:.2f} with those of float."
        )
    if abs(error.bias) > _DRIFT * error.error:
        parts.append(f"All weights drift by {short(error.bias, '+')}.")
    return parts


def _reason(item: ConnectionLearning) -> str:
    opened = item.open_loop
    if opened.within_spread:
        return (
            f"From the spikes of float it learns the same (RMS {short(opened.error)}); other "
            "spikes add the rest."
        )
    return (
        f"From the spikes of float it is RMS {short(opened.error)} away; attribute_learning names "
        "the sources."
    )
