"""Bring README.md and the pages of docs/ up to date with the code.

    python docs/refresh.py              rewrite outputs and generated tables
    python docs/refresh.py docs/reference/api.md README.md   only these pages
    python docs/refresh.py --figures    also draw the figures again

A page is run from top to bottom in an empty folder:

- ```python blocks run; all blocks of a page share one namespace. A block that begins with a comment
  like ``# model.py`` is also written to that file.
- ```bash blocks: lines that begin with ``neurochip`` or ``python examples/`` run, others do not.
  A word that begins with ``tests/`` is a path in the source tree.
- an ```output block holds the output of the previous block.
- the text between ``<!-- generated: KIND ARGUMENT -->`` and ``<!-- end -->`` is the result of a
  function of ``GENERATORS``.

``tests/test_docs.py`` fails if a page differs from the output of this script.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib
import importlib.util
import inspect
import io
import json
import os
import re
import runpy
import shlex
import sys
import tempfile
import types
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner

import neurochip
from neurochip._kernels.notice import MESSAGE

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = {ROOT / "docs/how-to/in-a-notebook.md": ROOT / "examples/in_a_notebook.ipynb"}
"""Pages whose code is also a notebook, with its file."""
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REGION = re.compile(r"(<!-- generated: (\w+) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FILE = re.compile(r"# (\w+\.py)\n")
_LONG = 220  # characters of a signature; a longer one is not shown
_METHODS = (types.FunctionType, classmethod, staticmethod)
_STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
_PARAMETER = re.compile(r"^(\w+(?:, \w+)*) : (.+)$")
_ARGUMENTS = {
    "model": "Python file (.py) or NIR graph (.nir) to work on.",
    "subject": "Image to run (.npz), or model that is compiled first (.py, .nir).",
    "file": "File to describe.",
    "folder": "Folder with golden vectors (.npz).",
    "command": "Command whose help to print.",
}
"""Meaning of each positional argument of the command line."""


def pages() -> list[Path]:
    """Return all pages: README.md, then docs/ in the order of its folders."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def render(page: Path) -> str:
    """Return the up-to-date text of a page."""
    text = _REGION.sub(
        lambda match: f"{match[1]}{GENERATORS[match[2]](match[3])}\n{match[4]}",
        page.read_text(encoding="utf-8"),
    )
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = ""

    def run(match: re.Match[str]) -> str:
        nonlocal printed
        language, body = match[1], match[2]
        if language == "output":
            return f"```output\n{printed.rstrip()}\n```"
        if language == "python":
            printed = _run_python(body, namespace, page)
        elif language == "bash":
            printed = "".join(_run_command(line, page) for line in body.splitlines())
        return match[0]

    with _empty_folder():
        return _BLOCK.sub(run, text)


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _run_python(code: str, namespace: dict[str, Any], page: Path) -> str:
    named = _FILE.match(code)
    if named:
        Path(named[1]).write_text(code, encoding="utf-8")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, f"<{page.relative_to(ROOT)}>", "exec"), namespace)
    return output.getvalue()


def _run_command(line: str, page: Path) -> str:
    words = shlex.split(line, comments=True)
    words = [str(ROOT / word) if word.startswith("tests/") else word for word in words]
    if words[:1] == ["neurochip"]:
        from neurochip.cli import main

        result = CliRunner().invoke(main, words[1:])
        if result.exit_code:
            raise RuntimeError(f"{page.relative_to(ROOT)}: {line}\n{result.output}")
        return result.output.replace(f"{MESSAGE}\n", "")  # of this installation's first run
    if words[:1] == ["python"] and words[1].startswith("examples/"):
        script, output = str(ROOT / words[1]), io.StringIO()
        arguments = mock.patch.object(sys, "argv", [script, *words[2:]])
        before = set(Path().rglob("*"))
        with arguments, contextlib.redirect_stdout(output):
            runpy.run_path(script, run_name="__main__")
        written = set(Path().rglob("*")) - before
        if written and not words[2:]:  # an argument is the folder for its files
            raise RuntimeError(f"{words[1]} wrote {sorted(map(str, written))} without being told")
        return output.getvalue()
    return ""


def notebook(page: Path) -> str:
    """Return a page as a notebook without outputs: text and its ``python`` blocks, in order."""
    parts = _BLOCK.split(page.read_text(encoding="utf-8"))  # text, language, body, text ...
    cells: list[tuple[str, str]] = []
    for text, language, body in zip(
        parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True
    ):
        # The links of the page, from the folder of the notebook.
        cells.append(("markdown", re.sub(r"\]\((?=[\w-]+\.md)", "](../docs/how-to/", text.strip())))
        if language == "python":
            cells.append(("code", body.rstrip()))
        elif language == "text":
            cells.append(("markdown", f"```\n{body}```"))
    content = {
        "cells": [
            {
                "cell_type": kind,
                "id": f"cell-{number}",
                "metadata": {},
                "source": text.splitlines(keepends=True),
                **({"execution_count": None, "outputs": []} if kind == "code" else {}),
            }
            for number, (kind, text) in enumerate(item for item in cells if item[1])
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def public_names(module: str) -> list[str]:
    """Return the names that ``neurochip`` exports from a module, or all names of the module."""
    return list(neurochip._HOMES.get(module) or importlib.import_module(module).__all__)


def _names(modules: str) -> str:
    found = {
        name: getattr(importlib.import_module(module), name)
        for module in modules.split(",")
        for name in public_names(module)
    }
    rows = [
        (f"`{name}`", _signature(found[name]), _summary(found[name]))
        for name in sorted(found, key=str.lower)
    ]
    return _table(("name", "arguments", "what it is"), rows)


def _methods(names: str) -> str:
    """Return the methods and properties of public classes."""
    rows = []
    for owner in names.split(","):
        cls = getattr(neurochip, owner)
        for name in sorted(vars(cls)):
            member = vars(cls)[name]
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


def _tried(path: str) -> str:
    """Return the number of bad inputs of each kind in a table of the tests."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        kinds = importlib.import_module(Path(path).stem).tried()
    finally:
        sys.path.pop(0)
    rows = [(kind, f"{n:,}") for kind, n in kinds.items()]
    return _table(("kind", "tried"), [*rows, ("all", f"{sum(kinds.values()):,}")])


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)])


GENERATORS: dict[str, Callable[[str], str]] = {
    "names": _names,
    "methods": _methods,
    "fields": _fields,
    "options": _options,
    "statuses": _statuses,
    "results": _results,
    "errors": _errors,
    "layers": _layers,
    "rooms": _rooms,
    "tried": _tried,
}


def draw_figures() -> None:
    """Draw the figures of the pages again, with ``neurochip demo`` and two examples."""
    from neurochip.cli import main

    with _empty_folder():
        CliRunner().invoke(main, ["demo", "-o", "demo", "--dpi", "200"], catch_exceptions=False)
        for source, target in (
            ("driven_neurons_comparison", "driven_comparison"),
            ("notebook_neurons_membrane", "notebook_membrane"),
        ):
            picture = Path("demo", f"{source}.png").read_bytes()
            (ROOT / "docs" / "figures" / f"{target}.png").write_bytes(picture)
        _run_command("python examples/11_map_a_network.py mapping", ROOT / "docs")
        picture = Path("mapping", "mapping.png").read_bytes()
        (ROOT / "docs" / "figures" / "mapping.png").write_bytes(picture)
        _run_command("python examples/15_noise_floor.py bits.png", ROOT / "docs")
        (ROOT / "docs" / "figures" / "bits.png").write_bytes(Path("bits.png").read_bytes())


if __name__ == "__main__":
    named = [Path(word).resolve() for word in sys.argv[1:] if word != "--figures"]
    if "--figures" in sys.argv[1:]:
        draw_figures()
    for path in named or pages():
        wanted = render(path)
        if wanted != path.read_text(encoding="utf-8"):
            path.write_text(wanted, encoding="utf-8")
            sys.stdout.write(f"rewrote {path.relative_to(ROOT)}\n")
    for path, target in NOTEBOOKS.items():
        target.write_text(notebook(path), encoding="utf-8")
