"""How the suite runs: Ctrl-C as at a terminal, and files in a good order for several workers."""

import os
import signal

import pytest

# A worker that begins with the first, which compiles no kernel, leaves the kernels that all need to
# the worker that begins with the second.
FIRST = ("test_product_mutants.py", "test_emulator_properties.py")


def pytest_configure() -> None:
    """Undo what a shell does to background processes, and they to their children: no Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one worker, in the order of the collection: its tests share fixtures."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under pytest-xdist, put the long files first, so that all workers end at the same time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> int:
        if item.path.name in FIRST:
            return FIRST.index(item.path.name)
        return len(FIRST) if item.path in slow else len(FIRST) + 1

    items.sort(key=rank)
