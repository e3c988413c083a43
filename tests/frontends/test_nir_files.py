"""Files: what is read from disk is what lies in memory, and what is damaged is refused clearly."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hdf5_changes import ELSEWHERE, h5py, huge, replace
from nir_graphs import DT, chain, cuba, full, graph, integrator, lif, linear, nir, readout, stored

from compiler import compile_network
from neurochip.errors import FrontendError
from neurochip.frontends.nir import inspect_nir, read_nir
from neurochip.frontends.nir.node import KINDS

CURRENT = {name: full((2,), 0.01) for name in ("tau_syn", "tau_mem", "r", "v_leak")}
POOL = (np.array([2, 2]), np.array([1, 1]), np.array([0, 0]))
# A graph with each kind of node: the shape of its input, and what comes one after the other.
GRAPHS = {
    "Affine": ((2,), linear(np.eye(2), [0.1, 0.2]), lif((2,))),
    "AvgPool2d": ((1, 3, 3), nir.AvgPool2d(*POOL), integrator((1, 2, 2))),
    "Conv1d": (
        (2, 6),
        nir.Conv1d(6, np.arange(6.0).reshape(2, 1, 3), 1, "same", 1, 2, np.ones(2)),
        integrator((2, 6)),
    ),
    "Conv2d": (
        (2, 5, 4),
        nir.Conv2d((5, 4), np.arange(54.0).reshape(3, 2, 3, 3), (2, 1), 1, 1, 1, np.ones(3)),
        integrator((3, 3, 4)),
    ),
    "CubaLI": ((2,), linear(np.eye(2)), nir.CubaLI(**CURRENT)),
    "CubaLIF": ((2,), linear(np.eye(2), [0.1, 0.2]), cuba((2,))),
    "Delay": ((2,), nir.Delay(np.array([1e-3, 2e-3])), lif((2,))),
    "Flatten": ((2, 1, 2), nir.Flatten({"input": np.array([2, 1, 2])}, 0, -1), lif((4,))),
    "I": ((2,), nir.I(full((2,), 3.0))),
    "IF": ((2,), integrator((2,))),
    "Input": ((2,), lif((2,))),
    "LI": ((2,), linear(np.eye(2)), readout((2,))),
    "LIF": ((2,), linear(np.eye(2)), lif((2,), v_leak=0.1, v_reset=-0.2)),
    "Linear": ((2,), linear(np.eye(2)), lif((2,))),
    "Output": ((2,), lif((2,))),
    "Scale": ((2,), nir.Scale(np.array([1.0, 2.0])), lif((2,))),
    "SumPool2d": ((1, 3, 3), nir.SumPool2d(*POOL), integrator((1, 2, 2))),
    "Threshold": ((2,), linear(np.eye(2)), nir.Threshold(np.array([1.5, 2.5]))),
}


def source_of(kind):
    shape, *nodes = GRAPHS[kind]
    return chain(shape, *nodes)


def with_file(path, source, change):
    """Write a graph, change the file, and return its path."""
    stored(path, source)
    with h5py.File(path, "a") as file:
        change(file)
    return path


def refusal(path):
    with pytest.raises(FrontendError) as caught:
        read_nir(path, DT, reset="value")
    return str(caught.value)


def test_there_is_a_graph_for_every_kind():
    assert set(GRAPHS) == set(KINDS)


@pytest.mark.parametrize("kind", GRAPHS)
def test_a_file_with_every_kind_of_node_is_described(tmp_path, kind):
    path = stored(tmp_path / "a.nir", source_of(kind))
    found, model = inspect_nir(path), read_nir(path, DT, reset="value")
    assert found.runs, found
    assert {row.verdict for row in found.rows} == {"runs"}
    neurons = sum(item.size for item in model.network.populations)
    assert (found.n_neurons, found.n_synapses) == (neurons, model.network.n_synapses)


@pytest.mark.parametrize("kind", GRAPHS)
def test_a_file_of_every_kind_of_node_is_what_it_is_in_memory(tmp_path, kind):
    source = source_of(kind)
    assert any(type(node).__name__ == kind for node in source.nodes.values())
    nir.write(tmp_path / "packed.nir", source)
    paths = [tmp_path / "packed.nir", stored(tmp_path / "plain.nir", source)]
    models = [read_nir(given, DT, reset="value") for given in (source, *paths)]
    images = [compile_network(model.network, dt=model.dt) for model in models]
    assert len({image.digest() for image in images}) == 1
    assert models[0].shapes == models[1].shapes == models[2].shapes


@pytest.mark.parametrize("kind", ["Conv1d", "Conv2d"])
@pytest.mark.parametrize("padding", ["same", "valid", 1])
def test_every_padding_survives_the_file(tmp_path, kind, padding):
    dims = int(kind[4])
    kernel = np.ones((1, 1, *[3] * dims))
    layer = getattr(nir, kind)([5, (5, 5)][dims - 1], kernel, 1, padding, 1, 1, np.zeros(1))
    source = chain((1, *[5] * dims), layer, integrator(()), output=layer.output_type["output"])
    shapes = [
        read_nir(given, DT, reset="value").shapes["b"]
        for given in (source, stored(tmp_path / "a.nir", source))
    ]
    assert shapes[0] == shapes[1] == (1, *[3 if padding == "valid" else 5] * dims)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            replace("node", None),
            "has no group 'node', where a NIR graph is; pass the path of a NIR graph (.nir).",
        ),
        (
            replace("node/type", None),
            "the group 'node' has no 'type', which says what a node is. Write the file again.",
        ),
        (
            replace("node/type", "LIF"),
            "holds a single LIF; allowed: a NIRGraph with its edges.",
        ),
        (replace("node/nodes", None), "the graph has no group 'nodes'. Write the file again."),
        (
            replace("node/nodes/a/type", None),
            "node 'a' has no 'type', which says what a node is. Write the file again.",
        ),
        (
            replace("node/nodes/a/type", 3.0),
            "node 'a' has a 'type' that is no text. Write the file again.",
        ),
        (
            replace("node/nodes/a", 3.0),
            "node 'a' has no 'type', which says what a node is. Write the file again.",
        ),
        (replace("node/nodes/a/tau", None), "node 'a' (LIF) has no 'tau'. Write the file again."),
        (
            replace("node/nodes/a/tau", h5py.Empty("f8")),
            "'tau' of node 'a' (LIF) is no array. Write the file again.",
        ),
        (
            lambda file: file.create_dataset("node/nodes/a/soft", data=1),
            "node 'a' (LIF) has a member 'soft'; known: tau, r, v_leak, v_threshold, v_reset. "
            "Remove it if it means nothing.",
        ),
        (
            replace("node/edges", None),
            "the graph has no 'edges' that are pairs of names. Write the file again.",
        ),
        (
            replace("node/edges", np.array([b"a", b"b", b"c"])),
            "the graph has no 'edges' that are pairs of names. Write the file again.",
        ),
        (
            replace("node/edges", np.zeros((2, 2))),
            "the graph has no 'edges' that are pairs of names. Write the file again.",
        ),
        (
            lambda file: file.create_dataset("node/metadata", data=1),
            "the graph has metadata that are no group. Write the file again.",
        ),
        (
            lambda file: file.create_dataset("node/metadata/dt", data=[1.0, 2.0]),
            "the graph has metadata whose 'dt' is no single value. Remove it.",
        ),
        (
            lambda file: file.create_group("node/nodes/a/tau2"),
            "node 'a' (LIF) has a member 'tau2'; known: tau, r, v_leak, v_threshold, v_reset. "
            "Remove it if it means nothing.",
        ),
    ],
)
def test_a_file_with_a_part_missing_or_wrong_says_which(tmp_path, change, message):
    path = with_file(tmp_path / "odd.nir", chain((1,), lif()), change)
    assert refusal(path) == f"{path}: {message}"


def test_a_file_with_an_unknown_node_names_it(tmp_path):
    change = replace("node/nodes/a/type", "Izhikevich")
    path = with_file(tmp_path / "odd.nir", chain((1,), lif()), change)
    assert refusal(path) == (
        f"{path}: node 'a' is of the type 'Izhikevich'; known: Affine, AvgPool2d, Conv1d, Conv2d, "
        "CubaLI, CubaLIF, Delay, Flatten, I, IF, Input, LI, LIF, Linear, NIRGraph, Output, Scale, "
        "SumPool2d, Threshold. Replace it by these."
    )


def test_files_that_are_no_graphs_are_refused(tmp_path):
    missing, text, other = (tmp_path / name for name in ("no.nir", "text.nir", "other.nir"))
    text.write_text("no graph")
    h5py.File(other, "w").close()
    assert refusal(missing) == f"{missing}: no such file; pass the path of a NIR graph (.nir)."
    assert refusal(tmp_path) == f"{tmp_path}: no such file; pass the path of a NIR graph (.nir)."
    assert refusal(text) == f"{text}: not an HDF5 file; pass the path of a NIR graph (.nir)."
    assert refusal(other).startswith(f"{other}: has no group 'node', where a NIR graph is;")


def test_a_file_that_is_cut_short_is_refused_wherever_it_ends(tmp_path):
    path = stored(tmp_path / "a.nir", source_of("Conv2d"))
    whole = path.read_bytes()
    for length in [0, 1, 8, 100, *range(500, len(whole), 1500)]:
        path.write_bytes(whole[:length])
        assert re.fullmatch(
            rf"{re.escape(str(path))}: (not an HDF5 file; pass the path of a NIR graph \(\.nir\)|"
            r".+ cannot be read: it is damaged. Write the file again from its source)\.",
            refusal(path),
        )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "what"),
        ("edges", np.array([[b"\xff\xfe", b"a"]])),
        ("nodes/a/tau", "what"),
        ("nodes/a/tau", np.array([b"x", b"y"])),
        ("nodes/a/tau", np.zeros(2, dtype=[("x", "i4"), ("y", "f8")])),
        ("nodes/a/tau", np.zeros((0, 3))),
        ("nodes/a/tau", h5py.SoftLink("/nowhere")),
        ("nodes/a/tau", h5py.SoftLink("/node/nodes/a/tau")),
        ("nodes/a/tau", np.array([[[1.0]]] * 3)),
        ("nodes/input/shape", 2.5),
    ],
)
def test_values_of_another_type_are_one_message_in_our_words(tmp_path, member, value):
    path = with_file(tmp_path / "a.nir", chain((2,), lif((2,))), replace(f"node/{member}", value))
    message = refusal(path)
    assert message.startswith((f"{path}: ", "NIR: "))
    assert "\n" not in message
    assert not re.search(r"object|HDF5|h5py|dtype|array\(|Unable|index", message)


def external_elsewhere(file):
    file["note"] = h5py.ExternalLink("private.h5", "/w")


@pytest.mark.parametrize(
    "change",
    [*(kind("node/nodes/a/weight") for kind in ELSEWHERE), external_elsewhere],
)
def test_a_file_that_leads_to_other_files_is_refused(tmp_path, change):
    source = chain((4,), linear(np.eye(4)), lif((4,)))
    path = with_file(tmp_path / "a.nir", source, change)
    assert refusal(path).endswith(
        "; allowed: a file that holds all of its data. Copy the data into it."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            huge("node/nodes/a/weight", (10**5, 10**5)),
            "'weight' of node 'a' (Linear) has shape (100000, 100000); allowed: 67108864 values.",
        ),
        (
            huge("node/nodes/b/tau", (10**9,)),
            "'tau' of node 'b' (LIF) has shape (1000000000,); allowed: 2097152 values.",
        ),
        (
            huge("node/nodes/a/weight", (3000, 3000), chunks=(3000, 3000)),
            "'weight' of node 'a' (Linear) is stored in chunks of (3000, 3000); allowed: 4194304 "
            "values.",
        ),
        (
            huge("node/edges", (10**7, 2), dtype="S1"),
            "the graph has 10000000 edges; allowed: 1048576.",
        ),
    ],
)
def test_what_would_take_far_more_than_the_file_is_refused_by_its_header(tmp_path, change, message):
    source = chain((2,), linear(np.eye(2)), lif((2,)))
    path = with_file(tmp_path / "a.nir", source, change)
    assert refusal(path) == f"{path}: {message}"
    assert path.stat().st_size < 100_000


def test_arrays_that_unpack_to_far_more_than_the_file_are_refused_all_together(tmp_path):
    def change(file):
        for index in range(17):
            node = file.create_group(f"node/nodes/x{index:02}")
            node["type"] = "Threshold"
            node.create_dataset("threshold", (2 * 10**6,), dtype="f8", fillvalue=1.0)

    path = with_file(tmp_path / "a.nir", chain((2,), lif((2,))), change)
    assert refusal(path) == (
        f"{path}: 'threshold' of node 'x16' (Threshold) makes the file unpack to more than "
        "268435456 bytes; allowed: 100 times its size, and 268435456 bytes in any case."
    )


def test_a_matrix_is_read_in_blocks_without_its_zeros(tmp_path, monkeypatch):
    monkeypatch.setattr("neurochip.frontends.nir.file._BLOCK", 40)
    weight = np.random.default_rng(0).normal(size=(23, 11)) * (np.arange(11) % 3 > 0)
    source = chain((11,), linear(weight), lif((23,)))
    models = [
        read_nir(given, DT, reset="value", kick="stored")
        for given in (source, stored(tmp_path / "a.nir", source))
    ]
    tables = []
    for model in models:
        (connection,) = model.network.connections
        table = np.zeros((23, 11))
        table[connection.post, connection.pre] = connection.weight
        tables.append(table)
        assert model.network.n_synapses == np.count_nonzero(weight)
    assert np.array_equal(tables[0], weight)
    assert np.array_equal(tables[1], weight)


def test_graphs_nested_in_themselves_or_without_end_are_refused(tmp_path):
    def in_itself(file):
        file["node/nodes/self"] = file["node"]

    def twice_each(file):
        inner = file["node"]
        for level in range(20):
            outer = file.create_group(f"level{level}")
            outer["type"], outer["edges"] = "NIRGraph", np.zeros((0, 2))
            outer["nodes/a"] = outer["nodes/b"] = inner
            inner = outer
        file["node/nodes/many"] = inner

    path = with_file(tmp_path / "a.nir", chain((1,), lif()), in_itself)
    assert refusal(path) == (
        f"{path}: nested more than 32 graphs deep, or in itself; allowed: 32. Open the inner "
        "graphs."
    )
    path = with_file(tmp_path / "b.nir", chain((1,), lif()), twice_each)
    assert re.fullmatch(
        rf"{re.escape(str(path))}: (has more than 4096 nodes; allowed: 4096|nested more than .+)\.",
        refusal(path),
    )


def test_members_that_may_be_left_out_are_what_nir_says(tmp_path):
    def change(file):
        for member in ("b/w_in", "a/input_shape"):
            del file[f"node/nodes/{member}"]

    layer = nir.Conv1d(3, np.ones((1, 1, 2)), 1, 0, 1, 1, np.zeros(1))
    source = chain((1, 3), layer, cuba((1, 2), w_in=1.0))
    path = with_file(tmp_path / "a.nir", source, change)
    images = [
        compile_network(read_nir(given, DT, reset="value").network, dt=0.1)
        for given in (source, path)
    ]
    assert images[0].digest() == images[1].digest()


def test_a_file_without_inputs_or_edges_is_one_message(tmp_path):
    source = graph({"lif": lif()}, [])
    path = stored(tmp_path / "a.nir", source)
    assert refusal(path) == "NIR: LIF 'lif': nothing feeds it. Connect it or remove it."
