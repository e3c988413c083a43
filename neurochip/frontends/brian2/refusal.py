"""How the front end says no: which object, which construct, and the nearest thing that works."""

from __future__ import annotations

from typing import Any

from ...errors import FrontendError

__all__ = ["check_part", "refusal"]


def refusal(owner: Any, construct: str, nearest: str) -> FrontendError:
    """Return the error to raise.

    Parameters
    ----------
    owner : brian2 object
        Named by its class and its name in Brian2.
    construct : str
        What cannot be mapped, and why: a clause.
    nearest : str
        What would work instead: whole sentences.
    """
    return FrontendError(f"{type(owner).__name__} {owner.name!r}: {construct}. {nearest}")


def check_part(owner: Any, part: str, slot: str, runner: Any) -> None:
    """Refuse a part of an object that runs at another time than usual, or not at all.

    Parameters
    ----------
    owner : brian2 object
        Whose part it is.
    part, slot : str
        What it is called, and Brian2's default for its place in a step.
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
