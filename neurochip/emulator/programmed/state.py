"""Named tuples of the flat integer arrays that the kernels read and write."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...typing import Int16Array, Int32Array, Int64Array, UInt8Array, UInt64Array

__all__ = ["BiasRows", "Group", "Inputs", "Outputs", "State", "Tables"]


class Group:
    """Columns of ``Tables.groups``, which has a row for each program.

    The tiles ``FIRST`` to ``END - 1`` of all tiles run the program. Their state begins at ``PLACE``
    of ``State.tiles``, ``SIZE`` integers for each tile, and their inputs are the sums of
    ``RECEPTORS`` receptors. The last tile has ``LIVE`` compartments.
    """

    FIRST = 0
    END = 1
    PLACE = 2
    SIZE = 3
    RECEPTORS = 4
    LIVE = 5


class Tables(NamedTuple):
    """Holds all that does not change in a run.

    Compartments are called *lanes* in the order of the engine: by program, each program in whole
    tiles of 64. ``compartment`` is the number of each lane in the image, -1 for padding;
    ``in_order`` says whether it never falls.

    Synapses: sources are the inputs, then the lanes. The synapses of source s are ``row_ptr[s]`` to
    ``row_ptr[s + 1] - 1``: each adds ``weight`` times the payload to the sum that is ``offset``
    ahead in the ring. With ``consecutive``, the offsets of a source are consecutive.

    ``shared`` has the convolutions, :class:`~neurochip.emulator.programmed.shared.Shared`.

    The ring has a slot of ``slot_size`` sums for each step of delay; a slot has a plane of all
    lanes for each row of ``planes`` (receptor, bits by which its sums are shifted right).

    ``parameters`` holds rows of 64, as sets that equal tiles share; ``sets`` has the start of the
    set of each tile. ``resets`` has a row for each periodic reset: interval, offset, and the first
    and last entry of ``reset_place`` (in ``State.tiles``) and ``reset_value``.
    """

    groups: Int64Array
    compartment: Int32Array
    in_order: bool
    sets: Int64Array
    parameters: Int32Array
    row_ptr: Int64Array
    offset: Int32Array
    weight: Int16Array
    consecutive: UInt8Array
    shared: Any
    ring_size: int
    slot_size: int
    planes: Int64Array
    weight_shift: int
    sum_offset: np.int64
    sum_mask: np.int64
    resets: Int64Array
    reset_place: Int64Array
    reset_value: Int32Array


class State(NamedTuple):
    """All arrays that change in a run.

    ``clock`` is the step that runs next, or ``UNDERWAY``; in a run only kernels change it.
    ``tiles`` has for each tile a row of 64 for each state register of its program. ``ring`` holds
    the sums of what is on its way. ``sent`` and ``payloads`` are the lanes that spiked in the last
    step, ``n_sent[0]`` of them; ``marks``, a bit for each compartment that is 0 between steps, and
    ``carried``, its payload, sort them. ``scratch`` and ``counts`` serve the tile that is being
    updated. ``events[0]`` counts the synapses that received a spike. ``overflows`` has a row for
    each lane, in the order of ``counting.COUNTED``; ``first_overflow`` is step, compartment and the
    bits of its overflows; step -1 if there are none.
    """

    clock: Int64Array
    tiles: Int32Array
    ring: Int64Array
    sent: Int32Array
    payloads: Int32Array
    n_sent: Int64Array
    marks: UInt64Array
    carried: Int32Array
    scratch: Int32Array
    counts: Int32Array
    events: Int64Array
    overflows: Int32Array
    first_overflow: Int64Array


class Inputs(NamedTuple):
    """Input spikes: step k of a run delivers ``starts[k]`` to ``starts[k + 1] - 1``.

    Synapses that learn deliver and learn from a spike at the end of the step before. That step did
    not deliver the last ``unknown`` spikes of step 0, nor learn from the last ``untaught`` ones.
    """

    sources: Int32Array
    payloads: Int32Array
    starts: Int64Array
    unknown: int
    untaught: int


class BiasRows(NamedTuple):
    """Writes of one call: the k-th step writes ``starts[k]`` to ``starts[k + 1] - 1``."""

    starts: Int64Array
    places: Int64Array
    values: Int32Array


class Outputs(NamedTuple):
    """Receives the results of one call of the kernel, from the step with index ``first_index`` on.

    The spikes of the k-th step are ``ends[k]`` to ``ends[k + 1] - 1`` of ``ids`` (compartments) and
    ``payloads``. Row i of ``values`` holds the registers at ``places`` after step i of the run.
    """

    first_index: int
    ids: Int32Array
    payloads: Int32Array
    ends: Int64Array
    places: Int64Array
    values: Int32Array
