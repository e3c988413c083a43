"""Measure how often a run of the chip that stands for float is taken for another than the chip.

    python tests/coverage_of_learning.py [seeds]

Each seed of a network in turn stands for float, and eight others for the chip: they learn the same
by construction, so "other weights" is a false claim. The networks: independent neurons, and neurons
that compete for patterns (example 18), whose weights are few courses of one chaos.
"""

from __future__ import annotations

import collections
import runpy
import sys
from pathlib import Path

import numpy as np
from plastic_networks import NAME, driven

import neurochip as nc
from neurochip.learned.metrics import weight_error

_CHIP = 8


def claims(network: nc.Network, name: str, duration: float, seeds: int) -> collections.Counter:
    """Return how often each answer comes."""
    image = nc.compile_network(network, dt=1.0)
    stimulus = nc.draw_stimulus(network, duration, seed=1)
    learned = nc.compare_learning(network, image, stimulus, seeds=seeds).connection(name)
    post = next(item.post for item in network.connections if item.name == name)
    found: collections.Counter = collections.Counter()
    for one in range(seeds):
        others = [(one + 1 + k) % seeds for k in range(_CHIP)]
        error = weight_error(
            learned.chip[one], learned.chip[others], np.zeros(len(post)), learned.top, post
        )
        found[{True: "same", False: "other", None: "undecided"}[error.within_spread]] += 1
    return found


def main(seeds: int) -> None:
    """Print the answers of both networks."""
    example = Path(__file__).parents[1] / "examples" / "18_receptive_fields.py"
    fields = runpy.run_path(str(example))
    for network, name, duration in (
        (driven(), NAME, 2000.0),
        (fields["network"](), fields["FIELDS"], fields["DURATION"]),
    ):
        print(name, dict(claims(network, name, duration, seeds)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 48)
