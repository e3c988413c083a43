"""On-chip learning: traces, rules and the learning step, with the spikes of both sides given."""

from ..chip.learning_grades import Grade
from ..chip.learning_presets import LEARNING_PRESETS
from ..chip.learning_spec import (
    DrawSharing,
    ExtraSpikes,
    LearningSpec,
    TraceDecay,
    TraceRounding,
    WeightRounding,
)
from .learn import Learned, learn
from .rule import LearningRule
from .trace import Trace

__all__ = [
    "LEARNING_PRESETS",
    "DrawSharing",
    "ExtraSpikes",
    "Grade",
    "Learned",
    "LearningRule",
    "LearningSpec",
    "Trace",
    "TraceDecay",
    "TraceRounding",
    "WeightRounding",
    "learn",
]
