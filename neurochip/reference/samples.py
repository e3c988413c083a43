"""The kernel that samples recorded variables of synapses that learn."""

from __future__ import annotations

from typing import Any

from .._kernels.jit import inner_kernel
from .decays import left

__all__ = ["sample_synapses"]


@inner_kernel
def sample_synapses(worker: Any, plastic: Any, step: Any) -> None:
    """Copy the recorded values of a worker's synapses at the end of a step."""
    state, decays = plastic.state, plastic.table.decays
    every, first, kinds, traces, starts, index, owner, values = plastic.columns
    for p in range(len(every)):
        if (step + 1) % every[p] > 0:
            continue
        kind, trace = kinds[p], traces[p]
        place = first[p] + (step + 1) // every[p] * (starts[p + 1] - starts[p]) - starts[p]
        for c in range(starts[p], starts[p + 1]):
            if owner[c] != worker:
                continue
            i = index[c]
            if kind == 0:
                value = state.weight[i]
            elif kind == 1:
                value = state.tag[i]
            elif kind % 2 == 0:
                value = state.x[i] if kind == 2 else state.x2[i]
                value *= left(decays, trace, step - state.x_step[i])
            else:
                value = state.y[i] if kind == 3 else state.y2[i]
                value *= left(decays, trace, step - state.y_step[i])
            values[place + c] = value
