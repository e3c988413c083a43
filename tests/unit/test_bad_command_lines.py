"""Every bad command line ends with one clear message, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_command_lines import Case, attempt, cases, prepare

CASES = list(cases())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the command lines name."""
    path = tmp_path_factory.mktemp("lines")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        prepare(path)
    return path


@pytest.mark.parametrize("case", CASES, ids=[case.line[:80] for case in CASES])
def test_a_bad_command_line_ends_with_one_clear_message(
    folder: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    monkeypatch.chdir(folder)
    assert attempt(case.line).fault() == ""


def test_there_are_hundreds_of_different_lines() -> None:
    assert len({case.line for case in CASES}) == len(CASES) > 500


def test_a_command_line_that_is_fine_is_no_clear_message(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert attempt("compile model.py -o fine.npz").fault() == "exit status 0"
    assert (folder / "fine.npz").is_file()
