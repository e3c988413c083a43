"""Sweeps: many runs with varied chip fields, time steps, seeds and network parameters."""

from ..errors import SweepError
from . import sections as sections  # describes the results for notebooks
from .definition import PointRun
from .plots import Band, bands, plot_sweep
from .result import Sweep, read_sweep
from .run import sweep

__all__ = ["Band", "PointRun", "Sweep", "SweepError", "bands", "plot_sweep", "read_sweep", "sweep"]
