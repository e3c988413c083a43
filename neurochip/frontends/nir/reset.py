"""Checks that the reset of v after a spike is known, which a NIR graph does not store completely.

NIR has a ``v_reset``, but no member for neurons that subtract their threshold from v ("soft
reset"). Simulators with a soft reset (snnTorch, sinabs and Rockpool by default, SpikingJelly as an
option) write a ``v_reset`` of 0 or none, and so do simulators that set v to 0. A ``v_reset`` of 0
or none is therefore ambiguous, and the user must state the reset.
"""

from __future__ import annotations

from typing import Any

from ..._support.values import real
from ...errors import FrontendError
from .graph import FlatGraph
from .hints import snntorch_step
from .node import NirNode, show

__all__ = ["check_reset", "default_reset"]

_WITH_RESET = ("CubaLIF", "IF", "LIF")
_REFUSED = (
    "NIR: reset = 'subtract' subtracts the threshold from v after a spike, but neurons of this "
    "chip set v to a value. Train with such a reset (snnTorch: reset_mechanism='zero', "
    "reset_delay=False; sinabs: MembraneReset()), or pass reset='value' to see how the network "
    "behaves with it."
)


def check_reset(reset: Any, v_reset: Any) -> float | None:
    """Check the arguments of :func:`read_nir`; return ``v_reset`` as a float.

    Raises
    ------
    FrontendError
        If an argument is not allowed, as a reset by subtraction.
    """
    if reset is not None:
        if not isinstance(reset, str) or reset not in {"value", "subtract"}:
            raise FrontendError(f"NIR: reset = {show(reset)}; allowed: 'value'.")
        if reset == "subtract":
            raise FrontendError(_REFUSED)
    return None if v_reset is None else real("NIR", "v_reset", v_reset, error=FrontendError)


def default_reset(graph: FlatGraph, reset: str | None, v_reset: float | None) -> float:
    """Return the reset potential of nodes that store no ``v_reset``.

    Parameters
    ----------
    graph : FlatGraph
        The graph. Its metadata may store the reset, as those of :func:`write_nir` do.
    reset : str, optional
        ``"value"`` if the caller knows that v is set to a value.
    v_reset : float, optional
        The value; implies ``reset="value"``.

    Raises
    ------
    FrontendError
        If the neurons may subtract their threshold, or the metadata say that they do.
    """
    if reset is None and v_reset is None:
        said = graph.metadata[""].get("reset")
        if said == "subtract":
            raise FrontendError(_REFUSED)
        if said != "value":
            for node in graph.nodes.values():
                _ask(graph, node)
    return 0.0 if v_reset is None else v_reset


def _ask(graph: FlatGraph, node: NirNode) -> None:
    """Raise a FrontendError if a node stores a ``v_reset`` of 0 or none."""
    if node.kind not in _WITH_RESET:
        return
    stored = node.members["v_reset"] is not None
    if stored and node.numbers("v_reset").any():
        return
    text = (
        f"{node.label}: stores {'a v_reset of 0' if stored else 'no v_reset'}, so its reset is "
        "unknown: a spike may set v to 0, or subtract the threshold (snnTorch, sinabs and Rockpool "
        "by default), which a chip cannot do. If a spike sets v to 0, pass reset='value' (--reset "
        f"value){'' if stored else '; if to another value, pass v_reset'}."
    )
    if snntorch_step(graph) is not None:
        text += (
            " This graph seems to come from snnTorch (tau / r is one dt), where a reset is also "
            "one step late, and a reset to 0 discards the input of that step, unless "
            "reset_delay=False."
        )
    raise FrontendError(text)
