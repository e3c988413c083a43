"""Learning by reward: each neuron learns the pattern for which it is rewarded.

Question: pairs of spikes only change an eligibility, and a reward turns it into weight. Do neurons
on the chip learn what the reward says?
Answer: they do, and the same as in float within the spread between seeds. Most of the error is the
rounding of weights, since a reward turns an eligibility into less than a weight step.

    python examples/19_reward.py
"""

from __future__ import annotations

import argparse
import textwrap

import numpy as np

from neurochip import (
    LIF,
    STDP,
    Network,
    Population,
    Reward,
    RewardModulation,
    SpikeInput,
    all_to_all,
    attribute_learning,
    compare_learning,
    compile_network,
    draw_stimulus,
)

DURATION, WINDOW = 12_800.0, 64.0  # ms, in all and of a pattern
PATTERNS, INPUTS = 3, 60
GROUP = np.arange(INPUTS) // (INPUTS // PATTERNS)
LEARNED = "inputs->cells"


def network() -> Network:
    """Return three neurons, each rewarded while its pattern is shown, and punished otherwise."""
    rng = np.random.default_rng(1)
    shown = rng.integers(0, PATTERNS, int(DURATION / WINDOW))
    rate = np.where(shown[:, None] == GROUP, 40.0, 5.0).repeat(int(WINDOW), axis=0)  # Hz
    step, source = np.nonzero(rng.random(rate.shape) < rate / 1000.0)
    inputs = SpikeInput("inputs", INPUTS, source, step + 0.5, expected_rate=40.0)
    lif = LIF(tau_m=20.0, v_rest=-70.0, v_reset=-70.0, v_thresh=-50.0, tau_refrac=5.0)
    cells = Population("cells", PATTERNS, lif)
    own = shown[:, None] == np.arange(PATTERNS)
    reward = RewardModulation(
        Reward(np.arange(len(shown)) * WINDOW, np.where(own, 1.0, -0.5)),
        tau_eligibility=50.0,
        interval=16.0,
    )
    rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.01, a_minus=0.0, w_max=2.0, reward=reward)
    link = all_to_all(inputs, cells, weight=1.0, plasticity=rule)
    return Network(inputs=[inputs], populations=[cells], connections=[link])


def field(weights: np.ndarray) -> np.ndarray:
    """Return the mean weight of each neuron (row) for each pattern (column)."""
    learned = weights.reshape(INPUTS, PATTERNS)
    return np.array([learned[pattern == GROUP].mean(axis=0) for pattern in range(PATTERNS)]).T


def main() -> None:
    """Print the weights of each neuron for each pattern, and where the error comes from."""
    argparse.ArgumentParser(description="Learning by reward on the chip.").parse_args()
    learning = network()
    image = compile_network(learning, dt=1.0)
    stimulus = draw_stimulus(learning, DURATION, seed=1)
    compared = compare_learning(learning, image, stimulus, seeds=4)
    found = compared.connection(LEARNED)
    sides = {"float": field(found.reference), "chip": field(found.chip.mean(axis=0))}
    print("mean weight in steps, of 255, for the patterns A, B and C")
    for side, weights in sides.items():
        for neuron, row in enumerate(weights):
            print(f"{side}, neuron {neuron}: " + ", ".join(f"{weight:.0f}" for weight in row))
    print(textwrap.fill(compared.answers[LEARNED], 100))
    split = attribute_learning(learning, stimulus, image=image, seeds=4)
    print(textwrap.fill(split.answers[LEARNED], 100))


if __name__ == "__main__":
    main()
