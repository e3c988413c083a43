"""A learning rule: its texts read as terms, with its traces, its epoch and its engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._support.values import instance, integer, shown
from ..chip.learning_presets import LEARNING_PRESETS
from ..chip.learning_spec import LearningSpec, TraceRounding
from ..errors import LearningError
from ..typing import Float64Array, Int64Array
from .grammar import parse
from .rule_integers import RuleIntegers, integers_of, texts_of, traces_of
from .terms import POST, PRE, TARGETS, Tables, Term, tables_of, text_of
from .trace import Trace

__all__ = ["LearningRule"]

_STEPS = {"w": "weight steps", "d": "delay steps", "t": "tag steps"}


@dataclass(frozen=True)
class LearningRule:
    """Says how a synapse learns: by sums of products of traces, spikes and its own variables.

    The texts have the syntax of Lava and of Brian2Loihi, such as ``"2^-1*x1*y0 - 2^-1*x0*y1"``.
    Printing the rule shows how it was read, and what a term changes in weight steps.

    Parameters
    ----------
    dw, dt, dd : str, optional
        Changes of weight, tag and delay in an epoch. At least one. The rule keeps them as it reads
        them, so that rules that are read alike are equal.
    x1, x2, y1, y2, y3 : Trace, optional
        Traces of the pre-synaptic (x) and the post-synaptic neurons (y). A y without a trace is
        *given* from outside in a run: a reward or an error, as a third factor.
    epoch : int
        Steps between changes, 1 to 63 as published.
    spec : LearningSpec
        The engine; by default what is published.
    first_epoch : int, optional
        Number of the first epoch of a run, for the terms u0 to u9: the host may start a run at any
        time of the chip. Default: that of the engine.

    Attributes
    ----------
    terms : dict of str to tuple of Term
        The terms of each target, as they were read.

    Raises
    ------
    LearningError
        If a text is not a rule, a trace is missing, or the engine cannot hold a number.

    Examples
    --------
    >>> rule = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
    >>> print(rule)
    dw = 2^-1*y0*x1 - 2^-1*x0*y1
      2^-1*y0*x1: 8 weight steps where x1 = 16
      -2^-1*x0*y1: -8 weight steps where y1 = 16
    """

    dw: str | None = None
    dt: str | None = None
    dd: str | None = None
    x1: Trace | None = field(default=None, kw_only=True)
    x2: Trace | None = field(default=None, kw_only=True)
    y1: Trace | None = field(default=None, kw_only=True)
    y2: Trace | None = field(default=None, kw_only=True)
    y3: Trace | None = field(default=None, kw_only=True)
    epoch: int = field(default=1, kw_only=True)
    spec: LearningSpec = field(default=LEARNING_PRESETS["published"], kw_only=True)
    first_epoch: int | None = field(default=None, kw_only=True)
    terms: Mapping[str, tuple[Term, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        owner = "learning rule"
        instance(owner, "spec", self.spec, LearningSpec, "a LearningSpec", error=LearningError)
        spec = self.spec
        epoch = integer(
            owner, "epoch", self.epoch, at_least=1, at_most=spec.epoch_max, error=LearningError
        )
        object.__setattr__(self, "epoch", epoch)
        first = spec.first_epoch if self.first_epoch is None else self.first_epoch
        most = (1 << 9) - 1  # the period of u9
        first = integer(owner, "first_epoch", first, at_least=0, at_most=most, error=LearningError)
        object.__setattr__(self, "first_epoch", first)
        texts = {target: getattr(self, f"d{target}") for target in TARGETS}
        if all(text is None for text in texts.values()):
            raise LearningError(f"{owner}: no dw, dt or dd; allowed: at least one text.")
        for target, limits in (("t", spec.tag_limits), ("d", spec.delay_limits)):
            if texts[target] is not None and limits is None:
                what = {"t": "tags", "d": "delays"}[target]
                raise LearningError(
                    f"{owner}: d{target} = {shown(texts[target])}; the engine {spec.name!r} does "
                    f"not learn {what}. Leave it out."
                )
        terms = {
            target: () if text is None else parse(target, text, spec)
            for target, text in texts.items()
        }
        object.__setattr__(self, "terms", terms)
        for target in TARGETS:  # rules that are read alike are equal
            object.__setattr__(self, f"d{target}", text_of(terms[target]) or None)
        if spec.one_u and len({term.k for term in self._every} - {None}) > 1:
            raise LearningError(
                f"{owner}: u terms with different k; the engine {spec.name!r} has one k for all "
                "rules. Use the same u in all terms."
            )
        for name in (*PRE, *POST):
            trace = getattr(self, name)
            if trace is not None:
                instance(owner, name, trace, Trace, "a Trace", error=LearningError)
                trace.check(name, spec)
            elif name in PRE and name in self.used:
                raise LearningError(
                    f"{owner}: uses {name}, which has no trace. Pass {name}=Trace(impulse, tau)."
                )

    @property
    def _every(self) -> tuple[Term, ...]:
        return tuple(term for target in TARGETS for term in self.terms[target])

    @property
    def used(self) -> frozenset[str]:
        """Variables that the terms name."""
        return frozenset(factor.variable for term in self._every for factor in term.factors)

    @property
    def given(self) -> tuple[str, ...]:
        """Post-synaptic traces that a run must be given: used, but without a :class:`Trace`."""
        return tuple(name for name in self.writable if name in self.used)

    @property
    def writable(self) -> tuple[str, ...]:
        """Post-synaptic traces without a :class:`Trace`, which the host may write."""
        return tuple(name for name in POST if getattr(self, name) is None)

    @property
    def traces(self) -> tuple[str, ...]:
        """Traces that the rule has: those with a :class:`Trace`, and those given."""
        names = (*PRE, *POST)
        return tuple(n for n in names if getattr(self, n) is not None or n in self.given)

    def keeps(self, target: str) -> bool:
        """Return whether the rule changes or reads a value of its synapses.

        Parameters
        ----------
        target : str
            ``"t"``, the tag, or ``"d"``, the delay.
        """
        return bool(self.terms[target]) or target in self.used

    def tables(self) -> Tables:
        """Return the terms and factors as tables of integers."""
        return tables_of(self.terms, self.spec)

    def integers(self) -> RuleIntegers:
        """Return terms, factors and traces as integers; with its epochs and engine they are it."""
        traces = {name: getattr(self, name) for name in (*PRE, *POST)}
        return integers_of(self.terms, traces, self.spec)

    @classmethod
    def from_integers(
        cls,
        integers: RuleIntegers,
        *,
        epoch: int,
        spec: LearningSpec,
        first_epoch: int | None = None,
    ) -> LearningRule:
        """Return the rule of some :meth:`integers`.

        Parameters
        ----------
        integers : RuleIntegers
            Terms, factors and traces.
        epoch : int
            Steps between changes.
        spec : LearningSpec
            The engine.
        first_epoch : int, optional
            Number of the first epoch of a run.

        Raises
        ------
        LearningError
            If a number stands for nothing, or the engine cannot hold the rule.
        """
        own: dict[str, Any] = {**texts_of(integers), **traces_of(integers, spec)}
        return cls(**own, epoch=epoch, spec=spec, first_epoch=first_epoch)

    def window(
        self, *, reach: int = 50, weight: int = 0, tag: int = 0, target: str = "w"
    ) -> tuple[Int64Array, Float64Array]:
        """Return the change by one pair of spikes over the time between them, without rounding.

        Each change is that of two steps, one with the pre- and one with the post-synaptic spike, in
        an epoch of one step and with traces that were 0 before; terms of u are left out, since time
        alone brings them about.

        Parameters
        ----------
        reach : int
            Largest distance in steps, at least 1.
        weight, tag : int
            Values of the synapse's own variables.
        target : str
            ``"w"``, ``"t"`` or ``"d"``.

        Returns
        -------
        distance : ndarray of int64, shape (2 reach + 1,)
            Steps from the pre- to the post-synaptic spike: positive if the pre-synaptic is first.
        change : ndarray of float64, shape (2 reach + 1,)
            Change of the target, in its steps.

        Raises
        ------
        LearningError
            If an argument is not allowed, or the rule needs a given trace.
        """
        owner = "window"
        reach = integer(owner, "reach", reach, at_least=1, error=LearningError)
        own = {
            "w": float(integer(owner, "weight", weight, error=LearningError)),
            "t": float(integer(owner, "tag", tag, error=LearningError)),
            "d": 0.0,
        }
        if target not in TARGETS:
            raise LearningError(f"window: target = {target!r}; allowed: 'w', 't' or 'd'.")
        if self.given:
            raise LearningError(
                f"window: the rule uses {', '.join(self.given)}, which a run is given; allowed: "
                "rules whose traces all come from spikes."
            )
        distance = np.arange(-reach, reach + 1, dtype=np.int64)
        change = np.array([self._pair(int(steps), target, own) for steps in distance])
        return distance, change

    def _pair(self, distance: int, target: str, own: Mapping[str, float]) -> float:
        """Return the change by a pre-synaptic spike and a post-synaptic one ``distance`` later."""
        total = 0.0
        for side in ("x0",) if distance == 0 else ("x0", "y0"):
            # Steps since the spikes of each side, now that this side has its spike.
            since = {"x": 0 if side == "x0" else distance, "y": -distance if side == "x0" else 0}
            values = dict(own)
            for name in (*PRE, *POST):
                trace: Trace | None = getattr(self, name)
                past = since[name[0]]
                if trace is not None:
                    values[name] = trace.impulse * self._decayed(trace, past) if past >= 0 else 0.0
            values["x0"], values["y0"] = float(since["x"] == 0), float(since["y"] == 0)
            for term in self.terms[target]:
                if term.dependency != "u" and values[term.dependency]:
                    total += term.real(values, self.spec)
        return total

    def _decayed(self, trace: Trace, steps: int) -> float:
        if self.spec.trace_rounding is TraceRounding.ONCE_AN_EPOCH:
            return trace.decay(self.spec, steps) if steps else 1.0
        return trace.decay(self.spec, 1) ** steps

    def __str__(self) -> str:
        lines = []
        for target in TARGETS:
            terms = self.terms[target]
            if terms:
                text = f"d{target} = {text_of(terms)}"
                lines += [text, *(self._in_steps(target, term) for term in terms)]
        return "\n".join(lines)

    def _in_steps(self, target: str, term: Term) -> str:
        """Return what a term changes where its traces have just had their impulse."""
        values: dict[str, float] = {"x0": 1.0, "y0": 1.0}
        where = []
        for factor in term.factors:
            trace: Any = getattr(self, factor.variable, None)
            if isinstance(trace, Trace):
                values[factor.variable] = trace.impulse
                where.append(f"{factor.variable} = {trace.impulse:g}")
            elif factor.variable not in values:
                values[factor.variable] = 1.0 - factor.constant
                where.append(f"{factor} = 1")
        change = term.real(values, self.spec)
        at = f" where {', '.join(dict.fromkeys(where))}" if where else ""
        shift = term.shift(self.spec)
        weaker = f" (the product loses {shift} bits: 1/{1 << shift} of its text)" if shift else ""
        return f"  {term}: {change:g} {_STEPS[target]}{at}{weaker}"
