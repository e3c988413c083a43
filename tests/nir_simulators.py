"""Outputs of other simulators against the float reference, on their own graphs.

    python tests/nir_simulators.py
    python tests/nir_simulators.py FOLDER

prints the tables of docs/reference/nir.md, of simulators and of chips: networks that
``record_simulators.py`` recorded, and with a folder also those whose graphs (``NAME.nir``), inputs
and outputs (``RECORD.npz``: ``x`` of shape (steps, inputs), and one array for each simulator) are
in it.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from simulator_vectors import unpack

from compiler import compile_network
from neurochip import (
    LOIHI,
    LOIHI2,
    Emulator,
    Recording,
    Stimulus,
    read_nir,
    simulate_reference,
    with_stimulus,
    write_nir,
)
from neurochip.frontends.nir import NirModel

DT = 1e-4  # s; the graphs without a leak have no step, so any will do
SUBTRACT = {"reset": "subtract"}
RAISE = {"reset": "subtract_and_raise"}  # snnTorch's reset_delay=False
VALUE = {"reset": "value"}
DELAYED = {"reset_delay": True}
MANY = {**SUBTRACT, "spikes_per_step": "many", "convention": "sinabs"}
CHIPS = (
    *("graph", "input", "arguments", "chip", "spikes in float64", "spikes on the chip"),
    *("different", "different with its registers"),
)
HEADER = ("graph", "input", "simulator", "dt and arguments", "outputs", "different")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Read graphs of sinabs, which counts time constants in steps, so that dt is 1 s."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="NIR: dt = 1 s is a long step")
        yield


class Case(NamedTuple):
    """A graph, a recorded input, a simulator and the arguments of read_nir that it needs."""

    graph: str
    record: str
    simulator: str
    arguments: Mapping[str, Any]
    different: int  # outputs that differ, out of all neurons and steps
    dt: float = DT
    why: str = ""  # what makes the difference

    def model(self, path: Path) -> NirModel:
        """Return the graph as read with the arguments."""
        with quiet():
            return read_nir(path, self.dt, **self.arguments)

    def found(self, path: Path, stored: Mapping[str, Any]) -> tuple[int, int]:
        """Return the number of outputs, and of those that differ from the simulator."""
        model = self.model(path)
        found = outputs(model, stored["x"]).reshape(len(stored["x"]), -1)
        wanted = stored[self.simulator].reshape(found.shape)
        return found.size, int(np.count_nonzero(found != wanted))


def _recorded() -> list[Case]:
    rows: dict[str, tuple[Mapping[str, Any], int, float]] = {
        "snntorch_leaky_zero_nodelay": (VALUE, 0, DT),
        "snntorch_leaky_zero_delay": (VALUE, 0, DT),
        "snntorch_leaky_subtract_nodelay": (RAISE, 0, DT),
        "snntorch_leaky_subtract_delay": ({**SUBTRACT, **DELAYED}, 0, DT),
        "snntorch_syn_zero_nodelay": (VALUE, 0, DT),
        "snntorch_syn_zero_delay": ({**VALUE, **DELAYED}, 0, DT),
        "snntorch_syn_subtract_nodelay": (RAISE, 0, DT),
        "snntorch_syn_subtract_delay": ({**SUBTRACT, **DELAYED}, 0, DT),
        "norse_lif": (VALUE, 0, 1e-6),
        "sinabs_iaf": (MANY, 0, DT),
        "sinabs_lif": (MANY, 0, 1.0),
    }
    return [
        Case(name, "", name.partition("_")[0], arguments, different, dt)
        for name, (arguments, different, dt) in rows.items()
    ]


_ROUNDED = 13, DT, " (one rounding of float32)"


def _published() -> list[Case]:
    cases = []
    conv, braille = "89e0a61_scnn_mnist", "90a7fbb_braille_noDelay_noBias_subtract"
    for graph, digit in ((conv, "d1"), (conv, "d7"), ("a031194_10", "d1")):
        own = {**MANY, "v_min": "-v_threshold"}
        cases += [
            Case(graph, digit, "norse", VALUE, 0),
            Case(graph, digit, "nirsim", VALUE, 0),
            Case(graph, digit, "nirsim_sub", SUBTRACT, 0),
            Case(
                graph, digit, "sinabs", own, *(_ROUNDED if (graph, digit) == (conv, "d1") else (0,))
            ),
        ]
    late = {"reset_delay": {"lif1.lif": True}}
    rows = {
        "norse": (VALUE, 0),
        "nirsim": (VALUE, 0),
        "nirsim_sub": (SUBTRACT, 0),
        "snntorch_zero": ({**VALUE, **late}, 0),
        "snntorch_subtract": ({**RAISE, **late}, 0),
    }
    return cases + [Case(braille, "", name, *row) for name, row in rows.items()]


RECORDED, PUBLISHED = _recorded(), _published()
"""Networks that are recorded in the repository, and those of a folder."""

EXPORTS = [case for case in RECORDED if case.simulator == "snntorch"]
"""Other networks of the same names in a folder, which are tested and not in the table."""


def outputs(
    model: NirModel, counts: Any, run: Callable[[Stimulus], Recording] | None = None
) -> np.ndarray:
    """Return the output spikes of each step, as the simulator counts steps."""
    (name,) = model.outputs
    later = np.zeros((model.depths[name], *counts.shape[1:]), dtype=int)
    stimulus = model.stimulus(np.concatenate([counts, later]))
    if run is None:
        return model.spikes(simulate_reference(model.network, stimulus, model.dt))
    return model.spikes(run(stimulus))


def record_of(case: Case, folder: Path) -> Path:
    """Return the path of the record of a published network."""
    return folder / f"{case.graph}{'_' if case.record else ''}{case.record}.npz"


def rows(folder: Path | None) -> list[str]:
    """Return the rows of the table, for the networks of a folder, or those in the repository."""
    lines = []
    with tempfile.TemporaryDirectory() as empty:
        for case in RECORDED if folder is None else PUBLISHED:
            if folder is None:
                path, stored = unpack(case.graph, Path(empty) / "graph.nir")
            else:
                path, stored = folder / f"{case.graph}.nir", np.load(record_of(case, folder))
            total, wrong = case.found(path, stored)
            asked = f"`{case.dt:g}, {asked_of(case)}`"
            texts = (case.graph, case.record, case.simulator, asked)
            lines.append(f"| {' | '.join((*texts, f'{total:,}', f'{wrong}{case.why}'))} |")
    return lines


def head(names: tuple[str, ...] = HEADER) -> list[str]:
    """Return the lines above the rows."""
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]


def chip_rows(folder: Path | None) -> list[str]:
    """Return the rows of the table of chips: one for each graph and rule of its reset."""
    lines = []
    with tempfile.TemporaryDirectory() as empty:
        for case in RECORDED if folder is None else PUBLISHED:
            if folder is not None and case.simulator not in ("nirsim", "nirsim_sub", "sinabs"):
                continue  # a rule that the other rows have, or one that differs between layers
            if folder is None:
                path, stored = unpack(case.graph, Path(empty) / "graph.nir")
            else:
                path, stored = folder / f"{case.graph}.nir", np.load(record_of(case, folder))
            chip, counts = chip_of(case, path, stored, Path(empty) / "registers.nir")
            texts = (case.graph, case.record, f"`{asked_of(case)}`", chip)
            lines.append(f"| {' | '.join((*texts, *(f'{n:,}' for n in counts)))} |")
    return lines


def asked_of(case: Case) -> str:
    """Return the arguments of a case as text."""
    return ", ".join(f"{name}={value!r}" for name, value in case.arguments.items())


def chip_of(
    case: Case, path: Path, stored: Mapping[str, Any], exported: Path
) -> tuple[str, tuple[int, int, int, int]]:
    """Return a chip that runs a case, and numbers of spikes, summed over all layers.

    These are the spikes of the float reference and of the chip, and the numbers per neuron and step
    that differ between the chip and the float reference of the network, and of its registers.
    """
    model = case.model(path)
    counts = stored["x"].reshape(len(stored["x"]), *model.shapes[model.inputs[0]])
    stimulus = model.stimulus(counts)
    floats = simulate_reference(model.network, stimulus, model.dt)
    plain = case.arguments.get("reset") == "value"
    chip = LOIHI if plain else LOIHI2
    network = with_stimulus(model.network, stimulus)
    image = compile_network(network, chip, dt=model.dt, activity=floats)
    run = Emulator(image).run(stimulus)
    with quiet():
        again = read_nir(write_nir(model, exported, image=image), model.dt / 1000)
    flat = counts.reshape(len(counts), -1)
    registers = simulate_reference(again.network, again.stimulus(flat), again.dt)
    found = [0, 0, 0, 0]
    for item in model.network.populations:
        own, float64, decoded = (
            which.spikes(each, item.name).reshape(-1, item.size)
            for which, each in ((model, run), (model, floats), (again, registers))
        )
        parts = (float64.sum(), own.sum(), (own != float64).sum(), (own != decoded).sum())
        found = [total + int(part) for total, part in zip(found, parts, strict=True)]
    return chip.name, (found[0], found[1], found[2], found[3])


if __name__ == "__main__":
    folders = [None, *map(Path, sys.argv[1:2])]
    print("\n".join([*head(), *(line for folder in folders for line in rows(folder))]))
    print()
    print("\n".join([*head(CHIPS), *(line for folder in folders for line in chip_rows(folder))]))
