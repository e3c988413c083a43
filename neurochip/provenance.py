"""Where numbers come from: the versions without which nobody can repeat them."""

from __future__ import annotations

import importlib.metadata
import platform

from .version import __version__

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Return what runs: neurochip, the libraries that compute, Python, and the kind of machine."""
    return {
        "neurochip": __version__,
        **{name: importlib.metadata.version(name) for name in ("numpy", "numba")},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
