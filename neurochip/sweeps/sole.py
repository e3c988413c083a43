"""A file to which only one process appends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

from .._support.npz import naming
from ..errors import SweepError

__all__ = ["SoleFile"]

if sys.platform == "win32":  # no such locks; a second writer is detected when one replaces the file

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
        # A process that was forked in between shares the lock; unlocking releases it for both.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


class SoleFile:
    """An open file, locked against other studies; the system unlocks it when the process ends.

    Parameters
    ----------
    path : Path
        Path of an existing file, for messages.
    place : Path
        Absolute path of the file, since functions of the user may change the working directory.
    noun : str
        What the file holds, for messages.

    Raises
    ------
    SweepError
        If another process has locked it.
    OSError
        If the file cannot be opened for writing; the message names it.
    """

    def __init__(self, path: Path, place: Path, noun: str) -> None:
        self._path, self._place, self._noun = path, place, noun
        with naming(path):
            self._file = place.open("r+b", buffering=0)
        try:
            if not _lock(self._file):
                raise SweepError(
                    f"{path}: another process writes to this {noun}; wait until it is done, or "
                    "pass another path."
                )
            self._check_same()
        except BaseException:
            self._file.close()
            raise

    def append(self, content: bytes) -> None:
        """Append all of the content or nothing; it is on disk when this returns.

        Raises
        ------
        SweepError
            If the file was replaced or deleted.
        OSError
            If the file cannot be written, as on a full disk; the message names it.
        """
        self._check_same()
        end = self._file.seek(0, os.SEEK_END)
        try:
            with naming(self._path):
                while content:
                    content = content[self._file.write(content) :]
                os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):  # a torn line is detected when the sweep continues
                self._file.truncate(end)
            raise

    def close(self) -> None:
        """Close the file and unlock it."""
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
                f"{self._path}: was deleted, moved or replaced while the {self._noun} ran, perhaps "
                "by another one; start it again."
            )
