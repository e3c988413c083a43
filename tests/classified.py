"""A small classifier and its samples."""

from __future__ import annotations

import numpy as np

from neurochip import LIF, Network, PoissonInput, Population, SpikeInput, Stimulus, from_arrays

CHANNELS, CLASSES, STEPS = 12, 3, 30


def classifier(cell=None):
    """Each class has four channels of its own; weights of others are small and negative."""
    cell = LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_thresh=1.0) if cell is None else cell
    source, out = PoissonInput("in", CHANNELS, rate=50.0), Population("out", CLASSES, cell)
    pre, post = np.divmod(np.arange(CHANNELS * CLASSES), CLASSES)
    own = pre % CLASSES == post
    spread = np.random.default_rng(1).uniform(0.8, 1.2, len(pre))
    weights = np.where(own, 0.5, -0.3) * spread
    links = from_arrays(source, out, pre, post, weight=weights)
    return Network(inputs=[source], populations=[out], connections=[links])


def samples(number=60, seed=1):
    """Samples whose own channels spike twice as often, and their classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, number)
    rates = np.where(np.arange(CHANNELS) % CLASSES == labels[:, None], 0.16, 0.08)
    stimuli = []
    for rate in rates:
        step, who = np.nonzero(rng.random((STEPS, CHANNELS)) < rate)
        stimuli.append(Stimulus(float(STEPS), (SpikeInput("in", CHANNELS, who, step * 1.0),)))
    return stimuli, labels
