"""One point after another, in whatever process: what may be kept between points is kept."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler import compile_network

from ..emulator import Emulator
from ..errors import CompileError, SpecError, SweepError
from ..hardware import LOIHI, ChipSpec
from ..image import ChipImage
from ..network import LIF, Network, Population, SpikeInput, one_to_one
from ..recording import Probe, Recording
from ..reference import simulate_reference
from ..stimulus import Stimulus, draw_stimulus
from ..validation import Comparison, compare
from .axes import COMPILE_OPTIONS, CORE, Point, Scalar, described, parameters_of, plain

__all__ = ["Definition", "PointRun", "evaluate", "forget", "warm_up"]

_NETWORKS = 2  # the last ones, kept in a worker
_IMAGES, _SYNAPSES = 16, 4_000_000  # so many images, as long as they hold so many synapses at most
_REFERENCES, _TRACES = 8, 2  # so many references, and so many if they hold traces


@dataclass(frozen=True, kw_only=True)
class PointRun:
    """What one point of a sweep gave, for a function that measures more.

    Parameters
    ----------
    point : dict
        Value of every axis.
    network : Network
        What was mapped.
    image : ChipImage
        What it became.
    reference, chip : Recording
        Both runs.
    comparison : Comparison
        Of the two.
    """

    point: Mapping[str, Scalar]
    network: Network
    image: ChipImage
    reference: Recording
    chip: Recording
    comparison: Comparison


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What all points of a sweep share; it travels to the workers.

    Parameters
    ----------
    key : str
        Of this sweep alone: workers know by it what they may keep.
    network : Network or callable
        The network, or a function of axes that makes it.
    chip : ChipSpec or callable
        Likewise.
    synapses : int
        Of a network, about: workers keep fewer images of large ones.
    duration : float, ms
        Length of each run.
    fixed : dict
        ``dt``, ``seed`` and compile options, where no axis sets them.
    fine : float or None, ms
        Step of a finer reference.
    record : tuple of str or Probe
        Traces for the comparison of v.
    measure : callable or None
        Further results of a :class:`PointRun`.
    """

    key: str
    network: Network | Callable[..., Network]
    chip: ChipSpec | Callable[..., ChipSpec]
    synapses: int
    duration: float
    fixed: Mapping[str, Scalar]
    fine: float | None
    record: tuple[str | Probe, ...]
    measure: Callable[[PointRun], Mapping[str, Any]] | None

    @functools.cached_property
    def _network_axes(self) -> tuple[str, ...]:
        return tuple(item.name for item in parameters_of(self.network, "network"))

    @functools.cached_property
    def _chip_axes(self) -> tuple[str, ...]:
        return tuple(item.name for item in parameters_of(self.chip, "chip"))

    def network_key(self, point: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
        """Return the part of a point that the network depends on."""
        full = {**self.fixed, **point}
        return tuple((name, full[name]) for name in self._network_axes if name in full)

    def reference_key(self, point: Mapping[str, Scalar]) -> tuple[Any, ...]:
        """Return the part of a point that the reference depends on."""
        full = {**self.fixed, **point}
        return self.network_key(point), full["seed"], full["dt"]

    def make_network(self, key: tuple[tuple[str, Scalar], ...]) -> Network:
        """Return the network of a :meth:`network_key`."""
        made = self.network if isinstance(self.network, Network) else self.network(**dict(key))
        if not isinstance(made, Network):
            raise SweepError(
                f"sweep: the function for the network returned {made!r}; allowed: a Network."
            )
        return made

    def image_key(self, point: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
        """Return the part of a point that the image depends on."""
        inputs_only = "seed" not in (*self._network_axes, *self._chip_axes)
        return tuple(item for item in point.items() if item[0] != "seed" or not inputs_only)

    def base_chip(self, point: Mapping[str, Scalar]) -> ChipSpec:
        """Return the chip of a point before the fields among its axes are set."""
        full = {**self.fixed, **point}
        made: Any = self.chip
        if not isinstance(made, ChipSpec):
            made = made(**{name: full[name] for name in self._chip_axes if name in full})
        if not isinstance(made, ChipSpec):
            raise SweepError(
                f"sweep: the function for the chip returned {made!r}; allowed: a ChipSpec."
            )
        return made

    def make_chip(self, point: Mapping[str, Scalar]) -> ChipSpec:
        """Return the chip of a point."""
        base = self.base_chip(point)
        core: dict[str, Any] = {
            name.removeprefix(CORE): value for name, value in point.items() if name.startswith(CORE)
        }
        cores: Any = point.get("cores")
        return base.what_if(cores=cores, **core) if core or cores is not None else base


def evaluate(
    definition: Definition, points: Sequence[tuple[int, Point]], threads: int | None
) -> list[dict[str, Any]]:
    """Run points, and return a record of each, ready for JSON.

    Parameters
    ----------
    definition : Definition
        Of the sweep.
    points : sequence of (int, dict)
        Number and values of each point.
    threads : int or None
        Of the emulator and of the reference. Records do not depend on it, nor on which points run
        together.

    Raises
    ------
    SweepError
        If a point fails for another reason than that the chip cannot hold its network.
    """
    evaluator = _kept.get(definition.key)
    if evaluator is None:
        forget()  # the last sweep
        evaluator = _kept[definition.key] = _Evaluator(definition)
    return [evaluator.record(index, point, threads) for index, point in points]


def forget() -> None:
    """Let go of what is kept for further points."""
    _kept.clear()


def warm_up() -> None:
    """Compile the kernels, or load them, so that processes started later find them on disk."""
    source, cell = SpikeInput("source", 1, [0], [0.0]), Population("cell", 1, LIF())
    network = Network(
        inputs=[source], populations=[cell], connections=[one_to_one(source, cell, weight=1.0)]
    )
    stimulus = draw_stimulus(network, 1.0, seed=0)
    Emulator(compile_network(network, LOIHI, dt=1.0), threads=1).run(stimulus)
    simulate_reference(network, stimulus, 1.0, progress=False)


class _Evaluator:
    """What a worker keeps from point to point."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._network = functools.lru_cache(_NETWORKS)(definition.make_network)
        images = max(1, min(_IMAGES, _SYNAPSES // max(1, definition.synapses)))
        self._image = functools.lru_cache(images)(self._compile)
        self._stimulus = functools.lru_cache(_NETWORKS)(self._draw)
        references = _TRACES if definition.record else _REFERENCES
        self._reference = functools.lru_cache(references)(self._simulate)

    def record(self, index: int, point: Point, threads: int | None) -> dict[str, Any]:
        """Run a point; a network that this chip cannot hold is a result, too."""
        result: dict[str, Any] = {"point": index, "axes": point}
        try:
            return {**result, "problem": None, **self._run(point, threads)}
        except (CompileError, SpecError) as problem:
            return {**result, "problem": str(problem)}
        except Exception as problem:
            raise SweepError(
                f"sweep: point {index} ({described(point)}) failed with "
                f"{type(problem).__name__}: {problem}"
            ) from problem

    def _run(self, point: Point, threads: int | None) -> dict[str, Any]:
        definition = self.definition
        full: dict[str, Any] = {**definition.fixed, **point}
        key = definition.network_key(point)
        network, image = self._network(key), self._image(definition.image_key(point))
        assert image.symbols is not None  # the compiler writes them
        emulator = Emulator(image, threads=threads, progress=False)
        chip_run = emulator.run(self._stimulus(key, full["seed"]), record=definition.record)
        step, record = image.symbols.dt, definition.record
        reference = self._reference(key, full["seed"], step, record, threads)
        fine = None
        if definition.fine is not None:
            fine = self._reference(key, full["seed"], definition.fine, (), threads)
        comparison = compare(reference, chip_run, fine=fine, network=network)
        measured: Mapping[str, Any] = {}
        if definition.measure is not None:
            run = PointRun(
                point=point,
                network=network,
                image=image,
                reference=reference,
                chip=chip_run,
                comparison=comparison,
            )
            measured = definition.measure(run)
        return {
            "image": image.digest(),
            "overflows": dict(comparison.overflows),
            "measured": {name: _defined(name, value) for name, value in measured.items()},
            "populations": {name: p.to_dict() for name, p in comparison.populations.items()},
        }

    def _compile(self, key: tuple[tuple[str, Scalar], ...]) -> ChipImage:
        definition, point = self.definition, dict(key)
        full: dict[str, Any] = {**definition.fixed, **point}
        chip = definition.make_chip(point)
        network = self._network(definition.network_key(point))
        options = {name: full[name] for name in COMPILE_OPTIONS if name in full}
        return compile_network(network, chip, full["dt"], **options)

    def _draw(self, key: tuple[tuple[str, Scalar], ...], seed: int) -> Stimulus:
        return draw_stimulus(self._network(key), self.definition.duration, seed)

    def _simulate(
        self,
        key: tuple[tuple[str, Scalar], ...],
        seed: int,
        dt: float,
        record: tuple[str | Probe, ...],
        threads: int | None,
    ) -> Recording:
        network, stimulus = self._network(key), self._stimulus(key, seed)
        return simulate_reference(
            network, stimulus, dt, record=record, threads=threads, progress=False
        )


def _defined(name: str, value: Any) -> Scalar:
    undefined = isinstance(value, (float, np.floating)) and not math.isfinite(value)
    return None if undefined else plain(f"measured {name!r}", value)


_kept: dict[str, _Evaluator] = {}
