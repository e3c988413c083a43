"""Tables of the energy and time of each operation, as data with a source.

Keys: **D18** Davies et al. 2018, IEEE Micro 38(1), 10.1109/MM.2018.112130359, Table 2 (0.75 V,
simulated before silicon). **SF** SANA-FE 2.2.9, ``arch/loihi.yaml``; its authors fitted it to
measurements of a Nahuku board (Boyle et al. 2025, 10.1109/TCAD.2025.3537971). **F20** Frady et al.
2020, 10.1145/3381755.3398695.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from .._support.brief import line
from .._support.ranges import NOT_NEGATIVE
from .._support.values import integer, items, real, shown
from ..errors import SpecError

__all__ = ["COST_TABLES", "DAVIES_2018", "SANA_FE", "Cost", "CostTable"]


class Cost(NamedTuple):
    """Energy (``picojoules``) and time (``nanoseconds``) of one operation."""

    picojoules: float
    nanoseconds: float


_FREE = Cost(0.0, 0.0)
_UNPUBLISHED = ("program_update", "graded_event", "payload", "learning_update")


@dataclass(frozen=True, kw_only=True)
class CostTable:
    """Energy and time of each kind of operation.

    Parameters
    ----------
    name : str
        Name of the table, shown with every result that uses it.
    source : str
        Origin of the numbers, and how they were obtained.
    update_inactive, update_active : Cost
        Update of a compartment in a step, without and with a synaptic event or a spike.
    synaptic_event : Cost
        Delivery of a spike to one synapse.
    spike : Cost
        Generation of a spike by a compartment.
    message_out, message_in : Cost
        Sending a spike to one core, and receiving it there.
    tile : Cost
        A message within its tile.
    hop_east_west, hop_north_south : Cost
        A message from one tile to the next.
    program_update : Cost or None
        Update of a compartment by a neuron program in a step; None if no figure is published.
    graded_event : Cost or None
        Delivery of a spike with a payload to one synapse; None if no figure is published.
    payload : Cost or None
        The payload of a message to one core, beside the message; None if no figure is published.
    learning_update : Cost or None
        Update of a synapse that learns, in an epoch that changes it; None if no figure is
        published. D18 has one for the pair rule of STDP.
    barrier : tuple of (int, float), tiles and ns
        Time of the barrier at the end of a step for some numbers of tiles, interpolated on a
        logarithmic axis. The energy of a barrier is not published.
    barrier_chips : tuple of (int, float), chips and ns
        Time of the barrier for some numbers of chips; used for two or more chips.
    static : tuple of float, W per chip
        Lowest and highest reported static power; not part of any sum.

    Raises
    ------
    SpecError
        If a value is not allowed.
    """

    name: str
    source: str
    update_inactive: Cost
    update_active: Cost
    synaptic_event: Cost
    spike: Cost = _FREE
    message_out: Cost = _FREE
    message_in: Cost = _FREE
    tile: Cost = _FREE
    hop_east_west: Cost = _FREE
    hop_north_south: Cost = _FREE
    program_update: Cost | None = None
    graded_event: Cost | None = None
    payload: Cost | None = None
    learning_update: Cost | None = None
    barrier: tuple[tuple[int, float], ...] = ((1, 0.0),)
    barrier_chips: tuple[tuple[int, float], ...] = ()
    static: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value: Any = getattr(self, item.name)
            if item.name in {"name", "source"}:
                if not (isinstance(value, str) and value.strip()):
                    raise SpecError(
                        f"cost table: {item.name} = {shown(value)}; allowed: a non-empty string."
                    )
                continue
            if value is None and item.name in _UNPUBLISHED:
                continue
            owner = f"cost table {self.name!r}"
            if item.name.startswith("barrier"):
                found: Any = _points(owner, item.name, value)
            elif item.name == "static":
                found = _pair(owner, item.name, value, ("W", "W"))
            else:
                found = Cost(*_pair(owner, item.name, value, ("pJ", "ns")))
            object.__setattr__(self, item.name, found)
        if not self.barrier:
            raise SpecError(f"cost table {self.name!r}: barrier = (); allowed: at least one pair.")

    def barrier_time(self, tiles: int, chips: int) -> float:
        """Return the time of a barrier in ns."""
        if chips > 1 and self.barrier_chips:
            return _interpolated(self.barrier_chips, chips)
        return _interpolated(self.barrier, tiles)

    def __repr__(self) -> str:
        return line(self, repr(self.name))


def _pair(owner: str, name: str, value: Any, units: tuple[str, str]) -> tuple[float, float]:
    allowed = "two numbers of at least 0"
    try:
        first, second = items(owner, name, value, allowed, error=SpecError)
        return _amount(first, units[0]), _amount(second, units[1])
    except (TypeError, ValueError):
        raise SpecError(f"{owner}: {name} = {shown(value)}; allowed: {allowed}.") from None


def _points(owner: str, name: str, value: Any) -> tuple[tuple[int, float], ...]:
    try:
        points = tuple(
            (integer(owner, name, n, at_least=1), _amount(ns, "ns"))
            for n, ns in items(owner, name, value, "pairs", error=SpecError)
        )
        rising = all(a[0] < b[0] for a, b in itertools.pairwise(points))
    except (TypeError, ValueError):
        rising = False
    if not rising:
        raise SpecError(
            f"{owner}: {name} = {shown(value)}; allowed: pairs of (number, ns), numbers rising "
            "from at least 1."
        )
    return points


def _amount(value: Any, unit: str) -> float:
    return real("cost", "amount", value, unit, NOT_NEGATIVE)


def _interpolated(points: tuple[tuple[int, float], ...], at: int) -> float:
    if at <= points[0][0]:
        return points[0][1]
    for (low, first), (high, last) in itertools.pairwise(points):
        if at <= high:
            return first + (last - first) * math.log(at / low) / math.log(high / low)
    return points[-1][1]


# Idle power of one chip between 29.6 mW (logs of a Wolf Mountain board, abr/power_benchmarks) and
# 104 mW (F20); voltage, board and temperature are not published.
_STATIC = (0.0296, 0.104)
# Measured from 4 x 64 chips on; smaller systems get the time of the smallest one measured.
_CHIPS_F20 = ((256, 14_300.0), (768, 16_200.0))

DAVIES_2018 = CostTable(
    name="Davies 2018",
    source="D18 Table 2: simulated before silicon, 0.75 V; minimum energy and maximum time of a "
    "synaptic event. Generating a spike and routing it off its core are not included; barrier of "
    "several chips from F20.",
    update_inactive=Cost(52.0, 5.3),
    update_active=Cost(81.0, 8.4),
    synaptic_event=Cost(23.6, 3.5),
    tile=Cost(1.7, 2.1),
    hop_east_west=Cost(3.0, 4.1),
    hop_north_south=Cost(4.0, 6.5),
    learning_update=Cost(120.0, 6.1),
    barrier=((1, 113.0), (32, 465.0)),
    barrier_chips=_CHIPS_F20,
    static=_STATIC,
)
"""Davies et al. 2018, Table 2."""

SANA_FE = CostTable(
    name="SANA-FE",
    source="SF: fitted by its authors to a Nahuku board; synaptic events of sparse synapses (dense "
    "35.5 pJ and 3.8 ns, convolutional 24.0 pJ and 3.1 ns); its barriers are assumed to be per "
    "number of tiles.",
    update_inactive=Cost(51.2, 6.0),
    update_active=Cost(72.8, 9.7),
    synaptic_event=Cost(33.6, 4.7),
    spike=Cost(69.3, 30.0),
    message_out=Cost(111.0, 5.1),
    message_in=Cost(0.0, 16.0),
    hop_east_west=Cost(3.0, 4.1),
    hop_north_south=Cost(4.2, 6.5),
    barrier=((1, 600.0), (2, 1_000.0), (4, 1_400.0), (29, 1_800.0)),
    barrier_chips=_CHIPS_F20,
    static=_STATIC,
)
"""SANA-FE 2.2.9, ``arch/loihi.yaml``."""

COST_TABLES: Mapping[str, CostTable] = MappingProxyType(
    {"davies-2018": DAVIES_2018, "sana-fe": SANA_FE}
)
"""All tables by name."""
