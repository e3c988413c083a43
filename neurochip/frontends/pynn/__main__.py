"""Runs a PyNN script that asks for its simulator: ``python -m neurochip.frontends.pynn SCRIPT``.

Arguments after the script are its own, as in ``VAbenchmarks.py neurochip CUBA``.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Run a script as Python would.

    Parameters
    ----------
    arguments : list of str
        Path of the script, and its arguments.

    Raises
    ------
    SystemExit
        If there is no script.
    """
    if not arguments or not Path(arguments[0]).is_file():
        given = repr(arguments[0]) if arguments else "none"
        raise SystemExit(
            "usage: python -m neurochip.frontends.pynn SCRIPT [ARGUMENTS]; the script given is "
            f"{given}, allowed: a file."
        )
    sys.argv = arguments
    sys.path.insert(0, str(Path(arguments[0]).resolve().parent))
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
