"""Compare the reference and the chip with the networks recorded in NEST, and print a table.

    python tests/against_nest/compare.py

For each network: the spikes of NEST, the spikes of the reference that are not in the same step of
the same neuron, the largest difference of v in mV, and how much the rate of the chip differs, or
its v if there are no spikes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from recorded import Case, case_paths, load_case

from compiler import compile_network
from neurochip import Recording
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference

__all__ = ["chip_of", "reference_of", "spikes_apart"]


def reference_of(case: Case) -> Recording:
    """Run the network of a case in float64."""
    return simulate_reference(case.network, case.stimulus, case.dt, record="v")


def chip_of(case: Case) -> Recording:
    """Run the network of a case on the chip, with the options that users get without asking."""
    image = compile_network(case.network, dt=case.dt)
    return Emulator(image, progress=False).run(case.stimulus, record="v")


def spikes_apart(spikes: Mapping[str, tuple[Any, Any]], run: Recording) -> int:
    """Return how many spikes have no partner in a run, or the other way round.

    ``spikes`` are the steps and neurons of populations, by name.
    """
    apart = 0
    for name, recorded in spikes.items():
        ours = {*zip(run.steps[name].tolist(), run.ids[name].tolist(), strict=True)}
        theirs = {*zip(*(column.tolist() for column in recorded), strict=True)}
        apart += len(ours ^ theirs)
    return apart


def furthest_v(case: Case, run: Recording) -> float:
    """Return the largest difference of v in mV."""
    apart = [
        np.abs(run.trace(name).values[: len(v), : v.shape[1]] - v).max()
        for name, v in case.v.items()
    ]
    return float(max(apart))


def main() -> None:
    """Print the table."""
    sys.stdout.write("network                          NEST  reference        v       chip\n")
    for path in case_paths("against_nest"):
        case = load_case(path)
        reference, chip = reference_of(case), chip_of(case)
        n_spikes = sum(len(ids) for _, ids in case.spikes.values())
        if n_spikes:
            difference = f"{chip.n_spikes / n_spikes - 1:+.2%}"
        else:
            difference = f"{furthest_v(case, chip):.3f} mV"
        sys.stdout.write(
            f"{case.name:31} {n_spikes:5}  {spikes_apart(case.spikes, reference):9}  "
            f"{furthest_v(case, reference):.0e}  {difference:>8}\n"
        )


if __name__ == "__main__":
    main()
