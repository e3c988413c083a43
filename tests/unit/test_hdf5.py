"""HDF5 files hold all of their data, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip._hdf5 import refuse_other_files
from neurochip.errors import FrontendError

h5py = pytest.importorskip("h5py")


def external_link(file, other):
    file["group/x"] = h5py.ExternalLink(str(other), "/secret")


def external_link_to_a_group(file, other):
    file["group/x"] = h5py.ExternalLink(str(other), "/")


def raw_data(file, other):
    file.create_dataset("group/x", (4,), dtype="u1", external=[(str(other), 0, 4)])


def virtual_data(file, other):
    layout = h5py.VirtualLayout(shape=(4,), dtype=float)
    layout[:] = h5py.VirtualSource(str(other), "secret", shape=(4,))
    file.create_virtual_dataset("group/x", layout)


WAYS = {
    external_link: "is a link to another file",
    external_link_to_a_group: "is a link to another file",
    raw_data: "has its data in another file",
    virtual_data: "is put together from other files",
}


@pytest.fixture
def other(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = np.arange(4.0)
    return tmp_path / "other.h5"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_lies_in_another_file_is_refused(tmp_path, other, way):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        way(file, other)
        file["soft"] = h5py.SoftLink("/group/x")  # leads out, too, but only through the other
    with h5py.File(path) as file, pytest.raises(FrontendError) as caught:
        refuse_other_files(file, str(path), FrontendError)
    assert str(caught.value) == (
        f"{path}: '/group/x' {WAYS[way]}; allowed: a file that holds all of its data. Copy the "
        "data into it."
    )


def test_links_within_a_file_are_harmless_even_in_circles(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/x"] = np.arange(3)
        file["again"] = file["group/x"]
        file["group/up"] = file["group"]
        file["soft"] = h5py.SoftLink("/group/x")
        file["nowhere"] = h5py.SoftLink("/lost")
        refuse_other_files(file, "a.h5", FrontendError)
