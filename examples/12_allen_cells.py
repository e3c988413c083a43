"""Twenty cells of mouse visual cortex under a constant current.

Question: how exactly does the chip repeat the rates of point neurons fitted to real cells, which
step and how many bits does it take, and how much better can it be?
Answer: with one step for all, the mean error is at best about 1 %. A long step cuts intervals and
refractory periods to its grid; a short one makes the decay register coarse, and its counter does
not hold long refractory periods; a short state loses to truncation. A neuron without input fires
every so many steps, so nothing brings its rate closer than the nearest whole number: the floor.
With a step for each cell, chosen as by dt="auto" among 60, the mean error is below 0.1 %, with all
registers of the first generation; calibration brings back the one cell that its registers hold off
its nearest step, and then all are at their floor.

The cells are those of Dey and Dimitrov 2022 (10.3389/fninf.2022.883360), from the Allen Cell Types
Database; ``allen_lif_cells.csv`` is from github.com/srijanie03/bmtk_loihi_utils (CC0). The truth is
the interval in continuous time, tau_refrac + tau_m log((v_inf - v_reset) / (v_inf - v_thresh)).

    python examples/12_allen_cells.py
"""

from __future__ import annotations

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
INTERVALS = 30  # that a rate is measured from; they are all equal
LONG = 100_000.0  # ms, for rates from counts
WIDE = LOIHI.what_if(refractory_max=255)  # the longest counter that a ChipSpec may have


def narrow(bits: int) -> ChipSpec:
    """A chip whose u, v and thresholds have so many bits beside the sign."""
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
    """A cell, and its interval in continuous time (ms; infinite if it does not fire)."""

    name: str
    model: LIF
    interval: float


def read_cells() -> list[Cell]:
    """Read the table."""
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
    """Time from spike to spike in ms."""
    v_inf = model.v_rest + model.tau_m / model.cm * model.i_offset
    if v_inf <= model.v_thresh:
        return math.inf
    way = (v_inf - model.v_reset) / (v_inf - model.v_thresh)
    return model.tau_refrac + model.tau_m * math.log(way)


def of_one(model: LIF) -> Network:
    """Put a cell into a network of its own."""
    return Network(populations=[Population("cell", 1, model)])


def compiled(model: LIF, chip: ChipSpec, dt: float) -> ChipImage | None:
    """Compile a cell; None if one of its parameters fits no register."""
    try:
        return compile_network(of_one(model), chip, dt=dt)
    except CompileError:
        return None


def silence(dt: float, duration: float) -> Stimulus:
    """No input, for about that time."""
    return Stimulus(dt * math.ceil(duration / dt))


def error(run: Callable[[Stimulus], Recording], cell: Cell, dt: float) -> float:
    """Relative error of the rate in a run, from its mean interval."""
    times = run(silence(dt, INTERVALS * cell.interval)).times("cell")
    if len(times) < 2:
        return -1.0
    return cell.interval * (len(times) - 1) / (times[-1] - times[0]) - 1


def error_of_float64(model: LIF, cell: Cell, dt: float) -> float:
    """Relative error of the rate of float64 on a grid."""
    return error(lambda stimulus: simulate_reference(of_one(model), stimulus, dt), cell, dt)


def floor(cell: Cell, dt: float) -> float:
    """What the nearest whole number of steps is off by."""
    return abs(max(round(cell.interval / dt), 1) * dt / cell.interval - 1)


def mean_and_max(errors: list[float]) -> str:
    """Of absolute errors, in percent."""
    values = 100 * np.abs(errors)
    return f"{values.mean():.2f} / {values.max():.2f}"


def one_step_for_all(cells: list[Cell]) -> None:
    """Print the error of plain mappings, one cause after the other switched on."""
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
            # The time constant that the decay register means, with the resistance as it is.
            meant = images[0].report.row("cell", "tau_m").meant.mean
            rounded = replace(cell.model, tau_m=meant, cm=cell.model.cm * meant / cell.model.tau_m)
            values = [floor(cell, dt)]
            values += [error_of_float64(model, cell, dt) for model in (cell.model, rounded)]
            values += [error(Emulator(image).run, cell, dt) for image in images]
            for column, value in zip(table, values, strict=True):
                column.append(value)
        print(f"{dt:7g}" + "".join(f"{mean_and_max(column):>15}" for column in table))
        if short:
            print(f"        no counter of 63 holds {', '.join(short)}: shown with one of 255")
        if lost:
            print(f"        nor does one of 255 hold {', '.join(lost)}: left out")


def own_steps(cells: list[Cell]) -> None:
    """Print each cell at the step that suits it, before and after calibration."""
    print("\nA step for each cell on the first-generation chip: error of the rate")
    print("cell        interval (ms)  dt (ms)  expected     chip  calibrated    floor  trimmed")
    found = {"dt='auto'": [], "calibrated": [], "floor": []}
    for cell in cells:
        network = of_one(cell.model)
        shortest = max(0.05, cell.model.tau_refrac / LOIHI.core.refractory_max * 1.0001)
        steps = np.geomspace(shortest, 1.0, 60).tolist()
        choice = choose_dt(network, LOIHI, candidates=steps)
        dt = choice.dt
        image = compile_network(network, LOIHI, dt=dt)
        if math.isinf(cell.interval):
            spikes = Emulator(image).run(silence(dt, LONG)).n_spikes
            print(f"{cell.name:12} {'silent':>12} {dt:8.4f}  {spikes} spikes on the chip, too")
            continue
        calibration = calibrate(network, image, silence(dt, LONG), tolerance=0.002)
        before, after = (error(Emulator(i).run, cell, dt) for i in (image, calibration.image))
        for values, value in zip(found.values(), (before, after, floor(cell, dt)), strict=True):
            values.append(value)
        (trim,) = calibration.trims
        moved = {"threshold": trim.threshold_shift, "bias": trim.bias_shift}
        trimmed = ", ".join(f"{name} {mv:+.3f} mV" for name, mv in moved.items() if mv)
        print(
            f"{cell.name:12} {cell.interval:12.3f} {dt:8.4f} {100 * choice.best.total:8.3f} %"
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
    main()
