"""The engine for CPUs: cache-sized blocks, vectorised tiles of compartments, and threads."""
