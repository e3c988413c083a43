"""Attribute the error of the weights that a network learns on the chip to its sources."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._support.progress import progress_bar
from .._support.values import instance
from ..chip.spec import LOIHI, ChipSpec
from ..errors import AnalysisError
from ..image import ChipImage
from ..learned.closed_loop import run_both_sides
from ..learned.open_loop import (
    LearnedConnection,
    forced_spikes,
    late_steps,
    learned_connections,
)
from ..learning.terms import POST, PRE, TARGETS, Term
from ..network import STDP, Network
from ..stimulus import Stimulus
from ..typing import Float64Array, Int32Array
from .attribute import given_or_compiled
from .learning_effects import LearningAttribution
from .rule import attribute_models, check_engine, check_study
from .rule_model import IdealRule, RuleModel

__all__ = ["attribute_learning", "ideal_connection"]


def attribute_learning(
    network: Network,
    stimulus: Stimulus,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    image: ChipImage | None = None,
    seeds: int = 8,
    min_events: int = 100,
    shapley: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> LearningAttribution:
    """Split the error of the weights that a network learns on the chip into its sources.

    The ideal is the reference: float64 on the steps of the chip, which learns in the order of
    Brian2. From the same spikes the chip learns other weights; this error is split by switching
    each of its sources on alone, and leaving it out once. The measure is the mean squared error of
    the weights at the end; what remains of it after all effects alone is their interaction. With
    its own spikes the chip learns yet other weights (``LearningTotal.closed_error``).

    Parameters
    ----------
    network : Network
        A network with connections that learn (``plasticity=STDP(...)``).
    stimulus : Stimulus
        Input of all runs.
    chip, dt, image, options
        As of :func:`attribute`.
    seeds : int
        Number of seeds of the draws, 2 to 1,000: that of the image and those that follow it.
    min_events : int
        With fewer changes of synapses there is no answer.
    shapley : bool
        Also compute the mean effect over all orders of the sources, with up to 64 runs a seed.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.

    Returns
    -------
    LearningAttribution

    Raises
    ------
    AnalysisError
        If an argument is not allowed, nothing learns, or the learning engine cannot be modelled.
    CompileError, StimulusError
        If the network does not fit the chip, or the stimulus.
    """
    owner = "attribution"
    instance(owner, "network", network, Network, "a Network", error=AnalysisError)
    instance(owner, "stimulus", stimulus, Stimulus, "a Stimulus", error=AnalysisError)
    seeds, min_events, shapley, progress = check_study(seeds, min_events, shapley, progress)
    image = given_or_compiled(network, chip, dt, image, options)
    items = learned_connections(owner, network, image)
    for item in items:
        check_engine(item.rule)
    first = items[0].learning.seed
    at_end = max(1, round(stimulus.duration / items[0].symbols.dt))
    numbers = range(first, first + seeds)
    with progress_bar(seeds + 1, owner, progress) as bar:
        sides = network, image, items, stimulus
        reference, runs = run_both_sides(*sides, seeds=numbers, every=at_end, bar=bar)
    models, closed, ends = {}, {}, {}
    for item in items:
        name, unit = item.connection.name, float(item.step.mean())
        ends[name] = reference.weights[name].values[-1] / unit
        models[name] = connection_model(item, forced_spikes(item, reference, stimulus))
        closed[name] = np.array([run.weights[name].values[-1] / unit for run in runs])
    return attribute_models(
        models,
        seeds,
        min_events,
        shapley,
        progress,
        closed=closed,
        ends=ends,
        first_seed=first,
    )


def connection_model(item: LearnedConnection, spikes: Any) -> RuleModel:
    """Return the model of a connection that learns from given spikes of both sides."""
    unit = float(item.step.mean())
    start = np.broadcast_to(item.connection.weight, (item.connection.n_synapses,)) / unit
    n_steps = len(spikes.post[1]) - 1
    written = item.given(n_steps)
    return RuleModel(
        item.rule,
        ideal_connection(item),
        item.group(item.learning.seed, listed=True),
        spikes,
        (_rewards(item, written), written),
        meant=start,
        step=item.step / unit,
    )


def _rewards(item: LearnedConnection, written: Int32Array) -> Float64Array:
    """Return the rewards as meant, in steps of the trace that holds them."""
    stdp = item.connection.plasticity
    if stdp is None or stdp.reward is None or not written.any():
        return written.astype(np.float64)
    reward = stdp.reward.reward
    steps = reward.steps(item.symbols.dt)
    (trace,) = (each.variable for each in item.learning.rewards if each.group == item.index)
    values = np.zeros(written.shape)
    for begin, end, row in zip(
        steps.tolist(), [*steps[1:].tolist(), len(written)], reward.values, strict=True
    ):
        values[begin:end, POST.index(trace)] = row / _reward_step(item)
    return values


def _reward_step(item: LearnedConnection) -> float:
    """Return the reward that a step of its trace stands for."""
    step = item.symbols.synapses[item.item.synapses].reward_lsb
    assert step is not None
    return step


def ideal_connection(item: LearnedConnection) -> IdealRule:
    """Return what the rule of a compiled connection would be in real numbers.

    A term of the rule stands for one product of the STDP: its event says which side, its second
    factor whether it is that of a triplet, and a trace without a time constant takes back what
    spikes of both sides in one step would add.
    """
    stdp, rule, dt = item.connection.plasticity, item.rule, item.symbols.dt
    assert stdp is not None
    late, unit = late_steps(item), float(item.step.mean())
    taus = _time_constants(stdp)
    top = stdp.w_max / unit
    shifts = {target: [term.shift(rule.spec) for term in rule.terms[target]] for target in TARGETS}
    mantissa, constant, undelayed = [], [], []
    learned = unit if stdp.reward is None else _tag_step(item, unit)
    lost = sum(
        -math.ldexp(term.mantissa, term.exponent - shift)
        for term, shift in zip(rule.terms["t"], shifts["t"], strict=True)
        if term.dependency == "u"
    )
    for target in TARGETS:
        for term, shift in zip(rule.terms[target], shifts[target], strict=True):
            constant += [float(factor.constant) for factor in term.factors]
            if term.dependency == "u":
                undelayed.append(1.0)
                ideal = float(term.mantissa)
                if target == "t" and stdp.reward is not None:
                    kept = math.exp(-stdp.reward.interval / stdp.reward.tau_eligibility)
                    ideal *= (1.0 - kept) / lost
                mantissa.append(ideal)
                continue
            size, factor_of_delay = _size(stdp, term, taus, late * dt)
            scale = learned * math.ldexp(1.0, term.exponent - shift)
            for place, factor in enumerate(term.factors, len(constant) - len(term.factors)):
                if factor.variable == "w":
                    scale *= top if not factor.constant else -top
                    constant[place] = -top if factor.constant else 0.0
                else:
                    impulse = getattr(rule, factor.variable).impulse
                    scale *= impulse
                    constant[place] = -impulse if factor.constant else 0.0
            if not term.factors:  # one of the terms whose sum is the change of a spike alone
                size *= math.ldexp(term.mantissa, term.exponent) / _sum_alone(rule.terms[target])
            mantissa.append(size / scale)
            undelayed.append(1.0 / factor_of_delay)
    decay = [math.exp(-dt / tau) if tau else 0.0 for tau in taus.values()]
    given = [getattr(rule, name) is None for name in (*PRE, *POST)]
    return IdealRule(
        decay=np.where(given, 1.0, decay),
        mantissa=np.array(mantissa),
        constant=np.array(constant),
        bounds=(0.0, top),
        late=late,
        undelayed=np.array(undelayed),
    )


def _time_constants(stdp: STDP) -> dict[str, float]:
    """Return the time constants (ms) of the traces of a compiled rule; 0 holds one step only."""
    slow = stdp.triplet
    return {
        "x1": stdp.tau_plus,
        "x2": slow.tau_x if slow is not None and slow.a3_minus else 0.0,
        "y1": stdp.tau_minus,
        "y2": slow.tau_y if slow is not None else 0.0,
        "y3": 0.0,
    }


def _size(stdp: STDP, term: Term, taus: dict[str, float], delay: float) -> tuple[float, float]:
    """Return the size of a term's product (weight units) and its factor for the delay (ms)."""
    own = PRE if term.dependency == "x0" else POST
    if all(factor.variable in own for factor in term.factors):
        return stdp.a_pre, 1.0
    triplet = any(factor.variable in own for factor in term.factors)
    other = next(
        f.variable for f in term.factors if f.variable in (*PRE, *POST) and f.variable not in own
    )
    if term.dependency == "x0":
        factor, sign = math.exp(-delay / stdp.tau_minus), -1.0
        amplitude = stdp.triplet.a3_minus if triplet and stdp.triplet else stdp.a_minus
    else:
        factor, sign = math.exp(delay / stdp.tau_plus), 1.0
        amplitude = stdp.triplet.a3_plus if triplet and stdp.triplet else stdp.a_plus
    if not taus[other]:
        sign = -sign
    return sign * factor * amplitude, factor


def _sum_alone(terms: Iterable[Term]) -> float:
    """Return the sum of the coefficients of terms without factors."""
    return sum(math.ldexp(term.mantissa, term.exponent) for term in terms if not term.factors)


def _tag_step(item: LearnedConnection, unit: float) -> float:
    """Return the eligibility (weight units) that a step of the tag stands for."""
    (change,) = (term for term in item.rule.terms["w"] if term.dependency == "u")
    per_step = math.ldexp(change.mantissa, change.exponent - change.shift(item.rule.spec))
    return per_step * unit / _reward_step(item)
