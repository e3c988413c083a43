"""Compiled kernels on disk: where they lie, and reading and writing them without trust.

Numba notices a change in a kernel's own file only, not in the files of the kernels that it calls.
So the names of the files hold the kernel's key (:mod:`neurochip._kernels.key`), which covers
everything that the compiled code depends on: what has changed is compiled again, in whichever file
it lies, and nothing else is. The files lie in the user's cache: beside the sources they would
outlive an uninstallation, and hide what is installed next.

The cache only saves time, so it never ends a program: a file that cannot be read is compiled again,
and a folder that cannot be written costs one warning.
"""

from __future__ import annotations

import functools
import os
import pickle
import sys
import tempfile
import warnings
import zlib
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

from .key import key_of

__all__ = ["keep_on_disk"]


def keep_on_disk(kernel: Dispatcher) -> None:
    """Let a compiled kernel be read from disk, and be written there once it is compiled."""
    folder = _cache_folder(Path(kernel.py_func.__code__.co_filename).parent)
    if folder is None:
        return
    # Numba picks the folder of a function when its cache is made.
    config: Any = numba.config  # its settings are made at run time, unknown to type checkers
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        kernel._cache = _KernelCache(kernel, folder)
    except RuntimeError as problem:  # the folder was lost since it was chosen
        _warn_once(str(folder), str(problem))
    finally:
        config.CACHE_DIR = before


class _KernelCache(FunctionCache):
    """The cache of one kernel, which reports what it cannot write and goes on."""

    def __init__(self, kernel: Dispatcher, folder: Path) -> None:
        super().__init__(kernel.py_func)
        # Numba adds a folder for the path of the source. Equal keys mean equal kernels, so all
        # installations of a user share what one of them has compiled.
        self._cache_path = self._impl.locator._cache_path = str(folder)
        self._kernel: Dispatcher | None = kernel  # until its key is known

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a compiled function, or None where there is none on disk."""
        # All that the kernel refers to is defined once it is called, not where it is made.
        if self._kernel is not None:
            key = key_of(self._kernel)
            self._cache_file = _CheckedFiles(
                cache_path=self.cache_path,
                filename_base=f"{self._kernel.__name__}-{key[:20]}.{sys.implementation.cache_tag}",
                source_stamp=key,
            )
            self._kernel = None
        return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled function, where that is possible."""
        try:
            super().save_overload(sig, data)
        except OSError as problem:
            _warn_once(self.cache_path, problem.strerror or str(problem))


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
    for folder in _candidates(package):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # os.access looks at permissions only, not at whether a file can be made.
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
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
