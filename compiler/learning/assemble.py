"""Assemble the part of an image that learns; its numbers do not depend on the placement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurochip.image import GivenTrace, Learning, Plasticity, SynapseGroup
from neurochip.typing import Int32Array

from ..placement.place import Placement
from ..translation import Translation
from .plastic import PlasticRegisters
from .rewards import REWARD

__all__ = ["assemble_learning", "reward_lsb"]


def assemble_learning(
    translation: Translation,
    placement: Placement,
    groups: Sequence[SynapseGroup],
    orders: Mapping[str, tuple[int, Any]],
) -> Learning | None:
    """Return what learns in an image, or None.

    ``orders`` has, for each connection, the index of its group, and the positions in the connection
    of the synapses of the group.
    """
    if not translation.plastic:
        return None
    plastic: list[Plasticity] = []
    rewards: list[GivenTrace] = []
    for name, item in translation.plastic.items():
        index, order = orders[name]
        numbers = np.arange(item.connection.n_synapses, dtype=np.int32)[order]
        if item.reward is not None:
            values = item.reward.values
            if values.ndim > 1:
                neurons = _neurons(placement.compartment_ids(item.connection.target))
                values = values[:, neurons[np.unique(groups[index].target)]]
            rewards.append(GivenTrace(len(plastic), REWARD, item.reward.steps, values))
        plastic.append(Plasticity(index, item.rule, number=numbers))
    return Learning(
        groups=tuple(plastic),
        numbers=_numbers(translation, placement),
        rewards=tuple(rewards),
    )


def reward_lsb(item: PlasticRegisters | None) -> float | None:
    """Return the reward of one step of its given trace, or None without a reward."""
    return None if item is None or item.reward is None else item.reward.reward_step


def _neurons(compartments: Int32Array) -> Int32Array:
    """Return the neuron of each compartment of a population, by the number of the compartment."""
    found = np.zeros(int(compartments.max()) + 1, dtype=np.int32)
    found[compartments] = np.arange(len(compartments), dtype=np.int32)
    return found


def _numbers(translation: Translation, placement: Placement) -> Int32Array:
    """Return the number of each compartment: neurons in the order of the network, then children."""
    populations = translation.network.populations
    parts = [placement.compartment_ids(item) for item in populations]
    parts += [placement.child_ids(item) for item in populations]
    at = np.concatenate(parts)
    numbers = np.empty(len(at), dtype=np.int32)
    numbers[at] = np.arange(len(at), dtype=np.int32)
    return numbers
