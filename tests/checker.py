"""Counts the resources of an image on each core by the rules of the pages, without kernels.

It is slow and simple on purpose. ``docs/reference/mapping.md`` states the rules.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np


def entries_of(encoding, targets, each, index, core):
    """Return the bits of one list's entries; encoding: "sparse", "dense" or a gap width."""
    head = core.entry_prefix_bits
    if encoding == "sparse":
        each += index
    else:
        head += index if core.run_base else 0
        each += encoding if encoding != "dense" else 0

    def bits(count):
        unit = core.entry_alignment_bits
        return -(-(head + count * each) // unit) * unit

    counts, last = [], None
    for target in targets:
        gap = None if last is None else target - last
        last = target
        room = core.synapses_per_entry - counts[-1] if counts else 0
        if encoding == "sparse":
            more = 1 if room else None
        elif gap in {None, 0} or not room:
            more = None
        elif encoding == "dense":
            more = gap if gap <= room else None
            # Absent synapses in between are stored, unless a new entry takes less.
            if more is not None and more > 1:
                longer = bits(counts[-1] + more) - bits(counts[-1])
                more = more if longer <= bits(1) else None
        else:
            more = 1 if gap <= 2**encoding else None
        if more is None:
            counts.append(1)
        else:
            counts[-1] += more
    return sum(bits(count) for count in counts)


def synapses_of(item):
    """Yield the source and the target of each synapse of a convolution."""
    channels, height, width = item.source_shape
    out, rows, columns = item.target_shape
    each = channels // item.groups
    for k, y, x in np.ndindex(out, rows, columns):
        for c, i, j in np.ndindex(*item.kernel.shape[1:]):
            at_y = y * item.stride[0] - item.padding[0] + i * item.dilation[0]
            at_x = x * item.stride[1] - item.padding[1] + j * item.dilation[1]
            if 0 <= at_y < height and 0 <= at_x < width:
                channel = k // (out // item.groups) * each + c
                source = item.sources[(channel * height + at_y) * width + at_x]
                yield int(source), int(item.targets[(k * rows + y) * columns + x])


def words_of_kernel(item, channels, core):
    """Return the words of the kernels of some output channels: a row per input channel and tap."""
    _, each, height, width = item.kernel.shape
    words = 0
    for group in range(item.groups):
        here = [k for k in channels if k // (item.target_shape[0] // item.groups) == group]
        row = len(here) * item.format.weight_bits
        words += each * height * width * -(-row // core.word_bits)
    return words


def range_bits(low, high):
    """Return the bits of the narrowest integers that hold a range."""
    bits = 0
    while (
        not (0 if low >= 0 else -(2**bits) // 2)
        <= low
        <= high
        < (2**bits if low >= 0 else 2**bits // 2)
    ):
        bits += 1
    return bits


def state_bits(image):
    """Return the bits of the state of each compartment; 0 if state has a memory of its own."""
    core = image.chip.core
    if not core.memory_words:
        return [0] * image.n_compartments
    counter, exponent = core.refractory_max.bit_length(), core.bias_exponent_max.bit_length()
    bits = [2 * core.state_bits + counter + core.bias_mantissa_bits + exponent]
    bits *= image.n_compartments
    for group in image.programs:
        need = sum(group.program.state.values())
        limits = group.program.parameters.values()
        for (low, high), values in zip(limits, group.parameters.tolist(), strict=True):
            if len(set(values)) > 1:
                need += range_bits(low, high)
        for compartment in group.compartments.tolist():
            bits[compartment] = need
    return [-(-each // 8) * 8 for each in bits]


def learning_of(image, number):
    """Return the bits of the tags of a synapse group, and its rule or None."""
    for item in () if image.learning is None else image.learning.groups:
        if item.synapses == number:
            rule, limits = item.rule, item.rule.spec.tag_limits
            terms = [term for terms in rule.terms.values() for term in terms]
            tagged = any(factor.variable == "t" for term in terms for factor in term.factors)
            return (range_bits(*limits) if tagged or rule.dt is not None else 0), rule
    return 0, None


def count_image(image):
    """Return the use of every resource by core, and the delay bits of every core."""
    core, chip, n = image.chip.core, image.chip, image.n_cores
    core_of = np.searchsorted(image.core_ptr, np.arange(image.n_compartments), side="right") - 1
    chip_of = [int(site) // chip.cores for site in image.sites]
    owner = [0] * image.n_compartments
    if image.symbols is not None:
        for number, symbol in enumerate(image.symbols.populations):
            for compartment in symbol.compartment_ids.tolist():
                owner[compartment] = number
    for number, group in enumerate(image.programs, start=1):
        for compartment in group.compartments.tolist() if image.symbols is None else ():
            owner[compartment] = number
    lists = defaultdict(lambda: defaultdict(list))
    learn, traces = set(), defaultdict(set)  # core, kind of source, source; traces of cores
    formats, delay_bits = defaultdict(set), [0] * n
    shape = {}
    for number, group in enumerate(image.synapses):
        bits = int(group.max_delay).bit_length()
        tag, rule = learning_of(image, number)
        shape[number] = (group.format, bits, tag, rule)
        for source in range(len(group.indptr) - 1):
            for k in range(group.indptr[source], group.indptr[source + 1]):
                target = int(group.target[k])
                at = int(core_of[target])
                local = target - int(image.core_ptr[at])
                lists[at, group.source, source][number].append(local)
                if rule is not None:
                    learn.add((at, group.source, source))
                    traces[at] |= {rule.x1, rule.x2} - {None}
                formats[at].add(shape[number])
                delay_bits[at] = max(delay_bits[at], bits)
    used = {name: [0] * n for name in ("synaptic_words", "list_words", "input_axons")}
    used["output_axons"] = [0] * n
    slots = 1 if core.learning is None else core.learning.axon_slots
    stored = defaultdict(set)
    flows = defaultdict(set)
    kernels = defaultdict(set)
    for number, item in enumerate(image.convolutions, start=len(image.synapses)):
        shape[number] = (item.format, int(item.delay).bit_length(), 0, None)
        if core.kernels_shared:
            for place, target in enumerate(item.targets.tolist()):
                channel = place * item.target_shape[0] // len(item.targets)
                kernels[int(core_of[target]), number].add(channel)
        for source, target in synapses_of(item):
            at = int(core_of[target])
            delay_bits[at] = max(delay_bits[at], shape[number][1])
            if core.kernels_shared:
                formats[at].add((*shape[number], "kernel"))
                stored[at].add((shape[number], "kernel"))
                if item.source == "compartments":
                    flows[owner[source], int(core_of[source]), at].add(source)
            else:
                lists[at, item.source, source][number].append(target - int(image.core_ptr[at]))
                formats[at].add(shape[number])
    for (at, number), channels in kernels.items():
        item = image.convolutions[number - len(image.synapses)]
        used["synaptic_words"][at] += words_of_kernel(item, channels, core)
        used["input_axons"][at] += item.source == "inputs"
    for (at, kind, source), groups in lists.items():
        size = int(image.core_ptr[at + 1] - image.core_ptr[at])
        index = max(core.synapse_index_bits_min, (size - 1).bit_length())
        allowed = ["sparse", "dense", *range(core.skip_bits_max, core.skip_bits_min - 1, -1)]
        allowed = allowed[: max(1, core.synapse_formats // len(formats[at]))]
        bits = 0
        for number, targets in groups.items():
            form, delay, tag, _ = shape[number]
            each = form.weight_bits + delay + tag
            costs = [entries_of(e, sorted(targets), each, index, core) for e in allowed]
            bits += min(costs)
            stored[at].add((shape[number], allowed[costs.index(min(costs))]))
        words = -(-(bits + core.list_suffix_bits) // core.word_bits)
        used["synaptic_words"][at] += words
        used["list_words"][at] = max(used["list_words"][at], words)
        if kind == "inputs":
            used["input_axons"][at] += slots if (at, kind, source) in learn else 1
        else:
            flows[owner[source], int(core_of[source]), at].add(source)
    for (_, start, stop), sources in flows.items():
        far = core.chip_axon_entries * (chip_of[start] != chip_of[stop])
        wide = sum((stop, "compartments", source) in learn for source in sources)
        if core.population_axons and len(sources) > 1:
            used["input_axons"][stop] += slots if wide else 1
            used["output_axons"][start] += core.population_axon_entries + far
        else:
            used["input_axons"][stop] += len(sources) + wide * (slots - 1)
            used["output_axons"][start] += len(sources) * (core.neuron_axon_entries + far)
    registers = dict(vars(image.compartments))
    registers["program"] = np.zeros(image.n_compartments, dtype=int)
    for number, group in enumerate(image.programs, start=1):
        registers["program"][group.compartments] = number
    for name, columns in (
        ("compartment_profiles", ("decay_u", "decay_v", "refractory", "join", "program")),
        ("threshold_profiles", ("threshold_mantissa",)),
        ("shared_registers", ("vmin_exponent", "vmax_exponent")),
    ):
        table = np.stack([registers[c] for c in columns], axis=1)
        used[name] = [
            len({tuple(row) for row in table[image.core_ptr[k] : image.core_ptr[k + 1]].tolist()})
            for k in range(n)
        ]
    used["synapse_formats"] = [len(stored[k]) for k in range(n)]
    used["pre_traces"] = [len(traces[k]) for k in range(n)]
    used["compartments"] = np.diff(image.core_ptr).tolist()
    bits, ends = state_bits(image), image.core_ptr.tolist()
    used["memory_words"] = [
        used["synaptic_words"][k] + -(-sum(bits[ends[k] : ends[k + 1]]) // core.word_bits)
        for k in range(n)
    ]
    return {name: np.array(values) for name, values in used.items()}, np.array(delay_bits)


def broken_limits(image):
    """Return each exceeded limit as (core, resource, used, allowed)."""
    core = image.chip.core
    used, delay_bits = count_image(image)
    found = []
    for name, counts in used.items():
        limit = 1 if name == "shared_registers" else getattr(core, name, None)
        if name == "pre_traces" and core.learning is not None:
            limit = core.learning.pre_traces
        if limit is None or (name == "memory_words" and not limit):
            continue  # no limit, or state has a memory of its own
        found += [(k, name, int(c), limit) for k, c in enumerate(counts) if c > limit]
    room = core.accumulator_slots >> delay_bits
    full = np.flatnonzero(used["compartments"] > room)
    found += [(int(k), "compartments", int(used["compartments"][k]), int(room[k])) for k in full]
    if image.n_cores > image.chip.total_cores:
        found.append((image.n_cores, "cores", image.n_cores, image.chip.total_cores))
    return found
