"""NIR graphs for the tests, and paths of published graphs."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from neurochip.frontends.nir import read_nir
from neurochip.frontends.nir.graph import take_node

nir = pytest.importorskip("nir", reason='needs the extra: pip install "neurochip[nir]"')

BESIDE = Path(__file__).resolve().parents[2] / "shared"
GIVEN = os.environ.get("NEUROCHIP_NIR_GRAPHS")
FOLDERS = [Path(GIVEN)] if GIVEN else [BESIDE / "data", BESIDE / "nir"]
DT = 1e-4  # s
# Input spikes of the paper's first task: 34 in 1,000 steps of 0.1 ms.
PAPER_STEPS = 10 * np.r_[6, 22, 27, 31, 32, 35, 37, 40, 41, 43:54, 67:79, 84, 85]
PAPER_SPIKES = [460, 510, 710, 760]


def published(name):
    """Return the path of a graph of github.com/neuromorphs/NIR, or skip the test."""
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    return pytest.skip(f"{name} not found; set NEUROCHIP_NIR_GRAPHS to its folder")


def stored(path, source):
    """Write a graph as a file, keep single numbers, and return the path."""
    nir.write(path, source, compression=None)
    return path


def read_on(way, folder):
    """Return ``read_nir`` for graphs in ``"memory"`` or on ``"disk"``, with reset="value"."""

    def read(source, dt=DT, **options):
        if way == "disk" and isinstance(source, nir.NIRGraph):
            source = stored(folder / f"{len(list(folder.iterdir()))}.nir", source)
        return read_nir(source, dt, **{"reset": "value", **options})

    return read


def full(shape, value):
    return np.full(shape, value, dtype=np.float64)


def lif(shape=(1,), **values):
    given = {"tau": 0.01, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0, **values}
    return nir.LIF(**{name: full(shape, value) for name, value in given.items()})


def cuba(shape=(1,), **values):
    given = {"tau_syn": 5e-4, "tau_mem": 2e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0}
    given |= {"v_reset": 0.0, "w_in": 1.0, **values}
    return nir.CubaLIF(**{name: full(shape, value) for name, value in given.items()})


def integrator(shape=(1,), **values):
    given = {"r": 1.0, "v_threshold": 1.0, "v_reset": 0.0, **values}
    return nir.IF(**{name: full(shape, value) for name, value in given.items()})


def readout(shape=(1,), **values):
    given = {"tau": 0.01, "r": 1.0, "v_leak": 0.0, **values}
    return nir.LI(**{name: full(shape, value) for name, value in given.items()})


def linear(weight, bias=None):
    weight = np.asarray(weight, dtype=np.float64)
    return nir.Linear(weight) if bias is None else nir.Affine(weight, np.asarray(bias, float))


def chain(shape, *nodes, output=None):
    """Return a chain: input, the nodes with the names a, b, c ..., output."""
    named = {"input": nir.Input({"input": np.array(shape)})}
    named |= dict(zip("abcdefgh", nodes, strict=False))
    size = output if output is not None else nodes[-1].output_type["output"]
    named["output"] = nir.Output({"output": np.array(size)})
    names = list(named)
    return nir.NIRGraph(named, list(pairwise(names)), type_check=False)


def node_of(node):
    """Return a node of the package nir as a NirNode with the name n."""
    return take_node("n", node)


def graph(nodes, edges):
    return nir.NIRGraph(nodes, edges, type_check=False)


def paper_neuron():
    """The neuron of the paper's first task: tau 2.5 ms, threshold 0.1."""
    return chain((1,), linear([[1.0]], [0.0]), lif(tau=0.0025, v_threshold=0.1))


def recurrent(seed=3, bias=True):
    """Return 12 inputs, 38 recurrent CubaLIF and 7 CubaLIF, random, as in the third task."""
    rng = np.random.default_rng(seed)

    def layer(outputs, inputs, spread):
        weight = rng.normal(0.0, spread, (outputs, inputs))
        return linear(weight, rng.normal(0.0, 0.2, outputs) if bias else None)

    hidden = cuba((38,), tau_syn=DT / 0.45, tau_mem=1e-3, r=10.0, w_in=1 / 0.45)
    last = cuba((7,), tau_syn=2e-4, tau_mem=DT / 0.45, r=1 / 0.45, w_in=2.0)
    nodes = {
        "input": nir.Input({"input": np.array([12])}),
        "fc1": layer(38, 12, 0.5),
        "lif1.lif": hidden,
        "lif1.w_rec": layer(38, 38, 0.2),
        "fc2": layer(7, 38, 0.8),
        "lif2": last,
        "output": nir.Output({"output": np.array([7])}),
    }
    edges = [
        ("input", "fc1"),
        ("fc1", "lif1.lif"),
        ("lif1.lif", "lif1.w_rec"),
        ("lif1.w_rec", "lif1.lif"),
        ("lif1.lif", "fc2"),
        ("fc2", "lif2"),
        ("lif2", "output"),
    ]
    return graph(nodes, edges)


def spikes(shape, steps=400, probability=0.15, seed=5):
    return (np.random.default_rng(seed).random((steps, *shape)) < probability).astype(int)
