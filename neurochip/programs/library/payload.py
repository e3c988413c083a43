"""The check that a core can send the spikes of a program."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ...errors import ProgramError

__all__ = ["needs_payload"]


def needs_payload(program: str, core: CoreSpec) -> None:
    """Raise ProgramError if the spikes of a core carry no payload."""
    if not core.payload_bits:
        raise ProgramError(
            f"{program}: the core has payload_bits = 0, so its spikes are binary; allowed: a core "
            "with payloads, such as LOIHI2.core."
        )
