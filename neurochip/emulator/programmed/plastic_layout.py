"""Named tuples of groups that learn, for the kernels; all groups have tuples of the same types."""

from __future__ import annotations

from typing import NamedTuple

from ...learning.layout import PlasticTables, State
from ...learning.terms import POST, PRE
from ...typing import Int32Array, Int64Array, UInt8Array

__all__ = ["SAMPLED", "GivenRows", "Plastic", "PlasticCall", "Sampling"]

SAMPLED = ("w", "t", *PRE, *POST)
"""Variables that can be sampled, by the number that kernels know them by."""


class Plastic(NamedTuple):
    """Holds all of a group that learns and does not change in a run.

    ``learn`` has the tables of the learning step, which gives each synapse a place: rows of
    synapses of one source. A spike adds what the mantissa at a place stands for to the sum that is
    ``offset`` ahead in the ring: the mantissa times ``scale`` or, if that is 0, the entry
    ``mantissa - lowest`` of ``decoded``. With ``consecutive``, the offsets of a row are.
    """

    learn: PlasticTables
    of_inputs: bool
    offset: Int32Array
    consecutive: UInt8Array
    scale: int
    decoded: Int32Array
    lowest: int


class GivenRows(NamedTuple):
    """Traces that the host writes: step k of a call has the writes ``starts[k]`` and on.

    Write i sets trace y ``variable[i]`` to row i of ``values``, which has one value for all targets
    or one for each.
    """

    starts: Int64Array
    variable: Int64Array
    values: Int32Array


class Sampling(NamedTuple):
    """Recorded synapses of a group: probe p takes ``places[begin[p]:begin[p + 1]]``.

    ``kind`` is a number of ``SAMPLED``. A sample is taken at the end of every ``every`` steps and
    written after the one before, from ``start`` on; ``before`` samples belong to earlier steps.
    """

    kind: Int64Array
    every: Int64Array
    begin: Int64Array
    places: Int64Array
    start: Int64Array
    before: Int64Array
    values: Int32Array


class PlasticCall(NamedTuple):
    """Holds what a call of the kernel is given for learning; each has an entry for each group.

    It is apart from the other tables, so that kernels which have nothing to do with learning are
    the same for any number of groups.
    """

    tables: tuple[Plastic, ...]
    states: tuple[State, ...]
    given: tuple[GivenRows, ...]
    samples: tuple[Sampling, ...]
