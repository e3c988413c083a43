"""``neurochip.NAME``: one table says where each public name lives, and nothing hides one."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neurochip

ROOT = Path(__file__).parents[2]
STUB = ROOT / "neurochip" / "__init__.pyi"
NAMES = [name for name in neurochip.__all__ if name != "__version__"]


def test_the_table_and_what_type_checkers_read_say_the_same():
    said = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.name == alias.asname  # which makes it public
            said[alias.name] = f"neurochip.{node.module}" if node.level else node.module
    assert said == neurochip._HOME


def test_the_table_has_an_order_and_no_name_twice():
    assert list(neurochip._HOMES) == sorted(neurochip._HOMES)
    assert sum(map(len, neurochip._HOMES.values())) == len(neurochip._HOME)


def is_offered_by_its_home(name):
    home = importlib.import_module(neurochip._HOME[name])
    return name in home.__all__ and getattr(neurochip, name) is getattr(home, name)


def test_a_name_is_that_of_its_home_which_offers_it():
    homes = neurochip._HOME
    wrong = [f"{name} of {homes[name]}" for name in NAMES if not is_offered_by_its_home(name)]
    assert not wrong, "names that their homes do not offer:\n" + "\n".join(wrong)


def test_completion_shows_the_public_names_and_nothing_else():
    shown = {name for name in dir(neurochip) if not re.fullmatch(r"__\w+__", name)}
    assert shown == set(NAMES)
    assert set(neurochip.__all__) <= set(dir(neurochip))


def test_no_module_of_the_package_has_a_public_name():
    modules = {module.name for module in pkgutil.iter_modules(neurochip.__path__)}
    assert not modules & set(NAMES)


@pytest.mark.slow
def test_names_are_what_they_should_be_whatever_was_imported_before():
    program = """
import importlib, pkgutil, types
import neurochip
for module in pkgutil.walk_packages(neurochip.__path__, "neurochip."):
    if not {"brian2", "pynn", "in_nest", "__main__"} & set(module.name.split(".")):
        importlib.import_module(module.name)
for name in neurochip.__all__:
    value = getattr(neurochip, name)
    assert not isinstance(value, types.ModuleType), name
    assert value is getattr(importlib.import_module(neurochip._HOME[name]), name), name
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("compile_netwrok", ". Did you mean: 'compile_network'?"),
        ("emulator_", ". Did you mean: 'Emulator'?"),
        ("nothing_like_it", ""),
        ("__wrapped__", ""),
    ],
)
def test_a_name_that_is_none_is_an_attribute_error(name, end):
    with pytest.raises(AttributeError) as caught:
        getattr(neurochip, name)
    assert str(caught.value) == f"module 'neurochip' has no attribute {name!r}{end}"
    assert not hasattr(neurochip, name)


def test_a_star_import_gives_the_public_names():
    space = {}
    exec("from neurochip import *", space)
    assert set(neurochip.__all__) == set(space) - {"__builtins__"}


@pytest.mark.slow
def test_type_checkers_know_the_names(tmp_path):
    pytest.importorskip("mypy", reason="mypy is an extra: neurochip[dev]")
    script = tmp_path / "script.py"
    script.write_text(
        "import neurochip as nc\n"
        f"from neurochip import {', '.join(NAMES)}\n"
        "image: nc.ChipImage = compile_network(nc.Network(populations=[]), dt=0.5)\n"
        "report: Report = nc.validate(nc.Network(populations=[]), dt=0.5)\n"
        "nc.compile_netwrok\n"
    )
    command = (*("-m", "mypy", "--strict", "--follow-imports=silent"), str(script))
    run = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (line, count) = run.stdout.splitlines()
    assert 'error: Module has no attribute "compile_netwrok"' in line, run.stdout
    assert count.startswith("Found 1 error")


# What users read imports from neurochip. The device of Brian2 is set by an import; two pages show
# the insides: the passes of the compiler, and golden vectors.
ELSEWHERE = {
    "neurochip.frontends.brian2",
    "neurochip.frontends.pynn",
    "neurochip.conformance",
    "neurochip.learning",
    "neurochip.recurrence",
    "compiler.neurons.decays",
    "compiler.neurons.drive",
}
IMPORT = re.compile(r"^\s*(?:>>> )?(?:from (neurochip|compiler)(\S*) import|import (neurochip\S*))")


def test_what_users_read_imports_from_the_public_face():
    read = [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").glob("*.py")),
    ]
    imports = [
        (f"{path.relative_to(ROOT)}:{number}: {line}", found[3] or found[1] + found[2])
        for path in read
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := IMPORT.match(line))
    ]
    wrong = [where for where, module in imports if module not in {"neurochip", *ELSEWHERE}]
    assert len(imports) > 30
    assert not wrong, "imports from elsewhere than neurochip:\n" + "\n".join(wrong)
