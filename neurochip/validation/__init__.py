"""Judge a run on the chip: compare it with the float64 reference, and draw both."""

from ..reference import simulate_reference
from .compare import compare
from .comparison import Comparison
from .figures import comparison_figure, membrane_figure
from .plots import plot_raster, plot_rate_errors, plot_rates, plot_traces
from .population import ErrorSplit, PopulationComparison, RateError, Verdict

__all__ = [
    "Comparison",
    "ErrorSplit",
    "PopulationComparison",
    "RateError",
    "Verdict",
    "compare",
    "comparison_figure",
    "membrane_figure",
    "plot_raster",
    "plot_rate_errors",
    "plot_rates",
    "plot_traces",
    "simulate_reference",
]
