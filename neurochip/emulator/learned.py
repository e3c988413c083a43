"""The part of an emulator that reads and writes what its connections have learned."""

from __future__ import annotations

from typing import Any

from .._support.values import shown, switch
from ..errors import EmulatorError
from ..image import ChipImage
from ..typing import Int32Array
from .connections import (
    group_number,
    in_units,
    mantissas_of,
    reward_in_units,
    reward_of,
    variables_of,
    with_learned,
)
from .engine import Engine
from .programmed.engine import ProgrammedEngine

__all__ = ["LearnedSynapses"]


class LearnedSynapses:
    """Weights, tags and traces of connections that learn, between two runs of an emulator.

    A connection is given by its name; or, as in images without symbols, by the number of its group
    in ``image.learning.groups``. Arrays have an entry for each synapse, in the order of the
    connection.
    """

    image: ChipImage
    _engine: Engine[Any]
    _position: Any

    def weights(self, connection: str | int, *, raw: bool = False) -> Any:
        """Return the weights of a connection as they stand.

        Parameters
        ----------
        connection : str or int
            A connection that learns.
        raw : bool
            Return mantissas. Default: only if the image has no symbols.

        Returns
        -------
        ndarray of float64 or int32, shape (n_synapses,)
            In the units of the connection: what a spike delivers, up to the low bits that a
            negative weight exponent drops.

        Raises
        ------
        EmulatorError
            If the connection does not learn.
        """
        index = group_number(self.image, connection)
        raw = switch("emulator", "raw", raw, error=EmulatorError)
        found = self._read(index, "w")
        return found if raw else in_units(self.image, index, found)

    def tags(self, connection: str | int) -> Int32Array:
        """Return the tags of a connection as they stand, in steps of the register.

        Parameters
        ----------
        connection : str or int
            A connection that learns.

        Returns
        -------
        ndarray of int32, shape (n_synapses,)
            Those of the image, if the rule neither learns nor reads tags.

        Raises
        ------
        EmulatorError
            If the connection does not learn.
        """
        return self._read(group_number(self.image, connection), "t")

    def traces(self, connection: str | int) -> dict[str, Int32Array]:
        """Return the traces that the synapses of a connection read, as of the last whole epoch.

        Parameters
        ----------
        connection : str or int
            A connection that learns.

        Returns
        -------
        dict of str to ndarray of int32, shape (n_synapses,)
            ``"x1"`` and ``"x2"`` of the source of each synapse, ``"y1"``, ``"y2"`` and ``"y3"`` of
            its target, as far as the rule has them.

        Raises
        ------
        EmulatorError
            If the connection does not learn.
        """
        index = group_number(self.image, connection)
        assert self.image.learning is not None
        names = variables_of(self.image.learning.groups[index])
        return {name: self._read(index, name) for name in names if name not in ("w", "t")}

    def set_weights(self, connection: str | int, weights: Any) -> None:
        """Set the weights of a connection, as the host of a chip may do between steps.

        Traces and tags stay as they are.

        Parameters
        ----------
        connection : str or int
            A connection that learns.
        weights : float or array_like of float, shape (n_synapses,)
            In the units of the connection, rounded to the nearest mantissa; mantissas, if the image
            has no symbols.

        Raises
        ------
        EmulatorError
            If the connection does not learn, or a weight is beyond the limits of its rule.
        """
        index = group_number(self.image, connection)
        mantissas = mantissas_of(self.image, index, weights)
        with self._position.turn():
            self._learning.write(self._position, index, "w", mantissas)

    def set_reward(self, connection: str | int, value: Any, *, variable: str | None = None) -> None:
        """Set a trace that the rule of a connection is given, such as a reward.

        It holds from the next step on, instead of all later values of the image, until it is set
        again, a run is given others, or :meth:`reset`.

        Parameters
        ----------
        connection : str or int
            A connection that learns.
        value : float or array_like of float, shape (size,)
            In the units of the connection's reward, for all neurons of the target population or for
            each, rounded to a step of the trace. Without such units, or with ``variable``: integers
            from -128 to 127, for all targets or for each compartment that the connection reaches,
            by rising number.
        variable : str, optional
            ``"y1"``, ``"y2"`` or ``"y3"``. Default: the one that the rule is given.

        Raises
        ------
        EmulatorError
            If the connection does not learn, its rule is given no trace or several and none is
            named, or a value is not allowed.
        """
        index = group_number(self.image, connection)
        assert self.image.learning is not None
        values = reward_in_units(self.image, index, value) if variable is None else None
        if variable is None:
            given = self.image.learning.groups[index].rule.given
            if len(given) != 1:
                what = " and ".join(given) or "no trace, so it has no reward"
                remedy = " Pass variable=, one of them." if given else ""
                raise EmulatorError(
                    f"emulator: the rule of connection {shown(connection)} is given {what}.{remedy}"
                )
            variable = given[0]
        if values is None:
            values = reward_of(self.image, index, variable, value)
        with self._position.turn():
            self._learning.set_given(self._position, index, variable, values)

    def learned_image(self) -> ChipImage:
        """Return the image with the weights and tags as they stand.

        A run of it starts from the learned weights, at step 0 and with traces of 0. Rules, numbers
        and symbols stay; the compile report says that its weights are those before.

        Raises
        ------
        EmulatorError
            If the image does not learn.
        """
        if self.image.learning is None:
            raise EmulatorError(
                "emulator: the image does not learn; allowed: an image with learning, as compiled "
                "from connections with plasticity=STDP(...)."
            )
        groups = range(len(self.image.learning.groups))
        return with_learned(
            self.image,
            [self._read(index, "w") for index in groups],
            [self._read(index, "t") for index in groups],
        )

    @property
    def _learning(self) -> ProgrammedEngine:
        """The engine, which is this one for all images that learn."""
        assert isinstance(self._engine, ProgrammedEngine)
        return self._engine

    def _read(self, index: int, variable: str) -> Int32Array:
        with self._position.turn():
            return self._learning.read(self._position, index, variable)
