"""``sweep``: checks the request, plans the tasks, keeps the file."""

from __future__ import annotations

import math
import numbers
import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from .._progress import progress_bar
from ..errors import SweepError
from ..hardware import LOIHI, ChipSpec
from ..network import Network
from ..provenance import versions
from ..recording import Probe
from .axes import COMPILE_OPTIONS, Point, Scalar, Values, parameters_of, plain, span
from .fingerprint import fingerprint
from .journal import Journal
from .pool import Task, cpus, run_tasks
from .result import RESULT_COLUMNS, Sweep
from .worker import Definition, PointRun

__all__ = ["sweep"]

_LARGEST_TASK = 16  # points: little is lost in a crash, and a task costs little beside its points
_TASKS = 64  # of a short sweep, so that executors of any size have something to share


def sweep(
    network: Network | Callable[..., Network],
    values: Values,
    *,
    duration: float,
    chip: ChipSpec | Callable[..., ChipSpec] = LOIHI,
    dt: float | str = 0.1,
    seed: int = 1,
    fine: float | None = None,
    record: str | Probe | Iterable[str | Probe] = (),
    measure: Callable[[PointRun], Mapping[str, Any]] | None = None,
    path: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Sweep:
    """Compile, run and compare a network at many points.

    An axis is a name with values. It belongs to whoever takes a parameter of that name: ``"dt"``
    (ms) and ``"seed"`` (of the inputs) to the run, ``"core.weight_mantissa_bits"`` and every other
    field of :class:`CoreSpec` to the chip, as does ``"cores"``; options of ``compile_network`` to
    the compiler; and any other name to the functions for network and chip, which are called with
    those axes, ``dt`` and ``seed`` among them, that they name as parameters.

    What does not change between points is not made again: a worker keeps the network, the input
    and the float64 reference of the axes that they depend on.

    A point that the chip cannot hold is a result: its ``problem`` says why. Every other error ends
    the sweep; points that were done before stay in the file.

    Parameters
    ----------
    network : Network or callable
        What to map, or a function of axes that returns it. For worker processes it must be defined
        at the top level of a module.
    values : dict of str to list, or list of dict
        Values of each axis: all combinations are run, the last axis fastest. Or the points.
        Values are numbers, strings, True, False, None or members of an enumeration.
    duration : float, ms
        Length of each run.
    chip : ChipSpec or callable
        Before the axes change it, or a function of axes that returns it (for presets by name, or
        fields that must change together).
    dt : float or "auto", ms
        Step where it is no axis; ``"auto"`` as in ``compile_network``.
    seed : int
        Of the inputs where it is no axis.
    fine : float, ms, optional
        Step of a finer reference, which splits the error into quantisation and time step.
    record : iterable of str or Probe
        ``"v"`` adds the error of v. Default: spikes only.
    measure : callable, optional
        Gets a :class:`PointRun` and returns further columns, a dict of names and numbers.
    path : path, optional
        File to append each finished point to (``.jsonl``). If it exists, the sweep goes on where
        it stopped. Finished, it is the same whatever happened on the way.
    executor : concurrent.futures.Executor, optional
        Where points run: Dask's ``client.get_executor()``, ``mpi4py.futures.MPIPoolExecutor()``.
        The caller closes it. Default: processes of this machine.
    workers : int, optional
        How many processes; 1 runs all points in this one. Default: one for each processor.
    progress : bool, optional
        Whether to show a bar on stderr. Default: on a terminal, after two seconds.
    **options
        Of :func:`compile_network`, where they are no axes.

    Returns
    -------
    Sweep

    Raises
    ------
    SweepError
        If the request is not allowed, the file belongs to another sweep, or a point fails.
    """
    probes = (record,) if isinstance(record, (str, Probe)) else tuple(record)
    _check(network, chip, duration, fine, workers)
    makers = [*parameters_of(network, "network"), *parameters_of(chip, "chip")]
    points = span(values, [item.name for item in makers], RESULT_COLUMNS)
    fixed = _fixed(points[0], dt, seed, options)
    for item in makers:
        if item.default is item.empty and item.name not in {**fixed, **points[0]}:
            raise SweepError(
                f"sweep: a function for network or chip needs {item.name!r}, which is no axis; "
                "add it to the axes, or give it a default."
            )
    definition = Definition(
        # Not of the content: that of a function is not known.
        key=uuid.uuid4().hex,
        network=network,
        chip=chip,
        synapses=0,
        duration=float(duration),
        fixed=fixed,
        fine=None if fine is None else float(fine),
        record=probes,
        measure=measure,
    )
    ends = points[0], points[-1]
    networks = [definition.make_network(definition.network_key(point)) for point in ends]
    header = _header(definition, points, networks)
    synapses = max(item.n_synapses for item in networks)
    definition = replace(definition, synapses=synapses)
    journal = Journal(None if path is None else Path(path), header)
    pending = [(i, point) for i, point in enumerate(points) if i not in journal.records]
    tasks = _tasks(definition, pending)
    processes = min(cpus() if workers is None else workers, max(1, len(tasks)))
    done = len(points) - len(pending)
    with progress_bar(len(points), "sweep", progress, unit="point", done=done) as bar:
        for records in run_tasks(definition, tasks, executor, processes):
            journal.append(records)
            bar.update(len(records))
    journal.finish()
    return Sweep.from_journal(journal)


def _check(network: Any, chip: Any, duration: Any, fine: Any, workers: Any) -> None:
    if not isinstance(network, Network) and not callable(network):
        raise SweepError(
            f"sweep: network = {network!r}; allowed: a Network, or a function that returns one."
        )
    if not isinstance(chip, ChipSpec) and not callable(chip):
        raise SweepError(
            f"sweep: chip = {chip!r}; allowed: a ChipSpec, or a function that returns one."
        )
    for name, value in (("duration", duration), *((("fine", fine),) if fine is not None else ())):
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not (real and math.isfinite(value) and value > 0):
            raise SweepError(f"sweep: {name} = {value!r} ms; allowed: a number above 0.")
    whole = isinstance(workers, numbers.Integral) and not isinstance(workers, bool)
    if workers is not None and not (whole and workers >= 1):
        raise SweepError(f"sweep: workers = {workers!r}; allowed: an integer of at least 1.")


def _fixed(point: Point, dt: Any, seed: Any, options: Mapping[str, Any]) -> dict[str, Scalar]:
    """What no axis sets."""
    for name in options:
        if name not in COMPILE_OPTIONS:
            raise SweepError(
                f"sweep: no option {name!r}; allowed: {', '.join(COMPILE_OPTIONS)}, as in "
                "compile_network."
            )
        if name in point:
            raise SweepError(f"sweep: {name!r} is both an option and an axis; allowed: one.")
    given = {"dt": dt, "seed": seed, **options}
    return {name: plain(name, value) for name, value in given.items() if name not in point}


def _header(
    definition: Definition, points: Sequence[Point], networks: Sequence[Network]
) -> dict[str, Any]:
    """Everything that the records depend on, and where they come from."""
    return {
        **versions(),
        "axes": list(points[0]),
        "points": len(points),
        "values": fingerprint(points),
        "network": [fingerprint(item) for item in networks],
        "chip": [fingerprint(definition.base_chip(point)) for point in (points[0], points[-1])],
        "duration": definition.duration,
        "fixed": definition.fixed,
        "fine": definition.fine,
        "record": [repr(probe) for probe in definition.record],
        "measure": None if definition.measure is None else _name_of(definition.measure),
    }


def _name_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _tasks(definition: Definition, pending: Sequence[tuple[int, Point]]) -> list[Task]:
    """Share points out: those with one reference together, as far as they fit into a task."""
    size = min(_LARGEST_TASK, math.ceil(len(pending) / _TASKS))
    groups: dict[Any, Task] = {}
    for index, point in pending:
        groups.setdefault(definition.reference_key(point), []).append((index, point))
    tasks: list[Task] = []
    for group in groups.values():
        pieces = math.ceil(len(group) / size)
        length = math.ceil(len(group) / pieces)
        for begin in range(0, len(group), length):
            piece = group[begin : begin + length]
            if tasks and len(tasks[-1]) + len(piece) <= size:
                tasks[-1] += piece
            else:
                tasks.append(piece)
    return tasks
