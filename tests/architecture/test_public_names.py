"""The front of the packages: lists of names that are sorted, complete and importable."""

from __future__ import annotations

import ast
import importlib
import types
from pathlib import Path

import pytest

import compiler

ROOT = Path(__file__).parents[2]
FRONTS = ("neurochip.network", "compiler")


def listed(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if named and isinstance(node.value, ast.List):  # that of neurochip is made from its table
            return ast.literal_eval(node.value)
    return None


def by_kind(name):
    """Constants, then classes, then functions, each by the alphabet: the order of ruff."""
    if name.isupper():
        return 0, name
    return (1, name) if name[0].isupper() else (2, name)


@pytest.mark.parametrize("name", FRONTS)
def test_a_front_lists_what_it_imports_in_order(name):
    front = importlib.import_module(name)
    imported = {
        key
        for key, value in vars(front).items()
        if not isinstance(value, types.ModuleType) and not key.startswith("_")
    }
    assert set(front.__all__) == imported
    assert list(front.__all__) == sorted(front.__all__, key=by_kind)


def test_every_list_of_names_is_unique_and_true():
    for package in ("neurochip", "compiler"):
        for path in (ROOT / package).rglob("*.py"):
            names = listed(path)
            if names is None:
                continue
            assert len(set(names)) == len(names), path
            tree = ast.parse(path.read_text(encoding="utf-8"))
            bound = {
                alias.asname or alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            }
            for node in tree.body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    bound.add(node.name)
                elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    parts = (part for target in targets for part in ast.walk(target))
                    bound |= {part.id for part in parts if isinstance(part, ast.Name)}
            assert set(names) <= bound, path


def test_the_compiler_offers_its_functions_its_options_and_its_error():
    assert compiler.__all__ == [
        "OPTIONS",
        "CompileError",
        "CompileOptions",
        "DtCandidate",
        "DtChoice",
        "FitReport",
        "FitRow",
        "Option",
        "choose_dt",
        "compile_network",
        "explain_fit",
    ]


def test_both_packages_say_that_they_are_typed():
    for package in ("neurochip", "compiler"):
        assert (ROOT / package / "py.typed").is_file()


def test_the_errors_have_one_base_and_the_type_that_a_reader_of_python_expects():
    errors = importlib.import_module("neurochip.errors")
    for name in errors.__all__:
        error = getattr(errors, name)
        assert issubclass(error, (errors.NeurochipError, errors.NeurochipWarning))
        assert error.__doc__
    assert issubclass(errors.NetworkError, ValueError)
    assert issubclass(errors.MissingExtraError, ImportError)
    assert issubclass(errors.ChipOverflowError, ArithmeticError)
    assert issubclass(errors.NeurochipWarning, UserWarning)
