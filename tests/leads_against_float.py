"""The lead of a comparison against float runs in steps of 0.01 ms.

    python tests/leads_against_float.py

Prints the table of docs/reference/testing.md: the total error that the lead states, from a fine run
in steps of dt / 10, and the error against a float run in steps of 0.01 ms on the same input.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from neurochip import (
    LOIHI,
    Answer,
    ChipSpec,
    Network,
    Population,
    Verdict,
    judge,
    simulate_reference,
)
from neurochip.cli.demo import driven_network
from neurochip.stimulus import draw_stimulus

EXAMPLES = Path(__file__).parents[1] / "examples"
FINEST = 0.01  # ms
ALLEN_DURATION = 20_000.0  # ms, in which most cells fire 100 times


def example(name: str) -> ModuleType:
    """Return an example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def allen_cells() -> tuple[Network, ChipSpec]:
    """Return the cells that fire, each as a population of one, and a chip that holds them."""
    allen = example("12_allen_cells")
    cells = [cell for cell in allen.read_cells() if math.isfinite(cell.interval)]
    return Network(populations=[Population(cell.name, 1, cell.model) for cell in cells]), allen.WIDE


def errors(
    network: Network, chip: ChipSpec, dt: float, duration: float, **options: float
) -> Iterator[tuple[Answer, float, float]]:
    """Yield the answer for each population, and its true errors: the total and the time step."""
    judged = judge(network, chip, dt, duration=duration, seed=1, **options)
    finest = simulate_reference(network, draw_stimulus(network, duration, 1), FINEST)
    for answer in judged.comparison.answers:
        item = judged.comparison.population(answer.population)
        rate = float(finest.rates(answer.population).mean())
        yield answer, item.chip_rate / rate - 1, item.reference_rate / rate - 1


def cause(step: float, registers: float) -> str:
    """Return the larger part of an error."""
    return "time step" if abs(step) > abs(registers) else "registers"


def main() -> None:
    """Print the table."""
    print("| network | dt | lead | against 0.01 ms | reason in the lead | larger part |")
    print("|---|---|---|---|---|---|")
    networks = {
        "driven, 100 neurons": (driven_network(), (0.1, 0.25, 0.5, 1.0)),
        "recurrent, 1,000 neurons": (example("03_recurrent_network").describe(), (0.1, 0.5, 1.0)),
    }
    for name, (network, steps) in networks.items():
        for dt in steps:
            for answer, total, step in errors(network, LOIHI, dt, 1000.0):
                shown = f"{name}: {answer.population}" if len(network.populations) > 1 else name
                print(
                    f"| {shown} | {dt:g} ms | {100 * answer.total:+.1f} % | {100 * total:+.1f} % | "
                    f"{answer.reason} | {cause(step, total - step)} |"
                )
    network, chip = allen_cells()
    print()
    print("| Allen cells, dt | compared | largest total | largest deviation | same cause |")
    print("|---|---|---|---|---|")
    for dt in (0.1, 0.25, 0.5, 1.0):
        rows = errors(network, chip, dt, ALLEN_DURATION)
        found = [row for row in rows if row[0].verdict is Verdict.COMPARED]
        apart = max(abs(answer.total - total) for answer, total, _ in found)
        same = sum(
            cause(answer.time_step, answer.registers) == cause(step, total - step)
            for answer, total, step in found
        )
        largest = max(abs(total) for _, total, _ in found)
        print(
            f"| {dt:g} ms | {len(found)} | {100 * largest:.1f} % | {100 * apart:.2f} % | "
            f"{same} of {len(found)} |"
        )


if __name__ == "__main__":
    main()
