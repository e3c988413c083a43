"""Calibrate an image against float64 on given stimuli; measure and plot time steps."""

from . import sections as sections  # describes the results for notebooks
from .calibrate import calibrate
from .calibration import Calibration, Trim
from .plots import plot_dt_choice
from .steps import measure_dt

__all__ = ["Calibration", "Trim", "calibrate", "measure_dt", "plot_dt_choice"]
