"""Definition of a sweep: makes the network and the chip of each point, their keys and digests."""

from __future__ import annotations

import functools
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .._support.brief import brief
from .._support.values import shown
from ..chip.spec import ChipSpec
from ..errors import CompileError, SpecError, SweepError
from ..image import ChipImage
from ..network import Network
from ..recording import Probe, Recording, WeightProbe
from ..validation import Comparison
from .axes import CORE, Scalar, parameters_of
from .failures import calling
from .fingerprint import Content, digest, fingerprint
from .travel import packed

__all__ = ["Definition", "PointRun", "network_digest"]

_NUMBER = re.compile(r"_\d+\b")


@dataclass(frozen=True, kw_only=True)
class PointRun:
    """Runs of one point of a sweep: the argument of ``measure``.

    Parameters
    ----------
    point : dict
        Value of every axis.
    network : Network
        Network of the point.
    image : ChipImage
        Compiled image of the network.
    reference, chip : Recording
        Runs in float64 and on the chip.
    comparison : Comparison
        Comparison of the two runs.
    """

    point: Mapping[str, Scalar]
    network: Network
    image: ChipImage
    reference: Recording
    chip: Recording
    comparison: Comparison

    __repr__ = brief


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Values that all points of a sweep share; sent to the workers.

    Parameters
    ----------
    key : str
        Unique key of this sweep, by which workers keep their caches apart.
    network : Network or callable
        The network, or a function of axes that makes it.
    chip : ChipSpec or callable
        The chip, or a function of axes that makes it.
    synapses : int
        Approximate number in a network; workers cache fewer images of large networks.
    duration : float, ms
        Length of each run.
    fixed : dict
        ``dt``, ``seed`` and compile options that are not axes.
    fine_dt : float or None, ms
        Step of a fine reference.
    twins : int
        Number of twins of each reference of a recurrent network.
    record : tuple of str, Probe or WeightProbe
        Traces for the comparison of v.
    measure : callable or None
        Function that returns further results of a :class:`PointRun`.
    """

    key: str
    network: Network | Callable[..., Network]
    chip: ChipSpec | Callable[..., ChipSpec]
    synapses: int
    duration: float
    fixed: Mapping[str, Scalar]
    fine_dt: float | None
    twins: int
    record: tuple[str | Probe | WeightProbe, ...]
    measure: Callable[[PointRun], Mapping[str, Any]] | None

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._packed,)

    @functools.cached_property
    def _packed(self) -> bytes:
        return packed({item.name: getattr(self, item.name) for item in fields(self)})

    @functools.cached_property
    def _network_axes(self) -> tuple[str, ...]:
        return tuple(item.name for item in parameters_of(self.network, "network"))

    @functools.cached_property
    def _chip_axes(self) -> tuple[str, ...]:
        return tuple(item.name for item in parameters_of(self.chip, "chip"))

    def network_key(self, point: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
        """Return the part of a point that the network depends on."""
        full = {**self.fixed, **point}
        return tuple((name, full[name]) for name in self._network_axes if name in full)

    def reference_key(self, point: Mapping[str, Scalar]) -> tuple[Any, ...]:
        """Return the part of a point that the reference depends on."""
        full = {**self.fixed, **point}
        return self.network_key(point), full["seed"], full["dt"]

    def shared_key(self, point: Mapping[str, Scalar]) -> tuple[Any, ...]:
        """Return the part of a point that its most expensive float run depends on.

        That is the fine reference if there is one: it does not depend on dt.
        """
        key = self.reference_key(point)
        return key if self.fine_dt is None else key[:-1]

    def make_network(self, key: tuple[tuple[str, Scalar], ...]) -> Network:
        """Return the network of a :meth:`network_key`."""
        if isinstance(self.network, Network):
            return self.network
        with calling("the function for the network"):
            made = self.network(**dict(key))
        if not isinstance(made, Network):
            raise SweepError(
                f"sweep: the function for the network returned {shown(made)}; allowed: a Network."
            )
        return made

    def image_key(self, point: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
        """Return the part of a point that the image depends on."""
        inputs_only = "seed" not in (*self._network_axes, *self._chip_axes)
        return tuple(item for item in point.items() if item[0] != "seed" or not inputs_only)

    def chip_key(self, point: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
        """Return the part of a point that the chip depends on."""
        full = {**self.fixed, **point}
        names = (*self._chip_axes, "cores", *(name for name in point if name.startswith(CORE)))
        return tuple((name, full[name]) for name in dict.fromkeys(names) if name in full)

    def base_chip(self, point: Mapping[str, Scalar]) -> ChipSpec:
        """Return the chip of a point before the fields among its axes are set."""
        full = {**self.fixed, **point}
        if isinstance(self.chip, ChipSpec):
            return self.chip
        given: dict[str, Any] = {name: full[name] for name in self._chip_axes if name in full}
        # An inconsistent chip is a result, not an error.
        with calling("the function for the chip", CompileError, SpecError):
            made = self.chip(**given)
        if not isinstance(made, ChipSpec):
            raise SweepError(
                f"sweep: the function for the chip returned {shown(made)}; allowed: a ChipSpec."
            )
        return made

    def make_chip(self, point: Mapping[str, Scalar]) -> ChipSpec:
        """Return the chip of a point."""
        base = self.base_chip(point)
        core: dict[str, Any] = {
            name.removeprefix(CORE): value for name, value in point.items() if name.startswith(CORE)
        }
        cores: Any = point.get("cores")
        return base.what_if(cores=cores, **core) if core or cores is not None else base

    def chip_digest(self, point: Mapping[str, Scalar]) -> str:
        """Return the digest of the chip of a point, or that of the error if it has none."""
        try:
            return fingerprint(self.make_chip(point))
        except (CompileError, SpecError) as problem:
            return fingerprint(str(problem))


@functools.lru_cache(1)
def _unpacked(content: bytes) -> Definition:
    """Return the definition that was sent, once for all tasks of a worker."""
    return Definition(**pickle.loads(content))


def network_digest(network: Network) -> str:
    """Return the digest of a network for the record of a point."""
    return digest(_Unnumbered().parts(network))


class _Unnumbered(Content):
    """Content of a network without the numbers that Brian2 appends to names that it makes."""

    def field(self, name: str, value: Any) -> Iterator[bytes]:
        """Yield the pieces of a field of a dataclass."""
        return self.parts(_NUMBER.sub("", value) if name == "name" else value)
