"""Says once that kernels are being compiled, and counts what was compiled and what was loaded.

The first run after an installation is silent for a long time otherwise. In a script the message
appears only if standard error is a terminal; the command line shows it everywhere.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["MESSAGE", "NOTICE", "Notice"]

MESSAGE = "Compiling kernels, once per installation (up to about a minute)"


@dataclass
class Notice:
    """The kernels of this process.

    Parameters
    ----------
    tell : callable, optional
        Called with the message before the first kernel is compiled. Default: write it on standard
        error if that is a terminal, but not from a worker process, whose parent has told.
    compiled, loaded : int
        Number of kernels that were compiled, and loaded from disk.
    """

    tell: Callable[[str], object] | None = None
    compiled: int = 0
    loaded: int = 0

    def count(self, *, loaded: bool) -> None:
        """Count a kernel; say so if it is the first that is compiled."""
        if loaded:
            self.loaded += 1
            return
        self.compiled += 1
        if self.compiled == 1:
            (_on_terminal if self.tell is None else self.tell)(MESSAGE)


def _on_terminal(message: str) -> None:
    stream = sys.stderr
    if stream is not None and stream.isatty() and multiprocessing.parent_process() is None:
        stream.write(f"{message}\n")
        stream.flush()


NOTICE = Notice()
"""The notice of this process."""
