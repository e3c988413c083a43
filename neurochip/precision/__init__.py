"""How many bits of a register a network needs: one sweep over widths and seeds, and its verdict."""

from . import sections as sections  # describes the results for notebooks
from .answer import BitsAnswer
from .decide import WidthResult
from .plots import plot_bits
from .study import bits

__all__ = ["BitsAnswer", "WidthResult", "bits", "plot_bits"]
