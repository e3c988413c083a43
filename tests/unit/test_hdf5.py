"""HDF5 files hold all of their data, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip._support.hdf5 import TextHeaps, refuse_other_files
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


@pytest.fixture
def words(tmp_path):
    """A file with text of any length, and where its heap begins."""
    path = tmp_path / "text.h5"
    with h5py.File(path, "w") as file:
        file["one"], file["many"] = "a", np.array([["ab", "c" * 50], ["", "d"]], dtype=object)
        file["fixed"], file["number"] = np.array(b"abc"), 1.0
        file.create_dataset("chunked", data=["x", "y"], chunks=(1,))
    content = path.read_bytes()
    assert content.count(b"GCOL") == 1
    return path, content, content.index(b"GCOL")


def check_all(path):
    heaps = TextHeaps(path)
    with h5py.File(path) as file:
        for name in ("one", "many", "fixed", "number", "chunked"):
            heaps.check(file[name])


def test_text_that_lies_where_it_should_is_sound(words):
    check_all(words[0])


def test_a_file_behind_a_block_of_the_user_is_left_alone(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file["one"] = "a"
    with h5py.File(tmp_path / "a.h5") as file:
        TextHeaps(tmp_path / "a.h5").check(file["one"])


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (0, b"GCOX", "no heap where one should be"),
        (8, b"\xff" * 4, "no heap where one should be"),
        (24, b"\xff\xff", "a heap whose parts do not fit"),  # the size of the first object
        (16, b"\x07", "text that is not in its heap"),  # its index
        (24, b"\x00", "text that is not in its heap"),  # its size again
    ],
)
def test_text_whose_heap_is_damaged_is_noticed(words, where, value, message):
    path, content, heap = words
    at = heap + where
    path.write_bytes(content[:at] + value + content[at + len(value) :])
    with pytest.raises(ValueError, match=message):
        check_all(path)


def test_text_longer_than_what_its_heap_holds_is_noticed(words):
    path, content, _ = words
    with h5py.File(path) as file:
        start = file["one"].id.get_offset()
    length = (10**6).to_bytes(4, "little")
    path.write_bytes(content[:start] + length + content[start + 4 :])
    with pytest.raises(ValueError, match="text that is not in its heap"):
        check_all(path)
