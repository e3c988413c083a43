"""The answer to "how many bits": what was tested, the verdict, and its sentence."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.text import aligned, folded, percent
from ..sweeps import Sweep
from ..validation import Conclusion
from .decide import MOST_SEEDS, Verdict, WidthResult, conclude_width, verdict

__all__ = ["HEADER", "BitsAnswer"]

HEADER = ("width", "population", "float", "chip", "difference", "90 % interval", "|neuron|", "")
"""Names of the columns of :meth:`BitsAnswer.rows`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BitsAnswer:
    """How many bits of a register a network needs; made by :func:`neurochip.bits`.

    Parameters
    ----------
    register : str
        Field of :class:`~neurochip.CoreSpec` that was varied.
    results : tuple of WidthResult
        One for each width that ran and each population, from the widest down.
    problems : dict of int to str
        Widths that cannot be compiled, each with its reason.
    tolerance : float
        Largest acceptable difference of a mean rate, as a fraction of the rate in float.
    dt, duration : float, ms
        Time step, and length of each run.
    seeds : tuple of int
        Seeds of the inputs.
    floor : dict of str to tuple of float
        Noise floor of each population that spikes: the 90 % interval of the same difference
        between float and float with all weights changed at random by up to 0.1 %, over the same
        seeds. Empty if the network has no synapses, or the chip cannot hold it.
    random : bool
        Whether the runs depend on the seed.
    sweep : Sweep
        The runs, with all columns of a sweep.
    """

    register: str
    results: tuple[WidthResult, ...]
    problems: Mapping[int, str]
    tolerance: float
    dt: float
    duration: float
    seeds: tuple[int, ...]
    floor: Mapping[str, tuple[float, float]]
    random: bool
    sweep: Sweep = field(repr=False)

    @property
    def widths(self) -> tuple[int, ...]:
        """All widths that were asked for, from the widest down."""
        return tuple(sorted({item.width for item in self.results} | set(self.problems))[::-1])

    @property
    def populations(self) -> tuple[str, ...]:
        """Names of the populations, in the order of the network."""
        return tuple(dict.fromkeys(item.population for item in self.results))

    @property
    def silent(self) -> tuple[str, ...]:
        """Populations without a spike in float, about which there is no answer."""
        rates = {item.population: item.reference_rate for item in self.results}
        return tuple(name for name, rate in rates.items() if rate == 0)

    @property
    def conclusions(self) -> dict[int, Conclusion]:
        """Conclusion about each width, from the widest down: its worst population decides.

        A width that cannot be compiled is DIFFERENT. Those above the widest that can are omitted.
        """
        ran = {item.width for item in self.results}
        return {
            width: conclude_width(self.at(width)) if width in ran else Conclusion.DIFFERENT
            for width in self.widths
            if width <= max(ran, default=width)
        }

    @functools.cached_property
    def verdict(self) -> Verdict:
        """Verdict on all widths; without any number if no population spikes."""
        if self.results and set(self.silent) == set(self.populations):
            return Verdict(None, None, ())
        return verdict(self.conclusions)

    @property
    def enough(self) -> int | None:
        """Smallest width whose rates are equal within the tolerance, as are those of wider ones."""
        return self.verdict.enough

    @property
    def not_enough(self) -> int | None:
        """Largest width whose rates differ beyond the tolerance, as do those of narrower ones.

        A width that cannot be compiled counts as one whose rates differ.
        """
        return self.verdict.not_enough

    @property
    def undecided(self) -> tuple[int, ...]:
        """Widths between the two, from the widest down."""
        return self.verdict.undecided

    @property
    def resolution(self) -> float:
        """Largest difference that the runs at ``enough`` do not exclude, as a fraction; or NaN."""
        if self.enough is None:
            return math.nan
        bounds = [abs(bound) for item in self.at(self.enough) for bound in item.interval]
        return max((bound for bound in bounds if not math.isnan(bound)), default=math.nan)

    def at(self, width: int) -> tuple[WidthResult, ...]:
        """Return the results of one width, one for each population."""
        return tuple(item for item in self.results if item.width == width)

    def seeds_to_decide(self, width: int) -> int | None:
        """Return about how many seeds would decide a width, or None if unknown or above 1,000.

        The number follows from the spread over the seeds that ran, so it is itself uncertain. One
        population that differs would decide; without one, all of them must be equal.
        """
        open_ones = [r for r in self.at(width) if r.conclusion is Conclusion.UNDECIDED]
        beyond = [r.seeds_to_decide for r in open_ones if abs(r.difference) > self.tolerance]
        if beyond:
            return min((number for number in beyond if number is not None), default=None)
        within = [item.seeds_to_decide for item in open_ones]
        return None if None in within else max(filter(None, within), default=None)

    @property
    def sentence(self) -> str:
        """The answer in words, with its resolution."""
        return " ".join(_sentences(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the answer and its numbers as data for JSON, without the sweep."""
        return {
            "answer": self.sentence,
            "register": self.register,
            "enough": self.enough,
            "not_enough": self.not_enough,
            "undecided": list(self.undecided),
            "resolution": plain_data(self.resolution),
            "tolerance": self.tolerance,
            "dt": self.dt,
            "duration": self.duration,
            "seeds": list(self.seeds),
            "random": self.random,
            "silent": list(self.silent),
            "floor": plain_data(dict(self.floor)),
            "problems": plain_data(dict(self.problems)),
            "results": [item.to_dict() for item in self.results],
        }

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of a table, one row for each width and population."""
        for width in self.widths:
            if width in self.problems:
                yield str(width), *[""] * 6, f"cannot be compiled: {self.problems[width]}"
            for item in self.at(width):
                yield (
                    str(width),
                    item.population,
                    f"{item.reference_rate:.2f} Hz",
                    f"{item.chip_rate:.2f} Hz",
                    "-" if math.isinf(item.difference) else percent(item.difference),
                    _interval(item.interval),
                    percent(item.neuron_error, ""),
                    item.conclusion.value,
                )

    def __str__(self) -> str:
        short = {item.value: item.name.lower() for item in Conclusion}
        table = [
            tuple(short.get(cell, cell.removesuffix(" Hz")) for cell in row)
            for row in (("", *HEADER[1:]), *self.rows())
        ]
        lines = [*folded(self.sentence), "", *aligned(table, left=(1, len(HEADER) - 1))]
        lines.append("Rates in Hz; equal: within the tolerance.")
        if self.floor:
            floor = f"Noise floor, float with weights changed by 0.1 %: {self.floor_text()}."
            lines += ["", *folded(floor)]
        return "\n".join(lines)

    def floor_text(self) -> str:
        """Return the noise floor of each population as text."""
        return ", ".join(f"{name} {_interval(ends)}" for name, ends in self.floor.items())

    def __repr__(self) -> str:
        found = {"enough": self.enough, "not enough": self.not_enough}
        facts = [f"{name}: {width}" for name, width in found.items() if width is not None]
        if self.undecided:
            facts.append(f"undecided: {', '.join(map(str, self.undecided))}")
        return line(self, self.register, *facts, f"{len(self.seeds)} seeds")


def _interval(ends: tuple[float, float]) -> str:
    return "-" if math.isnan(ends[0]) else f"{percent(ends[0])[:-2]} to {percent(ends[1])}"


def _sentences(answer: BitsAnswer) -> Iterator[str]:
    """Yield the verdict, what is undecided, and what limits the answer."""
    if not answer.results:
        width = answer.widths[0]
        reason = answer.problems[width]
        yield f"No answer: no width can be compiled; {_amount(answer, width)}: {reason}"
        return
    if set(answer.silent) == set(answer.populations):
        yield (
            "No answer: no population spikes in float, so there are no rates to compare. Increase "
            "the input or the duration."
        )
        return
    yield f"{_claim(answer)} ({_evidence(answer)})."
    yield from _neurons(answer)
    yield from _undecided(answer)
    yield from _limits(answer)


def _claim(answer: BitsAnswer) -> str:
    enough, lacking = answer.enough, answer.not_enough
    refused = "" if lacking is None else f"{lacking} {_be(answer, lacking)} not: {_why(answer)}"
    if enough is not None:
        claim = f"{_amount(answer, enough)} {_be(answer, enough)} enough for mean rates"
        if refused:
            return f"{claim}, {refused}"
        return f"{claim}, the least of those tested" if not answer.undecided else claim
    if lacking is None:
        return f"Undecided how large {answer.register} must be"
    claim = f"{_amount(answer, lacking)} {_be(answer, lacking)} not enough: {_why(answer)}"
    return claim if answer.undecided else f"{claim}; no larger value was tested"


def _why(answer: BitsAnswer) -> str:
    """Return the largest difference at the width that is not enough, or why it does not compile."""
    assert answer.not_enough is not None
    if answer.not_enough in answer.problems:
        reason = answer.problems[answer.not_enough].partition(". ")[0]  # without the remedy
        return f"it cannot be compiled, {reason.rstrip('.')}"
    worst = max(
        (r for r in answer.at(answer.not_enough) if r.conclusion is Conclusion.DIFFERENT),
        key=lambda item: abs(item.difference),
    )
    if math.isinf(worst.difference):
        return f"{worst.population!r} spikes on the chip only"
    where = f" in {worst.population!r}" if len(answer.populations) > 1 else ""
    digits = 0 if abs(worst.difference) >= 1 else 1
    return f"rates {percent(worst.difference, digits=digits)}{where}"


def _evidence(answer: BitsAnswer) -> str:
    runs = f"{len(answer.seeds)} seeds" if answer.random else "one input, whatever the seed"
    if answer.enough is None:
        return f"{runs}; tolerance {100 * answer.tolerance:g} % of the rate"
    bound = math.ceil(1000 * answer.resolution) / 10
    return f"{runs}; no difference above {bound:g} % of the rate"


def _neurons(answer: BitsAnswer) -> Iterator[str]:
    """Yield how far the rates of single neurons are off, which their mean does not show."""
    if answer.enough is None:
        return
    widest = max(item.width for item in answer.results)
    found, least = (
        max((r.neuron_error for r in answer.at(width) if r.neuron_error >= 0), default=math.nan)
        for width in (answer.enough, widest)
    )
    compared = f" (with {widest}: {percent(least, '', 1)})" if widest != answer.enough else ""
    yield f"Single neurons are off by {percent(found, '', 1)} on average{compared}."


def _undecided(answer: BitsAnswer) -> Iterator[str]:
    conclusions = answer.conclusions
    found = [w for w in answer.undecided if conclusions[w] is Conclusion.UNDECIDED]
    if not found:
        return
    number = answer.seeds_to_decide(found[0])
    subject = f"{_amount(answer, *found)} {_be(answer, *found)} undecided"
    which = f" {found[0]}" if len(found) > 1 else ""
    if number is not None:
        yield f"{subject}: about {number} seeds would decide{which}."
    else:
        yield f"{subject}, and up to {MOST_SEEDS:,} seeds would not decide{which}."


def _limits(answer: BitsAnswer) -> Iterator[str]:
    conclusions, ran = answer.conclusions, {item.width for item in answer.results}
    differ = [w for w in ran if conclusions[w] is Conclusion.DIFFERENT]
    equal = [w for w in ran if conclusions[w] is Conclusion.EQUAL]
    if differ and equal and max(differ) > min(equal):
        yield (
            f"More is not always better here: {max(differ)} differ and {min(equal)} do not, since "
            "rounding happens to suit the parameters at some widths."
        )
    wider = [width for width in answer.problems if width not in conclusions]
    if wider:
        yield (
            f"{_amount(answer, min(wider))} and more cannot be compiled: "
            f"{answer.problems[min(wider)]}"
        )
    if answer.silent:
        names = ", ".join(map(repr, answer.silent))
        yield f"No answer about {names}: no spikes in float."


def _amount(answer: BitsAnswer, *widths: int) -> str:
    """Return widths with their unit: "3 weight bits", "3 and 2 weight bits", "delay_max = 20"."""
    listed = ", ".join(map(str, widths[:-1]))
    listed = f"{listed} and {widths[-1]}" if listed else str(widths[-1])
    if not answer.register.endswith("_bits"):
        return f"{answer.register} = {listed}"
    kind = answer.register.removesuffix("_bits").removesuffix("_mantissa").replace("_", " ")
    return f"{listed} {kind} bit{'' if widths == (1,) else 's'}"


def _be(answer: BitsAnswer, *widths: int) -> str:
    singular = len(widths) == 1 and (widths == (1,) or not answer.register.endswith("_bits"))
    return "is" if singular else "are"
