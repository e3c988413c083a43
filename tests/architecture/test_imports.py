"""What an import costs: describing and compiling a network load no engine and no plots."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numba",
    "llvmlite",
    "matplotlib",
    "tqdm",
    "click",
    "scipy",
    "sympy",
    "brian2",
    "pyNN",
    "neurochip.emulator",
    "neurochip.reference",
    "neurochip.validation",
)


def loaded_by(statement):
    """Modules after a statement in a fresh interpreter."""
    program = f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import neurochip",
        "import neurochip; dir(neurochip)",
        "import compiler",
        "import neurochip.image.files",
        "from neurochip import LIF, LOIHI, Network, Recording, compile_network, save_image",
        "from compiler import *",
    ],
)
def test_describing_and_compiling_load_nothing_heavy(statement):
    loaded = loaded_by(statement)
    assert "neurochip" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("statement", ["import neurochip", "import neurochip; dir(neurochip)"])
def test_the_public_face_loads_nothing_until_a_name_is_used(statement):
    loaded = loaded_by(statement)
    assert "numpy" not in loaded
    assert {name for name in loaded if name.split(".")[0] in ("neurochip", "compiler")} == {
        "neurochip",
        "neurochip._support",
        "neurochip._support.shadowing",
    }


def test_front_ends_and_files_of_others_load_their_packages_only_when_used():
    loaded = loaded_by(
        "import neurochip.frontends.netx, neurochip.frontends.nir, neurochip.spike_files"
    )
    assert loaded.isdisjoint({"nir", "h5py", "scipy", "neo", "nixio", *HEAVY})


def test_what_front_ends_share_knows_no_simulator():
    loaded = loaded_by("import neurochip.frontends.session")
    assert loaded.isdisjoint({"brian2", "nir", "pyNN"})
    assert [name for name in sorted(loaded) if name.startswith("neurochip.frontends.")] == [
        "neurochip.frontends.session"
    ]


@pytest.mark.parametrize("module", ["neurochip.validation", "neurochip.sweeps"])
def test_importing_the_judge_does_not_load_the_plots(module):
    assert "matplotlib" not in loaded_by(f"import {module}")
