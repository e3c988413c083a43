"""One clear error if memory is insufficient."""

from __future__ import annotations

from ..errors import NeurochipError

__all__ = ["EnoughMemory"]

_ADDRESSES = 1 << 47  # bytes of the address space; NumPy raises other errors beyond it
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class EnoughMemory:
    """A ``with`` block that raises one error if memory is insufficient, at once or within it.

    Parameters
    ----------
    error : type of NeurochipError
        Error to raise.
    what : str
        Beginning of the message, up to the amount: "emulator: a run of 5 steps takes".
    n_bytes : float
        Lower bound of the required memory in bytes.
    remedy : str
        Sentence that says what to do.
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
            f"{self._what} at least {amount} of memory, which is not available. {self._remedy}"
        )


def _amount(n_bytes: float) -> str:
    unit = 0
    while n_bytes >= 1000 and unit < len(_UNITS) - 1:
        n_bytes, unit = n_bytes / 1000, unit + 1
    return f"{n_bytes:.3g} {_UNITS[unit]}"
