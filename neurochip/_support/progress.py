"""Progress bars of long runs on a terminal."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from tqdm import tqdm

__all__ = ["Progress", "progress_bar"]

_PATIENCE = 2.0  # s: shorter runs show no bar


class Progress(Protocol):
    """An object that counts completed steps."""

    def update(self, n: int = 1, /) -> object:
        """Count ``n`` more steps."""


class _Nothing:
    """Counts nothing: creating a hidden bar would take as long as a short run."""

    def update(self, n: int = 1, /) -> None:
        pass


class _Bar(tqdm):  # type: ignore[misc]  # it has no types
    """A bar without the monitor thread of tqdm, which would outlive the run."""

    monitor_interval = 0


def progress_bar(
    total: int, label: str, progress: bool | None = None, unit: str = "step", done: int = 0
) -> AbstractContextManager[Progress]:
    """Return a bar that counts steps, or other units, on stderr, for a ``with`` block.

    Parameters
    ----------
    total : int
        Number of steps of the whole run.
    label : str
        Text before the bar.
    progress : bool, optional
        True shows the bar at once, False never. Default: if stderr is a terminal, after two
        seconds.
    unit : str
        Name of a step in the bar.
    done : int
        Number of steps that an earlier run has completed.
    """
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    if not (on_terminal if progress is None else progress):
        return nullcontext(_Nothing())
    return _Bar(
        total=total,
        initial=done,
        desc=label,
        unit=unit,
        unit_scale=True,
        dynamic_ncols=True,
        delay=_PATIENCE if progress is None else 0.0,
    )
