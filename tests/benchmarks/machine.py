"""Properties of the machine of a measurement, without its name and paths."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np

from neurochip import __version__

from . import c_kernels

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def facts() -> dict[str, Any]:
    """Return processor, caches, cores, load and versions."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "caches": _caches(),
        "load_at_start": None if load is None else round(load, 2),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "neurochip": __version__,
        "c_compiler": _compiler_version(),
        "c_flags": " ".join(c_kernels.FLAGS),
    }


def summary(machine: dict[str, Any]) -> str:
    """Return the facts in one line."""
    caches = ", ".join(f"{name} {size}" for name, size in machine["caches"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores ({caches}), load {machine['load_at_start']} "
        f"before the run; Python {machine['python']}, NumPy {machine['numpy']}, Numba "
        f"{machine['numba']}, {machine['c_compiler']}"
    )


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(re.findall(r"^(.+?)\s*: (.+)$", text.partition("\n\n")[0], re.MULTILINE))
    name = fields.get("model name", platform.machine())
    family = f" (family {fields['cpu family']})" if "cpu family" in fields else ""
    return f"{name}{family}"


def _caches() -> dict[str, str]:
    """Return the size of each cache of core 0, as Linux reports it."""
    sizes = {}
    for folder in sorted(CACHES.glob("index*")):
        level, kind, size = (
            (folder / name).read_text(encoding="utf-8").strip()
            for name in ("level", "type", "size")
        )
        if kind != "Instruction":
            sizes[f"L{level}"] = size
    return sizes


def _compiler_version() -> str:
    path = c_kernels.compiler()
    if path is None:
        return "no C compiler"
    first = subprocess.run(
        [path, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    return re.sub(r"^\S*/", "", first)
