"""Memory that a machine does not have, told in one clear message."""

from __future__ import annotations

from ..errors import NeurochipError

__all__ = ["EnoughMemory"]

_ADDRESSES = 1 << 47  # bytes that a program can have at all; NumPy has other errors for more
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class EnoughMemory:
    """A ``with`` block that is refused where memory does not suffice, at once or when it runs out.

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

    def __init__(self, error: type[NeurochipError], what: str, n_bytes: float, remedy: str) -> None:
        self._error, self._what, self._n_bytes, self._remedy = error, what, n_bytes, remedy

    def __enter__(self) -> None:
        if self._n_bytes > _ADDRESSES:
            raise self._refusal()

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, MemoryError):
            raise self._refusal() from None

    def _refusal(self) -> NeurochipError:
        amount = _amount(self._n_bytes)
        return self._error(
            f"{self._what} at least {amount} of memory, which there is not. {self._remedy}"
        )


def _amount(n_bytes: float) -> str:
    unit = 0
    while n_bytes >= 1000 and unit < len(_UNITS) - 1:
        n_bytes, unit = n_bytes / 1000, unit + 1
    return f"{n_bytes:.3g} {_UNITS[unit]}"
