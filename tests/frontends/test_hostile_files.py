"""Every member of a file replaced by something hostile: one clear message, in bounded memory."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest
from hdf5_changes import external, h5py, huge, raw, replace, virtual

pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")

from netx_files import LIF, conv, dense
from netx_files import stored as stored_netx
from nir_graphs import DT, chain, cuba, lif, linear, nir, stored

from neurochip import FrontendError, inspect_netx, inspect_nir, read_netx, read_nir

MOST_MEMORY = 64 * 2**20  # bytes, for files of some kB

NIR_NODES = [
    nir.Conv2d((5, 4), np.arange(54.0).reshape(3, 2, 3, 3), (2, 1), 1, 1, 1, np.ones(3)),
    lif((3, 3, 4)),
    nir.Flatten({"input": np.array([3, 3, 4])}, 0, -1),
    linear(np.ones((2, 36)), [0.1, 0.2]),
    nir.Delay(np.array([1e-3, 2e-3])),
    cuba((2,)),
]
NETX_LAYERS = [
    {"type": "input", "shape": [2, 6, 6], "weight": 40.0, "bias": 36.0, "neuron": LIF},
    conv(1, [4, 2, 2], (4, 1, 3, 3), stride=2, padding=0, dilation=1, groups=2, delay=[0, 1, 2, 3]),
    {"type": "flatten", "shape": [16]},
    dense(2, 3, 16, bias=[1, 2, 3], type="dense_rec", weight_rec=np.ones((3, 3), int) * 2),
]


def written(kind, path):
    """Write a file of a kind, and return the names of its members."""
    if kind == "nir":
        stored(path, chain((2, 5, 4), *NIR_NODES))
    else:
        stored_netx(path, *NETX_LAYERS)
    names = []
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    return names


READERS = {
    "nir": (
        lambda path: read_nir(path, DT, reset="value"),
        lambda path: str(inspect_nir(path, DT)),
    ),
    "netx": (
        lambda path: read_netx(path, within_limits=False),
        lambda path: str(inspect_netx(path)),
    ),
}
HOSTILE = {
    "nan": lambda name: replace(name, np.full((2, 2), np.nan)),
    "infinite": lambda name: replace(name, np.inf),
    "beyond 64 bits": lambda name: replace(name, np.array([1e300, -1e300])),
    "text": lambda name: replace(name, "what"),
    "complex": lambda name: replace(name, np.zeros(3, complex)),
    "records": lambda name: replace(name, np.zeros(3, dtype=[("x", "i4"), ("y", "f8")])),
    "nothing": lambda name: replace(name, h5py.Empty("f8")),
    "many": lambda name: huge(name, (10**10,)),
    "a large chunk": lambda name: huge(name, (10**5, 10**5), chunks=(20_000, 20_000)),
    "zipped": lambda name: huge(name, (2**14, 2**14), chunks=(1024, 1024), compression="gzip"),
    "many dimensions": lambda name: replace(name, np.zeros((1,) * 30)),
    "a group": lambda name: lambda file: (file.__delitem__(name), file.create_group(name)),
    "a circle": lambda name: replace(name, h5py.SoftLink("/" + name)),
    "elsewhere": external,
    "data elsewhere": raw,
    "parts elsewhere": virtual,
}


MAY_BE = {"beyond 64 bits", "many dimensions", "a group"}
"""Some members may be so: real numbers, one value for all, or a member that is left out."""


@pytest.mark.slow
@pytest.mark.parametrize("change", HOSTILE)
@pytest.mark.parametrize("kind", READERS)
def test_every_hostile_member_is_one_message_in_bounded_memory(kind, change, tmp_path):
    path = tmp_path / f"whole.{kind}"
    names = written(kind, path)
    read, inspect = READERS[kind]
    read(path)
    assert len(names) > 20
    refused = 0
    for name in names:
        changed = tmp_path / f"changed.{kind}"
        changed.write_bytes(path.read_bytes())
        with h5py.File(changed, "a") as file:
            HOSTILE[change](name)(file)
        for way in (read, inspect):
            tracemalloc.start()
            try:
                way(changed)
            except FrontendError as problem:
                message = str(problem)
                assert "\n" not in message, (name, message)
                assert not re.search(r"object|h5py|dtype|array\(|Unable", message), (name, message)
                refused += way is read
            finally:
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            assert peak < MOST_MEMORY, (name, peak)
    if change not in MAY_BE:
        assert refused >= len(names) - 1  # a version may be anything
