"""Recorded networks of other simulators as files, which ``record_simulators.py`` describes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("frontends") / "simulators.npz"


def unpack(name, path):
    """Write the graph of a network as a file; return its path, the input and the output."""
    import nir

    with np.load(FILE) as file:
        counts = file["x"].astype(int)
        found = {k.removeprefix(f"{name}/"): file[k] for k in file if k.startswith(f"{name}/")}
    outputs = found.pop("out")
    members: dict[str, dict] = {}
    for key, value in found.items():
        node, _, member = key.partition("/")
        members.setdefault(node, {})[member] = value
    nodes = {"input": nir.Input({"input": np.array([counts.shape[1]])})}
    for node in sorted(members):
        own = members[node]
        kind = getattr(nir, str(own.pop("kind")))
        nodes[node] = kind(**own)
    nodes["output"] = nir.Output({"output": np.array([outputs.shape[1]])})
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(nodes))))
    return path, {"x": counts, name.partition("_")[0]: outputs}
