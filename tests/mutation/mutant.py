"""A row of the tables of mutants: what is changed, and who must notice."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Mutant"]


class Mutant(NamedTuple):
    """One change of the product.

    ``file`` is changed where it says ``old``, which must occur in it exactly once, to ``new``.
    ``witness`` is the test that must fail then: ``tests/unit/test_x.py::test_y``, with or without
    its parameters.
    """

    wrong: str
    file: str
    old: str
    new: str
    witness: str
