"""Positions of cores on the mesh, and the routes of messages between them.

Sites are numbered chip by chip, within a chip tile by tile and row by row; the cores of a tile have
consecutive numbers. A message travels from tile to tile, first east or west, then north or south,
also across chips (dimension-order routing: SANA-FE, and reviews of the second generation; D18 says
only "mesh").
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .._support.brief import brief
from .._support.ranges import NOT_NEGATIVE
from .._support.values import MOST_IDS, integer, real
from ..errors import SpecError
from ..typing import Float64Array, Int64Array

__all__ = ["MeshSpec", "Sites", "link_loads"]


@dataclass(frozen=True, kw_only=True)
class MeshSpec:
    """Shape of the mesh of a chip, and of a system of chips.

    Parameters
    ----------
    cores_per_tile : int
        Cores that share a router (D18 Table 2: 1 to 32 tiles on 128 cores).
    tile_columns : int
        Tiles from west to east on a chip. The aspect ratio is unpublished; SANA-FE uses 8 x 4.
    chip_columns : int
        Chips from west to east in a system.
    cost_east_west, cost_north_south : float
        Cost of one hop in the placement of cores, in any unit (D18: 3.0 and 4.0 pJ).

    Raises
    ------
    SpecError
        If a value is not allowed.
    """

    cores_per_tile: int = 4
    tile_columns: int = 8
    chip_columns: int = 1
    cost_east_west: float = 3.0
    cost_north_south: float = 4.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value: Any = getattr(self, item.name)
            if item.name.startswith("cost"):
                value = real("mesh", item.name, value, within=NOT_NEGATIVE, error=SpecError)
            else:
                value = integer(
                    "mesh", item.name, value, at_least=1, at_most=MOST_IDS, error=SpecError
                )
            object.__setattr__(self, item.name, value)


@dataclass(frozen=True, eq=False)
class Sites:
    """Coordinates of sites.

    Parameters
    ----------
    chip : ndarray of int64, shape (n,)
        Number of the chip.
    x, y : ndarray of int64, shape (n,)
        Column and row of the tile, numbered across all chips.
    tile_rows : int
        Rows of tiles on a chip.
    mesh : MeshSpec
        Shape of the mesh.
    """

    chip: Int64Array
    x: Int64Array
    y: Int64Array
    tile_rows: int
    mesh: MeshSpec

    __repr__ = brief

    @classmethod
    def of(cls, sites: Int64Array, cores_per_chip: int, mesh: MeshSpec) -> Sites:
        """Return the coordinates of sites on chips with ``cores_per_chip`` cores."""
        tiles = -(-cores_per_chip // mesh.cores_per_tile)
        rows = -(-tiles // mesh.tile_columns)
        chip, local = np.divmod(np.asarray(sites, dtype=np.int64), cores_per_chip)
        row, column = np.divmod(local // mesh.cores_per_tile, mesh.tile_columns)
        chip_row, chip_column = np.divmod(chip, mesh.chip_columns)
        return cls(
            chip, chip_column * mesh.tile_columns + column, chip_row * rows + row, rows, mesh
        )

    def hops(self, a: Int64Array, b: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return the east-west and north-south hops between the sites at ``a`` and ``b``."""
        return np.abs(self.x[a] - self.x[b]), np.abs(self.y[a] - self.y[b])


def link_loads(
    sites: Sites, a: Int64Array, b: Int64Array, messages: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the load of every link between neighbouring tiles.

    Parameters
    ----------
    sites : Sites
        Coordinates.
    a, b : ndarray of int64, shape (n,)
        Positions in ``sites`` of the two ends of each flow.
    messages : ndarray of float64, shape (n,)
        Number of messages of each flow.

    Returns
    -------
    east_west : ndarray of float64, shape (2, height, width - 1)
        Messages between columns x and x + 1: eastward, then westward.
    north_south : ndarray of float64, shape (2, height - 1, width)
        Messages between rows y and y + 1: toward higher rows, then toward lower rows.
    """
    width, height = int(sites.x.max()) + 1, int(sites.y.max()) + 1
    xa, xb, ya, yb = sites.x[a], sites.x[b], sites.y[a], sites.y[b]
    east_west = _passing(xa, xb, ya, messages, width, height)
    north_south = _passing(ya, yb, xb, messages, height, width).transpose(0, 2, 1)
    return east_west, north_south


def _passing(
    start: Int64Array,
    stop: Int64Array,
    line: Int64Array,
    messages: Float64Array,
    length: int,
    lines: int,
) -> Float64Array:
    """Return the messages over each gap of each line in both directions, by cumulative sums."""
    loads = np.zeros((2, lines, length))
    for direction, (low, high) in enumerate(((start, stop), (stop, start))):
        moving = low < high
        for end, sign in ((low, 1.0), (high, -1.0)):
            at = line[moving] * length + end[moving]
            flat = np.bincount(at, messages[moving], minlength=lines * length)
            loads[direction] += sign * flat.reshape(lines, length)
    return np.cumsum(loads, axis=2)[:, :, :-1]
