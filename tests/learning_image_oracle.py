"""A slow model of whole images that learn: neurons, synapses and rules in plain Python integers.

Neurons follow ``tests/oracle.py`` and rules ``tests/learning_oracle.py``; this file adds the order
of a step (semantics 5.8) and shares no code with the engine. Draws are given, or hashed.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import oracle
from against_oracle import as_oracle
from learning_oracle import Hashed, Model

OF_CURRENTS = ("accumulator_wraps", "current_wraps")


class Group:
    """A synapse group that learns: its model, and who its neurons are."""

    def __init__(self, image, index, given, draws):
        item = image.learning.groups[index]
        synapses = image.synapses[item.synapses]
        n = synapses.n_synapses
        pre = np.repeat(np.arange(len(synapses.indptr) - 1), np.diff(synapses.indptr))
        self.of_inputs, self.number = synapses.source == "inputs", item.numbers(n).tolist()
        self.sources, targets = sorted({*pre.tolist()}), sorted({*synapses.target.tolist()})
        # What reaches the child of a pair belongs to the neuron, which the parent is.
        joined = [*image.compartments.join.tolist(), 0]
        self.targets = [j + joined[j + 1] for j in targets]
        ends = [
            (self.sources.index(i), targets.index(j))
            for i, j in zip(pre.tolist(), synapses.target.tolist(), strict=True)
        ]
        self.events = self.spikes = self.repeated = 0
        # The model has the synapses by number, as draws have.
        order = sorted(range(n), key=self.number.__getitem__)
        if draws is None:
            own = image.learning.compartment_numbers(len(joined) - 1).tolist()
            sides = [
                self.sources if self.of_inputs else [own[i] for i in self.sources],
                [own[j] for j in self.targets],
            ]
            if item.rule.spec.trace_per_synapse:
                sides = [range(n), range(n)]
            draws = Hashed(
                item.rule.spec, image.learning.seed, index, self.of_inputs, (*sides, range(n))
            )
        self.model = Model(
            item.rule,
            (len(self.sources), len(self.targets)),
            [ends[s] for s in order],
            synapses.mantissa[order],
            mode=synapses.format.sign_mode,
            bits=synapses.format.weight_bits,
            given=given,
            draws=draws,
            tags=item.tags(n)[order],
            delays=synapses.delay[order] if synapses.delay.size else 0,
        )

    def step(self, t, inputs, spiked):
        """Learn from the inputs that are presented in step t, and the spikes of step t."""
        before = inputs if self.of_inputs else spiked
        pre = [k for k, i in enumerate(self.sources) if i in before]
        post = [k for k, j in enumerate(self.targets) if j in spiked]
        self.spikes += len(pre) + len(post)
        if self.of_inputs:
            listed = [i for i in inputs if i in self.sources]
            self.repeated += len(listed) - len({*listed})
        self.events += sum(i in pre for i, _ in self.model.ends)
        self.events += sum(j in post for _, j in self.model.ends)
        self.model.step(t, pre, post)

    @property
    def counters(self):
        """Return what the emulator counts of the group."""
        own = {name: getattr(self, name) for name in ("events", "spikes", "repeated")}
        return own | self.model.counts

    @property
    def weights(self):
        """Weights in the order of the image."""
        return [self.model.own["w"][number] for number in self.number]


def given_traces(image, index, n_steps, given):
    """Return the given traces of a group, one row for each step: those of the image, or others."""
    item = image.learning.groups[index]
    n_targets = len({*image.synapses[item.synapses].target.tolist()})
    rows = {name: [[0] * n_targets for _ in range(n_steps)] for name in item.rule.given}
    for reward in image.learning.rewards:
        if reward.group == index:
            for step, value in zip(reward.steps.tolist(), reward.values.tolist(), strict=True):
                each = value if isinstance(value, list) else [value] * n_targets
                rows[reward.variable][step:] = [each] * len(rows[reward.variable][step:])
    return rows | {name: values for (group, name), values in given.items() if group == index}


def run(image, spikes, n_steps, given=None, draws=None):
    """Return states and spikes as ``oracle.run`` does, the groups, and their weights by step.

    ``spikes`` are (step, input), and ``given`` and ``draws`` dictionaries by group and name, all as
    for ``Emulator.run_steps``; without draws they come from the seed of the image.
    """
    cells, synapses = as_oracle(image)
    core = cells[0].core
    groups = [
        Group(
            image,
            k,
            given_traces(image, k, n_steps, given or {}),
            draws and {name: each for (group, name), each in draws.items() if group == k},
        )
        for k in range(len(image.learning.groups))
    ]
    learns = {item.synapses: groups[k] for k, item in enumerate(image.learning.groups)}
    fan_out, synapse = defaultdict(list), iter(synapses)
    for index, group in enumerate(image.synapses):
        for place in range(group.n_synapses):
            each = next(synapse)
            fan_out[each.source].append((each, index, learns.get(index), place))
    presented = defaultdict(list)
    for step, source in spikes:
        presented[step].append(source)
    arriving = defaultdict(lambda: defaultdict(int))

    def send(source, step):
        """Send the spike of a step with the weights as they stand."""
        for each, index, group, place in fan_out[source]:
            mantissa = each.mantissa if group is None else group.weights[place]
            form = each.weight_exponent, each.weight_bits, each.sign_mode
            where = each.target, index, each.weight_exponent
            arriving[step + 1 + each.delay][where] += oracle.decode_weight(mantissa, *form, core)

    states = [oracle.Cell(registers, registers.u_init, registers.v_init) for registers in cells]
    trace, history = oracle.Trace(), []
    for source in presented[-1]:
        send(("input", source), -1)
    for t in range(n_steps):
        total = [0] * len(states)
        for (target, _, exponent), amount in arriving.pop(t, {}).items():
            total[target] += oracle.RULES.shift_sum(amount, exponent, core)
        spiked = []
        for neuron, cell in enumerate(states):
            child = states[neuron - 1].u if cells[neuron].join else 0
            fired, overflowed = oracle.RULES.update(cell, total[neuron], 0, child)
            for name in overflowed:
                # The v of a child, and what it receives beside u, drive nothing.
                if name in OF_CURRENTS or neuron + 1 == len(cells) or not cells[neuron + 1].join:
                    trace.counters[name] += 1
            spiked += [neuron] * fired
        for source in presented[t]:
            send(("input", source), t)
        for neuron in spiked:
            send(("neuron", neuron), t)
            trace.spikes.append((t, neuron))
        for group in groups:
            group.step(t, presented[t], spiked)
        trace.u.append([cell.u for cell in states])
        trace.v.append([cell.v for cell in states])
        history.append([[*group.model.own["w"]] for group in groups])
    return trace, groups, history
