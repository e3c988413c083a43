"""A connection under construction: its ends and name are checked, but it has no synapses yet."""

from __future__ import annotations

import functools
import inspect
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeAlias

import numpy as np

from .._support.values import integer, reals, shown, switch
from ..errors import NetworkError
from ..typing import Int32Array, Int64Array
from .connection import Connection, Source, check_ends, check_receptor, unit_of_weights
from .neurons import Population
from .plasticity import STDP
from .plausible import check_connection
from .rules import Rule

__all__ = ["MOST_SYNAPSES", "Draft", "Value", "begin", "within_memory"]

MOST_SYNAPSES = 1 << 40  # 4 TB
_P = ParamSpec("_P")
Value: TypeAlias = Any  # float | Rule | array_like: one value, a seeded rule, or given values


class Draft(NamedTuple):
    """Checks and construction that all functions that connect share.

    Parameters
    ----------
    label : str
        Names the connection in messages.
    name : str
        Name of the connection.
    source, target : Population (or an input as source)
        Ends of the connection.
    rng : Generator, optional
        Random generator, if a seed was given.
    receptor : str, optional
        As in :class:`Connection`.
    plasticity : STDP, optional
        As in :class:`Connection`.
    """

    label: str
    name: str
    source: Source
    target: Population
    rng: np.random.Generator | None
    receptor: str | None
    plasticity: STDP | None

    def random(self, what: str) -> np.random.Generator:
        """Return the random generator, or raise because ``what`` needs a seed."""
        if self.rng is None:
            raise NetworkError(f"{self.label}: {what} draws at random; pass seed=... (an integer).")
        return self.rng

    def check_number(self, synapses: float) -> None:
        """Raise if the number of synapses exceeds the limit."""
        if synapses > MOST_SYNAPSES:
            raise NetworkError(
                f"{self.label}: about {synapses:.3g} synapses; allowed: at most {MOST_SYNAPSES}. "
                "Connect fewer."
            )

    def check_degree(self, what: str, degree: Any, other: Source, skip_own: bool) -> int:
        """Return the degree as an int, or raise if ``other`` has fewer different neurons."""
        most = other.size - skip_own
        found = integer(self.label, what, degree, allowed="an integer of at least 0")
        if not 0 <= found <= most:
            raise NetworkError(
                f"{self.label}: {what} = {shown(found)}; allowed: 0 to {most}, the number of "
                f"different neurons that {other.name!r} offers."
            )
        return found

    def skips_own(self, allowed: Any) -> bool:
        """Return whether both ends are one population whose self-connections are omitted."""
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
        """Return the finished connection.

        Parameters
        ----------
        rows, post : ndarray
            Row pointers and target neurons of the synapses (CSR, one row per source).
        weight, delay : float, rule or array_like
            One value, a random rule, or an array of the given ``shape``.
        shape : tuple of int, optional
            Required shape of an array of values. Default: arrays are refused.
        keep : ndarray of int or bool, optional
            Indices or mask that select the value of each synapse from an array. Default: all.
        """
        unit = unit_of_weights(self.target, self.receptor)
        made = Connection(
            name=self.name,
            source=self.source,
            target=self.target,
            indptr=rows,
            post=post,
            weight=self._values("weight", weight, unit, len(post), shape, keep),
            delay=self._values("delay", delay, "ms", len(post), shape, keep),
            receptor=self.receptor,
            plasticity=self.plasticity,
        )
        check_connection(made)
        return made

    def _values(self, what: str, value: Value, unit: str, size: int, shape: Any, keep: Any) -> Any:
        """Return one value, or a new array with one value per synapse."""
        if isinstance(value, Rule):
            if value.unit not in {"", unit}:
                raise NetworkError(
                    f"{self.label}: {what} = {value!r} in {value.unit}; allowed: in {unit}."
                )
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


def begin(
    source: Source,
    target: Population,
    name: str | None,
    seed: int | None,
    receptor: str | None,
    plasticity: STDP | None,
) -> Draft:
    """Check ends, name, seed and receptor of a connection, and return its draft."""
    label = check_ends(source, target, name)
    check_receptor(label, target, receptor)
    rng = None
    if seed is not None:
        number = integer(label, "seed", seed, at_least=0)
        names = (label, source.name, target.name)
        rng = np.random.default_rng([number, *(zlib.crc32(text.encode()) for text in names)])
    named = name or f"{source.name}->{target.name}"
    return Draft(label, named, source, target, rng, receptor, plasticity)


def within_memory(connect: Callable[_P, Connection]) -> Callable[_P, Connection]:
    """Name the connection in the error if its synapses do not fit into memory."""

    @functools.wraps(connect)
    def connected(*arguments: _P.args, **options: _P.kwargs) -> Connection:
        try:
            return connect(*arguments, **options)
        except MemoryError as problem:
            given = inspect.signature(connect).bind(*arguments, **options).arguments
            ends = f"{given['source'].name}->{given['target'].name}"
            raise NetworkError(
                f"connection {ends!r}: its synapses do not fit into memory ({problem}); connect "
                "fewer."
            ) from None

    return connected
