"""Files of lava-dl: damage, links elsewhere and arrays beyond memory are refused clearly."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hdf5_changes import ELSEWHERE, huge, replace
from netx_files import DENSE, conv, dense, h5py, stored

from neurochip.errors import FrontendError
from neurochip.frontends.netx.file import read_file


def refusal(path):
    with pytest.raises(FrontendError) as caught:
        read_file(path)
    return str(caught.value)


def test_a_file_is_read_as_it_is_stored(tmp_path):
    path = stored(tmp_path / "a.net", DENSE, dense(1, 3, 2, bias=np.float32([1, 2, 3])))
    layers = read_file(path)
    assert [(layer.index, layer.kind) for layer in layers] == [(0, "dense"), (1, "dense")]
    assert layers[1].where == f"{path}: layer 1 (dense)"
    assert layers[0].members["neuron/type"] == "CUBA"
    assert layers[0].members["weight"].tolist() == DENSE["weight"]
    assert layers[1].members["bias"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            replace("layer", None),
            "has no group 'layer', where the layers of a lava-dl network are; pass the path of a "
            "file that export_hdf5 wrote.",
        ),
        (
            replace("layer", 3),
            "has no group 'layer', where the layers of a lava-dl network are; pass the path of a "
            "file that export_hdf5 wrote.",
        ),
        (replace("layer/0", None), "has 0 layers; allowed: 1 to 1024."),
        (
            lambda file: file.move("layer/0", "layer/1"),
            "has no layer 0 among 1 layers; allowed: groups with the names 0 to 0.",
        ),
        (
            replace("layer/0/type", None),
            "layer 0 has no 'type' that is text, which says what a layer is. Write the file again.",
        ),
        (
            replace("layer/0/type", 3.0),
            "layer 0 has no 'type' that is text, which says what a layer is. Write the file again.",
        ),
        (
            replace("layer/0/weight", h5py.Empty("f8")),
            "'weight' of layer 0 is no array; allowed: numbers or text. Write the file again.",
        ),
        (
            lambda file: file.create_group("layer/0/neuron/more"),
            "'neuron/more' of layer 0 is no array; allowed: numbers or text. Write the file again.",
        ),
        (
            replace("layer/0/weight", np.zeros(2, complex)),
            "'weight' of layer 0 holds values of the type complex128; allowed: numbers or text.",
        ),
        (
            replace("layer/0/neuron/type", np.array([b"CUBA", b"SDNN"])),
            "'neuron/type' of layer 0 holds 2 texts; allowed: one.",
        ),
        (
            lambda file: [file.create_dataset(f"layer/0/k{k}", data=k) for k in range(70)],
            "layer 0 has 74 keys; allowed: at most 64.",
        ),
    ],
)
def test_a_file_with_a_part_missing_or_wrong_says_which(tmp_path, change, message):
    path = stored(tmp_path / "odd.net", DENSE, change=change)
    assert refusal(path) == f"{path}: {message}"


def test_files_that_are_no_networks_are_refused(tmp_path):
    missing, text = tmp_path / "no.net", tmp_path / "text.net"
    text.write_text("version https://git-lfs.github.com/spec/v1\n")
    told = "no such file; pass the path of a lava-dl network (.net)."
    assert refusal(missing) == f"{missing}: {told}"
    assert refusal(tmp_path) == f"{tmp_path}: {told}"
    assert refusal(text) == (
        f"{text}: not an HDF5 file; pass the path of a lava-dl network (.net). A file of Git LFS "
        "holds only a pointer until it is fetched."
    )


def test_a_file_that_is_cut_short_is_refused_wherever_it_ends(tmp_path):
    path = stored(tmp_path / "a.net", conv(1, [2, 3, 3], (2, 1, 3, 3)), dense(2, 3, 18))
    whole = path.read_bytes()
    for length in [0, 1, 8, 100, *range(500, len(whole), 700)]:
        path.write_bytes(whole[:length])
        assert re.fullmatch(
            rf"{re.escape(str(path))}: (not an HDF5 file; .+|"
            r".+ cannot be read: it is damaged. Write the file again from its source\.)",
            refusal(path),
        )


@pytest.mark.slow
def test_a_file_with_any_byte_changed_is_read_or_refused_in_one_line(tmp_path):
    path = stored(tmp_path / "a.net", DENSE)
    whole = path.read_bytes()
    random = np.random.default_rng(5)
    for position in random.choice(len(whole), 400, replace=False):
        damaged = bytearray(whole)
        damaged[position] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        try:
            told = str(read_file(path)[0].where)
        except FrontendError as problem:
            told = str(problem)
        assert told.startswith(f"{path}: ")
        assert "\n" not in told


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_a_file_that_leads_to_other_files_is_refused(tmp_path, kind):
    path = stored(tmp_path / "a.net", DENSE, change=kind("layer/0/weight"))
    assert refusal(path).endswith(
        "; allowed: a file that holds all of its data. Copy the data into it."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            huge("layer/0/weight", (10**5, 10**5)),
            "'weight' of layer 0 has shape (100000, 100000); allowed: 16777216 values.",
        ),
        (
            huge("layer/0/weight", (3000, 3000), chunks=(3000, 3000)),
            "'weight' of layer 0 is stored in chunks of (3000, 3000); allowed: 4194304 values.",
        ),
    ],
)
def test_what_would_take_far_more_than_the_file_is_refused_by_its_header(tmp_path, change, message):
    path = stored(tmp_path / "a.net", DENSE, change=change)
    assert refusal(path) == f"{path}: {message}"
    assert path.stat().st_size < 100_000


def test_arrays_that_unpack_to_far_more_than_the_file_are_refused_all_together(tmp_path):
    def change(file):
        for index in range(17):
            name = f"layer/0/w{index:02}"
            file.create_dataset(name, (2 * 10**6,), dtype="f8", fillvalue=1.0)

    path = stored(tmp_path / "a.net", DENSE, change=change)
    assert refusal(path) == (
        f"{path}: 'w16' of layer 0 makes the file unpack to more than 268435456 bytes; allowed: "
        "100 times its size, and 268435456 bytes in any case."
    )


def test_a_layer_that_contains_itself_ends(tmp_path):
    def change(file):
        file["layer/0/neuron/again"] = h5py.SoftLink("/layer/0")

    path = stored(tmp_path / "a.net", DENSE, change=change)
    assert refusal(path) == (
        f"{path}: 'neuron/again' of layer 0 is no array; allowed: numbers or text. Write the file "
        "again."
    )
