"""How the front end says no: which object, which construct, and the nearest thing that works."""

from __future__ import annotations

from typing import Any

from ...errors import FrontendError

__all__ = ["refusal"]


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
