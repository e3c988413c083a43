"""Reads the layers of a lava-dl network from HDF5, as they are stored.

The layout is that of lava-dl's ``export_hdf5``: each layer is a group ``layer/<k>`` with its
``type``, and the parameters of its neurons in a group ``neuron``. The memory that an array needs is
known from its header and checked before the array is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._support.extras import require
from ..._support.hdf5 import TextHeaps, Unpacking, as_text, opened_hdf5, reading
from ...errors import FrontendError

__all__ = ["StoredLayer", "read_file"]

_MOST_VALUES = 1 << 24  # of an array: all synapses of a Loihi have 16 MiB
_MOST_LAYERS = 1 << 10
_MOST_KEYS = 1 << 6


@dataclass(frozen=True, eq=False)
class StoredLayer:
    """A layer as it is stored.

    Parameters
    ----------
    where : str
        File, number and type of the layer, for messages.
    index : int
        Its number.
    kind : str
        Its type, such as ``"conv"``.
    members : mapping of str to ndarray or str
        What is stored of it by key; the members of groups have keys such as ``"neuron/vThMant"``.
    """

    where: str
    index: int
    kind: str
    members: Mapping[str, Any]


def read_file(path: Path) -> list[StoredLayer]:
    """Read a file and check only the types and sizes of its arrays.

    Raises
    ------
    FrontendError
        If it is missing, damaged or not a network of lava-dl, links to other files, or would unpack
        to far more memory than its size.
    MissingExtraError
        If h5py is not installed.
    """
    h5py = require("h5py", "netx", "reading a network of lava-dl")
    pointer = " A file of Git LFS holds only a pointer until it is fetched."
    with opened_hdf5(h5py, path, "a lava-dl network (.net)", pointer, error=FrontendError) as file:
        root = file.get("layer")
        if not isinstance(root, h5py.Group):
            raise FrontendError(
                f"{path}: has no group 'layer', where the layers of a lava-dl network are; pass "
                "the path of a file that export_hdf5 wrote."
            )
        return _Reader(path, h5py).layers(root)


class _Reader:
    """Reads the parts of one file and adds up the memory that they need."""

    def __init__(self, path: Path, h5py: Any) -> None:
        self._path, self._h5py = path, h5py
        self._memory, self._heaps = Unpacking(path, FrontendError), TextHeaps(path)

    def reading(self, part: str) -> contextlib.AbstractContextManager[None]:
        """Return a block in which damage becomes a message that names the part."""
        return reading(self._path, part, FrontendError)

    def layers(self, root: Any) -> list[StoredLayer]:
        """Return all layers, which are numbered from 0."""
        count = len(root)
        if not 1 <= count <= _MOST_LAYERS:
            raise FrontendError(f"{self._path}: has {count} layers; allowed: 1 to {_MOST_LAYERS}.")
        return [self._layer(root, index) for index in range(count)]

    def _layer(self, root: Any, index: int) -> StoredLayer:
        part = f"layer {index}"
        with self.reading(part):
            group = root.get(str(index))
            if not isinstance(group, self._h5py.Group):
                raise FrontendError(
                    f"{self._path}: has no {part} among {len(root)} layers; allowed: groups with "
                    f"the names 0 to {len(root) - 1}."
                )
            members = self._members(part, group, "")
        kind = members.pop("type", None)
        if not isinstance(kind, str):
            raise FrontendError(
                f"{self._path}: {part} has no 'type' that is text, which says what a layer is. "
                "Write the file again."
            )
        return StoredLayer(f"{self._path}: {part} ({kind})", index, kind, members)

    def _members(self, part: str, group: Any, prefix: str) -> dict[str, Any]:
        if len(group) > _MOST_KEYS:
            raise FrontendError(
                f"{self._path}: {part} has {len(group)} keys; allowed: at most {_MOST_KEYS}."
            )
        members: dict[str, Any] = {}
        for name in group:
            key = prefix + name
            with self.reading(f"{key!r} of {part}"):
                item = group.get(name)
                if isinstance(item, self._h5py.Group) and not prefix:
                    members.update(self._members(part, item, f"{name}/"))
                else:
                    members[key] = self._value(f"{key!r} of {part}", item)
        return members

    def _value(self, part: str, item: Any) -> Any:
        if not isinstance(item, self._h5py.Dataset) or item.shape is None:
            raise FrontendError(
                f"{self._path}: {part} is no array; allowed: numbers or text. Write the file again."
            )
        text = self._h5py.check_string_dtype(item.dtype) is not None
        if not text and item.dtype.kind not in "biuf":
            raise FrontendError(
                f"{self._path}: {part} holds values of the type {item.dtype}; allowed: numbers or "
                "text."
            )
        if text and item.size != 1:
            raise FrontendError(f"{self._path}: {part} holds {item.size} texts; allowed: one.")
        self._memory.check(part, item, _MOST_VALUES)
        self._memory.take(part, item.nbytes)
        if not text:
            return item[()]
        self._heaps.check(item)
        return as_text(item[()])
