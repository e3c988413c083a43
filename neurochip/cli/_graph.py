"""Reads NIR graphs for the command line."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..errors import FrontendError
from ._step import Step
from ._terminal import say, warn

if TYPE_CHECKING:
    from ..frontends.nir import NirModel

__all__ = ["load_graph_model"]


def load_graph_model(path: str, dt: Step | None, given: dict[str, Any]) -> NirModel:
    """Read a NIR graph and print its convention.

    Warnings of the reader go to standard error. ``given`` holds further arguments of
    :func:`~neurochip.frontends.nir.read_nir`.

    Raises
    ------
    FrontendError
        If the step is missing, or the graph cannot be read.
    """
    from ..frontends.nir import read_nir

    if dt is None:
        raise FrontendError(
            f"{path}: a NIR graph does not store its step; pass --dt in seconds, such as --dt 1e-4 "
            "(which is 0.1 ms), with the step of the simulator that the graph comes from."
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = read_nir(path, dt.ms("s") / 1000, **given)
    for warning in caught:
        warn(str(warning.message))
    parts = model.convention
    say(
        f"Read {path} for steps of {model.dt / 1000:g} s = {model.dt:g} ms; a spike is taken as "
        f"{parts.kick!r}, integration {parts.integration!r}, delivery {parts.delivery!r}, "
        f"layers {parts.layers!r}"
    )
    return model
