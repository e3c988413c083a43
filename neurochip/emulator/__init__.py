"""Runs a chip image bit for bit: ``Emulator(image).run(stimulus)``."""

from .emulator import Emulator

__all__ = ["Emulator"]
