"""Compiled kernels on disk: where they lie, and reading and writing them without trust.

Numba notices a change in a kernel's own file only, not in the files of the kernels that it calls,
and cannot read an index that names a class which is gone. So compiled kernels are kept in a folder
whose name holds a digest of all sources of their package, and of the files in :data:`SHARED`, whose
kernels and constants all packages may use: an edit or an upgrade starts a new folder. It lies in
the user's cache: files beside the sources would outlive an uninstallation, and hide what is
installed next.

The cache only saves time, so it never ends a program: a file that cannot be read is compiled again,
and a folder that cannot be written costs one warning.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import tempfile
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

__all__ = ["SHARED", "keep_on_disk"]

SHARED = ("_barrier.py", "_grid.py", "_jit.py", "_kernel_cache.py", "_llvm.py", "_workers.py")
"""Files beside this one that kernels of all packages depend on."""


def keep_on_disk(dispatcher: Any, function: Callable[..., Any]) -> None:
    """Let a compiled function be read from disk, and be written there once it is compiled."""
    folder = _cache_folder(Path(function.__code__.co_filename).parent)
    if folder is None:
        return
    # Numba picks the folder of a function when its cache is made.
    config: Any = numba.config  # its settings are made at run time, unknown to type checkers
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        dispatcher._cache = _KernelCache(function)
    except RuntimeError as problem:  # the folder was lost since it was chosen
        _warn_once(str(folder.parent), str(problem))
    finally:
        config.CACHE_DIR = before


class _KernelCache(FunctionCache):
    """The cache of one function, which reports what it cannot write and goes on."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _CheckedFiles(
            cache_path=self.cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=locator.get_source_stamp(),
        )

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled function, where that is possible."""
        try:
            super().save_overload(sig, data)
        except OSError as problem:
            folder = Path(self.cache_path).parents[1]
            _warn_once(str(folder), problem.strerror or str(problem))


class _CheckedFiles(IndexDataCacheFile):
    """Numba's files, with a checksum and with the key that the content belongs to.

    Two processes that compile at the same time may give one file name to two variants of a
    function, so the index alone does not say what a file holds.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        """Return what was saved for ``key``, or None where it cannot be had."""
        found = super().load(key)
        return found[1] if found is not None and found[0] == key else None

    def _load_index(self) -> Any:
        try:
            return super()._load_index()
        except Exception:  # unpickling damaged bytes may raise anything
            return {}

    def _load_data(self, name: str) -> Any:
        try:
            content = Path(self._data_path(name)).read_bytes()
            body = content[4:]
            if content[:4] == _checksum(body):
                return pickle.loads(body)
        except Exception:
            pass
        return None

    def _save_data(self, name: str, data: Any) -> None:
        body = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(_checksum(body) + body)


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little")


@functools.cache
def _cache_folder(package: Path) -> Path | None:
    shared = [Path(__file__).with_name(name) for name in SHARED]
    sources = sorted({*shared, *package.glob("*.py")})
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    name = f"{package.name}-{digest[:16]}"
    for parent in _candidates(package):
        try:
            (parent / name).mkdir(parents=True, exist_ok=True)
            # os.access looks at permissions only, not at whether a file can be made.
            tempfile.TemporaryFile(dir=parent / name).close()
        except OSError:
            continue
        return parent / name
    _warn_once(str(_candidates(package)[0]), "it cannot be written")
    return None


def _candidates(package: Path) -> list[Path]:
    config: Any = numba.config
    candidates = [package / "__pycache__"]
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        candidates.insert(0, cache / "neurochip")
    except RuntimeError:  # a user without a home directory, as in some containers
        pass
    if config.CACHE_DIR:
        candidates.insert(0, Path(config.CACHE_DIR) / "neurochip")
    return candidates


_warnings: set[str] = set()


def _warn_once(folder: str, reason: str) -> None:
    if _warnings:
        return
    text = (
        f"compiled kernels cannot be kept in {folder} ({reason}), so every start compiles them "
        "again. Set NUMBA_CACHE_DIR to a folder that can be written."
    )
    _warnings.add(text)
    warnings.warn(text, stacklevel=2)
