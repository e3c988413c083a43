"""Round decays to registers, and correct weights and bias for the rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neurochip.chip.fixedpoint import Rounding, round_to_integer
from neurochip.chip.registers import kept_fraction
from neurochip.chip.spec import ChipSpec, CoreSpec
from neurochip.errors import FitError
from neurochip.image.gains import GainRule
from neurochip.network import Population
from neurochip.network.plausible import in_seconds
from neurochip.recurrence import IdealPopulation, initial_current, time_constant
from neurochip.typing import Float64Array, Int64Array

from ..options import CompileOptions
from .drive import OperatingPoint
from .gains import choose_gain

__all__ = ["Decays", "ReceptorDecay", "child_keep_v", "largest_bias", "round_decays"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReceptorDecay:
    """Decay register of a synaptic current and its decoded value; arrays of shape (size,).

    Parameters
    ----------
    decay_u : ndarray of int64
        Register values.
    keep_u : ndarray
        Fraction of u that a step keeps with that register.
    gain : ndarray, mV per weight unit
        Amount that a spike of weight 1 adds to u, corrected for the rounded decays.
    u_init : ndarray, mV
        u before the first step; the first step decays it.
    """

    decay_u: Int64Array
    keep_u: Float64Array
    gain: Float64Array
    u_init: Float64Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Decays:
    """Decay registers of a population and their decoded values; arrays of shape (size,).

    Parameters
    ----------
    receptors : tuple of ReceptorDecay
        One per receptor of the ideal population, in the same order.
    decay_v : ndarray of int64
        Register values.
    keep_v : ndarray
        Fraction of v that a step keeps with that register.
    rule : PowerGain or MomentGain
        Rule that corrects gains and resting level for the rounded decays.
    gain_note : str
        Note on the rule for the compile report; may be empty.
    shift : ndarray, mV
        Correction of the resting level.
    bias : ndarray, mV
        Added to v in each step, so that v settles at the corrected resting level.
    per_na : ndarray, mV/nA
        Amount that a current adds to v in each step.
    lowest_bias, highest_bias : ndarray, mV
        Range of the bias if currents change in steps; otherwise ``bias``.
    """

    receptors: tuple[ReceptorDecay, ...]
    decay_v: Int64Array
    keep_v: Float64Array
    rule: GainRule
    gain_note: str
    shift: Float64Array
    bias: Float64Array
    per_na: Float64Array
    lowest_bias: Float64Array
    highest_bias: Float64Array


def child_keep_v(core: CoreSpec) -> float:
    """Return the fraction of v that a child compartment keeps per step: its decay is at maximum.

    See ``compartments`` for children.
    """
    return float(kept_fraction(core.decay.maximum, core.decay_v_offset, core))


def largest_bias(decays: Decays) -> Float64Array:
    """Return the largest magnitude of the bias of each neuron, shape (size,), mV."""
    lowest, highest = np.abs(decays.lowest_bias), np.abs(decays.highest_bias)
    return np.asarray(np.maximum(lowest, highest), dtype=np.float64)


def round_decays(
    ideal: IdealPopulation,
    chip: ChipSpec,
    dt: float,
    options: CompileOptions,
    point: OperatingPoint | None = None,
    lasting: OperatingPoint | None = None,
) -> Decays:
    """Round the decays of v and u, and correct gains and bias for the rounding.

    ``point`` is the expected input of the population; only ``gain="auto"`` and
    ``"mean_and_variance"`` use it. Without it, both preserve the mean. ``lasting`` is the part of
    the input that does not end early, by default all of it: the resting level moves for no other.

    Raises
    ------
    FitError
        If a time constant is so long that its decay would round to 0, or the model has no leak
        and v always decays on the chip.
    """
    core, model, leaky = chip.core, ideal.population, ideal.population.model.leaky
    tau_m = model.parameter("tau_m")
    if leaky:
        offset = core.decay_v_offset
        decay_v, keep_v = _register(ideal.keep_v, offset, chip, model, "tau_m", tau_m, dt)
    else:
        decay_v, keep_v = _no_leak(model, chip)
    rounded = [
        _register(item.keep_u, core.decay_u_offset, chip, model, item.parameter, item.tau, dt)
        for item in ideal.receptors
    ]
    keep_u = [keep for _, keep in rounded]
    chosen = choose_gain(ideal, keep_v, keep_u, point, lasting or point, dt, options)
    gains, shift = chosen.rule.follow(ideal, keep_v, keep_u)
    receptors = [
        ReceptorDecay(
            decay_u=decay_u,
            keep_u=keep_u,
            gain=gain,
            u_init=initial_current(item.start * gain, keep_u, model),
        )
        for item, (decay_u, keep_u), gain in zip(ideal.receptors, rounded, gains, strict=True)
    ]
    bias, per_na = ideal.bias, ideal.per_na
    if leaky:
        bias = (1 - keep_v) * (ideal.v_inf + shift - ideal.origin)
        per_na = (1 - keep_v) * tau_m / model.parameter("cm")
    lowest, highest = (bias + per_na * change for change in ideal.swing)
    return Decays(
        receptors=tuple(receptors),
        decay_v=decay_v,
        keep_v=keep_v,
        rule=chosen.rule,
        gain_note=chosen.note,
        shift=shift,
        bias=bias,
        per_na=per_na,
        lowest_bias=lowest,
        highest_bias=highest,
    )


def _no_leak(population: Population, chip: ChipSpec) -> tuple[Int64Array, Float64Array]:
    if chip.core.decay_v_offset:
        raise FitError(
            f"population {population.name!r}: tau_m = inf, but on {chip.name} v decays at least by "
            f"{chip.core.decay_v_offset} in {chip.core.decay_scale} per step. Give it a tau_m."
        )
    return np.zeros(population.size, dtype=np.int64), np.ones(population.size)


def _register(
    keep: Float64Array,
    offset: int,
    chip: ChipSpec,
    population: Population,
    parameter: str,
    taus: Float64Array,
    dt: float,
) -> tuple[Int64Array, Float64Array]:
    scale, decay = chip.core.decay_scale, chip.core.decay
    effective = round_to_integer(scale * (1 - keep), Rounding.NEAREST)
    lost = effective < 1
    if lost.any():
        first = int(np.argmax(lost))
        tau = float(taus[first])
        longest = float(time_constant(population.model, 1 - 0.5 / scale, dt))
        raise FitError(
            f"population {population.name!r}: {parameter}[{first}] = {tau:g} ms is a decay of "
            f"{scale * -np.expm1(-dt / tau):.3g} in {scale} per step of {dt:g} ms and would round "
            f"to 0; the longest at this dt is {longest:.4g} ms. Lengthen dt to at least "
            f"{_rounded_up(tau / longest * dt):g} ms.{in_seconds(dt)}"
        )
    register = np.clip(effective - offset, decay.minimum, decay.maximum)
    return register, kept_fraction(register, offset, chip.core)


def _rounded_up(value: float) -> float:
    """Round up to three digits, so that a user who follows the advice has enough."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.ceil(value / unit) * unit
