"""Files of sweeps: interrupted, damaged, foreign, hostile, on a full disk, and written by two."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sweep_models import weight_error
from sweeping import BITS, refuse, run

from neurochip.errors import FileError
from neurochip.sweeps import SweepError, read_sweep, sole
from neurochip.sweeps.lines import seed_of, stripped, to_line, unchecked

pytestmark = pytest.mark.slow

REMEDY = " Pass another path, or delete the file."


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The lines of a finished file."""
    path = run(path=tmp_path_factory.mktemp("whole") / "sweep.jsonl").path
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.jsonl"


def unreadable(path):
    """The message of a file that cannot be read."""
    with pytest.raises(SweepError) as caught:
        read_sweep(path)
    return str(caught.value)


def mended(path, whole, *lost):
    """Go on with a file: what is lost is said, and then the file is whole."""
    with pytest.warns(UserWarning, match=r"computed again\.$") as caught:
        assert run(path=path).complete
    assert [str(item.message) for item in caught] == [
        f"{path}: {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} damaged; points that are "
        "not in other lines are computed again."
    ]
    assert caught[0].filename.endswith("sweeping.py")
    assert path.read_bytes() == b"".join(whole)


def test_a_file_reads_as_the_sweep_that_wrote_it(path):
    done = run(path=path, measure=weight_error, fine_dt=0.05)
    found = read_sweep(path)
    assert found.complete
    assert found.rows == done.rows == run(measure=weight_error, fine_dt=0.05).rows
    assert found.header == done.header
    assert found.path == path
    assert repr(found) == "Sweep(core.weight_mantissa_bits, seed: 6 of 6 points)"


# Interrupted


@pytest.mark.parametrize("torn", [0, 1, 40])
@pytest.mark.parametrize("points", [0, 1, 3, 5])
def test_a_run_that_was_cut_anywhere_ends_in_the_same_file(path, whole, points, torn):
    # Lines of an unfinished file stand in any order; the last one may be torn.
    path.write_bytes(whole[0] + b"".join(whole[points:0:-1]) + whole[points + 1][:torn])
    before = read_sweep(path)
    assert not before.complete
    assert len(before.records) == points
    assert run(path=path).complete
    assert path.read_bytes() == b"".join(whole)


def test_a_last_line_that_lacks_only_its_end_is_kept(path, whole):
    path.write_bytes(b"".join(whole[:4])[:-1])
    assert len(read_sweep(path).records) == 3
    assert run(path=path).complete
    assert path.read_bytes() == b"".join(whole)


def test_points_that_are_done_do_not_run_again(path):
    ran = []

    def measure(point_run):
        ran.append(point_run.point["seed"])
        if len(ran) == 4:
            raise KeyboardInterrupt
        return {"n": point_run.image.n_synapses}

    with pytest.raises(KeyboardInterrupt):
        run({"seed": [1, 2, 3, 4, 5, 6]}, path=path, measure=measure)
    assert len(read_sweep(path).records) == 3
    done = run({"seed": [1, 2, 3, 4, 5, 6]}, path=path, measure=measure)
    assert ran == [1, 2, 3, 4, 4, 5, 6]
    assert done.complete
    run({"seed": [1, 2, 3, 4, 5, 6]}, path=path, measure=measure)
    assert len(ran) == 7


# Damaged


def flipped(line, place=0.5):
    """A line with one digit changed, so that it is JSON as before."""
    digits = [match.start() for match in re.finditer(rb"(?<=[\d.])[1-8](?=[\d,])", line)]
    at = digits[int(place * len(digits))]
    return line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]


DAMAGE = {
    "a digit": (lambda lines: [*lines[:3], flipped(lines[3]), *lines[4:]], ["line 4 (point 2)"]),
    "a bit": (
        lambda lines: [*lines[:6], lines[6].replace(b"a", b"\xe1", 1)],
        ["line 7 (point 5)"],
    ),
    "a line cut by an editor": (
        lambda lines: [*lines[:3], lines[3][:50] + b"\n", *lines[4:]],
        ["line 4 (point 2)"],
    ),
    "two lines": (
        lambda lines: [lines[0], lines[1][9:], *lines[2:5], flipped(lines[5], 0.9), lines[6]],
        ["line 2", "line 6 (point 4)"],
    ),
    "two lines in one": (
        lambda lines: [*lines[:3], lines[3][:-1] + lines[4], *lines[5:]],
        ["line 4 (point 2)"],
    ),
    "a block of a crashed file system": (
        lambda lines: [*lines[:3], bytes(4096) + lines[4][-200:], *lines[5:]],
        ["line 4"],
    ),
    "a file that ends in zeros": (lambda lines: [*lines[:5], bytes(900)], ["line 6"]),
    "a point of another sweep": (
        lambda lines: [*lines[:2], to_line(json.loads(lines[2]), b"another"), *lines[3:]],
        ["line 3 (point 1)"],
    ),
    "the header": (
        lambda lines: [lines[0].replace(b"neuro", b"Neuro"), *lines[1:]],
        ["the header"],
    ),
    "a digit of the header": (lambda lines: [flipped(lines[0]), *lines[1:]], ["the header"]),
    "a lost header": (lambda lines: lines[1:], ["the header"]),
    "a header of an older version": (
        lambda lines: [lines[0].replace(b'sweep":2', b'sweep":1'), *lines[1:]],
        ["the header"],
    ),
    "a header of another version": (
        lambda lines: [lines[0].replace(b'sweep":2', b'sweep":9'), *lines[1:]],
        ["the header"],
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_lines_are_noticed_and_only_their_points_are_computed_anew(
    path, whole, kind, monkeypatch
):
    damage, lost = DAMAGE[kind]
    lines = damage(whole)
    assert lines != whole
    path.write_bytes(b"".join(lines))
    if "header" not in kind:
        assert unreadable(path) == (
            f"{path}: {lost[0]} is damaged. Run the sweep again with this path: it keeps the other "
            "points, and computes what is missing."
        )
    mended(path, whole, *lost)


def test_points_in_whole_lines_are_not_computed_again(path):
    ran = []

    def measure(point_run):
        ran.append(point_run.point["seed"])
        return {"n": 1}

    lines = run({"seed": [1, 2, 3]}, path=path, measure=measure).path.read_bytes().splitlines(True)
    path.write_bytes(b"".join([*lines[:2], flipped(lines[2]), lines[3]]))
    with pytest.warns(UserWarning, match="line 3 "):
        run({"seed": [1, 2, 3]}, path=path, measure=measure)
    assert ran == [1, 2, 3, 2]
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0], *lines[:0:-1]],
        lambda lines: [*lines, lines[2], lines[5]],
        lambda lines: [*lines[:2], b"\n", b"  \n", *lines[2:]],
        lambda lines: [line[:-1] + b"\r\n" for line in lines],
        lambda lines: [b"\xef\xbb\xbf", *lines],
        lambda lines: [line[:-1] + b" \t\n" for line in lines],
        lambda lines: [lines[0], bytes(4096) + lines[1], *lines[2:]],
    ],
    ids=["order", "twice", "blank lines", "ends of Windows", "mark of UTF-8", "spaces", "zeros"],
)
def test_what_leaves_all_lines_whole_loses_nothing(path, whole, change):
    path.write_bytes(b"".join(change(whole)))
    assert read_sweep(path).complete
    run(path=path)
    assert path.read_bytes() == b"".join(whole)


def test_a_point_that_two_lines_give_otherwise_is_computed_anew(path, whole):
    seed = seed_of(whole[0])
    other = json.loads(unchecked(stripped(whole[2]), seed))
    other["problem"] = None
    other["overflows"] = {"voltage_clips_low": 7}
    path.write_bytes(b"".join([*whole, to_line(other, seed)]))
    mended(path, whole, "line 8 (point 1, also in another line)")


def test_many_damaged_lines_are_one_warning(path):
    values = {"seed": range(12)}
    lines = run(values, path=path).path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"".join(line[20:] for line in lines[1:]))
    with pytest.warns(UserWarning, match=r"line 2, line 3, .*, line 9 and 4 more are damaged; "):
        run(values, path=path)
    assert path.read_bytes() == b"".join(lines)


# Foreign and hostile


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a sweep; it was not written by neurochip."),
        (b"time,rate\n1,2\n", "not a sweep; it was not written by neurochip."),
        (b'{"a": 1}\n', "not a sweep; it was not written by neurochip."),
        (b"[1]\n", "not a sweep; it was not written by neurochip."),
        (b"\xff\xfe{\0}\0\n\0", "not a sweep; it was not written by neurochip."),
        (b'{"a":' * 100_000, "not a sweep; it was not written by neurochip."),
        (bytes(1 << 20), "not a sweep; it was not written by neurochip."),
        *(
            (
                b'{"neurochip_sweep": ' + version + b"}\n",
                "line 1, the header, is damaged.",
            )
            for version in (b'"x"', b"null", b"true", b"0", b"-1", b"1.0", b"1e400", b"NaN", b"[2]")
        ),
        (b'{"neurochip_sweep": 1}\n', "line 1, the header, is damaged."),
        (
            b'{"neurochip_sweep": 2, "axes": ["a"], "points": 1, "fine_dt": null}\n',
            "line 1, the head",
        ),
    ],
)
def test_what_is_no_sweep_is_refused(path, content, message):
    path.write_bytes(content)
    for text in (unreadable(path), refuse(path=path)):
        assert text.startswith(f"{path}: {message}")
        assert text.endswith(REMEDY)
    assert path.read_bytes() == content


def test_a_newer_file_is_refused(path):
    path.write_text(json.dumps({"neurochip_sweep": 99}) + "\n")
    assert (
        unreadable(path)
        == refuse(path=path)
        == (f"{path}: sweep format 99; this neurochip reads up to 2. Upgrade neurochip.")
    )


def test_a_path_that_is_no_file_is_refused(path, tmp_path):
    assert unreadable(path) == f"{path}: no such file; pass the path of a sweep (.jsonl)."
    for text in (unreadable(tmp_path), refuse(path=tmp_path)):
        assert text == f"{tmp_path}: is not a file; pass the path of a sweep (.jsonl)."
    assert refuse(path="") == ".: is not a file; pass the path of a sweep (.jsonl)."
    path.touch()
    with pytest.raises(ValueError, match="embedded null") as null:  # each Python has its words
        Path("a\0b").stat()
    for odd, reason in ((path / "x", "Not a directory"), (Path("a\0b"), null.value)):
        for text in (unreadable(odd), refuse(path=odd)):
            assert text == f"{str(odd)!r}: cannot be read ({reason}); pass another path."
    assert unreadable(None) == "sweep: path = None; allowed: the path of a file (.jsonl)."


def test_a_file_that_may_not_be_read_is_named(path, monkeypatch):
    def refused(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    path.touch()
    monkeypatch.setattr(Path, "open", refused)
    assert unreadable(path) == (
        f"{str(path)!r}: cannot be read (Permission denied); pass another path."
    )
    with pytest.raises(FileError) as caught:
        run(path=path)
    assert str(caught.value) == (
        f"{path}: cannot be written (Permission denied); make room or pass another path."
    )


def set_to(*keys, value):
    """A change of one member of a record."""

    def change(record):
        inner = record
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return change


def without(*keys):
    def change(record):
        inner = record
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]

    return change


POPULATION = ("populations", "cells")


@pytest.mark.parametrize(
    "change",
    [
        *(set_to("point", value=value) for value in (6, -1, 10**30, 1.0, True, "1", None)),
        *(set_to("axes", value=value) for value in ({}, [], {"seed": 1}, {BITS: 3, "seed": [1]})),
        *(without(key) for key in ("axes", "problem", "image", "overflows", "measured", "network")),
        *(without("populations"), without(*POPULATION), without(*POPULATION, "verdict")),
        *(set_to("more", value=1), set_to("problem", value=3), set_to("image", value=None)),
        *(set_to("populations", value=value) for value in (None, [], {"cells": 1})),
        *(set_to(*POPULATION, "rate_error", value=value) for value in ("1", [1], {"a": 1})),
        *(
            set_to(*POPULATION, "rate_error_interval", value=v)
            for v in (1, [1], [1, 2, 3], ["", 1])
        ),
        *(set_to(*POPULATION, "split", value=value) for value in (1, [1], {"total": 1})),
        *(set_to("measured", value=value) for value in ([], {"x": [1]}, {"seed": 1}, {"size": 1})),
        *(set_to("overflows", value=value) for value in ([], {"current_wraps": 1.5})),
    ],
)
def test_a_line_that_is_no_point_of_the_sweep_is_refused_whatever_its_checksum(path, whole, change):
    seed = seed_of(whole[0])
    record = json.loads(unchecked(stripped(whole[3]), seed))
    assert to_line(record, seed) == whole[3]
    change(record)
    path.write_bytes(b"".join([*whole[:3], to_line(record, seed), *whole[4:]]))
    content = path.read_bytes()
    assert unreadable(path) == refuse(path=path) == f"{path}: line 4 is damaged.{REMEDY}"
    assert path.read_bytes() == content


# Files of format 1, which had no checksums


@pytest.fixture
def old(path, whole):
    """The lines of a file as neurochip 0.1 wrote it first, without its header's digests."""
    seed = seed_of(whole[0])
    header = json.loads(unchecked(stripped(whole[0]))) | {"neurochip_sweep": 1}
    records = [json.loads(unchecked(stripped(line), seed)) for line in whole[1:]]
    for record in records:
        del record["network"], record["chip"]
    lines = [json.dumps(item).encode() + b"\n" for item in (header, *records)]
    path.write_bytes(b"".join(lines))
    return lines


def test_a_file_of_format_1_is_read_but_not_gone_on_with(path, old):
    assert read_sweep(path).rows == run().rows
    assert refuse(path=path) == (
        f"{path}: sweep format 1, which does not record the networks of the points; it can be "
        f"read, but not continued.{REMEDY}"
    )
    path.write_bytes(b"".join(old[:3]) + old[3][:40])
    assert len(read_sweep(path).records) == 2
    assert path.read_bytes() == b"".join(old[:3]) + old[3][:40]


@pytest.mark.parametrize(
    "line",
    [b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"\xff", b"1e400", b'{"point": 1e400}', b"null"],
)
def test_a_damaged_file_of_format_1_is_refused(path, old, line):
    path.write_bytes(b"".join([*old[:3], line + b"\n", *old[4:]]))
    assert unreadable(path) == f"{path}: line 4 is damaged.{REMEDY}"


# Disks that are full, and other processes


def limited(code, path, size):
    """Run a program where files may have so many bytes only, which stands for a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        env=environment,
    )


FULL = """
import sys
from sweeping import run
try:
    run(path=sys.argv[1])
except OSError as problem:
    print(type(problem).__name__, problem.filename, problem.strerror)
"""


@pytest.mark.parametrize("lines", [0.5, 1.5, 3.5, 6.9])
def test_a_full_disk_is_named_and_loses_nothing(path, whole, lines):
    size = sum(len(line) * min(1.0, max(0.0, lines - i)) for i, line in enumerate(whole))
    done = limited(FULL, path, int(size))
    assert done.stdout == f"FileError {path} File too large\n", done.stderr
    written = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    assert len(written) == int(lines)
    assert set(written) <= set(whole)  # nothing is torn, and nothing lies about
    assert [item.name for item in path.parent.iterdir()] == [path.name] * path.exists()
    assert run(path=path).complete
    assert path.read_bytes() == b"".join(whole)


def test_a_file_that_cannot_be_mended_on_a_full_disk_stays(path, whole):
    path.write_bytes(b"".join([*whole[:3], b"\n", *whole[3:6]]))
    content = path.read_bytes()
    assert limited(FULL, path, len(content) // 2).stdout == f"FileError {path} File too large\n"
    assert path.read_bytes() == content


def test_two_sweeps_do_not_write_one_file_at_once(path):
    def second(point_run):
        assert refuse({"seed": [1, 2]}, path=path) == (
            f"{path}: another process writes to this sweep; wait until it is done, or pass another "
            "path."
        )
        assert len(read_sweep(path).records) == point_run.point["seed"] - 1
        return {}

    assert run({"seed": [1, 2]}, path=path, measure=second).complete
    assert run({"seed": [1, 2]}, path=path, measure=second).complete


def test_a_sweep_that_fails_leaves_its_file_to_others(path):
    for _ in range(2):
        message = refuse({"seed": [1, 2]}, path=path, measure=lambda _: 1 / 0)
        assert "`measure` failed" in message
        assert "holds another sweep" in refuse({"seed": [1, 3]}, path=path)


@pytest.mark.parametrize("fate", ["deleted", "replaced"])
def test_a_file_that_is_taken_away_ends_the_sweep(path, fate):
    def measure(point_run):
        if point_run.point["seed"] == 2:
            path.unlink()
            if fate == "replaced":
                path.write_text("another")
        return {}

    assert refuse({"seed": [1, 2, 3]}, path=path, measure=measure) == (
        f"{path}: was deleted, moved or replaced while the sweep ran, perhaps by another one; "
        "start it again."
    )
    assert not path.exists() or path.read_text() == "another"


def test_a_file_system_without_locks_will_do(path, whole, monkeypatch):
    def flock(file, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(sole.fcntl, "flock", flock)
    run(path=path)
    assert path.read_bytes() == b"".join(whole)


def test_a_link_stays_a_link(path, whole):
    target = path.with_name("target.jsonl")
    path.symlink_to(target)
    run(path=path)
    assert path.is_symlink()
    assert target.read_bytes() == b"".join(whole)
    target.write_bytes(b"".join(whole[:3]))
    run(path=path)
    assert target.read_bytes() == b"".join(whole)
