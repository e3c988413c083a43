"""Runs of all samples in float64 and on chips, block by block; a file keeps what is done."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .._support.progress import Progress, progress_bar
from .._support.provenance import versions
from ..emulator import Emulator
from ..image import ChipImage
from ..mapping.costs import CostTable
from ..mapping.energy import EnergyMeter
from ..recording import Probe, Recording, joined_overflows
from ..reference import Reference
from ..stimulus import Stimulus
from ..sweeps.fingerprint import digest, fingerprint
from ..sweeps.journal import Journal, Kind
from ..sweeps.uses import used_by
from ..typing import BoolArray, Float64Array, Int64Array
from .decode import Decoder, Rule, name_of
from .subject import Subject

__all__ = [
    "ATTRIBUTION",
    "CLASSIFICATION",
    "Answer",
    "Engine",
    "Maker",
    "answers_of",
    "chip_engine",
    "fill",
    "float_engine",
    "header_of",
    "joined",
]

BLOCK = 100  # samples between two lines of the file: a crash loses little
_NUMBERS = ("classes", "tied")
_TABLES = ("layers", "energy", "time")

Maker: TypeAlias = Callable[[range], dict[str, Any]]
"""Returns the line of a block of samples."""


class Engine(NamedTuple):
    """Runs samples, and estimates what their runs cost.

    Parameters
    ----------
    run : callable
        Makes a run of each stimulus.
    meters : dict of str to EnergyMeter
        One for each table of costs, by its name; none for float64.
    """

    run: Callable[[Sequence[Stimulus]], list[Recording]]
    meters: Mapping[str, EnergyMeter]


def float_engine(subject: Subject, record: Sequence[Probe]) -> Engine:
    """Return float64 on the steps of the model."""
    reference = Reference(subject.network, subject.dt, progress=False)
    return Engine(lambda stimuli: reference.run_batch(stimuli, record=record), {})


def chip_engine(image: ChipImage, record: Sequence[Probe], costs: Sequence[CostTable]) -> Engine:
    """Return the chip of an image; overflows are counted, and not warned of block by block."""
    emulator = Emulator(image, progress=False, warn=False)
    return Engine(
        lambda stimuli: emulator.run_batch(stimuli, record=record),
        {table.name: EnergyMeter(image, table) for table in costs},
    )


@dataclass(frozen=True)
class Answer:
    """Holds the results of an engine for each sample.

    Parameters
    ----------
    classes : ndarray of int64, shape (n_samples,)
        The class.
    tied : ndarray of bool, shape (n_samples,)
        Whether several classes had the highest score.
    layers : dict of str to ndarray of int64, shape (n_samples,)
        Spikes of each population.
    energy, time : dict of str to ndarray of float64, shape (n_samples,), J and s
        Estimates by the name of the table of costs.
    overflows : dict of str to int
        Registers that wrapped or clipped, in all samples.
    """

    classes: Int64Array
    tied: BoolArray
    layers: Mapping[str, Int64Array]
    energy: Mapping[str, Float64Array]
    time: Mapping[str, Float64Array]
    overflows: Mapping[str, int]


def answers_of(engine: Engine, stimuli: Sequence[Stimulus], decoder: Decoder, output: str) -> Maker:
    """Return what makes the lines of an engine in the file of a classification."""
    return lambda block: _answer(engine, [stimuli[k] for k in block], decoder, output)


def fill(
    makers: Sequence[Maker],
    kind: Kind,
    file: Path | None,
    header: Mapping[str, Any],
    rule: Rule,
    title: str,
    progress: bool | None,
) -> list[list[Mapping[str, Any]]]:
    """Make all lines that a file lacks, and return those of each maker, in order.

    A file that an interrupt or an error ends says so, and goes on in the next call.

    Parameters
    ----------
    makers : sequence of callable
        Their lines are numbered by maker, then by block.
    kind : Kind
        The kind of the file.
    file : Path or None
        The file; None keeps the lines in memory.
    header : dict
        What the lines depend on: see :func:`header_of`. That of a file also has what a function
        ``rule`` uses.
    rule : Rule
        How the runs are decoded.
    title : str
        Text of the progress bar.
    progress : bool or None
        Whether it is shown.
    """
    samples = header["samples"]
    with contextlib.ExitStack() as stack:
        if file is not None and callable(rule):
            header = {**header, "decode_uses": stack.enter_context(used_by(rule)).digests}
        journal = stack.enter_context(Journal(file, header, kind))
        total, before = len(makers) * samples, _done(journal, samples)
        bar = stack.enter_context(progress_bar(total, title, progress, unit="sample", done=before))
        try:
            found = _fill(makers, samples, journal, bar)
        except (KeyboardInterrupt, MemoryError, OSError) as problem:
            journal.add_note(problem, header["points"])
            raise
        journal.finish()
    return found


def header_of(
    subject: Subject, stimuli: Sequence[Stimulus], rule: Rule, engines: int
) -> dict[str, Any]:
    """Return what the lines of a file depend on, without the chips."""
    return {
        **versions(),
        "points": n_points(engines, len(stimuli)),
        "samples": len(stimuli),
        "block": BLOCK,
        "inputs": digest(f"{item.duration!r} {item.digest()}".encode() for item in stimuli),
        "network": fingerprint(subject.network),
        "dt": subject.dt,
        "output": subject.output,
        "decode": name_of(rule),
    }


def n_points(engines: int, samples: int) -> int:
    """Return the number of lines of a finished file, without its header."""
    return engines * math.ceil(samples / BLOCK)


def _done(journal: Journal, samples: int) -> int:
    """Return the number of runs that the journal holds."""
    return sum(_block_size(point, samples) for point in journal.records)


def _fill(
    makers: Sequence[Maker], samples: int, journal: Journal, bar: Progress
) -> list[list[Mapping[str, Any]]]:
    blocks = [range(k, min(k + BLOCK, samples)) for k in range(0, samples, BLOCK)]
    for number, make in enumerate(makers):
        for place, block in enumerate(blocks):
            point = number * len(blocks) + place
            if point not in journal.records:
                journal.append([{"point": point, **make(block)}])
                bar.update(len(block))
    return [
        [journal.records[number * len(blocks) + k] for k in range(len(blocks))]
        for number in range(len(makers))
    ]


def _block_size(point: int, samples: int) -> int:
    """Return the number of samples of a line of the file."""
    return min(BLOCK, samples - BLOCK * (point % n_points(1, samples)))


def _answer(
    engine: Engine, stimuli: Sequence[Stimulus], decoder: Decoder, output: str
) -> dict[str, Any]:
    """Return the answers for some samples, as plain data."""
    runs = engine.run(stimuli)
    choices = [decoder(run, output) for run in runs]
    estimates = {
        name: [meter.estimate(run, sample) for run, sample in zip(runs, stimuli, strict=True)]
        for name, meter in engine.meters.items()
    }
    overflows: Counter[str] = Counter()
    for counts in joined_overflows(runs).values():
        overflows.update(counts)
    return {
        "classes": [item.label for item in choices],
        "tied": [item.tied for item in choices],
        "layers": {
            name: [int(run.counts(name).sum()) for run in runs] for name in runs[0].populations
        },
        "energy": {name: [item.total for item in found] for name, found in estimates.items()},
        "time": {
            name: [float(item.step_times.sum()) for item in found]
            for name, found in estimates.items()
        },
        "overflows": dict(overflows),
    }


def joined(records: Sequence[Mapping[str, Any]]) -> Answer:
    """Return the answer of an engine from its lines."""

    def column(name: str, kind: Any) -> Any:
        return np.array([value for item in records for value in item[name]], dtype=kind)

    def table(name: str, kind: Any) -> dict[str, Any]:
        return {
            key: np.array([value for item in records for value in item[name][key]], dtype=kind)
            for key in records[0][name]
        }

    overflows: Counter[str] = Counter()
    for item in records:
        overflows.update(item["overflows"])
    return Answer(
        classes=column("classes", np.int64),
        tied=column("tied", np.bool_),
        layers=table("layers", np.int64),
        energy=table("energy", np.float64),
        time=table("time", np.float64),
        overflows=dict(overflows),
    )


def _is_header(found: Mapping[str, Any]) -> bool:
    return all(type(found.get(name)) is int and found[name] > 0 for name in ("points", "samples"))


def _is_record(found: Mapping[str, Any], header: Mapping[str, Any], _: bool) -> bool:
    if set(found) != {"point", *_NUMBERS, *_TABLES, "overflows"}:
        return False
    point = found["point"]
    if type(point) is not int or not 0 <= point < header["points"]:
        return False
    size = _block_size(point, header["samples"])
    columns = [found[name] for name in _NUMBERS]
    for name in _TABLES:
        if not isinstance(found[name], dict):
            return False
        columns += found[name].values()
    return isinstance(found["overflows"], dict) and all(_is_column(each, size) for each in columns)


def _is_line_of_classes(found: Mapping[str, Any], header: Mapping[str, Any], _: bool) -> bool:
    if set(found) != {"point", "classes"}:
        return False
    point = found["point"]
    if type(point) is not int or not 0 <= point < header["points"]:
        return False
    return _is_column(found["classes"], _block_size(point, header["samples"]))


def _is_column(values: Any, size: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == size
        and all(isinstance(value, (int, float)) for value in values)
    )


CLASSIFICATION = Kind("neurochip_classification", 1, "classification", _is_header, _is_record)
"""The file of a classification: one line for each block of samples on each engine."""

ATTRIBUTION = Kind(
    "neurochip_accuracy_attribution", 1, "attribution of accuracy", _is_header, _is_line_of_classes
)
"""The file of an attribution: one line for each block of samples on each setting of registers."""
