"""Spikes as Neo objects, the input of Elephant and other analysis tools."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.extras import require
from .._support.values import MOST_IDS, check_name, instances, integer
from ..errors import StimulusError
from ..recording import Recording
from ..stimulus import Stimulus
from .trains import Inputs, Trains, as_stimulus, check_duration, trains_of

__all__ = ["from_neo", "to_neo", "trains_from_neo"]


def to_neo(source: Recording | Stimulus) -> Any:
    """Return spikes as a ``neo.Block`` with one segment.

    Every neuron, even without spikes, has a ``SpikeTrain`` in ms with the annotations
    ``population`` and ``neuron`` (its index in the population); payloads of graded spikes are the
    array annotation ``payload``. Spikes of a stimulus after its end,
    which no run reaches, are omitted: Neo allows none after the end of a train.

    Parameters
    ----------
    source : Recording or Stimulus
        Spikes to convert.

    Raises
    ------
    StimulusError
        If ``source`` has another type.
    MissingExtraError
        If Neo is not installed.
    """
    neo = require("neo", "neo", "spikes as objects of Neo")
    trains, duration = trains_of(source)
    begin = source.first_step * source.dt if isinstance(source, Recording) else 0.0
    payloads = source.payloads if isinstance(source, Recording) else {}
    block, segment = neo.Block(name="neurochip"), neo.Segment(name="run")
    for item in trains:
        order = np.lexsort((item.times, item.ids))
        ids, times = np.asarray(item.ids)[order], item.times[order]
        ids, times = (
            ids[times < duration],
            times[times < duration],
        )  # a stimulus may hold later ones
        carried = payloads.get(str(item.name))
        bounds = np.searchsorted(ids, np.arange((item.size or 0) + 1))
        for neuron in range(item.size or 0):
            train = neo.SpikeTrain(
                times[bounds[neuron] : bounds[neuron + 1]],
                units="ms",
                t_start=begin,
                t_stop=duration,
                name=f"{item.name} {neuron}",
            )
            train.annotate(population=item.name, neuron=neuron)
            if carried is not None:
                train.array_annotate(payload=carried[order][bounds[neuron] : bounds[neuron + 1]])
            segment.spiketrains.append(train)
    block.segments.append(segment)
    return block


def from_neo(
    source: Any, *, inputs: Inputs | None = None, duration: float | None = None
) -> Stimulus:
    """Turn spike trains of Neo into a stimulus.

    Parameters
    ----------
    source : neo.Block, neo.Segment or list of neo.SpikeTrain
        A block must have one segment. Time is counted from the beginning of the trains. The
        annotations ``population`` and ``neuron``, as :func:`to_neo` writes them, name the input and
        the source of a train; without annotations, train k is source k of the only input.
    inputs : sequence of (name, size), optional
        Inputs of the run, such as ``[("source", 100)]``. Default: the inputs that the annotations
        name, or one input named ``"input"``.
    duration : float, ms, optional
        Length of the stimulus. Default: up to the end of the trains.

    Raises
    ------
    StimulusError
        If a block does not have one segment, trains begin or end at different times, only some
        trains are annotated, or the trains do not fit ``inputs``.
    MissingExtraError
        If Neo is not installed.
    """
    given = check_duration("Neo", duration)
    trains, length = trains_from_neo("Neo", source)
    return as_stimulus("Neo", trains, inputs, length if given is None else given)


def trains_from_neo(owner: str, source: Any) -> tuple[list[Trains], float]:
    """Return the spikes and the duration (ms) of Neo objects."""
    neo = require("neo", "neo", "spikes as objects of Neo")
    segments = getattr(source, "segments", None)
    if segments is not None:
        if len(segments) != 1:
            raise StimulusError(
                f"{owner}: the block has {len(segments)} segments; allowed: one. Pass a segment."
            )
        source = segments[0]
    items = instances(
        owner,
        "trains",
        getattr(source, "spiketrains", source),
        neo.SpikeTrain,
        allowed="a Block, a Segment or a list of SpikeTrain",
        error=StimulusError,
    )
    if not items:
        raise StimulusError(f"{owner}: has no spike trains.")
    spans = {
        tuple(float(t.rescale("ms").magnitude) for t in (train.t_start, train.t_stop))
        for train in items
    }
    if len(spans) != 1:
        first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
        raise StimulusError(
            f"{owner}: trains lie within {first:g} to {last:g} ms and differ in begin or end; "
            "allowed: the same begin and end for all. Cut them."
        )
    ((begin, end),) = spans
    marked = [{"population", "neuron"} <= set(train.annotations) for train in items]
    if any(marked) and not all(marked):
        raise StimulusError(
            f"{owner}: {sum(marked)} of {len(items)} trains have the annotations population and "
            "neuron; allowed: all or none."
        )
    groups: dict[str | None, list[tuple[int, Any]]] = {}
    seen = set()
    for index, train in enumerate(items):
        name, neuron = _place(owner, train.annotations) if marked[0] else (None, index)
        if (name, neuron) in seen:
            raise StimulusError(
                f"{owner}: neuron {neuron} of {name!r} has two trains; allowed: one. Join them."
            )
        seen.add((name, neuron))
        times = np.asarray(train.rescale("ms").magnitude, dtype=np.float64) - begin
        groups.setdefault(name, []).append((neuron, times))
    trains = [
        Trains(
            name,
            max(neuron for neuron, _ in members) + 1,
            np.concatenate([np.full(len(times), neuron) for neuron, times in members]),
            np.concatenate([times for _, times in members]),
        )
        for name, members in groups.items()
    ]
    return trains, end - begin


def _place(owner: str, annotations: Any) -> tuple[str, int]:
    """Return the population and the neuron in the annotations of a train."""
    name, error = annotations["population"], StimulusError
    check_name(f"{owner}: annotation population", name, error)
    most = MOST_IDS - 1
    neuron = integer(owner, "neuron", annotations["neuron"], at_least=0, at_most=most, error=error)
    return str(name), neuron
