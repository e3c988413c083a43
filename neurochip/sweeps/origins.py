"""Checks that records come from the networks and chips of this sweep.

Each record holds digests of its network and its chip. Those of points in a file are compared with
the networks and chips that the functions return now. Those of new points are compared with each
other: if workers made different networks for the same values, results would depend on the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import SweepError
from ..network import Network
from .axes import Point, described
from .definition import Definition, network_digest
from .failures import at_point
from .journal import REMEDY

__all__ = ["Origins"]


class Origins:
    """Digests of networks and chips, by the values that they depend on.

    Parameters
    ----------
    definition : Definition
        Definition of the sweep.
    points : sequence of dict
        All points of the sweep.
    networks : sequence of Network
        Networks of the first and of the last point.
    """

    def __init__(
        self, definition: Definition, points: Sequence[Point], networks: Sequence[Network]
    ) -> None:
        self._definition, self._points = definition, points
        self._networks: dict[Any, str] = {}
        self._chips: dict[Any, str] = {}
        for index, network in zip((0, len(points) - 1), networks, strict=True):
            self.learn(index, network_digest(network))

    def unknown(self, done: Iterable[int]) -> list[tuple[int, Point]]:
        """Return one of the points ``done`` for each network whose digest is unknown."""
        found: dict[Any, tuple[int, Point]] = {}
        for index in done:
            key = self._definition.network_key(self._points[index])
            if key not in self._networks:
                found.setdefault(key, (index, self._points[index]))
        return list(found.values())

    def learn(self, index: int, digest: str) -> None:
        """Store the digest of the network of a point."""
        self._networks.setdefault(self._definition.network_key(self._points[index]), digest)

    def check(self, record: Mapping[str, Any], path: Path | None = None) -> None:
        """Compare the digests of a record with those of other points.

        Parameters
        ----------
        record : dict
            Record of a point.
        path : Path, optional
            File that the record was read from, for the message.

        Raises
        ------
        SweepError
            If its network or its chip differs.
        """
        definition, index = self._definition, record["point"]
        point = self._points[index]
        key = definition.chip_key(point)
        if key not in self._chips:
            with at_point(index, point):
                self._chips[key] = definition.chip_digest(point)
        network = self._networks.setdefault(definition.network_key(point), record["network"])
        for name, wanted in (("network", network), ("chip", self._chips[key])):
            if record[name] == wanted:
                continue
            where = f"point {index} ({described(point)})"
            if path is None:
                raise SweepError(
                    f"sweep: {where} has a different {name} than the function returned before for "
                    "the same values; seed its random numbers, and let it depend on its parameters "
                    "only."
                )
            raise SweepError(
                f"{path}: holds another sweep, with a different {name} at {where}: the function "
                f"for the {name}, or data that it uses, has changed since. {REMEDY}"
            )
