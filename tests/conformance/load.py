"""Paths of the golden vectors in this folder and of the published networks."""

from __future__ import annotations

from pathlib import Path

from neurochip.conformance import Case, load_case

__all__ = ["NETWORKS", "VECTORS", "Case", "case_paths", "load_case"]

VECTORS = Path(__file__).parent / "vectors"
NETWORKS = Path(__file__).parent / "networks"


def case_paths() -> list[Path]:
    """All vector files, in the order of their numbers."""
    return sorted(VECTORS.glob("*.npz"))
