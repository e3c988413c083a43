"""Attribute the error of a chip run to its sources: each is switched on and off on its own."""

from . import sections as sections  # describes the results for notebooks
from .attribute import attribute
from .effects import Attribution, MetricTotal, SourceEffect
from .learning import attribute_learning
from .learning_effects import LearningAttribution, LearningEffect, LearningTotal
from .learning_plots import plot_learning_attribution
from .plots import plot_attribution
from .rule import attribute_rule

__all__ = [
    "Attribution",
    "LearningAttribution",
    "LearningEffect",
    "LearningTotal",
    "MetricTotal",
    "SourceEffect",
    "attribute",
    "attribute_learning",
    "attribute_rule",
    "plot_attribution",
    "plot_learning_attribution",
]
