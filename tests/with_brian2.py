"""What a test that needs Brian2 needs: a skip without it, and a filter for one of its habits."""

from __future__ import annotations

from types import ModuleType

import pytest

# Brian2 2.9, the newest for Python 3.11, calls pyparsing 3.3 by its old names.
OLD_NAMES = r"'\w+' (argument is )?deprecated"
quiet_brian2 = pytest.mark.filterwarnings(f"ignore:{OLD_NAMES}:DeprecationWarning")


def need_brian2() -> ModuleType:
    """Return the module, or skip the test."""
    return pytest.importorskip("brian2", reason="Brian2 is not installed: neurochip[brian2]")
