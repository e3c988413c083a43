"""Place neurons on cores, and cores on the mesh."""
