"""How kernels are compiled, kept on disk and run on threads, and instructions Numba lacks."""
