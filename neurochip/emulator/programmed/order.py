"""Compartments in the order of the engine: by program, in whole tiles, with their state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...image import ChipImage, ProgramGroup
from ...image.lif_group import lif_group
from ...programs import NeuronProgram
from ...typing import Int32Array, Int64Array
from ..cpu.layout import LANES
from ..cpu.settings import shared_sets
from .generate import HOST_PARAMETER

__all__ = ["Order", "Part", "order_of", "plain_compartments"]


class Part(NamedTuple):
    """The tiles of one program: ``first`` to ``end - 1``; ``place`` is the start of their state.

    A tile has a row for each of ``rows``: the state registers, and the parameter that the host may
    write. ``own`` says whether the program stands for the neuron of the core.
    """

    program: NeuronProgram
    own: bool
    first: int
    end: int
    place: int
    rows: tuple[str, ...]
    live: int


@dataclass(frozen=True, eq=False)
class Order:
    """Where the engine keeps each compartment, and what it holds at step 0.

    Parameters
    ----------
    parts : tuple of Part
        Each program of the image once.
    compartment : ndarray of int32, shape (n_lanes,)
        Compartment of each lane; -1 for padding, which ends the last tile of each program.
    lane, part : ndarray of int64, shape (n_compartments,)
        Lane of each compartment, and number of its part.
    tiles : ndarray of int32
        All rows of all tiles at step 0.
    parameters : ndarray of int32
        Rows of the other parameters, as sets that equal tiles of a program share.
    sets : ndarray of int64, shape (n_tiles,)
        Start of the set of each tile.
    """

    parts: tuple[Part, ...]
    compartment: Int32Array
    lane: Int64Array
    part: Int64Array
    tiles: Int32Array
    parameters: Int32Array
    sets: Int64Array

    def places(self, name: str, compartments: Any) -> Int64Array:
        """Return the places in ``tiles`` of a register of some compartments; -1 if they lack it."""
        row = [part.rows.index(name) if name in part.rows else -1 for part in self.parts]
        rows = np.array(row, dtype=np.int64)[self.part[compartments]]
        return np.where(rows < 0, -1, self._first_row(compartments) + rows * LANES)

    def state_places(self, compartments: Any) -> Int64Array:
        """Return the places in ``tiles`` of all state registers of some compartments."""
        most = max(len(part.program.state) for part in self.parts)
        sizes = np.array([len(part.program.state) for part in self.parts], dtype=np.int64)
        rows = np.arange(most)[:, None]
        places = self._first_row(compartments) + rows * LANES
        found: Int64Array = places[rows < sizes[self.part[compartments]]]
        return found

    def _first_row(self, compartments: Any) -> Any:
        columns = [(part.first, part.place, len(part.rows) * LANES) for part in self.parts]
        first, place, size = np.array(columns, dtype=np.int64)[self.part[compartments]].T
        tile, lane = np.divmod(self.lane[compartments], LANES)
        return place + (tile - first) * size + lane


def order_of(image: ChipImage, own: Int32Array) -> Order:
    """Return the order of an image.

    Compartments without a program run that of the core, and so do ``own``, whose program only
    stands for it.
    """
    parts: list[Part] = []
    compartment: list[Int32Array] = []
    tiles: list[Int32Array] = []
    parameters: list[Int32Array] = []
    sets: list[Int64Array] = []
    lane = np.zeros(image.n_compartments, dtype=np.int64)
    number = np.zeros(image.n_compartments, dtype=np.int64)
    rank = _ranks(image)
    for groups, is_own in _by_program(image, own):
        program = groups[0].program
        ids, state, given = (
            np.concatenate([getattr(group, name) for group in groups], axis=-1)
            for name in ("compartments", "state", "parameters")
        )
        by_rank = np.argsort(rank[ids])
        ids, state, given = ids[by_rank], state[:, by_rank], given[:, by_rank]
        hosted = np.array([name == HOST_PARAMETER for name in program.parameters], dtype=bool)
        first = parts[-1].end if parts else 0
        end = first - (-len(ids) // LANES)
        lane[ids] = first * LANES + np.arange(len(ids))
        number[ids] = len(parts)
        padding = (0, (end - first) * LANES - len(ids))
        compartment.append(np.pad(ids, padding, constant_values=-1))
        # Padding repeats the last compartment, whose values are allowed.
        held = np.pad(np.concatenate([state, given[hosted]]), ((0, 0), padding), mode="edge")
        shared = shared_sets(np.pad(given[~hosted], ((0, 0), padding), mode="edge"))
        rows = (*program.state, *([HOST_PARAMETER] if hosted.any() else []))
        place, live = sum(len(part) for part in tiles), LANES - padding[1]
        parts.append(Part(program, is_own, first, end, place, rows, live))
        tiles.append(held.reshape(len(rows), end - first, LANES).swapaxes(0, 1).ravel())
        sets.append(shared.starts + sum(len(part) for part in parameters))
        parameters.append(shared.rows)
    return Order(
        parts=tuple(parts),
        compartment=np.concatenate(compartment),
        lane=lane,
        part=number,
        tiles=np.concatenate(tiles),
        parameters=np.concatenate(parameters),
        sets=np.concatenate(sets),
    )


def _ranks(image: ChipImage) -> Int64Array:
    """Return the rank of each compartment among those of its program.

    Compartments keep their order, but for the targets of a convolution: there the channel is last.
    """
    rank = np.arange(image.n_compartments)
    for item in image.convolutions:
        targets = item.targets.reshape(item.target_shape[0], -1)
        rank[targets.T.ravel()] = np.sort(item.targets)
    return rank


def plain_compartments(image: ChipImage) -> Int32Array:
    """Return the compartments that run the neuron of the core."""
    plain = np.ones(image.n_compartments, dtype=bool)
    for group in image.programs:
        plain[group.compartments] = False
    return np.flatnonzero(plain).astype(np.int32)


def _by_program(image: ChipImage, own: Int32Array) -> list[tuple[list[ProgramGroup], bool]]:
    """Return the groups that run the same program, and whether it is the core's, for each."""
    rest = plain_compartments(image)
    groups = [
        *image.programs,
        *([lif_group(image.compartments, rest, image.chip.core)] if rest.size else []),
    ]
    found: dict[Any, list[ProgramGroup]] = {}
    # In the order of the compartments, so that spikes are usually listed in order.
    for group in sorted(groups, key=lambda group: int(group.compartments[0])):
        item = group.program
        declared = (*item.state.items(), None, *item.parameters.items(), len(item.inputs))
        is_own = bool(np.isin(group.compartments[0], own))
        key = (is_own, item.table.tobytes(), item.constants, item.payload_bits, *declared)
        found.setdefault(key, []).append(group)
    return [(groups, key[0]) for key, groups in found.items()]
