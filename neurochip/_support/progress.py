"""Progress of long runs, for the one who waits at a terminal."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from tqdm import tqdm

__all__ = ["Progress", "progress_bar"]

_PATIENCE = 2.0  # s: a run that is over before that shows nothing


class Progress(Protocol):
    """An object that counts what is done."""

    def update(self, n: int = 1, /) -> object:
        """Count ``n`` more."""


class _Nothing:
    """Counts nothing: a bar that is not shown takes as long to make as a short run."""

    def update(self, n: int = 1, /) -> None:
        pass


class _Bar(tqdm):  # type: ignore[misc]  # it has no types
    """Without the thread that watches all bars: a run leaves none."""

    monitor_interval = 0


def progress_bar(
    total: int, label: str, progress: bool | None = None, unit: str = "step", done: int = 0
) -> AbstractContextManager[Progress]:
    """Return a bar that counts steps, or other units, on stderr, for a ``with`` block.

    Parameters
    ----------
    total : int
        Steps of the whole run.
    label : str
        Stands before the bar.
    progress : bool, optional
        True shows it at once and False never. Default: where stderr is a terminal, once the run
        has taken two seconds.
    unit : str
        What is counted.
    done : int
        How many an earlier run has done.
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
