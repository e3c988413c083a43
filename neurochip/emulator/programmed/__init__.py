"""The engine for neuron programs: one generated kernel per program, and spikes with payloads."""
