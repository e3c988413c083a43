"""The synapses of an image that learn, as tables for counting their updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.csr import starts_of
from ..image import ChipImage
from ..learning.terms import DEPENDENCIES

if TYPE_CHECKING:
    from .update_counting import Plastic

__all__ = ["plastic_of"]

_PERIODS = 10  # u0 to u9


def plastic_of(image: ChipImage, first_step: int) -> Plastic:
    """Return the tables of all groups that learn, for a run that begins with ``first_step``."""
    from .._kernels.csr import transposed
    from .update_counting import Plastic

    n, n_sources = image.n_compartments, image.n_compartments + image.n_inputs
    groups = () if image.learning is None else image.learning.groups
    rules = [item.rule for item in groups]
    acts = np.zeros((len(groups), len(DEPENDENCIES)), dtype=np.bool_)
    by_time = np.zeros((len(groups), _PERIODS), dtype=np.bool_)
    for number, rule in enumerate(rules):
        for term in (each for terms in rule.terms.values() for each in terms):
            acts[number, DEPENDENCIES.index(term.dependency)] = True
            if term.k is not None:
                by_time[number, term.k] = True
    sizes = [image.synapses[item.synapses].n_synapses for item in groups]
    starts = starts_of(sizes)
    # The neuron of a child spikes with its parent, so that the spikes of that one change synapses.
    parent = image.compartments.parents
    spiking = np.where(parent >= 0, parent, np.arange(n, dtype=np.int32))
    rows = np.empty((len(groups), n_sources + 1), dtype=np.int64)
    columns = np.empty((len(groups), n + 1), dtype=np.int64)
    target, source = (np.empty(int(starts[-1]), dtype=np.int32) for _ in range(2))
    for number, item in enumerate(groups):
        group, own = image.synapses[item.synapses], slice(starts[number], starts[number + 1])
        first = n if group.source == "inputs" else 0
        rows[number] = group.n_synapses
        rows[number, :first] = 0
        rows[number, first : first + len(group.indptr)] = group.indptr
        columns[number], source[own] = transposed(rows[number], spiking[group.target], n)
        target[own] = group.target
    return Plastic(
        first_step=first_step,
        epoch=_int64([rule.epoch for rule in rules]),
        first_epoch=_int64([rule.first_epoch for rule in rules]),
        by_pre=acts[:, 0].copy(),
        by_post=acts[:, 1].copy(),
        by_time=by_time,
        rows=rows + starts[:-1, None],
        target=target,
        columns=columns + starts[:-1, None],
        source=source,
        seen=np.zeros((2, n_sources), dtype=np.int64),
    )


def _int64(values: Any) -> Any:
    return np.array(values, dtype=np.int64)
