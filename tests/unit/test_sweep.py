"""Sweeps: points, rows, what is refused, curves and frames."""

from __future__ import annotations

import enum
import io
import itertools
import sys
from fractions import Fraction

import numpy as np
import pytest
from matplotlib.figure import Figure
from sweep_models import BUILT, cells, preset, recurrent, weight_error
from sweeping import BITS, refuse, run

import neurochip as nc
from compiler import OPTIONS, compile_network
from neurochip import LOIHI, draw_stimulus
from neurochip.chip.fixedpoint import Rounding
from neurochip.cli._axes import read_axes
from neurochip.emulator import Emulator
from neurochip.errors import MissingExtraError
from neurochip.reference import simulate_twins
from neurochip.sweeps import SweepError, axes, bands, plot_sweep, worker
from neurochip.sweeps.records import RESULT_COLUMNS
from neurochip.validation import compare, simulate_reference
from neurochip.validation.noise_floor import noise_floor

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

    row = run(fine_dt=0.05, record="v").rows[1]
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


@pytest.fixture
def steps(monkeypatch):
    """Record the step of each float run."""
    found = []

    def simulate(network, stimulus, dt, **options):
        found.append(dt)
        return simulate_reference(network, stimulus, dt, **options)

    monkeypatch.setattr(worker, "simulate_reference", simulate)
    return found


def test_a_sweep_over_dt_compares_every_step_with_one_fine_run_for_each_seed(steps):
    axes = {"dt": [0.5, 1.0], BITS: [3, 8], "seed": [1, 2]}
    done = run(axes)
    assert done.header["fine_dt"] == 0.05
    assert sorted(steps) == [0.05] * 2 + [0.5] * 2 + [1.0] * 2
    network = cells()
    rates = {
        seed: simulate_reference(network, draw_stimulus(network, 100.0, seed), 0.05)
        .rates("cells")
        .mean()
        for seed in (1, 2)
    }
    for row in done.rows:
        rate = rates[row["seed"]]
        for part, change in (
            ("total", row["chip_rate"] - rate),
            ("time_step", row["reference_rate"] - rate),
            ("quantisation", row["chip_rate"] - row["reference_rate"]),
        ):
            assert row[f"{part}_signed"] == pytest.approx(change / rate, abs=1e-12)
    assert done.rows == run(axes, fine_dt=0.05).rows


def test_only_a_network_that_depends_on_dt_has_a_fine_run_for_each_step(steps):
    run({"dt": [0.5, 1.0]}, network=lambda dt: cells(tau_refrac=2 * dt))
    assert steps.count(0.05) == 2


def test_a_sweep_over_dt_that_continues_repeats_only_the_fine_runs_of_missing_points(
    steps, tmp_path
):
    path, axes = tmp_path / "sweep.jsonl", {"dt": [0.5, 1.0], "seed": [1, 2]}
    run(axes, path=path)
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))  # without the last point: dt = 1 ms, seed 2
    steps.clear()
    run(axes, path=path)
    assert steps == [1.0, 0.05]
    assert path.read_bytes() == content


def test_without_dt_as_an_axis_there_is_no_fine_run(steps):
    done = run()
    assert done.header["fine_dt"] is None
    assert steps == [0.5] * 3
    assert not {"total_signed", "time_step_signed"} & set(done.rows[0])


def test_rows_of_a_recurrent_network_have_its_noise_floor():
    done = run({BITS: [3, 8], "seed": [1, 2]}, network=recurrent())
    for row in done.rows:
        stimulus = draw_stimulus(recurrent(), 100.0, row["seed"])
        reference = simulate_reference(recurrent(), stimulus, 0.5)
        twins = simulate_twins(recurrent(), stimulus, reference, progress=False)
        found = noise_floor(reference, twins, "cells")
        assert (row["noise_floor"], row["neuron_noise_floor"]) == (found.rate, found.neuron)
        assert row["neuron_noise_floor"] > 0
    without = run({BITS: [3, 8], "seed": [1, 2]}, network=recurrent(), twins=0)
    assert set(without.column("noise_floor")) == {None}
    columns = ("chip_rate", "rate_error", "reference_rate")
    assert [[row[c] for c in columns] for row in without.rows] == [
        [row[c] for c in columns] for row in done.rows
    ]


def test_twins_run_once_for_each_reference_and_only_in_recurrent_networks(monkeypatch):
    found = []

    def simulate(network, stimulus, reference, **options):
        found.append(simulate_twins(network, stimulus, reference, **options))
        return found[-1]

    monkeypatch.setattr(worker, "simulate_twins", simulate)
    run({BITS: [3, 8], "seed": [1, 2]}, network=recurrent(), twins=3)
    assert [len(twins) for twins in found] == [3, 3]
    found.clear()
    run()
    assert not any(found)


def test_the_noise_floor_is_drawn_as_a_band():
    done = run({BITS: [3, 8], "seed": [1, 2]}, network=recurrent())
    for column, lowest in (("rate_error", -1), ("mean_absolute_error", 0)):
        ax = plot_sweep(Figure().subplots(), done, BITS, column)
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["noise floor"]
        floor = "noise_floor" if lowest else "neuron_noise_floor"
        height = 100 * np.median(done.column(floor)[:2])
        band = ax.collections[-1].get_paths()[0].vertices[:, 1]
        assert band.max() == pytest.approx(height)
        assert band.min() == pytest.approx(lowest * height)
    ax = plot_sweep(Figure().subplots(), done, BITS, "chip_rate")
    assert ax.get_legend() is None


def test_a_step_that_is_chosen_automatically_is_compared_with_a_finer_one():
    done = run({"dt": ["auto", 1.0]}, duration=20.0)
    assert done.header["fine_dt"] == pytest.approx(0.005)
    assert None not in done.column("total_signed")


def test_no_result_is_left_out_of_the_rows():
    row = run(fine_dt=0.05, record="v", measure=weight_error).rows[0]
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
    assert {"gain", "headroom", "assumed_rate"} <= set(OPTIONS)
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
        f"as 'core.NAME', compile options ({', '.join(OPTIONS)}), and parameters of the "
        "functions for network and chip (none here)."
    )
    text = refuse({"core.weight_bits": [1]})
    assert "nothing takes the axis 'core.weight_bits'" in text
    assert text.endswith("size). Did you mean 'core.weight_mantissa_bits'?")
    assert " Fields of a core: compartments, " in refuse({"core.colour": [1]})
    assert refuse({"bits": [1]}).endswith(" Did you mean 'core.weight_mantissa_bits'?")
    assert refuse({"sed": [1]}).endswith(" Did you mean 'seed'?")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("dt", "a", "numbers above 0, or 'auto'"),
        ("dt", 0.0, "numbers above 0, or 'auto'"),
        ("dt", True, "numbers above 0, or 'auto'"),
        ("seed", "x", "integers"),
        ("cores", 1.5, "integers"),
        ("core.decay_bits", None, "integers"),
    ],
)
def test_a_value_that_is_no_number_is_refused_before_anything_runs(name, value, allowed):
    assert refuse({name: [1, value]} if value is not True else {name: [value]}) == (
        f"sweep: axis {name!r} has the value {value!r}; allowed: {allowed}."
    )


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
            "sweep: axis 'dt' = nan; allowed: a finite number that float64 holds, a string, True, "
            "False or None. Look other objects up by name in the function for network or chip.",
        ),
        (
            {"tau_m": [1, 2, 1.0]},
            "sweep: axis 'tau_m' has both 1 and 1.0, which are equal; allowed: one of them.",
        ),
        (
            [{"tau_m": 0.0, "seed": 1}, {"tau_m": -0.0, "seed": 2}],
            "sweep: axis 'tau_m' has both 0.0 and -0.0, which are equal; allowed: one of them.",
        ),
        (
            {"seed": itertools.count()},
            "sweep: the axis 'seed' has more than 1,000,000 points; allowed: fewer.",
        ),
        (
            {"seed": range(2000), "size": range(2000)},
            "sweep: the grid has more than 1,000,000 points; allowed: fewer.",
        ),
        (
            {"seed": {3, 1}},
            "sweep: axis 'seed' = {1, 3}; allowed: a list of values.",
        ),
        (
            7,
            "sweep: values = 7; allowed: a dictionary of axes and their values, or a list of "
            "points.",
        ),
        (
            [{"dt": 0.1}, {1: 2, "a": 3}],
            "sweep: 1 is given in only one of point 0 and point 1; allowed: the same names in all "
            "points.",
        ),
        ({"size": [3]}, "sweep: the axis 'size' has the name of a result; rename the parameter."),
    ],
)
def test_values_that_make_no_points_are_refused(values, message):
    assert refuse(values, dt=None) == message


class Flag(enum.Enum):
    ON = "on"


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
        (np.str_("a"), "a"),
        (Fraction(1, 4), 0.25),
        (Flag.ON, "on"),
        (2**70, 2**70),
        (-0.0, -0.0),
    ],
)
def test_a_value_is_held_as_json_holds_it(given, held):
    found = axes.plain("x", given)
    assert (type(found), repr(found)) == (type(held), repr(held))


class Lengths(np.ndarray):
    """An array with a unit, as several libraries have it."""


@pytest.mark.parametrize(
    "given",
    [
        *(float("inf"), np.nan, Fraction(1, 3), Fraction(10**400), 10**300, 1j, b"a", (1,)),
        *("\udcff", np.array([1.0]), np.ma.masked, np.array(0.01).view(Lengths)),
        np.datetime64("2020-01-01"),
    ],
)
def test_a_value_that_json_does_not_hold_is_refused(given):
    with pytest.raises(SweepError, match=r"^sweep: x = .*; allowed: a finite number that float64 "):
        axes.plain("x", given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed=1,,2", "sweep: --vary 'seed' has an empty value; allowed: VALUE,VALUE."),
        *(
            (
                f"seed=7,{values}",
                f"sweep: --vary 'seed' has the range {values}; allowed: FIRST:LAST, upwards, with "
                "at most 1,000,000 values.",
            )
            for values in ("5:1", "1:10000000000")
        ),
    ],
)
def test_values_on_the_command_line_that_would_be_lost_or_endless_are_refused(text, message):
    with pytest.raises(SweepError) as caught:
        read_axes([text])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": -1.0}, "sweep: duration = -1.0 ms; allowed: a number above 0."),
        ({"fine_dt": 0.0}, "sweep: fine_dt = 0.0 ms; allowed: a number above 0."),
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
            f"sweep: no option 'tau'; allowed: {', '.join(OPTIONS)}, as in compile_network.",
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
            {"values": {"dt": [0.5]}, "dt": 0.1},
            "sweep: 'dt' is both an option and an axis; allowed: one.",
        ),
        (
            {"values": {"seed": [1]}, "seed": 1},
            "sweep: 'seed' is both an option and an axis; allowed: one.",
        ),
        (
            {"network": dict},
            "sweep: the parameters of the function for the network, <class 'dict'>, are not known; "
            "allowed: a function written in Python.",
        ),
        ({"measure": 3}, "sweep: measure = 3; allowed: a function of a PointRun."),
        (
            {"record": [3]},
            "sweep: record = 3; allowed: names of variables, Probes and WeightProbes.",
        ),
        (
            {"record": None},
            "sweep: record = None; allowed: names of variables, Probes and WeightProbes.",
        ),
        (
            {"executor": 3},
            "sweep: executor = 3; allowed: an executor of concurrent.futures, or another object "
            "with a method submit.",
        ),
        ({"path": 3}, "sweep: path = 3; allowed: the path of a file (.jsonl)."),
        (
            {"network": lambda **names: names},
            "sweep: the function for the network takes '**names'; allowed: parameters by name. "
            "Name each axis that it depends on.",
        ),
        (
            {"network": lambda seed: seed},
            f"sweep: point 0 ({BITS}=3, seed=1): the function for the network returned 1; allowed: "
            "a Network.",
        ),
        (
            {"chip": lambda seed: seed},
            f"sweep: point 0 ({BITS}=3, seed=1): the function for the chip returned 1; allowed: a "
            "ChipSpec.",
        ),
    ],
)
def test_requests_that_cannot_run_are_refused(options, message):
    assert refuse(**options) == message


def test_a_function_that_was_changed_is_called_as_it_is_now():
    for factor in (1, 2):

        def measure(point_run, factor=factor):
            return {"x": factor * point_run.point["seed"]}

        assert run({"seed": [1, 2]}, measure=measure).column("x") == [factor, 2 * factor]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "`measure` returned None; allowed: a dictionary of names and numbers."),
        ({1: 2}, "`measure` returned the name 1; allowed: a string."),
        (
            {"rate_error": 1.0},
            "`measure` returned 'rate_error', which is the name of another column; rename it.",
        ),
        (
            {"seed": 1.0},
            "`measure` returned 'seed', which is the name of another column; rename it.",
        ),
        (
            {"x": [1]},
            "measured 'x' = [1]; allowed: a finite number that float64 holds, a string, True, "
            "False or None.",
        ),
    ],
)
def test_what_measure_returns_is_checked_at_the_first_point(returned, message):
    assert refuse({"seed": [4, 5]}, measure=lambda _: returned) == (
        f"sweep: point 0 (seed=4): {message}"
    )


def test_columns_and_populations_are_asked_for_by_name():
    done = run()
    with pytest.raises(SweepError, match=r"^sweep: no column 'rate'; there are 'point', "):
        done.column("rate")
    with pytest.raises(SweepError, match=r"^sweep: no population 'x'; there are 'cells'.$"):
        done.column("rate_error", "x")


# Curves and frames


def test_a_band_is_the_spread_over_the_axes_that_are_not_named():
    done = run({BITS: [3, 8], "tau_m": [10.0, 20.0], "seed": [1, 2, 3]})
    curves = bands(done, BITS, "chip_rate", by="tau_m")
    assert [curve.label for curve in curves] == ["tau_m = 10", "tau_m = 20"]
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


def test_values_that_only_look_equal_have_a_curve_each():
    done = run({"kind": [1, "1"], "seed": [1, 2]}, network=either)
    curves = bands(done, "seed", "chip_rate", by="kind")
    assert [(curve.label, len(curve.x)) for curve in curves] == [("kind = 1", 2)] * 2
    assert not np.array_equal(curves[0].middle, curves[1].middle)


def either(kind):
    """Another network for 1 than for "1"."""
    return cells(tau_m=10.0 if kind == 1 else 20.0)


def test_a_plot_has_a_line_and_a_band_for_each_curve():
    figure = Figure()
    ax = plot_sweep(figure.subplots(), run(), BITS, "rate_error")
    (line,) = ax.get_lines()
    (curve,) = bands(run(), BITS, "rate_error")
    np.testing.assert_allclose(line.get_ydata(), 100 * curve.middle)
    assert len(ax.collections) == 1
    assert ax.get_ylabel() == "rate error (%)"
    assert ax.get_xlabel() == "weight bits"
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


def test_a_sweep_measures_learned_weights():
    source, cells = nc.PoissonInput("source", 10, rate=100.0), nc.Population("cells", 2, nc.LIF())
    rule = nc.STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.1, a_minus=0.1, w_max=4.0)
    link = nc.all_to_all(source, cells, weight=2.0, plasticity=rule, name="link")
    network = nc.Network(inputs=[source], populations=[cells], connections=[link])
    study = nc.sweep(
        network,
        {"seed": [1, 2]},
        dt=1.0,
        duration=100.0,
        record=nc.WeightProbe("link", every=100),
        measure=lambda run: {"spread": float(run.chip.weights["link"].values[-1].std())},
        workers=1,
    )
    assert all(row["spread"] > 0.0 for row in study.rows)
