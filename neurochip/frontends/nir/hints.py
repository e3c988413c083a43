"""Warnings for graphs that were probably written for another step or convention."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..._support.hdf5 import as_text
from ..._support.ranges import POSITIVE
from ..._support.values import real
from ..._support.warn import warn_user
from ...errors import FrontendError
from ...typing import Float64Array
from .convention import Convention
from .graph import FlatGraph
from .neurons import NeuronNode
from .node import show

__all__ = ["check_hint", "check_metadata", "check_step", "snntorch_step", "stored_text"]

_HINT = 1e-3  # relative: files hold float32
_LONG_STEP = 20.0  # ms; graphs of spiking neurons are made for shorter steps
_SNNTORCH_DT = 1e-4  # s; the only step of snnTorch's exporter


def stored_text(graph: FlatGraph, names: Iterable[str]) -> dict[str, Any]:
    """Return the keys of the metadata of the whole graph that are in ``names``.

    Raises
    ------
    FrontendError
        If one of them is no text.
    """
    said = graph.metadata[""]
    return {name: _said("of the graph", name, said[name]) for name in names if name in said}


def check_metadata(
    graph: FlatGraph, dt: float, convention: Convention, reset: Mapping[str, str]
) -> None:
    """Warn about metadata that contradict ``dt`` (in seconds), the convention or the reset.

    Raises
    ------
    FrontendError
        If the metadata hold values that cannot be compared.
    """
    asked: dict[str, Any] = {"dt": dt, **dataclasses.asdict(convention), **reset}
    for path, said in graph.metadata.items():
        owner = f"of {path!r}" if path else "of the graph"
        for name, value in said.items():
            given = _said(owner, name, value)
            wanted = asked.get(name, "in single nodes")  # a reset_delay
            same = math.isclose(given, wanted, rel_tol=1e-6) if name == "dt" else given == wanted
            if not same:
                warn_user(
                    f"NIR: the metadata {owner} say {name} = {given!r}, and it is read with "
                    f"{wanted!r}; its neurons will behave differently."
                )


def _said(owner: str, name: str, value: Any) -> Any:
    """Return the value of a key of the metadata: a step for ``dt``, otherwise text."""
    text = as_text(value)
    if name != "dt" and text is not None:
        return text
    if name == "dt" and text is None:
        single = isinstance(value, (np.ndarray, np.generic)) and value.size == 1
        value = value.item() if single else value
        with contextlib.suppress(FrontendError):
            return real("NIR", name, value, within=POSITIVE, error=FrontendError)
    allowed = "a number above 0, in seconds" if name == "dt" else "text"
    raise FrontendError(
        f"NIR: the metadata {owner} say {name} = {show(text or value)}; allowed: {allowed}. "
        "Correct or remove it."
    )


def check_step(neurons: Mapping[str, NeuronNode], step: float, convention: Convention) -> None:
    """Warn about a step (in ms) that was probably given in the wrong unit.

    Raises
    ------
    FrontendError
        If the step is longer than a time constant and the integration is Euler's method.
    """
    hint = f"dt is in seconds: {step / 1000:g} ms is dt = {step * 1e-6:g}"
    for name, item in neurons.items():
        for parameter in ("tau_m", "tau_syn"):
            tau = getattr(item.model, parameter)
            shortest = np.inf if tau is None else float(np.min(tau))
            if shortest < step * (1 - 1e-9):
                text = (
                    f"NIR: dt = {step / 1000:g} s is longer than the time constant "
                    f"{shortest / 1000:g} s of node {name!r}; {hint}."
                )
                if convention.integration == "euler":
                    raise FrontendError(f"{text} Euler's method needs a shorter dt.")
                warn_user(text)
                return
    if step > _LONG_STEP:
        warn_user(f"NIR: dt = {step / 1000:g} s is a long step; {hint}.")


def check_hint(graph: FlatGraph, dt: float) -> None:
    """Warn if snnTorch wrote the graph for another step; ``dt`` in seconds."""
    found = snntorch_step(graph)
    if found is not None and not math.isclose(found, dt, rel_tol=_HINT):
        warn_user(
            f"NIR: tau / r (and tau_syn / w_in) are {found:.4g} s in every node that leaks, which "
            f"is how snnTorch stores its dt in a graph; it is read with dt = {dt:g} s."
        )


def snntorch_step(graph: FlatGraph) -> float | None:
    """Return the dt (s) of a graph that snnTorch wrote; None if the graph has no sign of it.

    snnTorch writes parameters so that tau / r equals dt in every node that leaks, and tau_syn /
    w_in in every node with a current. In a graph without currents these may be equal by chance, so
    only snnTorch's own step is accepted there.
    """
    found, current = [], False
    for node in graph.nodes.values():
        if node.kind in {"LI", "LIF"}:
            found.append(_ratio(node.numbers("tau"), node.numbers("r")))
        elif node.kind in {"CubaLI", "CubaLIF"}:
            current = True
            found.append(_ratio(node.numbers("tau_mem"), node.numbers("r")))
            found.append(_ratio(node.numbers("tau_syn"), node.numbers("w_in")))
    if not found:
        return None
    ratios = np.concatenate(found)
    step = float(ratios[0]) if current else _SNNTORCH_DT
    return step if step > 0 and np.allclose(ratios, step, rtol=_HINT, atol=0.0) else None


def _ratio(tau: Float64Array, factor: Float64Array) -> Float64Array:
    """Return the quotients of two parameters, each of which may be a single number."""
    if tau.shape != factor.shape and 1 not in {tau.size, factor.size}:
        return np.array([np.nan])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.ravel(tau / factor)
