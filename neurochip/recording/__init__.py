"""Recordings of runs, and the probes that request them."""

from .probes import Probe, as_probes, resolve_probes
from .recording import Recording, Trace

__all__ = ["Probe", "Recording", "Trace", "as_probes", "resolve_probes"]
