"""Runs commands in the process of the tests, and returns their output or error message."""

from __future__ import annotations

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


def fail(*arguments: str | Path) -> str:
    """Return the message of a command that must end with exit status 2 and one line of error."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert lines == result.output.splitlines()[-1:]
    return lines[0].removeprefix("Error: ")
