"""The learned weights and the rewards of a run, which can be read and set between its parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.values import reals, shown
from ..errors import EmulatorError, NetworkError
from ..network import STDP, Connection, Network
from ..typing import Float64Array
from .learner import Learner
from .loop import Loop

__all__ = ["LearnedWeights"]


class LearnedWeights:
    """Weights and rewards of a :class:`Reference`."""

    _loop: Loop
    _whole: bool

    def weights(self, connection: str) -> Float64Array:
        """Return the weights of a connection as they stand, in the order of its synapses.

        Parameters
        ----------
        connection : str
            Name of the connection.

        Returns
        -------
        ndarray of float64, shape (n_synapses,), mV or nA

        Raises
        ------
        NetworkError
            If there is no such connection.
        """
        item, learner = _connection(self._loop.network, connection), self._loop.learner
        if item.plasticity is None or learner is None:
            return np.array(np.broadcast_to(item.weight, (item.n_synapses,)), dtype=np.float64)
        return learner.values(item.name, "w")

    def set_weights(self, connection: str, weights: Any) -> None:
        """Set the weights of a connection that learns, between runs; its traces stay.

        Parameters
        ----------
        connection : str
            Name of the connection.
        weights : float or array_like of float, shape (n_synapses,), mV or nA
            From 0 to ``w_max``, in the order of the synapses.

        Raises
        ------
        NetworkError
            If there is no such connection, it does not learn, or a weight is not allowed.
        EmulatorError
            If the last run was interrupted.
        """
        self._check_whole()
        item, rule, learner = self._learning(connection)
        allowed = f"0 to w_max = {rule.w_max:g} {item.unit}, one number or {item.n_synapses}"
        owner = f"run: connection {item.name!r}"
        found = reals(owner, "weights", weights, item.unit, allowed=allowed, error=NetworkError)
        inside = ((found >= 0) & (found <= rule.w_max)).all()
        if found.shape not in {(), (item.n_synapses,)} or not inside:
            raise NetworkError(f"{owner}: weights = {shown(weights)}; allowed: {allowed}.")
        learner.set_weights(item.name, found)

    def set_reward(self, connection: str, value: Any) -> None:
        """Set the reward of a connection from the next step on, instead of the planned ones.

        Parameters
        ----------
        connection : str
            Name of a connection whose STDP has a reward.
        value : float or array_like of float, shape (size of the target,)
            The reward, for all target neurons or for each.

        Raises
        ------
        NetworkError
            If there is no such connection, it has no reward, or a value is not allowed.
        EmulatorError
            If the last run was interrupted.
        """
        self._check_whole()
        item, rule, learner = self._learning(connection)
        owner = f"run: connection {item.name!r}"
        if rule.reward is None:
            raise NetworkError(f"{owner} learns without a reward; allowed: an STDP with a reward.")
        allowed = f"a finite number, or {item.target.size}"
        found = reals(owner, "value", value, "", allowed=allowed, error=NetworkError)
        if found.shape not in {(), (item.target.size,)} or not np.isfinite(found).all():
            raise NetworkError(f"{owner}: value = {shown(value)}; allowed: {allowed}.")
        learner.set_reward(item.name, found, self._loop.step)

    def _learning(self, connection: str) -> tuple[Connection, STDP, Learner]:
        """Return a connection that learns, its rule and the learner of the run."""
        item, learner = _connection(self._loop.network, connection), self._loop.learner
        if item.plasticity is None or learner is None:
            raise NetworkError(
                f"run: connection {item.name!r} does not learn; allowed: one with "
                "plasticity=STDP(...)."
            )
        return item, item.plasticity, learner

    def _check_whole(self) -> None:
        if not self._whole:
            raise EmulatorError(
                "run: the last run was stopped early by Ctrl-C or an error; allowed: reset() to "
                "step 0."
            )


def _connection(network: Network, name: Any) -> Connection:
    for item in network.connections:
        if isinstance(name, str) and item.name == name:
            return item
    known = ", ".join(repr(item.name) for item in network.connections) or "none"
    raise NetworkError(f"run: no connection {shown(name)}; there is {known}.")
