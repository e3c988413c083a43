"""How the suite runs: this checkout's code, Ctrl-C, garbage, and the order of files for workers."""

import gc
import os
import signal
from pathlib import Path

import pytest
from paces import share_every_call

from neurochip._kernels.notice import NOTICE

ROOT = Path(__file__).parents[1]
PROPERTIES = ROOT / "tests" / "property"

FIRST = ("test_product_mutants.py", "test_docs.py")  # the longest files


def pytest_configure() -> None:
    # Processes that tests start run the code of this checkout, whatever is installed.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    )
    # A shell lets its background processes, and so their children, ignore Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def no_word_about_kernels():
    """Take the message about compiled kernels as told: tests compile them in any order."""
    NOTICE.compiled += 1


@pytest.fixture(autouse=True, scope="session")
def results_of_tests_depend_on_no_time():
    """Run on all threads that a test asks for, whatever they take."""
    share_every_call()


@pytest.fixture(autouse=True, scope="module")
def no_garbage_is_looked_for_in_modules():
    """Exclude what is loaded from later garbage collections, of which Brian2 does one after a run.

    To look through Numba, Brian2 and all test modules takes a second each time.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one worker, in the order of the collection: its tests share fixtures."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)  # before -m chooses by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark properties as slow; under pytest-xdist, put the long files first.

    Random images need every variant of the kernels, each compiled once per environment. With the
    long files first, all workers end at the same time.
    """
    for item in items:
        if item.path.parent == PROPERTIES:
            item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> int:
        if item.path.name in FIRST:
            return FIRST.index(item.path.name)
        return len(FIRST) if item.path in slow else len(FIRST) + 1

    items.sort(key=rank)
