"""Evaluates sweep points in a worker and caches what points share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from compiler import OPTIONS, compile_network

from .._support.values import shown
from ..chip.spec import LOIHI
from ..emulator import Emulator
from ..errors import CompileError, SpecError, SweepError
from ..image import ChipImage
from ..network import LIF, Network, Population, SpikeInput, one_to_one
from ..recording import Probe, Recording, WeightProbe
from ..reference import simulate_reference, simulate_twins
from ..stimulus import Stimulus, draw_stimulus
from ..validation import compare
from .axes import Point, Scalar, plain
from .definition import Definition, PointRun, network_digest
from .failures import at_point, calling
from .records import RESULT_COLUMNS

__all__ = ["Outcome", "evaluate", "forget", "identify", "stop_at", "warm_up"]

_NETWORKS = 2  # cached networks, and cached inputs
_IMAGES, _SYNAPSES = 16, 4_000_000  # cached images, and the most synapses that they hold together
_REFERENCES, _TRACES = 8, 2  # cached references, without and with traces
_TWINS = 2  # references whose twins are cached
_DIGESTS = 1_000  # cached digests of networks


class Outcome(NamedTuple):
    """Results of some points, and the exception that ended them early, if any."""

    found: list[dict[str, Any]]
    problem: SweepError | KeyboardInterrupt | None = None


class Event(Protocol):
    """An event of ``threading`` or of ``multiprocessing``."""

    def is_set(self) -> bool:
        """Return whether the event is set."""


def evaluate(
    definition: Definition, points: Sequence[tuple[int, Point]], threads: int | None
) -> Outcome:
    """Run points, and return a record of each as JSON data.

    Parameters
    ----------
    definition : Definition
        Definition of the sweep.
    points : sequence of (int, dict)
        Number and values of each point.
    threads : int or None
        Threads of the emulator and of the reference. Records depend neither on them nor on the
        grouping of the points.

    Returns
    -------
    Outcome
        The records. If a point fails for any reason except a network that does not fit the chip,
        the exception and the records before that point.
    """
    evaluator = _evaluator(definition)
    return _each(points, lambda index, point: evaluator.record(index, point, threads))


def identify(
    definition: Definition,
    points: Sequence[tuple[int, Point]],
    threads: int | None,  # noqa: ARG001 - as evaluate
) -> Outcome:
    """Return the digest of the network of each point, as its record holds it, without a run."""
    evaluator = _evaluator(definition)
    return _each(
        points, lambda _, point: {"network": evaluator.digest_of(definition.network_key(point))}
    )


def stop_at(event: Event) -> None:
    """Start no further point in this process once the event is set."""
    _stop.append(event)


def _each(
    points: Sequence[tuple[int, Point]], step: Callable[[int, Point], dict[str, Any]]
) -> Outcome:
    found: list[dict[str, Any]] = []
    try:
        for index, point in points:
            if any(event.is_set() for event in _stop):
                break
            with at_point(index, point):
                found.append({"point": index, **step(index, point)})
    except (SweepError, KeyboardInterrupt) as problem:
        return Outcome(found, problem)
    return Outcome(found)


def _evaluator(definition: Definition) -> _Evaluator:
    """Return the evaluator of a sweep, with its caches."""
    found = _kept.get(definition.key)
    if found is None:
        forget()  # the previous sweep
        found = _kept[definition.key] = _Evaluator(definition)
    return found


def forget() -> None:
    """Drop all caches."""
    _kept.clear()


def warm_up() -> None:
    """Compile or load the kernels, so that processes started later find them on disk."""
    source, cell = SpikeInput("source", 1, [0], [0.0]), Population("cell", 1, LIF())
    network = Network(
        inputs=[source], populations=[cell], connections=[one_to_one(source, cell, weight=1.0)]
    )
    stimulus = Stimulus(1.0, (source,))
    Emulator(compile_network(network, LOIHI, dt=1.0), threads=1).run(stimulus)
    simulate_reference(network, stimulus, 1.0, progress=False)


class _Evaluator:
    """Evaluates points with cached networks, images, inputs and references."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._network = functools.lru_cache(_NETWORKS)(definition.make_network)
        self.digest_of = functools.lru_cache(_DIGESTS)(self._digest)
        images = max(1, min(_IMAGES, _SYNAPSES // max(1, definition.synapses)))
        self._image = functools.lru_cache(images)(self._compile)
        self._stimulus = functools.lru_cache(_NETWORKS)(self._draw)
        references = _TRACES if definition.record else _REFERENCES
        self._reference = functools.lru_cache(references)(self._simulate)
        self._twins = functools.lru_cache(_TWINS)(self._repeat)

    def record(self, index: int, point: Point, threads: int | None) -> dict[str, Any]:
        """Run a point; a network that does not fit the chip is a result, not an error."""
        definition = self.definition
        origin = {
            "point": index,
            "axes": point,
            "network": self.digest_of(definition.network_key(point)),
            "chip": definition.chip_digest(point),
        }
        try:
            return {**origin, "problem": None, **self._run(point, threads)}
        except (CompileError, SpecError) as problem:
            return {**origin, "problem": str(problem)}

    def _run(self, point: Point, threads: int | None) -> dict[str, Any]:
        definition = self.definition
        full: dict[str, Any] = {**definition.fixed, **point}
        key = definition.network_key(point)
        network, image = self._network(key), self._image(definition.image_key(point))
        assert image.symbols is not None  # the compiler writes them
        emulator = Emulator(image, warn=False, threads=threads, progress=False)
        chip_run = emulator.run(self._stimulus(key, full["seed"]), record=definition.record)
        step, record = image.symbols.dt, definition.record
        reference = self._reference(key, full["seed"], step, record, threads)
        fine = None
        if definition.fine_dt is not None:
            fine = self._reference(key, full["seed"], definition.fine_dt, (), threads)
        twins = self._twins(key, full["seed"], step, threads) if definition.twins else ()
        comparison = compare(reference, chip_run, fine=fine, twins=twins, network=network)
        measured: Mapping[str, Scalar] = {}
        if definition.measure is not None:
            run = PointRun(
                point=point,
                network=network,
                image=image,
                reference=reference,
                chip=chip_run,
                comparison=comparison,
            )
            with calling("`measure`"):
                given = definition.measure(run)
            measured = _checked(given, point)
        return {
            "image": image.digest(),
            "overflows": dict(comparison.overflows),
            "measured": measured,
            "populations": {name: p.to_dict() for name, p in comparison.populations.items()},
        }

    def _digest(self, key: tuple[tuple[str, Scalar], ...]) -> str:
        return network_digest(self._network(key))

    def _compile(self, key: tuple[tuple[str, Scalar], ...]) -> ChipImage:
        definition, point = self.definition, dict(key)
        full: dict[str, Any] = {**definition.fixed, **point}
        chip = definition.make_chip(point)
        network = self._network(definition.network_key(point))
        options = {name: full[name] for name in OPTIONS if name in full}
        return compile_network(network, chip, full["dt"], **options)

    def _draw(self, key: tuple[tuple[str, Scalar], ...], seed: int) -> Stimulus:
        return draw_stimulus(self._network(key), self.definition.duration, seed)

    def _simulate(
        self,
        key: tuple[tuple[str, Scalar], ...],
        seed: int,
        dt: float,
        record: tuple[str | Probe | WeightProbe, ...],
        threads: int | None,
    ) -> Recording:
        network, stimulus = self._network(key), self._stimulus(key, seed)
        return simulate_reference(
            network, stimulus, dt, record=record, threads=threads, progress=False
        )

    def _repeat(
        self, key: tuple[tuple[str, Scalar], ...], seed: int, dt: float, threads: int | None
    ) -> list[Recording]:
        """Run the twins of a reference; a network without recurrence has none."""
        return simulate_twins(
            self._network(key),
            self._stimulus(key, seed),
            self._reference(key, seed, dt, self.definition.record, threads),
            twins=self.definition.twins,
            threads=threads,
            progress=False,
        )


def _checked(measured: Any, point: Point) -> dict[str, Scalar]:
    """Return the result of ``measure`` as JSON scalars."""
    if not isinstance(measured, Mapping):
        raise SweepError(
            f"sweep: `measure` returned {shown(measured)}; allowed: a dictionary of names "
            "and numbers."
        )
    for name in measured:
        if not isinstance(name, str):
            raise SweepError(f"sweep: `measure` returned the name {name!r}; allowed: a string.")
        if name in RESULT_COLUMNS or name in point:
            raise SweepError(
                f"sweep: `measure` returned {name!r}, which is the name of another column; rename "
                "it."
            )
    return {name: _defined(name, value) for name, value in measured.items()}


def _defined(name: str, value: Any) -> Scalar:
    undefined = isinstance(value, (float, np.floating)) and not math.isfinite(value)
    return None if undefined else plain(f"measured {name!r}", value)


_kept: dict[str, _Evaluator] = {}
_stop: list[Event] = []
