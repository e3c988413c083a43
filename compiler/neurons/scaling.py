"""Choose the scale of each population: the number of LSB per millivolt.

The scale is continuous. Registers and expected peaks bound it from above. Below the bound, rounding
patterns repeat every factor of two (halving the scale only moves exponents), so it is enough to
search one octave for the scale with the smallest error.

Peaks that bursts of unknown size cause cannot be predicted: a layer of a trained network may send
fifty spikes in a step where one was expected. There the scale is at most the one at which the
largest weights of bursts have all their levels, and those of the other connections 64 steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurochip.chip.fixedpoint import Overflow, Rounding, encode_mantissa_exponent, round_to_integer
from neurochip.chip.registers import decode_voltage_limits
from neurochip.chip.spec import CoreSpec
from neurochip.errors import FitError
from neurochip.network import Population
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

from ..options import CompileOptions
from ..synapses.formats import choose_format, exponents, grid, sign_mode_of
from ..synapses.projections import Projection
from ..synapses.rounding import second_moment_gain
from .decays import Decays, largest_bias
from .expectation import sends_bursts
from .peaks import Peaks, is_soft
from .weights import sampled_weights

__all__ = ["Scale", "choose_scale", "peak_limits", "silent_ceiling"]

_CANDIDATES = 257
_CHUNK = 1 << 17  # thresholds per chunk; limits the temporary arrays to about 10 MB
_BELOW = 1 - 1e-9  # so that float rounding of a weight does not reach the next grid
_RESOLUTION = 64  # minimum number of grid steps up to the largest weight of a connection


@dataclass(frozen=True)
class Scale:
    """LSB per mV of a population, and the bound that limits it.

    Parameters
    ----------
    lsb_per_mv : float
        The chosen scale.
    binding : str
        Name of the tightest bound.
    highest : float
        Highest scale that exceeds no bound and makes no grid of weights coarser.
    """

    lsb_per_mv: float
    binding: str
    highest: float


def peak_limits(ideal: IdealPopulation, core: CoreSpec) -> dict[str, int]:
    """Return the largest magnitude without overflow for each kind of peak, in LSB.

    An accumulator without an overflow rule counts with its width, too, though u and v would bound
    the scale alone. That reserve, 4 times the room on LOIHI2, costs nothing that was measurable,
    and trained layers whose rates are predicted too low wrap without it.
    """
    population = ideal.population
    limits = {
        "accumulator": core.accumulator.maximum,
        "current": core.state.maximum,
        "input": core.state.maximum,
        "voltage_low": core.state.maximum,
    }
    if not population.model.spiking:
        limits["voltage_high"] = silent_ceiling(population, core)[1]
    elif ideal.population.model.subtracts:
        ceiling = decode_voltage_limits(core.vmin_exponent_max, core.vmax_exponent_max, core)[1]
        limits["voltage_high"] = int(ceiling)
    elif ideal.kicked:
        ceiling = decode_voltage_limits(core.vmin_exponent_max, core.vmax_exponent_max, core)[1]
        limits["voltage_high"] = min(_largest_threshold(core), int(ceiling))
    return limits


def _largest_threshold(core: CoreSpec) -> int:
    return core.threshold_mantissa.maximum << core.threshold_shift


def silent_ceiling(population: Population, core: CoreSpec) -> tuple[int, int]:
    """Return register and value of the largest vmax that does not exceed the largest threshold.

    Raises
    ------
    FitError
        If v can exceed every threshold.
    """
    threshold = _largest_threshold(core)
    clips = core.voltage_overflow is Overflow.CLIP
    for exponent in range(core.vmax_exponent_max, -1, -1) if clips else ():
        ceiling = int(decode_voltage_limits(core.vmin_exponent_max, exponent, core)[1])
        if ceiling <= threshold:
            return exponent, ceiling
    raise FitError(
        f"population {population.name!r}: v_thresh = inf, but on this chip v can exceed the "
        f"largest threshold ({threshold} LSB), whatever the limit of v. Give the neurons a "
        "threshold, or the chip voltage_overflow = CLIP and a wider threshold register."
    )


def choose_scale(
    projections: Sequence[Projection],
    ideal: IdealPopulation,
    decays: Decays,
    peaks: Peaks,
    core: CoreSpec,
    options: CompileOptions,
    *,
    by_program: bool = False,
    bursts: Sequence[Projection] = (),
    fixed: Float64Array | None = None,
) -> Scale:
    """Search for the scale with the smallest error.

    ``projections`` are those onto the population; all its receptors share the scale.
    If the headroom would leave a connection fewer than 64 steps of weight, it is reduced, down to a
    factor of 1; the report then warns. Behind bursts, room for v that a chip clips is reduced
    below that. ``by_program`` if the neurons run a program, whose
    threshold is any number of LSB. ``bursts`` are the projections whose sources may spike any
    number of times in a step: their sums get all the room that the weights do not need. ``fixed``
    are the only scales that weights which learn allow, in order: the largest one within the bounds
    is taken, or the smallest one, if only peaks exceed theirs.

    Raises
    ------
    FitError
        If registers cannot hold a parameter at any useful scale.
    """
    driving = [item for item in projections if item.connection.n_synapses]
    samples = [
        sampled_weights(item.connection, decays.receptors[item.receptor].gain) for item in driving
    ]
    indegrees = [item.connection.n_synapses / ideal.population.size for item in driving]
    hard = _register_bounds(ideal, decays, samples, core)
    roomy, tight = (
        {
            name: limit / (factor * getattr(peaks, name))
            for name, limit in peak_limits(ideal, core).items()
            if getattr(peaks, name) > 0
        }
        for factor in (options.headroom, 1.0)
    )
    with_room = min(roomy.values(), default=np.inf)
    # Bursts may pull v to where clipping it costs less than weights without levels would.
    yields = any(sends_bursts(item.connection.source) for item in driving)
    kept = [limit for name, limit in tight.items() if not (yields and is_soft(name, core))]
    without = min(kept, default=np.inf)
    steps = _RESOLUTION if fixed is None else math.inf  # weights that learn need all their bits
    resolved = max((_finest_grid(own, core, steps) for own in samples), default=0.0)
    soft = max(with_room, min(resolved, without))
    bounds = hard or {"voltage high": peak_limits(ideal, core)["voltage_high"]}
    if roomy:
        bounds[f"peak of {min(roomy, key=roomy.__getitem__)}"] = soft
    sent = [own for item, own in zip(driving, samples, strict=True) if item in bursts]
    if full := [scale for own in sent if (scale := _finest_grid(own, core))]:
        bounds["room for bursts"] = max(min(full), resolved)
    binding = min(bounds, key=bounds.__getitem__)
    upper = bounds[binding]
    scales = upper * np.exp2(-np.arange(_CANDIDATES) / (_CANDIDATES - 1))
    if fixed is not None:
        scales, binding = _of_fixed(ideal, fixed, upper, hard), "learned weights"
    span = _span(ideal, peaks)
    rule = options.weight_rounding
    step = 1 if by_program else 1 << core.threshold_shift
    of_weights = np.array([_weight_cost(scale, samples, indegrees, core, rule) for scale in scales])
    costs = np.full(len(scales), np.inf)
    order, rows = np.argsort(of_weights, kind="stable"), max(1, _CHUNK // ideal.population.size)
    for start in range(0, len(scales), rows):
        part = order[start : start + rows]
        if of_weights[part[0]] > costs.min():  # no other scale can be better
            break
        costs[part] = _register_costs(scales[part], ideal, span, decays, core, step)
        costs[part] += of_weights[part]
    if not np.isfinite(costs).any():
        raise FitError(
            f"population {ideal.population.name!r}: its threshold lies {ideal.threshold.min():.3g} "
            f"mV above its reset, less than one step of the threshold register at the scale that "
            f"its {binding} allows. Reduce the spread of its parameters, or its input."
        )
    chosen = float(scales[np.argmin(costs)])
    return Scale(chosen, binding, max(chosen, min(upper, _same_grids(chosen, samples, core))))


def _of_fixed(
    ideal: IdealPopulation, fixed: Float64Array, upper: float, hard: Mapping[str, float]
) -> Float64Array:
    """Return the one of some fixed scales to take.

    Raises
    ------
    FitError
        If a register cannot hold its value at the smallest one.
    """
    within = fixed[fixed <= upper / _BELOW]
    chosen = within[-1:] if within.size else fixed[:1]
    name = min(hard, key=hard.__getitem__, default="")
    if name and chosen[0] > hard[name] / _BELOW:
        raise FitError(
            f"population {ideal.population.name!r}: its {name.replace('_', ' ')} register would "
            f"have to hold {chosen[0] / hard[name]:.3g} times its largest value if w_max of the "
            "synapses that learn fills their format; allowed: at most 1 time. Raise w_max or, if "
            "they drive a current, lengthen dt by that factor."
        )
    return chosen


def _register_bounds(
    ideal: IdealPopulation, decays: Decays, samples: list[Float64Array], core: CoreSpec
) -> dict[str, float]:
    threshold = _largest_threshold(core)
    bias = core.bias_mantissa.maximum << core.bias_exponent_max
    spiking = ideal.population.model.spiking
    ceiling = core.state.maximum if spiking else silent_ceiling(ideal.population, core)[1]
    asked = {
        "threshold": (threshold, ideal.threshold if spiking else np.zeros(1)),
        "bias": (min(bias, core.state.maximum), largest_bias(decays)),
        "v_init": (ceiling, ideal.v_init),
        "u_init": (core.state.maximum, np.array([item.u_init for item in decays.receptors])),
    }
    bounds = {
        name: limit / float(np.abs(values).max())
        for name, (limit, values) in asked.items()
        if np.abs(values).max() > 0
    }
    if spiking:
        # v is clipped at the maximum of the state, and must be able to exceed the threshold.
        passed = (core.state.maximum - 1) / ideal.threshold.max()
        bounds["threshold"] = min(bounds["threshold"], passed)
    for weights in samples:
        largest = float(np.abs(weights).max())
        if largest > 0:
            mode = sign_mode_of(weights)
            reach = grid(exponents(mode, core)[-1], mode, core).largest
            bounds["weight"] = min(bounds.get("weight", np.inf), reach / largest)
    return bounds


def _same_grids(scale: float, samples: list[Float64Array], core: CoreSpec) -> float:
    """Return the highest scale at which all connections have the grids of ``scale``."""
    bound = np.inf
    for weights in samples:
        largest = float(np.abs(weights).max())
        if largest > 0:
            chosen = choose_format(largest * scale, sign_mode_of(weights), core)
            bound = min(bound, _BELOW * chosen.largest / largest)
    return bound


def _finest_grid(weights: Float64Array, core: CoreSpec, most: float = math.inf) -> float:
    """Return the scale at which weights fill their finest grid, or ``most`` steps of it.

    0 if all are 0.
    """
    largest = float(np.abs(weights).max())
    if not largest:
        return 0.0
    mode = sign_mode_of(weights)
    finest = grid(exponents(mode, core)[0], mode, core)
    return float(min(most, finest.largest // finest.step)) * finest.step / largest


def _span(ideal: IdealPopulation, peaks: Peaks) -> Float64Array:
    """Return the range of v in mV: from the origin to the threshold, or to the expected peak."""
    if ideal.population.model.spiking:
        return ideal.threshold
    return np.array([max(peaks.voltage_high, peaks.voltage_low) or 1.0])


def _register_costs(
    scales: Float64Array,
    ideal: IdealPopulation,
    span: Float64Array,
    decays: Decays,
    core: CoreSpec,
    step: int,
) -> Float64Array:
    """Return the mean squared error of thresholds and resting levels for each scale.

    ``step`` is that of the threshold register, in LSB.
    """
    model, scale = ideal.population.model, scales[:, None]
    levels = [decays.bias]
    if ideal.step_mean.any():  # currents in steps: their mean, and the time when there are none
        levels.append(decays.bias - decays.per_na * ideal.step_mean)
    costs = np.zeros(len(scales))
    if model.spiking:
        mantissa = np.rint(span * scale / step)
        cost = np.mean((mantissa * step / (span * scale) - 1) ** 2, axis=1)
        costs = np.where(mantissa.min(axis=1) < 1, np.inf, cost)
    for bias in levels:
        wanted = bias * scale
        m, e = encode_mantissa_exponent(wanted, core.bias_mantissa, core.bias_exponent_max)
        off = np.abs(np.ldexp(m.astype(np.float64), e) - wanted)
        if model.leaky:
            # A bias error moves the resting level; truncation acts like half an LSB per step.
            moved = (off + 0.5) / (1 - decays.keep_v)
            costs += np.mean((moved / (span * scale)) ** 2, axis=1)
        elif bias.any():
            there = bias != 0
            costs += np.mean((off[:, there] / wanted[:, there]) ** 2, axis=1)
    return costs


def _weight_cost(
    scale: float, samples: list[Float64Array], indegrees: list[float], core: CoreSpec, rule: str
) -> float:
    """Return the squared relative error of weights and of their sums, over all connections."""
    cost = 0.0
    for weights, indegree in zip(samples, indegrees, strict=True):
        scaled = weights * scale
        chosen = choose_format(float(np.abs(scaled).max()), sign_mode_of(weights), core)
        steps = scaled / chosen.step
        if rule == "stochastic":  # sums are unbiased, sums of squares grow
            cost += second_moment_gain(steps)
            continue
        if rule == "moments":  # the sum of the weights onto a neuron is rounded, not each weight
            cost += second_moment_gain(steps) ** 2
            steps = steps * max(indegree, 1.0)
        way = Rounding.TOWARD_ZERO if rule == "floor" else Rounding.NEAREST
        error = round_to_integer(steps, way) - steps
        power = float(np.sum(steps**2))
        if power > 0:
            cost += float(np.sum(error**2)) / power
            cost += (float(np.sum(error)) / float(np.sum(np.abs(steps)))) ** 2
    return cost
