"""The golden vectors of this folder."""

from __future__ import annotations

from pathlib import Path

from neurochip.conformance import Case, load_case

__all__ = ["VECTORS", "Case", "case_paths", "load_case"]

VECTORS = Path(__file__).parent / "vectors"


def case_paths() -> list[Path]:
    """All vector files, in the order of their numbers."""
    return sorted(VECTORS.glob("*.npz"))
