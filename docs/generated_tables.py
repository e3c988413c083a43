"""The generated tables of the pages: each function of ``GENERATORS`` returns one from the code.

``docs/refresh.py`` writes them between ``<!-- generated: KIND ARGUMENT -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import importlib.util
import inspect
import math
import re
import runpy
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import zip_longest
from pathlib import Path
from typing import Any

import neurochip

__all__ = ["GENERATORS"]

ROOT = Path(__file__).resolve().parents[1]
_LONG = 220  # characters of a signature; a longer one is not shown
_METHODS = (types.FunctionType, classmethod, staticmethod)
_STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
_PARAMETER = re.compile(r"^(\w+(?:, \w+)*) : (.+)$")
_RST_TABLE = re.compile(r"^=+ [= ]+$.*^=+ [= ]+$", re.MULTILINE | re.DOTALL)
_ARGUMENTS = {
    "model": "Python file (.py) or NIR graph (.nir) to work on.",
    "subject": "Image to run (.npz), or model that is compiled first (.py, .nir).",
    "file": "File to describe.",
    "folder": "Folder with golden vectors (.npz).",
    "command": "Command whose help to print.",
}
"""Meaning of each positional argument of the command line."""


def _public_names(module: str) -> list[str]:
    """Return the names that ``neurochip`` exports from a module, or all names of the module."""
    return list(neurochip._HOMES.get(module) or importlib.import_module(module).__all__)


def _names(modules: str) -> str:
    found = {
        name: getattr(importlib.import_module(module), name)
        for module in modules.split(",")
        for name in _public_names(module)
    }
    rows = [
        (f"`{name}`", _signature(found[name]), _summary(found[name]))
        for name in sorted(found, key=str.lower)
    ]
    return _table(("name", "arguments", "what it is"), rows)


def _methods(names: str) -> str:
    """Return the methods and properties of public classes, and those of a base in their room."""
    rows = []
    for owner in names.split(","):
        cls = getattr(neurochip, owner)
        room = cls.__module__.rpartition(".")[0]
        bases = [base for base in cls.__mro__ if base.__module__.startswith(f"{room}.")]
        members = {name: vars(base)[name] for base in reversed(bases) for name in vars(base)}
        for name, member in sorted(members.items()):
            if name.startswith("_") or not isinstance(member, (*_METHODS, property)):
                continue
            bound = getattr(cls, name)
            arguments = "" if isinstance(member, property) else _signature(bound)
            rows.append((f"`{owner}.{name}`", arguments, _summary(bound)))
    return _table(("name", "arguments", "what it does"), rows)


def _signature(value: Any) -> str:
    if not callable(value) or (inspect.isclass(value) and issubclass(value, BaseException)):
        return ""
    try:
        parameters = inspect.signature(value).parameters.values()
    except ValueError:
        return ""
    if getattr(value, "__members__", None) is not None:
        return ", ".join(f"`{name}`" for name in value.__members__)
    shown = []
    for parameter in parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        empty = parameter.default is inspect.Parameter.empty
        default = "" if empty else f"={_default(value, parameter.default)}"
        stars = _STARS.get(parameter.kind, "")
        shown.append(f"{stars}{parameter.name}{default}")
    text = f"({', '.join(shown)})"
    return f"`{text}`" if len(text) < _LONG else "keyword arguments only"


def _default(function: Any, default: Any) -> str:
    """Return the name of a constant in the function's module, or the value itself."""
    constants = {id(item): name for name, item in vars(inspect.getmodule(function)).items()}
    name = "" if isinstance(default, bool) else constants.get(id(default), "")
    return name if name.isupper() else repr(default)


def _summary(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"Names and values: {', '.join(f'`{key}`' for key in value)}."
    if isinstance(value, tuple):
        return f"Names: {', '.join(f'`{item}`' for item in value)}."
    if isinstance(value, property):
        return _markdown((inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " "))
    if not callable(value):
        return f"A `{type(value).__name__}`, named {value.name!r}."
    return _markdown((inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " "))


def _markdown(text: str) -> str:
    """Turn roles and double backticks of docstrings into Markdown."""
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text).replace("``", "`")


def _fields(path: str) -> str:
    """Return the documented parameters of a class, with the defaults of its fields."""
    module, _, name = path.partition(":")
    cls = getattr(importlib.import_module(module), name)
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(cls)
        if not isinstance(field.default, dataclasses._MISSING_TYPE)
    }
    rows = []
    for names, kind, text in _documented(cls):
        shown = ", ".join(f"`{item}`" for item in names)
        given = [defaults[item] for item in names if item in defaults]
        values = ", ".join(f"`{item if isinstance(item, Enum) else repr(item)}`" for item in given)
        rows.append((shown, _markdown(kind), *((values,) if defaults else ()), _markdown(text)))
    header = ("name", "type", *(("default",) if defaults else ()), "meaning")
    return _table(header, rows)


def _documented(cls: type) -> Iterator[tuple[list[str], str, str]]:
    lines = (inspect.getdoc(cls) or "").splitlines()
    start = lines.index("Parameters") + 2
    names: list[str] = []
    kind, text = "", []
    for line in [*lines[start:], "end : end"]:
        match = _PARAMETER.match(line)
        if match:
            if names:
                yield names, kind, " ".join(text)
            names, kind, text = match[1].split(", "), match[2], []
        elif line.startswith("    "):
            text.append(line.strip())
        elif line and not line.startswith(" "):  # the next section of the docstring
            break
    else:
        return
    yield names, kind, " ".join(text)


def _options(command: str) -> str:
    """Return the options of a command without those of every MODEL; of ``model``, only these."""
    from neurochip.cli import main
    from neurochip.cli._options import model_options

    of_model = command == "model"
    parameters = main.commands["compile" if of_model else command].params
    shared = {item.name for item in model_options()(lambda: None).__click_params__}
    if not shared - {"model"} <= {item.name for item in parameters}:
        shared = set()  # the command takes no MODEL
    rows = []
    for parameter in parameters:
        argument = parameter.param_type_name == "argument"
        if of_model != (parameter.name in shared and not argument):
            continue
        if argument:
            meaning = _ARGUMENTS[parameter.name]
            needed = "required" if parameter.required else "none"
            rows.append((f"`{parameter.human_readable_name}`", needed, meaning))
            continue
        flags = ", ".join(f"`{flag}`" for flag in parameter.opts)
        given = isinstance(parameter.default, (str, int, float)) and not parameter.is_flag
        default = f"`{parameter.default}`" if given else "off" if parameter.is_flag else "none"
        rows.append((flags, default, parameter.help or ""))
    return _table(("option", "default", "meaning"), rows)


def _statuses(_: str) -> str:
    from neurochip.cli._statuses import Status

    return _table(("status", "meaning"), [(str(int(item)), item.meaning) for item in Status])


def _results(command: str) -> str:
    """Return the keys of the JSON of a command, or with ``all`` those of every command."""
    from neurochip.cli._results import COMMON, RESULTS

    keys = COMMON if command == "all" else RESULTS[command]
    return _table(("key", "value"), [(f"`{key}`", meaning) for key, meaning in keys.items()])


def _unavailable(module: str) -> str:
    """Return what works instead of the models that a front end refuses."""
    found = importlib.import_module(module).UNAVAILABLE
    rows = [(f"`{name}`", text.removeprefix("What works: ")) for name, text in found.items()]
    return _table(("refused", "what works"), rows)


def _errors(module: str) -> str:
    source = importlib.import_module(module)
    return _table(
        ("error", "also a", "raised for"),
        [
            (
                f"`{name}`",
                ", ".join(f"`{base.__name__}`" for base in getattr(source, name).__bases__[1:]),
                _summary(getattr(source, name)),
            )
            for name in source.__all__
        ],
    )


def _layers(path: str) -> str:
    rows = [
        [f"`{name}`" for name in units if importlib.util.find_spec(name)]
        for units in runpy.run_path(str(ROOT / path))["ROWS"]
    ]
    numbered = list(enumerate(units for units in rows if units))
    return _table(
        ("row", "modules"), [(str(row), ", ".join(units)) for row, units in reversed(numbered)]
    )


def _forms(path: str) -> str:
    """Return the forms of plasticity in Brian2 that are tested, and which of them are read."""

    def code(text: str) -> str:
        lines = (line.strip() for line in text.replace(";", "\n").split("\n"))
        return f"`{'; '.join(lines)}`" if text else ""

    rows = []
    for name, form in runpy.run_path(str(ROOT / path))["FORMS"].items():
        regular = f" every {form.interval} steps: {code(form.regular)}" if form.regular else ""
        read = "no" if form.refused else "yes"
        rows.append((name, code(form.on_pre), code(form.on_post) + regular, read))
    return _table(("form", "`on_pre`", "`on_post`", "read"), rows)


def _rooms(package: str) -> str:
    """Return the first sentence of each folder of a package and of each file at its top."""
    top = ROOT / package
    folders = {path.parent: path for path in sorted(top.rglob("__init__.py"))}
    files = [path for path in sorted(top.glob("*.py")) if not path.name.startswith("__")]
    rows = [
        (f"`{room.relative_to(ROOT)}`", _first_sentence(path)) for room, path in folders.items()
    ]
    rows += [(f"`{path.relative_to(ROOT)}`", _first_sentence(path)) for path in files]
    return _table(("room", "what is in it"), rows)


def _first_sentence(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return _markdown(docstring.split("\n\n")[0].replace("\n", " "))


def _evidence(path: str) -> str:
    """Return what is equal to recorded runs of other simulators, counted now."""
    rows = _from_tests(path).evidence()
    return _table(
        ("compared with recorded runs", "different", "command"),
        [(subject, different, f"`{command}`") for subject, different, command in rows],
    )


def _tried(path: str) -> str:
    """Return the number of bad inputs of each kind in a table of the tests."""
    kinds = _from_tests(path).tried()
    rows = [(kind, f"{n:,}") for kind, n in kinds.items()]
    return _table(("kind", "tried"), [*rows, ("all", f"{sum(kinds.values()):,}")])


def _from_tests(path: str) -> types.ModuleType:
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        return importlib.import_module(Path(path).stem)
    finally:
        sys.path.pop(0)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)])


def _operations(_: str) -> str:
    """Return the operations of neuron programs, with the codes of their integers."""
    rows = [
        (str(code), f"`{' '.join((item.name, *item.operands))}`", _markdown(item.meaning))
        for code, item in enumerate(neurochip.OPERATIONS.values())
    ]
    return _table(("code", "operation", "result"), rows)


def _library(chip: str) -> str:
    """Return the programs of the library: registers and rows, as on a chip."""
    core = getattr(neurochip, chip).core
    parts = []
    for name, function in neurochip.PROGRAMS.items():
        program = function(core)
        text = re.split(r"\n\n\w+\n---", inspect.getdoc(function) or "")[0]
        text = text.removeprefix("Return ")
        tables = [f"```text\n{item.replace('``', '  ')}\n```" for item in _RST_TABLE.findall(text)]
        prose = [_markdown(item) for item in _RST_TABLE.split(text[0].upper() + text[1:])]
        text = "".join(part for pair in zip_longest(prose, tables, fillvalue="") for part in pair)
        state = ", ".join(f"{item} ({bits} bits)" for item, bits in program.state.items())
        ranges = program.parameters.items()
        parameters = ", ".join(f"{item} ({low} to {high})" for item, (low, high) in ranges)
        payload = f"{program.payload_bits} bits" if program.payload_bits else "none"
        facts = f"Inputs: {', '.join(program.inputs)}. State: {state or 'none'}. Parameters: "
        facts += f"{parameters or 'none'}. Payload: {payload}."
        rows = str(program).split("\n", 1)[1]
        parts.append(f"### {name}\n\n{text}\n\n{facts}\n\n```text\n{rows}\n```\n")
    return "\n".join(parts)


def _learning(_: str) -> str:
    """Return the fields of a learning engine: what is published, how sure, and the emulators."""
    from neurochip.chip.learning_grades import KNOWN
    from neurochip.learning import LEARNING_PRESETS

    published, *others = LEARNING_PRESETS.values()

    def cell(value: Any) -> str:
        if isinstance(value, enum.Enum):
            return str(value.value)
        if isinstance(value, tuple):
            low, high = value
            return "any" if math.isinf(low) else f"{low} to {high}"
        return {None: "none", math.inf: "no decay", True: "yes", False: "no"}.get(
            value if isinstance(value, bool) or value in (None, math.inf) else "", f"{value}"
        )

    rows = []
    for name, (grade, source) in KNOWN.items():
        usual = getattr(published, name)
        changed = [getattr(each, name) for each in others]
        rows.append(
            (
                f"`{name}`",
                cell(usual),
                f"{grade.value}: {source}",
                *(cell(value) if value != usual else "" for value in changed),
            )
        )
    names = (f"`{each.name}`" for each in others)
    return _table(("field", "default", "how sure", *names), rows)


GENERATORS: dict[str, Callable[[str], str]] = {
    "names": _names,
    "methods": _methods,
    "fields": _fields,
    "options": _options,
    "statuses": _statuses,
    "results": _results,
    "unavailable": _unavailable,
    "errors": _errors,
    "layers": _layers,
    "forms": _forms,
    "rooms": _rooms,
    "evidence": _evidence,
    "tried": _tried,
    "operations": _operations,
    "library": _library,
    "learning": _learning,
}
