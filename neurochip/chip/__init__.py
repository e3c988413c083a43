"""The chip as data: widths, limits, rules, the mesh, and the decoding of registers."""

from . import sections as sections  # describes the results for notebooks
