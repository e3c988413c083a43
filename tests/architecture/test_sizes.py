"""Files stay readable, and a few things have one place."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
SOURCES = sorted(
    path for package in ("neurochip", "compiler") for path in (ROOT / package).rglob("*.py")
)
NAMES = [path.relative_to(ROOT).as_posix() for path in SOURCES]
# Limits of the chip that the compiler has to ask ChipSpec for.
LIMITS = {1023, 1024, 4095, 4096, 8192, 8388607, 8388608, 131071, 131072, 16384, 65536, 2097152}


def tokens(path):
    return tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_no_file_is_longer_than_one_can_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_one_file_knows_how_kernels_are_compiled():
    policy = re.compile(r"\b(n?jit|vectorize|guvectorize|cfunc|stencil)\b")
    users = {
        name
        for path, name in zip(SOURCES, NAMES, strict=True)
        if any(
            t.type == tokenize.NAME and policy.fullmatch(t.string) and ".jit import" not in t.line
            for t in tokens(path)
        )
    }
    assert users == {"neurochip/_kernels/jit.py"}


@pytest.mark.parametrize(
    "path",
    [path for path, name in zip(SOURCES, NAMES, strict=True) if name.startswith("compiler/")],
    ids=[name for name in NAMES if name.startswith("compiler/")],
)
def test_the_compiler_asks_the_chip_for_its_limits(path):
    numbers = {
        int(token.string.replace("_", ""), 0)
        for token in tokens(path)
        if token.type == tokenize.NUMBER and re.fullmatch(r"0x[\da-fA-F_]+|\d[\d_]*", token.string)
    }
    assert not numbers & LIMITS


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_only_the_command_line_prints(path):
    if path.relative_to(ROOT).as_posix().startswith("neurochip/cli"):
        return
    names = [token.string for token in tokens(path) if token.type == tokenize.NAME]
    assert "print" not in names
