"""Neurons: from time constants and mV to registers and compartments."""
