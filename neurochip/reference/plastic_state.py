"""The variables of synapses that learn, and what else their kernels take."""

from __future__ import annotations

from typing import NamedTuple

from ..typing import Float64Array, Int32Array, Int64Array
from .plastic import PlasticTable

__all__ = ["Plastic", "PlasticState", "Rewards", "SynapseColumns"]


class PlasticState(NamedTuple):
    """All variables of synapses that learn.

    Parameters
    ----------
    weight, tag, change : ndarray of float64, shape (n_synapses,)
        Weight; eligibility, without entries if there are no rewards; and the change in a step, if
        all changes of a step are applied at once.
    x, x2 : ndarray of float64, shape (n_rows,)
        Presynaptic traces after the last spike.
    x_step : ndarray of int64, shape (n_rows,)
        Step of that spike.
    y, y2, y_step : ndarray, shape (n_posts,)
        The same of the postsynaptic side.
    x_now, x_at, y_now, y_at : ndarray
        A trace, and the step in which it had this value.
    fired, gain : ndarray, shape (n_workers, most_targets)
        Neurons that spiked in the step, and the changes of their synapses for x = 1.
    listed, times : ndarray of int32, shape (n_workers, n_lists, n_sources)
        Sources that spiked in step t, in list ``t % n_lists``, and how often.
    n_listed : ndarray of int64, shape (n_workers, n_lists, n_members)
    """

    weight: Float64Array
    tag: Float64Array
    change: Float64Array
    x: Float64Array
    x2: Float64Array
    x_step: Int64Array
    y: Float64Array
    y2: Float64Array
    y_step: Int64Array
    x_now: Float64Array
    x_at: Int64Array
    y_now: Float64Array
    y_at: Int64Array
    fired: Int32Array
    gain: Float64Array
    listed: Int32Array
    times: Int32Array
    n_listed: Int64Array


class Rewards(NamedTuple):
    """The rewards of all connections.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_groups + 1,)
        Changes of connection g are ``starts[g]`` to ``starts[g + 1]``.
    step : ndarray of int64, shape (n_changes,)
        Step from which on a value acts.
    place, stride : ndarray of int64, shape (n_changes,)
        Place of the value for the first neuron; 1 if those of the others follow, 0 if it is theirs.
    values : ndarray of float64
    """

    starts: Int64Array
    step: Int64Array
    place: Int64Array
    stride: Int64Array
    values: Float64Array


class SynapseColumns(NamedTuple):
    """Recorded values of synapses, for each probe.

    Parameters
    ----------
    every : ndarray of int64, shape (n_probes,)
        A sample is taken at the end of the steps ``n * every - 1``.
    first : ndarray of int64, shape (n_probes,)
        Place in ``values`` of the sample n = 0; the others follow.
    kind : ndarray of int64, shape (n_probes,)
        0 for weights, 1 for eligibilities, and 2 to 5 for x, y, x2 and y2.
    decay : ndarray of int64, shape (n_probes,)
        Number of the trace among the decays.
    starts : ndarray of int64, shape (n_probes + 1,)
        Columns of probe p are ``starts[p]`` to ``starts[p + 1]``.
    place, worker : ndarray of int64, shape (n_columns,)
        Synapse, row or postsynaptic trace, and the worker that has it.
    values : ndarray of float64
    """

    every: Int64Array
    first: Int64Array
    kind: Int64Array
    decay: Int64Array
    starts: Int64Array
    place: Int64Array
    worker: Int64Array
    values: Float64Array


class Plastic(NamedTuple):
    """Everything that a kernel needs of the connections that learn.

    ``at_once`` says whether all changes of a step are computed from the values before it, added and
    clipped once, as on a chip.
    """

    at_once: bool
    table: PlasticTable
    state: PlasticState
    rewards: Rewards
    columns: SynapseColumns
