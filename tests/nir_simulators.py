"""Outputs of other simulators against the float reference, on their own graphs.

    python tests/nir_simulators.py FOLDER

prints the table of docs/reference/nir.md for a folder with the graphs (``NAME.nir``) and the inputs
and outputs of their simulators (``RECORD.npz``: ``x`` of shape (steps, inputs), and one array for
each simulator).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurochip import Recording, Stimulus, read_nir, simulate_reference
from neurochip.frontends.nir import NirModel

DT = 1e-4  # s; the graphs without a leak have no step, so any will do
SUBTRACT = {"reset": "subtract"}
SINABS = {**SUBTRACT, "spikes_per_step": "many", "v_min": "-v_threshold", "convention": "sinabs"}
HEADER = ("graph", "input", "simulator", "arguments", "outputs", "different")


class Case(NamedTuple):
    """A graph, a recorded input, a simulator and the arguments of read_nir that it needs."""

    graph: str
    record: str
    simulator: str
    arguments: Mapping[str, Any]
    different: int  # outputs that differ, out of all neurons and steps


def _all() -> list[Case]:
    cases = []
    conv, braille = "89e0a61_scnn_mnist", "90a7fbb_braille_noDelay_noBias_subtract"
    for graph, digit in ((conv, "d1"), (conv, "d7"), ("a031194_10", "d1")):
        record = f"{graph}_{digit}"
        cases += [
            Case(graph, record, "norse", {"reset": "value"}, 0),
            Case(graph, record, "nirsim", {"reset": "value"}, 0),
            Case(graph, record, "nirsim_sub", SUBTRACT, 0),
            Case(graph, record, "sinabs", SINABS, 13 if (graph, digit) == (conv, "d1") else 0),
        ]
    late = {"reset_delay": {"lif1.lif": True}}
    cases += [
        Case(braille, braille, "norse", {"reset": "value"}, 0),
        Case(braille, braille, "nirsim", {"reset": "value"}, 0),
        Case(braille, braille, "nirsim_sub", SUBTRACT, 0),
        Case(braille, braille, "snntorch_zero", {"reset": "value", **late}, 0),
        Case(braille, braille, "snntorch_subtract", {**SUBTRACT, **late}, 10),
    ]
    return cases + SNNTORCH


def _snntorch() -> list[Case]:
    value, delay = {"reset": "value"}, {"reset_delay": True}
    rows = {
        "leaky_zero_nodelay": (value, 0),
        "leaky_zero_delay": (value, 0),
        "leaky_subtract_nodelay": (SUBTRACT, 17),
        "leaky_subtract_delay": ({**SUBTRACT, **delay}, 0),
        "syn_zero_nodelay": (value, 0),
        "syn_zero_delay": ({**value, **delay}, 0),
        "syn_subtract_nodelay": (SUBTRACT, 8),
        "syn_subtract_delay": ({**SUBTRACT, **delay}, 0),
    }
    return [
        Case(f"snntorch_{name}", f"snntorch_{name}", "snntorch", arguments, different)
        for name, (arguments, different) in rows.items()
    ]


SNNTORCH = _snntorch()
"""The exports of snnTorch 1.0.0, whose numbers are also in tests/frontends/snntorch.npz."""

CASES = _all()


def outputs(
    model: NirModel, counts: Any, run: Callable[[Stimulus], Recording] | None = None
) -> np.ndarray:
    """Return the output spikes of each step, shape (steps, size), as the simulator counts steps."""
    (name,) = model.outputs
    later = model.depths[name]
    padded = np.concatenate([counts, np.zeros((later, *counts.shape[1:]), dtype=int)])
    stimulus = model.stimulus(padded)
    if run is None:
        recording = simulate_reference(model.network, stimulus, model.dt)
    else:
        recording = run(stimulus)
    found = np.zeros((len(padded), math.prod(model.shapes[name])), dtype=int)
    found[recording.steps[name], recording.ids[name]] = recording.payloads.get(name, 1)
    return found[later:]


def different(case: Case, path: Path, stored: Mapping[str, Any]) -> tuple[int, int]:
    """Return the number of outputs, and of those that differ from the simulator."""
    found = outputs(read_nir(path, DT, **case.arguments), stored["x"])
    wanted = stored[case.simulator].reshape(found.shape)
    return found.size, int(np.count_nonzero(found != wanted))


def table(folder: Path) -> list[str]:
    """Return the lines of the table."""
    lines = [f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|"]
    for case in CASES:
        path, stored = folder / f"{case.graph}.nir", np.load(folder / f"{case.record}.npz")
        total, wrong = different(case, path, stored)
        asked = ", ".join(f"{name}={value!r}" for name, value in case.arguments.items())
        cells = (case.graph, case.record.removeprefix(f"{case.graph}_"), case.simulator)
        cells = tuple("" if k == 1 and c == case.graph else c for k, c in enumerate(cells))
        lines.append(f"| {' | '.join((*cells, f'`{asked}`', f'{total:,}', str(wrong)))} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table(Path(sys.argv[1]))))
