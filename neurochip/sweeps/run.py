"""``sweep``: checks the request, plans the tasks, keeps the file."""

from __future__ import annotations

import contextlib
import json
import math
import os
import uuid
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from compiler import OPTIONS

from .._support.progress import progress_bar
from .._support.provenance import versions
from .._support.ranges import POSITIVE
from .._support.values import integer, real, shown
from ..chip.spec import LOIHI, ChipSpec
from ..errors import SweepError
from ..network import Network
from ..recording import Probe
from .axes import Point, Scalar, Values, parameters_of, plain, span
from .definition import Definition, PointRun
from .failures import at_point
from .fingerprint import digest, fingerprint
from .journal import Journal
from .origins import Origins
from .pool import Task, cpus, open_pool
from .records import RESULT_COLUMNS
from .result import Sweep, path_of
from .uses import Uses, used_by
from .worker import evaluate, identify

__all__ = ["sweep"]

_LARGEST_TASK = 16  # points: little is lost in a crash, and a task costs little beside its points
_TASKS = 64  # of a short sweep, so that executors of any size have something to share


def sweep(
    network: Network | Callable[..., Network],
    values: Values,
    *,
    duration: float,
    chip: ChipSpec | Callable[..., ChipSpec] = LOIHI,
    dt: float | str | None = None,
    seed: int | None = None,
    fine_dt: float | None = None,
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
    the sweep, as Ctrl-C does; points that were done before stay in the file.

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
    dt : float or "auto", ms, optional
        Step where it is no axis; ``"auto"`` as in ``compile_network``. Default: 0.1.
    seed : int, optional
        Of the inputs where it is no axis. Default: 1.
    fine_dt : float, ms, optional
        Step of a fine reference, which splits the error into quantisation and time step.
    record : iterable of str or Probe
        ``"v"`` adds the error of v. Default: spikes only.
    measure : callable, optional
        Gets a :class:`PointRun` and returns further columns, a dict of names and numbers.
    path : path, optional
        File to append each finished point to (``.jsonl``). If it exists, the sweep goes on where
        it stopped, unless it is another sweep: networks and chips of all points that are done are
        made again and compared. Finished, it is the same whatever happened on the way.
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
        If the request is not allowed, the file belongs to another sweep or is being written by
        another process, or a point fails.
    OSError
        If the file cannot be written; it names the file.

    Warns
    -----
    UserWarning
        If lines of the file are damaged, whose points are computed anew, or if ``measure`` uses
        what nobody can compare with what it was.
    """
    probes = _probes(record)
    _check(network, chip, measure, executor)
    duration = real("sweep", "duration", duration, "ms", POSITIVE, error=SweepError)
    if fine_dt is not None:
        fine_dt = real("sweep", "fine_dt", fine_dt, "ms", POSITIVE, error=SweepError)
    if workers is not None:
        workers = integer("sweep", "workers", workers, at_least=1, error=SweepError)
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
        duration=duration,
        fixed=fixed,
        fine_dt=fine_dt,
        record=probes,
        measure=measure,
    )
    journal_path = None if path is None else path_of(path)
    # Before anything of the user's is called, which may change what it uses.
    with contextlib.nullcontext() if measure is None else used_by(measure) as used:
        networks = []
        for index, point in _ends(points):
            with at_point(index, point):
                networks.append(definition.make_network(definition.network_key(point)))
        definition = replace(definition, synapses=max(item.n_synapses for item in networks))
        origins = Origins(definition, points, networks)
        with Journal(journal_path, _header(definition, points, networks, used)) as journal:
            try:
                _go_through(definition, points, journal, origins, executor, workers, progress)
            except (KeyboardInterrupt, MemoryError, OSError) as problem:
                if journal.path is not None:
                    problem.add_note(_kept(journal, len(points)))
                raise
            journal.finish()
            return Sweep.from_journal(journal)


def _kept(journal: Journal, points: int) -> str:
    return (
        f"{journal.path}: {len(journal.records):,} of {points:,} points are kept; start the same "
        "sweep again, and it goes on."
    )


def _go_through(
    definition: Definition,
    points: Sequence[Point],
    journal: Journal,
    origins: Origins,
    executor: Executor | None,
    workers: int | None,
    progress: bool | None,
) -> None:
    """Check the points that are in the journal, and run the others."""
    done = dict(journal.records)
    if done:
        _warn_of_unseen(journal)
    unknown = origins.unknown(done)
    checks = _tasks(definition, unknown)
    tasks = _tasks(definition, [(i, p) for i, p in enumerate(points) if i not in done])
    processes = min(cpus() if workers is None else workers, max(1, len(checks) + len(tasks)))
    with (
        open_pool(definition, executor, processes) as run,
        progress_bar(len(points), "sweep", progress, unit="point", done=len(done)) as bar,
    ):
        for found in run(identify, checks):
            for item in found:
                origins.learn(item["point"], item["network"])
        for record in done.values():
            origins.check(record, journal.path)
        for records in run(evaluate, tasks):
            for record in records:
                origins.check(record)
            journal.append(records)
            bar.update(len(records))


def _warn_of_unseen(journal: Journal) -> None:
    unseen = journal.header["measure_unseen"]
    if unseen:
        warnings.warn(
            f"{journal.path}: goes on with points that are done, but nobody can tell whether what "
            f"`measure` uses is as it was: {', '.join(unseen)}.",
            stacklevel=4,
        )


def _probes(record: Any) -> tuple[str | Probe, ...]:
    given = (record,) if isinstance(record, (str, Probe)) else record
    probes = tuple(given) if isinstance(given, Iterable) else (given,)
    for probe in probes:
        if not isinstance(probe, (str, Probe)):
            raise SweepError(
                f"sweep: record = {shown(probe)}; allowed: names of variables and Probes."
            )
    return probes


def _check(network: Any, chip: Any, measure: Any, executor: Any) -> None:
    if not isinstance(network, Network) and not callable(network):
        raise SweepError(
            f"sweep: network = {shown(network)}; allowed: a Network, or a function that "
            "returns one."
        )
    if not isinstance(chip, ChipSpec) and not callable(chip):
        raise SweepError(
            f"sweep: chip = {shown(chip)}; allowed: a ChipSpec, or a function that returns one."
        )
    if measure is not None and not callable(measure):
        raise SweepError(f"sweep: measure = {shown(measure)}; allowed: a function of a PointRun.")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise SweepError(
            f"sweep: executor = {shown(executor)}; allowed: one of concurrent.futures, or another "
            "with a method submit."
        )


def _fixed(point: Point, dt: Any, seed: Any, options: Mapping[str, Any]) -> dict[str, Scalar]:
    """What no axis sets."""
    asked = {"dt": dt, "seed": seed}
    asked = {name: value for name, value in asked.items() if value is not None} | dict(options)
    for name in asked:
        if name not in ("dt", "seed", *OPTIONS):
            raise SweepError(
                f"sweep: no option {name!r}; allowed: {', '.join(OPTIONS)}, as in compile_network."
            )
        if name in point:
            raise SweepError(f"sweep: {name!r} is both an option and an axis; allowed: one.")
    given = {"dt": 0.1, "seed": 1, **asked}
    return {name: plain(name, value) for name, value in given.items() if name not in point}


def _ends(points: Sequence[Point]) -> list[tuple[int, Point]]:
    return [(0, points[0]), (len(points) - 1, points[-1])]


def _header(
    definition: Definition,
    points: Sequence[Point],
    networks: Sequence[Network],
    used: Uses | None,
) -> dict[str, Any]:
    """Everything that the records depend on, and where they come from."""
    measure: Any = definition.measure
    chips = []
    for index, point in _ends(points):
        with at_point(index, point):
            chips.append(definition.chip_digest(point))
    return {
        **versions(),
        "axes": list(points[0]),
        "points": len(points),
        "values": digest([json.dumps(points).encode()]),  # a million points in no time
        "network": [fingerprint(item) for item in networks],
        "chip": chips,
        "duration": definition.duration,
        "fixed": definition.fixed,
        "fine_dt": definition.fine_dt,
        "record": [repr(probe) for probe in definition.record],
        "measure": getattr(measure, "__qualname__", type(measure).__qualname__) if used else None,
        "measure_uses": used.digests if used else None,
        "measure_unseen": used.unseen if used else None,
    }


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
