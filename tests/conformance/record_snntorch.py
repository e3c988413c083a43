"""Record neurons of snnTorch: every reset, with and without delay, in float64.

    python tests/conformance/record_snntorch.py tests/conformance/snntorch_neurons.npz

It needs snnTorch 1.0.0 and torch, and nothing of neurochip. Decays are multiples of 1/4096, which
programs can express; 8 neurons with decays and a threshold of their own run for 80 steps. The seed
is in the file, and no run was dropped.
"""

from __future__ import annotations

import sys

import numpy as np
import snntorch
import torch

SEED = 20261130
NEURONS, STEPS = 8, 80
FORMS = [
    (kind, reset, delayed)
    for kind in ("leaky", "synaptic")
    for reset in ("subtract", "zero")
    for delayed in (True, False)
]


def run(kind, reset, delayed, keep_u, keep_v, threshold, inputs):
    """Potential, current and spikes of one layer as (steps, neurons)."""
    fixed = {"threshold": torch.from_numpy(threshold), "reset_mechanism": reset}
    fixed |= {"reset_delay": delayed}
    beta, alpha = torch.from_numpy(keep_v / 4096), torch.from_numpy(keep_u / 4096)
    state = [torch.zeros(1, NEURONS, dtype=torch.float64)]
    if kind == "leaky":
        layer = snntorch.Leaky(beta=beta, **fixed)
    else:
        layer = snntorch.Synaptic(alpha=alpha, beta=beta, **fixed)
        state *= 2
    found = []
    for arrived in torch.from_numpy(inputs):
        spikes, *state = layer(arrived[None], *state)
        found.append([part[0].detach().numpy().copy() for part in (spikes, *state)])
    spikes, *states = (np.array(each) for each in zip(*found, strict=True))
    assert states[-1].dtype == np.float64
    return {"spikes": spikes.astype(np.int8), "v": states[-1], "u": states[0]}


def main(path):
    arrays = {"seed": np.array(SEED), "snntorch": np.array(snntorch.__version__)}
    for index, (kind, reset, delayed) in enumerate(FORMS):
        rng = np.random.default_rng([SEED, index])
        keep_v = rng.integers(2000, 4097, NEURONS).astype(float)
        keep_u = rng.integers(0, 3500, NEURONS).astype(float)
        threshold = rng.integers(32, 129, NEURONS) / 64
        sizes = rng.integers(-40, 120, (STEPS, NEURONS)) / 64
        inputs = np.where(rng.random((STEPS, NEURONS)) < 0.5, sizes, 0)
        form = f"{kind}_{reset}_{'delayed' if delayed else 'at_once'}"
        found = run(kind, reset, delayed, keep_u, keep_v, threshold, inputs)
        if kind == "leaky":
            del found["u"]  # it is the potential
            keep_u = np.zeros(NEURONS)
        given = {"keep_u": keep_u, "keep_v": keep_v, "threshold": threshold, "inputs": inputs}
        arrays |= {f"{form}_{key}": value for key, value in (given | found).items()}
        print(f"{form:28} {int(found['spikes'].sum()):4} spikes")
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
