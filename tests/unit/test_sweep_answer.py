"""The answer of a sweep in words, and the errors of time step and registers beside it."""

from __future__ import annotations

import numpy as np
import pytest
from sweep_models import cells, recurrent

from neurochip._display.sections import Picture
from neurochip.report import sweep_report
from neurochip.sweeps import Sweep, sweep
from neurochip.sweeps.answer import answer


def made(axes, results, fine_dt=0.01):
    """Return a sweep with these axes (a dict per point) and results by population."""
    records = tuple(
        {
            "point": index,
            "axes": point,
            "problem": None,
            "image": "0",
            "overflows": {},
            "measured": {},
            "populations": populations,
        }
        for index, (point, populations) in enumerate(zip(axes, results, strict=True))
    )
    header = {"axes": list(axes[0]), "points": len(records), "fine_dt": fine_dt}
    return Sweep(header=header, records=records)


def split(time_step, registers, floor=None):
    """Return the results of a population with these errors and this noise floor."""
    parts = {"time_step": time_step, "quantisation": registers, "total": time_step + registers}
    errors = {part: {"signed": error, "absolute": abs(error)} for part, error in parts.items()}
    floors = {"noise_floor": floor, "neuron_noise_floor": floor}
    absolute = {"mean_absolute_error": abs(registers)}
    return {"verdict": "compared", "split": errors, **absolute, **floors}


def over_dt(**errors):
    """Return a sweep over dt of one population; names are steps in us."""
    return made(
        [{"dt": int(name[1:]) / 1000} for name in errors],
        [{"cells": split(*pair)} for pair in errors.values()],
    )


def test_steps_within_one_percent_are_named():
    done = over_dt(s50=(-0.002, 0.004), s100=(-0.006, 0.001), s1000=(-0.24, 0.001))
    assert answer(done) == (
        "dt = 0.05 ms or 0.1 ms keeps the rates within 1 % of float64 in steps of 0.01 ms. Total "
        "error: +0.20 % at 0.05 ms, -0.50 % at 0.1 ms, -23.9 % at 1 ms. Largest part: the time "
        "step (-24.0 % at 1 ms; registers: at most 0.40 %)."
    )


def test_a_step_that_is_best_only_because_errors_cancel_is_not_called_fine():
    done = over_dt(s100=(-0.01, -0.005), s500=(-0.03, 0.031))
    assert answer(done) == (
        "No dt keeps the rates within 1 % of float64 in steps of 0.01 ms; the best is 0.1 ms. "
        "Total error: -1.5 % at 0.1 ms, +0.10 % at 0.5 ms. Largest part: the time step (-1.0 % at "
        "0.1 ms; registers: at most 3.1 %). At 0.5 ms the two cancel: time step -3.0 %, registers "
        "+3.1 %."
    )


def test_the_worst_population_and_the_worst_value_of_another_axis_count():
    points = [{"dt": 0.5, "bits": bits, "seed": seed} for bits in (2, 8) for seed in (1, 2)]
    results = [
        {"E": split(-0.02, errors), "I": split(-0.02, 0.0)} for errors in (0.3, 0.4, 0.0, 0.0)
    ]
    assert answer(made(points, results)) == (
        "No dt keeps the rates within 1 % of float64 in steps of 0.01 ms; the best is 0.5 ms. "
        "Total error, the largest over bits and populations: +33.0 % at 0.5 ms. Largest part: the "
        "registers (+35.0 % at 0.5 ms; time step: at most 2.0 %)."
    )


def test_other_axes_have_the_error_of_a_neuron_at_each_value_and_seeds_alone_no_answer():
    values = [2, 3, 4, 5, 6, 7, 8, 9, 10]
    done = made([{"bits": k} for k in values], [{"cells": split(0, 1 / k)} for k in values], None)
    assert answer(done) == (
        "Mean error of a neuron's rate by bits: 50.0 % at 2, 33.3 % at 3, 25.0 % at 4, 20.0 % at "
        "5, 16.7 % at 6, 14.3 % at 7, 12.5 % at 8, 11.1 % at 9 and 1 more."
    )
    assert answer(made([{"seed": 1}, {"seed": 2}], [{"cells": split(0, 0)}] * 2, None)) == ""


def test_the_noise_floor_of_recurrent_populations_is_said():
    chaos = " Noise floor, between float runs that differ in one synapse: 6.1 %."
    assert answer(made([{"dt": 0.1}], [{"cells": split(0.0, 0.0, 0.061)}])).endswith(chaos)
    bits = made([{"bits": 2}, {"bits": 8}], [{"cells": split(0.0, 0.1, 0.061)}] * 2, None)
    assert answer(bits).endswith(chaos)


def test_a_step_whose_error_is_within_the_noise_floor_is_undecided():
    points = [{"dt": 0.1}, {"dt": 0.5}, {"dt": 1.0}]
    results = [
        {"cells": split(total, 0.0, 0.061), "others": split(0.0, 0.0)}
        for total in (-0.002, -0.05, -0.2)
    ]
    assert answer(made(points, results)).startswith(
        "Undecided whether dt = 0.1 ms or 0.5 ms keeps the rates within 1 % of float64 in steps of "
        "0.01 ms: the error is within the noise floor. Run longer. Total error"
    )


def test_a_fine_run_without_spikes_is_said():
    silent = {"verdict": "silent", "split": {"total": {"signed": None, "absolute": None}}}
    assert answer(made([{"dt": 0.1}], [{"cells": silent}])) == (
        "No errors of rates: float64 in steps of 0.01 ms has no spikes."
    )


def test_the_table_of_a_recurrent_network_has_the_floors_beside_the_errors():
    done = sweep(recurrent, {"seed": [1, 2]}, duration=100.0, dt=0.5, workers=1)
    (medians,) = next(i for i in sweep_report(done).sections if i.title == "Medians").blocks
    assert medians.header[4:8] == ("rate error", "noise floor", "|error|", "its floor")
    (row,) = medians.rows
    for column, name in ((5, "noise_floor"), (7, "neuron_noise_floor")):
        assert row[column] == f"{100 * np.median(done.column(name)):.2f} %"
    assert "float runs that differ in one synapse (4 for each reference)" in medians.note


@pytest.mark.slow
def test_a_report_on_steps_shows_total_time_step_and_registers():
    """The reference loses a fifth of its rate at 1 ms, which the chip repeats."""
    done = sweep(cells, {"dt": [0.1, 1.0], "seed": [1, 2]}, duration=200.0, workers=1)
    report = sweep_report(done)
    assert report.lead.startswith("No dt keeps the rates within 1 % of float64 in steps of 0.01 ms")
    assert report.lead.endswith(". 4 of 4 points over dt, seed.")
    (medians,) = next(item for item in report.sections if item.title == "Medians").blocks
    assert medians.header[5:9] == ("total", "time step", "registers", "|error|")
    totals, steps, registers = (
        [float(row[column].split()[0]) for row in medians.rows] for column in (5, 6, 7)
    )
    assert totals[1] < -15
    assert steps[1] < -15
    assert abs(registers[1]) < 1
    curves = next(item for item in report.sections if item.title == "cells").blocks[0]
    assert isinstance(curves, Picture)
    assert [" ".join(ax.get_ylabel().split()) for ax in curves.figure.axes[:3]] == [
        "rate error, total (%)",
        "rate error of the time step (%)",
        "rate error of the registers (%)",
    ]
    drawn = curves.figure.axes[1].lines[0].get_ydata()
    assert drawn == pytest.approx(steps, abs=0.006)
