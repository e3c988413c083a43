"""Record small networks of snnTorch, Norse and sinabs: their exports, inputs and outputs.

    pip install torch snntorch norse sinabs "nir==1.0.8"
    python tests/record_simulators.py

writes ``frontends/simulators.npz``, which ``simulator_vectors.py`` reads. The file in the
repository was recorded with torch 2.13.0, snnTorch 1.0.0, Norse 1.1.0 and sinabs 3.1.3. Each
network has 12 inputs, 20 and 5 neurons, random weights and biases, and runs 100 steps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("frontends") / "simulators.npz"


def weighted(torch, *neurons, scale):
    """Return two layers of neurons, each after a linear one whose weights are scaled."""
    torch.manual_seed(1)
    linear = [torch.nn.Linear(12, 20), torch.nn.Linear(20, 5)]
    with torch.no_grad():
        for layer in linear:
            layer.weight *= scale
    return linear[0], neurons[0], linear[1], neurons[1]


def snntorch_network(torch, name):
    import snntorch
    from snntorch.export_nir import export_to_nir

    kind, reset, delay = name.split("_")[1:]
    neurons = []
    for size in (20, 5):
        options = {
            "threshold": torch.full((size,), 1.0),
            "reset_mechanism": reset,
            "reset_delay": delay == "delay",
            "init_hidden": True,
            "output": size == 5,
        }
        beta = torch.full((size,), 0.9)
        if kind == "syn":
            neurons.append(snntorch.Synaptic(alpha=0.8 + 0 * beta, beta=beta, **options))
        else:
            neurons.append(snntorch.Leaky(beta=beta, **options))
    scale = 1.0 if kind == "syn" else 2.5
    net = torch.nn.Sequential(*weighted(torch, *neurons, scale=scale))

    def run(x):
        return torch.stack([net(row)[0] for row in x])

    return run, lambda: export_to_nir(net, torch.zeros(12))


def norse_network(torch, name):
    import norse.torch as norse

    def cell(size):
        parameters = norse.LIFBoxParameters(
            tau_mem_inv=torch.full((size,), 100.0),
            v_th=torch.full((size,), 1.0),
            v_leak=torch.zeros(size),
            v_reset=torch.zeros(size),
        )
        return norse.LIFBoxCell(parameters, dt=1e-3)

    net = norse.SequentialState(*weighted(torch, cell(20), cell(5), scale=25.0))

    def run(x):
        state, rows = None, []
        for row in x:
            out, state = net(row, state)
            rows.append(out)
        return torch.stack(rows)

    return run, lambda: norse.to_nir(net, torch.zeros(12), dt=1e-3)


def sinabs_network(torch, name):
    import sinabs.layers as layers
    from sinabs.nir import to_nir

    def neurons(size):
        if name == "sinabs_iaf":
            return layers.IAFSqueeze(batch_size=1)
        return layers.LIFSqueeze(
            tau_mem=torch.full((size,), 10.0),
            spike_threshold=torch.full((size,), 1.0),
            norm_input=False,
            batch_size=1,
        )

    net = torch.nn.Sequential(*weighted(torch, neurons(20), neurons(5), scale=4.0))
    return net, lambda: to_nir(net, torch.zeros(100, 12))


NETWORKS = {
    **{
        f"snntorch_{kind}_{reset}_{delay}": snntorch_network
        for kind in ("leaky", "syn")
        for reset in ("zero", "subtract")
        for delay in ("delay", "nodelay")
    },
    "norse_lif": norse_network,
    "sinabs_iaf": sinabs_network,
    "sinabs_lif": sinabs_network,
}


def record():
    import torch

    counts = (np.random.default_rng(0).random((100, 12)) < 0.3).astype(np.int8)
    arrays = {"x": counts}
    for name, build in NETWORKS.items():
        run, export = build(torch, name)
        with torch.no_grad():
            out = run(torch.tensor(counts, dtype=torch.float32))
            graph = export()
        arrays[f"{name}/out"] = out.numpy().reshape(100, 5).astype(np.int8)
        for key, node in graph.nodes.items():
            if key in ("input", "output"):
                continue
            arrays[f"{name}/{key}/kind"] = type(node).__name__
            for member, value in vars(node).items():
                if isinstance(value, (np.ndarray, torch.Tensor)):
                    arrays[f"{name}/{key}/{member}"] = np.asarray(value)
    np.savez_compressed(FILE, **arrays)


if __name__ == "__main__":
    record()
