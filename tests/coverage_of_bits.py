"""How often the intervals and the claims of ``bits`` hold in a recurrent network.

    python tests/coverage_of_bits.py

Runs many seeds, takes them in groups of eight as one study each, and prints the table of
docs/reference/testing.md. The true difference is that over all seeds; the claim of equality is
tested with this difference as the tolerance, where it may be made in 5 % of the studies.
"""

from __future__ import annotations

import argparse

import numpy as np
from coverage_of_intervals import recurrent

from neurochip import Conclusion, sweep
from neurochip.precision.decide import Rates, judge

BITS = "core.weight_mantissa_bits"
SEEDS = 8


def studies(rows: list[dict[str, float]]) -> list[Rates]:
    """Return the rates of each group of eight seeds."""
    groups = [rows[first : first + SEEDS] for first in range(0, len(rows) - SEEDS + 1, SEEDS)]
    return [
        Rates(
            np.array([row["reference_rate"] for row in group]),
            np.array([row["chip_rate"] for row in group]),
            int(sum(row["reference_spikes"] for row in group)),
            0.0,
        )
        for group in groups
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--studies", type=int, default=500)
    seeds = range(SEEDS * parser.parse_args().studies)
    axes = {BITS: [1, 2, 3], "seed": seeds}
    found = sweep(recurrent(), axes, duration=500.0, dt=1.0, workers=1)
    print("| bits | population | true difference | 90 % interval holds it | called equal |")
    print("|---|---|---|---|---|")
    for bits in axes[BITS]:
        for name in found.populations:
            rows = [row for row in found.rows if row[BITS] == bits and row["population"] == name]
            means = [
                np.mean([row[side] for row in rows]) for side in ("reference_rate", "chip_rate")
            ]
            truth = means[1] / means[0] - 1
            results = [judge(bits, name, item, abs(truth), 1) for item in studies(rows)]
            held = np.mean([item.interval[0] <= truth <= item.interval[1] for item in results])
            equal = np.mean([item.conclusion is Conclusion.EQUAL for item in results])
            shares = f"{100 * held:.1f} % | {100 * equal:.1f} %"
            print(f"| {bits} | {name} | {100 * truth:+.2f} % | {shares} |")


if __name__ == "__main__":
    main()
