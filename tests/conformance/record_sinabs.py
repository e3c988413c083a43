"""Record golden vectors of soft resets from sinabs: one spike a step, and several.

    python tests/conformance/record_sinabs.py FOLDER

It needs sinabs 3.1.3 and torch, and nothing of neurochip. Integrate-and-fire neurons without a leak
get whole numbers, so that sinabs' float32 is exact. Run ``r`` of model ``m`` draws from
``numpy.random.default_rng([SEED, m, r])``. Files have the form of ``record_lava_programs.py``:
inputs in units of a mantissa, registers in units of a weight, which is a mantissa times 64.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from sinabs.activation import MembraneSubtract, MultiSpike, SingleSpike
from sinabs.layers import IAF

SEED = 20261130
RUNS, NEURONS, STEPS = 8, 8, 60
UNIT = 64
MODELS = {"one": SingleSpike, "many": MultiSpike}


def run(spike, threshold, lowest, inputs):
    """Spikes and potential of neurons that integrate, as (steps, neurons)."""
    cells = IAF(
        spike_threshold=torch.tensor(float(threshold)),
        spike_fn=spike,
        reset_fn=MembraneSubtract(),
        min_v_mem=None if lowest is None else float(lowest),
        record_states=True,
    )
    with torch.no_grad():
        spikes = cells(torch.from_numpy(inputs.astype(np.float32))[None])[0]
    return spikes.numpy(), cells.recordings["v_mem"][0].numpy()


def record(folder, model):
    """Record all runs of a model and write them as one file."""
    columns: dict[str, list] = {}
    for index in range(RUNS):
        rng = np.random.default_rng([SEED, list(MODELS).index(model), index])
        threshold = int(rng.integers(1, 200))
        lowest = -threshold if rng.random() < 0.5 else None
        sizes = rng.integers(-2 * threshold, 4 * threshold + 1, (STEPS, NEURONS))
        inputs = np.where(rng.random((STEPS, NEURONS)) < 0.4, sizes, 0)
        spikes, v = run(MODELS[model], threshold, lowest, inputs)
        assert (v == np.round(v)).all()
        row = {
            "run": np.full(NEURONS, index),
            "input_0": inputs,
            "expected_payload": spikes.astype(np.int64),
            "expected_v": v.astype(np.int64) * UNIT,
        }
        parameters = {
            "keep_u": 0,
            "keep_v": 4096,
            "bias": 0,
            "vmin": 1 - 2**23 if lowest is None else lowest * UNIT,
            "vmax": 2**23 - 1,
            "threshold": threshold * UNIT - 1,  # sinabs spikes at the threshold, too
            "amount": threshold * UNIT,
            "refractory": 1,
        }
        row |= {f"parameter_{key}": np.full(NEURONS, each) for key, each in parameters.items()}
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    arrays = {key: np.concatenate(values, axis=-1) for key, values in columns.items()}
    np.savez_compressed(
        Path(folder) / f"sinabs_iaf_{model}.npz",
        program="lif_soft_reset",
        options=[model],
        source="sinabs 3.1.3, IAF with MembraneSubtract and " + MODELS[model].__name__,
        seed=[SEED, list(MODELS).index(model)],
        **{key: values.astype(np.int32) for key, values in arrays.items()},
    )
    print(f"{model}: {int(arrays['expected_payload'].sum())} spikes in {RUNS} runs")


if __name__ == "__main__":
    for model in MODELS:
        record(sys.argv[1], model)
