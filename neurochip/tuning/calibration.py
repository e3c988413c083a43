"""Result of a calibration: values, and a table for a terminal."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from .._support.brief import brief
from .._support.json_text import plain_data
from .._support.text import percent
from ..image import ChipImage

__all__ = ["Calibration", "Trim"]


@dataclass(frozen=True, kw_only=True)
class Trim:
    """Shifts of one population, and its rate before and after.

    Parameters
    ----------
    population : str
        Name of the population.
    threshold_shift, bias_shift : float, mV
        Shift of the thresholds, and of the levels that the biases hold; 0 if no shift was needed
        or none helped.
    reference_rate : float, Hz
        Mean rate of float64 over all stimuli.
    rate_before, rate_after : float, Hz
        Mean rate of the chip over all stimuli.
    fresh_reference_rate, fresh_rate : float, Hz
        Mean rate of float64 and of the trimmed chip over the fresh stimuli, which were not used for
        the fit; NaN if there are none.
    agrees : bool
        Whether ``rate_after`` matches ``reference_rate`` within the tolerance.
    """

    population: str
    threshold_shift: float
    bias_shift: float
    reference_rate: float
    rate_before: float
    rate_after: float
    agrees: bool
    fresh_reference_rate: float = math.nan
    fresh_rate: float = math.nan

    __repr__ = brief

    @property
    def error_before(self) -> float:
        """Relative error of ``rate_before``; NaN for a reference of 0 Hz."""
        return _relative(self.rate_before, self.reference_rate)

    @property
    def error_after(self) -> float:
        """Relative error of ``rate_after``; NaN for a reference of 0 Hz.

        It is the error on the stimuli of the fit, and smaller than on others.
        """
        return _relative(self.rate_after, self.reference_rate)

    @property
    def error_fresh(self) -> float:
        """Relative error of ``fresh_rate``: the figure to quote. NaN if it is not known."""
        return _relative(self.fresh_rate, self.fresh_reference_rate)


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """Image whose registers were trimmed against float64; made by :func:`calibrate`.

    The image no longer runs the described network: its thresholds or biases were moved so that the
    rates match on the given stimuli. On other stimuli they may differ.

    Parameters
    ----------
    image : ChipImage
        The trimmed image. Its compile report describes the image before the calibration, with a
        warning for each register that was moved.
    trims : tuple of Trim
        One trim for each population.
    dt, fine_dt : float, ms
        Time steps of the chip and of the float64 runs.
    tolerance : float
        Largest relative error of a rate that counts as agreement.
    stimuli : int
        Number of stimuli.
    duration : float, ms
        Total duration of the stimuli.
    runs : int
        Number of chip runs.
    fresh : int
        Number of fresh stimuli on which the result was tested.
    fresh_duration : float, ms
        Their total duration.
    """

    image: ChipImage
    trims: tuple[Trim, ...]
    dt: float
    fine_dt: float
    tolerance: float
    stimuli: int
    duration: float
    runs: int
    fresh: int = 0
    fresh_duration: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether the rates of all populations agree."""
        return all(item.agrees for item in self.trims)

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row per population; None where undefined."""
        rows = []
        for item in self.trims:
            names = ("error_before", "error_after", "error_fresh")
            errors = {name: getattr(item, name) for name in names}
            row = {**asdict(item), **errors}
            rows.append(plain_data(row))
        return rows

    def __str__(self) -> str:
        stimuli = "1 stimulus" if self.stimuli == 1 else f"{self.stimuli} stimuli"
        lines = [
            f"Calibrated on {stimuli}, {self.duration:g} ms in all, against float64 in steps of "
            f"{self.fine_dt:g} ms ({self.runs} runs)",
            f"  {'population':16}{'float64':>12}{'before':>20}{'fitted':>20}{'fresh':>9}   trimmed",
        ]
        for item in self.trims:
            cells = "".join(
                f"{_hz(rate):>11}{percent(error):>9}"
                for rate, error in (
                    (item.rate_before, item.error_before),
                    (item.rate_after, item.error_after),
                )
            )
            named = {"threshold": item.threshold_shift, "bias": item.bias_shift}
            done = ", ".join(f"{name} {mv:+.4g} mV" for name, mv in named.items() if mv)
            note = "" if item.agrees else "; does not agree"
            lines.append(
                f"  {item.population[:16]:16}{_hz(item.reference_rate):>12}{cells}"
                f"{percent(item.error_fresh):>9}   "
                f"{done or 'nothing'}{note}"
            )
        lines.append(self.tested)
        return "\n".join(lines)

    @property
    def tested(self) -> str:
        """Sentence about the test on fresh stimuli."""
        if not self.fresh:
            return (
                "Not tested on a fresh stimulus: the network has no Poisson inputs to draw again."
            )
        stimuli = "a stimulus" if self.fresh == 1 else f"{self.fresh} stimuli"
        return (
            f"Quote the errors in the column fresh: {stimuli} of {self.fresh_duration:g} ms in all "
            "that the fit did not see."
        )

    def __repr__(self) -> str:
        agrees = sum(item.agrees for item in self.trims)
        return f"Calibration({agrees} of {len(self.trims)} populations agree)"


def _relative(rate: float, reference: float) -> float:
    return rate / reference - 1 if reference else math.nan


def _hz(rate: float) -> str:
    return f"{rate:.3f} Hz"
