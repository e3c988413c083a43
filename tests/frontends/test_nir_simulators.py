"""Trained graphs give every output of the simulators that they come from, in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nir_graphs import DT, nir, published
from nir_simulators import (
    CHIPS,
    EXPORTS,
    PUBLISHED,
    RECORDED,
    chip_rows,
    head,
    record_of,
    rows,
)
from simulator_vectors import unpack

pytest.importorskip("h5py")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "nir.md"


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.graph)
def test_a_recorded_network_gives_the_outputs_of_its_simulator(case, tmp_path):
    path, stored = unpack(case.graph, tmp_path / "a.nir")
    assert case.found(path, stored) == (500, case.different)
    assert stored[case.simulator].sum() > 20


@pytest.mark.parametrize(
    "case", PUBLISHED + EXPORTS, ids=lambda case: f"{case.graph} {case.record} {case.simulator}"
)
def test_a_published_graph_gives_the_outputs_of_its_simulator(case):
    path = published(f"{case.graph}.nir")
    stored = np.load(published(record_of(case, path.parent).name))
    assert case.found(path, stored) == (stored[case.simulator].size, case.different)


def test_the_page_has_the_table_of_the_recorded_networks():
    assert "\n".join([*head(), *rows(None)]) in PAGE.read_text(encoding="utf-8")


def test_the_page_has_the_table_of_the_published_graphs():
    folder = published(f"{PUBLISHED[0].graph}.nir").parent
    assert "\n".join(rows(folder)) in PAGE.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_has_the_table_of_chips_and_recorded_networks():
    assert "\n".join([*head(CHIPS), *chip_rows(None)]) in PAGE.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_has_the_table_of_chips_and_published_graphs():
    folder = published(f"{PUBLISHED[0].graph}.nir").parent
    assert "\n".join(chip_rows(folder)) in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["leaky_subtract_nodelay", "syn_subtract_nodelay"])
def test_what_differs_without_a_delay_is_a_rule_of_snntorch(name, tmp_path):
    """After a reset that leaves v above the threshold, the next step compares with twice that."""
    path, stored = unpack(f"snntorch_{name}", tmp_path / "a.nir")
    nodes, found = nir.read(path).nodes, []
    state = {key: [0.0, 0.0] for key in ("1", "3")}  # v and the current
    for counts in stored["x"]:
        x = counts
        for linear, neurons in (("0", "1"), ("2", "3")):
            node, (v, current) = nodes[neurons], state[neurons]
            drive = nodes[linear].weight @ x + nodes[linear].bias
            if name.startswith("syn"):
                current = drive = (1 - DT / node.tau_syn) * current + drive
                keep = 1 - DT / node.tau_mem
            else:
                keep = 1 - DT / node.tau
            v, above = keep * v + drive, node.v_threshold * (v > node.v_threshold)
            x = (v - above > node.v_threshold).astype(float)
            state[neurons] = [v - node.v_threshold * x, current]
        found.append(x)
    assert np.array_equal(found, stored["snntorch"])


def test_one_sum_in_single_precision_is_what_differs_from_sinabs():
    """Flipping the one spike for which v is 9.00001 thresholds leaves none of 13 differences."""
    scipy = pytest.importorskip("scipy.sparse")
    from neurochip import read_nir

    case = next(item for item in PUBLISHED if item.different == 13)
    network = read_nir(published(f"{case.graph}.nir"), DT, **case.arguments).network
    stored = np.load(published("89e0a61_scnn_mnist_d1.npz"))
    layers = [
        scipy.csr_array(
            (np.broadcast_to(c.weight, c.post.shape), (c.post, c.pre)),
            shape=(c.target.size, c.source.size),
        )
        for c in network.connections
    ]
    by_source = dict(zip((c.source.name for c in network.connections), layers, strict=True))
    order = ["input", *sorted((item.name for item in network.populations), key=int)][:-1]
    v, found = {name: np.zeros(by_source[name].shape[0]) for name in order}, []
    for step, counts in enumerate(stored["x"].reshape(60, -1)):
        x = counts
        for name in order:
            level = v[name] + by_source[name] @ x
            x = np.where(level >= 1, np.floor(level), 0.0)
            if (step, name) == (32, "3"):
                assert level[45] == pytest.approx(9.0000112, abs=1e-7)
                x[45] = 8
            v[name] = np.maximum(level - x, -1.0)
        found.append(x)
    assert np.array_equal(found, stored["sinabs"].reshape(60, 10))
