"""Warnings that point at the line of the user."""

from __future__ import annotations

import sys
import warnings

from ..errors import NeurochipWarning

__all__ = ["warn_user"]

# A decorator that is a context adds a frame, and PyNN's functions call those of a simulator.
_OWN = {"neurochip", "compiler", "contextlib", "pyNN"}


def warn_user(text: str, category: type[NeurochipWarning] = NeurochipWarning) -> None:
    """Warn at the innermost line outside of neurochip, the compiler and PyNN.

    The default filter of Python shows a warning once for each such line.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _OWN:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
