"""STDP in float64 by plain loops, for tests: as Brian2 runs it, and as a chip sums products."""

from __future__ import annotations

import numpy as np

from compiler.learning.plastic import time_constants
from compiler.learning.products import products_of


def learn_by_events(stdp, pre, post, start, dt, delay=0):
    """Return the weights after spikes of both sides (steps, neurons), one event at a time.

    A presynaptic spike arrives ``delay`` steps after it was sent.
    """
    n_steps, (n_pre, n_post) = len(pre), start.shape
    w = start.copy()
    x, x2, y, y2 = (np.zeros(n) for n in (n_pre, n_pre, n_post, n_post))
    e = np.zeros_like(w)
    slow = stdp.triplet
    keep = [np.exp(-dt / tau) for tau in (stdp.tau_plus, stdp.tau_minus)]
    keep += [np.exp(-dt / tau) for tau in ((slow.tau_x, slow.tau_y) if slow else (1.0, 1.0))]
    a3 = (slow.a3_plus, slow.a3_minus) if slow else (0.0, 0.0)
    learned = w if stdp.reward is None else e

    def change(where, amount, room):
        if stdp.bounds == "soft":
            amount = amount * (stdp.w_max - w[where] if room else w[where]) / stdp.w_max
        learned[where] += amount
        if stdp.reward is None:
            np.clip(w, 0.0, stdp.w_max, out=w)

    rewards = None if stdp.reward is None else reward_by_step(stdp, n_steps, n_post, dt)
    for n in range(n_steps):
        x, y, x2, y2 = (each * k for each, k in zip((x, y, x2, y2), keep, strict=True))
        if stdp.reward is not None and n % round(stdp.reward.interval / dt) == 0:
            np.clip(w + e * rewards[n], 0.0, stdp.w_max, out=w)
            e *= np.exp(-stdp.reward.interval / stdp.reward.tau_eligibility)
        for i in np.flatnonzero(pre[n - delay]) if n >= delay else ():
            change(np.s_[i, :], stdp.a_pre - y * (stdp.a_minus + a3[1] * x2[i]), room=False)
            x[i], x2[i] = x[i] + 1, x2[i] + 1
        for j in np.flatnonzero(post[n]):
            change(np.s_[:, j], x * (stdp.a_plus + a3[0] * y2[j]), room=True)
            y[j], y2[j] = y[j] + 1, y2[j] + 1
    return w


def learn_by_products(stdp, pre, post, start, dt, late=0):
    """Return the weights if the products of each step are summed, as a chip does."""
    w, e = start.copy(), np.zeros_like(start)
    sides = {"x": pre, "y": post}
    taus = time_constants(stdp)
    traces = {name: np.zeros(sides[name[0]].shape[1]) for name in taus}
    rewards = None if stdp.reward is None else reward_by_step(stdp, len(pre), start.shape[1], dt)
    products = products_of(stdp, late * dt)
    for n in range(len(pre)):
        for name, tau in taus.items():
            traces[name] *= np.exp(-dt / tau) if tau else 0.0
            traces[name] += sides[name[0]][n]
        change = np.zeros_like(w)
        for item in products:
            factor = np.full_like(w, item.size)
            for name in item.traces:
                own = traces[name] - (sides[name[0]][n] if name == item.second else 0.0)
                factor *= own[:, None] if name[0] == "x" else own[None, :]
            spikes = sides[item.event[0]][n].astype(float)
            factor *= spikes[:, None] if item.event == "x0" else spikes[None, :]
            soft = {"": 1.0, "w": w / stdp.w_max, "room": (stdp.w_max - w) / stdp.w_max}
            change += factor * soft[item.soft]
        if stdp.reward is None:
            w = np.clip(w + change, 0.0, stdp.w_max)
            continue
        lost = 0.0
        if n % round(stdp.reward.interval / dt) == 0:
            w = np.clip(w + e * rewards[n], 0.0, stdp.w_max)
            lost = -np.expm1(-stdp.reward.interval / stdp.reward.tau_eligibility) * e
        e = e + change - lost
    return w


def reward_by_step(stdp, n_steps, n_post, dt):
    """Return the reward of each step for each target neuron."""
    reward = stdp.reward.reward
    values = np.zeros((n_steps, n_post))
    for step, value in zip(reward.steps(dt), reward.values, strict=True):
        values[step:] = value
    return values
