"""Compile kernels, cache them on disk, run them on threads, and add instructions Numba lacks."""
