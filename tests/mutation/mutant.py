"""A row of the tables of mutants: the change, and the test that must fail."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Mutant"]


class Mutant(NamedTuple):
    """One change of the product.

    In ``file`` the text ``old``, which must occur exactly once, is replaced by ``new``.
    ``witness`` is the test that must then fail: ``tests/unit/test_x.py::test_y``, with or without
    its parameters.
    """

    wrong: str
    file: str
    old: str
    new: str
    witness: str
