"""Judge a run on the chip: compare it with the float64 reference, and draw both."""

from ..reference import simulate_reference
from . import sections as sections  # describes the results for notebooks
from .activity import ActivityComparison, DistributionComparison, compare_activity
from .answer import Answer
from .compare import compare
from .comparison import Comparison
from .equivalence import Conclusion, Equivalence, equivalence, rate_equivalence
from .figures import comparison_figure, membrane_figure
from .noise_floor import NoiseFloor
from .plots import plot_raster, plot_rate_errors, plot_rates, plot_traces
from .population import METRICS, Metric, PopulationComparison
from .spike_trains import TRAIN_DISTANCES, train_distances
from .split import ErrorSplit, RateError
from .verdict import Verdict
from .weight_plots import plot_weights

__all__ = [
    "METRICS",
    "TRAIN_DISTANCES",
    "ActivityComparison",
    "Answer",
    "Comparison",
    "Conclusion",
    "DistributionComparison",
    "Equivalence",
    "ErrorSplit",
    "Metric",
    "NoiseFloor",
    "PopulationComparison",
    "RateError",
    "Verdict",
    "compare",
    "compare_activity",
    "comparison_figure",
    "equivalence",
    "membrane_figure",
    "plot_raster",
    "plot_rate_errors",
    "plot_rates",
    "plot_traces",
    "plot_weights",
    "rate_equivalence",
    "simulate_reference",
    "train_distances",
]
