"""Check that ``import compiler`` finds the package of neurochip."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

__all__ = ["check_compiler"]

_OURS = Path(__file__).resolve().parents[2] / "compiler"  # installed beside neurochip


def check_compiler() -> None:
    """Raise unless Python finds neurochip's package ``compiler``; nothing is imported.

    Python searches the folder of the script first, so a user's ``compiler.py`` hides the package.
    Importing it for this check would run it.

    Raises
    ------
    ImportError
        If Python finds another module, or none.
    """
    loaded = sys.modules.get("compiler")
    if loaded is None:
        spec = importlib.util.find_spec("compiler")
        origin = None if spec is None else spec.origin
    else:
        origin = getattr(loaded, "__file__", None)
    if origin is None:
        raise ImportError(
            f"neurochip: its package 'compiler' is missing; expected in {_OURS}. Install neurochip "
            "again.",
            name="compiler",
        )
    found = Path(origin)
    if found.name == "__init__.py":
        found = found.parent
    if found.resolve() != _OURS:
        raise ImportError(
            f"neurochip: {found} hides the package 'compiler' of neurochip, which is {_OURS}: "
            "Python searches the folder of the script, and earlier entries of its path, first. "
            f"Rename {found.name}.",
            name="compiler",
            path=origin,
        )
