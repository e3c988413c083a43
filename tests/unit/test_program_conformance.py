"""Golden vectors of neuron programs as a user meets them: the command, differences, damage."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from command_line import unfolded
from conformance.images import THREADS

from neurochip import LOIHI
from neurochip.cli import main
from neurochip.conformance import (
    Agreement,
    Difference,
    check_program_case,
    holds_program,
    load_program_case,
    program_image_of,
)
from neurochip.errors import ImageError, ProgramError

FOLDER = Path(__file__).parents[1] / "conformance" / "programs"
REGISTERS = FOLDER.parent / "vectors" / "public_001_pop_base_1.npz"
SMALL = FOLDER / "lava_dl_pilotnet_sdnn_layer9.npz"
PERIODIC = FOLDER / "lava_lif_periodic.npz"


def run(*arguments):
    result = CliRunner().invoke(main, ["conformance", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def altered(path, folder, **changes):
    """Copy a vector with some arrays changed, or removed if the change is None."""
    with np.load(path, allow_pickle=False) as archive:
        stored = dict(archive)
    for name, change in changes.items():
        stored[name] = np.asarray(change(stored[name].copy()) if callable(change) else change)
    target = Path(folder) / Path(path).name
    np.savez(target, **{name: array for name, array in stored.items() if array.shape or array})
    return target


def added(index, amount):
    """Change one element."""

    def change(array):
        array = array.astype(np.int64)
        array[index] += amount
        return array

    return change


@pytest.mark.parametrize("threads", THREADS)
def test_all_vectors_of_programs_are_equal(threads):
    result = run(FOLDER, "--threads", threads)
    *vectors, total, lava_dl, lava, sinabs = unfolded(result.output)
    assert result.exit_code == 0
    assert total == "loihi2: 29 of 29 vectors of neuron programs equal in every recorded value"
    assert lava_dl == "from lava-dl: 14 vectors, 392,093 values, 0 wrong"
    assert lava == "from lava-nc 0.10.0: 13 vectors, 126,720 values, 0 wrong"
    assert sinabs == "from sinabs 3.1.3: 2 vectors, 15,360 values, 0 wrong"
    assert all(
        re.fullmatch(r"(?:lava|sinabs)\w+ +[\d,]+ values +0 wrong", line) for line in vectors
    )
    assert len(vectors) == 29


def test_both_kinds_of_vectors_may_be_in_a_folder(tmp_path):
    for path in (SMALL, REGISTERS):
        shutil.copy(path, tmp_path)
    assert unfolded(run(tmp_path).output) == [
        "pop_base                       1 of   1 equal",
        "loihi: 1 of 1 vectors equal in every u, v and spike",
        "lava_dl_pilotnet_sdnn_layer9            9 values         0 wrong",
        "loihi2: 1 of 1 vectors of neuron programs equal in every recorded value",
        "from lava-dl: 1 vector, 9 values, 0 wrong",
    ]
    assert [holds_program(path) for path in sorted(tmp_path.glob("*.npz"))] == [True, False]


def test_a_difference_is_named_and_the_exit_status_is_1(tmp_path):
    path = altered(PERIODIC, tmp_path, expected_v=added((7, 3), 1), expected_u=added((9, 0), 5))
    expected = int(load_program_case(PERIODIC).expected["v"][7, 3])
    found = check_program_case(load_program_case(path))
    difference = Difference(7, 3, "v", expected + 1, expected)
    assert found == Agreement(values=11_520, wrong=2, first=difference)
    result = run(tmp_path)
    assert result.exit_code == 1
    assert unfolded(result.output) == [
        "lava_lif_periodic                  11,520 values         2 wrong",
        "loihi2: 0 of 1 vectors of neuron programs equal in every recorded value",
        "from lava-nc 0.10.0: 1 vector, 11,520 values, 2 wrong",
        f"Different: lava_lif_periodic: step 7, neuron 3: v is {expected}, expected {expected + 1}",
    ]


def test_a_wrong_payload_is_named(tmp_path):
    path = altered(FOLDER / "lava_delta.npz", tmp_path, expected_payload=added((0, 5), 1))
    expected = int(load_program_case(path).expected["payload"][0, 5])
    assert check_program_case(load_program_case(path)) == Agreement(
        values=11_520, wrong=1, first=Difference(0, 5, "payload", expected, expected - 1)
    )


def test_the_result_as_data(tmp_path):
    shutil.copy(SMALL, tmp_path)
    data = json.loads(run(tmp_path, "--json").stdout)
    assert data["classes"] == {}
    assert data["programs"] == {
        "lava_dl_pilotnet_sdnn_layer9": {
            "program": "sigma_delta",
            "source": "lava-dl, tests/lava/lib/dl/netx/gts/pilotnet_sdnn (BSD-3)",
            "values": 9,
            "wrong": 0,
        }
    }


def test_a_vector_is_an_image_of_neurons_side_by_side():
    case = load_program_case(PERIODIC)
    image = program_image_of(case)
    assert (case.n_neurons, case.n_steps, case.n_values) == (64, 60, 11_520)
    assert (image.n_compartments, image.n_inputs, image.n_synapses) == (64, 64, 64)
    kinds = {*zip(case.reset_interval.tolist(), case.reset_offset.tolist(), strict=True)}
    assert {(reset.interval, reset.offset) for reset in image.resets} == kinds
    assert not case.inputs[0].flags.writeable


def test_a_chip_of_the_first_generation_cannot_run_a_vector():
    case = load_program_case(SMALL)
    with pytest.raises(ProgramError, match=r"^sigma_delta: the core has payload_bits = 0"):
        check_program_case(case, LOIHI)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"program": "izhikevich"},
            "'program' is 'izhikevich', expected lif, lif_soft_reset, lif_two_inputs, "
            "lif_adaptive, snntorch, ternary, delta, sigma_delta, sigma_delta_identity, sigma, "
            "resonate_and_fire, rf_izhikevich, graded_vector, graded_relu, graded_product, "
            "graded_product_of_last",
        ),
        ({"source": ""}, "'source' is missing"),
        ({"input_0": ""}, "'input_0' is missing"),
        (
            {"input_0": lambda a: a[:5]},
            "'expected_payload' has shape (60, 64) and type int8, expected integers of shape "
            "(5, 64)",
        ),
        ({"input_0": lambda a: a[:0]}, "'input_0' has shape (0, 64), expected steps and neurons"),
        ({"expected_u": "", "expected_v": "", "expected_payload": ""}, "it expects nothing"),
        (
            {"reset_offset": ""},
            "'reset_interval' is there without the other of reset_interval, reset_offset",
        ),
        ({"reset_interval": lambda a: 0 * a}, "'reset_interval' holds 0, expected at least 1"),
        (
            {"input_0": lambda a: a.astype(int) + 2**40},
            "'input_0' holds 1099511626754 to 1099511628798, expected 32 bits",
        ),
    ],
)
def test_a_damaged_vector_is_refused_with_one_message(tmp_path, changes, reason):
    path = altered(PERIODIC, tmp_path, **changes)
    message = f"{path}: not a golden vector ({reason}); take a fresh copy."
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        load_program_case(path)


def test_an_option_that_the_program_lacks_is_named(tmp_path):
    path = altered(FOLDER / "sinabs_iaf_many.npz", tmp_path, options=["few"])
    assert load_program_case(path).options == ("few",)
    result = run(tmp_path)
    assert result.exit_code == 2
    assert unfolded(result.stderr) == [
        f"Error: {path}: lif_soft_reset: spikes_per_step = 'few'; allowed: 'one', 'many'."
    ]


def test_a_parameter_that_the_program_lacks_is_named(tmp_path):
    path = altered(SMALL, tmp_path, parameter_vth=[1])
    result = run(tmp_path)
    assert result.exit_code == 2
    assert unfolded(result.stderr) == [
        f"Error: {path}: program 'sigma_delta': no parameter 'vth'; there are bias, threshold, "
        "state_exponent."
    ]


def test_a_register_that_the_program_lacks_is_named(tmp_path):
    path = altered(SMALL, tmp_path, expected_voltage=np.zeros((9, 1), int))
    result = run(tmp_path)
    assert result.exit_code == 2
    assert unfolded(result.stderr) == [
        f"Error: {path}: record: variable 'voltage'; this engine records 'sigma', 'act', 'residue' "
        "(spikes are always recorded)."
    ]
