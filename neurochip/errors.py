"""Every error that a user of neurochip can meet.

Each message says who, what was asked, what is allowed, and what to do.
"""

from __future__ import annotations

__all__ = [
    "AnalysisError",
    "ChipOverflowError",
    "CompileError",
    "EmulatorError",
    "FileError",
    "FrontendError",
    "ImageError",
    "MissingExtraError",
    "NetworkError",
    "NeurochipError",
    "RecordingError",
    "SpecError",
    "StimulusError",
    "SweepError",
]


class NeurochipError(Exception):
    """Base of all errors that neurochip raises on purpose."""


class SpecError(NeurochipError, ValueError):
    """A chip specification that contradicts itself or that no engine can run."""


class NetworkError(NeurochipError, ValueError):
    """A network description that is incomplete, inconsistent or not physical."""


class StimulusError(NeurochipError, ValueError):
    """A stimulus that does not fit its network or its time grid."""


class CompileError(NeurochipError, ValueError):
    """A network that the chip cannot hold."""


class ImageError(NeurochipError, ValueError):
    """A chip image with illegal register values, or a file that is not a chip image."""


class EmulatorError(NeurochipError, ValueError):
    """A run that was asked for in a way that no engine can carry out."""


class AnalysisError(NeurochipError, ValueError):
    """An analysis that was asked for in a way that cannot be carried out."""


class ChipOverflowError(NeurochipError, ArithmeticError):
    """A register overflowed in a run with ``strict=True``."""


class RecordingError(NeurochipError, ValueError):
    """A recording was asked for something that it does not hold."""


class SweepError(NeurochipError, ValueError):
    """A sweep that was described wrongly, whose file belongs to another, or that cannot go on."""


class FileError(NeurochipError, OSError):
    """A path that cannot be that of a file, or a file that cannot be written.

    It is an ``OSError``, too; ``errno``, ``strerror`` and ``filename`` are those of the cause.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class FrontendError(NeurochipError, ValueError):
    """A model of another simulator that means something neurochip cannot express."""


class MissingExtraError(NeurochipError, ImportError):
    """An optional library is not installed."""
