"""The engine for processors with caches and vector registers: blocks, tiles, threads."""
