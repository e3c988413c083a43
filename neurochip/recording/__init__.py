"""Recordings of runs, and the probes that request them."""

from . import sections as sections  # describes the results for notebooks
from .joined import joined_counts, joined_overflows
from .origin import CHIP, FLOAT, Origin, joined_origin
from .probes import (
    CHIP_VARIABLES,
    CURRENT_VARIABLES,
    Probe,
    as_probes,
    resolve_probes,
    where_currents_exist,
    where_it_exists,
)
from .recording import Recording
from .trace import Trace
from .weights import (
    LEARNED_VARIABLES,
    Sampled,
    WeightProbe,
    WeightTrace,
    resolve_weight_probes,
    split_record,
)

__all__ = [
    "CHIP",
    "CHIP_VARIABLES",
    "CURRENT_VARIABLES",
    "FLOAT",
    "LEARNED_VARIABLES",
    "Origin",
    "Probe",
    "Recording",
    "Sampled",
    "Trace",
    "WeightProbe",
    "WeightTrace",
    "as_probes",
    "joined_counts",
    "joined_origin",
    "joined_overflows",
    "resolve_probes",
    "resolve_weight_probes",
    "split_record",
    "where_currents_exist",
    "where_it_exists",
]
