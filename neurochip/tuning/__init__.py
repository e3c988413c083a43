"""Fit an image to float64 on given stimuli, and look at the time steps to choose from."""

from .calibrate import calibrate
from .calibration import Calibration, Trim
from .plots import plot_dt_choice

__all__ = ["Calibration", "Trim", "calibrate", "plot_dt_choice"]
