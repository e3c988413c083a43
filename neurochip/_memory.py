"""Memory that a machine does not have, told in one clear message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import NeurochipError

__all__ = ["enough_memory"]

_ADDRESSES = 1 << 47  # bytes that a program can have at all; NumPy has other errors for more
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@contextmanager
def enough_memory(
    error: type[NeurochipError], what: str, n_bytes: float, remedy: str
) -> Iterator[None]:
    """Refuse what memory does not suffice for, at once or when it runs out.

    Parameters
    ----------
    error : type of NeurochipError
        What to raise.
    what : str
        Who takes what, up to the amount: "emulator: a run of 5 steps takes".
    n_bytes : float
        How much it takes at least.
    remedy : str
        What to do; a sentence.
    """

    def refusal() -> NeurochipError:
        amount = _amount(n_bytes)
        return error(f"{what} at least {amount} of memory, which there is not. {remedy}")

    if n_bytes > _ADDRESSES:
        raise refusal()
    try:
        yield
    except MemoryError:
        raise refusal() from None


def _amount(n_bytes: float) -> str:
    unit = 0
    while n_bytes >= 1000 and unit < len(_UNITS) - 1:
        n_bytes, unit = n_bytes / 1000, unit + 1
    return f"{n_bytes:.3g} {_UNITS[unit]}"
