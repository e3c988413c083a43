"""What a run gave: spikes and traces, and what was asked to be recorded."""

from .probes import Probe, as_probes, resolve_probes
from .recording import Recording, Trace

__all__ = ["Probe", "Recording", "Trace", "as_probes", "resolve_probes"]
