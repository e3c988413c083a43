"""A plugin of pytest for the scenarios: loads their simulators and writes down what came out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .variants import load


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the names of simulators and the file of outcomes."""
    parser.addoption("--simulators", help="names, separated by commas")
    parser.addoption("--outcomes", type=Path, help="file to write: [node id, outcome, text] ...")


class Outcomes:
    """Hold what came out of each test; the text is of its exception, or why it was skipped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[tuple[str, str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of the call, or of what kept it from being called."""
        if report.when == "call" or not report.passed:
            self.found.append((report.nodeid, report.outcome, _text(report)))

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self.path.write_text(json.dumps(self.found), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Load the simulators, so that ``pyNN.NAME`` can be imported, and listen to the outcomes."""
    for name in config.getoption("simulators").split(","):
        load(name)
    config.pluginmanager.register(Outcomes(config.getoption("outcomes")))


def _text(report: pytest.TestReport) -> str:
    where = report.longrepr
    if isinstance(where, tuple):  # file, line and reason of a skip
        return where[2]
    crash = getattr(where, "reprcrash", None)
    return crash.message if crash else str(where or "")
