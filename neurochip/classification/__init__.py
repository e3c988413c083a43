"""Accuracy of a trained classifier in float64 and on the chip, on the same samples."""

from . import sections as sections  # describes the results for notebooks
from .decode import DECODERS
from .plots import plot_accuracy
from .result import ChipAccuracy, Classification
from .study import classify

__all__ = ["DECODERS", "ChipAccuracy", "Classification", "classify", "plot_accuracy"]
