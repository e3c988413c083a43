"""One clear error if memory is insufficient, and amounts of memory as text."""

from __future__ import annotations

from ..errors import NeurochipError

__all__ = ["EnoughMemory", "amount"]

_ADDRESSES = 1 << 47  # bytes of the address space; NumPy raises other errors beyond it
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


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
        needed = f"{self._what} at least {amount(self._n_bytes)} of memory"
        return self._error(f"{needed}, which is not available. {self._remedy}")


def amount(n_bytes: float) -> str:
    """Return a size, at most 1,000 EB, with three digits in the unit in which it is below 1000."""
    size = float(f"{n_bytes:.3g}")  # 999.9 MB are 1 GB
    for unit in _UNITS:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return "1,000 EB"
