"""Resources of each core, and traffic on the mesh, of a mapped network: data and text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.text import counted
from .._support.values import choice, instance
from ..chip.spec import ChipSpec
from ..errors import RecordingError
from ..image import ChipImage
from ..packing.budget import core_usage, limits_of, resources_of
from ..packing.flows import Traffic, flows_of
from ..packing.formats import tag_bits_of
from ..packing.wiring import delay_limit
from ..typing import Float64Array, Int64Array
from .activity import Activity, graded_sources

__all__ = ["MappingReport", "map_image"]


@dataclass(frozen=True, eq=False)
class MappingReport:
    """Resources and traffic of a network on its chip.

    Parameters
    ----------
    chip : ChipSpec
        The chip.
    sites : ndarray of int64, shape (n_cores,)
        Site of each core.
    usage, limits : dict of str to ndarray of int64, shape (n_cores,)
        Amount of each resource that each core uses, and that it has. Keys are
        the names of the resources that the core limits.
    delay_bits : ndarray of int64, shape (n_cores,)
        Bits of the longest delay of each core.
    traffic : Traffic
        Messages between cores.
    activity : str
        Origin of the rates of the traffic.
    notes : tuple of str
        Sentences on what is not counted, since no figure is published.
    """

    chip: ChipSpec
    sites: Int64Array
    usage: Mapping[str, Int64Array]
    limits: Mapping[str, Int64Array]
    delay_bits: Int64Array
    traffic: Traffic
    activity: str
    notes: tuple[str, ...] = ()

    @property
    def n_cores(self) -> int:
        """Number of cores in use."""
        return len(self.sites)

    @property
    def n_chips(self) -> int:
        """Number of chips in use."""
        return len(np.unique(self.sites // self.chip.cores))

    def utilisation(self, resource: str) -> Float64Array:
        """Return the share of a resource that each core uses (1 is full); shape (n_cores,).

        Raises
        ------
        RecordingError
            If there is no such resource.
        """
        choice("map", "resource", resource, tuple(self.usage), error=RecordingError)
        limit = np.maximum(1, self.limits[resource])
        shares: Float64Array = self.usage[resource] / limit
        return shares

    @property
    def binding(self) -> tuple[str, ...]:
        """The fullest resource of each core."""
        # A core has one set of shared registers, which is always in use, and few traces, which
        # more neurons may share.
        names = [name for name in self.usage if name not in ("shared_registers", "pre_traces")]
        table = np.stack([self.utilisation(name) for name in names])
        return tuple(names[k] for k in np.argmax(table, axis=0))

    @property
    def broken(self) -> tuple[str, ...]:
        """One sentence for each resource whose limit is exceeded."""
        found = []
        for name in self.usage:
            over = np.flatnonzero(self.usage[name] > self.limits[name])
            if over.size:
                k = int(over[0])
                found.append(
                    f"core {k} needs {self.usage[name][k]} {name.replace('_', ' ')}; allowed: "
                    f"{self.limits[name][k]} ({counted(over.size, 'core')} over the limit)."
                )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain lists and dicts, ready for JSON."""
        mean, largest = self.traffic.link_load
        east_west, north_south = self.traffic.hop_counts
        return {
            "chip": self.chip.name,
            "cores": self.n_cores,
            "cores_available": self.chip.total_cores,
            "chips": self.n_chips,
            "chips_available": self.chip.chips,
            "sites": self.sites.tolist(),
            "usage": {name: used.tolist() for name, used in self.usage.items()},
            "limits": {name: limit.tolist() for name, limit in self.limits.items()},
            "delay_bits": self.delay_bits.tolist(),
            "binding": list(self.binding),
            "activity": self.activity,
            "notes": list(self.notes),
            "messages_between_cores": self.traffic.between_cores,
            "messages_between_chips": self.traffic.between_chips,
            "payloads_between_cores": self.traffic.payloads_between_cores,
            "messages_from_outside": float(self.traffic.from_outside.sum()),
            "hops_east_west": east_west,
            "hops_north_south": north_south,
            "hop_cost": self.traffic.cost,
            "link_load_mean": mean,
            "link_load_max": largest,
            "flows": [
                self.traffic.start.tolist(),
                self.traffic.stop.tolist(),
                self.traffic.messages.tolist(),
            ],
        }

    def _payloads(self) -> list[str]:
        if not self.traffic.payloads.any():
            return []
        return [f"  with a payload: {self.traffic.payloads_between_cores:.4g} between cores"]

    def __str__(self) -> str:
        traffic = self.traffic
        mean, largest = traffic.link_load
        east_west, north_south = traffic.hop_counts
        binding = self.binding
        often = max(sorted(set(binding)), key=binding.count)
        lines = [
            f"Mapped onto {self.chip.name}: {self.n_cores} of {self.chip.total_cores} cores on "
            f"{self.n_chips} of {self.chip.chips} chips",
            f"  {'resource of a core':22}{'limit':>8}{'largest':>9}{'mean':>9}{'fullest':>9}",
        ]
        for name in self.usage:
            share = self.utilisation(name)
            k = int(np.argmax(share))
            lines.append(
                f"  {name.replace('_', ' '):22}{self.limits[name][k]:8}{self.usage[name][k]:9}"
                f"{self.usage[name].mean():9.1f}{share[k]:9.1%}"
            )
        lines += [
            f"  what fills a core first: {often.replace('_', ' ')} on {binding.count(often)} of "
            f"{counted(self.n_cores, 'core')}",
            f"Traffic in messages per step ({self.activity})",
            f"  between cores {traffic.between_cores:.4g}, of these between chips "
            f"{traffic.between_chips:.4g}; from inputs {traffic.from_outside.sum():.4g}",
            *self._payloads(),
            f"  hops {east_west:.4g} east-west, {north_south:.4g} north-south; weighted "
            f"{traffic.cost:.4g}",
            f"  link load: mean {mean:.4g} over the links in use, largest {largest:.4g}",
        ]
        lines += [f"No published figure: {note}" for note in self.notes]
        lines += [f"Does not fit: {sentence}" for sentence in self.broken]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return line(
            self,
            self.chip.name,
            f"{self.n_cores} of {counted(self.chip.total_cores, 'core')}",
            f"{self.traffic.between_cores:.4g} messages per step between cores",
            *(["does not fit"] if self.broken else []),
        )


def map_image(image: ChipImage, activity: Activity | None = None) -> MappingReport:
    """Count the resources that an image uses on each core, and the messages between cores.

    Parameters
    ----------
    image : ChipImage
        Compiled or programmed image.
    activity : Activity, optional
        Spike rate of each source. Default: equal rates.

    Raises
    ------
    RecordingError
        If ``image`` is not an image, or the activity belongs to another image.
    """
    if activity is None:
        activity = Activity.uniform(image)
    instance("map", "image", image, ChipImage, "a ChipImage", error=RecordingError)
    instance("map", "activity", activity, Activity, "an Activity", error=RecordingError)
    found = len(activity.compartments), len(activity.inputs)
    if found != (image.n_compartments, image.n_inputs):
        raise RecordingError(
            f"map: the activity has {found[0]} compartments and {found[1]} inputs; allowed: "
            f"{image.n_compartments} and {image.n_inputs}, as the image has."
        )
    usage, reach = core_usage(image)
    core_of = np.repeat(np.arange(image.n_cores), np.diff(image.core_ptr))
    rate = np.concatenate([activity.compartments, activity.inputs])
    limits = {
        name: np.full(image.n_cores, limit, dtype=np.int64)
        for name, limit in limits_of(image.chip.core).items()
    }
    limits["compartments"] = delay_limit(image.chip.core, usage["delay_bits"])
    learns = "pre_traces" in limits and image.learning is not None
    names = resources_of(image.chip.core, learns=learns)
    return MappingReport(
        image.chip,
        image.sites,
        {name: usage[name] for name in names},
        {name: limits[name] for name in names},
        usage["delay_bits"],
        flows_of(reach, core_of, rate, image.sites, image.chip, graded_sources(image)),
        activity.label,
        _notes(image),
    )


def _notes(image: ChipImage) -> tuple[str, ...]:
    """Say what programs, payloads and learning take that is not published."""
    notes = []
    if image.programs:
        programs = {group.program.name: len(group.program.rows) for group in image.programs}
        rows = ", ".join(f"{name} ({counted(n, 'row')})" for name, n in programs.items())
        notes.append(f"memory and time of the programs {rows}")
    widest = max((group.program.payload_bits for group in image.programs), default=0)
    if widest:
        notes.append(f"how much larger a message with a payload of {widest} bits is")
    if image.learning is not None:
        notes.append(f"memory of the rules and traces of {counted(image.n_plastic, 'synapse')}")
        tag = max(tag_bits_of(item.rule) for item in image.learning.groups)
        if tag:
            notes.append(f"how many bits a tag takes; {tag} are counted, those of its range")
    return tuple(notes)
