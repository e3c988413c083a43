"""Makes Ctrl-C work as at a terminal, also if the suite runs in the background.

A shell makes its background processes ignore Ctrl-C, and their children inherit this.
"""

import signal


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
