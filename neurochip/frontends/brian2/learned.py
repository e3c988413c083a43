"""Weights that the chip has learned, as Brian2's Synapses hold them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...network import Connection
from ...typing import Float64Array, Int64Array
from .kicks import Kicks
from .learning import check_range

__all__ = ["Learned", "learned_of"]


@dataclass(frozen=True, eq=False)
class Learned:
    """A connection that learns, and its Synapses.

    Parameters
    ----------
    synapses : brian2.Synapses
        The object.
    connection : str
        Name of the connection.
    weight : str
        Name of the variable that learns.
    moving : frozenset of str
        Its other variables that change during a run, which are unknown after it.
    w_max : float
        Upper limit of the weight, in its base unit.
    scale : float
        Weight of the connection for one base unit.
    order : ndarray of int64, shape (n_synapses,)
        Brian2's number of each synapse of the connection.
    """

    synapses: Any
    connection: str
    weight: str
    moving: frozenset[str]
    w_max: float
    scale: float
    order: Int64Array

    @cached_property
    def position(self) -> Int64Array:
        """Place in the connection of each of Brian2's synapses, shape (n_synapses,)."""
        return np.argsort(self.order)

    def in_brian2(self, weights: Any) -> Float64Array:
        """Return weights of the connection as those of Brian2, along the last axis."""
        return np.asarray(weights, dtype=np.float64)[..., self.position] / self.scale

    def with_changes(self, weights: Any, changed: Int64Array) -> Float64Array:
        """Return weights of the connection, of which some are set to those of Brian2.

        Parameters
        ----------
        weights : ndarray, shape (n_synapses,)
            Weights of the connection.
        changed : ndarray of int64
            Brian2's numbers of the synapses to set.

        Raises
        ------
        FrontendError
            If one of them is below 0 or above the upper limit.
        """
        values = np.zeros(len(self.order))
        values[changed] = self.values()[self.weight][changed]
        check_range(self.synapses, self.weight, values, self.w_max)
        result: Float64Array = np.array(weights, dtype=np.float64)
        result[self.position[changed]] = np.minimum(values[changed], self.w_max) * self.scale
        return result

    def values(self) -> dict[str, Any]:
        """Return the weight and all other variables that change, as they are in Brian2."""
        variables = self.synapses.variables
        return {name: np.array(variables[name].get_value()) for name in (self.weight, *self.moving)}

    def leave(self, weights: Any) -> None:
        """Write the weights of the connection into Brian2; other variables become nan."""
        variables = self.synapses.variables
        variables[self.weight].set_value(self.in_brian2(weights))
        for name in self.moving:
            if np.dtype(variables[name].dtype).kind == "f":
                variables[name].set_value(np.nan)


def learned_of(kicks: Kicks, connection: Connection, synapses: Any) -> Learned:
    """Return the connection that was made of kicks with a rule."""
    assert kicks.rule is not None
    assert connection.plasticity is not None
    return Learned(
        synapses=synapses,
        connection=connection.name,
        weight=kicks.rule.weight,
        moving=kicks.rule.moving,
        w_max=kicks.rule.w_max,
        scale=connection.plasticity.w_max / kicks.rule.w_max,
        order=np.argsort(kicks.pre, kind="stable"),
    )
