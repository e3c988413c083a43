"""Ctrl-C is what it is at a terminal, also where the suite runs in the background.

A shell has its background processes ignore it, and their children inherit that.
"""

import signal


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
