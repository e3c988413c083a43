"""All mutants of the product, and the text of a file with the change of a mutant."""

from __future__ import annotations

from pathlib import Path

from mutation import (
    compiler_mutants,
    engine_mutants,
    frontend_mutants,
    image_mutants,
    judging_mutants,
    kernel_mutants,
    learning_mutants,
    library_mutants,
    plasticity_mutants,
    program_mutants,
    pynn_mutants,
    result_mutants,
    stdp_mutants,
)

import neurochip

__all__ = ["MUTANTS", "changed"]

PRODUCT = Path(neurochip.__file__).parents[1]
TABLES = (
    kernel_mutants,
    learning_mutants,
    engine_mutants,
    compiler_mutants,
    frontend_mutants,
    image_mutants,
    result_mutants,
    program_mutants,
    library_mutants,
    plasticity_mutants,
    stdp_mutants,
    judging_mutants,
    pynn_mutants,
)
MUTANTS = [mutant for table in TABLES for mutant in table.MUTANTS]


def changed(mutant):
    """The text of the file with the change."""
    text = (PRODUCT / mutant.file).read_text(encoding="utf-8")
    found = text.count(mutant.old)
    assert found == 1, (
        f"the mutant {mutant.wrong!r} cannot be made: {mutant.file} has {mutant.old!r} {found} "
        "times, expected once. The file was edited: give the mutant the line as it is now, and a "
        "change that breaks the same rule."
    )
    return text.replace(mutant.old, mutant.new)
