"""On-chip learning: traces, rules and the learning step, with the spikes of both sides given."""

from .grades import Grade
from .learn import Learned, learn
from .rule import LearningRule
from .spec import (
    LEARNING_PRESETS,
    DrawSharing,
    ExtraSpikes,
    LearningSpec,
    TraceDecay,
    TraceRounding,
    WeightRounding,
)
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
