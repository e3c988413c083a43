"""Reports on networks and sweeps: one self-contained HTML file, and a JSON file beside it."""

from .document import Report
from .judgement import Judgement, judge
from .mapping import MappedNetwork, map_network
from .studies import bits_report, classification_report, sweep_report
from .validate import validate, validation_report

__all__ = [
    "Judgement",
    "MappedNetwork",
    "Report",
    "bits_report",
    "classification_report",
    "judge",
    "map_network",
    "sweep_report",
    "validate",
    "validation_report",
]
