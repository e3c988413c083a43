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
from .._support.warn import warn_user
from ..chip.registers import OVERFLOWS
from ..chip.spec import LOIHI, ChipSpec
from ..errors import ChipOverflowWarning, SweepError
from ..network import Network
from ..network.time_step import own_step
from ..recording import Probe, WeightProbe
from ..reference import MOST_TWINS, TWINS
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

_LARGEST_TASK = 16  # points per task: a crash loses little, and the overhead per point is small
_TASKS = 64  # tasks of a short sweep, so that large executors have enough to share
_FINER = 10  # default steps of the fine reference in the shortest dt of a sweep over dt
_AUTO = 0.05  # ms, the shortest step that dt="auto" picks


def sweep(
    network: Network | Callable[..., Network],
    values: Values,
    *,
    duration: float,
    chip: ChipSpec | Callable[..., ChipSpec] = LOIHI,
    dt: float | str | None = None,
    seed: int | None = None,
    fine_dt: float | None = None,
    twins: int = TWINS,
    record: str | Probe | WeightProbe | Iterable[str | Probe | WeightProbe] = (),
    measure: Callable[[PointRun], Mapping[str, Any]] | None = None,
    path: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Sweep:
    """Compile, run and compare a network at many points.

    An axis is a name with values. The name says what the axis sets: ``"dt"`` (ms) and ``"seed"``
    (of the inputs) set the run; ``"cores"``, ``"core.weight_mantissa_bits"`` and every other field
    of :class:`CoreSpec` set the chip; options of ``compile_network`` set the compiler. Every other
    name is a parameter of the functions for network and chip. These functions are called with the
    axes that they name as parameters, which may include ``dt`` and ``seed``.

    Workers reuse networks, inputs and float64 references for all points that share the axes on
    which these depend.

    A network that does not fit the chip is a result: the ``problem`` of the point says why. Every
    other error ends the sweep, as Ctrl-C does; finished points stay in the file.

    Parameters
    ----------
    network : Network or callable
        The network, or a function of axes that returns it. Worker processes import functions from
        their modules; functions of a notebook, lambdas and nested functions reach them if
        cloudpickle is installed.
    values : dict of str to list, or list of dict
        Values of each axis: all combinations run, the last axis fastest. Or a list of points.
        Values are numbers, strings, True, False, None or members of an enumeration.
    duration : float, ms
        Length of each run.
    chip : ChipSpec or callable
        The chip before the axes change it, or a function of axes that returns it (for presets by
        name, or fields that must change together).
    dt : float or "auto", ms, optional
        Time step, unless it is an axis; ``"auto"`` as in ``compile_network``. Default: that of the
        network, if it holds for one step (``network.dt``), or 0.1.
    seed : int, optional
        Seed of the inputs, unless it is an axis. Default: 1.
    fine_dt : float, ms, optional
        Step of a fine reference, which splits the error into quantisation and time step. Default: a
        tenth of the shortest dt if dt is an axis, otherwise none; none either for networks that
        hold for one step. All points of a seed and a
        network share this run, so that every dt is compared with the same rates.
    twins : int, default 4
        Number of float runs with one changed synapse for each seed, network and dt: the noise floor
        of recurrent populations. 0 omits it. A network without recurrence needs no such runs.
    record : iterable of str, Probe or WeightProbe
        Traces to record, also of weights for ``measure``; ``"v"`` adds the error of v. Default:
        spikes only.
    measure : callable, optional
        Function that takes a :class:`PointRun` and returns further columns, a dict of names and
        numbers.
    path : path, optional
        File to which each finished point is appended (``.jsonl``). If it exists and belongs to
        the same sweep, the sweep continues where it stopped; for this check, networks and chips of
        all finished points are made again and compared. The finished file does not depend on
        interruptions.
    executor : concurrent.futures.Executor, optional
        Executor of the points, for instance Dask's ``client.get_executor()`` or
        ``mpi4py.futures.MPIPoolExecutor()``. The caller closes it. Default: processes on this
        machine.
    workers : int, optional
        Number of processes; 1 runs all points in this process. Default: one for each processor.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    **options
        Options of :func:`compile_network` that are not axes.

    Returns
    -------
    Sweep

    Raises
    ------
    SweepError
        If the request is not allowed, the file belongs to another sweep or is being written by
        another process, or a point fails.
    OSError
        If the file cannot be written; the message names it.

    Warns
    -----
    ChipOverflowWarning
        If registers overflowed in any point.
    UserWarning
        If lines of the file are damaged, so that their points are computed again, or if
        ``measure`` uses objects that cannot be checked for changes.
    """
    probes = _probes(record)
    _check(network, chip, measure, executor)
    duration = real("sweep", "duration", duration, "ms", POSITIVE, error=SweepError)
    if fine_dt is not None:
        fine_dt = real("sweep", "fine_dt", fine_dt, "ms", POSITIVE, error=SweepError)
    if workers is not None:
        workers = integer("sweep", "workers", workers, at_least=1, error=SweepError)
    twins = integer("sweep", "twins", twins, at_least=0, at_most=MOST_TWINS, error=SweepError)
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
        # Not a digest: the content of a function is not known.
        key=uuid.uuid4().hex,
        network=network,
        chip=chip,
        synapses=0,
        duration=duration,
        fixed=fixed,
        fine_dt=fine_dt,
        twins=twins,
        record=probes,
        measure=measure,
    )
    journal_path = None if path is None else path_of(path)
    # Search before the functions of the user are called: they may change what `measure` uses.
    with contextlib.nullcontext() if measure is None else used_by(measure) as used:
        networks = []
        for index, point in _ends(points):
            with at_point(index, point):
                networks.append(definition.make_network(definition.network_key(point)))
        definition = _on_own_steps(definition, points, networks, dt)
        if fine_dt is None and all(item.dt is None for item in networks):
            definition = replace(definition, fine_dt=_default_fine_dt(points))
        definition = replace(definition, synapses=max(item.n_synapses for item in networks))
        origins = Origins(definition, points, networks)
        with Journal(journal_path, _header(definition, points, networks, used)) as journal:
            try:
                _go_through(definition, points, journal, origins, executor, workers, progress)
            except (KeyboardInterrupt, MemoryError, OSError) as problem:
                journal.add_note(problem, len(points))
                raise
            journal.finish()
            _warn_of_overflows(journal, len(points))
            return Sweep.from_journal(journal)


def _go_through(
    definition: Definition,
    points: Sequence[Point],
    journal: Journal,
    origins: Origins,
    executor: Executor | None,
    workers: int | None,
    progress: bool | None,
) -> None:
    """Check the points in the journal, and run the others."""
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


def _warn_of_overflows(journal: Journal, points: int) -> None:
    overflows = [record.get("overflows") or {} for record in journal.records.values()]
    columns = [name for name in OVERFLOWS if any(name in counts for counts in overflows)]
    if columns:
        warn_user(
            f"sweep: in {sum(map(bool, overflows)):,} of {points:,} points registers wrapped or "
            f"clipped, so their spikes may be wrong (columns {', '.join(columns)}). A higher "
            "headroom or assumed_rate avoids it.",
            ChipOverflowWarning,
        )


def _warn_of_unseen(journal: Journal) -> None:
    unseen = journal.header["measure_unseen"]
    if unseen:
        warnings.warn(
            f"{journal.path}: continues with finished points, but changes of some objects that "
            f"`measure` uses cannot be detected: {', '.join(unseen)}.",
            stacklevel=4,
        )


def _probes(record: Any) -> tuple[str | Probe | WeightProbe, ...]:
    given = (record,) if isinstance(record, (str, Probe, WeightProbe)) else record
    probes = tuple(given) if isinstance(given, Iterable) else (given,)
    for probe in probes:
        if not isinstance(probe, (str, Probe, WeightProbe)):
            raise SweepError(
                f"sweep: record = {shown(probe)}; allowed: names of variables, Probes and "
                "WeightProbes."
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
            f"sweep: executor = {shown(executor)}; allowed: an executor of concurrent.futures, or "
            "another object with a method submit."
        )


def _fixed(point: Point, dt: Any, seed: Any, options: Mapping[str, Any]) -> dict[str, Scalar]:
    """Return the values of ``dt``, ``seed`` and options that no axis sets."""
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


def _on_own_steps(
    definition: Definition, points: Sequence[Point], networks: Sequence[Network], dt: Any
) -> Definition:
    """Return the definition with the step of networks that have one, unless ``dt`` or an axis has.

    Raises
    ------
    SweepError
        If such a network would run in other steps, or on a finer grid.
    """
    own = sorted({network.dt for network in networks if network.dt is not None})
    if own and dt is None and "dt" not in points[0]:
        if len(own) > 1:
            raise SweepError(
                f"sweep: the networks hold for steps of {', '.join(f'{step:g}' for step in own)} "
                "ms; allowed: one step for all, or dt as an axis."
            )
        definition = replace(definition, fixed={**definition.fixed, "dt": own[0]})
    for (_, point), network in zip(_ends(points), networks, strict=True):
        if network.dt is None:
            continue
        own_step("sweep", network, {**definition.fixed, **point}["dt"], SweepError)
        if definition.fine_dt is not None:
            own_step("sweep, fine_dt", network, definition.fine_dt, SweepError)
    return definition


def _default_fine_dt(points: Sequence[Point]) -> float | None:
    """Return a step that is finer than every dt of the axis; None if dt is not an axis."""
    given = {_AUTO if point.get("dt") == "auto" else point.get("dt") for point in points}
    steps = [step for step in given if isinstance(step, (int, float)) and step > 0]
    return min(steps) / _FINER if steps else None


def _ends(points: Sequence[Point]) -> list[tuple[int, Point]]:
    return [(0, points[0]), (len(points) - 1, points[-1])]


def _header(
    definition: Definition,
    points: Sequence[Point],
    networks: Sequence[Network],
    used: Uses | None,
) -> dict[str, Any]:
    """Return everything that the records depend on, and their provenance."""
    measure: Any = definition.measure
    chips = []
    for index, point in _ends(points):
        with at_point(index, point):
            chips.append(definition.chip_digest(point))
    return {
        **versions(),
        "axes": list(points[0]),
        "points": len(points),
        "values": digest([json.dumps(points).encode()]),  # fast for a million points
        "network": [fingerprint(item) for item in networks],
        "chip": chips,
        "duration": definition.duration,
        "fixed": definition.fixed,
        "fine_dt": definition.fine_dt,
        "twins": definition.twins,
        "record": [repr(probe) for probe in definition.record],
        "measure": getattr(measure, "__qualname__", type(measure).__qualname__) if used else None,
        "measure_uses": used.digests if used else None,
        "measure_unseen": used.unseen if used else None,
    }


def _tasks(definition: Definition, pending: Sequence[tuple[int, Point]]) -> list[Task]:
    """Group points into tasks; points that share a reference go together where they fit.

    Points that share only the fine reference, because their dt differs, are divided as little as
    possible: that run takes longer than the others of a point together.
    """
    size = min(_LARGEST_TASK, math.ceil(len(pending) / _TASKS))
    groups: dict[Any, dict[Any, Task]] = {}
    for index, point in pending:
        group = groups.setdefault(definition.shared_key(point), {})
        group.setdefault(definition.reference_key(point), []).append((index, point))
    tasks: list[Task] = []
    for parts in groups.values():
        members = [item for part in parts.values() for item in part]
        pieces = math.ceil(len(members) / (size if len(parts) == 1 else _LARGEST_TASK))
        length = math.ceil(len(members) / pieces)
        for begin in range(0, len(members), length):
            piece = members[begin : begin + length]
            if tasks and len(tasks[-1]) + len(piece) <= size:
                tasks[-1] += piece
            else:
                tasks.append(piece)
    return tasks
