"""Accuracy of a trained classifier in float64 and on the chip, on the same samples."""

from .decode import DECODERS
from .result import ChipAccuracy, Classification
from .study import classify

__all__ = ["DECODERS", "ChipAccuracy", "Classification", "classify"]
