"""Predict the rates of all sources of a network, and their effect, before it runs.

Headroom in registers and placement on cores depend on these rates. They come from, in this order,
a run of the network, the option ``assumed_rate``, or the self-consistent solution of ``drive``.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np

from neurochip._support.values import instance
from neurochip.errors import CompileError
from neurochip.network import Network, PoissonInput, Population, SpikeInput
from neurochip.network.connections import Source
from neurochip.network.repeats import count_together
from neurochip.recording import Recording
from neurochip.typing import Float64Array

from ..options import CompileOptions
from .drive import MeanField, OperatingPoint, mean_field
from .rates import UNKNOWN, input_origin, input_rates, lasting_rates

__all__ = ["LEAST", "MEASURED", "Expectation", "expect", "is_bounded", "sends_bursts"]

MEASURED = "measured"
"""Origin of rates that were counted in a recording."""

_DEVIATIONS = 4.0

LEAST = 10.0
"""Lowest rate in Hz for which headroom is left if the rate of a neuron is predicted or measured."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Expectation:
    """Expected rates of a network.

    Parameters
    ----------
    points : dict of str to OperatingPoint
        Expected input of each population, while all inputs spike.
    lasting : dict of str to OperatingPoint
        The same without inputs that end early: resting levels are moved for no others.
    rates : dict of str to ndarray, shape (size,), Hz
        Rate of each neuron of a population, and of each source of an input.
    origins : dict of str to str
        Where the rates come from.
    least : float, Hz
        Lowest rate of a neuron for which headroom is left.
    guessed : set of str
        Populations that receive an input of unknown rate: their points are guesses.
    bursts : dict of str to int
        Largest number of spikes in a step of a neuron of each population, if it was measured.
    """

    points: Mapping[str, OperatingPoint]
    lasting: Mapping[str, OperatingPoint]
    rates: Mapping[str, Float64Array]
    origins: Mapping[str, str]
    least: float
    guessed: Set[str]
    bursts: Mapping[str, int]

    def assumed(self, source: Source) -> Float64Array:
        """Return the rate in Hz of each source for which headroom is left."""
        rates = self.rates[source.name]
        return np.maximum(rates, self.least) if isinstance(source, Population) else rates

    def is_raised(self, source: Source) -> bool:
        """Return whether headroom is left for more than the rate of some neuron of a source."""
        below = isinstance(source, Population) and self.rates[source.name] < self.least
        return bool(np.any(below))

    def traffic(self, source: Source) -> Float64Array:
        """Return the rate in Hz of each source for the placement: ``assumed`` unless measured."""
        measured = self.origins[source.name] == MEASURED
        return self.rates[source.name] if measured else self.assumed(source)

    def spikes_per_step(self, source: Source, dt: float) -> Float64Array:
        """Return ``assumed`` in spikes per step; above 1 only if a source may spike so often."""
        spikes = self.assumed(source) * (dt / 1000.0)
        if not is_bounded(source) or (spikes <= 1.0).all():
            return spikes
        return np.minimum(spikes, self.burst(source, dt))

    def burst(self, source: Source, dt: float) -> float:
        """Return how many spikes a source may emit in a step at once; 1 if only one.

        Given spikes are counted. Those of a population are predicted from the largest rise of v in
        a step, of 4 standard deviations of its kicks.
        """
        if isinstance(source, SpikeInput) and source.n_spikes:
            return float(count_together(source, dt).max())
        if not sends_bursts(source):
            return 1.0
        if not self.guesses_bursts(source):
            return float(self.bursts[source.name])
        point = self.points[source.name]
        rise = np.maximum(point.drift, 0.0) * dt
        rise += _DEVIATIONS * point.kick * np.sqrt(point.kick_rate * dt)
        return max(1.0, float((rise / (point.v_thresh - point.v_reset)).max()))

    def guesses_bursts(self, source: Source) -> bool:
        """Return whether a source may spike several times in a step, and nobody counted how often.

        The prediction takes the mean rate of a population for each of its neurons. Bursts come from
        the few neurons that trained weights make the most active, so it may be far too low.
        """
        return sends_bursts(source) and source.name not in self.bursts


def is_bounded(source: Source) -> bool:
    """Return whether it is known how often a source spikes in a step at most: see ``burst``."""
    drawn = isinstance(source, PoissonInput) or (
        isinstance(source, SpikeInput) and source.expected_rate is not None
    )
    return not (drawn or sends_bursts(source))


def sends_bursts(source: Source) -> bool:
    """Return whether a source is a population whose neurons may spike several times in a step."""
    return isinstance(source, Population) and source.model.several


def expect(
    network: Network, options: CompileOptions, activity: Recording | None = None
) -> Expectation:
    """Collect the expected rates of a network.

    Raises
    ------
    CompileError
        If ``activity`` is a recording of another network.
    """
    if activity is not None:
        allowed = "a Recording of the network"
        instance("compile", "activity", activity, Recording, allowed, error=CompileError)
    solution = mean_field(network)
    rates, origin, least = solution.rates, "predicted", LEAST
    if not solution.settled:
        origin = "predicted, not settled"
    if activity is not None:
        rates = {item.name: _measured(activity, item) for item in network.populations}
        origin = MEASURED
    elif not isinstance(options.assumed_rate, str):
        given = options.assumed_rate
        rates = {item.name: np.full(item.size, given) for item in network.populations}
        origin, least = "given", 0.0
    origins = dict.fromkeys(rates, origin)
    inputs = network.spike_inputs
    origins |= {item.name: input_origin(item) for item in inputs}
    return Expectation(
        points=solution.points,
        lasting=_lasting(network, solution).points,
        rates={**rates, **{item.name: input_rates(item) for item in inputs}},
        origins=origins,
        least=least,
        guessed={
            item.target.name
            for item in network.connections
            if origins[item.source.name] == UNKNOWN and item.n_synapses
        },
        bursts={}
        if activity is None
        else {name: int(values.max(initial=1)) for name, values in activity.payloads.items()},
    )


def _lasting(network: Network, solution: MeanField) -> MeanField:
    """Return the solution for those inputs that do not end early."""
    if all(np.array_equal(lasting_rates(i), input_rates(i)) for i in network.spike_inputs):
        return solution
    return mean_field(network, lasting_rates)


def _measured(activity: Recording, population: Population) -> Float64Array:
    size = activity.populations.get(population.name)
    if size != population.size:
        name = repr(population.name)
        found = f"no population {name}" if size is None else f"{size} neurons in {name}"
        raise CompileError(
            f"activity: the recording has {found}; allowed: a recording of this network, in which "
            f"{name} has {population.size} neurons."
        )
    duration = max(activity.n_steps, 1) * activity.dt / 1000.0
    rates: Float64Array = activity.counts(population.name) / duration
    return rates
