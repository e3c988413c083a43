"""The file of a study, such as a sweep: a header, then one line for each finished point.

While the study runs, lines are appended in the order in which points finish. The finished file is
rewritten in the order of the points, so that it depends neither on the workers nor on
interruptions. Damaged lines are detected, and their points are computed again.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import stat
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .._support.names import cut
from .._support.npz import write_atomically
from ..errors import SweepError
from .lines import content_of, parsed, seed_of, stripped, to_line, unchecked
from .records import is_header, is_record
from .sole import SoleFile

__all__ = ["REMEDY", "SWEEP", "Contents", "Journal", "Kind", "read_journal"]

REMEDY = "Pass another path, or delete the file."
_USES = "_uses"  # members of a header with digests of what a function of the user depends on
_LONGEST = 1 << 26  # bytes; a longer line is read in pieces
_POINT = re.compile(rb'\{"point":(\d{1,9}),')
_MOST_NAMED = 8  # damaged lines named in a message


@dataclass(frozen=True)
class Kind:
    """Describes the contents of a file.

    Parameters
    ----------
    key : str
        Member of the header that holds the version of the format.
    version : int
        Version that is written.
    noun : str
        What the file holds, for messages.
    is_header : callable
        Whether a header has the members that are needed, each of its type.
    is_record : callable
        Whether a record is a point of a file with this header; the third argument is whether the
        file has checksums.
    """

    key: str
    version: int
    noun: str
    is_header: Callable[[Mapping[str, Any]], bool]
    is_record: Callable[[Mapping[str, Any], Mapping[str, Any], bool], bool]


SWEEP = Kind("neurochip_sweep", 2, "sweep", is_header, is_record)
"""Version 1 had neither checksums nor digests of the network and the chip of each point."""


@dataclass
class Contents:
    """Content of a file, also of one whose writer was killed.

    Parameters
    ----------
    header : dict
        Description of the study.
    records : dict of int to dict
        Finished points by their number.
    damaged : list of str
        Names of damaged lines. A last line that was cut off is not among them, since its point was
        never finished.
    tidy : bool
        Whether lines may be appended to the file as it is.
    """

    header: dict[str, Any]
    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    tidy: bool = True


def read_journal(path: Path, wanted: bytes | None = None, kind: Kind = SWEEP) -> Contents:
    """Read a file and check all of its content.

    Parameters
    ----------
    path : Path
        Path of the file.
    wanted : bytes, optional
        Line of the expected header. It identifies the points of the study even if the header of
        the file is damaged.
    kind : Kind
        What the file holds.

    Raises
    ------
    SweepError
        If the file cannot be read, is not of this kind, has a newer format, or has invalid content
        with valid checksums.
    """
    if not _is_there(path, kind):
        raise SweepError(f"{path}: no such file; pass the path of a {kind.noun} (.jsonl).")
    try:
        with path.open("rb") as file:
            return _read(path, file, wanted, kind)
    except OSError as problem:
        raise _unreadable(path, problem) from None


def _read(path: Path, file: BinaryIO, wanted: bytes | None, kind: Kind) -> Contents:
    first = file.readline(_LONGEST)
    lines: Iterator[tuple[int, bytes]]
    lines = enumerate(iter(lambda: file.readline(_LONGEST), b""), start=2)
    try:
        header, seed = _header(path, stripped(first), kind)
    except SweepError:
        if wanted is None:
            raise
        header, seed = content_of(wanted), seed_of(wanted)
        found = Contents(header, damaged=["the header"], tidy=False)
        if unchecked(stripped(first), seed) is not None:  # the header is missing
            lines = itertools.chain([(1, first)], lines)
        _points(path, found, lines, seed, kind)
        if not found.records:
            raise
        return found
    found = Contents(header)
    if not first.endswith(b"\n") or first[:-1] != stripped(first):
        found.tidy = False
    _points(path, found, lines, seed, kind)
    return found


def _header(path: Path, line: bytes, kind: Kind) -> tuple[dict[str, Any], bytes | None]:
    """Return the header, and the seed of the points' checksums; None if there are no checksums."""
    found = parsed(line)
    version = None if found is None else found.get(kind.key)
    if found is None or type(version) is not int or version < 1:
        if kind.key.encode() in line:
            raise SweepError(f"{path}: line 1, the header, is damaged. {REMEDY}")
        raise SweepError(f"{path}: not a {kind.noun}; it was not written by neurochip. {REMEDY}")
    if version > kind.version:
        raise SweepError(
            f"{path}: {kind.noun} format {version}; this neurochip reads up to {kind.version}. "
            "Upgrade neurochip."
        )
    checked = version > 1 or "check" in found
    body = unchecked(line) if checked else line
    header = None if body is None else parsed(body)
    if header is None or not kind.is_header(header):
        raise SweepError(f"{path}: line 1, the header, is damaged. {REMEDY}")
    return header, seed_of(line) if checked else None


def _points(
    path: Path, found: Contents, lines: Iterable[tuple[int, bytes]], seed: bytes | None, kind: Kind
) -> None:
    """Add the points of some numbered lines to ``found``."""
    differing: set[int] = set()
    for number, raw in lines:
        line = stripped(raw)
        if raw != line + b"\n":
            found.tidy = False
        if not line and b"\0" not in raw:
            continue
        body = unchecked(line, seed) if seed is not None else line
        record = None if body is None else parsed(body)
        if body is None or (seed is None and record is None and not raw.endswith(b"\n")):
            found.tidy = False
            if raw.endswith(b"\n") or b"\0" in raw:
                found.damaged.append(_named(number, line))
            continue
        if record is None or not kind.is_record(record, found.header, seed is not None):
            raise SweepError(f"{path}: line {number} is damaged. {REMEDY}")
        point = record["point"]
        if found.records.setdefault(point, record) is not record:
            found.tidy = False
            if _text(found.records[point]) != _text(record):
                differing.add(point)
                found.damaged.append(f"line {number} (point {point}, also in another line)")
    for point in differing:
        del found.records[point]


class Journal:
    """Keeps the records of one study, in a file if it has a path; a ``with`` block closes it.

    Parameters
    ----------
    path : Path or None
        File to create or to continue.
    header : dict
        Description of the study; a file with another header is refused.
    kind : Kind
        What the file holds.

    Raises
    ------
    SweepError
        If the file belongs to another study, is not of this kind, or is locked by another process.
    OSError
        If the file cannot be written; the message names it.
    """

    def __init__(self, path: Path | None, header: Mapping[str, Any], kind: Kind = SWEEP) -> None:
        self.path, self._kind = path, kind
        self._line = to_line({kind.key: kind.version, **header})
        self._seed = seed_of(self._line)
        self.header = content_of(self._line)
        self.records: dict[int, dict[str, Any]] = {}
        self._file: SoleFile | None = None
        if path is None:
            return
        there = _is_there(path, kind)
        # The target of a symbolic link is replaced, not the link.
        self._place = Path(os.path.realpath(path))
        if not there:
            self._write([])
        self._file = SoleFile(path, self._place, kind.noun)
        try:
            self._go_on(path)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add finished points; they are on disk when this returns."""
        lines = [to_line(record, self._seed) for record in records]
        if self._file is not None:
            self._file.append(b"".join(lines))
        read = (content_of(line, self._seed) for line in lines)
        self.records.update({item["point"]: item for item in read})

    def finish(self) -> None:
        """Rewrite all points in their order, atomically."""
        self.records = dict(sorted(self.records.items()))
        if self._file is not None:
            self.close()
            self._write(self.records.values())

    def add_note(self, problem: BaseException, points: int) -> None:
        """Add to an exception how many points are kept, if there is a file."""
        if self.path is not None:
            problem.add_note(
                f"{self.path}: {len(self.records):,} of {points:,} points are kept; start the same "
                f"{self._kind.noun} again to continue."
            )

    def close(self) -> None:
        """Close the file and unlock it for other processes."""
        if self._file is not None:
            self._file.close()

    def _go_on(self, path: Path) -> None:
        """Load the content of the file, and repair it so that lines may be appended."""
        found = read_journal(path, self._line, self._kind)
        version = found.header[self._kind.key]
        if version != self._kind.version:
            raise SweepError(
                f"{path}: {self._kind.noun} format {version}, which does not record the networks "
                f"of the points; it can be read, but not continued. {REMEDY}"
            )
        _check_same(path, found.header, self.header, self._kind.noun)
        self.records = found.records
        lost = len(found.damaged)
        if lost:
            named = ", ".join(found.damaged[:_MOST_NAMED])
            named += f" and {lost - _MOST_NAMED:,} more" if lost > _MOST_NAMED else ""
            verb = "is" if lost == 1 else "are"
            warnings.warn(
                f"{path}: {named} {verb} damaged; points that are not in other lines are computed "
                "again.",
                stacklevel=4,
            )
        if not found.tidy:
            self.close()
            self._write(self.records.values())
            self._file = SoleFile(path, self._place, self._kind.noun)

    def _write(self, records: Iterable[Mapping[str, Any]]) -> None:
        def lines(file: BinaryIO) -> None:
            file.write(self._line)
            file.writelines(to_line(record, self._seed) for record in records)

        write_atomically(self._place, lines)


def _is_there(path: Path, kind: Kind) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        raise _unreadable(path, problem) from None
    if not stat.S_ISREG(mode):
        raise SweepError(f"{path}: is not a file; pass the path of a {kind.noun} (.jsonl).")
    return True


def _unreadable(path: Path, problem: OSError | ValueError) -> SweepError:
    reason = getattr(problem, "strerror", None) or problem
    return SweepError(f"{str(path)!r}: cannot be read ({reason}); pass another path.")


def _named(number: int, line: bytes) -> str:
    """Name a damaged line, with its point if that can still be read."""
    point = _POINT.match(line)
    return f"line {number}" + (f" (point {int(point[1])})" if point else "")


def _check_same(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any], noun: str) -> None:
    for name in dict.fromkeys((*wanted, *found)):
        before, now = (item.get(name) for item in (found, wanted))
        if name.endswith(_USES) and isinstance(before, dict) and isinstance(now, dict):
            changed = ", ".join(_differing(before, now))
            if changed:
                raise SweepError(
                    f"{path}: holds another {noun}, whose `{name.removesuffix(_USES)}` had a "
                    f"different {changed}. {REMEDY}"
                )
        elif _text(before) != _text(now):  # 1, 1.0 and true are equal for Python
            raise SweepError(
                f"{path}: holds another {noun}, with {name} = {_short(before)} where this one has "
                f"{_short(now)}. {REMEDY}"
            )


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*now, *before)):
        if before.get(name) != now.get(name):
            yield name


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(value: Any) -> str:
    return cut(_text(value), 60)
