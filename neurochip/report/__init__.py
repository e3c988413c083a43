"""A network judged and written up: one HTML file that holds everything, and a JSON beside it."""

from .document import Report
from .judgement import Judgement, judge
from .sections import Paragraph, Picture, Section, Table
from .sweeps import sweep_report
from .validate import validate
from .validation import validation_report

__all__ = [
    "Judgement",
    "Paragraph",
    "Picture",
    "Report",
    "Section",
    "Table",
    "judge",
    "sweep_report",
    "validate",
    "validation_report",
]
