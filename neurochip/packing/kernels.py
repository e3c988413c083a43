"""Kernels that fill cores neuron by neuron, and count every resource as the hardware does.

For each source and connection, a core has one list of synapses in the order of their targets. Its
size is tracked in all encodings at once: sparse, dense, and run-length with each gap width. The
list uses the smallest of them. :mod:`neurochip.packing.budget` states the rules.
"""

from __future__ import annotations

import numpy as np

from .._kernels.instructions import prefetch
from .._kernels.jit import inline_kernel, inner_kernel, kernel
from ..typing import Int32Array

__all__ = [
    "COMPARTMENTS",
    "INPUTS",
    "N_SOURCES",
    "WORDS",
    "adapt",
    "add_neuron",
    "clear",
    "fill",
    "heads_of",
    "list_by_source",
    "open_core",
    "within_limits",
    "words_of",
]


# Resources, in the order of ``budget.RESOURCES``.
COMPARTMENTS, WORDS, INPUTS, _PROFILES, _THRESHOLDS, _FORMATS = range(6)
_LIST_WORDS, _SHARED, _MEMORY, _TRACES, _DELAY_BITS = range(6, 11)
_SOURCE, _FORMAT, _LAST, _BEST, _HEAD = range(5)  # places in the head of a list, and its length
_BITS = 8  # for the best encoding of a list; the bits above hold the place of its counts
_AHEAD = 16  # a head is prefetched this many synapses before its use
_N_LISTS, N_SOURCES, _N_FORMATS, _INDEX, _ENCODINGS, _MARK, _STATE, _N_COUNTED = range(8)


def heads_of(list_source: Int32Array, list_format: Int32Array) -> Int32Array:
    """Return the heads of all lists, which are empty."""
    heads = np.zeros((len(list_source), _HEAD), dtype=np.int32)
    heads[:, _SOURCE], heads[:, _FORMAT] = list_source, list_format
    return heads.ravel()


@inline_kernel
def _rounded(bits, unit):
    return (bits + unit - 1) // unit * unit


@inner_kernel
def _price(s, form, tables, packing):
    """Write the sizes of entries of a format on the open core, so that later uses do not divide."""
    bits, index = tables.format_bits[form], s.top[_INDEX]
    base = packing.prefix + packing.run_base * index
    for encoding in range(s.encodings):
        head, each = base, bits
        if encoding == 0:
            head, each = packing.prefix, bits + index
        elif encoding > 1:
            each += packing.skip_max + 2 - encoding
        for n in range(1, packing.per_entry + 1):
            s.price[form, encoding, n] = _rounded(head + n * each, packing.alignment)
    alone = 0
    for encoding in range(1, s.top[_ENCODINGS]):
        if s.price[form, encoding, 1] < s.price[form, alone, 1]:
            alone = encoding
    s.alone[form] = alone


@inline_kernel
def _use(used, users, form, encoding):
    """Note that one more list takes an encoding of its format."""
    used[_FORMATS] += users[form, encoding] == 0
    users[form, encoding] += 1


@inline_kernel
def _begin(s, number, form, target):
    """Begin a list with one synapse, which is not counted before a second one; return its size."""
    s.lists[s.top[_N_LISTS]] = number
    s.top[_N_LISTS] += 1
    s.head[number * _HEAD + _LAST] = target
    s.head[number * _HEAD + _BEST] = -1 - s.alone[form]
    _use(s.used, s.users, form, s.alone[form])
    return s.price[form, s.alone[form], 1]


@inline_kernel
def _place(s, number, form):
    """Return the place of the counts of a list, once its first synapse is counted in them."""
    best = number * _HEAD + _BEST
    if s.head[best] < 0:
        s.top[_N_COUNTED] += 1
        count = s.top[_N_COUNTED] * s.stride
        for encoding in range(s.top[_ENCODINGS]):
            s.counts[count + encoding] = 1
            s.counts[count + s.encodings + encoding] = s.price[form, encoding, 1]
        s.head[best] = (s.top[_N_COUNTED] << _BITS) | (-1 - s.head[best])
    return (s.head[best] >> _BITS) * s.stride


@inline_kernel
def _best(head, number):
    """Return the best encoding of a list with counts."""
    return head[number * _HEAD + _BEST] & ((1 << _BITS) - 1)


@inline_kernel
def _append(s, number, count, form, target, packing):
    """Add one more synapse, in all encodings, to a list with counts."""
    r, price = s.counts, s.price
    gap = target - s.head[number * _HEAD + _LAST]  # 0 for a second synapse onto the same target
    cost = count + s.encodings
    for encoding in range(s.top[_ENCODINGS]):
        n, added = r[count + encoding], 1
        fresh = n == packing.per_entry
        if encoding == 1:  # dense: absent synapses are stored with weight 0, or an entry ends
            fresh = fresh or gap == 0 or n + gap > packing.per_entry
            if not fresh:
                added = gap
                grown = price[form, 1, n + gap] - price[form, 1, n]
                fresh = gap > 1 and grown > price[form, 1, 1]
        elif encoding > 1:
            width = packing.skip_max + 2 - encoding
            fresh = fresh or gap == 0 or gap > (1 << width)
        if fresh:
            n, added = 0, 1
        r[cost + encoding] += price[form, encoding, n + added] - price[form, encoding, n]
        r[count + encoding] = n + added
    s.head[number * _HEAD + _LAST] = target


@inline_kernel
def _choose(s, number, count, form):
    """Choose the smallest encoding of a list with counts; return its size in bits."""
    best, cost = 0, count + s.encodings
    for encoding in range(1, s.top[_ENCODINGS]):
        if s.counts[cost + encoding] < s.counts[cost + best]:
            best = encoding
    old = _best(s.head, number)
    if old != best:
        s.users[form, old] -= 1
        s.used[_FORMATS] -= s.users[form, old] == 0
        _use(s.used, s.users, form, best)
        s.head[number * _HEAD + _BEST] += best - old
    return s.counts[cost + best]


@inline_kernel
def _words(bits, packing):
    return (bits + packing.word - 1) // packing.word


@inline_kernel
def words_of(bits, packing):
    """Return the number of memory words of a list of synapses."""
    return 0 if bits == 0 else (bits + packing.suffix + packing.word - 1) // packing.word


@inline_kernel
def _mark(marks, number, top, used, resource):
    if marks[number] != top[_MARK]:
        marks[number] = top[_MARK]
        used[resource] += 1


@inline_kernel
def _meet(source, s, packing):
    """Note that a source reaches the core."""
    if s.axon[source] == 0:
        s.axon[source] = 1
        s.sources[s.top[N_SOURCES]] = source
        s.top[N_SOURCES] += 1
        if packing.count_neurons == 1 and source < packing.first_input:
            s.used[INPUTS] += 1


@inline_kernel
def _meet_format(form, s, tables, packing):
    """Note that a format is in use on the core."""
    if s.format[form] != s.top[_MARK]:
        s.format[form] = s.top[_MARK]
        s.formats[s.top[_N_FORMATS]] = form
        s.top[_N_FORMATS] += 1
        s.used[_DELAY_BITS] = max(s.used[_DELAY_BITS], tables.format_delay[form])
        for k in range(2):
            if tables.format_traces[form, k] >= 0:
                _mark(s.traces, tables.format_traces[form, k], s.top, s.used, _TRACES)
        if tables.format_once[form] == 1:
            s.users[form, 0] += 1
            s.used[_FORMATS] += 1
        else:
            _price(s, form, tables, packing)


@inline_kernel
def _add_channels(c, s, tables, packing):
    """Store the weights of those channels of a compartment that the core does not have yet."""
    for i in range(tables.channel_ptr[c], tables.channel_ptr[c + 1]):
        channel = tables.channel[i]
        part = tables.channel_part[channel]
        if s.channels[channel] != s.top[_MARK]:
            s.channels[channel] = s.top[_MARK]
            if s.parts[part, 1] != s.top[_MARK]:
                s.parts[part, 0], s.parts[part, 1] = 0, s.top[_MARK]
            row = s.parts[part, 0] * tables.part_bits[part]
            wider = _words(row + tables.part_bits[part], packing) - _words(row, packing)
            s.parts[part, 0] += 1
            s.used[WORDS] += tables.part_rows[part] * wider
        axon = tables.part_axon[part]
        if axon >= 0:
            _mark(s.axons, axon, s.top, s.used, INPUTS)


@inner_kernel
def add_neuron(neuron, s, tables, packing):
    """Put a neuron on the open core, without checking limits."""
    for c in range(tables.neuron_ptr[neuron], tables.neuron_ptr[neuron + 1]):
        target = s.used[COMPARTMENTS]
        s.used[COMPARTMENTS] += 1
        _mark(s.profile, tables.profile[c], s.top, s.used, _PROFILES)
        _mark(s.threshold, tables.threshold[c], s.top, s.used, _THRESHOLDS)
        _mark(s.shared, tables.shared[c], s.top, s.used, _SHARED)
        s.top[_STATE] += tables.state[c]
        _add_channels(c, s, tables, packing)
        end = tables.in_ptr[c + 1]
        for j in range(tables.in_ptr[c], end):
            if j + _AHEAD < end:
                prefetch(s.head, tables.in_list[j + _AHEAD] * _HEAD)
                soon = tables.in_list[j + _AHEAD // 2] * _HEAD
                prefetch(s.axon, s.head[soon + _SOURCE])
            number = tables.in_list[j]
            source, form = s.head[number * _HEAD + _SOURCE], s.head[number * _HEAD + _FORMAT]
            _meet_format(form, s, tables, packing)
            _meet(source, s, packing)
            if tables.format_once[form] == 1:
                continue
            if s.head[number * _HEAD + _BEST] == 0:
                grown = _begin(s, number, form, target)
            else:
                count = _place(s, number, form)
                before = s.counts[count + s.encodings + _best(s.head, number)]
                _append(s, number, count, form, target, packing)
                grown = _choose(s, number, count, form) - before
            if s.axon[source] == 1 and source >= packing.first_input:
                s.used[INPUTS] += 1
            words = -words_of(s.axon[source] - 1, packing)
            s.axon[source] += grown
            new = words_of(s.axon[source] - 1, packing)
            s.used[WORDS] += words + new
            s.used[_LIST_WORDS] = max(s.used[_LIST_WORDS], new)
    s.used[_MEMORY] = s.used[WORDS] + _words(s.top[_STATE], packing)


@inner_kernel
def clear(s):
    """Empty the open core."""
    for i in range(s.top[_N_LISTS]):
        if i + _AHEAD < s.top[_N_LISTS]:
            prefetch(s.head, s.lists[i + _AHEAD] * _HEAD)
        s.head[s.lists[i] * _HEAD + _BEST] = 0
    for i in range(s.top[N_SOURCES]):
        s.axon[s.sources[i]] = 0
    for i in range(s.top[_N_FORMATS]):
        for encoding in range(s.users.shape[1]):
            s.users[s.formats[i], encoding] = 0
    for i in range(len(s.used)):
        s.used[i] = 0
    s.top[_N_LISTS] = 0
    s.top[N_SOURCES] = 0
    s.top[_N_FORMATS] = 0
    s.top[_STATE] = 0
    s.top[_N_COUNTED] = 0
    s.top[_MARK] += 1


@inner_kernel
def open_core(s, packing, index):
    """Begin a core with ``index`` index bits and all encodings."""
    clear(s)
    s.top[_INDEX] = index
    s.top[_ENCODINGS] = 2 + packing.skip_max - packing.skip_min + 1


@inner_kernel
def adapt(s, packing):
    """Widen the index or drop encodings if the core needs it; return whether anything changed."""
    changed = False
    while s.used[COMPARTMENTS] > 1 << s.top[_INDEX]:
        s.top[_INDEX] += 1
        changed = True
    # Each encoding of a format takes one format of the core, so they are shared out equally.
    share = packing.formats // max(1, s.top[_N_FORMATS])
    if s.top[_ENCODINGS] > max(1, share):
        s.top[_ENCODINGS] = max(1, share)
        changed = True
    return changed


@inline_kernel
def within_limits(s, packing):
    """Return whether the open core is within all limits."""
    for i in range(_DELAY_BITS):
        if s.used[i] > packing.limits[i]:
            return False
    return s.used[COMPARTMENTS] <= packing.slots >> s.used[_DELAY_BITS]


@inline_kernel
def _remember(s):
    for i in range(len(s.used)):
        s.before[i] = s.used[i]


@inline_kernel
def _write(counts, usage, row):
    for i in range(len(counts)):
        usage[row, i] = counts[i]


@kernel
def fill(order, opens, tables, packing, s, usage, core_ptr):
    """Put neurons on cores in the given order; return the number of cores, or -1 on failure.

    A new core begins where ``opens`` says so, or where the next neuron would exceed a limit.
    ``usage`` gets a row per core, and ``core_ptr`` the start of the core in ``order``. If a neuron
    alone exceeds a limit, the kernel returns -1, and ``usage[0]`` holds what the neuron needs and
    ``core_ptr[0]`` its place.
    """
    core, start = 0, 0
    index = packing.index_min
    open_core(s, packing, index)
    core_ptr[0] = 0
    i = 0
    while i < len(order):
        _remember(s)
        fits = not (opens[i] and i > start)
        if fits:
            add_neuron(order[i], s, tables, packing)
            while adapt(s, packing):
                clear(s)
                for j in range(start, i):
                    add_neuron(order[j], s, tables, packing)
                add_neuron(order[i], s, tables, packing)
            fits = within_limits(s, packing)
            if fits:
                i += 1
                if i == len(order):
                    _remember(s)
        if fits and i < len(order):
            continue
        if index > packing.index_min and s.before[COMPARTMENTS] <= 1 << (index - 1):
            # The guessed index was too wide: start again, since a narrower index takes fewer bits.
            index = packing.index_min
            open_core(s, packing, index)
            i = start
            continue
        if i == start:
            _write(s.used, usage, 0)
            core_ptr[0] = i
            clear(s)
            return -1
        _write(s.before, usage, core)
        core += 1
        core_ptr[core] = i
        start = i
        # Guess the index bits of the last core: filling is twice as fast without widening.
        index = packing.index_min
        while s.before[COMPARTMENTS] > 1 << index:
            index += 1
        open_core(s, packing, index)
    return core


@kernel
def list_by_source(neuron_ptr, in_ptr, in_list, list_source, cursor, out):
    """Append the neuron of each synapse to the list of its source, and move the cursor.

    This does the same as ``list_rows`` without a table of sources, which would take 4 bytes per
    synapse.
    """
    for neuron in range(len(neuron_ptr) - 1):
        for j in range(in_ptr[neuron_ptr[neuron]], in_ptr[neuron_ptr[neuron + 1]]):
            source = list_source[in_list[j]]
            out[cursor[source]] = neuron
            cursor[source] += 1
