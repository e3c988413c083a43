"""Files: one ``.npz`` without pickles, written all or not at all, read with clear errors."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import NeurochipError

__all__ = ["kind_of", "read_npz", "write_atomically", "write_npz"]

_FORMAT_KEY = "neurochip_format"


def write_atomically(path: Path, write: Any) -> None:
    """Call ``write(binary_file)`` on a temporary neighbour of ``path``, then rename it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; give it what a plain open() would have given.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_npz(
    path: str | os.PathLike[str], kind: str, version: int, arrays: Mapping[str, Any]
) -> Path:
    """Write arrays as a file of one kind and version; an interruption leaves the old file.

    Returns
    -------
    Path
        The path written, with ``.npz`` appended where it was missing.
    """
    target = Path(path)
    if target.suffix != ".npz":
        target = target.with_name(target.name + ".npz")
    header = {_FORMAT_KEY: np.array(f"{kind} {version}")}
    write_atomically(target, lambda file: np.savez_compressed(file, **header, **arrays))
    return target


def kind_of(path: str | os.PathLike[str], error: type[NeurochipError]) -> str:
    """Return the kind of a file, such as ``"recording"``.

    Raises
    ------
    error
        If the file is missing, damaged, or was not written by neurochip.
    """
    source = Path(path)
    if not source.is_file():
        raise error(f"{source}: no such file; pass a file that neurochip wrote (.npz).")
    try:
        with np.load(source, allow_pickle=False) as archive:
            return str(archive[_FORMAT_KEY]).rpartition(" ")[0]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError):
        raise error(f"{source}: damaged, or not written by neurochip.") from None


def read_npz(
    path: str | os.PathLike[str], kind: str, version: int, error: type[NeurochipError]
) -> tuple[dict[str, Any], int]:
    """Read a file written by :func:`write_npz`.

    Returns
    -------
    arrays : dict
        Every array of the file.
    version : int
        The version that the file was written with, at most ``version``.

    Raises
    ------
    error
        If the file is missing, damaged, truncated, of another kind or of a newer version.
    """
    source = Path(path)
    if not source.is_file():
        raise error(f"{source}: no such file; pass the path of a {kind} (.npz).")
    try:
        with np.load(source, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile) or _FORMAT_KEY not in archive.files:
                raise error(f"{source}: not a {kind}; it was not written by neurochip.")
            found, _, number = str(archive[_FORMAT_KEY]).rpartition(" ")
            if found != kind:
                raise error(f"{source}: holds a {found}; expected a {kind}.")
            if int(number) > version:
                raise error(
                    f"{source}: {kind} format {number}; this neurochip reads up to {version}. "
                    "Upgrade neurochip."
                )
            return {key: archive[key] for key in archive.files if key != _FORMAT_KEY}, int(number)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError) as problem:
        if isinstance(problem, NeurochipError):
            raise
        raise error(
            f"{source}: damaged or not a {kind} ({problem}); write it again from its source."
        ) from None
