"""The file of a sweep: a header, then a line for each point, appended as it finishes.

Every line is one JSON object. While the sweep runs, lines stand in the order in which they came;
the finished file is written once more in the order of the points, so that it does not depend on who
computed what, or on how often the run was interrupted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .._npz import write_atomically
from ..errors import SweepError

__all__ = ["FORMAT", "Journal", "read_journal"]

FORMAT = 1
_KEY = "neurochip_sweep"
_REMEDY = "Pass another path, or delete the file."


def read_journal(path: Path) -> tuple[dict[str, Any], dict[int, dict[str, Any]], int]:
    """Read what is in a file, also in one whose writer was killed.

    Returns
    -------
    header : dict
        What the sweep was.
    records : dict of int to dict
        Finished points by their number.
    length : int
        Bytes of whole lines; what follows is the torn line of a killed writer.

    Raises
    ------
    SweepError
        If it is no file of a sweep, too new, or damaged elsewhere than at its end.
    """
    if not path.is_file():
        raise SweepError(f"{path}: no such file; pass the path of a sweep (.jsonl).")
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    lines = whole.splitlines()
    header = _parsed(lines[0]) if lines else None
    if header is None or _KEY not in header:
        raise SweepError(f"{path}: not a sweep; it was not written by neurochip. {_REMEDY}")
    if header[_KEY] > FORMAT:
        raise SweepError(
            f"{path}: sweep format {header[_KEY]}; this neurochip reads up to {FORMAT}. "
            "Upgrade neurochip."
        )
    records: dict[int, dict[str, Any]] = {}
    for number, line in enumerate(lines[1:], start=2):
        record = _parsed(line)
        if record is None or not isinstance(record.get("point"), int):
            raise SweepError(f"{path}: line {number} is damaged. {_REMEDY}")
        records.setdefault(record["point"], record)
    return header, records, len(whole)


class Journal:
    """Keeps the records of one sweep, on disk if it has a path.

    Parameters
    ----------
    path : Path or None
        File to begin or to go on with.
    header : dict
        What the sweep is; a file with another header is refused.

    Raises
    ------
    SweepError
        If the file belongs to another sweep or is damaged.
    """

    def __init__(self, path: Path | None, header: Mapping[str, Any]) -> None:
        self.path = path
        self.header = json.loads(_line({_KEY: FORMAT, **header}))
        self.records: dict[int, dict[str, Any]] = {}
        if path is None:
            return
        if path.exists():
            found, self.records, length = read_journal(path)
            _check_same(path, found, self.header)
            if path.stat().st_size > length:
                os.truncate(path, length)
        else:
            self._write([])

    def append(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add finished points; when this returns they survive a crash."""
        lines = [_line(record) for record in records]
        # Through the text and back: in memory as they would be read.
        self.records.update({item["point"]: item for item in map(json.loads, lines)})
        if self.path is not None:
            with self.path.open("ab") as file:
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())

    def finish(self) -> None:
        """Write all points once more in their order, all or nothing."""
        self.records = dict(sorted(self.records.items()))
        if self.path is not None:
            self._write(self.records.values())

    def _write(self, records: Iterable[Mapping[str, Any]]) -> None:
        assert self.path is not None
        content = b"".join([_line(self.header), *(_line(record) for record in records)])
        write_atomically(self.path, lambda file: file.write(content))


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _check_same(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in (*wanted, *found):
        if found.get(name) != wanted.get(name):
            raise SweepError(
                f"{path}: holds another sweep, with {name} = {_short(found.get(name))} where this "
                f"one has {_short(wanted.get(name))}. {_REMEDY}"
            )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
