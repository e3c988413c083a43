"""Reads the plasticity of Synapses as an STDP rule.

What a spike does to a synapse is read as a map of its variables (``abstract.py``). The changes of
the weight in it are polynomials in the weight and the traces, and these are compared with the
definition of :class:`~neurochip.STDP`. So nothing depends on names, on the order of statements, on
where an amplitude stands, or on whether a trace is read before or after its own spike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sympy

from ...network import STDP, Triplet
from .abstract import Effect, effect_of, shown, symbol_of
from .refusal import refusal
from .traces import Trace, equations_of, number, read_trace

__all__ = ["Pathways", "Rule", "pathways_of", "read_rule"]

_TOLERANCE = 1e-12  # relative difference of two limits that a script means to be equal


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An STDP rule in the base unit of the weight of its Synapses; times in ms.

    Parameters
    ----------
    weight : str
        Name of the weight.
    moving : frozenset of str
        Names of the other variables of the synapses that change during a run.
    tau_plus, tau_minus, a_plus, a_minus, w_max
        As in :class:`~neurochip.STDP`.
    soft : bool
        Whether the bounds are ``"soft"``.
    tau_x, tau_y, a3_plus, a3_minus
        As in :class:`~neurochip.Triplet`; both amplitudes are 0 without one.
    """

    weight: str
    moving: frozenset[str]
    tau_plus: float
    tau_minus: float
    a_plus: float
    a_minus: float
    w_max: float
    soft: bool
    tau_x: float
    tau_y: float
    a3_plus: float
    a3_minus: float

    def scaled(self, scale: float) -> STDP:
        """Return the rule for weights in another unit, of which one base unit is ``scale``."""
        triplet = None
        if self.a3_plus or self.a3_minus:
            triplet = Triplet(
                tau_x=self.tau_x,
                tau_y=self.tau_y,
                a3_plus=self.a3_plus * scale,
                a3_minus=self.a3_minus * scale,
            )
        return STDP(
            tau_plus=self.tau_plus,
            tau_minus=self.tau_minus,
            a_plus=self.a_plus * scale,
            a_minus=self.a_minus * scale,
            w_max=self.w_max * scale,
            bounds="soft" if self.soft else "hard",
            triplet=triplet,
        )


class Pathways(NamedTuple):
    """What spikes of both sides do to a synapse and its target.

    Parameters
    ----------
    pre, post : Effect
        What a spike of the source, and of the target, does.
    moving : frozenset of str
        Variables of the synapses that change during a run.
    """

    pre: Effect
    post: Effect
    moving: frozenset[str]


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
    written = {name for effect in (pre, post) for name in effect.values}
    own = {name for name in written if synapses.variables.indices.get(name) == "_idx"}
    return Pathways(pre, post, frozenset({*equations_of(synapses), *own}))


def read_rule(synapses: Any, weight: str, paths: Pathways, namespace: Mapping[str, Any]) -> Rule:
    """Read what both pathways do to the weight as an STDP rule.

    Parameters
    ----------
    synapses : brian2.Synapses
        Object whose weight changes at spikes.
    weight : str
        The variable that a spike of the source adds to the target.
    paths : Pathways
        What spikes of both sides do.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If the changes are not those of the definition.
    """
    pre = _change(synapses, weight, "source", paths.pre, paths, namespace)
    post = _change(synapses, weight, "target", paths.post, paths, namespace)
    if not pre.moves and not post.moves:
        raise refusal(
            synapses,
            f"nothing changes the weight {weight}: all amplitudes are 0",
            "Give one of them a value, or remove what changes during a run.",
        )
    soft = any((*pre.by_weight, *post.by_weight))
    factor = _soft_limit(synapses, weight, pre, post) if soft else None
    w_max = _limit(synapses, weight, (pre, post), soft, factor)
    plus, minus = post.amplitudes, pre.amplitudes
    if soft:
        minus = (w_max * pre.by_weight[0], w_max * pre.by_weight[1])
    return Rule(
        weight=weight,
        moving=paths.moving - {weight},
        tau_plus=_tau(post.other, pre.other),
        tau_minus=_tau(pre.other, post.other),
        a_plus=plus[0],
        a_minus=-minus[0] + 0.0,
        w_max=w_max,
        soft=soft,
        tau_x=_tau(pre.own, post.other, pre.other),
        tau_y=_tau(post.own, pre.other, post.other),
        a3_plus=plus[1],
        a3_minus=-minus[1] + 0.0,
    )


class _Change(NamedTuple):
    """``other * (a + b w + own * (c + d w))``: what a spike of one side adds to the weight w.

    ``other`` and ``own`` are the traces of the other side and of its own, which spikes increase by
    1; ``amplitudes`` are a and c, ``by_weight`` b and d.
    """

    effect: Effect
    other: Trace | None
    own: Trace | None
    amplitudes: tuple[float, float]
    by_weight: tuple[float, float]
    low: float
    high: float

    @property
    def moves(self) -> bool:
        return any((*self.amplitudes, *self.by_weight))

    @property
    def increases(self) -> bool:
        return any(part > 0 for part in (*self.amplitudes, *self.by_weight))

    @property
    def decreases(self) -> bool:
        return any(part < 0 for part in (*self.amplitudes, *self.by_weight))


def _change(
    synapses: Any,
    weight: str,
    side: str,
    effect: Effect,
    paths: Pathways,
    namespace: Mapping[str, Any],
) -> _Change:
    """Read what a spike of one side adds to the weight."""
    inner, low, high = _without_clip(synapses, weight, effect, paths.moving, namespace)
    terms = _terms(synapses, weight, effect, inner, paths.moving, namespace)
    found: dict[tuple[bool, bool], float] = {}
    sides: dict[bool, Trace] = {}  # of the other side: True, of its own: False
    for (power, names), value in terms.items():
        traces = [read_trace(synapses, name, *paths, namespace) for name in names]
        for trace in traces:
            if sides.setdefault(trace.side != side, trace) != trace:
                raise refusal(
                    synapses,
                    f"{effect.line(weight)} uses two traces of the {trace.side}, "
                    f"{sides[trace.side != side].name} and {trace.name}",
                    "What works: one trace of each side in a pathway.",
                )
        kinds = sorted(trace.side != side for trace in traces)
        if kinds not in ([True], [False, True]):
            raise _lonely(synapses, weight, side, effect, names)
        if power > 1:
            raise refusal(
                synapses,
                f"{effect.line(weight)} is not linear in {weight}",
                f"What works: trace * amplitude; soft bounds with w_max - {weight} or {weight}.",
            )
        found[len(traces) == 2, bool(power)] = value * float(
            np.prod([trace.impulse for trace in traces])
        )
    return _Change(
        effect,
        sides.get(True),
        sides.get(False),
        (found.get((False, False), 0.0), found.get((True, False), 0.0)),
        (found.get((False, True), 0.0), found.get((True, True), 0.0)),
        low,
        high,
    )


def _lonely(
    synapses: Any, weight: str, side: str, effect: Effect, names: tuple[str, ...]
) -> Exception:
    """Return the refusal of a change without a trace of the other side."""
    other = "target" if side == "source" else "source"
    by = f"by {' * '.join(names)} alone" if names else "by an amount of its own"
    return refusal(
        synapses,
        f"{effect.line(weight)} changes {weight} at every spike of the {side} {by}",
        f"What works: changes by pairs of spikes, with one trace of the {other} as a factor.",
    )


def _without_clip(
    synapses: Any,
    weight: str,
    effect: Effect,
    moving: frozenset[str],
    namespace: Mapping[str, Any],
) -> tuple[Any, float, float]:
    """Return the weight after a spike before it is clipped, and its limits."""
    value = effect.after(weight)
    if getattr(value.func, "__name__", "") != "clip":
        return value, -np.inf, np.inf
    inner, low, high = value.args
    limits = []
    for limit in (low, high):
        if limit.free_symbols & {symbol_of(name) for name in moving}:
            raise refusal(
                synapses,
                f"{effect.line(weight)} has the limit {shown(limit)}, which changes",
                "What works: clip(..., 0, w_max) with a constant w_max.",
            )
        limits.append(number(synapses, limit, f"the limit of {effect.line(weight)}", namespace))
    return inner, limits[0], limits[1]


def _terms(
    synapses: Any,
    weight: str,
    effect: Effect,
    value: Any,
    moving: frozenset[str],
    namespace: Mapping[str, Any],
) -> dict[tuple[int, tuple[str, ...]], float]:
    """Return a change of the weight as factors of products: the power of w, and the traces."""
    names = [weight, *sorted(moving - {weight})]
    change = _with_whole_powers(synapses, value - symbol_of(weight), namespace)
    try:
        polynomial = sympy.Poly(change.expand(), *map(symbol_of, names), domain="EX")
    except sympy.PolynomialError:
        raise refusal(
            synapses,
            f"{effect.line(weight)} is no sum of products of {weight} and traces",
            f"What works: {weight} + amplitude * trace, clipped to 0 and w_max as a whole.",
        ) from None
    terms = {}
    for powers, factor in polynomial.terms():
        traces = tuple(
            name for name, power in zip(names[1:], powers[1:], strict=True) for _ in range(power)
        )
        found = number(synapses, factor.as_expr(), _of(effect, weight), namespace)
        if found:
            terms[powers[0], traces] = found
    return terms


def _of(effect: Effect, weight: str) -> str:
    return f"a factor in {effect.line(weight)}" if weight in effect.lines else effect.where


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


def _soft_limit(synapses: Any, weight: str, pre: _Change, post: _Change) -> float | None:
    """Return the upper limit of soft bounds, which the factor of potentiation contains."""
    limits = [
        -amplitude / slope
        for amplitude, slope in zip(post.amplitudes, post.by_weight, strict=True)
        if slope
    ]
    plain = any(pre.amplitudes) or any(
        amplitude and not slope
        for amplitude, slope in zip(post.amplitudes, post.by_weight, strict=True)
    )
    wrong = plain or any(part > 0 for part in (*pre.by_weight, *post.by_weight))
    if wrong or any(limit <= 0 or not _same(limit, limits[0]) for limit in limits):
        change = post if any(post.by_weight) else pre
        raise refusal(
            synapses,
            f"{change.effect.line(weight)} depends on {weight}, and not as soft bounds do",
            f"What works: '{weight} += a*(w_max - {weight})*trace' in on_post and "
            f"'{weight} -= b*{weight}*trace' in on_pre, with positive a and b; or no {weight} in "
            "the factors of both.",
        )
    return limits[0] if limits else None


def _limit(
    synapses: Any,
    weight: str,
    changes: tuple[_Change, _Change],
    soft: bool,
    factor: float | None,
) -> float:
    """Return the upper limit of the weight; both limits must be those of the definition.

    A limit that no change can reach does not matter. Soft bounds need no limits beside the factor.
    """
    changes_that_move = [change for change in changes if change.moves]
    up = [change for change in changes_that_move if change.increases]
    known = [factor] if factor is not None else [change.high for change in up or changes]
    w_max = min(known)
    if not np.isfinite(w_max):
        change = next(change for change in up or changes_that_move if not np.isfinite(change.high))
        raise refusal(
            synapses,
            f"{change.effect.line(weight)} has no upper limit of {weight}",
            f"The largest weight sets the step of the chip's weights: {weight} = clip(..., 0, "
            "w_max).",
        )
    for change in changes_that_move:
        high = _same(change.high, w_max)
        high = high or (
            change.high > w_max if not change.increases else soft and change.high == np.inf
        )
        low = change.low == 0
        low = low or (change.low < 0 if not change.decreases else soft and change.low == -np.inf)
        if not high or not low or w_max <= 0:
            raise refusal(
                synapses,
                f"{change.effect.line(weight)} keeps {weight} between {change.low:g} and "
                f"{change.high:g}",
                f"What works: {weight} = clip(..., 0, w_max), with the same w_max above 0 in both "
                "pathways.",
            )
    return w_max


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= _TOLERANCE * abs(b)


def _tau(*traces: Trace | None) -> float:
    """Return the time constant of the first trace that is there; any, if none is needed."""
    return next((trace.tau for trace in traces if trace is not None), 1.0)
