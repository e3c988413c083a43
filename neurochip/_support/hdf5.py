"""Opens HDF5 files from others, with checks: damage, parts in other files, huge arrays."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import NeurochipError
from .extras import require
from .npz import DAMAGE

__all__ = ["TextHeaps", "Unpacking", "as_text", "opened_hdf5", "reading", "refuse_other_files"]

_TEXT = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])
_BLOCK = 1 << 22  # values of a chunk, which is unpacked as a whole
_FREE_BYTES = 1 << 28  # bytes that any file may unpack to
_RATIO = 100  # largest unpacked size over file size; trained weights reach about 10
_FAULTS = (*DAMAGE, SystemError)
_HEAP, _OBJECT = struct.Struct("<4sB3xQ"), struct.Struct("<HHxxxxQ")


@contextlib.contextmanager
def opened_hdf5(
    h5py: Any, path: Path, wanted: str, remark: str = "", *, error: type[NeurochipError]
) -> Iterator[Any]:
    """Open a file that holds all of its data; damage that shows inside the block is an error, too.

    Parameters
    ----------
    h5py : module
        The package.
    path : Path
        The file.
    wanted : str
        What the file should be, for messages: ``"a NIR graph (.nir)"``.
    remark : str
        More about files that are not HDF5.
    error : type
        Raised with a message that names the file.

    Raises
    ------
    error
        If the file is missing, damaged, no HDF5 file, or has parts in other files.
    """
    if not path.is_file():
        raise error(f"{path}: no such file; pass the path of {wanted}.")
    try:
        path.open("rb").close()
    except OSError as problem:
        raise error(f"{path}: cannot be opened ({problem.strerror}).") from None
    if not h5py.is_hdf5(path):
        raise error(f"{path}: not an HDF5 file; pass the path of {wanted}.{remark}")
    with reading(path, "the file", error), h5py.File(path, "r") as file:
        refuse_other_files(file, str(path), error)
        yield file


@contextlib.contextmanager
def reading(path: Path, part: str, error: type[NeurochipError]) -> Iterator[None]:
    """Turn the errors of HDF5 into a message that names the damaged part."""
    try:
        yield
    except NeurochipError:
        raise
    except _FAULTS:
        raise error(
            f"{path}: {part} cannot be read: it is damaged. Write the file again from its source."
        ) from None


def as_text(value: Any) -> str | None:
    """Return text, bytes, or an array with one of them as a str; None for other values."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "SUO":
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value) if isinstance(value, str) else None


def refuse_other_files(file: Any, label: str, error: type[NeurochipError]) -> None:
    """Raise if anything in an open file lies in another file.

    HDF5 silently follows external links, external raw data and virtual datasets, so a file of
    unknown origin could import other data of the machine. Links within the file are allowed, since
    their targets are checked too. No data are read.

    Parameters
    ----------
    file : h5py.File
        The file, opened for reading.
    label : str
        Name of the file, for the message.
    error : type
        Raised with a message that names the first part found.

    Raises
    ------
    error
        If a part of the file lies in another file.
    """
    h5py = require("h5py", "sonata", "reading HDF5")
    # h5py's visititems_links does not propagate exceptions. A group may be linked twice, or to
    # itself.
    seen, waiting = set(), [file["/"]]
    while waiting:
        group = waiting.pop()
        for name in group:
            link = group.get(name, getlink=True)
            elsewhere = None
            if isinstance(link, h5py.ExternalLink):
                elsewhere = "is a link to another file"
            elif isinstance(link, h5py.HardLink):
                item = group[name]
                if isinstance(item, h5py.Group):
                    address = h5py.h5o.get_info(item.id).addr
                    if address not in seen:
                        seen.add(address)
                        waiting.append(item)
                elif isinstance(item, h5py.Dataset):
                    elsewhere = _storage_elsewhere(item)
            if elsewhere is not None:
                path = f"{group.name.rstrip('/')}/{name}"
                raise error(
                    f"{label}: {path!r} {elsewhere}; allowed: a file that holds all of its data. "
                    "Copy the data into it."
                )


def _storage_elsewhere(dataset: Any) -> str | None:
    if dataset.is_virtual:
        return "is put together from other files"
    return "has its data in another file" if dataset.external else None


class Unpacking:
    """Adds up the memory that the datasets of a file need, since a few kB may unpack to any size.

    Sizes are taken from the headers, before data are read.

    Parameters
    ----------
    path : Path
        The file, for its size and for the messages.
    error : type
        Raised with a message that names the dataset and the limit.
    """

    def __init__(self, path: Path, error: type[NeurochipError]) -> None:
        self._path, self._error = path, error
        self._budget = self._left = max(_FREE_BYTES, _RATIO * path.stat().st_size)

    def check(self, part: str, dataset: Any, most: int) -> None:
        """Raise if a dataset has more than ``most`` values, or chunks that are too large."""
        if dataset.size > most:
            raise self._error(
                f"{self._path}: {part} has shape {dataset.shape}; allowed: {most} values."
            )
        if dataset.chunks and math.prod(dataset.chunks) > _BLOCK:
            raise self._error(
                f"{self._path}: {part} is stored in chunks of {dataset.chunks}; allowed: {_BLOCK} "
                "values."
            )

    def take(self, part: str, n_bytes: int) -> None:
        """Raise if the file has unpacked to too much with these bytes."""
        self._left -= n_bytes
        if self._left < 0:
            raise self._error(
                f"{self._path}: {part} makes the file unpack to more than {self._budget} bytes; "
                f"allowed: {_RATIO} times its size, and {_FREE_BYTES} bytes in any case."
            )


class TextHeaps:
    """Checks of variable-length text in a file, since HDF5 may hang or crash if it is damaged.

    An entry of variable-length text consists of a length, the address of a heap and an index into
    the heap; the library (up to 2.0) does not check them. Only the default layout of h5py is
    checked here: addresses of 8 bytes from the beginning of the file, contiguous data.

    Parameters
    ----------
    path : Path
        The file, open or not.
    """

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._heaps: dict[int, dict[int, int]] = {}

    def check(self, dataset: Any) -> None:
        """Raise a ValueError if the text of a dataset is not in its heap.

        Parameters
        ----------
        dataset : h5py.Dataset
            A dataset of the file. A dataset without variable-length text passes.
        """
        info = require("h5py", "sonata", "reading HDF5").check_string_dtype(dataset.dtype)
        created, start = dataset.file.id.get_create_plist(), dataset.id.get_offset()
        plain = created.get_sizes() == (8, 8) and not created.get_userblock()
        if info is None or info.length is not None or start is None or not plain:
            return
        stop = start + dataset.size * _TEXT.itemsize
        if stop > len(self._bytes):
            raise ValueError("text beyond the end of the file")
        for length, heap, index in self._bytes[start:stop].view(_TEXT).tolist():
            if length and self._objects(heap).get(index, -1) < length:
                raise ValueError("text that is not in its heap")

    def _objects(self, heap: int) -> dict[int, int]:
        """Return the sizes of the objects in the heap at an address, by index."""
        if heap not in self._heaps:
            sizes: dict[int, int] = {}
            head = self._bytes[heap : heap + _HEAP.size].tobytes()
            mark, version, size = _HEAP.unpack(head) if len(head) == _HEAP.size else (b"", 0, 0)
            if mark != b"GCOL" or version != 1 or heap + size > len(self._bytes):
                raise ValueError("no heap where one should be")
            content, at = self._bytes[heap : heap + size].tobytes(), _HEAP.size
            while at + _OBJECT.size <= size:
                index, _, length = _OBJECT.unpack_from(content, at)
                # Index 0 is the free space up to the end; its length includes its header.
                at += length if index == 0 else _OBJECT.size + (length + 7) // 8 * 8
                if at > size or (index == 0 and length < _OBJECT.size):
                    raise ValueError("a heap whose parts do not fit")
                sizes[index] = length
            self._heaps[heap] = sizes
        return self._heaps[heap]
