"""Decay registers, and the gain that survives their rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neurochip.chip.fixedpoint import Rounding, round_to_integer
from neurochip.chip.registers import kept_fraction
from neurochip.chip.spec import ChipSpec, CoreSpec
from neurochip.errors import CompileError
from neurochip.image.gains import GainRule
from neurochip.network import Population
from neurochip.recurrence import IdealPopulation, initial_current, time_constant
from neurochip.typing import Float64Array, Int64Array

from ..options import CompileOptions
from .drive import OperatingPoint
from .gains import choose_gain

__all__ = ["Decays", "ReceptorDecay", "child_keep_v", "round_decays"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReceptorDecay:
    """Decay register of a synaptic current and what it means; arrays of shape (size,).

    Parameters
    ----------
    decay_u : ndarray of int64
        Register values.
    keep_u : ndarray
        Factor of one step that the register means.
    gain : ndarray, mV per weight unit
        What a spike adds to u, corrected for the rounded decays.
    u_init : ndarray, mV
        u before the first step, which decays it.
    """

    decay_u: Int64Array
    keep_u: Float64Array
    gain: Float64Array
    u_init: Float64Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Decays:
    """Decay registers of a population and what they mean; arrays of shape (size,).

    Parameters
    ----------
    receptors : tuple of ReceptorDecay
        As those of the ideal population.
    decay_v : ndarray of int64
        Register values.
    keep_v : ndarray
        Factor of one step that the register means.
    rule : PowerGain or MomentGain
        How the gains, and the level where v settles, follow the rounded decays.
    shift : ndarray, mV
        How far that level is moved.
    bias : ndarray, mV
        What is added to v each step so that v settles there.
    """

    receptors: tuple[ReceptorDecay, ...]
    decay_v: Int64Array
    keep_v: Float64Array
    rule: GainRule
    shift: Float64Array
    bias: Float64Array


def child_keep_v(core: CoreSpec) -> float:
    """Return what a step leaves of the v of a child (see ``compartments``): as little as can be."""
    return float(kept_fraction(core.decay.maximum, core.decay_v_offset, core))


def round_decays(
    ideal: IdealPopulation,
    chip: ChipSpec,
    dt: float,
    options: CompileOptions,
    point: OperatingPoint | None = None,
) -> Decays:
    """Round both decays and correct gain and bias for it.

    ``point`` says how the population is driven, which ``gain="auto"`` and ``"mean_and_variance"``
    need.

    Raises
    ------
    CompileError
        If a time constant is so long that its decay would round to nothing, or there should be no
        leak on a chip where v always decays.
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
    rule = choose_gain(ideal, keep_v, point, dt, options)
    gains, shift = rule.follow(ideal, keep_v, [keep for _, keep in rounded])
    receptors = [
        ReceptorDecay(
            decay_u=decay_u,
            keep_u=keep_u,
            gain=gain,
            u_init=initial_current(item.start * gain, keep_u, model),
        )
        for item, (decay_u, keep_u), gain in zip(ideal.receptors, rounded, gains, strict=True)
    ]
    return Decays(
        receptors=tuple(receptors),
        decay_v=decay_v,
        keep_v=keep_v,
        rule=rule,
        shift=shift,
        bias=(1 - keep_v) * (ideal.v_inf + shift - ideal.origin) if leaky else ideal.bias,
    )


def _no_leak(population: Population, chip: ChipSpec) -> tuple[Int64Array, Float64Array]:
    if chip.core.decay_v_offset:
        raise CompileError(
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
        raise CompileError(
            f"population {population.name!r}: {parameter}[{first}] = {tau:g} ms is a decay of "
            f"{scale * -np.expm1(-dt / tau):.3g} in {scale} per step of {dt:g} ms and would round "
            f"to 0; the longest at this dt is {longest:.4g} ms. Lengthen dt to at least "
            f"{_rounded_up(tau / longest * dt):g} ms."
        )
    register = np.clip(effective - offset, decay.minimum, decay.maximum)
    return register, kept_fraction(register, offset, chip.core)


def _rounded_up(value: float) -> float:
    """Three digits, never less than ``value``: advice that is followed must help."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.ceil(value / unit) * unit
