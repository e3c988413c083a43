"""Show that the update of compartments compiles to vector instructions.

python tests/benchmarks/assembly.py [--listing FILE]
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import collections
import re
import sys
from pathlib import Path

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.images import Case
from benchmarks.workloads import WORKLOADS
from numba.core.caching import NullCache

from neurochip.emulator import Emulator
from neurochip.emulator.cpu.kernels import run_blocks

WIDTHS = {"zmm": 512, "ymm": 256, "xmm": 128}


def main() -> None:
    parser = argparse.ArgumentParser(description="Count vector multiplications of the kernel.")
    parser.add_argument("--listing", type=Path, metavar="FILE", help="write the assembly")
    options = parser.parse_args()
    run_blocks._cache = NullCache()  # compiled kernels on disk have no listing
    Emulator(Case(WORKLOADS["W2_1e3x100"]).image, threads=1).run_steps(10)
    (assembly,) = run_blocks.inspect_asm().values()
    if options.listing:
        options.listing.write_text(assembly, encoding="utf-8")
    found = collections.Counter(
        register for register in re.findall(r"pmulld\s.*%([xyz]mm)\d+\s*$", assembly, re.MULTILINE)
    )
    for register, count in found.items():
        print(f"{count} multiplications of {WIDTHS[register] // 32} integers at once ({register})")
    if not found:
        print(
            "no vector multiplication: the update runs one compartment at a time, or this is no x86"
        )
    calls = len(re.findall(r"\bNRT_", assembly))
    print(f"{calls} mentions of Numba's run time")


if __name__ == "__main__":
    main()
