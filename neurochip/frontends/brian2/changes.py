"""Reads what a spike of one side changes: a polynomial in the weight and the traces.

What the statements do is read as a map (``abstract.py``), so nothing depends on names, on the order
of statements, on where an amplitude stands, or on whether a trace is read before or after its own
spike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import sympy

from .abstract import Effect, effect_of, shown, symbol_of
from .refusal import refusal
from .rewards import Regular, read_regular
from .traces import Trace, equations_of, number, read_trace

__all__ = ["Change", "Pathways", "Reader", "pathways_of"]


class Pathways(NamedTuple):
    """The changes that spikes of both sides make to a synapse and its target.

    Parameters
    ----------
    pre, post : Effect
        What a spike of the source, and of the target, does.
    moving : frozenset of str
        Variables of the synapses that change during a run.
    regular : Regular or None
        What ``run_regularly`` does.
    """

    pre: Effect
    post: Effect
    moving: frozenset[str]
    regular: Regular | None


def pathways_of(synapses: Any, pathways: Iterable[Any]) -> Pathways:
    """Read pathways of a Synapses object; those of one side are executed in Brian2's order.

    Parameters
    ----------
    synapses : brian2.Synapses
        The object.
    pathways : iterable of brian2.SynapticPathway
        Its active pathways.

    Raises
    ------
    FrontendError
        If a statement cannot be read.
    """
    sides: dict[str, list[str]] = {"pre": [], "post": []}
    for pathway in sorted(pathways, key=lambda item: (item.order, item.name)):
        sides[pathway.prepost].append(pathway.code)
    pre = effect_of(synapses, "on_pre", sides["pre"])
    post = effect_of(synapses, "on_post", sides["post"])
    regular = read_regular(synapses)
    effects = (pre, post, regular.effect) if regular else (pre, post)
    written = {name for effect in effects for name in effect.values}
    own = {name for name in written if synapses.variables.indices.get(name) == "_idx"}
    return Pathways(pre, post, frozenset({*equations_of(synapses), *own}), regular)


class Change(NamedTuple):
    """``other * (a + b w + own * (c + d w)) + alone``: what a spike adds to what learns.

    ``other`` and ``own`` are the traces of the other side and of its own, which spikes increase by
    1; ``amplitudes`` are a and c, ``by_weight`` b and d. ``alone`` is added to that at a spike of
    the source.
    """

    effect: Effect
    other: Trace | None
    own: Trace | None
    amplitudes: tuple[float, float]
    by_weight: tuple[float, float]
    low: float
    high: float
    alone: float = 0.0

    @property
    def moves(self) -> bool:
        """Tell whether there is a change at all."""
        return any(self._parts)

    @property
    def increases(self) -> bool:
        """Tell whether the change can be above 0."""
        return any(part > 0 for part in self._parts)

    @property
    def decreases(self) -> bool:
        """Tell whether the change can be below 0."""
        return any(part < 0 for part in self._parts)

    @property
    def _parts(self) -> tuple[float, ...]:
        return (*self.amplitudes, *self.by_weight, self.alone)


class Reader(NamedTuple):
    """The weight of Synapses, and the variable that pairs change, which is mostly the same.

    ``frozen`` also reads the traces of changes whose factor is 0: of a rule that is switched off.
    """

    synapses: Any
    weight: str
    learned: str
    paths: Pathways
    namespace: Mapping[str, Any]
    frozen: bool = False

    def change(self, side: str) -> Change:
        """Read what a spike of one side, source or target, adds to the variable that learns."""
        effect = self.paths.pre if side == "source" else self.paths.post
        inner, low, high = self.without_clip(effect)
        found: dict[tuple[bool, bool], float] = {}
        sides: dict[bool, Trace] = {}  # of the other side: True, of its own: False
        terms = self._terms(effect, inner)
        alone = terms.pop((0, ()), 0.0) if side == "source" else 0.0
        for (power, names), value in terms.items():
            traces = [self._trace(name) for name in names]
            for trace in traces:
                if sides.setdefault(trace.side != side, trace) != trace:
                    raise refusal(
                        self.synapses,
                        f"{effect.line(self.learned)} uses two traces of the {trace.side}, "
                        f"{sides[trace.side != side].name} and {trace.name}",
                        "What works: one trace of each side in a pathway.",
                    )
            if sorted(trace.side != side for trace in traces) not in ([True], [False, True]):
                raise self._lonely(side, effect, names)
            if power > 1:
                raise refusal(
                    self.synapses,
                    f"{effect.line(self.learned)} is not linear in {self.weight}",
                    f"What works: trace * amplitude; soft bounds with w_max - {self.weight} or "
                    f"{self.weight}.",
                )
            impulses = float(np.prod([trace.impulse for trace in traces]))
            found[len(traces) == 2, bool(power)] = value * impulses
        return Change(
            effect,
            sides.get(True),
            sides.get(False),
            (found.get((False, False), 0.0), found.get((True, False), 0.0)),
            (found.get((False, True), 0.0), found.get((True, True), 0.0)),
            low,
            high,
            alone,
        )

    def without_clip(self, effect: Effect) -> tuple[Any, float, float]:
        """Return what learns after an effect before it is clipped, and its limits."""
        name = self.learned
        value = effect.after(name)
        if getattr(value.func, "__name__", "") != "clip":
            return value, -np.inf, np.inf
        inner, *limits = value.args
        for limit in limits:
            if limit.free_symbols & {symbol_of(other) for other in self.paths.moving}:
                raise refusal(
                    self.synapses,
                    f"{effect.line(name)} has the limit {shown(limit)}, which changes",
                    "What works: clip(..., 0, w_max) with a constant w_max.",
                )
        what = f"the limit of {effect.line(name)}"
        low, high = (number(self.synapses, limit, what, self.namespace) for limit in limits)
        return inner, low, high

    def _trace(self, name: str) -> Trace:
        paths = self.paths
        return read_trace(self.synapses, name, paths.pre, paths.post, paths.moving, self.namespace)

    def _lonely(self, side: str, effect: Effect, names: tuple[str, ...]) -> Exception:
        """Return the refusal of a change without a trace of the other side."""
        other = "target" if side == "source" else "source"
        by = f"by {' * '.join(names)} alone" if names else "by an amount of its own"
        return refusal(
            self.synapses,
            f"{effect.line(self.learned)} changes {self.learned} at every spike of the {side} {by}",
            f"What works: changes by pairs of spikes, with one trace of the {other} as a factor.",
        )

    def _terms(self, effect: Effect, value: Any) -> dict[tuple[int, tuple[str, ...]], float]:
        """Return a change as factors of products: the power of the weight, and the traces."""
        synapses, learned = self.synapses, self.learned
        names = [self.weight, *sorted(self.paths.moving - {self.weight})]
        change = _with_whole_powers(synapses, value - symbol_of(learned), self.namespace)
        try:
            polynomial = sympy.Poly(change.expand(), *map(symbol_of, names), domain="EX")
        except sympy.PolynomialError:
            raise refusal(
                synapses,
                f"{effect.line(learned)} is no sum of products of {self.weight} and traces",
                f"What works: {learned} + amplitude * trace, clipped to 0 and w_max as a whole.",
            ) from None
        terms = {}
        for powers, factor in polynomial.terms():
            traces = tuple(
                name
                for name, power in zip(names[1:], powers[1:], strict=True)
                for _ in range(power)
            )
            line = effect.line(learned) if learned in effect.lines else effect.where
            found = number(synapses, factor.as_expr(), f"a factor in {line}", self.namespace)
            if found or (self.frozen and traces):
                terms[powers[0], traces] = found
        return terms


def _with_whole_powers(synapses: Any, value: Any, namespace: Mapping[str, Any]) -> Any:
    """Return an expression in which exponents that are constants are whole numbers if they can."""
    found = {}
    for power in value.atoms(sympy.Pow):
        if power.exp.is_Integer:
            continue
        exponent = number(synapses, power.exp, f"the exponent of {shown(power)}", namespace)
        if exponent.is_integer():
            found[power] = sympy.Pow(power.base, int(exponent))
    return value.xreplace(found)
