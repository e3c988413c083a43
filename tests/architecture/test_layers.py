"""Which module may import which: a table, read against the source."""

from __future__ import annotations

import ast
import functools
from graphlib import TopologicalSorter
from pathlib import Path

import compiler
import neurochip

ROOT = Path(__file__).parents[2]
PACKAGES = ("neurochip", "compiler")

# A module imports from lower rows only; units of one row never import each other. A name stands for
# itself and, where it is a package, for everything in it, whose modules may import each other.
ROWS = (
    ("neurochip.errors", "neurochip.typing", "neurochip.version"),
    ("neurochip._support",),
    ("neurochip._display",),
    ("neurochip._kernels", "neurochip.chip", "neurochip.network"),
    ("neurochip.learning", "neurochip.programs"),
    ("neurochip.image", "neurochip.recording", "neurochip.recurrence", "neurochip.stimulus"),
    ("neurochip.packing", "neurochip.spike_files"),
    ("compiler", "neurochip.emulator", "neurochip.mapping", "neurochip.reference"),
    ("neurochip.conformance", "neurochip.validation"),
    ("neurochip.learned",),
    ("neurochip.attribution", "neurochip.sweeps", "neurochip.tuning"),
    ("neurochip.classification", "neurochip.precision"),
    ("neurochip.frontends", "neurochip.report"),
    ("neurochip.cli",),
    ("neurochip.__main__",),
)
ROW = {unit: row for row, units in enumerate(ROWS) for unit in units}
# Whoever lives in neurochip or in compiler may use these; other private modules are for neighbours.
SHARED = ("neurochip._display", "neurochip._kernels", "neurochip._support")


def modules():
    """Every source file by its dotted name; a package by the name of its folder."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@functools.cache
def statements(name):
    """What a module imports of this project anywhere, also within functions: (from what, names)."""
    found = []
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            bases = [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*above, node.module or ""]).strip(".") if node.level else node.module
            bases = [(base, [alias.name for alias in node.names])]
        else:
            continue
        found += [each for each in bases if each[0].split(".")[0] in PACKAGES]
    return found


def imports(name):
    """Modules of this project that a module imports."""
    for base, members in statements(name):
        inside = [f"{base}.{member}" for member in members if f"{base}.{member}" in MODULES]
        yield from inside
        if len(inside) < len(members) or not members:
            yield base


def unit_of(name):
    """The row's entry that a module belongs to."""
    while name not in ROW and "." in name:
        name = name.rpartition(".")[0]
    return name


def test_every_module_stands_in_the_table():
    missing = [name for name in MODULES if name != "neurochip" and unit_of(name) not in ROW]
    assert missing == []


def wrong_imports(name):
    """Imports that the table forbids, each in words."""
    own = unit_of(name)
    for imported in imports(name):
        unit = unit_of(imported)
        if unit not in ROW:
            yield f"{name} imports the public face {imported}; import from its homes"
        elif unit != own and ROW[unit] >= ROW[own]:
            yield f"{name} (row {ROW[own]}) imports {imported} (row {ROW[unit]})"


def test_a_module_imports_from_lower_rows_only():
    wrong = [each for name in MODULES if name != "neurochip" for each in wrong_imports(name)]
    assert not wrong, "\n".join(wrong)


def test_the_public_face_imports_nothing_but_what_loads_the_rest():
    assert set(imports("neurochip")) == {"neurochip._support.shadowing"}


def reached_from(name):
    """Modules that importing one brings along, with the packages that they are in."""
    found, waiting = set(), [name]
    while waiting:
        module = waiting.pop()
        if module in MODULES and module not in found:
            found.add(module)
            waiting += [module.rpartition(".")[0], *imports(module)]
    return found


def test_the_public_face_knows_which_homes_need_the_compiler():
    needing = {home for home in neurochip._HOMES if "compiler" in reached_from(home)}
    assert needing == set(neurochip._COMPILING)


def test_no_imports_go_in_circles():
    graph = {name: {i for i in imports(name) if i != name} for name in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MODULES)


def test_the_compiler_the_emulator_and_the_reference_do_not_know_each_other():
    stages = ("compiler", "neurochip.emulator", "neurochip.reference")
    for name in MODULES:
        if unit_of(name) in stages:
            others = {unit_of(i) for i in imports(name)} & set(stages) - {unit_of(name)}
            assert not others, f"{name} imports {others}"


def reaches_into_the_compiler(name):
    """What a module imports of the compiler besides its public names."""
    for base, members in statements(name):
        if base == "compiler":
            yield from set(members) - set(compiler.__all__)
        elif unit_of(base) == "compiler":
            yield base


def test_outside_of_the_compiler_only_its_public_names_are_known():
    outside = [name for name in MODULES if unit_of(name) != "compiler"]
    found = {name: set(reaches_into_the_compiler(name)) for name in outside}
    assert {name: what for name, what in found.items() if what} == {}


def private_rooms(name):
    """The private modules and packages that a name leads through."""
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i, part in enumerate(parts) if part.startswith("_")]


def test_a_private_module_is_imported_from_its_own_package_only():
    wrong = [
        f"{name} imports {imported}"
        for name in MODULES
        for imported in imports(name)
        for room in private_rooms(imported)
        if room not in SHARED and not f"{name}.".startswith(f"{room.rpartition('.')[0]}.")
    ]
    assert not wrong, "private modules of others:\n" + "\n".join(wrong)


def test_the_judge_imports_neither_what_it_judges_nor_what_made_it():
    for name in MODULES:
        if unit_of(name) == "neurochip.validation":
            assert not {unit_of(i) for i in imports(name)} & {"compiler", "neurochip.emulator"}


def test_the_reader_of_imports_sees_all_their_forms():
    assert "neurochip.errors" in set(imports("neurochip.network.connections"))  # from ..errors
    assert "neurochip.network.topology" in set(imports("neurochip.network.connections"))  # from .
    assert "neurochip.image" in set(imports("compiler.pipeline"))  # from neurochip.image
    assert "compiler.options" in set(imports("compiler"))  # from .options in an __init__
    assert "compiler.options" in set(reaches_into_the_compiler("compiler"))
    assert private_rooms("a._b.c._d") == ["a._b", "a._b.c._d"]
