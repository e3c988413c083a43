"""Limits the memory that a small, highly compressed file may unpack to.

Compression shrinks equal values to about a thousandth, and a chunk that was never written takes no
space. A file of spikes may unpack to 100 times its own size, or to 64 MiB if that is more; larger
data must be written without compression.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any

from ..errors import StimulusError

__all__ = ["check_dataset", "check_mat"]

_ALWAYS = 64 << 20  # bytes
_RATIO = 100
_CHUNK = 1 << 20
_COMPRESSED = 15  # type of a compressed element in a .mat


def check_dataset(path: str, dataset: Any) -> None:
    """Raise :class:`StimulusError` if reading an HDF5 dataset needs too much memory."""
    # Reading a part of a chunk unpacks the whole chunk, which may be larger than the dataset.
    elements = max(dataset.size or 0, math.prod(dataset.chunks or ()))
    _check(path, dataset.name, elements * dataset.dtype.itemsize)


def check_mat(path: Path) -> None:
    """Raise :class:`StimulusError` if the compressed parts of a ``.mat`` need too much memory."""
    with path.open("rb") as file:
        order = "<" if file.read(128).endswith(b"IM") else ">"
        total = 0
        while len(tag := file.read(8)) == 8:
            kind, length = struct.unpack(f"{order}II", tag)
            end = file.tell() + length
            if kind == _COMPRESSED:
                inflate = zlib.decompressobj()
                rest = file.read(min(length, _CHUNK))
                while rest and not inflate.eof:
                    total += len(inflate.decompress(rest, _CHUNK))
                    _check(str(path), "its compressed data", total)
                    rest = inflate.unconsumed_tail or file.read(min(end - file.tell(), _CHUNK))
            file.seek(end)


def _check(path: str, what: str, size: int) -> None:
    own = Path(path).stat().st_size
    if size > max(_ALWAYS, _RATIO * own):
        raise StimulusError(
            f"{path}: {what} takes {size / 1e6:.0f} MB of memory, and the file has {own / 1e6:.3g} "
            f"MB; allowed: {_RATIO} times as much. Write it without compression."
        )
