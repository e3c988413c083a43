"""Reports on networks and sweeps: one self-contained HTML file, and a JSON file beside it."""

from .bits import bits_report
from .document import Report
from .judgement import Judgement, judge
from .sweeps import sweep_report
from .validate import validate
from .validation import validation_report

__all__ = [
    "Judgement",
    "Report",
    "bits_report",
    "judge",
    "sweep_report",
    "validate",
    "validation_report",
]
