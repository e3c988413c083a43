"""STDP in float64 with given spikes, written from its definition: sums over all earlier spikes.

A synapse learns alone, so this is a loop over synapses. It shares no code with the reference: a
trace is the sum of ``exp(-m dt / tau)`` over all spikes so far, m steps old, computed anew for each
change.
"""

from __future__ import annotations

import numpy as np

from neurochip import STDP

__all__ = ["learned_weights"]


def learned_weights(
    rule: STDP, dt, n_steps, weight, arrivals, spikes, *, post=0, at_once=False
) -> list[float]:
    """Return the weight of a synapse after each step.

    Parameters
    ----------
    rule : STDP
    dt : float, ms
    n_steps : int
    weight : float
        Weight at the beginning.
    arrivals, spikes : iterable of int
        Steps in which presynaptic spikes arrive (any may repeat), and of postsynaptic spikes.
    post : int
        Neuron of the target, for its reward.
    at_once : bool
        The order of the chip: every step changes the weight once, from the values before it.
    """
    w, e, seen, weights = weight, 0.0, ([], []), []
    triplet = rule.triplet

    def trace(side: int, tau: float, step: int) -> float:
        return sum(np.exp(-(step - s) * dt / tau) for s in seen[side])

    def clip(value: float) -> float:
        return min(max(value, 0.0), rule.w_max)

    def down(w: float, step: int) -> float:
        amount = rule.a_minus
        if triplet:
            amount += triplet.a3_minus * trace(0, triplet.tau_x, step)
        factor = w / rule.w_max if rule.bounds == "soft" else 1.0
        return (rule.a_pre - amount * trace(1, rule.tau_minus, step)) * factor

    def up(w: float, step: int) -> float:
        amount = rule.a_plus
        if triplet:
            amount += triplet.a3_plus * trace(1, triplet.tau_y, step)
        factor = (rule.w_max - w) / rule.w_max if rule.bounds == "soft" else 1.0
        return amount * trace(0, rule.tau_plus, step) * factor

    arrivals, spikes = list(arrivals), set(spikes)
    for step in range(n_steps):
        before, change = w, 0.0
        if rule.reward and step % round(rule.reward.interval / dt) == 0:
            w = clip(w + e * _reward(rule, dt, step, post))
            e *= np.exp(-rule.reward.interval / rule.reward.tau_eligibility)
        for _ in range(arrivals.count(step)):
            moved = down(before if at_once else w, step)
            seen[0].append(step)
            if rule.reward:
                e += moved
            elif at_once:
                change += moved
            else:
                w = clip(w + moved)
        if step in spikes:
            moved = up(before if at_once else w, step)
            seen[1].append(step)
            if rule.reward:
                e += moved
            elif at_once:
                change += moved
            else:
                w = clip(w + moved)
        if at_once and not rule.reward:
            w = clip(before + change)
        weights.append(w)
    return weights


def _reward(rule: STDP, dt: float, step: int, post: int) -> float:
    reward = rule.reward.reward
    value = 0.0
    for time, values in zip(reward.times, reward.values, strict=True):
        if time <= step * dt + 1e-9 * dt:
            value = np.atleast_1d(values)[post if np.ndim(values) else 0]
    return float(value)
