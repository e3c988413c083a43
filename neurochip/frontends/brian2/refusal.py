"""Errors of the front end, which name the object, the construct, and an alternative that works."""

from __future__ import annotations

from typing import Any

from ...errors import FrontendError

__all__ = ["check_part", "refusal"]


def refusal(owner: Any, construct: str, nearest: str) -> FrontendError:
    """Return the error to raise.

    Parameters
    ----------
    owner : brian2 object
        Object, which the message names by its class and its Brian2 name.
    construct : str
        Clause that names the construct that cannot be mapped, and the reason.
    nearest : str
        Sentences that name an alternative that works.
    """
    return FrontendError(f"{type(owner).__name__} {owner.name!r}: {construct}. {nearest}")


def check_part(owner: Any, part: str, slot: str, runner: Any) -> None:
    """Refuse a part of an object that is not in its default slot, or inactive.

    Parameters
    ----------
    owner : brian2 object
        Owner of the part.
    part, slot : str
        Name of the part, and Brian2's default for its slot in a step.
    runner : brian2 object
        The part.
    """
    if runner.when != slot:
        raise refusal(
            owner,
            f"its {part} runs in the slot {runner.when!r}",
            f"What works: Brian2's default, {slot!r}.",
        )
    if not runner.active:
        raise refusal(
            owner, f"its {part} is inactive", "Switch the whole object off, or none of its parts."
        )
