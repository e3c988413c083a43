"""``neurochip warm-up``, and what commands say while kernels are compiled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bad_command_lines import MODEL
from command_line import run, succeed, unfolded

from neurochip._kernels.cache import kernel_folder
from neurochip._kernels.notice import MESSAGE, NOTICE
from neurochip.errors import CompileError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("options", "said"), [((), [MESSAGE]), (("--json",), [MESSAGE]), (("--quiet",), [])]
)
def test_a_command_says_that_kernels_are_compiled_unless_it_is_to_be_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(NOTICE, "compiled", 0)
    Path("model.py").write_text(MODEL)

    def compiles_kernels(*_, **__):
        NOTICE.count(loaded=False)
        NOTICE.count(loaded=False)
        raise CompileError("enough.")

    monkeypatch.setattr("compiler.compile_network", compiles_kernels)
    result = run("compile", "model.py", *options)
    assert unfolded(result.stderr) == [*said, "Error: enough."]
    assert result.stdout == ""
    assert NOTICE.tell is None  # after the command


def test_an_interrupted_warm_up_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurochip.report.judge", interrupt)
    result = run("warm-up")
    assert (result.exit_code, unfolded(result.stderr)) == (
        130,
        ["Error: interrupted. The kernels that were compiled are kept."],
    )


@pytest.mark.slow
def test_a_warm_up_says_what_it_did_and_where_the_kernels_are() -> None:
    lines = unfolded(succeed("warm-up"))
    assert lines[0].endswith((" were there", " s)"))
    assert lines[1:] == [f"Kernels are in {kernel_folder()}"]
    data = json.loads(succeed("warm-up", "--json"))
    assert (data["compiled"], data["loaded"]) == (0, 0)  # this process has them now
    assert data["folder"] == str(kernel_folder())


@pytest.mark.slow
def test_after_a_warm_up_the_usual_commands_compile_nothing() -> None:
    script = [sys.executable, "-W", "ignore", str(ROOT / "tests" / "warm_start.py")]
    found = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
