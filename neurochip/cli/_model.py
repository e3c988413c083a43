"""Functions of a model file, in a form that travels to worker processes."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import Any

from ..errors import NetworkError
from ..hardware import ChipSpec
from ..network import Network
from ._options import run_model

__all__ = ["ModelFunction", "model_of"]


@dataclass(frozen=True)
class ModelFunction:
    """A function of a model file, which each process reads for itself.

    Parameters
    ----------
    path : str
        Of the file.
    name : str
        Of the function.
    """

    path: str
    name: str

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the function: its parameters are axes."""
        return inspect.signature(_names(self.path)[self.name])

    def __call__(self, **values: Any) -> Any:
        """Call it."""
        return _names(self.path)[self.name](**values)


def model_of(path: str) -> tuple[Any, Any]:
    """Return ``network`` and ``chip`` of a model: objects or functions; None if it has no chip.

    Raises
    ------
    NetworkError
        If the file is missing or fails, or one of the two is something else.
    """
    names = _names(path)
    found: list[Any] = []
    for name, kind, wanted in (
        ("network", Network, "a neurochip Network"),
        ("chip", ChipSpec, "a ChipSpec"),
    ):
        value = names.get(name)
        if callable(value):
            found.append(ModelFunction(path, name))
        elif isinstance(value, kind) or (value is None and name == "chip"):
            found.append(value)
        else:
            what = "nothing" if value is None else f"an object of type {type(value).__name__}"
            raise NetworkError(
                f"{path}: defines {what} under the name {name!r}; expected {wanted}, or a function "
                "that returns one."
            )
    return found[0], found[1]


@functools.cache
def _names(path: str) -> dict[str, Any]:
    return run_model(path)
