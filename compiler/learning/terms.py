"""Turn the products of a rule into terms of an engine: coefficients, and impulses of traces."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neurochip.chip.learning_spec import LearningSpec
from neurochip.errors import CompileError
from neurochip.learning.terms import Factor, Term

from .coefficients import Coefficient, coefficients, impulse_unit, in_units
from .products import NOW, Product

__all__ = ["Fitted", "fit_products"]

_TRIED, _TRIPLETS = 24, 8  # best coefficients of pairs and triplets that are tried together


@dataclass(frozen=True)
class Fitted:
    """The terms of a rule, and the impulses of its traces.

    Parameters
    ----------
    terms : tuple of Term
        One for each product, in their order; a product without traces may have more, at the end.
    impulses : dict of str to float
        Impulse of each trace.
    errors : dict of str to float
        Relative error of each amplitude.
    """

    terms: tuple[Term, ...]
    impulses: Mapping[str, float]
    errors: Mapping[str, float]


def fit_products(
    owner: str,
    products: Sequence[Product],
    step: float,
    top: int,
    most: Mapping[str, float],
    spec: LearningSpec,
) -> Fitted:
    """Choose the coefficients of all products, and the impulses of their traces.

    Parameters
    ----------
    owner : str
        The connection, for messages.
    products : sequence of Product
        The rule in real numbers.
    step : float, mV or nA
        One step of the variable that learns.
    top : int
        ``w_max`` in weight steps, for soft bounds.
    most : dict of str to float
        Largest impulse of each trace.
    spec : LearningSpec
        The engine.

    Raises
    ------
    CompileError
        If an amplitude is too small or too large for the engine.
    """
    impulses: dict[str, float] = {}
    chosen: dict[str, Coefficient] = {}

    def fit(item: Product) -> _Asked:
        """Return what a product asks of its coefficient and its impulses."""
        shift = _term(item, Coefficient(1, 0, 1.0, 0.0), top).shift(spec)
        real = abs(item.size) / step / (top if item.soft else 1)
        # A shift rounds down: half a step of the product, against its usual change.
        change = abs(item.size) / step * (0.5 if item.soft else 1.0)
        lost = 0.5 / change if shift else 0.0
        return _Asked(owner, item, math.ldexp(real, shift), shift, lost, most)

    for event in ("x0", "y0"):
        own = [item for item in products if item.event == event and item.trace in NOW]
        pair = next((fit(item) for item in own if not item.second), None)
        triplet = next((fit(item) for item in own if item.second), None)
        if pair is None and triplet is None:
            continue
        trace = own[0].trace
        if triplet is None:
            assert pair is not None
            first = pair.coefficients(spec)[0]
        else:
            first, third = _both(pair, triplet, spec)
            chosen[triplet.product.amplitude] = third
            impulses[triplet.product.second] = third.impulse
        if pair is not None:
            chosen[pair.product.amplitude] = first
        impulses[trace] = first.impulse
        if any(item.trace == NOW[trace] for item in products):
            impulses[NOW[trace]] = first.impulse
    if not products:  # the weights stay, and the traces go on
        impulses = {name: most[name] for name in NOW}
        still = (Term("x0", 0, 0, (Factor("y1"),)), Term("y0", 0, 0, (Factor("x1"),)))
        return Fitted(still, impulses, {})
    errors: dict[str, float] = {}
    terms: list[Term] = []
    for item in products:
        if item.amplitude == "a_pre":
            alone, errors[item.amplitude] = _alone(fit(item), impulses, spec)
            terms += alone
        else:
            terms.append(_term(item, chosen[item.amplitude], top))
    errors |= {name: found.error for name, found in chosen.items()}
    return Fitted(tuple(terms), impulses, errors)


@dataclass(frozen=True)
class _Asked:
    """A product, and what it asks of coefficient times impulses in the text of a rule."""

    owner: str
    product: Product
    value: float
    shift: int
    lost: float
    most: Mapping[str, float]

    def coefficients(self, spec: LearningSpec) -> list[Coefficient]:
        """Return the coefficients of a pair, or raise if there are none."""
        most = self.most[self.product.trace]
        found = coefficients(self.value, most, spec, lost=self.lost)
        if not found:
            unit = impulse_unit(spec)
            size = abs(self.product.size)
            least, largest = (
                size * math.ldexp(value, int(limit)) / self.value
                for value, limit in zip((0.5 / unit, 7 * most), spec.exponent_limits, strict=True)
            )
            raise CompileError(
                f"{self.owner}: {self.product.amplitude} = {size:.3g}; allowed on the engine "
                f"{spec.name!r}: {least:.2g} to {largest:.2g} for its w_max. Change the amplitude "
                "or w_max."
            )
        return found


def _alone(
    asked: _Asked, impulses: dict[str, float], spec: LearningSpec
) -> tuple[list[Term], float]:
    """Return the terms of a change by presynaptic spikes alone, and its relative error.

    If it has a trace, the impulse of that is set.
    """
    item = asked.product
    if item.trace:
        found = asked.coefficients(spec)[0]
        impulses[item.trace] = found.impulse
        return [_term(item, found, 0)], found.error
    parts = in_units(asked.value, spec)
    if not parts:
        least = math.ldexp(0.5, int(max(spec.exponent_limits[0], -30))) / asked.value
        raise CompileError(
            f"{asked.owner}: a_pre = {abs(item.size):.3g} with a delay or a triplet; allowed on "
            f"the engine {spec.name!r}: at least {abs(item.size) * least:.2g} for its w_max. "
            "Change the amplitude or w_max."
        )
    terms = [_term(item, Coefficient(m, e, 1.0, 0.0), 0) for m, e in parts]
    return terms, sum(math.ldexp(m, e) for m, e in parts) / asked.value - 1


def _both(
    pair: _Asked | None, triplet: _Asked, spec: LearningSpec
) -> tuple[Coefficient, Coefficient]:
    """Return the coefficients of a pair and its triplet, which share the impulse of a trace."""
    trace, second = triplet.product.traces
    most, most_second = triplet.most[trace], triplet.most[second]
    if pair is None:  # nothing but the triplet sets the impulse of the shared trace
        sizes = range(int(most), 0, -1)
        firsts = [Coefficient(1, 0, float(size), 0.0) for size in sizes]
    else:
        firsts = pair.coefficients(spec)[:_TRIED]
    tried: list[tuple[Coefficient, Coefficient]] = []
    for first in firsts:
        asked = triplet.value / first.impulse
        thirds = coefficients(asked, most_second, spec, whole=pair is None, lost=triplet.lost)
        for third in thirds[:_TRIPLETS]:
            tried += _joined(pair, triplet, first, third, spec)
    if not tried:
        raise CompileError(
            f"{triplet.owner}: {triplet.product.amplitude} = {abs(triplet.product.size):.3g}, too "
            f"small or too large beside its pair on the engine {spec.name!r}; allowed: 1/1000 to "
            "1000 times that. Change the amplitude or w_max."
        )
    fits = [both for both in tried if both[0].impulse <= most] or tried
    return min(fits, key=lambda both: both[0].cost(most) + both[1].cost(most_second))


def _joined(
    pair: _Asked | None,
    triplet: _Asked,
    first: Coefficient,
    third: Coefficient,
    spec: LearningSpec,
) -> Iterator[tuple[Coefficient, Coefficient]]:
    """Yield both with impulses that fit each other, for whole numbers that may be taken off.

    The second trace is read without the spike of this step, whose impulse is taken off as a whole
    number; what is left of it acts as a part of the pair. With the coefficients S of the pair and T
    of the triplet, impulses I and J, and c taken off, ``S I + T I (J - c)`` is what the pair asks,
    and ``T I J`` what the triplet does.
    """
    nearest = round(third.impulse)
    if pair is None:
        yield first, third._replace(taken=nearest)
        return
    unit = impulse_unit(spec)
    same = math.copysign(1.0, pair.product.size * triplet.product.size)
    scale = math.ldexp(same, pair.shift - triplet.shift)
    most = triplet.most[triplet.product.second]
    for taken in (nearest - 1, nearest, nearest + 1):
        divisor = first.value - scale * third.value * taken
        exact = (pair.value - scale * triplet.value) / divisor if divisor else 0.0
        for one in (first.impulse, exact):  # exact may be far off if the pair is almost the rest
            two = round(triplet.value / (third.value * one) * unit) / unit if one > 0 else 0.0
            both = first.value + scale * third.value * (two - taken)
            if both > 0 and 0 < two <= most:
                own = max(1, round(pair.value / both * unit)) / unit
                error = third.value * own * two / triplet.value - 1
                yield (
                    first._replace(impulse=own, error=both * own / pair.value - 1),
                    third._replace(impulse=two, error=error, taken=taken),
                )


def _term(item: Product, found: Coefficient, top: int) -> Term:
    """Return the term of a product; ``(top - w)`` is written as ``-(w - top)``."""
    sign = math.copysign(1, item.size) * (-1 if item.soft == "room" else 1)
    factors = [Factor(item.trace)] if item.trace else []
    if item.second:
        factors.append(Factor(item.second, -found.taken))
    if item.soft:
        factors.append(Factor("w", -top if item.soft == "room" else 0))
    return Term(item.event, int(sign) * found.mantissa, found.exponent, tuple(factors))
