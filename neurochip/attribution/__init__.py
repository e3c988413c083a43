"""Find the register that causes the error: sources switched on and off one at a time."""

from .attribute import attribute
from .effects import Attribution, MetricTotal, SourceEffect
from .plots import plot_attribution

__all__ = ["Attribution", "MetricTotal", "SourceEffect", "attribute", "plot_attribution"]
