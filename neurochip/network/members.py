"""Members of a network: a tuple whose items are also found by name."""

from __future__ import annotations

from typing import Any

from .._support.values import shown
from ..errors import NetworkError

__all__ = ["Members"]


class Members(tuple[Any, ...]):
    """Populations, inputs or connections, by position or by name: ``network.populations["exc"]``.

    Raises
    ------
    NetworkError
        If no member has the name.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        named = {item.name: item for item in self if hasattr(item, "name")}
        if key not in named:
            known = ", ".join(map(repr, named)) or "none"
            raise NetworkError(f"network: nothing here is named {shown(key)}; there are {known}.")
        return named[key]
