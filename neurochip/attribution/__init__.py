"""Attribute the error of a chip run to its sources: each is switched on and off on its own."""

from .attribute import attribute
from .effects import Attribution, MetricTotal, SourceEffect
from .plots import plot_attribution

__all__ = ["Attribution", "MetricTotal", "SourceEffect", "attribute", "plot_attribution"]
