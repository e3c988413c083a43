"""Repeats recorded learning runs, and compares every trace, weight, tag and delay."""

from __future__ import annotations

from dataclasses import dataclass

from ..learning import Learned, learn
from .differences import differences
from .learning_vectors import LearningCase

__all__ = ["LearningAgreement", "check_learning_case", "run_learning_case"]


@dataclass(frozen=True)
class LearningAgreement:
    """Counts the values of a recorded run that were compared and that differ; names the first.

    Parameters
    ----------
    values : int
        Number of values that were compared.
    wrong : int
        Number of those that differ.
    first : str or None
        The first that differs, in words; None if all are equal.
    """

    values: int
    wrong: int
    first: str | None


def run_learning_case(case: LearningCase) -> Learned:
    """Run the spikes of a recorded run with its draws, and record all that it expects.

    Parameters
    ----------
    case : LearningCase
        The recorded run.

    Raises
    ------
    LearningError
        If the engine cannot hold its numbers.
    """
    return learn(
        case.rule,
        case.pre,
        case.post,
        case.weights,
        sign_mode=case.sign_mode,
        weight_bits=case.weight_bits,
        given=case.given,
        draws=case.draws,
        record=case.expected,
    )


def check_learning_case(case: LearningCase) -> LearningAgreement:
    """Run a recorded run on the engine of its emulator and compare every value.

    Parameters
    ----------
    case : LearningCase
        The recorded run.

    Raises
    ------
    LearningError
        If the engine cannot hold its numbers.
    """
    found = run_learning_case(case).recorded
    wrong, place_of_first = differences(found, case.expected)
    first = None
    if place_of_first is not None:
        name, place = place_of_first
        who = f"neuron {place[1]}" if len(place) == 2 else f"synapse {place[1]} to {place[2]}"
        first = (
            f"step {place[0]}, {who}: {name} is {found[name][place]}, expected "
            f"{case.expected[name][place]}"
        )
    values = sum(expected.size for expected in case.expected.values())
    return LearningAgreement(values, wrong, first)
