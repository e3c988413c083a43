"""Refuse resets that the cores of a chip cannot do, with what the nearest one would cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurochip.chip.spec import ChipSpec
from neurochip.errors import CompileError
from neurochip.network import ConstantCurrent, Network, Population, StepCurrent
from neurochip.recurrence import ideal_population

from .expectation import Expectation
from .grid import grid_rates

__all__ = ["check_resets", "with_hard_reset"]

_SILENT = 0.1  # Hz: neurons with a lower expected rate count as silent
_CHIP = "or take a chip with programmable cores: LOIHI2"


def check_resets(network: Network, chip: ChipSpec, dt: float, expected: Expectation) -> None:
    """Raise a CompileError if a population needs a program, which the cores of a chip lack.

    Parameters
    ----------
    network, chip, dt
        As for ``compile_network``.
    expected : Expectation
        Expected input, from which the error of a reset to a value is estimated.
    """
    if chip.core.programmable:
        return
    for item in network.populations:
        if item.model.subtracts:
            lost = _cost(network, item, dt, expected)
            raise CompileError(
                f"population {item.name!r}: reset = {item.model.reset!r}, but the neurons of "
                f"{chip.name} set v to one value, so a spike would lose what exceeds its "
                f"threshold: {lost}. Set reset='value' to accept that, {_CHIP}."
            )
        if item.model.bounded:
            raise CompileError(
                f"population {item.name!r}: v_min is given, but {chip.name} limits v only far from "
                f"where neurons work, at a power of 2. Set v_min=None, {_CHIP}."
            )


def with_hard_reset(network: Network) -> Network:
    """Return the network with resets to a value, one spike a step, and without bounds of v."""
    own = {
        item.name: replace(
            item,
            model=replace(item.model, reset="value", spikes_per_step="one", v_min=None),
        )
        for item in network.populations
    }
    return replace(
        network,
        populations=list(own.values()),
        inputs=[
            replace(item, target=own[item.target.name])
            if isinstance(item, (ConstantCurrent, StepCurrent))
            else item
            for item in network.inputs
        ],
        connections=[
            replace(
                item,
                source=own.get(item.source.name, item.source),
                target=own[item.target.name],
            )
            for item in network.connections
        ],
    )


def _cost(network: Network, population: Population, dt: float, expected: Expectation) -> str:
    """Return what a reset to a value changes at the expected input, as a text."""
    if population.name in expected.guessed:
        return "how much is not known, as its input is not"
    point, rates = expected.points[population.name], []
    hard = with_hard_reset(network)
    # What a kick exceeds the threshold by, half its size, is kept by a subtraction.
    kept = replace(point, v_reset=point.v_reset + point.kick / 2)
    for item, own in ((network, kept), (hard, point)):
        ideal = ideal_population(item, item.population(population.name), dt)
        columns = ideal.keep_v, ideal.bias, ideal.threshold, ideal.amount
        rates.append(grid_rates(own, ideal, dt, *columns))
    soft, reset = rates
    fires = soft >= _SILENT
    if not fires.any():
        return "nothing at the expected input, which hardly makes it spike"
    change = 100 * (float(np.mean(reset[fires]) / np.mean(soft[fires])) - 1)
    less = f"about {abs(change):.2g} % {'fewer' if change < 0 else 'more'}"
    return f"{less} spikes at the expected input (at {dt:g} ms)"
