"""Check the part of an image that learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._support.values import shown
from ..chip.learning_spec import LearningSpec
from ..chip.registers import mantissa_range
from ..chip.spec import ChipSpec
from ..errors import ImageError
from ..learning import LearningRule
from ..learning.terms import GIVEN_LIMITS, PRE
from ..typing import Int64Array
from .checks import check_within
from .learning import GivenTrace, Learning, Plasticity
from .parts import SynapseGroup
from .program_group import ProgramGroup

__all__ = ["check_learning"]


def check_learning(
    chip: ChipSpec,
    core_ptr: Int64Array,
    synapses: Sequence[SynapseGroup],
    programs: Sequence[ProgramGroup],
    learning: Learning,
) -> None:
    """Raise :class:`ImageError` at the first value that the learning engine cannot hold.

    The image itself has been checked before.
    """
    spec = chip.core.learning
    if spec is None:
        raise ImageError(
            f"learning: chip {chip.name!r} has no learning engine; allowed: a chip that has one, "
            "such as LOIHI, or chip.what_if(learning=LearningSpec(...))."
        )
    n_compartments = int(core_ptr[-1])
    _check_numbers("learning", "numbers", learning.numbers, n_compartments)
    seen: dict[int, int] = {}
    graded = [item.compartments for item in programs if item.program.payload_bits]
    payloads = set(np.concatenate(graded).tolist()) if graded else set()
    for index, item in enumerate(learning.groups):
        owner = f"plasticity {index}"
        if item.synapses >= len(synapses):
            raise ImageError(
                f"{owner}: synapses = {item.synapses}; allowed: 0 to {len(synapses) - 1}, the "
                "synapse groups of the image."
            )
        if item.synapses in seen:
            raise ImageError(
                f"{owner}: synapse group {item.synapses} learns by plasticity "
                f"{seen[item.synapses]} already; allowed: one rule a group."
            )
        seen[item.synapses] = index
        _check_rule(owner, item, spec, chip)
        group = synapses[item.synapses]
        _check_start(f"{owner}, synapse group {item.synapses}", item, group, spec, chip)
        _check_spikes(owner, group, payloads)
    _check_cores(core_ptr, synapses, learning, spec)
    for index, given in enumerate(learning.rewards):
        _check_given(f"given trace {index}", given, synapses, learning)
    _check_once(learning.rewards)


def _check_rule(owner: str, item: Plasticity, spec: LearningSpec, chip: ChipSpec) -> None:
    if item.rule.spec != spec:
        raise ImageError(
            f"{owner}: its rule is for the engine {item.rule.spec.name!r}, and chip "
            f"{chip.name!r} has {spec.name!r}; allowed: LearningRule(..., "
            "spec=chip.core.learning)."
        )
    if item.rule.dd is not None:
        raise ImageError(
            f"{owner}: dd = {item.rule.dd!r}; allowed in an image: rules of weights and tags, "
            "since it is not known when a learned delay acts. Leave it out."
        )
    if spec.trace_per_synapse and item.rule.given:
        raise ImageError(
            f"{owner}: the rule uses {item.rule.given[0]}, which has no Trace; the engine "
            f"{spec.name!r} has no given traces. Pass {item.rule.given[0]}=Trace(impulse, tau)."
        )


def _check_start(
    owner: str, item: Plasticity, group: SynapseGroup, spec: LearningSpec, chip: ChipSpec
) -> None:
    """Check mantissas, tags and numbers before the first step."""
    form, n = group.format, group.n_synapses
    mode = form.sign_mode.name.lower()
    (low, high), (least, most) = (
        spec.limits(form.sign_mode),
        mantissa_range(form.sign_mode, chip.core),
    )
    if low < least or high > most:
        raise ImageError(
            f"{owner}: the engine {spec.name!r} learns {mode} weights of {low} to {high}, and a "
            f"mantissa holds {least} to {most}; allowed: limits within that. Use "
            f"chip.what_if(learning=dataclasses.replace(chip.core.learning, {mode}_limits="
            f"({max(low, least)}, {min(high, most)})))."
        )
    if form.weight_bits == 0:
        raise ImageError(f"{owner}: weight_bits = 0; allowed for learning: at least 1.")
    check_within(owner, "mantissa", group.mantissa, low, high)
    step = spec.weight_step(form.low_bits(chip.core))
    wrong = group.mantissa[group.mantissa % step != 0]
    if wrong.size:
        raise ImageError(
            f"{owner}: a mantissa is {wrong[0]}; allowed: multiples of {step}, which "
            f"{form.weight_bits} bits, {mode}, store. Round the mantissas, or store more bits."
        )
    if item.tag.size:
        if spec.tag_limits is None:
            raise ImageError(
                f"{owner}: tag has {item.tag.size} values; the engine {spec.name!r} has no tags. "
                "Leave them out."
            )
        _check_length(owner, "tag", item.tag, n)
        check_within(owner, "tag", item.tag, *spec.tag_limits)
    _check_numbers(owner, "number", item.number, n)


def _check_length(owner: str, name: str, values: Any, n: int) -> None:
    if len(values) != n:
        raise ImageError(f"{owner}: {name} has {len(values)} values; allowed: {n}, or none.")


def _check_numbers(owner: str, name: str, values: Any, n: int) -> None:
    """Raise unless numbers are 0 to n - 1, each once, or none."""
    if not values.size:
        return
    _check_length(owner, name, values, n)
    check_within(owner, name, values, 0, n - 1)
    twice = np.flatnonzero(np.bincount(values, minlength=n) > 1)
    if twice.size:
        raise ImageError(f"{owner}: {name} holds {twice[0]} twice; allowed: each number once.")


def _check_spikes(owner: str, group: SynapseGroup, payloads: set[int]) -> None:
    """Raise if a spike that learns has a payload."""
    rows = np.flatnonzero(np.diff(group.indptr)) if group.source == "compartments" else np.empty(0)
    for side, ids in (("source", rows), ("target", np.unique(group.target))):
        found = [one for one in ids.tolist() if one in payloads]
        if found:
            raise ImageError(
                f"{owner}: {side} {found[0]} sends payloads, and what they would add to a trace is "
                "not known; allowed: neurons with binary spikes."
            )


def _check_cores(
    core_ptr: Int64Array, synapses: Sequence[SynapseGroup], learning: Learning, spec: LearningSpec
) -> None:
    """Check that all rules of a core have one epoch, and not too many pre-synaptic traces."""
    epochs: dict[int, tuple[int, LearningRule]] = {}
    traces: dict[int, set[Any]] = {}
    for index, item in enumerate(learning.groups):
        targets = np.unique(synapses[item.synapses].target)
        cores = np.unique(np.searchsorted(core_ptr, targets, side="right") - 1)
        own = {getattr(item.rule, name) for name in PRE} - {None}
        for core in cores.tolist():
            first, rule = epochs.setdefault(core, (index, item.rule))
            for name in ("epoch", "first_epoch"):
                here, there = getattr(item.rule, name), getattr(rule, name)
                if here != there:
                    raise ImageError(
                        f"plasticity {index}: {name} = {here} on core {core}, where plasticity "
                        f"{first} has {there}; allowed: one {name} a core."
                    )
            held = traces.setdefault(core, set())
            held |= own
            if spec.pre_traces is not None and len(held) > spec.pre_traces:
                raise ImageError(
                    f"plasticity {index}: core {core} has {len(held)} different pre-synaptic "
                    f"traces; allowed: {spec.pre_traces}. Give connections the same x1 or x2, or "
                    "place their targets on different cores."
                )


def _check_given(
    owner: str, given: GivenTrace, synapses: Sequence[SynapseGroup], learning: Learning
) -> None:
    if given.group >= len(learning.groups):
        raise ImageError(
            f"{owner}: group = {given.group}; allowed: 0 to {len(learning.groups) - 1}, the groups "
            "of learning."
        )
    item = learning.groups[given.group]
    if item.rule.spec.trace_per_synapse:
        raise ImageError(
            f"{owner}: {given.variable} of plasticity {given.group}; the engine "
            f"{item.rule.spec.name!r} has no given traces. Leave it out."
        )
    free = item.rule.writable
    if given.variable not in free:
        raise ImageError(
            f"{owner}: variable = {given.variable!r}, of which plasticity {given.group} has a "
            f"Trace; allowed: {', '.join(map(repr, free)) or 'none'}."
        )
    if (np.diff(given.steps, prepend=-1) <= 0).any():
        raise ImageError(
            f"{owner}: steps = {shown(given.steps.tolist())}; allowed: rising from at least 0."
        )
    n_targets = len(np.unique(synapses[item.synapses].target))
    shape = (len(given.steps), n_targets)
    if given.values.shape not in (shape[:1], shape):
        raise ImageError(
            f"{owner}: values have shape {given.values.shape}; allowed: {shape[:1]} or {shape}, a "
            "column for each target."
        )
    check_within(owner, "value", given.values, *GIVEN_LIMITS)


def _check_once(rewards: Sequence[GivenTrace]) -> None:
    seen: dict[tuple[int, str], int] = {}
    for index, given in enumerate(rewards):
        key = (given.group, given.variable)
        if key in seen:
            raise ImageError(
                f"given trace {index}: {given.variable} of plasticity {given.group} has given "
                f"trace {seen[key]} already; allowed: one."
            )
        seen[key] = index
