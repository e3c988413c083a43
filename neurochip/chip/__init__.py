"""The chip as data: widths, limits, rules, the mesh, and the decoding of registers."""
