"""A slow model of whole images that learn: neurons, synapses and rules in plain Python integers.

Neurons follow ``tests/oracle.py`` and rules ``tests/learning_oracle.py``; this file adds the order of
a step (semantics 5.8) and shares no code with the engine. All draws are given.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import oracle
from against_oracle import as_oracle
from learning_oracle import Model


class Group:
    """A synapse group that learns: its model, and who its neurons are."""

    def __init__(self, image, index, given, draws):
        item = image.learning.groups[index]
        synapses = image.synapses[item.synapses]
        n = synapses.n_synapses
        pre = np.repeat(np.arange(len(synapses.indptr) - 1), np.diff(synapses.indptr))
        self.of_inputs, self.number = synapses.source == "inputs", item.numbers(n).tolist()
        self.sources, self.targets = sorted({*pre.tolist()}), sorted({*synapses.target.tolist()})
        ends = [
            (self.sources.index(i), self.targets.index(j))
            for i, j in zip(pre.tolist(), synapses.target.tolist(), strict=True)
        ]
        # The model has the synapses by number, as draws have.
        order = sorted(range(n), key=self.number.__getitem__)
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
        # The neuron of a child compartment spikes as its parent does.
        joined = image.compartments.join.tolist()
        self.bodies = [j + 1 if j + 1 < len(joined) and joined[j + 1] else j for j in self.targets]

    def step(self, t, inputs, spiked):
        """Learn from the inputs that are presented in step t, and the spikes of step t."""
        before = inputs if self.of_inputs else spiked
        pre = [k for k, i in enumerate(self.sources) if i in before]
        post = [k for k, j in enumerate(self.bodies) if j in spiked]
        self.model.step(t, pre, post)

    @property
    def weights(self):
        """Weights in the order of the image."""
        return [self.model.own["w"][number] for number in self.number]


def run(image, spikes, n_steps, given=None, draws=None):
    """Return states and spikes as ``oracle.run`` does, the groups, and their weights by step.

    ``spikes`` are (step, input) as for ``Emulator.run_steps``; ``given`` and ``draws`` have a
    dictionary for each group.
    """
    cells, synapses = as_oracle(image)
    core = cells[0].core
    groups = [
        Group(image, k, given[k] if given else {}, draws[k])
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
            fired, _ = oracle.RULES.update(cell, total[neuron], 0, child)
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
