"""Write the rows of weights of the compile report."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from neurochip.chip.registers import weights_in_sum
from neurochip.chip.spec import ChipSpec
from neurochip.image.report_rows import ReportRow, Span
from neurochip.typing import Float64Array

from .explain_rows import MATTERS
from .neurons.lower import LoweredPopulation
from .neurons.weights import chunks
from .synapses.convert import ConnectionRegisters

__all__ = ["weight_row"]

_WEIGHTS = {0: "weight", 1: "weight > 0", -1: "weight < 0"}
_FEW = 32  # weight levels below which weights may be off by more than that


def weight_row(item: ConnectionRegisters, target: LoweredPopulation, chip: ChipSpec) -> ReportRow:
    """Return the row of the weights of a projection."""
    gain = target.decays.receptors[item.projection.receptor].gain
    per_unit = target.lsb_per_mv * gain  # LSB of a weight of 1
    several = bool((per_unit != per_unit[0]).any())
    connection = item.connection
    unit = connection.unit
    n, size = connection.n_synapses, connection.target.size
    asked_all = np.broadcast_to(np.asarray(connection.weight), (n,))
    used_mantissas = range(int(item.mantissa.min(initial=0)), int(item.mantissa.max(initial=0)) + 1)
    levels = weights_in_sum(np.array(used_mantissas), item.grid.format, chip.core)
    positive = bool(asked_all.min(initial=0.0) >= 0)
    sums, squares = np.zeros((3, size)), np.zeros((2, size))
    spans: list[tuple[Span, Span]] = []
    sizes: list[int] = []
    lost, smallest, worst = 0, np.inf, 0.0
    for part in chunks(n):
        post, asked = connection.post[part].astype(np.intp), asked_all[part]
        integers = levels[item.mantissa[part].astype(np.intp) - used_mantissas.start]
        meant = integers / (per_unit[post] if several else per_unit[0])
        spans.append((Span.of(asked), Span.of(meant)))
        sizes.append(len(post))
        gone = (integers == 0) & (asked != 0)
        lost += int(gone.sum())
        smallest = min(smallest, float(np.abs(asked[gone]).min(initial=np.inf)))
        error = meant - asked
        worst = max(worst, float(error[np.argmax(np.abs(error))]), key=abs)
        np.add.at(sums[0], post, asked)
        np.add.at(sums[1], post, meant)
        if not positive:
            np.add.at(sums[2], post, np.abs(asked))
        if item.rule != "nearest":
            for total, values in zip(squares, (asked, meant), strict=True):
                np.add.at(total, post, values**2)
    if positive:
        sums[2] = sums[0]
    span = _join([s[0] for s in spans], sizes)
    largest = max(-span.low, span.high)
    # Not relative to each weight: one that became 0 would always be off by 100 %.
    relative = worst / largest if largest else math.nan
    # Relative to the sum of magnitudes: a balanced sum is near 0, but its error is not.
    reached = sums[2] > 0
    off = (sums[1] - sums[0])[reached] / sums[2][reached]
    summed = float(np.sqrt(np.mean(off**2))) if off.size else 0.0
    warnings = []
    used, available = int(np.abs(item.mantissa).max()), item.grid.largest // item.grid.step
    used //= item.grid.mantissa_step
    if used < min(_FEW, available / 2) and abs(relative) > MATTERS:
        warnings.append(
            f"only {used} of {available} weight levels are used, so weights are off by up to "
            f"{100 * abs(relative):.2g} % of the largest: the scale of "
            f"{connection.target.name!r} is bounded by its {target.scale.binding}"
            f"{_remedy(target.scale.binding)}"
        )
    if lost:
        warnings.append(
            f"{lost} of {n} weights became 0 (the smallest asked is {smallest:.3g} {unit}, one "
            f"step of the weight register {item.grid.step / per_unit.max():.3g} {unit})"
        )
    if summed > MATTERS:
        warnings.append(f"the summed weight of a neuron is off by {100 * summed:.2g} % (rms)")
    return ReportRow(
        kind="connection",
        owner=connection.name,
        parameter=_WEIGHTS[item.projection.sign],
        unit=unit,
        asked=span,
        registers={
            "mantissa": Span.of(item.mantissa),
            "exponent": Span.of(item.grid.format.weight_exponent),
        },
        meant=_join([s[1] for s in spans], sizes),
        error=worst,
        relative_error=relative,
        note=f"{item.grid.format.sign_mode.name.lower()}, {used} of {available} levels; "
        f"sums off by {100 * summed:.2g} % (rms)" + _squares_note(squares),
        warning="; ".join(warnings),
    )


def _remedy(binding: str) -> str:
    """Return what to do against a bound of the scale, as the end of a warning."""
    if binding.startswith("peak of"):
        return (
            " at the assumed rates; if sources fire less, state it (activity, assumed_rate, "
            "expected_rate), or lower headroom"
        )
    return "; weight_rounding='moments' preserves their sums"


def _squares_note(squares: Float64Array) -> str:
    asked, meant = squares[:, squares[0] > 0]
    if not asked.size:
        return ""
    return f", squares by {100 * np.sqrt(np.mean((meant / asked - 1) ** 2)):.2g} %"


def _join(spans: Sequence[Span], sizes: Sequence[int]) -> Span:
    """Return the span of all values from the spans and sizes of their parts."""
    return Span(
        min(s.low for s in spans),
        float(np.average([s.mean for s in spans], weights=sizes)),
        max(s.high for s in spans),
    )
