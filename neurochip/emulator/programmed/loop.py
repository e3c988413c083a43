"""The loop over steps, on flat integer arrays: write, reset, deliver, update, record.

The kernels of a set of programs are compiled once, and the loop of the set calls them.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..._kernels.instructions import lowest_bit, prefetch
from ..._kernels.jit import inline_kernel, inner_kernel, kernel
from ..position import UNDERWAY
from .generate import function_of
from .rows import place_of
from .shared import deliver_shared
from .update import bound

__all__ = ["loop_of"]

_ONE, _ZERO = np.uint64(1), np.int64(0)
_AHEAD = 8  # spikes
_WORD, _BIT = np.uint64(6), np.uint64(63)  # of State.marks


@inner_kernel
def deliver(
    sources: Any, payloads: Any, begin: Any, end: Any, first: Any, head: Any, tables: Any, ring: Any
) -> Any:
    """Add weight times payload for all synapses of some sources; return the number of synapses.

    ``first`` is the row of source 0, and ``head`` the place of this step in the ring.
    """
    delivered = np.int64(0)
    ring_size = np.uint64(tables.ring_size)
    for k in range(begin, end):
        # A row begins with cache misses, for its pointer and for itself: both are fetched earlier.
        if k + 2 * _AHEAD < end:
            prefetch(tables.row_ptr, first + sources[k + 2 * _AHEAD])
        if k + _AHEAD < end:
            later = tables.row_ptr[np.uint64(first + sources[k + _AHEAD])]
            prefetch(tables.offset, later)
            prefetch(tables.weight, later)
        source, payload = np.uint64(first + sources[k]), np.int64(payloads[k])
        start, stop = np.uint64(tables.row_ptr[source]), np.uint64(tables.row_ptr[source + _ONE])
        delivered += np.int64(stop - start)
        if tables.consecutive[source]:
            place = place_of(tables.offset[start], head, ring_size) - start
            for s in range(start, stop):
                ring[place + s] += tables.weight[s] * payload
        else:
            for s in range(start, stop):
                ring[place_of(tables.offset[s], head, ring_size)] += tables.weight[s] * payload
    return delivered


@inline_kernel
def deliver_all(
    sources: Any, payloads: Any, begin: Any, end: Any, first: Any, head: Any, tables: Any, ring: Any
) -> Any:
    """Deliver to the synapses of their own and to those that share a kernel."""
    delivered = np.int64(0)
    if len(tables.offset) > 0:
        delivered += deliver(sources, payloads, begin, end, first, head, tables, ring)
    if len(tables.shared.uses) > 0:
        delivered += deliver_shared(sources, payloads, begin, end, first, head, tables, ring)
    return delivered


@inner_kernel
def reset_state(step: Any, tables: Any, tiles: Any) -> None:
    """Set the state that a periodic reset names back to its initial values before a step."""
    for k in range(len(tables.resets)):
        if step % tables.resets[k, 0] == tables.resets[k, 1]:
            for i in range(tables.resets[k, 2], tables.resets[k, 3]):
                tiles[tables.reset_place[i]] = tables.reset_value[i]


@inner_kernel
def sort_spikes(begin: Any, n: Any, tables: Any, state: Any, output: Any) -> None:
    """Append the spikes of a step in the order of the compartments: a bit for each that spiked."""
    for k in range(n):
        compartment = np.uint64(tables.compartment[state.sent[k]])
        state.marks[compartment >> _WORD] |= _ONE << (compartment & _BIT)
        state.carried[compartment] = state.payloads[k]
    place = np.uint64(begin)
    for word in range(np.uint64(len(state.marks))):
        left = state.marks[word]
        state.marks[word] = 0
        while left != 0:
            compartment = (word << _WORD) + lowest_bit(left)
            output.ids[place] = compartment
            output.payloads[place] = state.carried[compartment]
            place += _ONE
            left &= left - _ONE


@inline_kernel
def keep_results(index: Any, n: Any, tables: Any, state: Any, output: Any) -> None:
    """Append the spikes of a step to the lists, by compartment, and record registers."""
    place = index - output.first_index
    begin = output.ends[place]
    if tables.in_order:
        for k in range(n):
            output.ids[begin + k] = tables.compartment[state.sent[k]]
            output.payloads[begin + k] = state.payloads[k]
    elif n > 0:
        sort_spikes(begin, n, tables, state, output)
    output.ends[place + 1] = begin + n
    for k in range(len(output.places)):
        output.values[index, k] = state.tiles[output.places[k]]


def update_groups(step: Any, slot: Any, tables: Any, state: Any) -> Any:
    """Stand for the calls of the kernels of all programs."""


@inline_kernel
def deliver_nothing(
    step: Any, index: Any, inputs: Any, head: Any, ring_size: Any, learning: Any, state: Any
) -> None:
    """Stand for ``deliver_first`` where nothing learns."""


@inline_kernel
def learn_nothing(
    step: Any, index: Any, place: Any, inputs: Any, head: Any, ring_size: Any, learning: Any,
    state: Any,
) -> None:  # fmt: skip
    """Stand for ``learn_from_step`` where nothing learns."""


def run_steps(
    stop: Any,
    first_step: Any,
    n_inputs: Any,
    inputs: Any,
    writes: Any,
    strict: Any,
    tables: Any,
    state: Any,
    output: Any,
    learning: Any,
) -> None:
    """Run from step ``state.clock`` to the step with index ``stop``.

    Indices count the steps of the run: step = first_step + index. It returns early when the lists
    of spikes may become full, and after an overflow if ``strict``. The clock moves with the
    registers, so both agree wherever the caller is interrupted.
    """
    index = state.clock[0] - first_step
    ring_size = np.uint64(tables.ring_size)
    state.clock[0] = UNDERWAY
    while index < stop:
        step, place = first_step + index, index - output.first_index
        if output.ends[place] + len(tables.compartment) > len(output.ids):
            break
        if strict and state.first_overflow[0] >= 0:
            break
        for k in range(writes.starts[place], writes.starts[place + 1]):
            state.tiles[writes.places[k]] = writes.values[k]
        if len(tables.resets) > 0:
            reset_state(step, tables, state.tiles)
        head = np.uint64(step * tables.slot_size % tables.ring_size)
        begin, end = inputs.starts[index], inputs.starts[index + 1]
        if begin < end:
            state.events[0] += deliver_all(
                inputs.sources, inputs.payloads, begin, end, _ZERO, head, tables, state.ring
            )
        if state.n_sent[0] > 0:
            state.events[0] += deliver_all(
                state.sent,
                state.payloads,
                _ZERO,
                state.n_sent[0],
                n_inputs,
                head,
                tables,
                state.ring,
            )
        deliver_nothing(step, index, inputs, head, ring_size, learning, state)
        state.n_sent[0] = update_groups(step, head, tables, state)
        head = np.uint64((step + 1) * tables.slot_size % tables.ring_size)
        learn_nothing(step, index, place, inputs, head, ring_size, learning, state)
        keep_results(index, state.n_sent[0], tables, state, output)
        index += 1
    state.clock[0] = first_step + index


@functools.cache
def loop_of(group_kernels: tuple[Any, ...], *, learns: bool, shares: bool) -> Any:
    """Return :func:`run_steps` of some programs; kernel k updates the compartments of group k.

    ``learns`` and ``shares`` say whether any synapses learn, and whether any share a kernel.
    """
    names = [item.__name__ for item in group_kernels]
    calls = [
        f"    n = {name}(np.int64({k}), step, slot, tables, state, n)"
        for k, name in enumerate(names)
    ]
    head, start = "def written(step, slot, tables, state):", "    n = np.uint64(0)"
    source = "\n".join([head, start, *calls, "    return np.int64(n)"])
    kernels = dict(zip(names, group_kernels, strict=True))
    every = inline_kernel(function_of(source, np=np, **kernels))
    parts: dict[str, Any] = {} if shares else {"deliver_all": deliver}
    if learns:
        # Other images do not need the kernels of learning, which take a while to import.
        from .plastic_kernels import deliver_first, learn_from_step

        parts.update(deliver_nothing=deliver_first, learn_nothing=learn_from_step)
    return kernel(bound(run_steps, update_groups=every, **parts))
