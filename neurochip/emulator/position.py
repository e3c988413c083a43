"""A position in a run: its step, and the lock that lets one thread move it."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ..errors import EmulatorError

__all__ = ["UNDERWAY", "AnyPosition"]

UNDERWAY = -1
"""Value of the clock of a state while its registers change."""


@dataclass(eq=False)
class AnyPosition:
    """The registers between two steps, whichever engine they belong to.

    ``state.clock`` is the step that runs next, or ``UNDERWAY``; in a run only kernels change it. A
    thread that moves the position holds its ``lock``.
    """

    state: Any
    lock: Lock = field(default_factory=Lock)

    @property
    def step(self) -> int:
        """The step that runs next.

        Raises
        ------
        EmulatorError
            If an interruption left the registers inconsistent; ``rewind`` repairs this.
        """
        step = int(self.state.clock[0])
        if step == UNDERWAY:
            raise EmulatorError(
                "emulator: it was interrupted while its registers changed, so they are "
                "inconsistent; call reset() to start again."
            )
        return step

    def turn(self) -> Lock:
        """Return the lock, for a ``with`` block that moves the position.

        Raises
        ------
        EmulatorError
            If the position is being moved.
        """
        if self.lock.locked():
            raise EmulatorError(
                "emulator: it is running, in another thread, or in the process that this one was "
                "forked from; allowed: one run at a time. Make an Emulator for each thread, use "
                "run_batch, or call reset() to start again."
            )
        return self.lock

    def __getstate__(self) -> dict[str, object]:
        """Return the state for a copy: everything except the lock."""
        with self.turn():
            return {**vars(self), "lock": None}

    def __setstate__(self, values: dict[str, object]) -> None:
        vars(self).update(values, lock=Lock())
