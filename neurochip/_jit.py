"""The one Numba policy of the project.

``cache``: a second start must not compile again. ``nogil``: threads of the host program go on.
``error_model="numpy"``: no division checks inside loops (kernels divide by no runtime integer).
``_nrt=False``: without Numba's run time an allocation does not compile, and arrays that are handed
to an inlined function are not counted: that took 200 ns a step, twice as long as 100 compartments.
Fast-math stays off everywhere: the float reference must not depend on how a loop was vectorised.

Numba notices a change in a kernel's own file only, not in the files of the kernels that it calls,
and cannot read an index that names a class which is gone. So compiled kernels are kept in a folder
whose name holds a digest of all sources of their package, and of those beside this file, which
kernels of all packages may call: an edit or an upgrade starts a new one. It lies in the user's
cache: files beside the sources would outlive an uninstallation, and hide what is installed next.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

__all__ = ["inline_kernel", "kernel"]

_POLICY: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function``: loops over flat arrays that allocate nothing and raise nothing."""
    return _jit(function)


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a few lines of arithmetic that LLVM must see inside its caller's loop."""
    return _jit(function, inline="always")


def _jit(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    # Numba picks the folder of a function when it is decorated.
    config: Any = numba.config  # its settings are made at run time, unknown to type checkers
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_cache_folder(Path(function.__code__.co_filename).parent))
    try:
        return numba.njit(**_POLICY, **options)(function)  # type: ignore[no-any-return]
    finally:
        config.CACHE_DIR = before


@functools.cache
def _cache_folder(package: Path) -> Path:
    shared = Path(__file__).parent.glob("_*.py")
    sources = sorted({*shared, *package.glob("*.py")})
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    name = f"{package.name}-{digest[:16]}"
    candidates = [_user_cache() / "neurochip", package / "__pycache__"]
    config: Any = numba.config
    if config.CACHE_DIR:
        candidates.insert(0, Path(config.CACHE_DIR) / "neurochip")
    for parent in candidates:
        try:
            (parent / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(parent / name, os.W_OK):
            return parent / name
    return Path(tempfile.mkdtemp(prefix="neurochip-"))


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
