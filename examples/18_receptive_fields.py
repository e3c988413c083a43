"""Receptive fields by STDP, on chips whose weights have 8 bits and fewer.

Question: neurons that inhibit each other learn patterns of Poisson input. How many bits must a
weight have?
Answer: 8 suffice: each neuron prefers one pattern nearly as clearly as in float. With few bits a
pair of spikes changes a weight by a fraction of a step, so a draw decides each change, and its
noise stays one step large while steps get coarser: 4 bits blur what is learned, 2 learn nothing.

    python examples/18_receptive_fields.py
"""

from __future__ import annotations

import argparse
import dataclasses
import textwrap

import numpy as np

from neurochip import (
    LIF,
    LOIHI,
    STDP,
    ChipSpec,
    Network,
    Population,
    SpikeInput,
    Uniform,
    all_to_all,
    attribute_learning,
    compare_learning,
    compile_network,
    draw_stimulus,
)

DURATION, WINDOW = 20_000.0, 25.0  # ms, in all and of a pattern
PATTERNS, INPUTS = 4, 64
GROUP = np.arange(INPUTS) // (INPUTS // PATTERNS)
FIELDS = "retina->cells"


def network() -> Network:
    """Return four neurons that inhibit each other, and whose 64 inputs learn."""
    rng = np.random.default_rng(1)
    shown = rng.integers(0, PATTERNS, int(DURATION / WINDOW))
    rate = np.where(shown[:, None] == GROUP, 80.0, 4.0).repeat(int(WINDOW), axis=0)  # Hz
    step, source = np.nonzero(rng.random(rate.shape) < rate / 1000.0)
    retina = SpikeInput("retina", INPUTS, source, step + 0.5)
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-70.0, v_thresh=-50.0, tau_refrac=5.0)
    cells = Population("cells", PATTERNS, lif)
    rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.06, a_minus=0.075, w_max=4.0)
    links = [
        all_to_all(retina, cells, weight=Uniform(1.5, 2.5), seed=2, plasticity=rule),
        all_to_all(cells, cells, weight=-40.0, delay=1.0),
    ]
    return Network(inputs=[retina], populations=[cells], connections=links)


def chip_of(bits: int) -> ChipSpec:
    """Return the chip with fewer bits in a weight, and a learning engine to match."""
    assert LOIHI.core.learning is not None
    engine = dataclasses.replace(LOIHI.core.learning, excitatory_limits=(0, (1 << bits) - 1))
    return LOIHI.what_if(name=f"{bits} bits", weight_mantissa_bits=bits, learning=engine)


def contrast(weights: np.ndarray) -> float:
    """Return by how much the favourite pattern of a neuron outweighs the others, on average."""
    field = np.array(
        [weights.reshape(INPUTS, -1)[g == GROUP].mean(axis=0) for g in range(PATTERNS)]
    )
    others = (field.sum(axis=0) - field.max(axis=0)) / (PATTERNS - 1)
    return float(np.mean(field.max(axis=0) / others))


def main() -> None:
    """Print what chips of 8 to 2 bits learn, and where the error of the first and last is from."""
    argparse.ArgumentParser(description="Receptive fields by STDP with few bits.").parse_args()
    learning = network()
    stimulus = draw_stimulus(learning, DURATION, seed=1)
    print("bits   a pair (steps)   contrast   in float   same strongest weights")
    answers = {}
    for bits in (8, 6, 4, 2):
        image = compile_network(learning, chip_of(bits), 1.0)
        found = compare_learning(learning, image, stimulus).connection(FIELDS)
        chip = np.mean([contrast(weights) for weights in found.chip])
        print(
            f"{bits:<7}{0.06 / found.step:<17.2f}{chip:<11.1f}{contrast(found.reference):<11.1f}"
            f"{100 * found.closed_loop.overlap:.0f} %"
        )
        if bits in (8, 2):
            split = attribute_learning(learning, stimulus, image=image, seeds=4)
            answers[bits] = split.answers[FIELDS]
    for bits, answer in answers.items():
        print(textwrap.fill(f"{bits} bits: {answer}", 100))


if __name__ == "__main__":
    main()
