"""The answer to a comparison in one sentence: the total error, and what causes it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.names import visible
from .._support.text import percent
from ..network.coupling import RECURRENT
from ..recurrence import is_long_step
from .equivalence import Equivalence
from .population import PopulationComparison
from .split import RateError
from .verdict import Verdict

__all__ = ["Answer", "answer", "lead", "worst_first"]

_SMALL_PART = 0.25  # of the larger part: a part below it is not named as a cause


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a comparison says about the mean rate of a population.

    All numbers are signed fractions of the rate of the fine run (of the reference, if there is no
    fine run), NaN where they are not known.

    Parameters
    ----------
    population : str
        Name of the population.
    verdict : Verdict
        Whether the rates can be compared.
    total : float
        Chip against the fine run; NaN without one.
    time_step : float
        Reference on the chip's grid against the fine run; NaN without one.
    registers : float
        Chip against the reference on its grid.
    noise_floor : float
        Difference of two float runs that differ in one synapse (95 % of them differ by less); NaN
        if it was not measured.
    resolution : float
        Smallest difference that this run resolves: half the 95 % interval of the total (of the
        registers, without a fine run), or the noise floor if that is larger.
    reason : str
        ``"time step"``, ``"registers"``, ``"both"`` (they add up), ``"cancellation"`` (they
        cancel), ``"chance"`` (no difference is resolved), ``"noise floor"`` (a difference no larger
        than it), or ``"nothing known"``.
    sentence : str
        The answer in one or two sentences.
    """

    population: str
    verdict: Verdict
    total: float
    time_step: float
    registers: float
    noise_floor: float
    resolution: float
    reason: str
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as data for JSON, with None for NaN."""
        fields = {**vars(self), "verdict": self.verdict.value}
        return {name: plain_data(value) for name, value in fields.items()}

    def __repr__(self) -> str:
        return line(self, repr(self.population), repr(self.sentence))


def answer(
    item: PopulationComparison,
    dt: float,
    fine_dt: float | None,
    over_seeds: Equivalence | None = None,
) -> Answer:
    """Return the answer for a population.

    Parameters
    ----------
    item : PopulationComparison
        Its comparison.
    dt, fine_dt : float, ms
        Steps of the runs; no ``fine_dt`` without a fine run.
    over_seeds : Equivalence, optional
        Difference of the mean rates of chip and reference over several seeds, which the sentence
        adds.
    """
    nan = math.nan
    floor = nan if item.noise_floor is None else item.noise_floor.rate
    split, registers = item.split, item.rate_error
    total = time_step = nan
    interval = item.rate_error_interval
    if split is not None:
        total, time_step, registers = (
            part.signed for part in (split.total, split.time_step, split.quantisation)
        )
        interval = split.total.interval
    if item.verdict is Verdict.COMPARED and math.isfinite(total):
        reason, sentence = _of_split(item, dt, floor)
    elif item.verdict is Verdict.COMPARED and split is None:
        reason, sentence = _of_registers(item, floor)
    else:
        reason, sentence = _of_no_rate(item, dt, fine_dt)
    if over_seeds is not None and not math.isnan(over_seeds.interval[0]):
        low, high = over_seeds.interval
        sentence += (
            f" Over {over_seeds.pairs} seeds the registers change rates by "
            f"{_signed(over_seeds.difference)} ({_signed(low)} to {_signed(high)})."
        )
    elif item.coupling == RECURRENT and reason in ("chance", "noise floor"):
        sentence += " `neurochip validate --seeds 8` resolves smaller differences."
    return Answer(
        population=item.name,
        verdict=item.verdict,
        total=total,
        time_step=time_step,
        registers=registers,
        noise_floor=floor,
        resolution=_resolution(interval, floor),
        reason=reason,
        sentence=sentence,
    )


def worst_first(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Return answers in the order of their size: runs that fell silent first, unknown ones last."""
    silenced = (Verdict.SILENT_AT_STEP, Verdict.SILENT_ON_CHIP, Verdict.SILENT_IN_REFERENCE)

    def size(item: Answer) -> float:
        if item.verdict in silenced:
            return math.inf
        known = [abs(part) for part in (item.total, item.registers) if not math.isnan(part)]
        return known[0] if known else -1.0

    return tuple(sorted(answers, key=size, reverse=True))


def lead(answers: Iterable[Answer]) -> list[str]:
    """Return one line for each population, worst first; names only if there are several."""
    ordered = worst_first(answers)
    if len(ordered) == 1:
        return [ordered[0].sentence]
    return [f"{visible(item.population)}: {item.sentence}" for item in ordered]


def _of_split(item: PopulationComparison, dt: float, floor: float) -> tuple[str, str]:
    """Return reason and sentence for rates that can be compared with a fine run."""
    assert item.split is not None
    total, step, registers = item.split.total, item.split.time_step, item.split.quantisation
    if math.isnan(total.interval[0]):
        return "nothing known", (
            f"Undecided: the run is too short for an interval (time step "
            f"{_signed(step.signed)}, registers {_signed(registers.signed)})."
        )
    parts = f"time step {_signed(step.signed)}, registers {_signed(registers.signed)}"
    if _is_real(total, floor):
        return _of_total(item, dt, floor)
    opposite = step.signed * registers.signed < 0
    if opposite and all(_is_real(part, floor) for part in (step, registers)):
        return "cancellation", (
            f"Rates on the chip are within {_size(total.signed)} of float only because two errors "
            f"cancel: {parts}."
        )
    if _excludes_zero(total.interval):
        return "noise floor", _within_floor(total.signed, floor, f" ({parts})")
    resolution = _size(_resolution(total.interval, floor))
    return "chance", (
        f"Rates on the chip are within {_size(total.signed)} of float ({parts}; this run resolves "
        f"{resolution})."
    )


def _of_total(item: PopulationComparison, dt: float, floor: float) -> tuple[str, str]:
    """Return reason and sentence for a total error that is real."""
    assert item.split is not None
    total, step, registers = item.split.total, item.split.time_step, item.split.quantisation
    too = f"Rates on the chip are {_size(total.signed)} too {_direction(total.signed)}: "
    ordered = sorted(
        [("time step", step), ("registers", registers)], key=lambda part: -abs(part[1].signed)
    )
    (large, larger), (small, smaller) = ordered
    step_text = f"the time step ({_signed(step.signed)}{_long_step(item, dt)})"
    shown = {"time step": step_text, "registers": f"the registers ({_signed(registers.signed)})"}
    verb = {"time step": "causes", "registers": "cause"}
    opposite = step.signed * registers.signed < 0
    innocent = not _is_real(smaller, floor) and (opposite or _is_real(larger, floor))
    if innocent or abs(smaller.signed) < _SMALL_PART * abs(larger.signed):
        within = ""
        if not math.isnan(floor) and abs(smaller.signed) <= floor:
            within = f", within the noise floor of {_size(floor)}"
        cause = shown[large].replace(" (", f" {verb[large]} it (", 1)
        rest = shown[small][:-1] + within + ")"
        return large, f"{too}{cause}, not {rest}.{_caution(item)}"
    if not opposite:
        return "both", f"{too}{shown[large]} and {shown[small]} add up.{_caution(item)}"
    cause = shown[large].replace(" (", f" {verb[large]} it (", 1)
    return large, f"{too}{cause}; {shown[small]} cancel{'s' * (small == 'time step')} a part." + (
        _caution(item)
    )


def _of_registers(item: PopulationComparison, floor: float) -> tuple[str, str]:
    """Return reason and sentence for rates without a fine run."""
    unknown = "the effect of the time step is unknown without a fine run"
    interval, error = item.rate_error_interval, item.rate_error
    if item.equal_spikes == 1.0:
        return "chance", f"The registers change no spike; {unknown}."
    if math.isnan(interval[0]):
        return "nothing known", (
            f"Undecided: the run is too short for an interval (registers {_signed(error)}); "
            f"{unknown}."
        )
    if item.beyond_chance:
        return "registers", (
            f"The registers make rates on the chip {_size(error)} too {_direction(error)}; "
            f"{unknown}.{_caution(item)}"
        )
    if _excludes_zero(interval):
        return "noise floor", f"{_within_floor(error, floor, '')} {unknown.capitalize()}."
    return "chance", (
        f"The registers change rates by {_signed(error)}, which may be chance (this run resolves "
        f"{_size(_resolution(interval, floor))}); {unknown}."
    )


def _of_no_rate(item: PopulationComparison, dt: float, fine_dt: float | None) -> tuple[str, str]:
    """Return reason and sentence where a rate is 0, at its limit, or of too few spikes."""
    rates = f"float {_hz(item.reference_rate)}, chip {_hz(item.chip_rate)}"
    if item.verdict is Verdict.SILENT:
        return "nothing known", _of_silence(item)
    if item.fine_rate is not None and bool(item.fine_rate) != bool(item.reference_rate):
        return "time step", _of_time_step(item, dt, fine_dt)
    if item.verdict in (Verdict.SILENT_ON_CHIP, Verdict.SILENT_IN_REFERENCE):
        effect = "silence the chip" if item.reference_rate else "make the chip fire"
        return "registers", f"The registers {effect}: {rates}{_and_step(item)}."
    if item.verdict is Verdict.SATURATED:
        return "nothing known", (
            f"Most intervals are the shortest possible, so rates say little: {rates}"
            f"{_and_step(item)}. Weaken the input."
        )
    spikes = int(item.reference_counts.sum())
    return "nothing known", (
        f"Undecided: {spikes:,} spikes in float are too few to compare rates ({rates}). Run longer."
    )


def _of_time_step(item: PopulationComparison, dt: float, fine_dt: float | None) -> str:
    """Return the sentence for a float model that fires on one of the two grids only."""
    chip = f"fires at {_hz(item.chip_rate)}" if item.chip_rate else "is silent"
    long = _long_step(item, dt).removeprefix(", ")
    coarse = f"in steps of {dt:g} ms{long and f' ({long})'}"
    if item.fine_rate:
        return (
            f"The time step silences float, which fires at {_hz(item.fine_rate)} in steps of "
            f"{fine_dt:g} ms and not at all {coarse}; the chip {chip}. Shorten dt."
        )
    return (
        f"The time step makes float fire at {_hz(item.reference_rate)} {coarse}, while it is "
        f"silent in steps of {fine_dt:g} ms; the chip {chip}. Shorten dt."
    )


def _of_silence(item: PopulationComparison) -> str:
    text = "Silent, in float and on the chip: "
    known = item.circumstances
    if known is None or known.mean_drive is None or not math.isfinite(known.threshold):
        return f"{text}nothing is known about rates. Compare v, or increase the input."
    return (
        f"{text}the mean drive is {known.mean_drive:.2g} mV and the threshold lies "
        f"{known.threshold:.3g} mV above rest. Nothing is known about rates."
    )


def _within_floor(error: float, floor: float, parts: str) -> str:
    return (
        f"Rates on the chip differ by {_signed(error)} from float{parts}, which is within the "
        f"noise floor of {_size(floor)}: one changed synapse moves them as much."
    )


def _is_real(part: RateError, floor: float) -> bool:
    """Return whether a part is more than chance, and more than the noise floor if it is known."""
    return _excludes_zero(part.interval) and not abs(part.signed) <= floor


def _excludes_zero(interval: tuple[float, float]) -> bool:
    low, high = interval
    return not math.isnan(low) and not low <= 0.0 <= high


def _resolution(interval: tuple[float, float], floor: float) -> float:
    half = (interval[1] - interval[0]) / 2
    return half if math.isnan(floor) else max(half, floor)


def _long_step(item: PopulationComparison, dt: float) -> str:
    """Return a step that is long for the neurons as a clause, otherwise nothing."""
    if item.circumstances is None:
        return ""
    name, tau = item.circumstances.shortest_tau
    return f", dt = {dt / tau:.2g} x {name}" if is_long_step(dt, tau) else ""


def _and_step(item: PopulationComparison) -> str:
    if item.split is None or math.isnan(item.split.time_step.signed):
        return ""
    return f"; time step {_signed(item.split.time_step.signed)}"


def _caution(item: PopulationComparison) -> str:
    """Return a reservation about a network whose noise floor was not measured."""
    if item.coupling == RECURRENT and item.noise_floor is None:
        return " The network is recurrent and its noise floor was not run."
    return ""


def _direction(error: float) -> str:
    return "high" if error > 0 else "low"


def _signed(error: float) -> str:
    return percent(error, digits=_digits(error))


def _size(error: float) -> str:
    return percent(abs(error), "", digits=_digits(error))


def _digits(value: float) -> int:
    return 1 if abs(value) >= 0.00995 else 2


def _hz(rate: float) -> str:
    return f"{rate:.3g} Hz"
