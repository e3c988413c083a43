"""Entry point of the command ``neurochip`` and of ``python -m neurochip``."""

from __future__ import annotations

import sys

from ._support.shadowing import check_compiler

__all__ = ["main"]


def main() -> None:
    """Run the command line, or exit with an error if a user's file hides the compiler package."""
    try:
        check_compiler()
    except ImportError as problem:
        sys.stderr.write(f"Error: {problem}\n")
        sys.exit(2)
    from .cli import main as command

    command(prog_name="neurochip")


if __name__ == "__main__":
    main()
