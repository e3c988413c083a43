"""Spikes in the files and objects of others: SONATA, Neo, and a plain ``.npz``.

A :class:`~neurochip.Stimulus` and a :class:`~neurochip.Recording` have files of their own, which
hold everything. These here hold spikes, for other tools or from them.
"""

from .files import read_spikes, write_spikes
from .neo_objects import from_neo, to_neo

__all__ = ["from_neo", "read_spikes", "to_neo", "write_spikes"]
