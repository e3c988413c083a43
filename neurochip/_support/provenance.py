"""Where results come from: the date, and the versions of the software that made them."""

from __future__ import annotations

import importlib
import os
import platform
from datetime import UTC, datetime

from ..version import __version__

__all__ = ["date", "versions"]


def date() -> str:
    """Return the date and time in UTC, such as ``2026-11-29 20:41 UTC``.

    If the environment sets ``SOURCE_DATE_EPOCH`` (seconds since 1970, as specified by
    reproducible-builds.org), it is that time, so that the same run writes the same file again.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(fixed), UTC) if fixed.isdecimal() else datetime.now(UTC)
    return f"{now:%Y-%m-%d %H:%M} UTC"


def versions() -> dict[str, str]:
    """Return the versions of neurochip, NumPy, Numba and Python, and the type of machine."""
    return {
        "neurochip": __version__,
        # Versions of the loaded modules, which can differ from the installed metadata.
        **{name: importlib.import_module(name).__version__ for name in ("numpy", "numba")},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
