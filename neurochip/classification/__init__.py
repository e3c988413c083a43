"""Accuracy of a trained classifier in float64 and on the chip, on the same samples."""

from . import sections as sections  # describes the results for notebooks
from .accuracy import ChipAccuracy, InferenceCost, Unfit
from .attribution import attribute_accuracy
from .blame import AccuracyAttribution, RegisterEffect
from .decode import DECODERS
from .plots import plot_accuracy
from .result import Classification
from .samples import read_samples
from .statistics import Paired
from .study import classify

__all__ = [
    "DECODERS",
    "AccuracyAttribution",
    "ChipAccuracy",
    "Classification",
    "InferenceCost",
    "Paired",
    "RegisterEffect",
    "Unfit",
    "attribute_accuracy",
    "classify",
    "plot_accuracy",
    "read_samples",
]
