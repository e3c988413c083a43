"""Learned weights, tags and traces in a running emulator that goes on with another image."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import EmulatorError
from ...image import ChipImage
from ...learning.layout import Side
from ...learning.terms import GIVEN_LIMITS, POST, PRE, Factor
from ..connections import group_names, in_units, mantissas_of
from .plastic import PlasticGroup
from .position import Position

__all__ = ["Groups", "transfer_learned"]

Groups = tuple[tuple[PlasticGroup, ...], tuple[PlasticGroup, ...]]


def transfer_learned(
    old: Position, new: Position, images: tuple[ChipImage, ChipImage], groups: Groups
) -> None:
    """Take over what each connection has learned that learns in both images.

    Weights and tags keep their values in the units of the connection if both images begin with the
    same weights; otherwise they are those of the new image. Traces and the spikes of an epoch that
    has begun go on where both rules have the same traces and epoch; otherwise they begin at 0.
    Rewards that the host has set keep their values in the units of the connection. Without such
    units tags and rewards keep their integers.

    Parameters
    ----------
    old, new : Position
        Positions of both engines; the new one is changed.
    images, groups : tuple
        Both images, and their groups that learn.

    Raises
    ------
    EmulatorError
        If a connection learns in one image only, its synapses are others, or a learned weight, a
        tag or a reward that was set is beyond the limits of its new rule.
    """
    before, after = (group_names(image) for image in images)
    changed = sorted(set(before) ^ set(after))
    if changed:
        raise EmulatorError(
            f"emulator: the image cannot go on from here: connection {changed[0]!r} learns in one "
            "of the two images only; allowed: the same connections. A rule that changes nothing "
            "keeps its weights."
        )
    for index, name in enumerate(after):
        number = before.index(name)
        was, is_ = groups[0][number], groups[1][index]
        _check(name, was, is_)
        learned, now = old.learned[number], new.learned[index]
        starts, steps = (
            [
                in_units(image, k, values(group))
                for image, k, group in ((images[0], number, was), (images[1], index, is_))
            ]
            for values in (_start, _one)
        )
        if (np.abs(starts[0] - starts[1]) <= np.maximum(*steps)).all():
            weights = in_units(images[0], number, was.values(learned, "w"))
            is_.write(now, "w", mantissas_of(images[1], index, weights))
            if now.tag.size:
                tags = was.values(learned, "t") * _ratio(_tag_step, images, (number, index))
                what, remedy = f"a tag of connection {name!r}", "Let it decay first."
                is_.write(now, "t", _within(is_.item.rule.spec.tag_limits, tags, what, remedy))
        _take_traces(learned, now, was, is_)
        for variable in [variable for k, variable in old.overridden if k == number]:
            if variable in is_.item.rule.writable:
                step = _ratio(_reward_step, images, (number, index))
                _take_reward(learned, now, (was, is_), POST.index(variable), step, name)
                new.overridden |= {(index, variable)}


def _start(group: PlasticGroup) -> Any:
    """Return the mantissas before the first step."""
    return group.values(group.start, "w")


def _one(group: PlasticGroup) -> Any:
    """Return a mantissa of 1 for each synapse."""
    return np.ones(len(group.place), dtype=np.int64)


def _check(name: str, was: PlasticGroup, is_: PlasticGroup) -> None:
    """Raise unless two groups have the same synapses between the same neurons."""

    def ends(group: PlasticGroup) -> tuple[Any, Any]:
        sources, targets = group.ends
        return group.neurons[0][sources], group.neurons[1][targets]

    same = len(was.place) == len(is_.place) and all(
        np.array_equal(*each) for each in zip(ends(was), ends(is_), strict=True)
    )
    if not same:
        raise EmulatorError(
            f"emulator: the image cannot go on from here: connection {name!r} learns, and its "
            "synapses are others; allowed: the same synapses. Begin with learned_image()."
        )


def _reward_step(image: ChipImage, index: int) -> Any:
    """Return the reward of one step of its trace, or None if it has no units."""
    assert image.learning is not None
    assert image.symbols is not None
    return image.symbols.synapses[image.learning.groups[index].synapses].reward_lsb


def _tag_step(image: ChipImage, index: int) -> Any:
    """Return the change of each weight by one step of its tag and a reward of 1.

    None unless that is all that changes weights, and the reward has units.
    """
    assert image.learning is not None
    rule, step = image.learning.groups[index].rule, _reward_step(image, index)
    factors = {Factor("t"), *map(Factor, rule.given)}
    terms = rule.terms["w"]
    if step is None or any(len(term.factors) != 2 or {*term.factors} != factors for term in terms):
        return None
    values = {"t": 1.0, **dict.fromkeys(rule.given, 1.0 / step)}
    change = sum(term.real(values, rule.spec) for term in terms)
    n_synapses = image.synapses[image.learning.groups[index].synapses].n_synapses
    return in_units(image, index, np.ones(n_synapses)) * change if change else None


def _ratio(step_of: Any, images: tuple[ChipImage, ChipImage], numbers: tuple[int, int]) -> Any:
    """Return how many new steps one old step is; 1 if one of them has no units."""
    old, new = map(step_of, images, numbers)
    return 1.0 if old is None or new is None else old / new


def _within(limits: Any, values: Any, what: str, remedy: str) -> Any:
    """Return values as steps of a register, or raise if it cannot hold them."""
    low, high = limits
    steps = np.rint(values)
    if ((steps < low) | (steps > high)).any():
        worst = steps.min() if steps.min() < low else steps.max()
        raise EmulatorError(
            f"emulator: the image cannot go on from here: {what} would be {worst:g} steps of its "
            f"register; allowed: {low} to {high}. {remedy}"
        )
    return steps


def _take_reward(
    old: Any, new: Any, groups: tuple[PlasticGroup, PlasticGroup], row: int, ratio: float, name: str
) -> None:
    """Take over a reward that the host has set for good."""
    before, after = (_order(group.tables.learn.post) for group in groups)
    what, remedy = f"the reward of connection {name!r}", "Set a smaller one first."
    new.y[row, after] = _within(GIVEN_LIMITS, old.y[row, before] * ratio, what, remedy)


def _take_traces(old: Any, new: Any, was: PlasticGroup, is_: PlasticGroup) -> None:
    """Copy the traces that both rules have, and the spikes of an epoch that has begun."""
    rules = was.item.rule, is_.item.rule
    if rules[0].epoch != rules[1].epoch:
        return
    sides = ((PRE, "x", "pre"), (POST, "y", "post"))
    for names, values, side in sides:
        tables = [getattr(group.tables.learn, side) for group in (was, is_)]
        owners = _order(tables[0]), _order(tables[1])
        for row, name in enumerate(names):
            if getattr(rules[0], name) == getattr(rules[1], name):
                getattr(new, values)[row, owners[1]] = getattr(old, values)[row, owners[0]]
    # The neurons of both sides are in one order if the image numbers them alike.
    for which, side in enumerate(("pre", "post")):
        places = np.argsort(was.neurons[which]), np.argsort(is_.neurons[which])
        when, listed = getattr(new, f"{side}_when"), getattr(new, f"{side}_list")
        when[places[1]] = getattr(old, f"{side}_when")[places[0]]
        spiked = np.flatnonzero(when)
        listed[: len(spiked)] = spiked
        new.n_listed[which] = len(spiked)


def _order(side: Side) -> Any:
    """Return the owners of traces by number."""
    return np.argsort(side.number, kind="stable")
