"""Asks what happens to v after a spike, which a NIR graph cannot say.

NIR has a ``v_reset``, and nothing for neurons that are lowered by their threshold instead ("soft
reset"). Simulators whose neurons are lowered, snnTorch, sinabs and Rockpool by default and
SpikingJelly on demand, leave a 0 in it or leave it out, as do those whose neurons are set to 0. So
a 0 is a question.
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
    "NIR: reset = 'subtract' lowers v by the threshold after a spike, and neurons of this chip are "
    "set to a value. Train with such a reset (snnTorch: reset_mechanism='zero', reset_delay=False; "
    "sinabs: MembraneReset()), or pass reset='value' to see what the network does with it."
)


def check_reset(reset: Any, v_reset: Any) -> float | None:
    """Check the arguments of :func:`read_nir`; return ``v_reset`` as a float.

    Raises
    ------
    FrontendError
        If one is not allowed; a reset by subtraction is not.
    """
    if reset is not None:
        if not isinstance(reset, str) or reset not in {"value", "subtract"}:
            raise FrontendError(f"NIR: reset = {show(reset)}; allowed: 'value'.")
        if reset == "subtract":
            raise FrontendError(_REFUSED)
    return None if v_reset is None else real("NIR", "v_reset", v_reset, error=FrontendError)


def default_reset(graph: FlatGraph, reset: str | None, v_reset: float | None) -> float:
    """Return what v is set to in nodes that store no ``v_reset``.

    Parameters
    ----------
    graph : FlatGraph
        Its metadata may say what happens after a spike; those of :func:`write_nir` do.
    reset : str, optional
        ``"value"`` where the caller knows it.
    v_reset : float, optional
        Says the same, and which value.

    Raises
    ------
    FrontendError
        If neurons may be lowered, or the metadata say that they are.
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
    """Raise if a node has a reset of 0, or none."""
    if node.kind not in _WITH_RESET:
        return
    stored = node.members["v_reset"] is not None
    if stored and node.numbers("v_reset").any():
        return
    text = (
        f"{node.label}: stores {'a v_reset of 0' if stored else 'no v_reset'}, as graphs do whose "
        "neurons are set to 0 after a spike, and also those whose neurons are lowered by their "
        "threshold (snnTorch, sinabs and Rockpool by default), which a chip cannot do. If they are "
        f"set to 0, pass reset='value' (--reset value){'' if stored else '; to another, v_reset'}."
    )
    if snntorch_step(graph) is not None:
        text += (
            " This graph seems to come from snnTorch (tau / r is one dt): there a reset also comes "
            "a step late, and one to 0 takes the input of that step away, unless reset_delay=False."
        )
    raise FrontendError(text)
