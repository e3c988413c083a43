"""Compile plasticity: from time constants and amplitudes to the rule and traces of an engine."""
