"""Recordings of runs, and the probes that request them."""

from . import sections as sections  # describes the results for notebooks
from .origin import CHIP, FLOAT, Origin, joined_origin
from .probes import CHIP_VARIABLES, Probe, as_probes, resolve_probes, where_it_exists
from .recording import Recording, joined_overflows
from .trace import Trace

__all__ = [
    "CHIP",
    "CHIP_VARIABLES",
    "FLOAT",
    "Origin",
    "Probe",
    "Recording",
    "Trace",
    "as_probes",
    "joined_origin",
    "joined_overflows",
    "resolve_probes",
    "where_it_exists",
]
