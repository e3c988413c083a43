"""Runs commands in the process of the tests, and returns their output or error message."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner, Result

from neurochip.cli import main


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(item) for item in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def succeed(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def fail(*arguments: str | Path, status: int = 2) -> str:
    """Return the message of a command that must end with an exit status and one error."""
    result = run(*arguments)
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    found = unfolded(result.stderr)
    lines = [line for line in found if line.startswith("Error: ")]
    assert lines == found[-1:]
    return lines[0].removeprefix("Error: ")


def unfolded(text: str) -> list[str]:
    """Return the lines of standard error, each with the lines in which it continues."""
    return re.sub("\n +", " ", text).splitlines()
