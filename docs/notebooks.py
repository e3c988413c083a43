"""Pages as notebooks: the text of a page, its code as cells, and what the cells show.

``docs/refresh.py`` writes the files of :data:`NOTEBOOKS`; ``tests/test_notebook.py`` runs them.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["NOTEBOOKS", "WIDGET", "execute", "finished", "without_figures", "write"]

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = {
    ROOT / "docs/how-to/in-a-notebook.md": (ROOT / "examples/in_a_notebook.ipynb", False),
    ROOT / "docs/tutorial/first-network.md": (ROOT / "examples/first_network.ipynb", True),
}
"""The file of each page that is a notebook, and whether it holds the outputs of its cells.

A widget is no output to keep: the page on notebooks shows several.
"""
WIDGET = "application/vnd.jupyter.widget-view+json"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#]+)")
_FIGURE = re.compile(r"(!\[[^\]]*\]\()\.\./figures/(\w+\.png)")
_FILE = re.compile(r"# (\w+\.py)\n")
_EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
client = nbclient.NotebookClient(
    notebook, timeout=600, kernel_name="python3", record_timing=False,
    resources={"metadata": {"path": sys.argv[2]}},
)
client.execute()
nbformat.write(notebook, sys.argv[1])
"""


def _notebook(page: Path) -> dict[str, Any]:
    """Return a page as a notebook without outputs, with its cells in the order of the page.

    A block that the page writes to a file does so in the notebook, too, commands run in the process
    of the notebook, and the figures of the page are attached, so that the file can be passed on.
    """
    target, _ = NOTEBOOKS[page]

    def link(match: re.Match[str]) -> str:
        return Path(os.path.relpath(page.parent / match[1], target.parent)).as_posix()

    parts = _BLOCK.split(page.read_text(encoding="utf-8"))  # text, language, body, text ...
    cells: list[tuple[str, str]] = []
    for text, language, body in zip(
        parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True
    ):
        attached = _FIGURE.sub(r"\1attachment:\2", text.strip())
        cells.append(("markdown", _LINK.sub(link, attached)))
        if language == "python":
            named = _FILE.match(body)
            if named:
                cells.append(("code", f"%%writefile {named[1]}\n{body[named.end() :].rstrip()}"))
            else:
                cells.append(("code", body.rstrip()))
        elif language == "bash":
            cells.append(("code", re.sub("^neurochip", "%run -m neurochip", body.rstrip())))
        elif language == "text":
            cells.append(("markdown", f"```\n{body}```"))
    return {
        "cells": [
            {
                "cell_type": kind,
                "id": f"cell-{number}",
                "metadata": {},
                "source": text.splitlines(keepends=True),
                **({"execution_count": None, "outputs": []} if kind == "code" else _attached(text)),
            }
            for number, (kind, text) in enumerate(item for item in cells if item[1])
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _attached(text: str) -> dict[str, Any]:
    names = re.findall(r"\(attachment:(\w+\.png)\)", text)
    pictures = {name: (ROOT / "docs" / "figures" / name).read_bytes() for name in names}
    encoded = {
        name: {"image/png": base64.b64encode(picture).decode()}
        for name, picture in pictures.items()
    }
    return {"attachments": encoded} if encoded else {}


def execute(content: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook with what its cells show, run in an empty folder by another process.

    So neither the kernel nor its event loop leave a trace in this process.

    Raises
    ------
    RuntimeError
        If a cell fails; the message has its error.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, work = Path(folder, "notebook.ipynb"), Path(folder, "work")
        path.write_text(json.dumps(content), encoding="utf-8")
        work.mkdir()
        kept = {"PYTHONPATH": str(ROOT), "JUPYTER_RUNTIME_DIR": folder, "IPYTHONDIR": folder}
        result = subprocess.run(
            [sys.executable, "-c", _EXECUTE, str(path), str(work)],
            env={**os.environ, **kept, "JUPYTER_PLATFORM_DIRS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise RuntimeError(result.stderr)
        executed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    executed["metadata"] = content["metadata"]  # without the version of Python
    return executed


def finished(page: Path) -> dict[str, Any]:
    """Return the notebook of a page as its file holds it, with outputs if the table says so."""
    content = _notebook(page)
    if not NOTEBOOKS[page][1]:
        return content
    content = execute(content)
    for cell in content["cells"]:
        if "outputs" in cell:
            cell["outputs"] = _joined(cell["outputs"])
    return content


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what was printed in pieces; omit what depends on the speed of the machine.

    Those are progress bars, and standard error, on which a first run says that it compiles.
    """
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output.get("name") == "stdout" and joined and joined[-1].get("name") == "stdout":
            printed = "".join([*joined[-1]["text"], *output["text"]])
            joined[-1]["text"] = printed.splitlines(keepends=True)
        elif output.get("name") != "stderr" and WIDGET not in output.get("data", ()):
            joined.append(output)
    return joined


def without_figures(content: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with the forms of figures only: their bytes depend on installed libraries."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    for output in (each for cell in copy["cells"] for each in cell.get("outputs", ())):
        if "data" in output:
            output["data"] = sorted(output["data"])
    return copy


def write(page: Path) -> None:
    """Write the notebook of a page; one whose text is up to date keeps its figures."""
    target, _ = NOTEBOOKS[page]
    content = finished(page)
    if target.exists():
        before = json.loads(target.read_text(encoding="utf-8"))
        if without_figures(before) == without_figures(content):
            return
    target.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
