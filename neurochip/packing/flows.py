"""Traffic on the mesh: messages per step between cores.

A spike is one message to every core that holds a synapse of its neuron. A message within a core
crosses no link. Messages from inputs are counted at the core that receives them; their route into
the mesh is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._support.brief import line
from ..chip.mesh import Sites, link_loads
from ..chip.spec import ChipSpec
from ..typing import BoolArray, Float64Array, Int64Array
from .axons import Reach

__all__ = ["Traffic", "flows_of"]


@dataclass(frozen=True, eq=False)
class Traffic:
    """Messages per step between cores.

    Parameters
    ----------
    start, stop : ndarray of int64, shape (n_flows,)
        Sending and receiving core of each flow, which may be the same core.
    messages : ndarray of float64, shape (n_flows,)
        Messages per step.
    payloads : ndarray of float64, shape (n_flows,)
        Messages per step that carry a payload. How much larger they are is not published.
    from_outside : ndarray of float64, shape (n_cores,)
        Messages per step from inputs to each core.
    sites : Sites
        Positions of the cores on the mesh.
    """

    start: Int64Array
    stop: Int64Array
    messages: Float64Array
    payloads: Float64Array
    from_outside: Float64Array
    sites: Sites

    @property
    def n_cores(self) -> int:
        """Number of cores."""
        return len(self.from_outside)

    @cached_property
    def hops(self) -> tuple[Int64Array, Int64Array]:
        """Hops east-west and north-south of each flow."""
        return self.sites.hops(self.start, self.stop)

    @property
    def between_cores(self) -> float:
        """Messages per step that leave their core."""
        return float(self.messages[self.start != self.stop].sum())

    @property
    def payloads_between_cores(self) -> float:
        """Messages per step with a payload that leave their core."""
        return float(self.payloads[self.start != self.stop].sum())

    @property
    def between_chips(self) -> float:
        """Messages per step that leave their chip."""
        chip = self.sites.chip
        return float(self.messages[chip[self.start] != chip[self.stop]].sum())

    @property
    def hop_counts(self) -> tuple[float, float]:
        """Hops per step of all messages, east-west and north-south."""
        east_west, north_south = self.hops
        return float(self.messages @ east_west), float(self.messages @ north_south)

    @property
    def cost(self) -> float:
        """Hops per step, weighted with the costs of the mesh for each direction."""
        east_west, north_south = self.hop_counts
        mesh = self.sites.mesh
        return mesh.cost_east_west * east_west + mesh.cost_north_south * north_south

    @cached_property
    def links(self) -> tuple[Float64Array, Float64Array]:
        """Load of every link, as :func:`~neurochip.chip.mesh.link_loads` returns it."""
        return link_loads(self.sites, self.start, self.stop, self.messages)

    @property
    def link_load(self) -> tuple[float, float]:
        """Mean load of the links in use, and the largest load, in messages per step."""
        loads = np.concatenate([part.ravel() for part in self.links])
        used = loads[loads > 1e-9 * loads.max(initial=1.0)]  # ignores rounding residues of sums
        return (float(used.mean()), float(used.max())) if used.size else (0.0, 0.0)

    def matrix(self) -> Float64Array:
        """Return messages per step from core to core, shape (n_cores, n_cores)."""
        n = self.n_cores
        flat = np.bincount(self.start * n + self.stop, self.messages, minlength=n * n)
        return flat.reshape(n, n).astype(np.float64)

    def __repr__(self) -> str:
        return line(
            self,
            f"{self.between_cores:.4g} messages per step between cores",
            f"{self.from_outside.sum():.4g} from inputs",
        )


def flows_of(
    reach: Reach,
    core_of: Int64Array,
    rate: Float64Array,
    sites: Int64Array,
    chip: ChipSpec,
    graded: BoolArray | None = None,
) -> Traffic:
    """Return the traffic of all sources.

    Parameters
    ----------
    reach : Reach
        Sources with a synapse on each core.
    core_of : ndarray of int64, shape (n_compartments,)
        Core of each compartment.
    rate : ndarray of float64, shape (n_sources,)
        Spikes per step of each source.
    sites : ndarray of int64, shape (n_cores,)
        Site of each core.
    chip : ChipSpec
        Chip whose mesh connects the cores.
    graded : ndarray of bool, shape (n_sources,), optional
        Whether the spikes of each source carry a payload. Default: all spikes are binary.
    """
    start, stop, _, messages = reach.grouped(core_of, rate)
    payloads = np.zeros_like(messages)
    if graded is not None and graded.any():
        payloads = reach.grouped(core_of, np.where(graded, rate, 0.0))[3]
    return Traffic(
        start=start,
        stop=stop,
        messages=messages,
        payloads=payloads,
        from_outside=reach.from_outside(len(core_of), rate),
        sites=Sites.of(sites, chip.cores, chip.mesh),
    )
