"""Optional libraries: imported on use, with an error that says how to install them."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from ..errors import MissingExtraError

__all__ = ["require"]


def require(package: str, extra: str, purpose: str) -> Any:
    """Import a package of an extra.

    Parameters
    ----------
    package : str
        Name to import.
    extra : str
        Extra of neurochip that installs it.
    purpose : str
        What needs the package, for the message.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    """
    try:
        module: ModuleType = importlib.import_module(package)
    except ModuleNotFoundError as problem:
        raise MissingExtraError(
            f"{purpose} needs the package {problem.name!r}, which is not installed: "
            f'pip install "neurochip[{extra}]".'
        ) from None
    return module
