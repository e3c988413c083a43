"""Every example runs without a screen, writes only where it is told, and shows what it claims.

Examples whose output stands on a page are run by ``test_docs.py``, which compares both; here the
claims are checked in the text of the page.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from with_brian2 import begin_brian2_anew, need_brian2, quiet_brian2

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an example in an empty current folder and return what it printed."""
    monkeypatch.chdir(tmp_path)

    def example(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        begin_brian2_anew()
        runpy.run_path(str(FOLDER / name), run_name="__main__")
        return capsys.readouterr().out

    return example


def shown(name: str) -> str:
    """What an example without arguments prints, from the page that shows it."""
    block = re.compile(rf"^python examples/{name}\n```\n\n```output\n(.*?)^```$", re.M | re.S)
    pages = (page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").rglob("*.md")))
    (text,) = [match[1] for page in pages for match in block.finditer(page)]
    return text


def numbers(text: str) -> list[float]:
    """All numbers of a line, in order."""
    return [float(item.replace(",", "")) for item in re.findall(r"[-+]?\d[\d,]*\.?\d*", text)]


def line(text: str, start: str) -> str:
    """The one line that begins so."""
    (found,) = [item for item in text.splitlines() if item.startswith(start)]
    return found


@pytest.mark.parametrize(
    "name", sorted(p.name for p in FOLDER.glob("*.py") if "argparse" in p.read_text())
)
def test_help_of_an_example_says_what_it_does_and_runs_nothing(
    name: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "brian2" in name:
        need_brian2()
    if "pynn" in name:
        pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
    with pytest.raises(SystemExit) as end:
        run(name, "--help")
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {name} [-h]")
    assert not list(tmp_path.iterdir())


def test_examples_take_their_arguments_from_a_parser() -> None:
    """Otherwise --help would be taken for the name of a file."""
    assert not [path.name for path in FOLDER.glob("*.py") if "sys.argv" in path.read_text()]


def test_every_example_has_a_test_and_states_question_and_answer() -> None:
    tests = Path(__file__).read_text()
    files = sorted(FOLDER.glob("*.py"))
    assert [path.name[:2] for path in files] == [f"{n:02}" for n in range(1, len(files) + 1)]
    for path in files:
        assert re.search(rf'(run|shown)\("{path.name}"', tests)
        source = path.read_text()
        assert "\nQuestion: " in source
        assert "\nAnswer: " in source
        assert f"    python examples/{path.name}" in source


def test_first_network_is_silent_then_driven(run: Run, tmp_path: Path) -> None:
    text = run("01_first_network.py", str(tmp_path / "figures"))
    silent, driven = text.split("driven: ")
    assert "neurons (100 neurons): SILENT" in silent
    assert numbers(line(silent, "  v "))[0] < 0.01  # mV
    assert "neurons (100 neurons): COMPARED" in driven
    reference, chip = numbers(line(driven, "  mean rate"))[:2]
    assert reference == pytest.approx(35, abs=2)
    assert chip == pytest.approx(reference, rel=0.01)
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "driven_comparison.png",
        "driven_membrane.png",
        "silent_comparison.png",
        "silent_membrane.png",
    ]


def test_report_blames_the_decay_register_at_a_fine_step(run: Run, tmp_path: Path) -> None:
    text = run("02_read_the_report.py", str(tmp_path))
    fine, coarse = text.split("dt = 1 ms\n", 1)
    assert "cells tau_m: decay_v 14: -2.643 %" in fine
    assert "tau_m is off by -2.6 %: its decay register is coarse at this dt; lengthen dt" in fine
    assert "cells tau_m: decay_v 134: +0.215 %" in coarse
    assert "delay is off by +33 %: it is not a multiple of dt" in coarse
    assert "5 of 20000 weights became 0" in coarse
    report = json.loads((tmp_path / "report.json").read_text())
    assert [row["parameter"] for row in report["rows"]][:2] == ["tau_m", "tau_syn"]


def test_recurrent_network_lies_within_the_noise_floor() -> None:
    text = shown("03_recurrent_network.py")
    synapses, cores = numbers(text.splitlines()[0])[:2]
    assert 195_000 < synapses < 205_000
    assert cores > 1
    assert "same spikes from the saved image: True" in text
    assert "overflows: 0" in text
    for name in ("exc", "inh"):
        chip, other, own, floor = numbers(line(text, f"{name}: "))[:4]
        assert abs(chip) < min(1.5, abs(other))
        assert own < floor


def test_gain_and_time_step_trade_off_as_described() -> None:
    rows = [item.split() for item in shown("04_gain_and_time_step.py").splitlines()[1:]]
    table = {(row[0], float(row[-12])): [float(x) for x in row[-10:] if x != "%"] for row in rows}
    assert len(table) == 12
    impulse, dc, moments, auto, grid = table["fluctuations", 0.1]
    assert abs(auto) < 0.2 < abs(moments) < abs(dc) < 1 < 2 < abs(impulse)
    assert grid == pytest.approx(-5, abs=1)
    impulse, dc, moments, auto, grid = table["above", 0.1]
    assert abs(auto) < min(abs(impulse), abs(dc), abs(moments)) < 0.5
    impulse, dc, moments, auto, grid = table["held", 0.1]
    assert abs(auto) < moments < 0.6 < 1 < dc < impulse
    for errors in table.values():  # "no worse", up to what other roundings do
        assert abs(errors[3]) <= min(abs(error) for error in errors[:3]) + 0.05
    assert table["fluctuations", 1.0][4] < -30
    assert max(abs(error) for error in table["fluctuations", 1.0][:4]) < 0.3


def test_overflow_is_counted_stopped_and_avoided(run: Run) -> None:
    text = run("05_overflow.py")
    tight, roomy, coarse = (numbers(item) for item in text.splitlines()[1:4])
    assert tight[3:] == [1000, 0]
    assert roomy[3:] == [0, 1000]
    assert coarse[3:] == [0, 1000]
    assert coarse[2] > 2 * roomy[2]
    assert "silent on chip" in text.splitlines()[1]
    assert "strict=True: neuron 0 of 'cells': at 0.1 ms (step 1) a sum of synaptic input" in text


def test_narrow_chips_cost_what_the_example_says() -> None:
    text = shown("06_what_if_chip.py")
    rows = {item[:14].strip(): numbers(item[14:]) for item in text.splitlines()[1:-1]}
    assert rows["as it is"][0] == pytest.approx(9.994)
    assert rows["8-bit decay"][0] == pytest.approx(10.158)
    assert rows["8-bit decay"][2] == pytest.approx(0.4, abs=0.1)
    assert abs(rows["as it is"][2]) < 0.3
    assert rows["6-bit weights"][3] > 2 * rows["as it is"][3]
    assert rows["4-bit decay"][2] == pytest.approx(-7, abs=0.5)


def test_the_chip_or_its_recurrence_is_repeated_without_a_difference(
    run: Run, tmp_path: Path
) -> None:
    lines = run("07_silicon_trace.py").splitlines()
    assert lines == [
        "emulator against the recurrence in this file, 34 input spikes:",
        "  voltages: 0 of 1000 differ, peak 1589",
        "  spikes:   0 of 4 differ, at steps [461, 511, 711, 761]",
        "  v from step 60: [0, 640, 614, 589, 565]",
    ]
    # A record of that kind, with one wrong voltage; the chip shows 128 in the step of a spike.
    names = runpy.run_path(str(FOLDER / "07_silicon_trace.py"))
    steps, voltage, spikes = names["recurrence"](names["INPUT_STEPS"])
    rows = [[int(i in steps), int(v), float(i in spikes)] for i, v in enumerate(voltage)]
    for i in spikes:
        rows[i][1] = 128
    rows[100][1] += 1
    record = tmp_path / "record.csv"
    record.write_text("".join(f"{a},{b},{c}\n" for a, b, c in rows))
    text = run("07_silicon_trace.py", str(record))
    assert text.startswith(f"emulator against the record {record}, 34 input spikes:\n")
    assert numbers(line(text, "  voltages"))[:2] == [1, 1000]
    assert numbers(line(text, "  spikes"))[:2] == [0, 4]


def test_programmed_registers_compete_and_are_checked(run: Run) -> None:
    text = run("08_program_registers.py")
    assert numbers(line(text, "alone")) == [50, 50]
    assert numbers(line(text, "rivals  ")) == [50, 0]
    assert min(numbers(line(text, "rivals, noise"))) > 10
    assert "has mantissa -75, which 4 bits, inhibitory" in text
    assert "nearest: -80 and -64." in text
    assert "truncated to -64: True" in text
    assert "allowed: at most 128 compartments" in text
    assert line(text, "cores") == "cores: [128, 72]"


def test_each_allen_cell_at_its_own_step_comes_as_near_as_steps_allow() -> None:
    text = shown("12_allen_cells.py")
    plain, own = text.split("\nA step for each cell")
    rows = {}
    for item in plain.splitlines()[2:]:
        if "/" in item:
            values = numbers(item)
            rows[values[0]] = dict(
                zip(("floor", "grid", "decay", 23, 16, 12), values[1::2], strict=True)
            )
    assert list(rows) == [1.0, 0.5, 0.25, 0.1, 0.05]
    grids = [row["grid"] for row in rows.values()]
    assert grids == sorted(grids, reverse=True)  # the grid gets better with the step
    assert rows[0.05]["decay"] > rows[0.25]["decay"]  # and the register worse
    assert rows[0.05][12] > 4 * rows[0.05][16]  # and a short state loses
    assert min(row[23] for row in rows.values()) > 0.8  # the best plain mapping
    lines = plain.splitlines()
    assert "        a counter up to 63 is too small for spiny_3, spiny_8: 255 is used" in lines
    assert "        a counter up to 255 is too small for spiny_3, spiny_8: omitted" in lines
    assert own.count("0 spikes on the chip") == 2
    found = {
        name: numbers(line(own, name).split("error")[1])
        for name in ("own step", "calibrated", "floor")
    }
    assert found["calibrated"][0] < 0.2
    assert found["calibrated"][0] <= found["own step"][0]
    assert found["calibrated"][0] == pytest.approx(found["floor"][0], abs=0.011)


def test_sums_of_few_bit_weights_are_kept_by_moments_and_lost_by_cutting(run: Run) -> None:
    text = run("13_microcircuit_weights.py", "0.02", "600", "2")
    alike, unlike = text.split("capacitances spread")
    for table in (alike, unlike):
        sums = {
            rule: numbers(line(table, f"2 bits, {rule}"))[1]
            for rule in ("floor", "nearest", "stochastic", "moments")
        }
        assert sums["moments"] < sums["nearest"] < sums["floor"] / 3
        assert sums["moments"] < sums["stochastic"]
    neurons = {rule: numbers(line(unlike, f"2 bits, {rule}"))[3] for rule in ("floor", "moments")}
    chance = numbers(line(unlike, "float64, other input").split("input")[1])[1]
    assert neurons["moments"] < chance < neurons["floor"]


def test_a_nir_graph_spikes_as_in_the_simulators_it_comes_from(run: Run, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    text = run("10_nir_graph.py")
    paper, later = [460, 510, 710, 760], [461, 511, 711, 761]
    for name, steps in (("norse", paper), ("snntorch", paper), ("nengo", paper), ("lava", later)):
        row = next(item for item in text.splitlines() if item.startswith(f"convention {name} "))
        assert numbers(row)[1:] == steps
    assert text.count("; reference the same") == 6
    assert text.count(": 34 spikes;") == 2
    names = runpy.run_path(str(FOLDER / "10_nir_graph.py"))
    names["write_graph"](tmp_path / "own.nir")
    assert nir.read(tmp_path / "own.nir").nodes["lif"].tau.tolist() == [0.0025]
    assert run("10_nir_graph.py", str(tmp_path / "own.nir")) == text


@quiet_brian2
def test_a_brian2_script_runs_on_both_devices(run: Run, tmp_path: Path) -> None:
    need_brian2()
    lines = run("09_brian2_script.py", str(tmp_path / "figures")).splitlines()
    silent, driven = [[numbers(item)[-3:] for item in part] for part in (lines[:2], lines[2:])]
    assert [item[0] for item in silent] == [0, 0]
    assert silent[0][2] < -60  # mV: far below the threshold of -50
    assert driven[0][0] > 2000
    assert driven[1][0] == pytest.approx(driven[0][0], rel=0.01)
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "brian2_driven.png",
        "brian2_notebook.png",
    ]


def test_bits_matter_to_spread_weights_and_not_to_equal_ones(run: Run, tmp_path: Path) -> None:
    text = run("14_bits_against_error.py", str(tmp_path / "bits.png"))
    rows = [numbers(item) for item in text.splitlines()[2:]]
    assert [row[0] for row in rows] == list(range(1, 9))
    spread, equal = ([row[i] for row in rows] for i in (1, 4))
    assert spread == sorted(spread, reverse=True)
    assert spread[0] > 10 > 0.3 > spread[7]
    assert max(equal) < 0.2
    for _, middle, low, high, *_ in rows:
        assert low <= middle <= high
    assert (tmp_path / "bits.png").stat().st_size > 10_000


def test_three_weight_bits_are_enough_for_the_recurrent_network(run: Run, tmp_path: Path) -> None:
    text = run("15_noise_floor.py", str(tmp_path / "floor.png"))
    assert re.match(
        r"3 weight bits are enough for mean rates, 2 are not: rates -3\.\d % in 'exc' \(8 seeds; "
        r"no difference above [01]\.\d % of the rate\)\.",
        " ".join(text.split()),
    )
    three, two = text.split("\nDistributions with ")[1:]
    assert "\n  rate: equal within tolerance: mean +0.6 %" in three
    assert two.startswith("2 bits:\nexc: different (8 seeds, tolerance 2 % of the mean)")
    assert (tmp_path / "floor.png").stat().st_size > 10_000


def test_the_smallest_number_of_bits_is_the_same_for_8_and_for_32_seeds() -> None:
    names = runpy.run_path(str(FOLDER / "15_noise_floor.py"))
    network = names["describe"]()
    few, many = (
        names["bits"](network, dt=names["DT"], seeds=seeds, widths=[8, 4, 3, 2])
        for seeds in (8, 32)
    )
    assert (few.enough, few.not_enough) == (many.enough, many.not_enough) == (3, 2)
    assert many.resolution < few.resolution < names["TOLERANCE"]


def test_four_bits_keep_the_accuracy_of_the_trained_digits(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    text = run("16_trained_digits.py", str(tmp_path / "accuracy.png"))
    said = " ".join(text.split())
    assert said.startswith("4 weight bits lose nothing that 500 samples can show (96.0 % against")
    assert "; 3 weight bits lose 3.6 points (" in said
    assert numbers(line(text, "   float    97.2 %"))[0] == 97.2
    assert numbers(line(text, "  2 bits    "))[1] < 50
    for row in (item for item in text.splitlines() if item.endswith(" us")):
        assert all(400 <= energy < 600 for energy in numbers(row)[2::2])
    assert text.endswith("\n0 of 500 classes differ between float64 and the training\n")
    assert (tmp_path / "accuracy.png").stat().st_size > 10_000


def test_a_reset_to_a_value_loses_what_is_predicted_and_a_program_nothing(run: Run) -> None:
    rows = [numbers(row) for row in run("17_soft_reset.py").splitlines()[1:]]
    assert [row[0] for row in rows] == [0.1, 0.5, 1.0]
    for _, _, _, lost, predicted, _, error in rows:
        assert predicted == pytest.approx(lost, abs=1.0)
        assert abs(error) < 0.2
    assert rows[0][3] < rows[1][3] < rows[2][3]


def test_a_mapping_changes_traffic_and_no_spike(run: Run, tmp_path: Path) -> None:
    text = run("11_map_a_network.py", str(tmp_path / "figures"))
    sequential, greedy = text.split("--- greedy")
    cut = [numbers(line(part, "  between cores"))[0] for part in (sequential, greedy)]
    assert 0.4 * cut[0] < cut[1] < 0.6 * cut[0]
    energy = [numbers(line(part, "  dynamic energy"))[0] for part in (sequential, greedy)]
    assert energy[0] == pytest.approx(energy[1], rel=0.05)
    assert "  shares: synaptic events " in text
    assert line(text, "same spikes") == "same spikes: True"
    assert line(text, "Does not fit").startswith("Does not fit small: needs 5 cores")
    assert (tmp_path / "figures" / "mapping.png").is_file()


def test_receptive_fields_blur_with_four_bits_and_are_gone_with_two() -> None:
    text = shown("18_receptive_fields.py")
    rows = {bits: numbers(line(text, f"{bits}     ")) for bits in (8, 6, 4, 2)}
    steps, contrast = ({bits: row[k] for bits, row in rows.items()} for k in (1, 2))
    in_float = rows[8][3]
    assert steps[8] > 1 > steps[6] > steps[4] > steps[2]
    assert contrast[8] > 0.6 * in_float
    assert contrast[6] > 2 * contrast[4] > 3 * contrast[2]
    assert contrast[4] < 0.4 * in_float
    assert contrast[2] < 2
    answer = " ".join(text.split("2 bits: ")[1].split())
    assert "the stochastic rounding of 2-bit weights" in answer


def test_each_neuron_learns_the_pattern_of_its_reward() -> None:
    text = shown("19_reward.py")
    for side in ("float", "chip"):
        for neuron in range(3):
            _, *weights = numbers(line(text, f"{side}, neuron {neuron}"))
            assert max(weights) == weights[neuron]
            assert weights[neuron] > 1.15 * sorted(weights)[1]
    assert "learns the same weights within the spread between its own seeds" in text.replace(
        "\n", " "
    )


def test_a_pynn_script_keeps_its_rates_on_the_chip_with_four_bits_and_not_with_two() -> None:
    rows = [numbers(row) for row in shown("20_pynn_script.py").splitlines()[1:4]]
    assert [row[0] for row in rows] == [8, 4, 2]
    errors = [(row[3], row[7]) for row in rows]
    for error in (*errors[0], *errors[1]):
        assert abs(error) < 1
    assert min(errors[2]) > 2


def test_four_bits_keep_the_microcircuit_and_three_rounded_to_nearest_do_not() -> None:
    text = shown("21_microcircuit.py")
    assert text.startswith("7,717 neurons, 2,996,524 synapses; 83 of 128 cores\n")
    rates, spikes = text.split("all spikes")
    published = numbers(line(rates, "published, full size").removeprefix("published, full size"))
    in_float = numbers(line(rates, "float64").removeprefix("float64"))
    assert len(published) == len(in_float) == 8
    off = {
        name: numbers(line(spikes, name).removeprefix(name))
        for name in (
            "8 bits  ",
            "8 bits, other input",
            "4 bits",
            "3 bits, nearest",
            "3 bits, moments",
        )
    }
    change = {name.strip(): row[0] for name, row in off.items()}
    assert max(abs(change["8 bits"]), abs(change["4 bits"])) < 1
    assert abs(change["3 bits, moments"]) < 2
    assert change["3 bits, nearest"] > 10
    assert max(row[1] for row in off.values()) - min(row[1] for row in off.values()) < 0.03
