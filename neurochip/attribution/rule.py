"""Attribute the error of a learning rule to its sources, with the spikes of both sides given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .._support.progress import progress_bar
from .._support.values import choice, instance, integer, integers, reals, shown, switch
from ..chip.registers import SignMode
from ..errors import AnalysisError, LearningError
from ..learned.compare import MOST_SEEDS
from ..learned.open_loop import ForcedSpikes
from ..learning import LearningRule, TraceRounding, WeightRounding
from ..learning.group import plastic_group
from ..learning.inputs import (
    check_weights,
    given_of,
    low_bits_of,
    pairs_of,
    rasters_of,
    sign_mode_of,
    spikes_of,
    start_of,
)
from ..learning.layout import Neurons
from ..typing import Float64Array
from ..validation.intervals import ratio_interval
from .learning_effects import LearningAttribution, LearningEffect, LearningTotal
from .measure import Sources, Values
from .rule_model import RuleModel, RuleRun, ideal_of
from .shares import shapley_shares
from .sources import LEARNING

__all__ = ["attribute_models", "attribute_rule"]

_RANDOM = frozenset(("trace impulse", "trace rounding", "weight rounding", "tag rounding"))
ORDERS = ("source", "chip")
_ERROR, _BIAS = "error", "bias"


def attribute_rule(
    rule: LearningRule,
    pre: Any,
    post: Any,
    weights: Any,
    *,
    sources: Any = None,
    targets: Any = None,
    sign_mode: SignMode = SignMode.MIXED,
    weight_bits: int = 8,
    tags: Any = None,
    given: Mapping[str, Any] | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    learning_order: str = "source",
    seeds: int = 8,
    min_events: int = 100,
    shapley: bool = False,
    progress: bool | None = None,
) -> LearningAttribution:
    """Split the error of the weights that a rule learns into its sources.

    The spikes of both sides are given, so only learning differs. The ideal is the rule in real
    numbers. Every source of error is switched on alone, and left out once. The measure is the mean
    squared error of the weights at the end; what remains of it after all effects alone is their
    interaction.

    Parameters
    ----------
    rule, pre, post, weights, sources, targets, sign_mode, weight_bits, tags, given
        As of :func:`~neurochip.learning.learn`.
    bounds : (float, float)
        Range of a weight in the ideal, in weight steps, to which each event clips it. Default:
        none.
    learning_order : str
        Order of the events of a step in the ideal. ``"source"``: first those of pre-synaptic
        spikes, which do not see the post-synaptic ones of the step, then the others, as in Brian2;
        terms of ``x0*y0``, which undo the chip's order, are left out. ``"chip"``: all at once, with
        the impulses of both sides.
    seeds : int
        Number of seeds of the draws, 2 to 1,000; intervals need at least 2.
    min_events : int
        With fewer changes of synapses there is no answer.
    shapley : bool
        Also compute the mean effect over all orders of the sources, with up to 64 runs a seed.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.

    Returns
    -------
    LearningAttribution
        Of one connection, ``"synapses"``.

    Raises
    ------
    LearningError
        If an argument is not allowed for a run of the rule.
    AnalysisError
        If another argument is not allowed, or the engine of the rule cannot be modelled.
    """
    seeds, min_events, shapley, progress = check_study(seeds, min_events, shapley, progress)
    check_engine(rule)
    mode = sign_mode_of(sign_mode)
    rasters = rasters_of(rule, pre, post)
    start = integers("learn", "weights", weights, error=LearningError)
    sizes = [each.shape[1] for each in rasters]
    source, target = pairs_of(start, sources, targets, *sizes)
    low_bits = low_bits_of(weight_bits, mode)
    check_weights(start, rule.spec, mode, low_bits)
    ids = [np.arange(size, dtype=np.int32) for size in sizes]
    group = plastic_group(
        rule,
        Neurons(ids[0], sizes[0], ids[0]),
        Neurons(ids[1], sizes[1], ids[1]),
        source,
        target,
        start.ravel(),
        sign_mode=mode,
        low_bits=low_bits,
        numbers=np.arange(start.size),
        tags=start_of("tags", tags, start, rule.spec).ravel(),
        listed=True,
    )
    sent, then = map(spikes_of, rasters)
    outside = given_of(rule, given, len(rasters[0]), sizes[1])
    model = RuleModel(
        rule,
        ideal_of(rule, _bounds(bounds)),
        group,
        ForcedSpikes(sent, sent, then),
        (outside, outside),
        learning_order=choice(
            "attribution", "learning_order", learning_order, ORDERS, error=AnalysisError
        ),
    )
    return attribute_models({"synapses": model}, seeds, min_events, shapley, progress)


def check_engine(rule: LearningRule) -> None:
    """Raise unless the model can express the roundings of a rule's engine."""
    instance("attribution", "rule", rule, LearningRule, "a LearningRule", error=AnalysisError)
    spec = rule.spec
    if (
        spec.trace_per_synapse
        or spec.trace_rounding is not TraceRounding.DECAY_THEN_IMPULSE
        or spec.weight_rounding is not WeightRounding.STOCHASTIC
    ):
        raise AnalysisError(
            f"attribution: learning engine {spec.name!r} has roundings that the float64 model "
            "lacks; allowed: engines with DECAY_THEN_IMPULSE and STOCHASTIC weights and a trace "
            "for each neuron, such as 'published' and 'lava'."
        )


def check_study(
    seeds: Any, min_events: Any, shapley: Any, progress: Any
) -> tuple[int, int, bool, bool | None]:
    """Return the checked arguments that all attributions of learning have."""
    owner = "attribution"
    return (
        integer(
            *(owner, "seeds", seeds),
            at_least=2,
            at_most=MOST_SEEDS,
            allowed=f"2 to {MOST_SEEDS:,}",
            error=AnalysisError,
        ),
        integer(owner, "min_events", min_events, at_least=1, error=AnalysisError),
        bool(switch(owner, "shapley", shapley, error=AnalysisError)),
        switch(owner, "progress", progress, optional=True, error=AnalysisError),
    )


def _bounds(bounds: Any) -> tuple[float, float]:
    pair = reals("attribution", "bounds", bounds, "", allowed="two numbers", error=AnalysisError)
    if np.shape(pair) != (2,) or not pair[0] <= pair[1]:
        raise AnalysisError(
            f"attribution: bounds = {shown(bounds)}; allowed: two numbers in order."
        )
    return float(pair[0]), float(pair[1])


class RuleMeasure:
    """Errors of runs of models against their ideal; each set of sources runs once."""

    def __init__(self, models: Mapping[str, RuleModel], seeds: int, first_seed: int) -> None:
        self._models, self.seeds, self._first = models, seeds, first_seed
        self.ideal = {name: model.run(()) for name, model in models.items()}
        self._known: dict[Sources, Values] = {}

    def runs(self, name: str, on: Sources) -> list[RuleRun]:
        """Return the runs of a model with these sources, one for each seed that can differ."""
        model = self._models[name]
        n = self.seeds if on & _RANDOM & set(model.active) else 1
        return [model.run(on, self._first + k) for k in range(n)]

    def __call__(self, on: Sources) -> Values:
        """Return the mean squared error and the mean error of each seed, by model."""
        if on not in self._known:
            self.note(on, {name: self.runs(name, on) for name in self._models})
        return self._known[on]

    def note(self, on: Sources, runs: Mapping[str, Sequence[RuleRun]]) -> None:
        """Note the errors of runs with these sources, by model."""
        self._known[on] = {
            name: self.values(name, [run.weights for run in each]) for name, each in runs.items()
        }

    def values(self, name: str, weights: Iterable[Float64Array]) -> dict[str, Float64Array]:
        """Return the measures of runs, repeated for all seeds if these do not differ."""
        errors = [each - self.ideal[name].weights for each in weights]
        errors *= self.seeds // len(errors)
        return {
            _ERROR: np.array([np.mean(error**2) for error in errors]),
            _BIAS: np.array([np.mean(error) for error in errors]),
        }


def attribute_models(
    models: Mapping[str, RuleModel],
    seeds: int,
    min_events: int,
    shapley: bool,
    progress: bool | None,
    *,
    closed: Mapping[str, Float64Array] | None = None,
    ends: Mapping[str, Float64Array] | None = None,
    first_seed: int = 0,
) -> LearningAttribution:
    """Return the attribution of the models of all connections that learn.

    ``closed`` has the weights of the chip with its own spikes, in steps, shape (n_seeds,
    n_synapses), and ``ends`` those of the reference.
    """
    measure = RuleMeasure(models, seeds, first_seed)
    active = [name for name in LEARNING if any(name in m.active for m in models.values())]
    none, full = frozenset[str](), frozenset(active)
    wanted = [none | {source} for source in active] + [full - {source} for source in active]
    finals = {name: measure.runs(name, full) for name in models}
    measure.note(full, finals)
    with progress_bar(len(wanted), "attribution", progress) as bar:
        for on in wanted:
            measure(on)
            bar.update(1)
    shares = shapley_shares(measure, active, none, full) if shapley else {}
    effects: list[LearningEffect] = []
    totals = []
    for name, model in models.items():
        effects += _effects(name, measure, active, shares)
        ideal, after = measure.ideal[name], math.nan
        if closed is not None:
            after = math.sqrt(float(measure.values(name, closed[name])[_ERROR].mean()))
        apart = 0.0 if ends is None else math.sqrt(np.mean((ideal.weights - ends[name]) ** 2))
        totals.append(_total(name, model, ideal, finals[name], measure(full)[name], after, apart))
    first = next(iter(models.values()))
    return LearningAttribution(
        engine=first.rule.spec.name,
        n_steps=first.n_steps,
        seeds=seeds,
        min_events=min_events,
        effects=tuple(effects),
        totals=tuple(totals),
    )


def _effects(
    name: str,
    measure: RuleMeasure,
    active: Sequence[str],
    shares: Mapping[tuple[str, str, str], float],
) -> Iterator[LearningEffect]:
    """Yield the effects of all sources on a connection, and their interaction."""
    full = frozenset(active)
    total = measure(full)[name]
    rest = {metric: values.copy() for metric, values in total.items()}
    for source in LEARNING:
        alone = {metric: np.zeros(measure.seeds) for metric in total}
        left_out = 0.0
        if source in full:
            alone = measure(frozenset((source,)))[name]
            left_out = float(np.mean(total[_ERROR] - measure(full - {source})[name][_ERROR]))
        for metric in rest:
            rest[metric] -= alone[metric]
        shapley = shares.get((name, _ERROR, source), 0.0 if shares else math.nan)
        yield _effect(name, source, alone, total[_ERROR], left_out, shapley)
    yield _effect(name, "interaction", rest, total[_ERROR], math.nan, math.nan)


def _effect(
    name: str,
    source: str,
    alone: Mapping[str, Float64Array],
    total: Float64Array,
    left_out: float,
    shapley: float,
) -> LearningEffect:
    low, high = ratio_interval(total, alone[_ERROR])
    mean = float(total.mean())
    return LearningEffect(
        connection=name,
        source=source,
        alone=float(alone[_ERROR].mean()),
        left_out=left_out,
        shapley=shapley,
        share=float(alone[_ERROR].mean()) / mean if mean else math.nan,
        interval=(low + 1.0, high + 1.0),
        bias=float(alone[_BIAS].mean()),
    )


def _total(
    name: str,
    model: RuleModel,
    ideal: RuleRun,
    runs: Sequence[RuleRun],
    measured: Mapping[str, Float64Array],
    closed_error: float,
    unexplained: float,
) -> LearningTotal:
    weights = np.array([run.weights for run in runs])
    spread = math.sqrt(2.0 * float(weights.var(axis=0, ddof=1).mean())) if len(runs) > 1 else 0.0
    return LearningTotal(
        connection=name,
        synapses=model.n_synapses,
        events=ideal.events,
        step=ideal.moved / max(1, ideal.events),
        learned=math.sqrt(float(np.mean((ideal.weights - model.start) ** 2))),
        error=math.sqrt(float(measured[_ERROR].mean())),
        bias=float(measured[_BIAS].mean()),
        spread=spread,
        closed_error=closed_error,
        unexplained=unexplained,
        weight_bits=model.weight_bits,
        saturated={
            key: float(np.mean([run.saturated[key] for run in runs])) for key in runs[0].saturated
        },
    )
