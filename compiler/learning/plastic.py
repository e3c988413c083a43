"""The registers of connections that learn: rule, traces and steps of their weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurochip.chip.learning_spec import LearningSpec, TraceDecay
from neurochip.chip.spec import ChipSpec
from neurochip.errors import CompileError, LearningError
from neurochip.image.report_rows import Span
from neurochip.learning import LearningRule, Trace
from neurochip.learning.terms import text_of
from neurochip.network import STDP, Connection, Network, Population
from neurochip.network.repeats import repeated_share

from ..neurons.expectation import Expectation
from ..neurons.lower import LoweredPopulation
from ..synapses.convert import ConnectionRegisters
from .check import late_steps, owner_of
from .coefficients import expected_peak, largest_impulse
from .products import Product, products_of
from .rewards import RewardRegisters, expected_eligibility, fit_reward
from .scale import learned_top
from .terms import fit_products

__all__ = ["PlasticRegisters", "learn_connections", "time_constants"]

_GROWTH = 2.0  # of the rates of neurons while a network learns, for which traces leave room


@dataclass(frozen=True, kw_only=True, eq=False)
class PlasticRegisters:
    """The way in which a connection learns on the chip.

    Parameters
    ----------
    connection : Connection
        The synapses in physical units.
    rule : LearningRule
        Its rule for the engine of the chip.
    products : tuple of Product
        The same rule in real numbers.
    errors : dict of str to float
        Relative error of each amplitude.
    peaks : dict of str to float
        Expected peak of each trace, in impulses.
    step : Span, mV or nA
        What a weight step is worth for the target neurons.
    top : int
        Largest learned weight in weight steps.
    lost_bits : int
        Low bits of a weight that a spike does not deliver.
    late : int
        Steps by which a presynaptic event is later in the network than on the chip.
    repeated : float
        Fraction of the spikes of an input that come in a step with an earlier one of their source.
    reward : RewardRegisters or None
        What its reward adds.
    """

    connection: Connection
    rule: LearningRule
    products: tuple[Product, ...]
    errors: Mapping[str, float]
    peaks: Mapping[str, float]
    step: Span
    top: int
    lost_bits: int
    late: int
    repeated: float
    reward: RewardRegisters | None

    @property
    def stdp(self) -> STDP:
        """The rule of the connection."""
        assert self.connection.plasticity is not None
        return self.connection.plasticity


def time_constants(stdp: STDP) -> dict[str, float]:
    """Return the time constant (ms) of each trace of a rule; 0 holds only the spike of a step."""
    slow = stdp.triplet
    return {
        "x1": stdp.tau_plus,
        "y1": stdp.tau_minus,
        "x2": slow.tau_x if slow is not None and slow.a3_minus else 0.0,
        "y2": slow.tau_y if slow is not None else 0.0,
        "y3": 0.0,
    }


def learn_connections(
    network: Network,
    connections: Sequence[ConnectionRegisters],
    populations: Mapping[str, LoweredPopulation],
    chip: ChipSpec,
    dt: float,
    expected: Expectation,
) -> dict[str, PlasticRegisters]:
    """Choose the registers of all connections that learn, by the name of the connection.

    Raises
    ------
    CompileError
        If the engine cannot do a rule.
    """
    plastic = [item for item in connections if item.connection.learns]
    # Traces with one time constant share their impulse, since a core has few kinds of them.
    shared: dict[tuple[str, float], float] = {}
    for item in plastic:
        taus = time_constants(_stdp(item.connection))
        for name, peak in _peaks(item.connection, expected).items():
            shared[name, taus[name]] = max(peak, shared.get((name, taus[name]), 0.0))
    found = {}
    for item in plastic:
        target = populations[item.connection.target.name]
        registers = _registers(network, item, target, chip, dt, expected, shared)
        found[item.connection.name] = registers
    return found


def _stdp(connection: Connection) -> STDP:
    assert connection.plasticity is not None
    return connection.plasticity


def _peaks(connection: Connection, expected: Expectation) -> dict[str, float]:
    """Return the expected peak of each trace, in impulses."""
    ends = {"x": connection.source, "y": connection.target}
    rates = {
        side: expected.assumed(end) * (_GROWTH if isinstance(end, Population) else 1.0)
        for side, end in ends.items()
    }
    taus = time_constants(_stdp(connection))
    return {name: expected_peak(rates[name[0]], tau) for name, tau in taus.items()}


def _registers(
    network: Network,
    item: ConnectionRegisters,
    target: LoweredPopulation,
    chip: ChipSpec,
    dt: float,
    expected: Expectation,
    shared: Mapping[tuple[str, float], float],
) -> PlasticRegisters:
    connection, spec = item.connection, chip.core.learning
    assert spec is not None
    stdp, owner = _stdp(connection), owner_of(connection)
    late = late_steps(network, connection, dt)
    products = products_of(stdp, late * dt)
    gain = target.decays.receptors[item.projection.receptor].gain
    steps = item.grid.step / item.grid.mantissa_step / (gain * target.lsb_per_mv)
    step, taus = float(steps.mean()), time_constants(stdp)
    most = {name: largest_impulse(shared[name, tau], spec) for name, tau in taus.items()}
    reward, learned = None, step
    if stdp.reward is not None:
        sides = expected.assumed(connection.source), expected.assumed(connection.target)
        reward = fit_reward(owner, stdp, dt, step, expected_eligibility(stdp, *sides), spec)
        learned = reward.tag_step
    fitted = fit_products(owner, products, learned, round(stdp.w_max / step), most, spec)
    traces = {
        name: Trace(impulse, tau_in_steps(taus[name] / dt, spec))
        for name, impulse in fitted.impulses.items()
    }
    texts = {"dw": text_of(fitted.terms)}
    if reward is not None:
        texts = {"dw": text_of([reward.change]), "dt": text_of([*fitted.terms, *reward.decay])}
    parts: dict[str, Any] = {**texts, **traces}
    try:
        rule = LearningRule(**parts, spec=spec, first_epoch=0)
    except LearningError as problem:
        raise CompileError(f"{owner}: {problem}") from None
    return PlasticRegisters(
        connection=connection,
        rule=rule,
        products=products,
        errors=fitted.errors,
        peaks=_peaks(connection, expected),
        step=Span.of(steps),
        top=learned_top(chip.core),
        lost_bits=0 if chip.core.exponent_on_sum else max(0, -item.grid.format.weight_exponent),
        late=late,
        repeated=repeated_share(connection.source, dt, expected.assumed(connection.source)),
        reward=reward,
    )


def tau_in_steps(tau: float, spec: LearningSpec) -> float:
    """Return the time constant of an engine (steps) with the decay that is nearest to ``tau``."""
    if spec.trace_decay is TraceDecay.EXPONENTIAL:
        return tau
    return float(max(1, round(-1.0 / math.expm1(-1.0 / tau)))) if tau > 0 else 1.0
