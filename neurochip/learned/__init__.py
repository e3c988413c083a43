"""Compare what a network learns on the chip with float64: from the same spikes, and its own."""

from . import sections as sections  # describes the results for notebooks
from .compare import compare_learning
from .comparison import ConnectionLearning, LearningComparison, MeanWeights
from .metrics import WeightError
from .plots import plot_learned_weights, plot_learning_window, plot_mean_weight
from .window import LearningWindow

__all__ = [
    "ConnectionLearning",
    "LearningComparison",
    "LearningWindow",
    "MeanWeights",
    "WeightError",
    "compare_learning",
    "plot_learned_weights",
    "plot_learning_window",
    "plot_mean_weight",
]
