"""Where a recording comes from: kind of run, stimulus, and coupling of the neurons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._support.values import choice, instance, shown
from ..errors import RecordingError
from ..network.coupling import COUPLINGS

__all__ = ["CHIP", "FLOAT", "Origin", "joined_origin"]

CHIP, FLOAT = "chip", "float"
_DIGITS = 16
_DIGEST = re.compile(f"[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a recording comes from.

    Parameters
    ----------
    kind : str
        ``"chip"`` for a run of an image, ``"float"`` for a simulation in floating point.
    stimulus : str or None
        :meth:`neurochip.Stimulus.digest` of the input spikes within the time of the run, 16
        hexadecimal digits; equal inputs have equal digests on all time grids. None if it is not
        known: :meth:`neurochip.emulator.Emulator.run_steps` takes steps instead of a stimulus.
    coupling : dict of str to str
        How the neurons of each population depend on each other. ``"independent"``: no two of them
        share a source, and none drives another, directly or over other populations. ``"shared
        input"``: a source reaches two of them, but no cycle of connections leads to the population.
        ``"recurrent"``: the population lies on a cycle of connections between populations, or
        downstream of one. A population is missing if its coupling is not known, as in an image from
        an older file.

    Raises
    ------
    RecordingError
        If a value is not allowed.
    """

    kind: str
    stimulus: str | None = None
    coupling: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        choice("origin", "kind", self.kind, (CHIP, FLOAT), error=RecordingError)
        if self.stimulus is not None:
            allowed = f"{_DIGITS} hexadecimal digits, or None"
            instance("origin", "stimulus", self.stimulus, str, allowed, error=RecordingError)
            if not _DIGEST.fullmatch(self.stimulus):
                raise RecordingError(
                    f"origin: stimulus = {shown(self.stimulus)}; allowed: {allowed}."
                )
        allowed = "a dict of a coupling by population"
        if not isinstance(self.coupling, Mapping):
            raise RecordingError(f"origin: coupling = {shown(self.coupling)}; allowed: {allowed}.")
        for name, coupling in self.coupling.items():
            owner = f"origin: population {shown(name)}"
            choice(owner, "coupling", coupling, COUPLINGS, error=RecordingError)

    @classmethod
    def of_run(cls, **parts: Any) -> Origin:
        """Return an origin from all of its parts, without checks, for engines."""
        origin = object.__new__(cls)
        vars(origin).update(parts)
        return origin

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as data for JSON."""
        return {"kind": self.kind, "stimulus": self.stimulus, "coupling": dict(self.coupling)}


def joined_origin(parts: Sequence[Origin | None]) -> Origin | None:
    """Return the origin of a recording that joins consecutive parts of one run.

    The digest of a stimulus is a sum over its spikes, so that of the whole is the sum of the parts.
    It is not known unless those of all parts are.
    """
    head = parts[0]
    digests = [None if part is None else part.stimulus for part in parts]
    if head is None:
        return None
    if None in digests:
        return replace(head, stimulus=None)
    total = sum(int(digest, 16) for digest in digests if digest) % (1 << 4 * _DIGITS)
    return replace(head, stimulus=f"{total:0{_DIGITS}x}")
