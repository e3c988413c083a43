"""The part of an image that learns: which synapse groups, by which rules.

Import these names from ``neurochip.image``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.text import counted
from .._support.values import MOST_IDS, ArrayValue, choice, instance, instances, integer
from ..errors import ImageError
from ..learning import LearningRule
from ..learning.terms import POST
from ..typing import Int16Array, Int32Array, Int64Array
from .parts import check_array

__all__ = ["GivenTrace", "Learning", "Plasticity"]

_NO_INT16 = np.zeros(0, dtype=np.int16)
_NO_INT32 = np.zeros(0, dtype=np.int32)
_MOST_SEED = (1 << 63) - 1


@dataclass(frozen=True, eq=False)
class Plasticity(ArrayValue):
    """A synapse group that learns: its mantissas are the weights before the first step.

    Parameters
    ----------
    synapses : int
        Index of the group in ``image.synapses``.
    rule : LearningRule
        How each synapse learns. Its engine is that of the cores.
    tag : ndarray of int16, shape (n_synapses,) or (0,)
        Tag of each synapse before the first step; empty if all are 0.
    number : ndarray of int32, shape (n_synapses,) or (0,)
        Number of each synapse, 0 to n_synapses - 1, all different: the draws of a synapse depend on
        it, and weights are read in its order, so that neither depends on the placement of neurons.
        Empty if each synapse has the number of its place in the group.
    """

    synapses: int
    rule: LearningRule
    tag: Int16Array = field(default_factory=_NO_INT16.copy)
    number: Int32Array = field(default_factory=_NO_INT32.copy)

    def __post_init__(self) -> None:
        owner = "plasticity"
        synapses = integer(
            owner, "synapses", self.synapses, at_least=0, at_most=MOST_IDS, error=ImageError
        )
        object.__setattr__(self, "synapses", synapses)
        allowed = "a LearningRule(...)"
        instance(owner, "rule", self.rule, LearningRule, allowed, error=ImageError)
        check_array(owner, "tag", self.tag, np.int16)
        check_array(owner, "number", self.number, np.int32)

    def tags(self, n_synapses: int) -> Int16Array:
        """Return the tag of each synapse."""
        return self.tag if self.tag.size else np.zeros(n_synapses, dtype=np.int16)

    def numbers(self, n_synapses: int) -> Int32Array:
        """Return the number of each synapse."""
        return self.number if self.number.size else np.arange(n_synapses, dtype=np.int32)

    def integers(self) -> tuple[str, list[Any]]:
        """Return all integers for a digest, as text and arrays."""
        text = repr((self.synapses, self.rule.epoch, self.rule.first_epoch))
        return f"plasticity {text}", [*self.rule.integers(), self.tag, self.number]

    def __repr__(self) -> str:
        texts = (f"d{name} = {getattr(self.rule, f'd{name}')}" for name in "wdt")
        rules = [text for text in texts if not text.endswith(" = None")]
        return line(self, f"synapse group {self.synapses}", *rules)


@dataclass(frozen=True, eq=False)
class GivenTrace(ArrayValue):
    """Values that the host writes into a trace of the targets, such as a reward.

    Parameters
    ----------
    group : int
        Index of the plasticity in ``Learning.groups``.
    variable : str
        ``"y1"``, ``"y2"`` or ``"y3"``, of which the rule has no Trace.
    steps : ndarray of int64, shape (n_changes,)
        Rising steps, from 0: a value holds from its step on. Before the first the trace is 0.
    values : ndarray of int16, shape (n_changes,) or (n_changes, n_targets)
        -128 to 127: one for all targets of the group, or a column for each compartment that it
        reaches, by rising number.
    """

    group: int
    variable: str
    steps: Int64Array
    values: Int16Array

    def __post_init__(self) -> None:
        owner = "given trace"
        group = integer(owner, "group", self.group, at_least=0, at_most=MOST_IDS, error=ImageError)
        object.__setattr__(self, "group", group)
        choice(owner, "variable", self.variable, POST, error=ImageError)
        check_array(owner, "steps", self.steps, np.int64)
        if not isinstance(self.values, np.ndarray) or self.values.ndim != 2:
            check_array(owner, "values", self.values, np.int16, len(self.steps))
        else:
            check_array(owner, "values", self.values.ravel(), np.int16)

    def integers(self) -> tuple[str, list[Any]]:
        """Return all integers for a digest, as text and arrays."""
        return f"given {self.group}, {self.variable}", [self.steps, self.values]

    def __repr__(self) -> str:
        changes = counted(len(self.steps), "change")
        return line(self, self.variable, f"plasticity {self.group}", changes)


@dataclass(frozen=True, eq=False)
class Learning(ArrayValue):
    """All that learns in an image.

    Parameters
    ----------
    groups : tuple of Plasticity
        Synapse groups that learn, each once. At least one.
    seed : int
        Seed of all draws of learning, 0 to 2**63 - 1.
    numbers : ndarray of int32, shape (n_compartments,) or (0,)
        Number of each compartment for the draws of its traces, 0 to n_compartments - 1, all
        different, so that draws do not depend on the placement of neurons. Empty: its own. Inputs
        have their own number.
    rewards : tuple of GivenTrace
        Traces that the host writes, each once. Others that a rule needs are 0, or given to a run.

    Raises
    ------
    ImageError
        If an argument is of another type.
    """

    groups: tuple[Plasticity, ...]
    seed: int = 0
    numbers: Int32Array = field(default_factory=_NO_INT32.copy)
    rewards: tuple[GivenTrace, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("groups", Plasticity), ("rewards", GivenTrace)):
            given = instances("learning", name, getattr(self, name), kind, error=ImageError)
            object.__setattr__(self, name, given)
        if not self.groups:
            raise ImageError("learning: groups = (); allowed: at least one Plasticity(...).")
        seed = integer(
            "learning", "seed", self.seed, at_least=0, at_most=_MOST_SEED, error=ImageError
        )
        object.__setattr__(self, "seed", seed)
        check_array("learning", "numbers", self.numbers, np.int32)

    def of(self, synapses: int) -> Plasticity | None:
        """Return the plasticity of a synapse group; None if it does not learn.

        Parameters
        ----------
        synapses : int
            Index of the group in ``image.synapses``.
        """
        return next((item for item in self.groups if item.synapses == synapses), None)

    def compartment_numbers(self, n_compartments: int) -> Int32Array:
        """Return the number of each compartment for the draws of its traces."""
        return self.numbers if self.numbers.size else np.arange(n_compartments, dtype=np.int32)

    def integers(self) -> tuple[str, list[Any]]:
        """Return all integers for a digest, as text and arrays; the engine's name is none."""
        engine = self.groups[0].rule.spec.to_dict()
        del engine["name"]
        texts, arrays = [f"learning {self.seed}, {engine}"], [self.numbers]
        parts: list[Plasticity | GivenTrace] = [*self.groups, *self.rewards]
        for item in parts:
            text, more = item.integers()
            texts.append(text)
            arrays += more
        return "".join(texts), arrays

    def _freeze(self) -> None:
        super()._freeze()
        for item in (*self.groups, *self.rewards):
            item._freeze()

    def __repr__(self) -> str:
        return line(self, counted(len(self.groups), "plastic group"), f"seed {self.seed}")
