"""Sweeps: points, rows, files, and the same result whoever computes it."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib.figure import Figure
from sweep_models import BUILT, cells, dying, preset, slow, weight_error

from compiler import compile_network
from neurochip import LOIHI, draw_stimulus
from neurochip.emulator import Emulator
from neurochip.errors import MissingExtraError
from neurochip.fixedpoint import Rounding
from neurochip.sweep import SweepError, bands, plot_sweep, read_sweep, sweep
from neurochip.sweep.axes import COMPILE_OPTIONS
from neurochip.sweep.records import RESULT_COLUMNS
from neurochip.validation import compare, simulate_reference

BITS = "core.weight_mantissa_bits"
GRID = {BITS: [3, 8], "seed": [1, 2, 3]}


def run(values=GRID, network=cells, **options):
    """A sweep in this process that takes no time."""
    return sweep(network, values, **{"duration": 100.0, "dt": 0.5, "workers": 1, **options})


def refuse(*arguments, **options):
    with pytest.raises(SweepError) as caught:
        run(*arguments, **options)
    return str(caught.value)


# Points and rows


def test_a_grid_runs_all_combinations_with_the_last_axis_fastest():
    rows = run().rows
    assert [(row[BITS], row["seed"]) for row in rows] == [
        (bits, seed) for bits in (3, 8) for seed in (1, 2, 3)
    ]
    assert [row["point"] for row in rows] == list(range(6))


def test_an_explicit_list_runs_as_it_stands():
    points = [{"seed": 5, BITS: 4}, {BITS: 2, "seed": 1}]
    done = run(points)
    assert done.axes == ("seed", BITS)
    assert [(row["seed"], row[BITS]) for row in done.rows] == [(5, 4), (1, 2)]


def test_a_row_holds_what_compile_run_and_compare_give():
    network, chip = cells(), LOIHI.what_if(weight_mantissa_bits=3)
    image = compile_network(network, chip, 0.5)
    stimulus = draw_stimulus(network, 100.0, seed=2)
    reference = simulate_reference(network, stimulus, 0.5, record=["v"])
    fine = simulate_reference(network, stimulus, 0.05)
    comparison = compare(
        reference, Emulator(image).run(stimulus, record=["v"]), fine=fine, network=network
    )
    expected = comparison.population("cells").to_dict()

    row = run(fine=0.05, record="v").rows[1]
    for name in ("rate_error", "rate_difference"):
        assert [row[f"{name}_low"], row[f"{name}_high"]] == expected.pop(f"{name}_interval")
    for part, errors in expected.pop("split").items():
        assert [row[f"{part}_signed"], row[f"{part}_absolute"]] == [
            errors["signed"],
            errors["absolute"],
        ]
    assert {name: row[name] for name in expected} == expected
    assert row["v_rmse"] > 0
    assert row["image"] == image.digest()
    assert row["problem"] is None


def test_no_result_is_left_out_of_the_rows():
    row = run(fine=0.05, record="v", measure=weight_error).rows[0]
    assert set(row) == {*RESULT_COLUMNS, BITS, "seed", "weight_error", "undefined"}


def test_measured_columns_follow_and_undefined_ones_are_none():
    done = run(measure=weight_error)
    coarse, fine = done.column("weight_error")[::3]
    assert coarse > 10 * fine > 0
    assert done.column("undefined") == [None] * 6


def test_axes_reach_the_compiler_the_run_the_chip_and_the_functions():
    points = [
        {"dt": 0.1, "gain": "dc", "preset": "lava", "tau_m": 10.0},
        {"dt": 0.5, "gain": "impulse", "preset": "loihi", "tau_m": 12.0},
    ]
    done = run(points, chip=preset)
    for row, point in zip(done.rows, points, strict=True):
        image = compile_network(
            cells(point["tau_m"]), preset(point["preset"]), point["dt"], gain=point["gain"]
        )
        assert row["image"] == image.digest()


def test_the_options_of_the_compiler_are_axes_and_the_seed_is_that_of_the_inputs():
    assert {"gain", "headroom", "assumed_rate"} <= set(COMPILE_OPTIONS)
    first, second = run({"seed": [1, 2]}).rows
    assert first["image"] == second["image"]
    assert first["reference_spikes"] != second["reference_spikes"]


def test_the_compiler_may_choose_the_step():
    def chosen(point_run):
        assert point_run.reference.dt == point_run.chip.dt
        return {"step": point_run.image.symbols.dt}

    first, second = run({"dt": ["auto", 1.0]}, measure=chosen).rows
    assert first["step"] != second["step"] == 1.0
    assert first["verdict"] == second["verdict"]


def test_rules_of_the_chip_may_be_members_of_an_enumeration():
    done = run({"core.weight_rounding": [Rounding.FLOOR, Rounding.NEAREST]})
    assert done.column("core.weight_rounding") == ["floor", "nearest"]


def test_what_does_not_change_is_made_once():
    BUILT.clear()
    run({BITS: [1, 2, 3, 4], "seed": [1, 2]})
    # Once for the header's digest of the first and last point each, once for all points.
    assert BUILT == [10.0] * 3
    BUILT.clear()
    run({"tau_m": [10.0, 20.0], BITS: [1, 2, 3], "seed": [1, 2]})
    assert BUILT == [10.0, 20.0, 10.0, 20.0]


def test_a_network_that_the_chip_cannot_hold_is_a_result():
    done = run({"tau_refrac": [5.0, 50.0]})
    first, second = done.rows
    assert first["problem"] is None
    assert second["population"] is None
    assert second["rate_error"] is None
    assert second["problem"] == (
        "population 'cells': tau_refrac[0] = 50 ms needs refractory register 101 at dt = 0.5 ms; "
        "allowed: 1 to 63, which is at most 31 ms. Lengthen dt or shorten tau_refrac."
    )
    assert done.column("rate_error", "cells") == [first["rate_error"]]


# Requests that are refused


def test_an_axis_that_nothing_takes_is_refused():
    assert refuse({"tau_x": [1.0]}, network=cells()) == (
        "sweep: nothing takes the axis 'tau_x'; allowed: 'dt', 'seed', 'cores', fields of a core "
        f"as 'core.NAME', compile options ({', '.join(COMPILE_OPTIONS)}), and parameters of the "
        "functions for network and chip (none here)."
    )
    assert "nothing takes the axis 'core.weight_bits'" in refuse({"core.weight_bits": [1]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dt": 0.1}, "sweep: axis 'dt' = 0.1; allowed: a list of values."),
        ({"dt": []}, "sweep: axis 'dt' has no values; allowed: at least one."),
        ({}, "sweep: no axes; allowed: at least one name with its values."),
        ([], "sweep: no points; allowed: at least one."),
        (
            [{"dt": 0.1}, {"seed": 1}],
            "sweep: 'dt' is given in only one of point 0 and point 1; allowed: the same names in "
            "all points.",
        ),
        (
            {"seed": [1, 2, 1]},
            "sweep: point 2 (seed=1) repeats point 0; allowed: each once.",
        ),
        (
            {"dt": [float("nan")]},
            "sweep: axis 'dt' = nan; allowed: a finite number, a string, True, False or None. "
            "Look other objects up by name in the function for network or chip.",
        ),
        ({"size": [3]}, "sweep: the axis 'size' has the name of a result; rename the parameter."),
    ],
)
def test_values_that_make_no_points_are_refused(values, message):
    assert refuse(values) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": -1.0}, "sweep: duration = -1.0 ms; allowed: a number above 0."),
        ({"fine": 0.0}, "sweep: fine = 0.0 ms; allowed: a number above 0."),
        ({"workers": 0}, "sweep: workers = 0; allowed: an integer of at least 1."),
        (
            {"network": 3},
            "sweep: network = 3; allowed: a Network, or a function that returns one.",
        ),
        (
            {"chip": "lava"},
            "sweep: chip = 'lava'; allowed: a ChipSpec, or a function that returns one.",
        ),
        (
            {"tau": 1},
            f"sweep: no option 'tau'; allowed: {', '.join(COMPILE_OPTIONS)}, as in "
            "compile_network.",
        ),
        (
            {"values": {"gain": ["dc"]}, "gain": "dc"},
            "sweep: 'gain' is both an option and an axis; allowed: one.",
        ),
        (
            {"chip": preset},
            "sweep: a function for network or chip needs 'preset', which is no axis; add it to the "
            "axes, or give it a default.",
        ),
        (
            {"network": lambda **names: names},
            "sweep: the function for the network takes '**names'; allowed: parameters by name. "
            "Name each axis that it depends on.",
        ),
        (
            {"network": lambda seed: seed},
            "sweep: the function for the network returned 1; allowed: a Network.",
        ),
        (
            {"chip": lambda seed: seed},
            "sweep: the function for the chip returned 1; allowed: a ChipSpec.",
        ),
    ],
)
def test_requests_that_cannot_run_are_refused(options, message):
    assert refuse(**options) == message


def test_a_measure_that_fails_ends_the_sweep_and_names_the_point():
    def failing(point_run):
        return {"ratio": 1 / (point_run.point["seed"] - 2)}

    assert refuse(measure=failing) == (
        "sweep: point 1 (core.weight_mantissa_bits=3, seed=2) failed with ZeroDivisionError: "
        "division by zero"
    )


def test_a_function_that_was_changed_is_called_as_it_is_now():
    for factor in (1, 2):

        def measure(point_run, factor=factor):
            return {"x": factor * point_run.point["seed"]}

        assert run({"seed": [1, 2]}, measure=measure).column("x") == [factor, 2 * factor]


def test_a_measure_must_not_reuse_a_name():
    done = run(measure=lambda _: {"rate_error": 1.0})
    with pytest.raises(SweepError, match=r"^sweep: measure returned 'rate_error', which is the "):
        _ = done.rows


def test_columns_and_populations_are_asked_for_by_name():
    done = run()
    with pytest.raises(SweepError, match=r"^sweep: no column 'rate'; there are 'point', "):
        done.column("rate")
    with pytest.raises(SweepError, match=r"^sweep: no population 'x'; there are 'cells'.$"):
        done.column("rate_error", "x")


# Who computes it


class Backwards(Executor):
    """Runs nothing until the last task is there, then the last one first."""

    def __init__(self, tasks):
        self.waiting, self.tasks = [], tasks

    def submit(self, function, /, *arguments, **options):
        future = Future()
        self.waiting.append((future, function, arguments, options))
        if len(self.waiting) == self.tasks:
            for done, call, given, named in reversed(self.waiting):
                try:
                    done.set_result(call(*given, **named))
                except SweepError as problem:
                    done.set_exception(problem)
        return future


def test_the_order_in_which_points_finish_does_not_matter(tmp_path):
    here = run(path=tmp_path / "here.jsonl")
    there = run(path=tmp_path / "there.jsonl", executor=Backwards(tasks=6))
    assert there.rows == here.rows
    assert there.path.read_bytes() == here.path.read_bytes()


def test_a_pool_of_processes_gives_the_same_file(tmp_path):
    here = run(path=tmp_path / "here.jsonl", measure=weight_error)
    pool = run(path=tmp_path / "pool.jsonl", measure=weight_error, workers=2)
    assert pool.path.read_bytes() == here.path.read_bytes()


def test_an_executor_of_the_caller_gives_the_same_file_and_stays_open(tmp_path):
    here = run(path=tmp_path / "here.jsonl")
    with ThreadPoolExecutor(2) as executor:
        threads = run(path=tmp_path / "threads.jsonl", executor=executor)
        assert executor.submit(int, "3").result() == 3
    assert threads.path.read_bytes() == here.path.read_bytes()


def test_a_local_dask_cluster_gives_the_same_file(tmp_path):
    distributed = pytest.importorskip("distributed", reason="install neurochip[dask] to test it")
    here = run(path=tmp_path / "here.jsonl", measure=weight_error)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp://"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        dask = run(
            path=tmp_path / "dask.jsonl", measure=weight_error, executor=client.get_executor()
        )
    assert dask.path.read_bytes() == here.path.read_bytes()


def test_a_function_that_cannot_travel_is_refused():
    message = refuse(network=lambda seed: cells(), workers=2)
    assert re.fullmatch(
        r"sweep: the network, its function or `measure` cannot be sent to a worker \(.+\); define "
        r"functions at the top level of a module, or pass workers=1\.",
        message,
    )


def test_a_worker_that_dies_ends_the_sweep_with_advice():
    assert refuse(measure=dying, workers=2) == (
        "sweep: a worker process ended before its points were done. In a script, call sweep under "
        "`if __name__ == '__main__':`; from a notebook, import the functions from a module, or "
        "pass workers=1; if memory ran out, pass fewer workers."
    )


def test_what_is_done_is_kept_where_another_task_fails(tmp_path):
    def failing(point_run):
        return {"ratio": 1 / (point_run.point["seed"] - 2)}

    path = tmp_path / "sweep.jsonl"
    message = refuse({"seed": [1, 2, 3]}, path=path, measure=failing, executor=Backwards(tasks=3))
    assert message.startswith("sweep: point 1 (seed=2) failed with ZeroDivisionError")
    assert [record["point"] for record in read_sweep(path).records] == [0, 2]


# Files


def test_a_file_reads_as_the_sweep_that_wrote_it(tmp_path):
    done = run(path=tmp_path / "sweep.jsonl", measure=weight_error, fine=0.05)
    found = read_sweep(done.path)
    assert found.complete
    assert found.rows == done.rows == run(measure=weight_error, fine=0.05).rows
    assert found.header == done.header
    assert repr(found) == "Sweep(core.weight_mantissa_bits, seed: 6 of 6 points)"


@pytest.mark.parametrize("torn", [0, 1, 40])
@pytest.mark.parametrize("points", [0, 1, 3, 5])
def test_a_run_that_was_cut_anywhere_ends_in_the_same_file(tmp_path, points, torn):
    whole = run(path=tmp_path / "whole.jsonl").path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path = tmp_path / "cut.jsonl"
    # Lines of an unfinished file stand in any order; the last one may be torn.
    path.write_bytes(lines[0] + b"".join(lines[points:0:-1]) + lines[points + 1][:torn])
    before = read_sweep(path)
    assert not before.complete
    assert len(before.records) == points
    finished = run(path=path)
    assert finished.complete
    assert path.read_bytes() == whole


def test_points_that_are_done_do_not_run_again(tmp_path):
    ran = []

    def measure(point_run):
        ran.append(point_run.point["seed"])
        if len(ran) == 4:
            raise KeyboardInterrupt
        return {"n": point_run.image.n_synapses}

    path = tmp_path / "sweep.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run({"seed": [1, 2, 3, 4, 5, 6]}, path=path, measure=measure)
    assert len(read_sweep(path).records) == 3
    done = run({"seed": [1, 2, 3, 4, 5, 6]}, path=path, measure=measure)
    assert ran == [1, 2, 3, 4, 4, 5, 6]
    assert done.complete
    run({"seed": [1, 2, 3, 4, 5, 6]}, path=path, measure=measure)
    assert len(ran) == 7


KILLED = """
import sys
from sweep_models import cells, slow
from neurochip.sweep import sweep

if __name__ == "__main__":
    sweep(cells, {"core.weight_mantissa_bits": range(1, 9), "seed": range(8)}, duration=20.0,
          dt=0.5, measure=slow, path=sys.argv[1], workers=2)
"""


def test_a_killed_run_leaves_no_workers_and_goes_on_to_the_same_file(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    environment = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, str(script)]

    def lines(path):
        return path.read_bytes().count(b"\n") - 1 if path.exists() else 0

    process = subprocess.Popen(
        [*command, str(tmp_path / "killed.jsonl")], env=environment, stdout=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 120
        while not lines(tmp_path / "killed.jsonl") and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)  # returns when the last worker has closed the pipe
    assert 0 < lines(tmp_path / "killed.jsonl") < 64
    subprocess.run([*command, str(tmp_path / "killed.jsonl")], env=environment, check=True)
    whole = run(
        {BITS: range(1, 9), "seed": range(8)},
        duration=20.0,
        measure=slow,
        path=tmp_path / "whole.jsonl",
    )
    assert (tmp_path / "killed.jsonl").read_bytes() == whole.path.read_bytes()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"duration": 200.0}, "duration = 100.0 where this one has 200.0."),
        ({"dt": 1.0}, 'fixed = {"dt": 0.5} where this one has {"dt": 1.0}.'),
        ({"values": {BITS: [3, 8], "seed": [1, 2, 4]}}, "values = "),
        ({"chip": LOIHI.what_if(decay_bits=11)}, "chip = "),
        ({"network": cells(tau_m=11.0)}, "network = "),
        ({"measure": slow}, 'measure = null where this one has "slow".'),
    ],
)
def test_a_file_of_another_sweep_is_refused(tmp_path, change, difference):
    path = tmp_path / "sweep.jsonl"
    content = run(path=path).path.read_bytes()
    message = refuse(**{"path": path, **change})
    assert message.startswith(f"{path}: holds another sweep, with {difference}")
    assert message.endswith(" Pass another path, or delete the file.")
    assert path.read_bytes() == content


def test_damaged_foreign_and_new_files_are_refused(tmp_path):
    path = tmp_path / "sweep.jsonl"
    with pytest.raises(SweepError, match=r"no such file; pass the path of a sweep \(\.jsonl\)\.$"):
        read_sweep(path)
    lines = run(path=path).path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[3][:50] + b"\n", *lines[4:]]))
    assert refuse(path=path) == (
        f"{path}: line 4 is damaged. Pass another path, or delete the file."
    )
    for content in (b"", b"time,rate\n1,2\n", b'{"a": 1}\n'):
        path.write_bytes(content)
        assert refuse(path=path) == (
            f"{path}: not a sweep; it was not written by neurochip. Pass another path, or delete "
            "the file."
        )
    path.write_text(json.dumps({"neurochip_sweep": 99}) + "\n")
    assert refuse(path=path) == (
        f"{path}: sweep format 99; this neurochip reads up to 1. Upgrade neurochip."
    )


# Curves and frames


def test_a_band_is_the_spread_over_the_axes_that_are_not_named():
    done = run({BITS: [3, 8], "tau_m": [10.0, 20.0], "seed": [1, 2, 3]})
    curves = bands(done, BITS, "chip_rate", by="tau_m")
    assert [curve.label for curve in curves] == ["tau_m = 10.0", "tau_m = 20.0"]
    rates = np.array(done.column("chip_rate")).reshape(2, 2, 3)
    for index, curve in enumerate(curves):
        assert curve.x == (3, 8)
        assert curve.number == (3, 3)
        expected = np.quantile(rates[:, index], (0.1, 0.5, 0.9), axis=1)
        np.testing.assert_array_equal([curve.low, curve.middle, curve.high], expected)


def test_a_value_that_is_undefined_leaves_a_gap():
    done = run({"seed": [1, 2]}, measure=lambda run: {"x": 1.0 if run.point["seed"] > 1 else None})
    (curve,) = bands(done, "seed", "x")
    assert np.isnan(curve.middle[0])
    assert curve.middle[1] == 1.0
    assert curve.number == (0, 1)


def test_a_curve_is_asked_for_by_axis_and_column():
    done = run()
    with pytest.raises(SweepError, match=r"^sweep: no axis 'bits'; there are 'core.weight_mant"):
        bands(done, "bits", "chip_rate")
    with pytest.raises(SweepError, match=r"^sweep: column 'verdict' holds 'too few spikes'; a"):
        bands(done, BITS, "verdict")


def test_a_plot_has_a_line_and_a_band_for_each_curve():
    figure = Figure()
    ax = plot_sweep(figure.subplots(), run(), BITS, "rate_error", percent=True)
    (line,) = ax.get_lines()
    (curve,) = bands(run(), BITS, "rate_error")
    np.testing.assert_allclose(line.get_ydata(), 100 * curve.middle)
    assert len(ax.collections) == 1
    assert ax.get_ylabel() == "rate_error (%)"
    figure.savefig(io.BytesIO(), format="png")


def test_values_that_are_no_numbers_are_drawn_by_name():
    done = run({"preset": ["loihi", "lava"]}, chip=preset)
    ax = plot_sweep(Figure().subplots(), done, "preset", "chip_rate")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["loihi", "lava"]
    assert not ax.collections


def test_rows_become_a_pandas_frame():
    pytest.importorskip("pandas", reason="install neurochip[sweep] to test it")
    done = run()
    frame = done.to_pandas()
    assert list(frame.columns) == list(done.rows[0])
    assert frame.groupby(BITS)["equal_spikes"].mean().is_monotonic_increasing


def test_rows_become_an_xarray_dataset():
    pytest.importorskip("xarray", reason="install neurochip[sweep] to test it")
    done = run({"tau_refrac": [5.0, 50.0], BITS: [3, 8]})
    data = done.to_xarray()
    assert dict(data.sizes) == {"tau_refrac": 1, BITS: 2, "population": 1}
    chosen = data["rate_error"].sel({"tau_refrac": 5.0, BITS: 8, "population": "cells"})
    assert float(chosen) == done.rows[1]["rate_error"]


@pytest.mark.parametrize("library", ["pandas", "xarray"])
def test_a_missing_library_is_named_with_its_remedy(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        getattr(run({"seed": [1]}), f"to_{library}")()
    assert str(caught.value) == (
        f"Sweep.to_{library} needs the package {library!r}, which is not installed: "
        'pip install "neurochip[sweep]".'
    )
