"""Twenty cells of mouse visual cortex under a constant current.

Question: how exactly does the chip reproduce the rates of point neurons fitted to real cells, which
time step and how many bits are needed, and how far can the error be reduced?
Answer: with one step for all cells, the mean error is at best about 1 %. A long step truncates
intervals and refractory periods to its grid. A short step makes the decay register coarse, and the
refractory counter too small for long periods. A narrow state loses precision by truncation. A
neuron under constant current fires with a period of a whole number of steps; the error of the
nearest whole number is the floor. With a step for each cell, the best of 60 by choose_dt,
the mean error is below 0.1 %, with the registers of the first generation. Calibration corrects the
one cell whose registers keep it off its nearest step, and then all cells are at their floor.

The cells are those of Dey and Dimitrov 2022 (10.3389/fninf.2022.883360), from the Allen Cell Types
Database; ``allen_lif_cells.csv`` is from github.com/srijanie03/bmtk_loihi_utils (CC0). Errors
are relative to the interval in continuous time,
tau_refrac + tau_m log((v_inf - v_reset) / (v_inf - v_thresh)).

    python examples/12_allen_cells.py
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip import (
    LIF,
    LOIHI,
    ChipImage,
    ChipSpec,
    CompileError,
    Emulator,
    Network,
    Population,
    Recording,
    Stimulus,
    calibrate,
    choose_dt,
    compile_network,
    simulate_reference,
)

STEPS = (1.0, 0.5, 0.25, 0.1, 0.05)  # ms
INTERVALS = 30  # number of intervals, all equal, for measuring a rate
LONG = 100_000.0  # ms, for rates from spike counts
WIDE = LOIHI.what_if(refractory_max=255)  # the longest counter that a ChipSpec may have


def narrow(bits: int) -> ChipSpec:
    """Return a chip whose u, v and thresholds have ``bits`` bits beside the sign."""
    return WIDE.what_if(
        state_bits=bits + 1,
        accumulator_bits=bits,
        weight_shift=0,
        threshold_mantissa_bits=bits,
        threshold_shift=0,
        vmin_exponent_max=bits,
    )


CHIPS = {23: WIDE, 16: narrow(16), 12: narrow(12)}


class Cell(NamedTuple):
    """A cell, and its interval in continuous time (ms; infinite if the cell does not fire)."""

    name: str
    model: LIF
    interval: float


def read_cells() -> list[Cell]:
    """Read the cells of the CSV file."""
    cells = []
    with (Path(__file__).parent / "allen_lif_cells.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            model = LIF(
                tau_m=float(row["tau_m_ms"]),
                cm=float(row["c_m_pF"]) / 1000,  # nF
                i_offset=float(row["i_e_pA"]) / 1000,  # nA
                v_rest=float(row["v_rest_mV"]),
                v_reset=float(row["v_reset_mV"]),
                v_thresh=float(row["v_thresh_mV"]),
                tau_refrac=float(row["tau_refrac_ms"]),
                tau_syn=5.0,
            )
            cells.append(Cell(row["cell"], model, interval(model)))
    return cells


def interval(model: LIF) -> float:
    """Return the time from spike to spike in ms."""
    v_inf = model.v_rest + model.tau_m / model.cm * model.i_offset
    if v_inf <= model.v_thresh:
        return math.inf
    way = (v_inf - model.v_reset) / (v_inf - model.v_thresh)
    return model.tau_refrac + model.tau_m * math.log(way)


def of_one(model: LIF) -> Network:
    """Return a network of one cell."""
    return Network(populations=[Population("cell", 1, model)])


def compiled(model: LIF, chip: ChipSpec, dt: float) -> ChipImage | None:
    """Compile a cell; return None if one of its parameters fits no register."""
    try:
        return compile_network(of_one(model), chip, dt=dt)
    except CompileError:
        return None


def silence(dt: float, duration: float) -> Stimulus:
    """Return a stimulus without input, of about this duration."""
    return Stimulus(dt * math.ceil(duration / dt))


def error(run: Callable[[Stimulus], Recording], cell: Cell, dt: float) -> float:
    """Return the relative error of the rate in a run, from its mean interval."""
    times = run(silence(dt, INTERVALS * cell.interval)).times("cell")
    if len(times) < 2:
        return -1.0
    return cell.interval * (len(times) - 1) / (times[-1] - times[0]) - 1


def error_of_float64(model: LIF, cell: Cell, dt: float) -> float:
    """Return the relative error of the rate of float64 on a grid."""
    return error(lambda stimulus: simulate_reference(of_one(model), stimulus, dt), cell, dt)


def floor(cell: Cell, dt: float) -> float:
    """Return the error of an interval of the nearest whole number of steps."""
    return abs(max(round(cell.interval / dt), 1) * dt / cell.interval - 1)


def mean_and_max(errors: list[float]) -> str:
    """Return mean and maximum of the absolute errors as text, in percent."""
    values = 100 * np.abs(errors)
    return f"{values.mean():.2f} / {values.max():.2f}"


def one_step_for_all(cells: list[Cell]) -> None:
    """Print the error with one step for all cells, adding one cause after the other."""
    print(f"One step for all {len(cells)} cells that fire: mean / largest error of the rate in %")
    columns = ["floor", "time grid", "+ decay", *(f"+ {bits} bits" for bits in CHIPS)]
    print("dt (ms)" + "".join(f"{name:>15}" for name in columns))
    for dt in STEPS:
        table: list[list[float]] = [[] for _ in columns]
        short = [cell.name for cell in cells if compiled(cell.model, LOIHI, dt) is None]
        lost = []
        for cell in cells:
            images = [compiled(cell.model, chip, dt) for chip in CHIPS.values()]
            if images[0] is None:
                lost.append(cell.name)
                continue
            # The time constant that the decay register stands for, with unchanged resistance.
            meant = images[0].report.row("cell", "tau_m").meant.mean
            rounded = replace(cell.model, tau_m=meant, cm=cell.model.cm * meant / cell.model.tau_m)
            values = [floor(cell, dt)]
            values += [error_of_float64(model, cell, dt) for model in (cell.model, rounded)]
            values += [error(Emulator(image).run, cell, dt) for image in images]
            for column, value in zip(table, values, strict=True):
                column.append(value)
        print(f"{dt:7g}" + "".join(f"{mean_and_max(column):>15}" for column in table))
        if short:
            print(f"        a counter up to 63 is too small for {', '.join(short)}: 255 is used")
        if lost:
            print(f"        a counter up to 255 is too small for {', '.join(lost)}: omitted")


def own_steps(cells: list[Cell]) -> None:
    """Print each cell at its best step, before and after calibration."""
    print("\nA step for each cell on the first-generation chip: error of the rate")
    print("cell        interval (ms)  dt (ms)  expected     chip  calibrated    floor  trimmed")
    found = {"own step": [], "calibrated": [], "floor": []}
    for cell in cells:
        network = of_one(cell.model)
        shortest = max(0.05, cell.model.tau_refrac / LOIHI.core.refractory_max * 1.0001)
        steps = np.geomspace(shortest, 1.0, 60).tolist()
        # Under a constant current the total is exact: it may be small by cancellation.
        fitting = [
            item
            for item in choose_dt(network, LOIHI, candidates=steps).candidates
            if not item.problem
        ]
        best = min(reversed(fitting), key=lambda item: abs(item.total))
        dt = best.dt
        image = compile_network(network, LOIHI, dt=dt)
        if math.isinf(cell.interval):
            spikes = Emulator(image).run(silence(dt, LONG)).n_spikes
            print(f"{cell.name:12} {'silent':>12} {dt:8.4f}  {spikes} spikes on the chip")
            continue
        calibration = calibrate(network, image, silence(dt, LONG), tolerance=0.002)
        before, after = (error(Emulator(i).run, cell, dt) for i in (image, calibration.image))
        for values, value in zip(found.values(), (before, after, floor(cell, dt)), strict=True):
            values.append(value)
        (trim,) = calibration.trims
        moved = {"threshold": trim.threshold_shift, "bias": trim.bias_shift}
        trimmed = ", ".join(f"{name} {mv:+.3f} mV" for name, mv in moved.items() if mv)
        print(
            f"{cell.name:12} {cell.interval:12.3f} {dt:8.4f} {100 * best.total:+8.3f} %"
            f" {100 * before:+7.3f} % {100 * after:+8.3f} % {100 * floor(cell, dt):7.3f} %"
            f"  {trimmed or 'nothing'}"
        )
    for name, errors in found.items():
        print(f"{name:11} mean / largest error {mean_and_max(errors)} %")


def main() -> None:
    """Print both tables."""
    cells = read_cells()
    one_step_for_all([cell for cell in cells if math.isfinite(cell.interval)])
    own_steps(cells)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
