"""Changes of open HDF5 files for tests: a member is replaced, huge, or lies in another file."""

from __future__ import annotations

import pytest

h5py = pytest.importorskip("h5py")


def replace(member, value):
    """Replace a member; None only removes it."""

    def change(file):
        del file[member]
        if value is not None:
            file[member] = value

    return change


def huge(member, shape, **options):
    """Replace a member by an array of which only the header is stored."""

    def change(file):
        del file[member]
        file.create_dataset(member, shape, **{"dtype": "f8", **options})

    return change


def external(member):
    """Replace a member by a link to another file."""
    return replace(member, h5py.ExternalLink("private.h5", "/w"))


def raw(member):
    """Replace a member by an array whose data lie in another file."""
    return huge(member, (4, 4), dtype="u1", external=[("private.bin", 0, 16)])


def virtual(member):
    """Replace a member by an array that is put together from another file."""

    def change(file):
        del file[member]
        layout = h5py.VirtualLayout(shape=(4, 4), dtype=float)
        layout[:] = h5py.VirtualSource("private.h5", "w", shape=(4, 4))
        file.create_virtual_dataset(member, layout)

    return change


ELSEWHERE = (external, raw, virtual)
