"""Input of a run for the groups that learn, and the values that it recorded of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..recording import Sampled
from ..typing import Int32Array, Int64Array

__all__ = ["PLAIN_RUN", "HostWrites", "LearningRun", "Samples", "join_counts", "join_samples"]


class HostWrites(NamedTuple):
    """Values of a trace that the host writes: those of ``steps[i]`` are row i of ``values``.

    Steps count from step 0 and rise; a row has one value for all targets or one for each.
    """

    steps: Int64Array
    values: Int32Array


class LearningRun(NamedTuple):
    """Input of a run, by number of the group and variable.

    ``samples`` are recorded; ``given`` replaces the traces that the image itself writes; ``draws``
    replace those of the seed, as in :func:`neurochip.learning.learn`.
    """

    samples: Mapping[int, Mapping[str, Sampled]]
    given: Mapping[int, Mapping[str, HostWrites]]
    draws: Mapping[int, Mapping[str, Any]]


PLAIN_RUN = LearningRun({}, {}, {})
"""A run that is given nothing."""


class Samples(NamedTuple):
    """Values of some synapses at the ends of some steps, shape (n_steps, n_synapses)."""

    synapses: Int64Array
    steps: Int64Array
    values: Int32Array


def join_samples(
    parts: Sequence[Mapping[tuple[int, str], Samples]],
) -> dict[tuple[int, str], Samples]:
    """Return the samples of consecutive runs, at least one, as those of one run."""
    return {
        key: Samples(
            head.synapses,
            np.concatenate([part[key].steps for part in parts]),
            np.concatenate([part[key].values for part in parts]),
        )
        for key, head in parts[0].items()
    }


def join_counts(parts: Sequence[Mapping[int, Mapping[str, int]]]) -> dict[int, dict[str, int]]:
    """Return the sums of the counters of consecutive runs, at least one, by group."""
    return {
        group: {name: sum(part[group][name] for part in parts) for name in head}
        for group, head in parts[0].items()
    }
