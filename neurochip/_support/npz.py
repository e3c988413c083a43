"""Files: one ``.npz`` without pickles, written all or not at all, read with clear errors."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import FileError, NeurochipError
from .archive import DAMAGE, TEXT_LIMIT, ZIP, Archive, checksum, reason, total
from .values import shown

__all__ = [
    "DAMAGE",
    "as_path",
    "kind_of",
    "naming",
    "npz_path",
    "opened",
    "read_npz",
    "reason",
    "refusing",
    "write_atomically",
    "write_npz",
]

_FORMAT_KEY = "neurochip_format"
_CHECKSUM_KEY = "neurochip_checksum"
_CHECKED_SINCE = 2  # the version of each kind of file whose content has a checksum


def as_path(path: Any, error: type[NeurochipError] = FileError) -> Path:
    """Return the path of a file, or raise where it can be none: empty, with a NUL, not a text."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        text = ""
    if not text or "\0" in text:
        raise error(f"path = {shown(path)}; allowed: the name of a file.")
    return Path(text)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Make of an ``OSError`` raised in the block a :class:`FileError` that names the file.

    A full disk is found by a write to an open file, and Python does not say to which.
    """
    try:
        yield
    except FileError:
        raise
    except (OSError, MemoryError) as problem:
        text = "not enough memory"
        if isinstance(problem, OSError):
            text = problem.strerror or str(problem)
        failure = FileError(f"{path}: cannot be written ({text}); make room or pass another path.")
        failure.errno = getattr(problem, "errno", None)
        failure.strerror, failure.filename = text, str(path)
        raise failure from problem


def write_atomically(path: Path, write: Any) -> None:
    """Call ``write(binary_file)`` on a temporary neighbour of ``path``, then rename it there.

    Raises
    ------
    FileError
        If the path can be none of a file, or the file cannot be written; nothing is left behind,
        and an older file stays as it was.
    """
    target = _target(path)
    with naming(target):
        _write_atomically(target, write)


def _target(path: Any) -> Path:
    """The path of a file to write."""
    target = as_path(path)
    if target.name in {"", ".."}:
        raise FileError(f"{target}: is a folder; pass the name of a file.")
    return target


def npz_path(path: str | os.PathLike[str]) -> Path:
    """Return the path that an ``.npz`` is written to: with its suffix, where that is missing."""
    target = Path(path)
    return target if target.suffix == ".npz" else target.parent / f"{target.name}.npz"


def _write_atomically(path: Path, write: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name may be as long as the system allows, and the temporary one is longer.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
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

    Raises
    ------
    FileError
        If the file cannot be written, or a text is longer than what is read again.
    """
    target = npz_path(_target(path))
    content: dict[str, Any] = {_FORMAT_KEY: np.array(f"{kind} {version}")}
    content |= {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in content.items():
        if array.dtype.kind not in "biufU":
            raise FileError(
                f"{target}: {name!r} of the {kind} is of type {array.dtype}; allowed: numbers and "
                "texts."
            )
        if array.dtype.kind == "U" and array.nbytes > 4 * TEXT_LIMIT:
            raise FileError(
                f"{target}: {name!r} of the {kind} has {array.nbytes // 4} characters; allowed: "
                f"{TEXT_LIMIT}. Use fewer or larger populations."
            )
    if version >= _CHECKED_SINCE:
        sums = {name: checksum(array) for name, array in content.items()}
        content[_CHECKSUM_KEY] = np.array(total(sums))
    write_atomically(target, lambda file: np.savez_compressed(file, **content))
    return target


@contextlib.contextmanager
def opened(path: Any, error: type[NeurochipError], wanted: str) -> Iterator[IO[bytes]]:
    """Open a file for reading.

    Parameters
    ----------
    path : path
        The file.
    error : type
        Raised where there is no such file or it cannot be read.
    wanted : str
        What to pass instead, for the message.
    """
    source = as_path(path, error)
    try:
        if not source.is_file():
            raise error(f"{source}: no such file; pass {wanted}.")
        file = source.open("rb")
    except OSError as problem:
        raise error(f"{source}: cannot be read ({problem.strerror}); pass {wanted}.") from None
    with file:
        yield file


@contextlib.contextmanager
def refusing(path: Any, what: str, remedy: str, error: type[NeurochipError]) -> Iterator[None]:
    """Turn whatever damaged bytes raise in the block into one message.

    It says ``path: what (why); remedy.``
    """
    try:
        yield
    except MemoryError as problem:
        raise error(f"{path}: does not fit into memory ({reason(problem)}).") from None
    except (*DAMAGE, NeurochipError) as problem:
        raise error(f"{path}: {what} ({reason(problem)}); {remedy}.") from None


def kind_of(path: str | os.PathLike[str], error: type[NeurochipError]) -> str:
    """Return the kind of a file, such as ``"recording"``.

    Raises
    ------
    error
        If the file is missing, damaged, or was not written by neurochip.
    """
    damage = refusing(path, "damaged", "write it again from its source", error)
    with opened(path, error, "the path of a file that neurochip wrote (.npz)") as file, damage:
        _, found, _ = _format(file)
    if not found:
        raise error(
            f"{path}: was not written by neurochip; pass the path of an image, a recording or a "
            "stimulus (.npz)."
        )
    return found


@contextlib.contextmanager
def read_npz(
    path: str | os.PathLike[str],
    kind: str,
    version: int,
    error: type[NeurochipError],
    remedy: str,
) -> Iterator[Archive]:
    """Open a file written by :func:`write_npz`, to read its arrays in the block.

    All arrays of the file must be read there: what the block leaves does not belong into it.
    Whatever is raised there about values is taken for damage of the file.

    Parameters
    ----------
    path : path
        The file.
    kind, version
        What is wanted, and the newest version that is understood.
    error : type
        What is raised.
    remedy : str
        What to do about a damaged file, such as ``"draw it again"``.

    Raises
    ------
    error
        If the file is missing, damaged, truncated, of another kind or of a newer version, or its
        content does not match its checksum (files of version 1 have none).
    """
    with opened(path, error, f"the path of a {kind} (.npz)") as file:
        with refusing(path, f"damaged or not a {kind}", remedy, error):
            archive, found, found_version = _format(file)
        if archive is None or not found:
            raise error(
                f"{path}: not a {kind}; it was not written by neurochip. Pass the path of a {kind} "
                "(.npz)."
            )
        if found != kind:
            raise error(f"{path}: holds a {found}; pass the path of a {kind} (.npz).")
        if found_version > version:
            raise error(
                f"{path}: {kind} format {found_version}; this neurochip reads up to {version}. "
                "Upgrade neurochip."
            )
        with refusing(path, f"a damaged {kind}", remedy, error):
            yield archive
            _verify(archive, found_version)


def _format(file: IO[bytes]) -> tuple[Archive | None, str, int]:
    """The archive, its kind and its version; "" where it has none."""
    if file.read(len(ZIP)) != ZIP:
        return None, "", 0
    archive = Archive(file)
    if _FORMAT_KEY not in archive:
        return None, "", 0
    kind, _, number = archive.text(_FORMAT_KEY).rpartition(" ")
    return archive, kind, int(number)


def _verify(archive: Archive, version: int) -> None:
    """Raise ValueError unless a file holds what was written and no more."""
    if version < _CHECKED_SINCE and _CHECKSUM_KEY not in archive:
        return
    found = archive.checksum
    stated = archive.text(_CHECKSUM_KEY)
    if archive.unread:
        raise ValueError(f"{archive.unread[0]!r} does not belong into it")
    if stated != found:
        raise ValueError("its content does not match its checksum")
