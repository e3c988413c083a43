"""Random images that learn, with inputs, given traces and draws, to reach every rule of a step."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from random_rules import POST, PRE, PUBLISHED, SPECS, some_rule, some_traces

from neurochip import BRIAN2LOIHI, LAVA, LOIHI, NENGO_LOIHI, GivenTrace, Learning, Plasticity
from neurochip.chip.registers import SignMode
from neurochip.image import ChipImage
from neurochip.image.program import Synapses, program
from neurochip.learning import DrawSharing, ExtraSpikes, TraceRounding

__all__ = ["CHIPS", "LearningCase", "random_learning"]

MIXED = SignMode.MIXED
CHIPS = {
    "loihi": LOIHI,
    "lava": LAVA,
    "brian2loihi": BRIAN2LOIHI.what_if(
        learning=dataclasses.replace(BRIAN2LOIHI.core.learning, inhibitory_limits=(-255, 0))
    ),
    "nengo-loihi": NENGO_LOIHI,
    **{
        name: LOIHI.what_if(learning=spec)
        for name, spec in SPECS.items()
        if name not in ("published", "lava", "brian2loihi", "nengo-loihi")
    },
    "few bits": LOIHI.what_if(
        learning=dataclasses.replace(PUBLISHED, trace_bits=5, excitatory_limits=(16, 200))
    ),
}
"""Chips with all engines, and some that differ in one field; weights of all have three modes."""


@dataclass
class LearningCase:
    """An image, its input spikes as (steps, inputs), and what its run is given by (group, name)."""

    image: ChipImage
    n_steps: int
    spikes: tuple[list[int], list[int]]
    given: dict[tuple[int, str], Any] = field(default_factory=dict)
    draws: dict[tuple[int, str], Any] | None = None


def random_learning(rng, chip="loihi", *, joined=False, n_groups=2, hashed=None, large=False):
    """Draw a case with ``n_groups`` groups that learn and up to one that does not.

    ``hashed`` draws come from the seed of the image. A ``large`` one has more than 64 inputs or
    compartments, so that its synapses fill several batches of the kernels.
    """
    spec = CHIPS[chip].core.learning
    once = spec.extra_spikes is ExtraSpikes.REFUSED
    n_steps, n_inputs = int(rng.integers(15, 31)), int(rng.integers(1, 5))
    pairs = int(rng.integers(1, 3)) if joined else 0
    n = int(rng.integers(2, 7 - 2 * pairs)) + 2 * pairs
    if large:
        n_steps, few, many = 9, int(rng.integers(1, 3)), int(rng.integers(66, 90))
        n_inputs, n = (many, few + 1) if rng.random() < 0.5 else (few, many)
    epochs = _epochs(rng, spec, n_groups)
    cores = _cores(rng, n) if len(set(epochs)) == 1 or joined else [n // 2, n - n // 2]
    if joined:
        epochs = epochs[:1] * n_groups
    apart = len(set(epochs)) > 1
    first = int(rng.choice([0, 1, 2, 5])) if rng.random() < 0.3 else None
    lists, groups, common = [], [], some_traces(rng, spec, PRE)
    for index, epoch in enumerate(epochs):
        traces = common if index != 1 else {**some_traces(rng, spec, ("x1",)), "x2": common["x2"]}
        rule = some_rule(rng, spec, epoch=epoch, targets=("dw", "dt"), traces=traces)
        rule = dataclasses.replace(rule, first_epoch=first) if first is not None else rule
        child = joined and bool(rng.integers(2))
        allowed = _targets(n, pairs, child)
        if apart:
            allowed = allowed[: cores[0]] if index == 0 else allowed[cores[0] :]
        each = _synapses(rng, CHIPS[chip], n_inputs, n, pairs, allowed, learns=True)
        lists.append(each)
        size, order = len(each.pre), rng.random() < 0.5
        tagged = spec.tag_limits is not None and rng.random() < 0.5
        tags = rng.integers(*spec.tag_limits, size, endpoint=True) if tagged else []
        groups.append(
            Plasticity(
                index,
                rule,
                tag=np.array(tags, dtype=np.int16),
                number=(rng.permutation(size) if order else np.empty(0)).astype(np.int32),
            )
        )
    if rng.random() < 0.6:
        allowed = _targets(n, pairs, child=False)
        lists.append(_synapses(rng, CHIPS[chip], n_inputs, n, pairs, allowed, learns=False))
    if rng.random() < 0.3:  # the groups that learn need not come first
        order = rng.permutation(len(lists))
        lists = [lists[k] for k in order]
        groups = [
            dataclasses.replace(each, synapses=int(np.flatnonzero(order == each.synapses)[0]))
            for each in groups
        ]
    image = program(
        CHIPS[chip],
        _registers(rng, n, pairs, max(epochs) if once else 1),
        lists,
        n_inputs=n_inputs,
        n_compartments=n,
        cores=cores,
        learning=Learning(
            tuple(groups),
            seed=int(rng.choice([0, 7, rng.integers(2**63)])),
            numbers=(rng.permutation(n) if rng.random() < 0.5 else np.empty(0)).astype(np.int32),
        ),
        truncate=True,
    )
    image, given = _given_traces(rng, image, n_steps)
    case = LearningCase(image, n_steps, _spikes(rng, n_inputs, n_steps, max(epochs) * once), given)
    if not (rng.random() < 0.5 if hashed is None else hashed):
        case.draws = _draws(rng, image, n_steps)
    return case


def _epochs(rng, spec, n_groups):
    most = 1 if spec.epoch_max == 1 else 9
    epochs = [min(most, int(rng.choice([1, 1, 2, 3, 4, 5, 6, 7, 8, 9])))] * n_groups
    if most > 1 and n_groups > 1 and rng.random() < 0.2:
        epochs[1:] = [int(rng.integers(1, 10))] * (n_groups - 1)
    return epochs


def _cores(rng, n):
    return [n] if rng.random() < 0.7 else [2, n - 2] if n > 2 else [n]


def _targets(n, pairs, child):
    """Return compartments that a group may reach: children of pairs, or all others."""
    children = [2 * k for k in range(pairs)]
    return np.array(children if child else [i for i in range(n) if i not in children])


def _registers(rng, n, pairs, refractory):
    registers = {
        "threshold_mantissa": (2 ** rng.uniform(5, 10, n)).astype(int),
        "decay_u": rng.choice([4095, 2000, 800, 0], n),
        "decay_v": rng.choice([4095, 500, 100, 0], n),
        "bias_mantissa": rng.integers(-50, 2500, n) * rng.integers(0, 2, n),
        "bias_exponent": rng.integers(0, 4, n),
        "refractory": np.maximum(rng.choice([1, 1, 2, 4], n), refractory),
        "v_init": rng.integers(0, 2000, n),
        "u_init": rng.integers(-2000, 5000, n) * rng.integers(0, 2, n),
        "vmin_exponent": rng.choice([0, 9, 23], n),
    }
    for k in range(pairs):  # a child never spikes: its v stays below its threshold
        registers["threshold_mantissa"][2 * k] = 131071
        registers.setdefault("vmax_exponent", np.full(n, 7))[2 * k] = 6
        registers.setdefault("join", np.zeros(n, dtype=int))[2 * k + 1] = 1
    return registers


def _synapses(rng, chip, n_inputs, n, pairs, allowed, learns):
    """Draw a list of synapses; one that does not learn makes neurons spike."""
    of_inputs = rng.random() < 0.6
    sources = np.arange(n_inputs) if of_inputs else _targets(n, pairs, child=False)
    kind = rng.random()
    if kind < 0.4:
        pre, target = (each.ravel() for each in np.meshgrid(sources, allowed, indexing="ij"))
    elif kind < 0.5:  # synapses from one neuron to another more than once
        size = int(rng.integers(1, 12))
        pre, target = rng.choice(sources, size), rng.choice(allowed, size)
    else:
        chosen = rng.random((len(sources), len(allowed))) < rng.uniform(0.2, 0.9)
        chosen[rng.integers(len(sources)), rng.integers(len(allowed))] = True
        rows, columns = np.nonzero(chosen)
        pre, target = sources[rows], allowed[columns]
    if rng.random() < 0.5:
        order = rng.permutation(len(pre))
        pre, target = pre[order], target[order]
    spec = chip.core.learning
    mode = SignMode(int(rng.choice([2, 2, 1, 3])))
    if learns and spec.weight_rounding.name == "SIGN_MAGNITUDE":
        mode = MIXED
    bits = int(rng.choice([8, 8, 6, 5, 4, 3, 2, 1]))
    low, high = spec.limits(mode)
    grid = 1 << (8 - bits + (mode is MIXED)) if spec.precision_kept else 1
    mantissa = rng.integers(-(-low // grid), high // grid + 1, len(pre)) * grid
    if rng.random() < 0.3:
        mantissa[:] = mantissa[0]
    longest = int(rng.choice([0, 0, 3, 12]))
    return Synapses(
        "inputs" if of_inputs else "compartments",
        pre,
        target,
        mantissa,
        mode,
        exponent=int(rng.integers(-4, 3)),
        bits=bits,
        delay=rng.integers(0, longest + 1, len(pre)) if rng.random() < 0.7 else longest,
    )


def _spikes(rng, n_inputs, n_steps, epoch):
    """Draw input spikes: also of step -1, and twice in a step; one an epoch if that is not 0."""
    steps, sources = np.nonzero(rng.random((n_steps, n_inputs)) < rng.uniform(0.05, 0.6))
    if epoch:
        steps, sources = steps[steps % epoch == 0], sources[steps % epoch == 0]
        steps, sources = steps.tolist(), sources.tolist()
    else:
        steps, sources = steps.tolist(), sources.tolist()
        repeated = rng.integers(0, len(steps) + 1, 3) if steps else []
        steps += [steps[k] for k in repeated if k < len(sources)]
        sources += [sources[k] for k in repeated if k < len(sources)]
    before = np.flatnonzero(rng.random(n_inputs) < 0.3).tolist()
    return [*steps, *[-1] * len(before)], [*sources, *before]


def _given_traces(rng, image, n_steps):
    """Let the image or the run write the traces that rules are given, or neither."""
    rewards, given = [], {}
    for index, item in enumerate(image.learning.groups):
        n_targets = len(np.unique(image.synapses[item.synapses].target))
        for name in item.rule.given:
            if rng.random() < 0.7:
                steps = np.flatnonzero(rng.random(n_steps) < 0.2)
                shape = (len(steps), n_targets) if rng.random() < 0.5 else (len(steps),)
                values = rng.integers(-128, 128, shape).astype(np.int16)
                if len(steps):
                    rewards.append(GivenTrace(index, name, steps, values))
            if rng.random() < 0.4:
                given[index, name] = rng.integers(-128, 128, (n_steps, n_targets))
    learning = dataclasses.replace(image.learning, rewards=tuple(rewards))
    return dataclasses.replace(image, learning=learning), given


def _draws(rng, image, n_steps):
    """Draw all that the engine of an image would draw."""
    spec, found = image.chip.core.learning, {}
    top = 1 << spec.impulse_draw_bits
    for index, item in enumerate(image.learning.groups):
        group, n_epochs = image.synapses[item.synapses], n_steps // item.rule.epoch
        size = group.n_synapses
        sizes = {
            "x": np.count_nonzero(np.diff(group.indptr)),
            "y": len(np.unique(group.target)),
        }
        shared = spec.trace_draw is DrawSharing.SHARED
        by_epoch = shared or spec.trace_rounding is TraceRounding.ONCE_AN_EPOCH
        rows = n_epochs if by_epoch else n_steps
        for side, names in (("x", PRE), ("y", POST)):
            owners = size if spec.trace_per_synapse else sizes[side]
            shape = (rows,) if shared else (rows, owners)
            for name in (side,) if shared else names:
                found[index, name] = rng.random(shape)
            impulses = (rows,) if shared else (rows, sizes[side])
            found[index, f"{side}_impulse"] = rng.integers(0, top, impulses)
        found[index, "again"] = rng.integers(0, top, n_steps)
        one = spec.weight_draw is DrawSharing.SHARED
        found[index, "synapse"] = rng.random((n_epochs,) if one else (n_epochs, size))
    return found
