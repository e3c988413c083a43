"""A user's file named compiler.py hides the package: who needs it says so, by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import compiler

ROOT = Path(compiler.__file__).parents[1]
MODEL = """
from neurochip import LIF, Network, Population
network = Network(populations=[Population("cells", 1, LIF())])
"""
# What a console script holds: Python then looks beside the script, not in the current folder.
CONSOLE = """
import sys
from neurochip.__main__ import main
sys.exit(main())
"""


def hidden(path, name):
    return (
        f"neurochip: {path} hides the package 'compiler' of neurochip, which is "
        f"{ROOT.resolve() / 'compiler'}: Python searches the folder of the script, and earlier "
        f"entries of its path, first. Rename {name}."
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "compiler.py").write_text("raise SystemExit('the file of the user was run')\n")
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "neurochip").write_text(CONSOLE)
    return tmp_path


def python(folder, *arguments, first=""):
    """Run Python in the folder, where neurochip is found after what the script lies beside."""
    path = os.pathsep.join(filter(None, (str(first), str(ROOT))))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def script(folder, text, name="script.py"):
    (folder / name).write_text(text)
    return python(folder, name)


@pytest.mark.parametrize(
    "statement",
    [
        "import neurochip; neurochip.compile_network",
        "from neurochip import compile_network",
        "import neurochip; neurochip.validate",
        "from neurochip import sweep",
        "import neurochip.frontends.brian2",
    ],
)
def test_a_script_beside_it_is_told_which_file_to_rename(folder, statement):
    run = script(folder, statement)
    assert run.returncode == 1
    last = run.stderr.splitlines()[-1]
    assert last == f"ImportError: {hidden(folder / 'compiler.py', 'compiler.py')}"


def test_what_needs_no_compiler_works_beside_it(folder):
    run = script(folder, "import neurochip as nc; print(nc.LIF(), nc.Emulator.__name__)")
    assert run.returncode == 0, run.stderr
    assert "Emulator" in run.stdout


def test_a_script_of_that_name_is_told_so_and_not_run_twice(folder):
    text = "print('once')\nfrom neurochip import compile_network\n"
    run = script(folder, text, "compiler.py")
    assert run.stdout == "once\n"
    assert run.stderr.endswith(f"{hidden(folder / 'compiler.py', 'compiler.py')}\n")


def test_a_module_that_the_user_has_imported_already_counts_as_well(folder):
    (folder / "compiler.py").write_text("def build(): pass\n")
    run = script(folder, "import compiler, neurochip; neurochip.compile_network")
    assert run.stderr.endswith(f"{hidden(folder / 'compiler.py', 'compiler.py')}\n")


def test_a_package_of_that_name_is_named_by_its_folder(folder):
    (folder / "compiler.py").unlink()
    (folder / "compiler").mkdir()
    (folder / "compiler" / "__init__.py").write_text("")
    run = script(folder, "import neurochip; neurochip.compile_network")
    assert run.stderr.endswith(f"{hidden(folder / 'compiler', 'compiler')}\n")


def test_without_a_compiler_the_installation_is_blamed(folder):
    (folder / "compiler.py").unlink()
    text = (
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'compiler' else find(name)\n"
        "import neurochip; neurochip.compile_network"
    )
    run = script(folder, text)
    assert run.stderr.endswith(
        "ImportError: neurochip: its package 'compiler' is missing; expected in "
        f"{ROOT.resolve() / 'compiler'}. Install neurochip again.\n"
    )


@pytest.mark.parametrize("first", ["", "folder"])
def test_the_command_line_says_so_in_one_line(folder, first):
    command = ("bin/neurochip",) if first else ("-m", "neurochip")
    run = python(folder, *command, "compile", "model.py", first=folder if first else "")
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr == f"Error: {hidden(folder / 'compiler.py', 'compiler.py')}\n"
    assert not (folder / "image.npz").exists()


def test_the_installed_command_does_not_look_into_the_current_folder(folder):
    run = python(folder, "bin/neurochip", "compile", "model.py")
    assert run.returncode == 0, run.stderr
    assert (folder / "image.npz").exists()
