"""Archives of arrays: looked at before they are read, and never unpickled."""

from __future__ import annotations

import contextlib
import io
import re
import tracemalloc
import zipfile

import numpy as np
import pytest
from damage import npy, npy_of_object

from neurochip._support.archive import TEXT_LIMIT, Archive, checksum
from neurochip._support.npz import kind_of, read_npz, write_npz
from neurochip.errors import FileError, ImageError, StimulusError

LARGE = 1 << 25  # values, far more than the archives of these tests have bytes


def archive(*members, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return Archive(target)


def header(shape, descr="<i4", fortran="False", version=b"\x01\x00"):
    text = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text


def refused(call, message, kind=ValueError):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(True),
        np.array("text"),
        np.array(["", "a"]),
        np.empty((0, 3)),
        np.arange(3, dtype=">i8"),
    ],
)
def test_an_array_is_read_as_numpy_reads_it(array):
    found = archive(("a.npy", npy(array))).array("a", array.dtype.kind, array.shape)
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert np.array_equal(found, array)
    assert checksum(found) == checksum(array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3, ">i4"), "'a' has shape (3,) and type >i4, expected int32 of shape (3,)"),
        (np.zeros(3), "'a' has shape (3,) and type float64, expected int32 of shape (3,)"),
        (np.zeros(3, bool), "'a' has shape (3,) and type bool, expected int32 of shape (3,)"),
        (np.zeros(4, "i4"), "'a' has shape (4,) and type int32, expected int32 of shape (3,)"),
        (np.array(3, "i4"), "'a' has shape () and type int32, expected int32 of shape (3,)"),
        (np.zeros(3, [("x", "i4")]), "'a' is not an array of numbers or text"),
        (np.zeros(3, "M8[s]"), "'a' is not an array of numbers or text"),
    ],
)
def test_another_type_or_shape_is_refused(array, message):
    refused(lambda: archive(("a.npy", npy(array))).array("a", "int32", (3,)), message)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        header("(3,)").replace(b"}", b"("),  # NumPy fails on it with an error of its tokenizer
        header("(3L,)"),
        header("(-3,)"),
        header("(3,)", descr="|O"),
        header("(3,)", descr="3<i4"),
        header("(3,)", fortran="1"),
        header("(3,)", version=b"\x07\x00"),
        header("(" * 5000),
        header(f"({10**4000},)"),
        npy_of_object(),
    ],
)
def test_what_is_no_array_is_refused_and_not_evaluated(content):
    message = "'a' is not an array of numbers or text"
    refused(lambda: archive(("a.npy", content)).array("a", "int32", (3,)), message)


@pytest.mark.parametrize(("descr", "order"), [("<U1", "little"), (">U1", "big")])
def test_text_of_numbers_that_are_no_characters_is_refused(descr, order):
    content = header("(1,)", descr) + (0x10FFFF + 1).to_bytes(4, order)
    found = archive(("a.npy", content))
    refused(lambda: found.array("a", "U", (1,)), "'a' contains an invalid character")


def test_values_that_are_too_few_or_too_many_are_refused():
    short, long = header("(3,)") + bytes(8), header("(3,)") + bytes(16)
    message = "'a' has 8 bytes of values, but its header states 12"
    refused(lambda: archive(("a.npy", short)).array("a", "int32", (3,)), message)
    message = "'a' has 16 bytes of values, but its header states 12"
    refused(lambda: archive(("a.npy", long)).array("a", "int32", (3,)), message)


def test_more_than_the_machine_has_is_a_message_with_its_size():
    file = archive(("a.npy", header(f"({1 << 58},)", "|u1")))
    file._members["a"].file_size += 1 << 58  # as the directory of a file may say
    message = "'a' takes 288 PB of memory"
    refused(lambda: file.array("a", "uint8", (None,)), message, MemoryError)


def test_a_member_that_is_there_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate name"):
        refused(lambda: archive(("a.npy", b""), ("a.npy", b"")), "'a' occurs twice")
    refused(lambda: archive(("a.npy", b""), ("a", b"")), "'a' occurs twice")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_no_npz_has_is_refused(method):
    file = archive(("a.npy", npy(np.zeros(3, "i4"))), method=method)
    message = "'a' has a compression that .npz files do not use"
    refused(lambda: file.array("a", "int32", (3,)), message)


def test_a_member_with_a_password_is_refused():
    content = bytearray(archive(("a.npy", npy(np.zeros(3, "i4"))))._zip.fp.getvalue())
    for place in (content.index(b"PK\x01\x02") + 8, 6):  # flags in the directory and before it
        content[place] |= 1
    file = Archive(io.BytesIO(content))
    with pytest.raises(RuntimeError, match="is encrypted"):
        file.array("a", "int32", (3,))


def test_a_text_is_no_longer_than_what_is_written(tmp_path):
    long = np.empty((), f"<U{TEXT_LIMIT + 1}")
    message = f"'a' has {TEXT_LIMIT + 1} characters, above the limit of {TEXT_LIMIT}"
    refused(lambda: archive(("a.npy", npy(long))).text("a"), message)
    message = (
        f"{tmp_path / 'x.npz'}: 'a' of the stimulus has {TEXT_LIMIT + 1} characters; allowed: "
        f"{TEXT_LIMIT}. Use fewer or larger populations."
    )
    refused(lambda: write_npz(tmp_path / "x", "stimulus", 2, {"a": long}), message, FileError)


def bomb(path, name, version=2):
    """A small file of which one member holds a hundred MB of zeros."""
    arrays = {"a": np.arange(3, dtype=np.int32), "b": np.arange(3, dtype=np.int32)}
    write_npz(path, "stimulus", version, arrays | {name: np.zeros(LARGE, np.int32)})


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", ["b", "never read"])
def test_what_is_not_wanted_takes_no_memory(tmp_path, version, name):
    path = tmp_path / "bomb.npz"
    bomb(path, name, version)
    assert path.stat().st_size < 4 * LARGE // 100  # a hundredth of the bytes of its array

    refusal = pytest.raises(StimulusError)
    outcome = refusal if version == 2 or name == "b" else contextlib.nullcontext()

    def read():
        with (
            outcome,
            read_npz(path, "stimulus", 2, StimulusError, "draw it again") as file,
        ):
            file.array("a", "int32", (3,))
            file.array("b", "int32", (3,))

    assert peak_of(read) < LARGE // 10
    assert kind_of(path, StimulusError) == "stimulus"


def test_what_is_more_than_was_written_is_refused(tmp_path):
    path = write_npz(tmp_path / "x", "stimulus", 2, {"a": np.zeros(3), "more": np.zeros(3)})
    message = f"{path}: a damaged stimulus ('more' does not belong to it); draw it again."

    def read():
        with read_npz(path, "stimulus", 2, StimulusError, "draw it again") as file:
            file.array("a", "f", (3,))

    refused(read, message, StimulusError)


@pytest.mark.parametrize("path", ["", None, "a\0b", 3, b""])
def test_what_can_be_no_path_is_refused_in_both_directions(path):
    message = f"path = {path!r}; allowed: the name of a file."
    refused(lambda: write_npz(path, "stimulus", 1, {}), message, FileError)
    refused(lambda: kind_of(path, ImageError), message, ImageError)
