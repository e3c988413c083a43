"""Compile synapses: receptors, weight grids, mantissas, exponents and delays."""
