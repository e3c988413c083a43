"""Files: whole or not at all, and refused in words when they are not what they should be."""

from __future__ import annotations

import re
import stat
import zipfile

import numpy as np
import pytest

from neurochip import Recording, SpikeInput, Stimulus
from neurochip._support.npz import kind_of, read_npz, reason, write_atomically, write_npz
from neurochip.errors import FileError, ImageError, RecordingError, StimulusError
from neurochip.image.files import load_image

ARRAYS = {"a": np.arange(50), "b": np.array("text"), "c": np.zeros((3, 0))}


def exactly(message):
    return f"^{re.escape(message)}$"


def read(path, kind="stimulus", version=2):
    with read_npz(path, kind, version, StimulusError, "draw it again") as file:
        return {
            "a": file.array("a", "i", (None,)),
            "b": file.array("b", "U", ()),
            "c": file.array("c", "float64", (3, None)),
        }


def refused(path, message, kind="stimulus"):
    with pytest.raises(StimulusError, match=exactly(message)):
        read(path, kind)


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_written_is_read(tmp_path, version):
    path = write_npz(tmp_path / "new" / "x", "stimulus", version, ARRAYS)
    assert path == tmp_path / "new" / "x.npz"
    arrays = read(path)
    for key, array in ARRAYS.items():
        assert arrays[key].dtype == array.dtype
        assert np.array_equal(arrays[key], array)
    assert kind_of(path, StimulusError) == "stimulus"


def test_only_arrays_that_shrink_to_a_half_are_compressed_and_numpy_reads_both(tmp_path):
    rng = np.random.default_rng(1)
    arrays = {
        "a": rng.integers(0, 1 << 31, 300_000),
        "b": np.full((), "short"),
        "c": np.asfortranarray(np.zeros((3, 100_000))),
    }
    path = write_npz(tmp_path / "x", "stimulus", 2, arrays)
    with zipfile.ZipFile(path) as archive:
        kept = {item.filename for item in archive.infolist() if not item.compress_type}
    assert kept == {"a.npy"}
    assert path.stat().st_size < arrays["a"].nbytes + 20_000
    for found in (read(path), np.load(path)):
        assert all(np.array_equal(found[name], array) for name, array in arrays.items())


def test_a_long_text_is_compressed(tmp_path):
    """It is one value, of four bytes for each character."""
    text = "a long text " * 20_000
    path = write_npz(tmp_path / "x", "stimulus", 2, {"b": text})
    assert path.stat().st_size < len(text) / 10
    with np.load(path) as found:
        assert found["b"] == text


def test_a_file_that_numpy_compressed_is_read(tmp_path):
    """As files were written before arrays could be stored as they are."""
    write_npz(tmp_path / "x", "stimulus", 2, ARRAYS)
    with np.load(tmp_path / "x.npz") as found:
        np.savez_compressed(tmp_path / "older.npz", **found)
    arrays = read(tmp_path / "older.npz")
    assert all(np.array_equal(arrays[name], array) for name, array in ARRAYS.items())


def test_a_name_with_another_suffix_gets_one_more(tmp_path):
    assert write_npz(tmp_path / "x.npz", "stimulus", 1, {}).name == "x.npz"
    assert write_npz(tmp_path / "x.2024", "stimulus", 1, {}).name == "x.2024.npz"
    with pytest.raises(FileError) as caught:
        write_npz(tmp_path / "x.CSV", "stimulus", 1, {})
    assert str(caught.value) == (
        f"{tmp_path / 'x.CSV'}: is written in the format .npz, not .CSV; pass a name that ends in "
        ".npz."
    )


def test_a_file_can_be_read_by_those_who_may_read_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    path = write_npz(tmp_path / "x", "stimulus", 1, {})
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "plain", path)]
    assert modes[0] == modes[1]


@pytest.mark.parametrize(
    ("interruption", "kind"),
    [
        (OSError(28, "No space left on device"), FileError),
        (MemoryError(), FileError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_an_interrupted_save_leaves_the_old_file_and_no_other(tmp_path, interruption, kind):
    path = write_npz(tmp_path / "x.npz", "stimulus", 1, ARRAYS)
    before = path.read_bytes()

    def half(file):
        file.write(before[: len(before) // 2])
        raise interruption

    with pytest.raises(kind):
        write_atomically(path, half)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["x.npz"]


def test_a_save_that_fails_within_numpy_leaves_no_trace(tmp_path, monkeypatch):
    def fail(file, array, **options):
        file.write(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    message = (
        f"{tmp_path / 'x.npz'}: cannot be written (No space left on device); make room or pass "
        "another path."
    )
    with pytest.raises(FileError, match=exactly(message)) as caught:
        Stimulus(1.0).save(tmp_path / "x")
    assert isinstance(caught.value, OSError)
    assert caught.value.errno == 28
    assert caught.value.strerror == "No space left on device"
    assert caught.value.filename == str(tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    refused(path, f"{path}: no such file; pass the path of a stimulus (.npz).")
    refused(tmp_path, f"{tmp_path}: no such file; pass the path of a stimulus (.npz).")


@pytest.mark.parametrize("content", [b"", b"P", b"time,neuron\n0.1,3\n", b"\x93NUMPY", b"\0" * 99])
def test_a_file_of_another_program_is_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    message = (
        f"{path}: not a stimulus; it was not written by neurochip. Pass the path of a stimulus "
        "(.npz)."
    )
    refused(path, message)


def test_an_array_file_and_a_foreign_archive_are_refused(tmp_path):
    message = (
        "{}: not a stimulus; it was not written by neurochip. Pass the path of a stimulus (.npz)."
    )
    np.save(tmp_path / "a.npy", np.arange(3))
    refused(tmp_path / "a.npy", message.format(tmp_path / "a.npy"))
    np.savez(tmp_path / "b.npz", x=np.arange(3), pickled=np.array([{}], dtype=object))
    refused(tmp_path / "b.npz", message.format(tmp_path / "b.npz"))


def test_pickles_are_not_read(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, neurochip_format=np.array("stimulus 1"), a=np.array([{}], dtype=object))
    refused(
        path, f"{path}: a damaged stimulus ('a' is not an array of numbers or text); draw it again."
    )


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = write_npz(tmp_path / "x", "recording", 1, ARRAYS)
    refused(path, f"{path}: holds a recording; pass the path of a stimulus (.npz).")


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    path = write_npz(tmp_path / "x", "stimulus", 3, ARRAYS)
    message = f"{path}: stimulus format 3; this neurochip reads up to 2. Upgrade neurochip."
    refused(path, message)


def test_a_file_without_a_version_number_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, neurochip_format=np.array("stimulus one"))
    message = (
        f"{path}: damaged or not a stimulus (invalid literal for int() with base 10: 'one'); draw "
        "it again."
    )
    refused(path, message)


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path):
    content = write_npz(tmp_path / "x", "stimulus", 2, ARRAYS).read_bytes()
    path = tmp_path / "cut.npz"
    message = f"{path}: damaged or not a stimulus (File is not a zip file); draw it again."
    for length in range(4, len(content), 7):
        path.write_bytes(content[:length])
        refused(path, message)


def test_a_file_with_any_damaged_byte_is_refused_or_unchanged(tmp_path):
    content = write_npz(tmp_path / "x", "stimulus", 2, ARRAYS).read_bytes()
    path = tmp_path / "damaged.npz"
    whole = read(tmp_path / "x.npz")
    refusals = 0
    for position in range(len(content)):
        for flip in (0x01, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= flip
            path.write_bytes(damaged)
            try:
                arrays = read(path)
            except StimulusError as error:
                assert str(error).startswith(f"{path}: ")  # noqa: PT017 - any of the messages
                refusals += 1
                continue
            # The byte belongs to a date or another field of the archive that means nothing here.
            for key in whole:
                assert np.array_equal(arrays[key], whole[key])
    assert refusals > len(content)


def test_the_kind_of_a_file_that_has_none_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    message = f"{path}: no such file; pass the path of a file that neurochip wrote (.npz)."
    with pytest.raises(ImageError, match=exactly(message)):
        kind_of(path, ImageError)


def test_each_reader_raises_its_own_error(tmp_path):
    path = Stimulus(1.0, (SpikeInput("x", 1, [0], [0.5]),)).save(tmp_path / "x")
    message = f"{path}: holds a stimulus; pass the path of a chip image (.npz)."
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)
    message = f"{path}: holds a stimulus; pass the path of a recording (.npz)."
    with pytest.raises(RecordingError, match=exactly(message)):
        Recording.load(path)


def test_a_reason_can_stand_within_a_sentence():
    assert reason(KeyError("a")) == "'a' is missing"
    assert reason(ValueError("It is wrong.")) == "It is wrong"
    assert reason(MemoryError()) == "MemoryError"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file/x.npz", "Not a directory|File exists"),
        ("file/deeper/x.npz", "Not a directory"),
        (f"{'x' * 300}.npz", "File name too long"),
        ("folder.npz", "Is a directory"),
    ],
)
def test_a_path_that_cannot_be_written_is_named_with_the_reason(tmp_path, name, reason):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.npz").mkdir()
    path = tmp_path / name
    with pytest.raises(FileError) as caught:
        write_npz(path, "stimulus", 2, {})
    pattern = (
        rf"{re.escape(str(path))}: cannot be written \(({reason})\); make room or pass another"
    )
    assert re.fullmatch(rf"{pattern} path\.", str(caught.value))
    assert sorted(item.name for item in tmp_path.iterdir()) == ["file", "folder.npz"]


def test_the_longest_name_that_the_system_allows_is_written(tmp_path):
    path = write_npz(tmp_path / f"{'x' * 251}.npz", "stimulus", 2, ARRAYS)
    assert read(path).keys() == ARRAYS.keys()


@pytest.mark.parametrize("path", [".", "..", "/"])
def test_a_folder_is_no_file_to_write(path):
    with pytest.raises(FileError, match=exactly(f"{path}: is a folder; pass the name of a file.")):
        write_npz(path, "stimulus", 2, {})


def test_objects_are_not_written(tmp_path):
    path = tmp_path / "x.npz"
    message = f"{path}: 'a' of the stimulus is of type object; allowed: numbers and texts."
    with pytest.raises(FileError, match=exactly(message)):
        write_npz(path, "stimulus", 2, {"a": np.array([None])})
    assert not path.exists()


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = write_npz(tmp_path / "x", "stimulus", 2, ARRAYS)

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    refused(
        path, f"{path}: cannot be read (Permission denied); pass the path of a stimulus (.npz)."
    )


def test_a_name_too_long_to_be_read_says_so(tmp_path):
    path = tmp_path / f"{'x' * 300}.npz"
    refused(
        path, f"{path}: cannot be read (File name too long); pass the path of a stimulus (.npz)."
    )


def test_a_checksum_covers_names_types_shapes_and_values(tmp_path):
    path = write_npz(tmp_path / "x", "stimulus", 2, ARRAYS)
    with np.load(path) as content:
        whole = dict(content)
    message = (
        f"{path}: a damaged stimulus (its content does not match its checksum); draw it again."
    )
    for changes in (
        {"a": whole["a"][::-1]},
        {"a": whole["a"].astype(np.int16)},
        {"b": np.array("Text")},
        {"c": np.zeros((3, 1))},
        {"neurochip_format": np.array("stimulus 1")},
        {"neurochip_checksum": np.array("0" * 64)},
    ):
        np.savez(path, **{**whole, **changes})
        refused(path, message)
    del whole["neurochip_checksum"]
    np.savez(path, **whole)
    refused(path, f"{path}: a damaged stimulus ('neurochip_checksum' is missing); draw it again.")
