"""Overflows of a run by population and by connection, and the warning that tells about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .._support.warn import warn_user
from ..chip.registers import OVERFLOWS, PROGRAM_OVERFLOWS
from ..chip.spec import CoreSpec
from ..errors import ChipOverflowWarning
from ..image import ChipImage
from ..recording import Recording, joined_counts, joined_overflows
from ..typing import Int32Array
from .connections import group_names
from .engine import Registers

__all__ = [
    "ELSEWHERE",
    "count_overflows",
    "describe_overflows",
    "first_overflow_message",
    "meaning_of",
    "warn_of_overflows",
]

CHILD = "child_"
"""Beginning of the name of a counter of child compartments."""

ELSEWHERE = ""
"""Key of the compartments that belong to no population of the symbols."""

_LISTED = 3  # populations or connections in a warning
_NOTABLE = 0.1  # of the spikes that teach: rarer ones hardly change what is learned
_EFFECTS = {
    "wraps": "A register that wraps changes its sign: spikes are lost or added.",
    "voltage_clips_low": "v at its lower limit forgets the inhibition that goes beyond it.",
    "voltage_clips_high": "v at its upper limit is cut off and reaches no threshold above it.",
    "program_clips": "A value at the limit of its width loses what goes beyond it.",
    "traces": "A trace at its limit forgets spikes, and changes weights by too little.",
}


def count_overflows(
    registers: Registers, compartments: Mapping[str, tuple[Int32Array, Int32Array]]
) -> dict[str, dict[str, int]]:
    """Return the numbers of overflows above 0 by population and counter.

    Parameters
    ----------
    registers : Registers
        Result of a run.
    compartments : dict of str to (own, children)
        Compartments of each population, and their children.
    """
    if registers.overflows is None:
        return {}
    above_zero = partial(_above_zero, registers.kinds)
    left = registers.overflows.sum(axis=0, dtype=np.int64)
    found = {}
    for name, (own, children) in compartments.items():
        sums = [registers.overflows[ids].sum(axis=0, dtype=np.int64) for ids in (children, own)]
        left -= sums[0] + sums[1]
        found[name] = above_zero(sums[0], CHILD) | above_zero(sums[1])
    found[ELSEWHERE] = above_zero(left)
    return {name: counts for name, counts in found.items() if counts}


def warn_of_overflows(image: ChipImage, runs: Sequence[Recording]) -> None:
    """Warn once if a register overflowed in any run of an image."""
    text = describe_overflows(image, runs)
    if text:
        warn_user(text, ChipOverflowWarning)


def describe_overflows(image: ChipImage, runs: Sequence[Recording]) -> str:
    """Return which registers overflowed in runs of an image, the effect and what helps; or ``""``.

    Traces beyond their limit are told if they are more than 10 % of the spikes that taught. Weights
    and sums at their limit are what rules intend.

    Parameters
    ----------
    image : ChipImage
        Image of all runs.
    runs : sequence of Recording
        One run, or all runs of a batch.
    """
    found, saturated = joined_overflows(runs), _saturated(image, runs)
    if not found and not saturated:
        return ""
    worst = sorted(found, key=lambda name: -sum(found[name].values()))
    listed = _listed([_of_population(name, found[name], image) for name in worst])
    listed += _listed(saturated)
    concerned = sum(bool(run.overflows or _saturated(image, [run])) for run in runs)
    where = "run" if len(runs) == 1 else f"{concerned} of {len(runs)} runs"
    kinds = {kind.removeprefix(CHILD) for counts in found.values() for kind in counts}
    kinds |= {"traces"} if saturated else set()
    effects = [text for end, text in _EFFECTS.items() if any(kind.endswith(end) for kind in kinds)]
    return " ".join([f"{where}: {'; '.join(listed)}.", *effects, _remedy(image, bool(found))])


def meaning_of(kind: str, core: CoreSpec) -> str:
    """Return the text of an overflow, with the width of its register."""
    if kind in PROGRAM_OVERFLOWS:
        return PROGRAM_OVERFLOWS[kind]
    if not kind.endswith("_wraps"):
        return OVERFLOWS[kind]
    bits = core.accumulator_bits if kind == "accumulator_wraps" else core.state_bits
    return f"{OVERFLOWS[kind]} at {bits} bits"


def first_overflow_message(image: ChipImage, step: int, compartment: int, kind: str) -> str:
    """Describe the first overflow of a run: neuron, time, register, and what to do."""
    meaning = meaning_of(kind, image.chip.core)
    who, when = f"compartment {compartment}", f"step {step}"
    if image.symbols is not None:
        join = image.compartments.join
        joins_next = compartment + 1 < len(join) and join[compartment + 1] == 1
        child, neuron = ("the child of ", compartment + 1) if joins_next else ("", compartment)
        when = f"{step * image.symbols.dt:g} ms (step {step})"
        for item in image.symbols.populations:
            where = np.flatnonzero(item.compartment_ids == neuron)
            if where.size:
                who = f"{child}neuron {where[0]} of {item.name!r}"
    return (
        f"{who}: at {when} {meaning}. Compile with more headroom, or run with strict=False to "
        "count such events."
    )


def _listed(texts: list[str]) -> list[str]:
    """Return the first texts, and how many more there are."""
    more = [f"and {len(texts) - _LISTED} more"] if len(texts) > _LISTED else []
    return [*texts[:_LISTED], *more]


def _saturated(image: ChipImage, runs: Sequence[Recording]) -> list[str]:
    """Return a text for each connection that notably often met a trace at its limit."""
    if image.learning is None:
        return []
    counted = joined_counts(run.learning for run in runs)
    found = []
    for name, item in zip(group_names(image), image.learning.groups, strict=True):
        counts = counted.get(name, {})
        each = "events" if item.rule.spec.trace_per_synapse else "spikes"
        beyond, of = (counts.get(kind, 0) for kind in ("traces", each))
        if beyond > _NOTABLE * of:
            found.append(
                f"connection {name!r}: traces met their limit {beyond:,} times in {of:,} {each}"
            )
    return found


def _above_zero(kinds: tuple[str, ...], counts: Any, prefix: str = "") -> dict[str, int]:
    named = zip(kinds, counts.tolist(), strict=True)
    return {prefix + kind: count for kind, count in named if count}


def _of_population(name: str, counts: Mapping[str, int], image: ChipImage) -> str:
    texts = []
    for kind, count in counts.items():
        text = meaning_of(kind.removeprefix(CHILD), image.chip.core)
        child = "in the child compartments " if kind.startswith(CHILD) else ""
        texts.append(f"{child}{text} {count:,} time{'s' if count > 1 else ''}")
    owner = f"population {name!r}" if name != ELSEWHERE else "other compartments"
    return f"{owner}: {', '.join(texts)}"


def _remedy(image: ChipImage, of_neurons: bool) -> str:
    """Return what helps registers of neurons, or traces alone."""
    compiled = image.symbols is not None and "headroom" in image.symbols.report.options
    if not compiled:
        if not of_neurons:
            return "Use smaller impulses."
        return "Use smaller weights and biases, or a chip with wider registers."
    assert image.symbols is not None
    options = image.symbols.report.options
    rates = (
        f"a higher assumed_rate (now {options['assumed_rate']}), the recording of a float run as "
        "activity, or the expected_rate of inputs whose spikes are not known"
    )
    if not of_neurons:
        return f"Compile with {rates}."
    return (
        f"Compile with a higher headroom (now {options['headroom']}): sources that spike in the "
        f"same step need it. If rates were predicted too low, {rates} helps, too."
    )
