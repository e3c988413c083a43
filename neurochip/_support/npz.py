"""Files: ``.npz`` without pickles, written atomically and read with clear errors."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import FileError, NeurochipError
from .archive import DAMAGE, TEXT_LIMIT, ZIP, Archive, bytes_of, checksum, reason, total
from .json_text import as_json
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
    "write_json",
    "write_npz",
]

_OTHER_FORMATS = {
    *(".csv", ".dat", ".feather", ".h5", ".hdf5", ".html", ".json", ".jsonl", ".mat", ".nir"),
    *(".nix", ".npy", ".parquet", ".pickle", ".pkl", ".py", ".tsv", ".txt", ".xlsx", ".zip"),
}
_FORMAT_KEY = "neurochip_format"
_CHECKSUM_KEY = "neurochip_checksum"
_LEVEL = 1  # of compression: the next ones take three times as long to save 1 to 3 %
_PROBE = 1 << 18  # bytes that are compressed to find out whether all are worth it
_WORTH = 0.5
_CHECKED_SINCE = 2  # the first version, of every kind of file, that has a checksum


def as_path(path: Any, error: type[NeurochipError] = FileError) -> Path:
    """Return the path of a file, or raise if it is empty, contains a NUL or is not a path."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        text = ""
    if not text or "\0" in text:
        raise error(f"path = {shown(path)}; allowed: the name of a file.")
    return Path(text)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Convert an ``OSError`` raised in the block to a :class:`FileError` that names the file.

    If the disk is full, a write to an open file fails, and Python's error does not name the file.
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
        If the path is invalid, or the file cannot be written; no temporary file remains, and an
        existing file is unchanged.
    """
    target = _target(path)
    with naming(target):
        _write_atomically(target, write)


def write_json(path: str | os.PathLike[str], data: Any) -> Path:
    """Write plain data atomically to a JSON file and return its path.

    Raises
    ------
    FileError
        As of :func:`write_atomically`.
    """
    target, text = Path(path), as_json(data)
    write_atomically(target, lambda file: file.write(text))
    return target


def _target(path: Any) -> Path:
    """Return the path of a file to write, or raise if it is a folder."""
    target = as_path(path)
    if target.name in {"", ".."}:
        raise FileError(f"{target}: is a folder; pass the name of a file.")
    return target


def npz_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of an ``.npz`` to write, with the suffix appended if it is missing.

    Raises
    ------
    FileError
        If the suffix is that of another format.
    """
    target = Path(path)
    if target.suffix.lower() in _OTHER_FORMATS:
        raise FileError(
            f"{target}: is written in the format .npz, not {target.suffix}; pass a name that ends "
            "in .npz."
        )
    return target if target.suffix == ".npz" else target.parent / f"{target.name}.npz"


def _write_atomically(path: Path, write: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The temporary name is longer, and the name may already have the largest allowed length.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; set the permissions of a plain open().
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
    """Write arrays atomically to a file of one kind and version.

    Returns
    -------
    Path
        The path written, with ``.npz`` appended if it was missing.

    Raises
    ------
    FileError
        If the file cannot be written, or a text is too long to be read again.
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
    write_atomically(target, lambda file: _write_arrays(file, content))
    return target


def _write_arrays(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """Write the members of an ``.npz``, each compressed or as it is."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, array in arrays.items():
            stored = zipfile.ZipInfo(f"{name}.npy")  # members given so are not compressed
            member = stored.filename if _shrinks(array) else stored
            with archive.open(member, "w", force_zip64=True) as to:
                write: Any = np.lib.format.write_array  # NumPy has no types for it
                write(to, array, allow_pickle=False)


def _shrinks(array: Any) -> bool:
    """Return whether a large array is worth compressing: whether its middle shrinks to a half.

    Targets of synapses in a random order shrink to two thirds, at a tenth of the speed of a disk.
    """
    if array.nbytes <= 2 * _PROBE:
        return True
    middle = bytes_of(array)[array.nbytes // 2 :][:_PROBE]
    return len(zlib.compress(middle, _LEVEL)) < _WORTH * len(middle)


@contextlib.contextmanager
def opened(path: Any, error: type[NeurochipError], wanted: str) -> Iterator[IO[bytes]]:
    """Open a file for reading.

    Parameters
    ----------
    path : path
        The file.
    error : type
        Error to raise if the file does not exist or cannot be read.
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
    """Convert every exception that damaged bytes raise in the block to one error.

    Its message is ``path: what (why); remedy.``
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

    The block must read all arrays of the file: an array that it does not read is an error.
    Exceptions that the block raises about values are reported as damage of the file.

    Parameters
    ----------
    path : path
        The file.
    kind, version
        Expected kind, and the newest version that can be read.
    error : type
        Error to raise.
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
    """Return the archive, its kind and its version; kind "" if neurochip did not write it."""
    if file.read(len(ZIP)) != ZIP:
        return None, "", 0
    archive = Archive(file)
    if _FORMAT_KEY not in archive:
        return None, "", 0
    kind, _, number = archive.text(_FORMAT_KEY).rpartition(" ")
    return archive, kind, int(number)


def _verify(archive: Archive, version: int) -> None:
    """Raise ValueError unless a file contains exactly what was written."""
    if version < _CHECKED_SINCE and _CHECKSUM_KEY not in archive:
        return
    found = archive.checksum
    stated = archive.text(_CHECKSUM_KEY)
    if archive.unread:
        raise ValueError(f"{archive.unread[0]!r} does not belong to it")
    if stated != found:
        raise ValueError("its content does not match its checksum")
