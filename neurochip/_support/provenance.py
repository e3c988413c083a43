"""Where numbers come from: the versions without which nobody can repeat them."""

from __future__ import annotations

import importlib
import platform

from ..version import __version__

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Return what runs: neurochip, the libraries that compute, Python, and the kind of machine."""
    return {
        "neurochip": __version__,
        # Of what is loaded, which need not be what the package manager knows.
        **{name: importlib.import_module(name).__version__ for name in ("numpy", "numba")},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
