"""Kernels that place cores on the mesh."""

from __future__ import annotations

from typing import NamedTuple

from neurochip._kernels.jit import inline_kernel, kernel
from neurochip.typing import Float64Array, Int64Array

__all__ = ["Board", "chain", "improve"]


class Board(NamedTuple):
    """Cores, the messages between them, and the available sites."""

    ptr: Int64Array  # row pointers of ``neighbour``, by core
    neighbour: Int64Array  # cores that exchange messages with each core
    messages: Float64Array  # messages per step with each neighbour
    x: Int64Array  # coordinates of each site
    y: Int64Array
    cost_x: float  # cost of a hop
    cost_y: float
    site: Int64Array  # site of each core
    core: Int64Array  # core on each site, or -1
    first: Int64Array  # start of each tile in ``of_tile``, with tiles row by row
    of_tile: Int64Array  # sites sorted by tile
    width: int
    height: int


@kernel
def chain(ptr, neighbour, messages, pull, order):
    """Order cores greedily: the next core exchanges most messages with all cores before it.

    Ties go to the lowest number. ``pull`` holds the total messages of each core and is overwritten.
    """
    n = len(order)
    best = 0
    for i in range(n):
        if pull[i] > pull[best]:
            best = i
    for i in range(n):
        pull[i] = 0.0
    for place in range(n):
        order[place] = best
        pull[best] = -1.0
        for j in range(ptr[best], ptr[best + 1]):
            if pull[neighbour[j]] >= 0.0:
                pull[neighbour[j]] += messages[j]
        best = -1
        for i in range(n):
            if pull[i] >= 0.0 and (best < 0 or pull[i] > pull[best]):
                best = i


@inline_kernel
def _change(core, start, stop, other, b):
    """Return the change of cost by moving a core, without its messages to ``other``."""
    change = 0.0
    for j in range(b.ptr[core], b.ptr[core + 1]):
        k = b.neighbour[j]
        if k != other:
            x, y = b.x[b.site[k]], b.y[b.site[k]]
            before = b.cost_x * abs(b.x[start] - x) + b.cost_y * abs(b.y[start] - y)
            after = b.cost_x * abs(b.x[stop] - x) + b.cost_y * abs(b.y[stop] - y)
            change += b.messages[j] * (after - before)
    return change


@kernel
def _try(core, stop, least, b):
    """Move a core to site ``stop``, or swap it with the core there, if it saves over ``least``."""
    start, other = b.site[core], b.core[stop]
    if start == stop or (b.x[start] == b.x[stop] and b.y[start] == b.y[stop]):
        return False
    change = _change(core, start, stop, other, b)
    if other >= 0:
        change += _change(other, stop, start, core, b)
    if change >= -least:
        return False
    b.site[core], b.core[stop], b.core[start] = stop, core, other
    if other >= 0:
        b.site[other] = start
    return True


@kernel
def improve(b, sweeps, draws, least, seed):
    """Move each core near the weighted centroid of its partners, or to random sites.

    Only moves that save more than ``least`` are made. Return the number of moves.
    """
    moves = 0
    state = seed
    for _ in range(sweeps):
        found = 0
        for core in range(len(b.site)):
            total, x, y = 0.0, 0.0, 0.0
            for j in range(b.ptr[core], b.ptr[core + 1]):
                total += b.messages[j]
                x += b.messages[j] * b.x[b.site[b.neighbour[j]]]
                y += b.messages[j] * b.y[b.site[b.neighbour[j]]]
            if total == 0.0:
                continue
            column, row = int(x / total + 0.5), int(y / total + 0.5)
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    at_x, at_y = column + dx, row + dy
                    if 0 <= at_x < b.width and 0 <= at_y < b.height:
                        tile = at_y * b.width + at_x
                        for k in range(b.first[tile], b.first[tile + 1]):
                            found += _try(core, b.of_tile[k], least, b)
            for _ in range(draws):
                # A 31-bit linear congruential generator suffices for random tries.
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                found += _try(core, (state >> 8) % len(b.x), least, b)
        moves += found
        if found == 0:
            break
    return moves
