"""All arrays of lava-dl's Loihi 2 tests, layer by layer: the emulator gives every value.

``NEUROCHIP_LAVA_DL`` is the folder with the arrays and networks of lava-dl (BSD-3); without it, a
folder beside the project is tried, and without that only the vectors of the project are tested.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.conformance import check_program_case, load_program_case

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "loihi2"
FOLDER = Path(os.environ.get("NEUROCHIP_LAVA_DL", BESIDE))
RECORDER = Path(__file__).parent / "record_lava_dl.py"
NEEDED = ("dense_lif.npz", "pilotnet_lif.net", "pilotnet_lif.npz", "pilotnet_sdnn.net")
NEEDED += ("pilotnet_sdnn.npz", "tiny_lif.npz", "tiny_sdnn.npz")


@pytest.mark.slow
def test_all_values_of_lava_dl_are_equal(tmp_path):
    missing = [name for name in NEEDED if not (FOLDER / name).is_file()]
    if missing or importlib.util.find_spec("h5py") is None:
        pytest.skip(f"{' '.join(missing) or 'h5py'} not found; set NEUROCHIP_LAVA_DL to the folder")
    subprocess.run([sys.executable, RECORDER, FOLDER, tmp_path], check=True, capture_output=True)
    cases = [load_program_case(path) for path in sorted(tmp_path.glob("*.npz"))]
    found = {case.name.removeprefix("lava_dl_"): check_program_case(case) for case in cases}
    assert {name: agreement.wrong for name, agreement in found.items()} == dict.fromkeys(found, 0)
    assert {name: agreement.values for name, agreement in found.items()} == {
        "dense_lif": 512_000,
        "pilotnet_lif_conv_0": 1_824_768,
        "pilotnet_lif_conv_1": 1_905_120,
        "pilotnet_lif_conv_2": 580_608,
        "pilotnet_lif_input": 950_400,
        "pilotnet_sdnn_input": 198_000,
        "pilotnet_sdnn_layer1": 376_320,
        "pilotnet_sdnn_layer2": 120_960,
        "pilotnet_sdnn_layer9": 9,
        "tiny_lif_input": 11_520,
        "tiny_lif_layer1": 25_920,
        "tiny_sdnn_input": 11_520,
        "tiny_sdnn_layer1": 864,
        "tiny_sdnn_layer2": 1_600,
    }
