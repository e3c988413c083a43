"""Files: one ``.npz`` without pickles, written all or not at all, read with clear errors."""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import NeurochipError

__all__ = ["DAMAGE", "kind_of", "naming", "read_npz", "reason", "write_atomically", "write_npz"]

_FORMAT_KEY = "neurochip_format"
_ZIP = b"PK\x03\x04"  # how a zip file begins
DAMAGE = (  # what zipfile, zlib and NumPy raise on bytes that are not what they should be
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    ValueError,
)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an ``OSError`` raised in the block the name of the file, where it has none.

    A full disk is found by a write to an open file, and Python does not say to which.
    """
    try:
        yield
    except OSError as problem:
        if problem.filename is not None:
            raise
        text = problem.strerror or str(problem)
        raise OSError(problem.errno, text, str(path)) from problem


def write_atomically(path: Path, write: Any) -> None:
    """Call ``write(binary_file)`` on a temporary neighbour of ``path``, then rename it there."""
    with naming(path):
        _write_atomically(path, write)


def _write_atomically(path: Path, write: Any) -> None:
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
    content: dict[str, Any] = {_FORMAT_KEY: np.array(f"{kind} {version}"), **arrays}
    write_atomically(target, lambda file: np.savez_compressed(file, **content))
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
        raise error(f"{source}: no such file; pass the path of a file that neurochip wrote (.npz).")
    try:
        found, _, _ = _read(source, "", 0)
    except DAMAGE as problem:
        raise error(f"{source}: damaged ({reason(problem)}); write it again.") from None
    if not found:
        raise error(
            f"{source}: was not written by neurochip; pass the path of an image, a recording or a "
            "stimulus (.npz)."
        )
    return found


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
        found, found_version, arrays = _read(source, kind, version)
    except DAMAGE as problem:
        raise error(
            f"{source}: damaged or not a {kind} ({reason(problem)}); write it again from its "
            "source."
        ) from None
    if not found:
        raise error(
            f"{source}: not a {kind}; it was not written by neurochip. Pass the path of a {kind} "
            "(.npz)."
        )
    if found != kind:
        raise error(f"{source}: holds a {found}; pass the path of a {kind} (.npz).")
    if found_version > version:
        raise error(
            f"{source}: {kind} format {found_version}; this neurochip reads up to {version}. "
            "Upgrade neurochip."
        )
    return arrays, found_version


def reason(problem: BaseException) -> str:
    """What went wrong, to be quoted within a sentence."""
    if isinstance(problem, KeyError):
        return f"no {problem.args[0]!r} in it" if problem.args else "a part is missing"
    return str(problem).strip().rstrip(".") or type(problem).__name__


def _read(source: Path, kind: str, version: int) -> tuple[str, int, dict[str, Any]]:
    """Kind and version of a file ("" where it has none), and its arrays where they are wanted."""
    # NumPy leaves a file open that it opened itself and found damaged.
    with source.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return "", 0, {}
        file.seek(0)
        with np.load(file, allow_pickle=False) as content:
            if _FORMAT_KEY not in content.files:
                return "", 0, {}
            found, _, number = str(content[_FORMAT_KEY]).rpartition(" ")
            wanted = found == kind and int(number) <= version
            keys = [key for key in content.files if wanted and key != _FORMAT_KEY]
            return found, int(number), {key: content[key] for key in keys}
