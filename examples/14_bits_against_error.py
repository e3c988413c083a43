"""Rate error against weight bits, with bands over seeds.

Question: how many weight bits does a network need?
Answer: a sweep shows it. With spread weights the rate error of a neuron roughly halves with each
additional bit, from 13 % with one bit to 0.1 % with eight. With equal weights the number of bits
has no effect: the compiler scales the single value so that a register holds it almost exactly. A
benchmark with equal weights therefore says nothing about weight resolution.

    python examples/14_bits_against_error.py [figure.png]
"""

from __future__ import annotations

import argparse

from neurochip import (
    LIF,
    Network,
    Normal,
    PoissonInput,
    Population,
    bands,
    fixed_indegree,
    new_figure,
    plot_sweep,
    sweep,
)

BITS = "core.weight_mantissa_bits"
ERROR = "mean_absolute_error"


def network(weights: str) -> Network:
    """Return 100 neurons, each with 100 sources of 20 Hz; weights spread by 50 %, or equal."""
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source, cells = PoissonInput("source", 200, rate=20.0), Population("cells", 100, lif)
    weight = Normal(1.1, 0.55, low=0.0, high=3.0) if weights == "spread" else 1.1  # mV
    synapses = fixed_indegree(source, cells, 100, weight=weight, seed=1)
    return Network(inputs=[source], populations=[cells], connections=[synapses])


def main(path: str | None) -> None:
    """Print medians and bands; draw them if a path is given."""
    done = sweep(
        network,
        {"weights": ["spread", "equal"], BITS: range(1, 9), "seed": range(8)},
        duration=1000.0,
        dt=1.0,
        workers=1,  # 128 points take seconds; the default is one worker per processor
    )
    curves = bands(done, BITS, ERROR, by="weights")
    print("rate error of a neuron, median of 8 seeds (10 to 90 %)")
    print("bits  spread weights            equal weights")
    for i, bits in enumerate(curves[0].x):
        cells = [
            f"{100 * c.middle[i]:5.2f} % ({100 * c.low[i]:5.2f} to {100 * c.high[i]:5.2f} %)"
            for c in curves
        ]
        print(f"{bits:4}  {cells[0]}  {cells[1]}")
    if path is not None:
        figure = new_figure()
        plot_sweep(figure.subplots(), done, BITS, ERROR, by="weights")
        figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", nargs="?")
    main(parser.parse_args().figure)
