"""A file that one process alone appends to."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

from .._support.npz import naming
from ..errors import SweepError

__all__ = ["SoleFile"]

if sys.platform == "win32":  # no such locks: two writers are noticed when one replaces the file

    def _lock(file: BinaryIO) -> bool:  # noqa: ARG001
        return True

    def _unlock(file: BinaryIO) -> None:
        pass

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def _unlock(file: BinaryIO) -> None:
        # A process that was forked meanwhile holds the lock, too, unless it is given up for all.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


class SoleFile:
    """An open file that is locked against other sweeps; the system unlocks it if we are killed.

    Parameters
    ----------
    path : Path
        Of a file that exists, as messages give it.
    place : Path
        The same, absolute: functions of the user may change the working directory.

    Raises
    ------
    SweepError
        If another process has locked it.
    OSError
        If it cannot be opened for writing; it names the file.
    """

    def __init__(self, path: Path, place: Path) -> None:
        self._path, self._place = path, place
        with naming(path):
            self._file = place.open("r+b", buffering=0)
        try:
            if not _lock(self._file):
                raise SweepError(
                    f"{path}: another process writes to this sweep; wait until it is done, or pass "
                    "another path."
                )
            self._check_same()
        except BaseException:
            self._file.close()
            raise

    def append(self, content: bytes) -> None:
        """Add to the end, all or nothing; when this returns, it survives a crash.

        Raises
        ------
        SweepError
            If the file was replaced or deleted.
        OSError
            If it cannot be written, as on a full disk; it names the file.
        """
        self._check_same()
        end = self._file.seek(0, os.SEEK_END)
        try:
            with naming(self._path):
                while content:
                    content = content[self._file.write(content) :]
                os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):  # a torn line is noticed when the sweep goes on
                self._file.truncate(end)
            raise

    def close(self) -> None:
        """Let others write."""
        if not self._file.closed:
            _unlock(self._file)
            self._file.close()

    def _check_same(self) -> None:
        mine = os.fstat(self._file.fileno())
        try:
            there = self._place.stat()
        except FileNotFoundError:
            there = None
        if there is None or not os.path.samestat(mine, there):
            raise SweepError(
                f"{self._path}: was deleted, moved or replaced while the sweep ran, perhaps by "
                "another one; start it again."
            )
