"""A network judged and written up: one HTML file that holds everything, and a JSON beside it."""

from .document import Report
from .judgement import Judgement, judge
from .sweeps import sweep_report
from .validate import validate
from .validation import validation_report

__all__ = ["Judgement", "Report", "judge", "sweep_report", "validate", "validation_report"]
