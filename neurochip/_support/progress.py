"""Progress bars of long runs, on a terminal and in notebooks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol

from tqdm import tqdm

__all__ = ["Progress", "hidden_bars", "in_notebook", "progress_bar"]

_PATIENCE = 2.0  # s: shorter runs show no bar


_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


@contextmanager
def hidden_bars() -> Iterator[None]:
    """Show no bars in a block, unless one is asked for with ``progress=True``."""
    before = _hidden.set(True)
    try:
        yield
    finally:
        _hidden.reset(before)


class Progress(Protocol):
    """An object that counts completed steps."""

    def update(self, n: int = 1, /) -> object:
        """Count ``n`` more steps."""


class _Nothing:
    """Counts nothing."""

    def update(self, n: int = 1, /) -> None:
        pass


class _Patient:
    """Counts steps, and makes a bar only if the run takes long.

    Making a bar takes as long as a short run, and a notebook keeps every bar that was made.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._done = make, 0
        self._bar: Any = None
        self._start = time.time()

    def update(self, n: int = 1, /) -> None:
        self._done += n
        if self._bar is not None:
            self._bar.update(n)
        elif time.time() >= self._start + _PATIENCE:
            self._bar = self._make()
            self._bar.start_t = self._start
            self._bar.update(self._done)

    def __enter__(self) -> _Patient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook, whose front end shows widgets."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def progress_bar(
    total: int, label: str, progress: bool | None = None, unit: str = "step", done: int = 0
) -> AbstractContextManager[Progress]:
    """Return a bar that counts steps, or other units, for a ``with`` block.

    The bar is text on stderr; in a notebook with ipywidgets it is a widget.

    Parameters
    ----------
    total : int
        Number of steps of the whole run.
    label : str
        Text before the bar.
    progress : bool, optional
        True shows the bar at once, False never. Default: on a terminal and in a notebook, after
        two seconds.
    unit : str
        Name of a step in the bar.
    done : int
        Number of steps that an earlier run has completed.
    """

    def make() -> Any:
        return _kind()(
            total=total,
            initial=done,
            desc=label,
            unit=unit,
            unit_scale=True,
            dynamic_ncols=True,
        )

    if progress is None:
        seen = in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
        return _Patient(make) if seen and not _hidden.get() else nullcontext(_Nothing())
    return make() if progress else nullcontext(_Nothing())


def _kind() -> Any:
    """Return tqdm's class for this process, without its thread, which would outlive the run."""
    kind = tqdm
    if in_notebook():
        from tqdm import notebook

        if notebook.IProgress is not None:  # ipywidgets is installed
            kind = notebook.tqdm
    return type("Bar", (kind,), {"monitor_interval": 0})
