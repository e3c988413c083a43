"""Compile neurons: from time constants and mV to registers and compartments."""
