"""Translations of PyNN's parameters into those that this back end keeps: the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyNN.standardmodels import build_translations

__all__ = ["as_they_are"]


def as_they_are(names: Iterable[str]) -> Any:
    """Return translations of parameters that keep the names and units of PyNN."""
    return build_translations(*((name, name) for name in names))
