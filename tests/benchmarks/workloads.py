"""The benchmark networks as plain integers: numpy only, fixed seeds.

This module does not import neurochip, so that another simulator can build the same network in its
own environment. Decays are effective decays in units of 1/4096.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DECAY_U, DECAY_V = 819, 205  # time constants of about 5 and 20 steps
THRESHOLD = 1000  # mantissa; v must exceed 64 times this value
UNIT = 64  # of a weight mantissa and of the threshold mantissa
BIAS = (2600, 3900)  # range of the bias mantissa; above 3,200 a neuron fires without input
ROWS_AT_ONCE = 10_000  # part of the random stream: another value gives another network


@dataclass(frozen=True)
class Workload:
    """A workload: its name, its parameters, and the spike counts of an exact engine."""

    name: str
    kind: str  # "notebook", "recurrent" or "feedforward"
    n_steps: int
    neurons: int
    out_degree: int
    rate: float = 0.0  # Hz
    spikes: int | None = None

    @property
    def n_synapses(self) -> int:
        return self.neurons * self.out_degree


WORKLOADS = {
    item.name: item
    for item in (
        Workload("W1", "notebook", 10_000, 100, 1, rate=20.0, spikes=0),
        Workload("W1live", "notebook", 10_000, 100, 1, rate=1100.0),
        Workload("W2_1e3x100", "recurrent", 1000, 1000, 100, spikes=17_665),
        Workload("W2_1e4x100", "recurrent", 1000, 10_000, 100, spikes=145_186),
        Workload("W2_1e5x100", "recurrent", 1000, 100_000, 100, spikes=1_459_200),
        Workload("W2_1e5x1000", "recurrent", 1000, 100_000, 1000, spikes=1_922_179),
        Workload("W3", "feedforward", 1000, 1000, 1000, rate=50.0, spikes=31_371),
    )
}

# W1: the 100 neurons of the notebook, each with its own Poisson source (ms, mV, mV per spike).
NOTEBOOK = {"tau_m": 10.0, "v_rest": -70.0, "v_reset": -65.0, "v_thresh": -50.0, "tau_refrac": 5.0}
NOTEBOOK_WEIGHT, NOTEBOOK_DT, NOTEBOOK_SEED = 1.5, 0.1, 1


@dataclass(frozen=True)
class Recurrent:
    """A recurrent network in CSR form, and the registers that differ between compartments."""

    indptr: np.ndarray
    target: np.ndarray
    mantissa: np.ndarray
    bias: np.ndarray
    v_init: np.ndarray


@dataclass(frozen=True)
class Feedforward:
    """Input spikes (step, source) and a mantissa for every pair of source and compartment."""

    steps: np.ndarray
    sources: np.ndarray
    mantissa: np.ndarray


def recurrent(
    size: int, out_degree: int, *, bias: tuple[int, int] = BIAS, seed: int = 1
) -> Recurrent:
    """Return W2: every fifth neuron inhibits; one target in each of ``out_degree`` equal strata.

    Strata give sorted targets without repetition and without sorting, so 1e8 synapses take seconds
    and six bytes each.
    """
    random = np.random.default_rng(seed + size + out_degree)
    width = size // out_degree
    # Halves of the mantissas: with both signs in a list, the chip keeps even mantissas only.
    exc, inh = ((1, 7), (8, 32)) if out_degree <= 100 else ((1, 3), (5, 12))
    target = np.empty((size, out_degree), dtype=np.int32)
    mantissa = np.empty((size, out_degree), dtype=np.int16)
    strata = (np.arange(out_degree) * width).astype(np.int32)
    for begin in range(0, size, ROWS_AT_ONCE):
        rows = np.arange(begin, min(size, begin + ROWS_AT_ONCE))
        shape = (len(rows), out_degree)
        target[rows] = strata + random.integers(0, width, shape, dtype=np.int32)
        positive = 2 * random.integers(exc[0], exc[1] + 1, shape, dtype=np.int16)
        negative = -2 * random.integers(inh[0], inh[1] + 1, shape, dtype=np.int16)
        mantissa[rows] = np.where((rows % 5 == 4)[:, None], negative, positive)
    return Recurrent(
        indptr=np.arange(0, size * out_degree + 1, out_degree, dtype=np.int64),
        target=target.ravel(),
        mantissa=mantissa.ravel(),
        bias=random.integers(*bias, size).astype(np.int32),
        v_init=random.integers(0, UNIT * THRESHOLD, size).astype(np.int32),
    )


def feedforward(workload: Workload) -> Feedforward:
    """Return W3: Bernoulli inputs, each connected to every compartment."""
    random = np.random.default_rng(7)
    shape = (workload.neurons, workload.out_degree)
    spikes = random.random((workload.n_steps, workload.neurons)) < workload.rate * 1e-3
    mantissa = 2 * random.integers(-4, 5, shape).astype(np.int16)
    mantissa = mantissa + 2 * (random.random(shape) < 0.1)
    steps, sources = np.nonzero(spikes)
    return Feedforward(steps.astype(np.int32), sources.astype(np.int32), mantissa.astype(np.int16))
