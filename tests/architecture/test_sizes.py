"""Files stay readable, and a few things have one place."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in ("neurochip", "compiler")
    for path in sorted((ROOT / package).rglob("*.py"))
}
# Limits of the chip that the compiler has to ask ChipSpec for.
LIMITS = {1023, 1024, 4095, 4096, 8192, 8388607, 8388608, 131071, 131072, 16384, 65536, 2097152}


def tokens(text):
    return tokenize.generate_tokens(io.StringIO(text).readline)


def test_no_file_is_longer_than_one_can_read():
    lines = {name: len(text.splitlines()) for name, text in SOURCES.items()}
    wrong = [f"{name}: {n} lines" for name, n in lines.items() if n > MOST_LINES]
    assert not wrong, f"longer than {MOST_LINES} lines:\n" + "\n".join(wrong)


def test_one_file_knows_how_kernels_are_compiled():
    policy = re.compile(r"\b(n?jit|vectorize|guvectorize|cfunc|stencil)\b")
    users = {
        name
        for name, text in SOURCES.items()
        if any(
            t.type == tokenize.NAME and policy.fullmatch(t.string) and ".jit import" not in t.line
            for t in tokens(text)
        )
    }
    assert users == {"neurochip/_kernels/jit.py"}


def test_the_compiler_asks_the_chip_for_its_limits():
    whole = re.compile(r"0x[\da-fA-F_]+|\d[\d_]*")
    wrong = [
        f"{name}:{token.start[0]}: {token.string}"
        for name, text in SOURCES.items()
        if name.startswith("compiler/")
        for token in tokens(text)
        if token.type == tokenize.NUMBER
        and whole.fullmatch(token.string)
        and int(token.string.replace("_", ""), 0) in LIMITS
    ]
    assert not wrong, "limits of the chip as numbers; ask ChipSpec:\n" + "\n".join(wrong)


def test_only_the_command_line_prints():
    wrong = [
        f"{name}:{token.start[0]}"
        for name, text in SOURCES.items()
        if not name.startswith("neurochip/cli/")
        for token in tokens(text)
        if token.type == tokenize.NAME and token.string == "print"
    ]
    assert not wrong, "print, which only the command line may:\n" + "\n".join(wrong)
