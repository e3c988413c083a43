"""Check whether a network fits a chip; if it does not, try changes and report which would help."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochip._support.brief import line
from neurochip._support.text import counted
from neurochip.chip.spec import LOIHI, ChipSpec
from neurochip.errors import CompileError, MissingExtraError
from neurochip.network import Network
from neurochip.recording import Recording

from .options import CompileOptions, chosen, takes_options
from .pipeline import translate
from .placement.place import binding, place
from .placement.workload import Workload

__all__ = ["FitReport", "FitRow", "explain_fit"]

_ROOM = 1 << 20  # chips: enough for any network, so that the needed number can be counted
_FEWER_BITS = (6, 4, 2, 1)


@dataclass(frozen=True)
class FitRow:
    """One way to place the network.

    Parameters
    ----------
    change : str
        The change that was tried; empty for the network as given.
    cores : int or None
        Number of cores needed; None if no number of cores is enough.
    fits : bool
        Whether the chip has that many cores.
    reason : str
        Why no number of cores is enough, or which resource ends most cores.
    tried : bool
        Whether it could be tried; if not, ``reason`` names the library that is missing.
    """

    change: str
    cores: int | None
    fits: bool
    reason: str
    tried: bool = True


@dataclass(frozen=True)
class FitReport:
    """Cores that a network needs, as given and with one change at a time.

    Parameters
    ----------
    chip : ChipSpec
        The chip.
    rows : tuple of FitRow
        The network as given, then each change alone.
    """

    chip: ChipSpec
    rows: tuple[FitRow, ...]

    @property
    def fits(self) -> bool:
        """Whether the network fits as given."""
        return self.rows[0].fits

    def __str__(self) -> str:
        there, first = self.chip.total_cores, self.rows[0]
        if first.cores is None:
            lines = [f"Does not fit {self.chip.name}: {first.reason}"]
        else:
            verdict = "Fits" if first.fits else "Does not fit"
            chips = -(-first.cores // self.chip.cores)
            lines = [
                f"{verdict} {self.chip.name}: needs {counted(first.cores, 'core')} "
                f"({counted(chips, 'chip')}); the target has {counted(there, 'core')} "
                f"({counted(self.chip.chips, 'chip')}). What fills a core first: {first.reason}."
            ]
        if len(self.rows) > 1:
            lines.append("One change at a time:")
        for row in self.rows[1:]:
            if not row.tried:
                lines.append(f"  {row.change:46} not tried: {row.reason}")
            elif row.cores is None:
                lines.append(f"  {row.change:46} does not help")
            else:
                lines.append(
                    f"  {row.change:46} {counted(row.cores, 'core')}, "
                    f"{'fits' if row.fits else 'too many'}"
                )
        return "\n".join(lines)

    def __repr__(self) -> str:
        cores, there = self.rows[0].cores, counted(self.chip.total_cores, "core")
        need = "no number of cores is enough" if cores is None else f"{cores} of {there}"
        return line(self, self.chip.name, "fits" if self.fits else "does not fit", need)


@takes_options
def explain_fit(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    activity: Recording | None = None,
    **options: Any,
) -> FitReport:
    """Place a network as given and, if it does not fit, with one change at a time.

    The changes are fewer weight bits, shorter delays, equal time constants or thresholds within
    each population, and the other placement strategies; and cores with more axons or more synaptic
    memory, if the cores have too few axons for any number of them.

    Parameters
    ----------
    network, chip, dt
        As for :func:`compile_network`.
    activity : Recording, optional
        As for :func:`compile_network`.
    **options
        As for :class:`CompileOptions`.

    Raises
    ------
    CompileError
        If an option is unknown, or a parameter fits no register (no placement changes that).
    """
    asked = dataclasses.replace(chosen(options), sites="in_order")
    work = translate(network, chip, dt, asked, activity).workload()
    rows = [_row("", work, chip, asked)]
    if not rows[0].fits:
        for change, other, strategy in _changes(work, chip, asked.placement):
            changed = chosen({**dataclasses.asdict(asked), "placement": strategy})
            rows.append(_row(change, other, chip, changed))
        if rows[0].cores is None:
            rows += _larger_cores(work, chip, asked)
    return FitReport(chip, tuple(rows))


def _row(change: str, work: Workload, chip: ChipSpec, options: CompileOptions) -> FitRow:
    roomy = dataclasses.replace(chip, chips=_ROOM)
    try:
        placed = place(work, roomy, options)
    except (CompileError, MissingExtraError) as problem:
        tried = not isinstance(problem, MissingExtraError)
        return FitRow(change, None, False, str(problem), tried)
    needed, full = len(placed.sites), binding(placed, work, chip).replace("_", " ")
    return FitRow(change, needed, needed <= chip.total_cores, full)


def _larger_cores(work: Workload, chip: ChipSpec, options: CompileOptions) -> list[FitRow]:
    """Try cores with more axons and, if these help, with more synaptic memory instead.

    A core takes an axon for each group of neurons that sends to it. More memory helps, too, since
    fewer cores make fewer groups.
    """
    many = chip.what_if(input_axons=_ROOM, output_axons=_ROOM, chips=_ROOM)
    try:
        usage = place(work, many, options).usage
    except (CompileError, MissingExtraError):
        return []
    needed: dict[str, Any] = {
        name: int(usage[name].max())
        for name in ("input_axons", "output_axons")
        if usage[name].max() > getattr(chip.core, name)
    }
    words = " and ".join(f"{n} {name.replace('_', ' ')}" for name, n in needed.items())
    rows = [_row(f"cores with {words}", work, chip.what_if(**needed), options)]
    for times in (2, 4, 8):
        larger = chip.what_if(synaptic_words=times * chip.core.synaptic_words)
        rows.append(_row(f"cores with {times} times the synaptic memory", work, larger, options))
        if rows[-1].cores is not None:
            break
    return rows


def _changes(work: Workload, chip: ChipSpec, strategy: str) -> Iterator[tuple[str, Workload, str]]:
    wiring, bits = work.wiring, chip.core.weight_mantissa_bits
    for fewer in _FEWER_BITS:
        if fewer < bits and len(wiring.in_list):
            yield (
                f"weights of {counted(fewer, 'bit')}, not {bits}",
                _replaced(
                    work,
                    format_bits=wiring.format_bits - bits + fewer,
                    part_bits=wiring.part_bits - bits + fewer,
                ),
                strategy,
            )
    longest = int(wiring.format_delay.max(initial=0))
    for most in range(longest - 1, -1, -1):
        less = np.maximum(0, wiring.format_delay - most)
        yield (
            f"delays of at most {counted((1 << most) - 1, 'step')}, not {(1 << longest) - 1}",
            _replaced(
                work,
                format_bits=wiring.format_bits - less,
                format_delay=wiring.format_delay - less,
            ),
            strategy,
        )
    child = np.ones(wiring.n_compartments, dtype=np.int32)
    child[wiring.neuron_ptr[1:] - 1] = 0
    equal = 2 * wiring.population[wiring.neuron_of] + child
    for field, kind in (("profile", "equal time constants"), ("threshold", "equal thresholds")):
        if len(np.unique(getattr(wiring, field))) > len(np.unique(equal)):
            yield f"{kind} in each population", _replaced(work, **{field: equal}), strategy
    for other in ("sequential", "greedy", "hypergraph"):
        if other != strategy:
            yield f"placement={other!r}", work, other


def _replaced(work: Workload, **arrays: Any) -> Workload:
    narrow = {name: values.astype(np.int32) for name, values in arrays.items()}
    return dataclasses.replace(work, wiring=dataclasses.replace(work.wiring, **narrow))
