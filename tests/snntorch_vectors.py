"""Eight small networks of snnTorch 1.0.0: 12 inputs, 20 and 5 neurons, 100 steps of its own spikes.

    python tests/snntorch_vectors.py FOLDER

packs the exports (``snntorch_NAME.nir`` of ``snntorch.export_to_nir``) and the recorded inputs and
outputs (``snntorch_NAME.npz``) of a folder into ``frontends/snntorch.npz``. Names are the
class (``leaky``, or ``syn`` for Synaptic), the reset_mechanism and the reset_delay.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

VECTORS = Path(__file__).with_name("frontends") / "snntorch.npz"
NAMES = [
    f"{kind}_{reset}_{delay}"
    for kind in ("leaky", "syn")
    for reset in ("zero", "subtract")
    for delay in ("delay", "nodelay")
]
LAYERS = (("0", "1"), ("2", "3"))  # a linear node and its neurons


def pack(folder: Path) -> None:
    import nir

    arrays = {}
    for name in NAMES:
        nodes = nir.read(folder / f"snntorch_{name}.nir").nodes
        stored = np.load(folder / f"snntorch_{name}.npz")
        for linear, neurons in LAYERS:
            for key in ("weight", "bias"):
                arrays[f"{name}/{linear}/{key}"] = np.float32(getattr(nodes[linear], key))
            for key, value in vars(nodes[neurons]).items():
                if isinstance(value, np.ndarray):
                    arrays[f"{name}/{neurons}/{key}"] = np.float64(value)
        arrays[f"{name}/x"] = stored["x"].astype(np.int8)
        arrays[f"{name}/snntorch"] = stored["snntorch"].astype(np.int8)
    np.savez_compressed(VECTORS, **arrays)


def unpack(name: str, path: Path):
    """Write one of the graphs as a file; return its path, the input and the output of snnTorch."""
    import nir

    with np.load(VECTORS) as file:
        found = {key.removeprefix(f"{name}/"): file[key] for key in file if key.startswith(name)}
    nodes = {"input": nir.Input({"input": np.array([12])})}
    kind = nir.CubaLIF if name.startswith("syn") else nir.LIF
    for linear, neurons in LAYERS:
        own = {k.partition("/")[2]: v for k, v in found.items() if k.startswith(f"{neurons}/")}
        nodes[linear] = nir.Affine(found[f"{linear}/weight"], found[f"{linear}/bias"])
        nodes[neurons] = kind(**own)
    nodes["output"] = nir.Output({"output": np.array([5])})
    edges = list(zip(list(nodes)[:-1], list(nodes)[1:], strict=True))
    nir.write(path, nir.NIRGraph(nodes, edges))
    return path, {"x": found["x"].astype(int), "snntorch": found["snntorch"]}


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
