"""Synapses: receptors, the grids of weights, and mantissas, exponents and delays."""
