"""How commands end when the system lets them down: full disks, closed output, interruptions."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bad_command_lines import MODEL
from click.testing import CliRunner
from command_line import fail, succeed, unfolded

from neurochip._kernels.notice import MESSAGE
from neurochip._support import npz
from neurochip.cli import main
from neurochip.image.files import load_image

pytestmark = pytest.mark.slow

SMALLEST = 2_048  # bytes: no output of these commands is smaller


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return Path("model.py")


@contextlib.contextmanager
def full_disk():
    """Let no file grow beyond some bytes, as if the disk were full then."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALLEST, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def hidden(folder):
    return [path.name for path in Path(folder).rglob("*") if path.name.startswith(".")]


# --- the disk ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (("compile", "model.py", "-o", "x.npz"), "x.npz"),
        (("run", "image.npz", "--model", "model.py", "--record", "v", "-o", "x.npz"), "x.npz"),
        (("map", "model.py", "--image", "x.npz"), "x.npz"),
        (("map", "model.py", "-o", "out"), "out/mapping.png"),
        (("compare", "model.py", "--duration", "50", "-o", "out"), "out/cells_membrane.png"),
        (
            ("validate", "model.py", "--duration", "50", "--no-attribution", "-o", "x.html"),
            "x.html",
        ),
    ],
)
def test_a_full_disk_is_told_with_the_file_and_the_old_one_stays(
    model: Path, arguments: tuple[str, ...], file: str
) -> None:
    succeed("compile", model)
    succeed(*arguments)  # compiles the kernels, which are kept on the disk, too
    Path(file).write_text("old")
    with full_disk():
        said = fail(*arguments)
    assert said.startswith(f"{file}: ")
    assert "make room" in said
    assert Path(file).read_text() == "old"
    assert hidden(".") == []


def test_a_page_is_not_there_without_its_numbers(model: Path, monkeypatch) -> None:
    """Both are written before one of them gets its name."""
    arguments = ("validate", model, "--duration", "50", "--no-attribution")
    succeed(*arguments)
    before = [Path(name).read_bytes() for name in ("report.html", "report.json")]

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(npz.os, "fsync", refuse)
    assert "No space left on device" in fail(*arguments, "--seed", "2")
    assert [Path(name).read_bytes() for name in ("report.html", "report.json")] == before


def test_a_folder_that_is_half_written_is_said(model: Path, monkeypatch) -> None:
    """The files that are there, and the one that is not."""
    synced = []

    def full_at_the_third(handle):
        synced.append(handle)
        if len(synced) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(npz.os, "fsync", full_at_the_third)
    said = fail_after_output("compare", model, "--duration", "20", "-o", "out")
    assert said.startswith("out/numbers.json: ")
    assert said.endswith(" Written before: out/cells_membrane.png, out/cells_comparison.png.")
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "cells_comparison.png",
        "cells_membrane.png",
    ]


def fail_after_output(*arguments) -> str:
    """The message of a command that has said something before it fails."""
    result = CliRunner().invoke(main, [str(item) for item in arguments])
    assert result.exit_code == 2, result.output
    (line,) = unfolded(result.stderr)
    return line.removeprefix("Error: ")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (MemoryError(), "out of memory; use a shorter run, fewer neurons, or record less."),
        (MemoryError("for 9 TiB"), "out of memory (for 9 TiB); use a shorter run, "),
        (OSError(errno.EMFILE, "Too many open files"), "the operating system says: Too many open "),
        (OSError("odd"), "the operating system says: odd; try again."),
        (PermissionError(13, "Permission denied", "x"), "x: Permission denied; pass another path."),
        (OSError(errno.ENOSPC, "Full", "x"), "x: Full; make room, or pass another path."),
        (KeyboardInterrupt(), None),
    ],
)
def test_what_stops_a_command_is_one_line(model: Path, monkeypatch, problem, message) -> None:
    def stop(*_, **__):
        raise problem

    monkeypatch.setattr("compiler.compile_network", stop)
    if message is not None:
        assert fail("compile", model).startswith(message)
        return
    result = CliRunner().invoke(main, ["compile", str(model)])
    assert (result.exit_code, result.stderr) == (
        130,
        "Error: interrupted. Nothing was written.\n",
    )


def test_a_fault_of_neurochip_is_not_hidden(model: Path, monkeypatch) -> None:
    def fault(*_, **__):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("compiler.compile_network", fault)
    result = CliRunner().invoke(main, ["compile", str(model)])
    assert result.exit_code == 70
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith("ZeroDivisionError: a fault\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_into_is_refused_before_anything_runs(model: Path) -> None:
    Path("closed").mkdir(mode=0o500)
    assert fail("compile", model, "-o", "closed/x.npz") == (
        "Invalid value for '-o' / '--output': 'closed/x.npz': "
        f"{str(Path('closed').absolute())!r} cannot be written into."
    )


def test_a_folder_that_seems_closed_is_refused_before_anything_runs(
    model: Path, monkeypatch
) -> None:
    Path("closed").mkdir()
    asked = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(str(path)))
    said = fail("compile", model, "-o", "closed/new/x.npz")
    assert said.endswith(f"'closed/new/x.npz': {asked[0]!r} cannot be written into.")
    assert asked == [str(Path("closed").absolute())]


def test_an_input_is_never_written_over(model: Path) -> None:
    succeed("compile", model)
    before = Path("image.npz").read_bytes()
    Path("link.npz").symlink_to("image.npz")
    for output in ("image.npz", "image", "link.npz", "./image.npz"):
        said = fail("run", "image.npz", "--model", model, "-o", output)
        assert said.endswith(
            "is an input of the command and would be overwritten; pass another path with -o."
        )
    assert Path("image.npz").read_bytes() == before


# --- standard output and standard error ----------------------------------------------------------


def command(*arguments: str | Path, **options) -> subprocess.Popen[bytes]:
    """A command in a process of its own."""
    line = [sys.executable, "-m", "neurochip", *map(str, arguments)]
    return subprocess.Popen(line, stderr=options.pop("stderr", subprocess.PIPE), **options)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, list[str]]:
    """Exit status and the messages on standard error."""
    said = process.communicate(timeout=100)[1]
    return process.returncode, unfolded((said or b"").decode().replace(f"{MESSAGE}\n", ""))


def test_a_reader_that_goes_away_stops_neither_the_work_nor_says_anything(model: Path) -> None:
    process = command("compile", model, stdout=subprocess.PIPE)
    process.stdout.close()
    process.stdout = None
    assert ended(process) == (141, [])
    assert load_image("image.npz").n_compartments == 10


def test_an_output_that_is_full_is_an_error_after_the_work(model: Path) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        process = command("compile", model, stdout=full)
        lost = "No space left on device; the output of the command is lost."
        assert ended(process) == (
            2,
            [f"Error: standard output: {lost} Written before: image.npz."],
        )
        assert ended(command("--help", stdout=full)) == (2, [f"Error: standard output: {lost}"])
    assert load_image("image.npz").n_compartments == 10


def test_an_error_that_nobody_can_read_has_its_exit_status(model: Path) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        for arguments in (("compile", "lost.py"), ("bake",)):
            assert ended(command(*arguments, stderr=full)) == (2, [])


@pytest.mark.parametrize(
    ("closing", "status", "said"),
    [
        (
            ">&-",
            2,
            "Error: standard output: Bad file descriptor; the output of the command is lost.",
        ),
        ("2>&-", 0, ""),
        (">&- 2>&- <&-", 2, ""),
    ],
)
def test_closed_streams_are_no_tracebacks(
    model: Path, closing: str, status: int, said: str
) -> None:
    line = f'"{sys.executable}" -m neurochip compile model.py {closing}'
    result = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert result.returncode == status
    messages = result.stderr.replace(f"{MESSAGE}\n", "")
    assert " ".join(unfolded(messages)).startswith(said)
    assert bool(messages) == bool(said)
    assert load_image("image.npz").n_compartments == 10


def test_text_that_an_output_cannot_hold_is_written_as_escapes(model: Path) -> None:
    model.write_text(MODEL.replace('"cells"', '"größe \x1b[31m"'))
    process = command(
        *("map", model, "-o", "größe"),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    said = process.communicate(timeout=100)[0].decode("ascii")
    assert process.returncode == 0
    assert "Wrote gr\\xf6\\xdfe/mapping.png" in said


def test_no_command_lets_a_name_reach_the_terminal_as_an_instruction(model: Path) -> None:
    name = "x\x1b[31m\u202e\ny"
    model.write_text(MODEL.replace('"cells"', repr(name)).replace('"source"', repr(name + "s")))
    for arguments in (
        ("compile", model, "--text"),
        ("compare", model, "--duration", "20", "-o", "out"),
        ("run", "image.npz", "--model", model, "--duration", "20"),
        ("info", "image.npz"),
        ("info", "image.npz", "--text"),
        ("info", "recording.npz"),
        ("map", model),
    ):
        said = succeed(*arguments)
        assert all(line.isprintable() for line in said.split("\n")), arguments
    report = json.loads(succeed("info", "image.npz", "--json"))
    assert name in {row["owner"] for row in report["content"]["compile_report"]["rows"]}


# --- interruptions -------------------------------------------------------------------------------


def test_ctrl_c_ends_with_one_line_and_says_what_is_kept(model: Path) -> None:
    arguments = ("sweep", model, "--vary", "seed=1:100000", "--workers", "1")
    process = command(*arguments, stdout=subprocess.PIPE)
    points, end = Path("sweep.jsonl"), time.monotonic() + 60
    while not (points.exists() and points.read_bytes().count(b"\n") > 1):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    status, said = ended(process)
    assert (status, [line[:20] for line in said]) == (130, ["Error: interrupted. "]), said
    assert "sweep.jsonl" in said[0]


def test_ctrl_c_after_some_files_says_which(model: Path, monkeypatch) -> None:
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurochip.image.text.dump_image", stop)
    result = CliRunner().invoke(main, ["compile", "model.py", "--text"])
    assert (result.exit_code, result.stderr) == (
        130,
        "Error: interrupted. Written before: image.npz.\n",
    )
