"""Spikes in the formats of other tools: SONATA, Neo, and a plain ``.npz``.

A :class:`~neurochip.Stimulus` and a :class:`~neurochip.Recording` also have file formats of their
own, which store all their data. The formats of this package hold spikes only.
"""

from .files import read_spikes, write_spikes
from .neo_objects import from_neo, to_neo

__all__ = ["from_neo", "read_spikes", "to_neo", "write_spikes"]
