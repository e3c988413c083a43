"""Check that two recordings are a float run and a chip run on one stimulus."""

from __future__ import annotations

from .._support.values import switch
from ..errors import RecordingError
from ..recording import CHIP, FLOAT, Recording

__all__ = ["ANY_ORIGIN", "check_origins"]

ANY_ORIGIN = "or any_origin=True to compare them anyway"
_WANTED = {FLOAT: "a float run", CHIP: "a run on the chip"}


def check_origins(
    owner: str,
    reference: Recording,
    chip: Recording,
    any_origin: bool,
    *,
    fine: Recording | None = None,
) -> None:
    """Raise unless the origins fit the roles of the recordings; an unknown origin always fits.

    Parameters
    ----------
    owner : str
        Function that asks.
    reference, chip : Recording
        The pair to compare.
    any_origin : bool
        Whether every origin is allowed.
    fine : Recording, optional
        The reference on a finer grid.

    Raises
    ------
    RecordingError
        If the reference is a run on the chip, the chip's is a float run, or two runs have different
        stimuli.
    """
    if switch(owner, "any_origin", any_origin, error=RecordingError):
        return
    roles = [("the reference", reference, FLOAT), ("the chip", chip, CHIP)]
    if fine is not None:
        roles.append(("fine", fine, FLOAT))
    wrong = [side for side, run, kind in roles if run.origin and run.origin.kind != kind]
    if wrong[:2] == ["the reference", "the chip"]:
        raise RecordingError(
            f"{owner}: the two runs are swapped: the reference is {reference.label!r} and the chip "
            f"{chip.label!r}. Pass the float run first, {ANY_ORIGIN}."
        )
    for side, run, kind in roles:
        if side in wrong:
            raise RecordingError(
                f"{owner}: {side} is {run.label!r}; allowed: {_WANTED[kind]}. Pass one, "
                f"{ANY_ORIGIN}."
            )
    for side, run, _ in roles[1:]:
        digests = {each.origin and each.origin.stimulus for each in (reference, run)} - {None}
        if len(digests) > 1:
            raise RecordingError(
                f"{owner}: the reference ran on another stimulus than {side}, so their "
                f"difference would be that of the inputs. Pass runs on one stimulus, {ANY_ORIGIN}."
            )
