"""All exceptions that neurochip raises, and the classes of its warnings.

Each message names the object, what was given, what is allowed, and what to do.
"""

from __future__ import annotations

__all__ = [
    "AnalysisError",
    "ChipOverflowError",
    "ChipOverflowWarning",
    "CompileError",
    "EmulatorError",
    "FileError",
    "FitError",
    "FrontendError",
    "ImageError",
    "LearningError",
    "MissingExtraError",
    "NetworkError",
    "NeurochipError",
    "NeurochipWarning",
    "ProgramError",
    "RecordingError",
    "SpecError",
    "StimulusError",
    "SweepError",
    "UnitWarning",
]


class NeurochipError(Exception):
    """Base class of all exceptions that neurochip raises deliberately."""


class SpecError(NeurochipError, ValueError):
    """A chip specification that is inconsistent or that no engine can run."""


class NetworkError(NeurochipError, ValueError):
    """A network description that is incomplete, inconsistent or not physical."""


class StimulusError(NeurochipError, ValueError):
    """A stimulus that does not fit its network or its time grid."""


class CompileError(NeurochipError, ValueError):
    """A network that cannot be compiled for the chip, or an invalid option of the compiler."""


class FitError(CompileError):
    """A network that exceeds a limit of the chip: a register, a core, or the number of cores."""


class ProgramError(NeurochipError, ValueError):
    """A neuron program that breaks the grammar, or whose values can leave their registers."""


class ImageError(NeurochipError, ValueError):
    """A chip image with illegal register values, or a file that is not a chip image."""


class LearningError(NeurochipError, ValueError):
    """A learning rule that breaks the grammar or leaves its registers, or invalid spikes for it."""


class EmulatorError(NeurochipError, ValueError):
    """Invalid arguments of a run."""


class AnalysisError(NeurochipError, ValueError):
    """Invalid arguments of an analysis."""


class ChipOverflowError(NeurochipError, ArithmeticError):
    """A register overflowed in a run with ``strict=True``."""


class RecordingError(NeurochipError, ValueError):
    """An invalid recording, or a request for data that a recording does not contain."""


class SweepError(NeurochipError, ValueError):
    """An invalid sweep, a file of another sweep, or a sweep that cannot be continued."""


class FileError(NeurochipError, OSError):
    """An invalid path of a file, or a file that cannot be written.

    It is also an ``OSError``; ``errno``, ``strerror`` and ``filename`` are those of the cause.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class FrontendError(NeurochipError, ValueError):
    """A model of another simulator that neurochip cannot represent."""


class MissingExtraError(NeurochipError, ImportError):
    """An optional library is not installed."""


class NeurochipWarning(UserWarning):
    """Base class of the warnings of neurochip about what a user asked for."""


class UnitWarning(NeurochipWarning):
    """A value that is allowed, but probably meant in another unit, such as -0.05 mV for -0.05 V."""


class ChipOverflowWarning(NeurochipWarning):
    """Registers wrapped or clipped in a run, so its spikes or weights may be wrong."""
