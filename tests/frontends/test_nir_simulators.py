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
def test_the_rule_of_snntorch_without_a_delay_in_numpy(name, tmp_path):
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


AT = 32, "6", 45
"""Step, layer and neuron of the one spike more, whose v is 9.00001 thresholds."""


def layers_of_sinabs(changed):
    """Run the network of 13 differences in NumPy, with or without that spike.

    Return what the layers emit in each step, the sources and weights of that neuron, and how far
    each v at or above a threshold is from the next whole number of thresholds.
    """
    scipy = pytest.importorskip("scipy.sparse")
    from neurochip import read_nir

    case = next(item for item in PUBLISHED if item.different == 13)
    network = read_nir(published(f"{case.graph}.nir"), DT, **case.arguments).network
    stored = np.load(published("89e0a61_scnn_mnist_d1.npz"))
    weights = {}
    for c in network.connections:
        values = np.broadcast_to(c.weight, c.post.shape)
        shape = c.target.size, c.source.size
        weights[c.target.name] = scipy.csr_array((values, (c.post, c.pre)), shape=shape)
    names = sorted(weights, key=int)
    v, found, near = {name: np.zeros(weights[name].shape[0]) for name in names}, [], []
    for step, counts in enumerate(stored["x"].reshape(60, -1)):
        x, emitted = counts, {}
        for name in names:
            level = v[name] + weights[name] @ x
            near.append(np.abs(level - np.rint(level))[level > 0.5])
            x = np.where(level >= 1, np.floor(level), 0.0)
            if (step, name) == AT[:2]:
                assert level[AT[2]] == pytest.approx(9.0000112, abs=1e-7)
                x[AT[2]] -= changed
            v[name] = np.maximum(level - x, -1.0)
            emitted[name] = x
        found.append(emitted)
    own = weights[AT[1]][[AT[2]], :].tocoo()
    return found, (own.col, own.data), np.concatenate(near), stored["sinabs"].reshape(60, 10)


def test_without_one_spike_nothing_differs_from_sinabs():
    for changed, different in ((0, 13), (1, 0)):
        found, _, _, expected = layers_of_sinabs(changed)
        last = [emitted["12"] for emitted in found]
        assert np.count_nonzero(np.array(last) != expected) == different


def test_the_order_of_a_sum_in_single_precision_decides_that_spike():
    """float32 gives 8.99997 to 9.00008 thresholds; 5 of all v are as close to a whole number."""
    found, (sources, weights), near, _ = layers_of_sinabs(0)
    assert np.count_nonzero(near < 4e-5) == 5
    rng, levels = np.random.default_rng(0), []
    for _ in range(200):
        order, v = rng.permutation(len(sources)), np.float32(0)
        for emitted in found[: AT[0] + 1]:
            driven = weights.astype(np.float32) * emitted["3"][sources].astype(np.float32)
            level = v + np.cumsum(driven[order], dtype=np.float32)[-1]
            v = max(level - np.floor(level) * (level >= 1), np.float32(-1))
        levels.append(level)
    below = np.count_nonzero(np.array(levels) < 9)
    assert 5 < below < 50
    assert np.allclose(levels, 9, rtol=0, atol=1e-4)
