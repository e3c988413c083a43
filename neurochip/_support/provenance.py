"""Versions of the software, which are needed to reproduce results."""

from __future__ import annotations

import importlib
import platform

from ..version import __version__

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Return the versions of neurochip, NumPy, Numba and Python, and the type of machine."""
    return {
        "neurochip": __version__,
        # Versions of the loaded modules, which can differ from the installed metadata.
        **{name: importlib.import_module(name).__version__ for name in ("numpy", "numba")},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
