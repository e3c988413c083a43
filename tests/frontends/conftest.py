"""Brian2 for the tests of its front end, without log and compiler; skips tests without Brian2."""

from __future__ import annotations

import warnings

import pytest
from with_brian2 import OLD_NAMES, begin_brian2_anew, need_brian2, quiet_brian2


def pytest_collection_modifyitems(items):
    for item in items:
        if "brian2" in item.path.name:
            item.add_marker(quiet_brian2)


@pytest.fixture
def b2():
    """The module brian2, on its own device, with dt = 0.1 ms."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", OLD_NAMES, DeprecationWarning)
        brian2 = need_brian2()
        import neurochip.frontends.brian2  # noqa: F401 - makes the device known
    brian2.prefs.codegen.target = "numpy"
    begin_brian2_anew()
    brian2.seed(1)
    yield brian2
    begin_brian2_anew()


@pytest.fixture
def chip(b2):
    """Set the device; returns the module brian2."""
    b2.set_device("neurochip")
    return b2


@pytest.fixture
def sim():
    """The back end of PyNN, which each test sets up; skips tests without PyNN."""
    pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
    import neurochip.frontends.pynn as module

    return module
