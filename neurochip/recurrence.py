"""The registers as real numbers, before anything is rounded.

With ``a = exp(-dt/tau_m)`` and ``s = exp(-dt/tau_syn)`` the chip's recurrence

    u <- s u + q;   v <- a v + u + bias;   spike if v > threshold;   v <- 0

is an exact integrator of the LIF equations on the grid (Rotter & Diesmann 1999,
10.1007/s004220050570) if the registers are chosen as here; with the factors and the gain of Euler's
methods it does exactly what these do (``LIF.integration``). A neuron with two synaptic currents has
two u, which are both added to its v. ``docs/explanation/from-millivolts-to-registers.md`` derives
each line. All values are in mV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._support.grid import nearest_steps, steps_of
from .errors import CompileError
from .network import LIF, Network, Population
from .typing import Float64Array, Int64Array

__all__ = [
    "EXCITATORY",
    "INHIBITORY",
    "IdealPopulation",
    "Receptor",
    "delay_steps",
    "ideal_population",
    "initial_current",
    "receptor_names",
    "refractory_steps",
    "time_constant",
]

INHIBITORY, EXCITATORY = 0, 1
"""Receptors of a neuron that tells signs apart; the last receptor of a neuron is where its v is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Receptor:
    """A synaptic current of the neurons of a population; arrays of shape (size,).

    Parameters
    ----------
    parameter : str
        Which time constant it has; empty for delta synapses.
    tau : ndarray, ms
        That time constant; 0 for delta synapses.
    keep_u : ndarray
        Factor s of one step; 0 for delta synapses.
    gain : ndarray, mV per weight unit
        A presynaptic spike of weight w adds ``gain * w`` to u.
    start : ndarray, weight units
        The current at time 0.
    """

    parameter: str
    tau: Float64Array
    keep_u: Float64Array
    gain: Float64Array
    start: Float64Array


@dataclass(frozen=True, kw_only=True, eq=False)
class IdealPopulation:
    """Unrounded registers of a population; arrays of shape (size,).

    Parameters
    ----------
    population : Population
        Whose they are.
    receptors : tuple of Receptor
        One, or the inhibitory and the excitatory one.
    keep_v : ndarray
        Factor a of one step.
    origin : ndarray, mV
        The potential that the chip's v = 0 stands for.
    v_inf : ndarray, mV
        Where v would settle without spikes: rest and constant currents; the origin without a leak.
    bias, threshold, v_init : ndarray, mV
        Added to v each step; threshold and initial v above the origin.
    refractory : ndarray of int64
        Refractory register.
    """

    population: Population
    receptors: tuple[Receptor, ...]
    keep_v: Float64Array
    origin: Float64Array
    v_inf: Float64Array
    bias: Float64Array
    threshold: Float64Array
    v_init: Float64Array
    refractory: Int64Array


def ideal_population(network: Network, population: Population, dt: float) -> IdealPopulation:
    """Return the real-valued registers of a population at a step of ``dt`` ms.

    Raises
    ------
    CompileError
        If a neuron would spike again in the first step after every reset, or nothing of a spike
        would be left after one step, or a step of forward Euler is longer than a time constant.
    """
    get = population.parameter
    tau_m, v_rest, v_reset, v_thresh = get("tau_m"), get("v_rest"), get("v_reset"), get("v_thresh")
    current, leaky = network.current(population), population.model.leaky
    drift = dt / get("cm") * current
    v_inf = v_rest + tau_m / get("cm") * current if leaky else v_reset
    a = _keep(population, "tau_m", dt)
    refractory = np.maximum(refractory_steps(get("tau_refrac"), dt), 1)
    kicks_decay = population.model.delta_synapses and network.kicks_decay
    origin = v_reset
    if kicks_decay:
        # Integrate, test, deliver, reset: a kick decays once before it is tested, and one in the
        # step of a spike is wiped by the reset. The chip loses the same kicks if it holds v for one
        # step more, and resumes from the same voltage if that step's leak is in the origin.
        origin = v_inf + (v_reset - v_inf) * a if leaky else v_reset + drift
        refractory += 1
    receptors = _receptors(population, dt, a if kicks_decay else np.ones(population.size))
    gone = np.any([receptor.gain == 0 for receptor in receptors], axis=0)
    if gone.any():
        first = int(np.argmax(gone))
        raise CompileError(
            f"population {population.name!r}: tau_m[{first}] = {tau_m[first]:g} ms is so short "
            f"that nothing of a spike is left after a step of {dt:g} ms. Shorten dt."
        )
    endless = origin >= v_thresh
    if endless.any():
        first = int(np.argmax(endless))
        raise CompileError(
            f"population {population.name!r}: neuron {first} leaks from its reset "
            f"({v_reset[first]:g} mV) to {origin[first]:.4g} mV within one step of {dt:g} ms, not "
            f"below its threshold ({v_thresh[first]:g} mV), so it would spike for ever. Shorten dt "
            "or lower the current."
        )
    return IdealPopulation(
        population=population,
        receptors=receptors,
        keep_v=a,
        origin=origin,
        v_inf=v_inf if leaky else origin,
        bias=(1 - a) * (v_inf - origin) if leaky else drift,
        threshold=v_thresh - origin,
        v_init=get("v_init") - origin,
        refractory=refractory,
    )


def receptor_names(model: LIF) -> tuple[str, ...]:
    """Return the time constants of the receptors of a neuron, in their order; "" for none."""
    if model.delta_synapses:
        return ("",)
    if model.two_currents:
        return ("tau_syn_I", "tau_syn_E")
    return ("tau_syn" if model.tau_syn is not None else "tau_syn_E",)


def _receptors(population: Population, dt: float, kick: Float64Array) -> tuple[Receptor, ...]:
    if population.model.delta_synapses:
        nothing = np.zeros(population.size)
        return (Receptor(parameter="", tau=nothing, keep_u=nothing, gain=kick, start=nothing),)
    names, start = receptor_names(population.model), population.parameter("i_syn_init")
    starts = [start]
    if population.model.two_currents:
        starts = [np.minimum(start, 0.0), np.maximum(start, 0.0)]
    return tuple(
        _current(population, name, begin, dt) for name, begin in zip(names, starts, strict=True)
    )


def _current(population: Population, parameter: str, start: Float64Array, dt: float) -> Receptor:
    tau_m, tau_syn = population.parameter("tau_m"), population.parameter(parameter)
    cm, leaky = population.parameter("cm"), population.model.leaky
    a, s = _keep(population, "tau_m", dt), _keep(population, parameter, dt)
    if population.model.integration != "exact":
        # The current of the beginning of the step acts throughout, as u does on the chip.
        gain = tau_m / cm * (1 - a) if leaky else dt / cm
        return Receptor(parameter=parameter, tau=tau_syn, keep_u=s, gain=gain, start=start)
    rise = tau_m / cm * (dt / tau_m) if leaky else dt / cm
    # R tau_syn / (tau_m - tau_syn) (a - s), written so that it has its limit at equal taus and
    # neither difference of near numbers nor overflow elsewhere.
    z = np.abs(dt / tau_syn - dt / tau_m)
    nonzero = np.where(z == 0, 1.0, z)
    share = np.where(z == 0, 1.0, -np.expm1(-nonzero) / nonzero)
    gain = rise * np.maximum(a, s) * share
    return Receptor(parameter=parameter, tau=tau_syn, keep_u=s, gain=gain, start=start)


def _keep(population: Population, parameter: str, dt: float) -> Float64Array:
    """What a step leaves of v or of a current, shape (size,)."""
    tau = population.parameter(parameter)
    if population.model.integration != "euler":
        return np.exp(-dt / tau)
    if (tau < dt).any():
        first = int(np.argmax(tau < dt))
        raise CompileError(
            f"population {population.name!r}: {parameter}[{first}] = {tau[first]:g} ms is shorter "
            f"than a step of {dt:g} ms, where forward Euler overshoots; no decay register does. "
            "Shorten dt, or take integration = 'exact'."
        )
    return np.asarray(1 - dt / tau)


def initial_current(
    current: Float64Array, keep_u: Float64Array, population: Population
) -> Float64Array:
    """Return u before the first step, of which a step leaves the current at time 0 (mV).

    Raises
    ------
    CompileError
        If a step leaves nothing of a current that is not 0.
    """
    gone = (current != 0) & (keep_u == 0)
    if gone.any():
        first = int(np.argmax(gone))
        raise CompileError(
            f"population {population.name!r}: i_syn_init[{first}] is not 0, but its current is "
            "over within one step. Set it to 0, or shorten dt."
        )
    started: Float64Array = np.divide(
        current, keep_u, out=np.zeros_like(current), where=current != 0
    )
    return started


def time_constant(model: LIF, keep: float | Float64Array, dt: float) -> float | Float64Array:
    """Time constant (ms) of which a step leaves ``keep``, as the model's integration has it."""
    return dt / (1 - keep) if model.integration == "euler" else -dt / np.log(keep)


def delay_steps(delay: float | Float64Array, dt: float) -> Int64Array:
    """Delays (ms) in steps, rounded half up as Brian2's compiled spike queue does."""
    return _whole(nearest_steps(delay, dt))


def refractory_steps(tau_refrac: Float64Array, dt: float) -> Int64Array:
    """Refractory periods (ms) in steps, by Brian2's rule."""
    return _whole(steps_of(tau_refrac, dt))


def _whole(steps: Float64Array) -> Int64Array:
    """Return as integers; whatever no register could hold is cut to one that still does not fit."""
    return np.minimum(steps, 1 << 31).astype(np.int64)
