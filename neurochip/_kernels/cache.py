"""The cache of compiled kernels on disk: its folder, and files that are verified when read.

Numba notices a change in a kernel's own file only, not in the files of the kernels that it calls.
So the file names contain the kernel's key (:mod:`neurochip._kernels.key`), which covers everything
that the compiled code depends on: exactly the kernels affected by a change are compiled again. The
files are in the user's cache folder: beside the sources they would outlive an uninstallation, and
could be used for a later installation.

The cache only saves time, so its problems never end a program: a kernel whose file cannot be read
is compiled again, and a folder that is not writable causes one warning.
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

from .compiling import InnerStorage
from .key import key_of
from .notice import NOTICE

__all__ = ["is_on_disk", "keep_on_disk", "kernel_folder"]


def kernel_folder() -> Path | None:
    """Return the folder of the compiled kernels, or None if none can be written."""
    return _cache_folder(Path(__file__).parent)


def keep_on_disk(kernel: Dispatcher, *, inner: bool) -> None:
    """Make a kernel load its compiled code from disk, and save it there after compilation.

    ``inner``: only kernels call it (:mod:`neurochip._kernels.compiling`).
    """
    folder = _cache_folder(Path(kernel.py_func.__code__.co_filename).parent)
    if folder is None:
        return
    # Numba chooses the folder of a function when its cache object is created.
    config: Any = numba.config  # its settings are made at run time, unknown to type checkers
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        kernel._cache = (_InnerCache if inner else _KernelCache)(kernel, folder)
    except RuntimeError as problem:  # the folder has disappeared since it was chosen
        _warn_once(str(folder), str(problem))
    finally:
        config.CACHE_DIR = before


def is_on_disk(kernel: Any) -> bool:
    """Return whether compiled code of a kernel is on disk, for any types of its arguments."""
    return isinstance(kernel._cache, _KernelCache) and kernel._cache.is_filled()


class _KernelCache(FunctionCache):
    """The cache of one kernel; a failed write causes a warning only."""

    def __init__(self, kernel: Dispatcher, folder: Path) -> None:
        super().__init__(kernel.py_func)
        # Numba would add a subfolder for the path of the source. Equal keys mean equal kernels, so
        # all installations of a user can share one folder.
        self._cache_path = self._impl.locator._cache_path = str(folder)
        self._kernel: Dispatcher | None = kernel  # until its key is known

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a compiled function from disk, or None if it is not there.

        Numba would first load all that it can compile, with SciPy, which takes longer than most
        runs. Machine code needs none of it.
        """
        self._open()
        with self._guard_against_spurious_io_errors():
            found = self._load_overload(sig, target_context)
        NOTICE.count(loaded=found is not None)
        return found

    def is_filled(self) -> bool:
        """Return whether there is an index of compiled functions."""
        self._open()
        return Path(self._cache_file._index_path).exists()

    def _open(self) -> None:
        # The key is computed at the first call: only then all names in the kernel are defined.
        if self._kernel is not None:
            key = key_of(self._kernel)
            self._cache_file = _CheckedFiles(
                cache_path=self.cache_path,
                filename_base=f"{self._kernel.__name__}-{key[:20]}.{sys.implementation.cache_tag}",
                source_stamp=key,
            )
            self._kernel = None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled function; warn if the folder is not writable."""
        try:
            super().save_overload(sig, data)
        except OSError as problem:
            _warn_once(self.cache_path, problem.strerror or str(problem))


class _InnerCache(_KernelCache):
    _impl_class = InnerStorage


class _CheckedFiles(IndexDataCacheFile):
    """Numba's cache files, with a checksum and with the key of the content.

    Two processes that compile at the same time may give the same file name to two variants of a
    function, so the index alone does not identify the content of a file.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        """Return the content saved for ``key``, or None if it is missing or damaged."""
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
            # os.access checks permissions only, not whether a file can be created.
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
