"""X."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

MUTANTS: list[Mutant] = []
