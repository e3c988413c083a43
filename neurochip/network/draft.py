"""A connection on its way: its ends and name are checked, its synapses are not there yet."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .._support.values import integer, reals, shown, switch
from ..errors import NetworkError
from ..typing import Int32Array, Int64Array
from .connection import Connection, Source, check_ends, unit_of_weights
from .neurons import Population
from .rules import Rule

__all__ = ["Draft", "Value", "begin"]

_MOST_SYNAPSES = 1 << 40  # 4 TB
Value: TypeAlias = Any  # float | Rule | array_like: one value, a seeded rule, or given values


class Draft(NamedTuple):
    """What all ways to connect have in common.

    Parameters
    ----------
    label : str
        Names the connection in messages.
    name : str
        Its name.
    source, target : Population (or an input as source)
        Its ends.
    rng : Generator, optional
        Random numbers of its seed, if one was given.
    """

    label: str
    name: str
    source: Source
    target: Population
    rng: np.random.Generator | None

    def random(self, what: str) -> np.random.Generator:
        """Return the random numbers; ``what`` needs them."""
        if self.rng is None:
            raise NetworkError(f"{self.label}: {what} draws at random; pass seed=... (an integer).")
        return self.rng

    def check_number(self, synapses: float) -> None:
        """Raise if so many synapses are too many."""
        if synapses > _MOST_SYNAPSES:
            raise NetworkError(
                f"{self.label}: about {synapses:.3g} synapses; allowed: at most {_MOST_SYNAPSES}. "
                "Connect fewer."
            )

    def check_degree(self, what: str, degree: Any, other: Source, skip_own: bool) -> int:
        """Return how many different neurons of ``other`` each neuron is connected to."""
        most = other.size - skip_own
        found = integer(self.label, what, degree, allowed="an integer of at least 0")
        if not 0 <= found <= most:
            raise NetworkError(
                f"{self.label}: {what} = {shown(found)}; allowed: 0 to {most}, the number of "
                f"different neurons that {other.name!r} offers."
            )
        return found

    def skips_own(self, allowed: Any) -> bool:
        """Return whether neurons are not connected to themselves: where both ends are one."""
        allowed = switch(self.label, "allow_self_connections", allowed, error=NetworkError)
        source = self.source
        return not allowed and isinstance(source, Population) and source.name == self.target.name

    def finish(
        self,
        rows: Int64Array,
        post: Int32Array,
        weight: Value,
        delay: Value,
        *,
        shape: tuple[int, ...] | None = None,
        keep: Any = None,
    ) -> Connection:
        """Return the connection.

        Parameters
        ----------
        rows, post : ndarray
            Its synapses, by source.
        weight, delay : float, rule or array_like
            Values may be given in an array of the ``shape``, if there is one.
        shape : tuple of int, optional
            Of arrays of values.
        keep : ndarray of int or bool, optional
            Which of the values are those of the synapses, in their order. Default: all.
        """
        unit = unit_of_weights(self.target)
        return Connection(
            name=self.name,
            source=self.source,
            target=self.target,
            indptr=rows,
            post=post,
            weight=self._values("weight", weight, unit, len(post), shape, keep),
            delay=self._values("delay", delay, "ms", len(post), shape, keep),
        )

    def _values(self, what: str, value: Value, unit: str, size: int, shape: Any, keep: Any) -> Any:
        """One value, or a new array with one for each synapse."""
        if isinstance(value, Rule):
            return value.draw(self.random(f"{what} = {value!r}"), size)
        allowed = f"a number or one number per synapse, in {unit}"
        array = reals(self.label, what, value, unit, allowed=allowed)
        if array.ndim == 0:
            return array
        if array.shape != shape:
            allowed = f", or an array of shape {shape}" if shape else ""
            raise NetworkError(
                f"{self.label}: {what} has shape {array.shape}; allowed: a number, a rule "
                f"(Uniform, Normal, LogNormal){allowed}."
            )
        flat = np.array(array, dtype=np.float64, copy=keep is None or None).ravel()
        return flat if keep is None else flat[keep]


def begin(source: Source, target: Population, name: str | None, seed: int | None) -> Draft:
    """Check the ends of a connection, its name and its seed."""
    label = check_ends(source, target, name)
    rng = None
    if seed is not None:
        number = integer(label, "seed", seed, at_least=0)
        names = (label, source.name, target.name)
        rng = np.random.default_rng([number, *(zlib.crc32(text.encode()) for text in names)])
    return Draft(label, name or f"{source.name}->{target.name}", source, target, rng)
