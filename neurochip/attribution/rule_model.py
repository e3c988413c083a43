"""The model of a learning rule on given spikes: float64, with each source of error on or off."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..chip.registers import SignMode
from ..learned.open_loop import ForcedSpikes, PlasticGroup, once
from ..learning import LearningRule
from ..learning.draws import HASHED
from ..learning.group import with_seed
from ..learning.terms import DEPENDENCIES, POST, PRE, TARGETS, VARIABLES, Tables
from ..typing import Float64Array, Int32Array, Int64Array
from .rule_kernels import run_rule
from .rule_layout import RuleState, RuleTerms, Setting, Spikes, Switches
from .sources import LEARNING

__all__ = ["IdealRule", "RuleModel", "RuleRun", "ideal_of"]

_COUNTED = ("traces", "accumulators", "weights", "events")


class IdealRule(NamedTuple):
    """A rule as it would be in real numbers, in weight steps.

    Parameters
    ----------
    decay : ndarray of float64, shape (5,)
        Factor of a step of the traces x1, x2, y1, y2, y3.
    mantissa : ndarray of float64, shape (n_terms,)
        Mantissas of the terms in the order of targets and terms, which need not be integers.
    constant : ndarray of float64, shape (n_factors,)
        Constants of the factors.
    bounds : (float, float)
        Range of a weight.
    late : int
        Steps by which presynaptic events come later than on the chip.
    undelayed : ndarray of float64, shape (n_terms,)
        Factors of the mantissas that undo what they do for that delay.
    """

    decay: Float64Array
    mantissa: Float64Array
    constant: Float64Array
    bounds: tuple[float, float]
    late: int
    undelayed: Float64Array


def ideal_of(rule: LearningRule, bounds: tuple[float, float]) -> IdealRule:
    """Return the rule as it is written: its coefficients, and traces that decay by exp(-1/tau)."""
    traces = [getattr(rule, name) for name in (*PRE, *POST)]
    with np.errstate(divide="ignore"):
        decay = np.exp([-1.0 / np.float64(1.0 if each is None else each.tau) for each in traces])
    given = [each is None for each in traces]
    tables = rule.tables()
    return IdealRule(
        decay=np.where(given, 1.0, decay),
        mantissa=tables.mantissa.astype(np.float64),
        constant=tables.constant.astype(np.float64),
        bounds=bounds,
        late=0,
        undelayed=np.ones(len(tables.mantissa)),
    )


@dataclass(frozen=True, eq=False)
class RuleRun:
    """Result of a run of the model.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_synapses,)
        Weights at the end, in weight steps, in the order in which the synapses were given.
    events : int
        Synapses that epochs changed: the sum over epochs.
    moved : float
        Sum of the sizes of all changes.
    saturated : dict of str to int
        As of :class:`~neurochip.learning.Learned`.
    """

    weights: Float64Array
    events: int
    moved: float
    saturated: dict[str, int]


class RuleModel:
    """A group of synapses that learn, and its spikes; each set of sources is a run.

    Parameters
    ----------
    rule : LearningRule
        The rule as registers.
    ideal : IdealRule
        The rule in real numbers.
    group : PlasticGroup
        Tables and start state of the group, as of
        :func:`~neurochip.learning.group.plastic_group`.
    spikes : ForcedSpikes
        Spikes of both sides, by the ids of the group's neurons.
    given : tuple of ndarray, shape (n_steps, 3, n_post)
        Traces from outside: as meant, and as registers; empty arrays if there are none.
    meant : ndarray of float64, shape (n_synapses,), optional
        Weights at the start as meant, in weight steps. Default: those of the group.
    step : ndarray of float64, shape (n_synapses,), optional
        What a weight step is worth at each synapse, beside its mean. Default: 1.
    learning_order : str
        Order of the events of a step in real numbers: ``"source"`` or ``"chip"``.
    """

    def __init__(
        self,
        rule: LearningRule,
        ideal: IdealRule,
        group: PlasticGroup,
        spikes: ForcedSpikes,
        given: tuple[Float64Array | Int32Array, Float64Array | Int32Array],
        meant: Float64Array | None = None,
        step: Float64Array | None = None,
        learning_order: str = "source",
    ) -> None:
        self.rule, self.ideal = rule, ideal
        self._tables, state, self._place = group
        self._terms_of_rule = rule.tables()
        nothing = spikes.early[:0]
        self._sent = _from_before(spikes.early, spikes.sent)
        self._arrived = _from_before(nothing, spikes.arrived)
        self._post = _from_before(nothing, spikes.post)
        self._chip_order = learning_order == "chip"
        meant_traces, written = (np.asarray(each, dtype=np.float64) for each in given)
        self._given = meant_traces, written
        self.n_steps = len(spikes.post[1]) - 1
        self.n_synapses = len(self._place)
        self._step = np.ones(self.n_synapses) if step is None else step
        registers = np.zeros((len(TARGETS), self.n_synapses))
        for row, values in zip(registers, (state.weight, state.delay, state.tag), strict=True):
            row[:] = values[: self.n_synapses] if len(values) else 0.0  # loops may read more
        ideally = registers.copy()
        if meant is not None:
            ideally[0, self._place] = meant
        self._start = ideally, registers

    @property
    def start(self) -> Float64Array:
        """Weights at the start as meant, in weight steps."""
        start: Float64Array = self._start[0][0, self._place]
        return start

    @property
    def weight_bits(self) -> int:
        """Bits that the format stores of a weight."""
        engine = self._tables.engine
        largest = int(np.abs(engine.limits[0]).max()) >> engine.low_bits
        return largest.bit_length() + int(engine.sign == SignMode.MIXED and engine.low_bits == 0)

    @cached_property
    def active(self) -> tuple[str, ...]:
        """Sources that can have an effect, in the order of tables."""
        rule, spec = self.rule, self.rule.spec
        traces = [trace for name in (*PRE, *POST) if (trace := getattr(rule, name)) is not None]
        terms = self._terms_of_rule

        def differ(first: Any, second: Any) -> bool:
            return not np.array_equal(first, second)

        able = {
            "start weights": differ(*self._start),
            "weight step": not np.allclose(self._step, 1.0, rtol=1e-9, atol=0.0),
            "repeated spikes": len(once(self._sent)[0]) < len(self._sent[0]),
            "delay": self.ideal.late > 0,
            "trace decay": differ(self._decay(True), self._decay(False))
            or differ(self._mantissas({"trace decay"}), self._mantissas(set())),
            "trace impulse": any(trace.impulse % 1.0 for trace in traces),
            "trace rounding": bool(traces) or spec.given_trace_tau < np.inf,
            "trace saturation": bool(traces),
            "learning rate": differ(terms.constant, self.ideal.constant)
            or differ(self._mantissas({"learning rate"}), self._mantissas(set())),
            "product shift": bool(terms.right.any()),
            "tag rounding": bool(rule.terms["t"] or rule.terms["d"]),
            "reward": differ(*self._given),
            "epoch": rule.epoch > 1,
            "event order": not self._chip_order,
        }
        return tuple(source for source in LEARNING if able.get(source, True))

    def run(self, on: Iterable[str], seed: int = 0) -> RuleRun:
        """Return the run with these sources of error, and the draws of a seed."""
        chosen = frozenset(on)
        sides = self._tables.pre, self._tables.post
        n_pre, n_post = (len(side.number) for side in sides)
        epoch = self.rule.epoch if "epoch" in chosen else 1
        state = RuleState(
            x=np.zeros((len(PRE), n_pre)),
            y=np.zeros((len(POST), n_post)),
            pre_when=np.zeros(n_pre, dtype=np.int32),
            pre_times=np.zeros(n_pre, dtype=np.int32),
            post_when=np.zeros(n_post, dtype=np.int32),
            post_times=np.zeros(n_post, dtype=np.int32),
            x_history=np.zeros((len(PRE), epoch + 1, n_pre)),
            y_history=np.zeros((len(POST), epoch + 1, n_post)),
            x_before=np.zeros((len(PRE), epoch + 1, n_pre)),
            y_before=np.zeros((len(POST), epoch + 1, n_post)),
            synaptic=self._start["start weights" in chosen].copy(),
            now=np.zeros(len(TARGETS)),
            fresh=np.zeros(len(TARGETS)),
            moved=np.zeros(1),
            counts=np.zeros(len(_COUNTED), dtype=np.int64),
        )
        run_rule(self._setting(chosen, seed, epoch), state)
        counts = dict(zip(_COUNTED, state.counts.tolist(), strict=True))
        weights: Float64Array = state.synaptic[0, self._place]
        return RuleRun(
            weights=weights * self._step if "weight step" in chosen else weights,
            events=counts.pop("events"),
            moved=float(state.moved[0]),
            saturated=counts,
        )

    def _setting(self, on: frozenset[str], seed: int, epoch: int) -> Setting:
        decay = np.split(self._decay("trace decay" in on), [len(PRE)])
        late = "delay" in on and self.ideal.late > 0
        switches = {name: name.replace("_", " ") in on for name in Switches._fields}
        switches["impulse"] = "trace impulse" in on
        switches["event_order"] |= self._chip_order
        tables = with_seed(self._tables, self.rule.spec, seed)
        return Setting(
            switches=Switches(**switches),
            terms=self._terms(on),
            engine=tables.engine,
            pre=tables.pre._replace(decay=np.ascontiguousarray(decay[0])),
            post=tables.post._replace(decay=np.ascontiguousarray(decay[1])),
            synapses=tables.synapses,
            draws=HASHED,
            pre_spikes=self._sent if late else self._arrived,
            post_spikes=self._post,
            given=self._given["reward" in on],
            pre_first=not late,
            epoch=epoch,
        )

    def _decay(self, registers: bool) -> Float64Array:
        """Return the factors of a step: those of the registers, or as meant."""
        if not registers:
            return self.ideal.decay
        sides = self._tables.pre, self._tables.post
        used = [getattr(self.rule, n) is not None or n in self.rule.given for n in (*PRE, *POST)]
        return np.where(used, np.concatenate([side.decay for side in sides]), self.ideal.decay)

    def _terms(self, on: frozenset[str]) -> RuleTerms:
        terms, engine = self._terms_of_rule, self._tables.engine
        limits = np.array([[(-np.inf, np.inf)] * len(TARGETS)] * 2)
        limits[:, 0] = self.ideal.bounds
        if "limits" in on:
            signs = {SignMode.EXCITATORY: (0.0, np.inf), SignMode.INHIBITORY: (-np.inf, 0.0)}
            any_sign = (-np.inf, np.inf)
            limits[0] = signs.get(SignMode(engine.sign), any_sign), (0.0, np.inf), any_sign
            limits[1] = engine.limits
        arrived, events = self.ideal.late > 0 and "delay" not in on, terms.dependency
        constant = terms.constant if "learning rate" in on else self.ideal.constant
        return RuleTerms(
            first=terms.first,
            dependency=terms.dependency,
            k=terms.k,
            mantissa=self._mantissas(on),
            right=terms.right,
            left=terms.left,
            both=np.array([_has_both(terms, i) for i in range(len(events))], dtype=bool),
            # Once spikes have arrived, depression has the coincidences that potentiation had.
            skip=arrived & np.array([self._is_now(i) for i in range(len(events))], dtype=bool),
            early=arrived & (events == DEPENDENCIES.index("x0")),
            start=terms.start,
            variable=terms.variable,
            constant=constant.astype(np.float64),
            sign=terms.sign,
            low=terms.low.astype(np.float64),
            high=terms.high.astype(np.float64),
            limits=limits,
        )

    def _mantissas(self, on: Set[str]) -> Float64Array:
        """Return the mantissas of the terms: those that let a tag decay are a decay."""
        terms, ideal = self._terms_of_rule, self.ideal
        tag = [self._is_tag_decay(term) for term in range(len(terms.mantissa))]
        registers = np.where(tag, "trace decay" in on, "learning rate" in on)
        found = np.where(registers, terms.mantissa, ideal.mantissa)
        return found if "delay" in on else found * ideal.undelayed

    def _is_tag_decay(self, term: int) -> bool:
        names = self._variables(term)
        return self._terms_of_rule.dependency[term] == DEPENDENCIES.index("u") and names == ["t"]

    def _is_now(self, term: int) -> bool:
        """Return whether a term has a presynaptic trace that holds only the spike of a step."""
        empty = [name for name in PRE if getattr(getattr(self.rule, name), "tau", None) == 0.0]
        names = self._variables(term)
        return self._terms_of_rule.dependency[term] == DEPENDENCIES.index("y0") and any(
            name in empty for name in names
        )

    def _variables(self, term: int) -> list[str]:
        terms = self._terms_of_rule
        places = terms.variable[terms.start[term] : terms.start[term + 1]]
        return [VARIABLES[place] for place in places]


def _from_before(early: Int32Array, spikes: tuple[Int32Array, Int64Array]) -> Spikes:
    """Return the spikes from step -1 on, in which there are the early ones."""
    ids, ends = spikes
    return Spikes(
        ids=np.concatenate([np.sort(early), ids]), ends=np.concatenate([[0], ends + len(early)])
    )


def _has_both(terms: Tables, term: int) -> bool:
    """Return whether a term has the spikes of both sides: its dependency, and a factor."""
    other = {0: "y0", 1: "x0"}.get(int(terms.dependency[term]))
    names = [VARIABLES[v] for v in terms.variable[terms.start[term] : terms.start[term + 1]]]
    return other in names
