"""Simulators of PyNN with some arguments of ``setup`` given, for scripts that must not be changed.

A script of PyNN imports its simulator by name, and calls ``setup`` itself. A variant is a module of
another name with everything that the simulator's module has, except that its ``setup`` fills in
some arguments, and that some of its models are others::

    load("nest_on_grid")
    sim = importlib.import_module("pyNN.nest_on_grid")
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

OURS = "neurochip"


class Variant(NamedTuple):
    """A simulator, arguments of its ``setup``, and models to be taken for others, by name."""

    simulator: str
    setup: dict[str, Any]
    models: dict[str, str]


CONDUCTANCES = {"conductances": "driving_force"}
VARIANTS = {
    "neurochip_driving_force": Variant(OURS, CONDUCTANCES, {}),
    # What the refusals of these models name.
    "neurochip_nearest": Variant(
        OURS, CONDUCTANCES, {"IF_curr_alpha": "IF_curr_exp", "IF_cond_alpha": "IF_cond_exp"}
    ),
    "nest_on_grid": Variant("nest", {"spike_precision": "on_grid"}, {}),
}


def load(name: str) -> ModuleType:
    """Return the module ``pyNN.NAME`` of a simulator or a variant; later imports find it, too."""
    if name == OURS:
        return import_module("neurochip.frontends.pynn")  # which registers pyNN.neurochip
    if name not in VARIANTS:
        return import_module(f"pyNN.{name}")
    simulator, arguments, models = VARIANTS[name]
    whole = load(simulator)
    module = ModuleType(f"pyNN.{name}", f"{whole.__name__} with {arguments} and {models}.")
    own = {key: value for key, value in vars(whole).items() if not key.startswith("__")}
    own |= {key: own[other] for key, other in models.items()}
    vars(module).update(own, setup=partial(whole.setup, **arguments))
    return sys.modules.setdefault(module.__name__, module)
