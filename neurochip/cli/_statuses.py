"""The exit statuses of all commands, in one table."""

from __future__ import annotations

import enum

__all__ = ["Status"]


class Status(enum.IntEnum):
    """Exit status of a command.

    Parameters
    ----------
    meaning : str
        What the status says, for the help and the pages.
    """

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Status:
        """Make a status that knows its meaning."""
        status = int.__new__(cls, value)
        status._value_, status.meaning = value, meaning
        return status

    DONE = 0, "done, whatever the verdict of a comparison"
    FAILED_CHECK = (
        1,
        "done, but a check that was asked for failed: a vector of conformance differs, rates were "
        "not shown to be equal within the --tolerance of validate, or a file that inspect "
        "describes cannot run",
    )
    REFUSED = 2, "wrong input or usage, or the system failed; Error: gives the reason"
    DOES_NOT_FIT = 3, "the network does not fit the chip: a register, a core or the number of cores"
    FAULT = 70, "a fault of neurochip, with a traceback: please report it"
    INTERRUPTED = 130, "interrupted (Ctrl-C); Error: says what is kept"
    UNREAD = 141, "the work is done, but the reader of the output has ended (| head)"
