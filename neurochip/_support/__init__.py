"""What every room uses: values from callers, files, names, progress, and the grid of time."""
