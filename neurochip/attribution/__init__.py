"""Attribute the error of a chip run to its sources: each is switched on and off on its own."""

from . import sections as sections  # describes the results for notebooks
from .attribute import attribute
from .effects import Attribution, MetricTotal, SourceEffect
from .plots import plot_attribution

__all__ = ["Attribution", "MetricTotal", "SourceEffect", "attribute", "plot_attribution"]
