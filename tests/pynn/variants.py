"""Simulators of PyNN with some arguments of ``setup`` given, for scripts that must not be changed.

A script of PyNN imports its simulator by name, and calls ``setup`` itself. A variant is a module of
another name with everything that the simulator's module has, except that its ``setup`` fills in
some arguments::

    add_variant("nest_on_grid", "nest", spike_precision="on_grid")
    sim = pyNN.utility.import_module("pyNN.nest_on_grid")
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

OURS = "neurochip"
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "neurochip_driving_force": (OURS, {"conductances": "driving_force"}),
    "nest_on_grid": ("nest", {"spike_precision": "on_grid"}),
}
"""Simulator and arguments by the name of the variant."""


def load(name: str) -> ModuleType:
    """Return the module ``pyNN.NAME`` of a simulator or a variant; later imports find it, too."""
    if name in VARIANTS:
        simulator, arguments = VARIANTS[name]
        return add_variant(name, simulator, **arguments)
    if name == OURS:
        return import_module("neurochip.frontends.pynn")  # which registers pyNN.neurochip
    return import_module(f"pyNN.{name}")


def add_variant(name: str, simulator: str, **arguments: Any) -> ModuleType:
    """Register ``pyNN.NAME``: the simulator's module, whose ``setup`` has these arguments."""
    whole = load(simulator)
    module = ModuleType(f"pyNN.{name}", f"{whole.__name__} with {arguments}.")
    own = {key: value for key, value in vars(whole).items() if not key.startswith("__")}
    vars(module).update(own, setup=partial(whole.setup, **arguments))
    return sys.modules.setdefault(module.__name__, module)
