"""Repeat the recorded runs of other simulators, and print how many of their values differ.

    python tests/evidence.py

The table is that of README.md, which ``docs/refresh.py`` writes from :func:`evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from against_nest.compare import spikes_apart
from recorded import case_paths
from recorded import load_case as load_network

from neurochip import simulate_reference
from neurochip.conformance import (
    check_learning_case,
    check_program_case,
    load_case,
    load_learning_case,
    load_program_case,
    run_case,
)

__all__ = ["evidence"]

VECTORS = Path(__file__).parent / "conformance"
Count = tuple[int, int]  # values that were compared, and those that differ


def evidence() -> list[tuple[str, str, str]]:
    """Return the rows: what is compared, how much of it differs, and the command for it alone."""
    rows: list[tuple[str, str, Iterable[Count], str]] = [
        (
            "core: u, v and spikes of {} runs of Lava, nengo-loihi, Brian2Loihi",
            "values",
            map(_vector, _files("vectors")),
            "neurochip conformance tests/conformance/vectors",
        ),
        (
            "core: a published network of 4,500 neurons (Brian2Loihi)",
            "spikes",
            map(_published, _files("networks")),
            "neurochip conformance tests/conformance/networks",
        ),
        (
            "neuron programs: {} vectors of Lava, lava-dl and sinabs",
            "values",
            map(_counts(load_program_case, check_program_case), _files("programs")),
            "neurochip conformance tests/conformance/programs",
        ),
        (
            "on-chip learning: {} runs of Lava, Brian2Loihi, nengo-loihi",
            "values",
            map(_counts(load_learning_case, check_learning_case), _files("learning")),
            "neurochip conformance tests/conformance/learning",
        ),
        (
            "float64 reference: {} networks of Brian2",
            "spikes",
            map(_network, case_paths("brian2")),
            "pytest tests/unit/test_reference.py",
        ),
        (
            "float64 reference: {} networks of Brian2 that learn",
            "spikes",
            map(_network, case_paths("brian2/learning")),
            "pytest tests/unit/test_reference_learning.py",
        ),
        (
            "float64 reference: {} networks of NEST",
            "spikes",
            map(_network, case_paths("against_nest")),
            "pytest tests/integration/test_against_nest.py",
        ),
    ]
    table = []
    for subject, unit, counts, command in rows:
        compared, differing = zip(*counts, strict=True)
        different = f"{sum(differing):,} of {sum(compared):,} {unit}"
        table.append((subject.format(len(compared)), different, command))
    return table


def _files(folder: str) -> list[Path]:
    return sorted((VECTORS / folder).glob("*.npz"))


def _vector(path: Path) -> Count:
    case = load_case(path)
    run = run_case(case)
    wrong = spikes_apart({"compartments": (case.spike_step, case.spike_neuron)}, run)
    wrong += sum(
        np.count_nonzero(run.trace("compartments", name).values != values)
        for name, values in (("u", case.u), ("v", case.v))
    )
    return 3 * case.n_steps * case.n_neurons, wrong


def _published(path: Path) -> Count:
    case = load_case(path)
    spikes = {"compartments": (case.spike_step, case.spike_neuron)}
    return len(case.spike_step), spikes_apart(spikes, run_case(case, record=()))


def _counts(load: Callable, check: Callable) -> Callable[[Path], Count]:
    def count(path: Path) -> Count:
        found = check(load(path))
        return found.values, found.wrong

    return count


def _network(path: Path) -> Count:
    case = load_network(path)
    run = simulate_reference(case.network, case.stimulus, case.dt)
    return sum(len(ids) for _, ids in case.spikes.values()), spikes_apart(case.spikes, run)


if __name__ == "__main__":
    for subject, different, command in evidence():
        print(f"{subject}\n    {different} differ: {command}")
