"""Whether ``import compiler`` finds the package that belongs to neurochip."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

__all__ = ["check_compiler"]

_OURS = Path(__file__).resolve().parents[2] / "compiler"  # installed beside neurochip


def check_compiler() -> None:
    """Raise unless the module ``compiler`` that Python finds is ours; nothing is imported.

    Python looks for a module beside the script first, so a user's ``compiler.py`` hides the
    package. Importing it to see would run it.

    Raises
    ------
    ImportError
        If it is another one, or there is none.
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
            "Python finds what lies beside a script, or earlier on its path, first. Rename "
            f"{found.name}.",
            name="compiler",
            path=origin,
        )
