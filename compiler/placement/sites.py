"""Place cores on the mesh so that messages travel few hops.

``"in_order"`` puts core k at site k. ``"curve"`` orders the cores so that cores with much traffic
are neighbours, and places them along a space-filling curve (Hilbert's) through the tiles of each
chip, chip by chip. ``"search"`` then moves and swaps cores as long as this saves hops.
"""

from __future__ import annotations

import numpy as np

from neurochip.chip.mesh import Sites
from neurochip.chip.spec import ChipSpec
from neurochip.packing.flows import Traffic
from neurochip.typing import Float64Array, Int64Array

__all__ = ["choose_sites"]

_WORK = 2_000_000_000  # pairs of cores examined in a search: some seconds
_MOST_SWEEPS = 60
_DRAWS = 16  # random sites tried for each core in a sweep
_LEAST = 1e-9  # fraction of all traffic; a smaller saving is rounding error


def choose_sites(traffic: Traffic, chip: ChipSpec, rule: str, seed: int) -> Int64Array:
    """Return the site of each core.

    Parameters
    ----------
    traffic : Traffic
        Messages between cores; its sites are not used.
    chip : ChipSpec
        Shape and costs of the mesh.
    rule : str
        ``"in_order"``, ``"curve"`` or ``"search"``.
    seed : int
        Random seed of the search.
    """
    n = traffic.n_cores
    if rule == "in_order" or n == 1:
        return np.arange(n)
    from .site_kernels import chain

    ptr, neighbour, messages = _pulls(traffic)
    order = np.empty(n, dtype=np.int64)
    chain(ptr, neighbour, messages, np.bincount(_rows(ptr), messages, n).astype(np.float64), order)
    curve = _curve(n, chip)
    along = np.empty(n, dtype=np.int64)
    along[order] = curve[:n]
    if rule == "curve":
        return along
    # The search ends in a local minimum, so try two starts: the curve and the given order.
    pulls = (ptr, neighbour, messages)
    found = [_search(start, np.sort(curve), pulls, chip, seed) for start in (along, np.arange(n))]
    return min(found, key=lambda site: _cost(site, pulls, chip))


def _cost(
    site: Int64Array, pulls: tuple[Int64Array, Int64Array, Float64Array], chip: ChipSpec
) -> float:
    ptr, neighbour, messages = pulls
    at = Sites.of(site, chip.cores, chip.mesh)
    east_west, north_south = at.hops(_rows(ptr), neighbour)
    costs = chip.mesh.cost_east_west * east_west + chip.mesh.cost_north_south * north_south
    return float(messages @ costs)


def _pulls(traffic: Traffic) -> tuple[Int64Array, Int64Array, Float64Array]:
    """Return messages between different cores, in both directions together, as rows by core."""
    n = traffic.n_cores
    apart = (traffic.start != traffic.stop) & (traffic.messages > 0)
    a, b = traffic.start[apart], traffic.stop[apart]
    key = np.concatenate([a * n + b, b * n + a])
    pairs, which = np.unique(key, return_inverse=True)
    messages = np.bincount(which.ravel(), np.tile(traffic.messages[apart], 2), len(pairs))
    first, second = np.divmod(pairs, n)
    return np.searchsorted(first, np.arange(n + 1)), second, messages.astype(np.float64)


def _rows(ptr: Int64Array) -> Int64Array:
    return np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def _curve(n: int, chip: ChipSpec) -> Int64Array:
    """Return the sites of the chips that ``n`` cores need, in the order of the curve."""
    chips = -(-n // chip.cores)
    # Chips in boustrophedon order: consecutive chips are neighbours in the system.
    row, column = np.divmod(np.arange(chip.chips), chip.mesh.chip_columns)
    snake = np.where(row % 2 == 0, column, chip.mesh.chip_columns - 1 - column)
    chip_order = np.lexsort((snake, row))[:chips]
    local = np.arange(chip.cores)
    at = Sites.of(local, chip.cores, chip.mesh)
    within = local[np.argsort(_hilbert(at.x, at.y), kind="stable")]
    return np.asarray(chip_order[:, None] * chip.cores + within).ravel()


def _hilbert(x: Int64Array, y: Int64Array) -> Int64Array:
    """Return the place of each tile along Hilbert's curve, through the squares along a chip.

    Each square is divided into quarters, rotated so that the curve continues from one quarter to
    the next (Hilbert 1891, 10.1007/BF01199431). It begins and ends on the same side of a square, so
    it continues into the next square.
    """
    if y.max() > x.max():
        x, y = y, x
    side = 1 << int(y.max()).bit_length()
    square, x = np.divmod(x, side)
    place = square * side * side
    half = side >> 1
    while half:
        right, up = x >= half, y >= half
        place += half * half * np.where(right, np.where(up, 2, 3), np.where(up, 1, 0))
        x, y = x % half, y % half
        mirrored = right & ~up
        x, y = np.where(mirrored, half - 1 - x, x), np.where(mirrored, half - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        half >>= 1
    return place


def _search(
    site: Int64Array,
    sites: Int64Array,
    pulls: tuple[Int64Array, Int64Array, Float64Array],
    chip: ChipSpec,
    seed: int,
) -> Int64Array:
    from .site_kernels import Board, improve

    ptr, neighbour, messages = pulls
    at = Sites.of(sites, chip.cores, chip.mesh)
    place = np.searchsorted(sites, site)
    core = np.full(len(sites), -1, dtype=np.int64)
    core[place] = np.arange(len(site))
    width, height = int(at.x.max()) + 1, int(at.y.max()) + 1
    tile = at.y * width + at.x
    of_tile = np.argsort(tile, kind="stable")
    board = Board(
        ptr,
        neighbour,
        messages,
        at.x,
        at.y,
        chip.mesh.cost_east_west,
        chip.mesh.cost_north_south,
        place,
        core,
        np.searchsorted(tile[of_tile], np.arange(width * height + 1)),
        of_tile,
        width,
        height,
    )
    tries = 9 * chip.mesh.cores_per_tile + _DRAWS
    sweeps = min(_MOST_SWEEPS, max(1, _WORK // (2 * tries * max(1, len(neighbour)))))
    least = _LEAST * float(messages.sum()) * max(board.cost_x, board.cost_y)
    improve(board, sweeps, _DRAWS, least, seed)
    moved: Int64Array = sites[place]
    return moved
