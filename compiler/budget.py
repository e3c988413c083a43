"""What a range of neurons costs on one core.

Synaptic memory is counted in the sparse encoding: per source one list of entries of at most 60
synapses, each entry with its prefix, each synapse with weight, delay and target index, rounded up
to words (packing rule of NxTF, see ``docs/reference/hardware.md``). Inputs take one input axon per
source; neurons of a population reach a core through one shared axon per core that they sit on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurochip.hardware import CoreSpec
from neurochip.network import Population
from neurochip.typing import Int32Array, Int64Array

from .compartments import PopulationCompartments
from .synapses import ConnectionRegisters

__all__ = ["SHARED_AXON_ENTRIES", "Incoming", "PopulationBudget", "Usage", "limits"]

SHARED_AXON_ENTRIES = 2  # output axon entries of a population axon (nengo-loihi, NxTF)


@dataclass(frozen=True)
class Usage:
    """Resources that a set of neurons takes on a core; adds up over sets."""

    compartments: int = 0
    synaptic_words: int = 0
    input_axons: int = 0
    compartment_profiles: int = 0
    threshold_profiles: int = 0
    synapse_formats: int = 0
    max_delay: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.compartments + other.compartments,
            self.synaptic_words + other.synaptic_words,
            self.input_axons + other.input_axons,
            self.compartment_profiles + other.compartment_profiles,
            self.threshold_profiles + other.threshold_profiles,
            self.synapse_formats + other.synapse_formats,
            max(self.max_delay, other.max_delay),
        )

    def exceeded(self, core: CoreSpec) -> str | None:
        """Name of the first limit that is broken, or None."""
        for name, limit in limits(core, self.max_delay).items():
            if getattr(self, name) > limit:
                return name
        return None


def limits(core: CoreSpec, max_delay: int) -> dict[str, int]:
    """Limits of a core whose longest delay is ``max_delay`` steps."""
    return {
        "compartments": min(core.compartments, core.accumulator_slots >> max_delay.bit_length()),
        "synaptic_words": core.synaptic_words,
        "input_axons": core.input_axons,
        "compartment_profiles": core.compartment_profiles,
        "threshold_profiles": core.threshold_profiles,
        "synapse_formats": core.synapse_formats,
    }


class Incoming:
    """Synapses of a connection sorted by target, to count those of any range of targets."""

    def __init__(self, registers: ConnectionRegisters) -> None:
        connection = registers.connection
        order = np.argsort(connection.post, kind="stable")
        self._pre: Int32Array = connection.pre[order]
        self._ptr: Int64Array = np.zeros(connection.target.size + 1, dtype=np.int64)
        np.cumsum(np.bincount(connection.post, minlength=connection.target.size), out=self._ptr[1:])
        self._sources = connection.source.size
        self._from_neurons = isinstance(connection.source, Population)
        self._weight_bits = registers.grid.format.weight_bits
        self._max_delay = registers.max_delay

    def usage(self, start: int, stop: int, core: CoreSpec) -> Usage:
        """Resources that the synapses onto targets ``start`` to ``stop`` take on one core."""
        lists = np.bincount(self._pre[self._ptr[start] : self._ptr[stop]], minlength=self._sources)
        lists = lists[lists > 0]
        if not lists.size:
            return Usage()
        synapse = self._weight_bits + self._max_delay.bit_length() + core.synapse_index_bits
        entries = -(-lists // core.synapses_per_entry)
        words = -(-(entries * core.entry_prefix_bits + lists * synapse) // core.word_bits)
        return Usage(
            synaptic_words=int(words.sum()),
            # Shared axons depend on where the sources sit, and are counted after placement.
            input_axons=0 if self._from_neurons else len(lists),
            synapse_formats=1,
            max_delay=self._max_delay,
        )


class PopulationBudget:
    """Cost of any range of neurons of a population."""

    def __init__(
        self, compartments: PopulationCompartments, incoming: Sequence[ConnectionRegisters]
    ) -> None:
        columns = [compartments.registers[name] for name in ("decay_u", "decay_v", "refractory")]
        profiles = np.stack(columns, axis=1)
        thresholds = compartments.registers["threshold_mantissa"]
        self.per_neuron = compartments.per_neuron
        self._profile = np.unique(profiles, axis=0, return_inverse=True)[1].ravel()
        self._threshold = np.unique(thresholds, return_inverse=True)[1].ravel()
        self._incoming = [Incoming(item) for item in incoming]

    def usage(self, start: int, stop: int, core: CoreSpec) -> Usage:
        """Resources of neurons ``start`` to ``stop`` with all their synapses."""
        own = slice(start * self.per_neuron, stop * self.per_neuron)
        total = Usage(
            compartments=own.stop - own.start,
            compartment_profiles=len(np.unique(self._profile[own])),
            threshold_profiles=len(np.unique(self._threshold[own])),
        )
        for item in self._incoming:
            total += item.usage(start, stop, core)
        return total
