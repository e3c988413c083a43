"""Programs with graded spikes share the check of their core and the unit of their input."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ...errors import ProgramError
from ..rows import Row

__all__ = ["in_mantissas", "needs_payload"]


def needs_payload(program: str, core: CoreSpec) -> None:
    """Raise ProgramError if the spikes of a core carry no payload."""
    if not core.payload_bits:
        raise ProgramError(
            f"{program}: the core has payload_bits = 0, so its spikes are binary; allowed: a core "
            "with payloads, such as LOIHI2.core."
        )


def in_mantissas(core: CoreSpec, name: str, arrived: str) -> Row:
    """Return the row that divides an accumulator by the unit of a weight, without a remainder.

    If the exponents of all weights are 0, it gives the sum of mantissa times payload: the number
    that Lava's neurons receive, so that states are as wide as there.
    """
    return name, "asr", arrived, core.weight_shift
