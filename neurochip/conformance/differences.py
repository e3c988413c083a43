"""Finds where recorded values and those of a run differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..typing import Int32Array

__all__ = ["differences"]


def differences(
    found: Mapping[str, Int32Array], expected: Mapping[str, Int32Array]
) -> tuple[int, tuple[str, tuple[int, ...]] | None]:
    """Return how many values differ, and name and place of the first; None if all are equal.

    The first is that of the earliest step; within a step, by name in the order of ``expected``.

    Parameters
    ----------
    found, expected : mapping of str to ndarray of int32, shape (n_steps, ...)
        Values by name, with the steps as first axis.
    """
    wrong = {name: found[name] != values for name, values in expected.items()}
    first = [
        (int(place[0]), order, name, tuple(int(each) for each in place))
        for order, (name, differs) in enumerate(wrong.items())
        for place in np.argwhere(differs)[:1]
    ]
    number = sum(int(each.sum()) for each in wrong.values())
    return number, min(first)[2:] if first else None
