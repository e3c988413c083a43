"""Calibrate an image against float64 on given stimuli, and plot the choice of a time step."""

from .calibrate import calibrate
from .calibration import Calibration, Trim
from .plots import plot_dt_choice

__all__ = ["Calibration", "Trim", "calibrate", "plot_dt_choice"]
