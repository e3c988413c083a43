"""A chip as data: widths, limits and rules, the mesh, and what registers mean."""
