"""Reports: one HTML file that holds everything, and a JSON of the numbers beside it."""

from .document import Report
from .sweeps import sweep_report
from .validation import validation_report

__all__ = ["Report", "sweep_report", "validation_report"]
