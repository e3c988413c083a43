"""Finds the effect of a spike on v, which a NIR graph does not store completely.

NIR has a ``v_reset``, but no member for neurons that subtract their threshold from v ("soft
reset"). Simulators with a soft reset (snnTorch, sinabs and Rockpool by default, SpikingJelly as an
option) write a ``v_reset`` of 0 or none, and so do simulators that set v to 0. A ``v_reset`` of 0
or none is therefore ambiguous, and the user must state the reset. Nor can a graph store that the
reset is a step late (snnTorch), that a neuron may spike several times in a step, or that v has a
lower bound (sinabs).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ..._support.hdf5 import as_text
from ..._support.values import real
from ...errors import FrontendError
from .convention import RESETS
from .graph import FlatGraph
from .hints import snntorch_step, stored_text
from .node import RESETTING, NirNode, show
from .rule import MIRRORED, ResetRule

__all__ = ["asks_for_reset", "check_reset", "find_reset", "reset_question"]

_ALLOWED: dict[str, tuple[str | bool, ...]] = {
    "reset": ("value", "subtract", "subtract_and_raise"),
    "reset_delay": (False, True),
    "spikes_per_step": ("one", "many"),
}
_TRUTHS = {"False": False, "True": True}  # as metadata hold them


def check_reset(given: dict[str, Any]) -> dict[str, Any]:
    """Check the arguments of :func:`read_nir` that belong to the reset; return those given.

    Raises
    ------
    FrontendError
        If an argument is not allowed, or contradicts another one.
    """
    found = {name: value for name, value in given.items() if value is not None}
    if isinstance(found.get("reset_delay"), Mapping):
        found["reset_delay"] = _delayed_nodes(found["reset_delay"])
    for name, allowed in _ALLOWED.items():
        value = found.get(name, allowed[0])
        if isinstance(value, frozenset):
            continue
        if not isinstance(value, (str, bool)) or value not in allowed:
            listed = " or ".join((", ".join(map(repr, allowed[:-1])), repr(allowed[-1])))
            raise FrontendError(f"NIR: {name} = {show(value)}; allowed: {listed}.")
    if "v_reset" in found:
        found["v_reset"] = real("NIR", "v_reset", found["v_reset"], error=FrontendError)
    if "v_min" in found and not (isinstance(found["v_min"], str) and found["v_min"] == MIRRORED):
        text = f"a number, or {MIRRORED!r} for that of each neuron"
        found["v_min"] = real("NIR", "v_min", found["v_min"], allowed=text, error=FrontendError)
    several = found.get("spikes_per_step") == "many"
    late = found.get("reset_delay")
    if several and (found.get("reset", "subtract") != "subtract" or late):
        other = "reset_delay = True" if late else f"reset = {found['reset']!r}"
        raise FrontendError(
            f"NIR: spikes_per_step = 'many' and {other}; only a threshold that is subtracted at "
            "once leaves something for a second spike. Pass reset='subtract' alone."
        )
    if late is True and found.get("reset") == "subtract_and_raise":
        raise FrontendError(
            "NIR: reset = 'subtract_and_raise' and reset_delay = True; a threshold that is "
            "subtracted a step late raises nothing. Pass reset='subtract', or name the nodes that "
            "are late, as in reset_delay={'name': True}."
        )
    return found


def _delayed_nodes(given: Mapping[Any, Any]) -> frozenset[str]:
    for name, value in given.items():
        if not isinstance(value, bool):
            raise FrontendError(
                f"NIR: reset_delay[{show(name)}] = {show(value)}; allowed: False or True."
            )
    return frozenset(name for name, value in given.items() if value)


def find_reset(graph: FlatGraph, given: dict[str, Any]) -> ResetRule:
    """Return the rule that the arguments say, or the metadata as those of :func:`write_nir` do.

    Parameters
    ----------
    graph : FlatGraph
        The graph.
    given : dict
        What :func:`check_reset` returned. A ``v_reset`` implies ``reset="value"``, and several
        spikes in a step a subtraction.

    Raises
    ------
    FrontendError
        If neither says what the neurons do, and they may do either; or if a ``v_reset`` is given
        for a graph whose nodes all store another one.
    """
    if "v_reset" in given:
        _refuse_second_value(graph, given["v_reset"])
    if "reset" not in given:
        if given.get("spikes_per_step") == "many":
            given = {**given, "reset": "subtract"}
        elif "v_reset" in given:
            given = {**given, "reset": "value"}
        else:
            given = {**_stored_reset(graph), **given}
    if "reset" not in given:
        for node in graph.nodes.values():
            if asks_for_reset(node):
                raise FrontendError(f"{node.label}: {reset_question(graph, node)}")
    if "reset_delay" not in given:
        own = {name for name, node in graph.nodes.items() if _is_late(node)}
        given = {**given, "reset_delay": frozenset(own)} if own else given
    late = given.get("reset_delay")
    for name in late if isinstance(late, frozenset) else ():
        if name not in graph.nodes or graph.nodes[name].kind not in RESETTING:
            known = ", ".join(repr(n) for n, node in graph.nodes.items() if node.kind in RESETTING)
            raise FrontendError(
                f"NIR: reset_delay[{show(name)}]: no node of this name has a reset; there are "
                f"{known or 'none'}."
            )
    found = {"delayed" if k == "reset_delay" else k: v for k, v in given.items()}
    return ResetRule(**found)


def _is_late(node: NirNode) -> bool:
    """Return whether the metadata of a node say that its reset is a step late."""
    said = node.members.get("reset_delay")
    if said is None:
        return False
    found = _TRUTHS.get(as_text(said) or "")
    if found is None:
        raise FrontendError(
            f"{node.label}: its metadata say reset_delay = {show(said)}; allowed: 'False' or "
            "'True'. Correct or remove it."
        )
    return found


def _refuse_second_value(graph: FlatGraph, v_reset: float) -> None:
    """Raise FrontendError if no node takes a v_reset, and one stores another value."""
    nodes = [node for node in graph.nodes.values() if node.kind in RESETTING]
    if any(node.members["v_reset"] is None for node in nodes):
        return
    for node in nodes:
        if (stored := node.numbers("v_reset")[node.numbers("v_reset") != v_reset]).size:
            raise FrontendError(
                f"{node.label}: v_reset = {v_reset:g} is for nodes that store none, but each node "
                f"of this graph stores its own, here {stored.flat[0]:g}. Pass reset='value' "
                "(--reset value) instead, or change the file."
            )


def _stored_reset(graph: FlatGraph) -> dict[str, Any]:
    said: dict[str, Any] = stored_text(graph, RESETS)
    if "reset_delay" in said:
        said["reset_delay"] = _TRUTHS.get(said["reset_delay"], said["reset_delay"])
    if said.get("v_min") == "None":
        del said["v_min"]
    if "v_min" in said and said["v_min"] != MIRRORED:
        with contextlib.suppress(ValueError):
            said["v_min"] = float(said["v_min"])
    return check_reset(said)


def asks_for_reset(node: NirNode) -> bool:
    """Return whether a node stores a ``v_reset`` of 0 or none, which may mean a subtraction."""
    if node.kind not in RESETTING:
        return False
    return node.members["v_reset"] is None or not node.numbers("v_reset").any()


def reset_question(graph: FlatGraph, node: NirNode) -> str:
    """Return what is unknown about the reset of a node, and the arguments that answer it."""
    stored = node.members["v_reset"] is not None
    text = (
        f"stores {'a v_reset of 0' if stored else 'no v_reset'}, so its reset is unknown. If a "
        "spike sets v to 0, pass reset='value' (--reset value)"
        f"{'' if stored else '; if to another value, pass v_reset'}. If it subtracts the threshold "
        "from v (snnTorch, sinabs and Rockpool by default), pass reset='subtract' (--reset "
        "subtract), which needs a chip with programmable neurons."
    )
    if snntorch_step(graph) is not None:
        text += (
            " This graph seems to come from snnTorch (tau / r is one dt), whose resets are a step "
            "late unless reset_delay=False: pass reset_delay=True (--reset-delay), too; its "
            "subtraction without a delay is reset='subtract_and_raise'."
        )
    return text
