"""HDF5 files of others: a file may name other files of this machine, and must not."""

from __future__ import annotations

from typing import Any

from ._extras import require
from .errors import NeurochipError

__all__ = ["refuse_other_files"]


def refuse_other_files(file: Any, label: str, error: type[NeurochipError]) -> None:
    """Raise if anything in an open file lies in another file.

    HDF5 follows external links, raw data stored elsewhere and virtual datasets without a word, so
    that a file of unknown origin could bring in what else the machine holds. Links within the file
    are harmless: where nothing leads out of it, they cannot either. No data are read.

    Parameters
    ----------
    file : h5py.File
        Opened for reading.
    label : str
        The file, for the message.
    error : type
        Raised with a message that names the first part found.

    Raises
    ------
    error
        If a part of the file lies in another file.
    """
    h5py = require("h5py", "sonata", "reading HDF5")
    # Not visititems_links of h5py, which passes on no exception. A group may be linked to twice,
    # and to itself.
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
