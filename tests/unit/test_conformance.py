"""Golden vectors as a user meets them: files, the command, differences, damage."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from command_line import unfolded
from conformance.load import VECTORS, case_paths

from neurochip import LOIHI
from neurochip.chip.presets import LAVA, PRESETS
from neurochip.cli import main
from neurochip.cli.conformance import conformance_command
from neurochip.conformance import VECTOR_CHIP, Difference, check_case, image_of, load_case
from neurochip.errors import ImageError

NOISE = "public_034_pop_noise_0.npz"
PLAIN = "public_000_pop_base_0.npz"
LOSSY = "public_010_pop_wlossy_0.npz"


def exactly(message):
    return f"^{re.escape(message)}$"


def run(*arguments):
    result = CliRunner().invoke(main, ["conformance", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def printed(result):
    """Lines of a command, each with the lines in which it continues."""
    return unfolded(result.output)


def altered(path, folder, **changes):
    """Copy a vector with some arrays changed: a value, None to remove it, or a function of it."""
    with np.load(path, allow_pickle=False) as archive:
        stored = dict(archive)
    for name, change in changes.items():
        if change is None:
            del stored[name]
        elif callable(change):
            stored[name] = stored[name].copy()
            stored[name] = change(stored[name])
        else:
            stored[name] = np.asarray(change)
    target = Path(folder) / Path(path).name
    np.savez(target, **stored)
    return target


def add(index, amount):
    """Change one element."""

    def change(array):
        array[index] += amount
        return array

    return change


# --- the command ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "total"),
    [
        (None, "loihi: 53 of 53 vectors equal in every u, v and spike"),
        (
            "lava",
            "lava: 42 of 42 vectors equal in every u, v and spike; 11 cannot be expressed in lava",
        ),
        (
            "nengo-loihi",
            "nengo-loihi: 47 of 47 vectors equal in every u, v and spike; 6 cannot be "
            "expressed in nengo-loihi",
        ),
        (
            "brian2loihi",
            "brian2loihi: 43 of 43 vectors equal in every u, v and spike; 10 cannot be "
            "expressed in brian2loihi",
        ),
    ],
)
def test_all_vectors_are_equal(preset, total):
    result = run(VECTORS, *(("--preset", preset) if preset else ()))
    *classes, last = printed(result)
    assert (result.exit_code, last) == (0, total)
    counted = [re.fullmatch(r"(\w+) +(\d+) of +(\d+) equal", line) for line in classes]
    assert all(match[2] == match[3] for match in counted)
    assert f" {sum(int(match[3]) for match in counted)} vectors" in last
    assert len({match[1] for match in counted}) == len(classes)


def test_the_lines_of_a_small_folder(tmp_path):
    for name in (PLAIN, NOISE, "public_001_pop_base_1.npz"):
        shutil.copy(VECTORS / name, tmp_path)
    result = run(tmp_path, "--threads", 1)
    assert printed(result) == [
        "pop_base                       2 of   2 equal",
        "pop_noise                      1 of   1 equal",
        "loihi: 3 of 3 vectors equal in every u, v and spike",
    ]


def test_a_vector_of_spikes_only_is_compared_in_its_spikes(tmp_path):
    shutil.copy(VECTORS / "public_001_pop_base_1.npz", tmp_path)
    only_spikes = {"u": None, "v": None, "spikes_only": 1}
    case = load_case(altered(VECTORS / PLAIN, tmp_path, **only_spikes))
    assert (case.u, case.v) == (None, None)
    result = run(tmp_path)
    assert (result.exit_code, printed(result)[-1]) == (
        0,
        "loihi: 2 of 2 vectors equal in every u, v and spike; 1 of them hold only spikes",
    )
    fewer = {"spk_step": lambda a: a[1:], "spk_idx": lambda a: a[1:]}
    path = altered(VECTORS / PLAIN, tmp_path, **only_spikes, **fewer)
    step, neuron = int(case.spike_step[0]), int(case.spike_neuron[0])
    assert check_case(load_case(path)) == Difference(step, neuron, "spike", 0, 1)


def test_a_difference_is_named_and_the_exit_status_is_1(tmp_path):
    shutil.copy(VECTORS / "public_001_pop_base_1.npz", tmp_path)
    path = altered(VECTORS / PLAIN, tmp_path, v=add((7, 3), 1), u=add((9, 0), 5))
    case = load_case(path)
    result = run(tmp_path)
    assert result.exit_code == 1
    assert printed(result) == [
        "pop_base                       1 of   2 equal",
        "loihi: 1 of 2 vectors equal in every u, v and spike",
        f"Different: {case.name}: step 7, neuron 3: v is {case.v[7, 3] - 1}, expected "
        f"{case.v[7, 3]}",
    ]


def test_a_preset_that_is_none_of_these_rules_is_noticed(tmp_path):
    """The vectors in which Brian2Loihi differs are not equal to another emulator's rules."""
    shutil.copy(VECTORS / LOSSY, tmp_path)
    assert run(tmp_path, "--preset", "brian2loihi").exit_code == 0
    case = load_case(tmp_path / LOSSY)
    assert check_case(case, VECTOR_CHIP, peer="brian2loihi") is not None


def test_a_folder_without_vectors_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        result = run(folder)
        message = f"Error: {folder}: no golden vectors; pass a folder with .npz files."
        assert (result.exit_code, printed(result)) == (2, [message])


def test_a_register_that_the_chip_has_not_is_refused_with_the_file(tmp_path):
    path = altered(VECTORS / PLAIN, tmp_path, decay_v=lambda a: np.where(a > 0, 4096, a))
    result = run(tmp_path)
    first = int(np.argmax(load_case(path).decay_v == 4096))
    assert result.exit_code == 2
    assert printed(result) == [
        f"Error: {path}: register decay_v: compartment {first} holds 4096; allowed: 0 to 4095."
    ]


def test_the_command_offers_all_presets():
    (option,) = [item for item in conformance_command.params if item.name == "preset"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(PRESETS)


# --- differences ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "quantity", "step", "neuron"),
    [
        ({"u": add((4, 2), 1)}, "u", 4, 2),
        ({"u": add((4, 2), 1), "v": add((3, 5), 1)}, "v", 3, 5),
        ({"u": add((4, 2), 1), "v": add((4, 1), 1)}, "u", 4, 2),
        ({"v": add((4, 5), 1), "u": add((5, 0), 1)}, "v", 4, 5),
    ],
)
def test_the_first_difference_is_the_earliest_and_u_before_v(
    tmp_path, changes, quantity, step, neuron
):
    case = load_case(altered(VECTORS / PLAIN, tmp_path, **changes))
    found = check_case(case)
    assert (found.quantity, found.step, found.neuron) == (quantity, step, neuron)
    assert found.expected == found.got + 1


def test_a_spike_more_or_less_is_a_difference(tmp_path):
    case = load_case(VECTORS / PLAIN)
    step, neuron = int(case.spike_step[0]), int(case.spike_neuron[0])
    path = altered(VECTORS / PLAIN, tmp_path, spk_step=lambda a: a[1:], spk_idx=lambda a: a[1:])
    found = check_case(load_case(path))
    assert found == Difference(step, neuron, "spike", 0, 1)
    assert str(found) == f"step {step}, neuron {neuron}: spike is 1, expected 0"


@pytest.mark.parametrize(
    "change",
    [
        {"decay_u": lambda a: a ^ 1},
        {"decay_v": lambda a: a ^ 1},
        {"vth_mant": lambda a: a ^ 1},
        {"syn_w_mant": add(slice(None), -2)},
        {"in_spike_step": add(slice(None), 1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_register_that_is_off_by_one_is_noticed(tmp_path, change):
    name = "public_043_pop_threshold_0.npz" if "vth_mant" in change else PLAIN
    assert check_case(load_case(altered(VECTORS / name, tmp_path, **change))) is not None


def test_given_noise_is_used(tmp_path):
    assert check_case(load_case(VECTORS / NOISE)) is None
    path = altered(VECTORS / NOISE, tmp_path, noise_raw=lambda a: np.roll(a, 1, axis=0))
    assert check_case(load_case(path)) is not None


def test_other_rules_are_noticed():
    wraps = load_case(next(p for p in case_paths() if "qovf" in p.name))
    assert check_case(wraps, LOIHI) is None
    found = check_case(wraps, LAVA)
    assert found is not None
    assert check_case(wraps, LAVA, peer="lava") is None


def test_a_peer_that_does_not_exist_is_refused():
    with pytest.raises(
        ImageError, match=exactly("peer = 'nest'; allowed: lava, nengoloihi, brian2loihi.")
    ):
        check_case(load_case(VECTORS / PLAIN), peer="nest")


def test_the_image_of_a_vector_holds_its_registers():
    case = load_case(VECTORS / NOISE)
    image = image_of(case)
    assert (image.n_compartments, image.n_inputs) == (case.n_neurons, case.n_inputs)
    assert image.n_synapses == len(case.synapse_target)
    assert image.compartments.decay_u.tolist() == case.decay_u.tolist()
    assert image.noise.enabled.tolist() == case.noise_enabled.tolist()
    assert image_of(load_case(VECTORS / PLAIN)).noise is None


# --- damage --------------------------------------------------------------------------------------


def damaged(path, reason):
    message = f"{path}: not a golden vector ({reason}); take a fresh copy."
    with pytest.raises(ImageError, match=exactly(message)):
        load_case(path)
    result = run(path.parent)
    assert (result.exit_code, printed(result)) == (2, [f"Error: {message}"])


def test_a_truncated_file_is_refused(tmp_path):
    content = (VECTORS / PLAIN).read_bytes()
    path = tmp_path / PLAIN
    for part in (0.1, 0.5, 0.99):
        path.write_bytes(content[: int(part * len(content))])
        damaged(path, "File is not a zip file")


def test_a_flipped_byte_is_refused(tmp_path):
    content = bytearray((VECTORS / PLAIN).read_bytes())
    content[content.index(b"decay_v.npy") + 60] ^= 0xFF
    path = tmp_path / PLAIN
    path.write_bytes(content)
    with pytest.raises(
        ImageError,
        match=rf"^{re.escape(str(path))}: not a golden vector \(.+\); take a fresh copy\.$",
    ):
        load_case(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "vector.npz"
    path.write_bytes(content)
    with pytest.raises(
        ImageError,
        match=rf"^{re.escape(str(path))}: not a golden vector \(.+\); take a fresh copy\.$",
    ):
        load_case(path)


def test_a_single_array_is_refused(tmp_path):
    path = tmp_path / "vector.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(
        ImageError,
        match=rf"^{re.escape(str(path))}: not a golden vector \(.+\); take a fresh copy\.$",
    ):
        load_case(path)


def test_a_missing_file_is_refused(tmp_path):
    path = tmp_path / "vector.npz"
    message = f"{path}: no such file; pass the path of a golden vector (.npz)."
    with pytest.raises(ImageError, match=exactly(message)):
        load_case(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vth_mant": None}, "'vth_mant' is missing"),
        ({"v": None}, "'v' is missing"),
        ({"status_lava": None}, "'status_lava' is missing"),
        (
            {"status_lava": "unsuported"},
            "status_lava is 'unsuported', expected agree, differ, unsupported",
        ),
        ({"grp_src": add(0, 7)}, "grp_src holds 7, expected 0 to 1"),
        ({"grp_sign_mode": lambda a: a * 0}, "grp_sign_mode holds 0, expected 1 to 3"),
        ({"syn_group": lambda a: a + 5}, "syn_group holds 5, expected 0 to 1"),
        ({"in_spike_step": add(0, -1000)}, "in_spike_step holds -STEP, expected 0 to 249"),
        ({"n_inputs": 2**40}, "n_inputs holds 1099511627776, expected 0 to 65536"),
        ({"n_neurons": -1}, "n_neurons holds -1, expected at least 1"),
        ({"n_agree": 4}, "n_agree holds 4, expected 0 to 3"),
        (
            {"spk_step": lambda a: a[::-1], "spk_idx": lambda a: a[::-1]},
            "spk_step and spk_idx are not sorted, or a spike is there twice",
        ),
        (
            {"u": lambda a: a[:-1]},
            "'u' has shape (249, 12) and type int32, expected integers of shape (250, 12)",
        ),
        (
            {"v": lambda a: a / 2},
            "'v' has shape (250, 12) and type float64, expected integers of shape (250, 12)",
        ),
        (
            {"decay_u": lambda a: a[:-1]},
            "'decay_u' has shape (11,) and type int32, expected integers of shape (12,)",
        ),
        (
            {"n_neurons": [1, 2]},
            "'n_neurons' has shape (2,) and type int64, expected integers of shape ()",
        ),
        ({"spk_step": add(0, -1000)}, "spk_step holds WORST, expected 0 to 249"),
        ({"spk_idx": add(0, 12)}, "spk_idx holds WORST, expected 0 to 11"),
        (
            {"syn_pre": lambda a: a[:-1]},
            "'syn_group' has shape (ALL,) and type int32, expected integers of shape (LESS,)",
        ),
    ],
    ids=lambda item: next(iter(item)) if isinstance(item, dict) else "",
)
def test_a_vector_whose_parts_do_not_belong_together_is_refused(tmp_path, changes, reason):
    case = load_case(VECTORS / PLAIN)
    worst = case.spike_step[0] - 1000 if "spk_step" in changes else case.spike_neuron[0] + 12
    n = len(case.synapse_source)
    reason = reason.replace("-STEP", str(case.input_step[0] - 1000))
    reason = reason.replace("WORST", str(worst)).replace("ALL", str(n)).replace("LESS", str(n - 1))
    damaged(altered(VECTORS / PLAIN, tmp_path, **changes), reason)


def test_noise_of_another_length_is_refused(tmp_path):
    path = altered(VECTORS / NOISE, tmp_path, noise_raw=lambda a: a[1:])
    with pytest.raises(ImageError, match=r"not a golden vector \('noise_raw' has shape "):
        load_case(path)


def test_the_output_of_a_peer_is_checked_too(tmp_path):
    path = altered(VECTORS / LOSSY, tmp_path, brian2loihi_u=lambda a: a[1:])
    steps, neurons = load_case(VECTORS / LOSSY).u.shape
    damaged(
        path,
        f"'brian2loihi_u' has shape ({steps - 1}, {neurons}) and type int32, expected integers of "
        f"shape ({steps}, {neurons})",
    )
