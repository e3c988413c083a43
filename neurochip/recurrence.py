"""The registers of a population as real numbers, before rounding.

With ``a = exp(-dt/tau_m)`` and ``s = exp(-dt/tau_syn)`` the chip's recurrence

    u <- s u + q;   v <- a v + u + bias;   spike if v > threshold;   v <- 0

is an exact integrator of the LIF equations on the time grid (Rotter & Diesmann 1999,
10.1007/s004220050570) if the registers are chosen as here. With the factors and the gain of forward
or exponential Euler, it equals those methods (``LIF.integration``). A neuron with two synaptic
currents, or with kicks of v and a current, has two u, and both are added to its v. A reset that
subtracts is ``v <- v - amount``. All values are in mV.
``docs/explanation/from-millivolts-to-registers.md`` derives each formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._support.grid import nearest_steps
from .errors import CompileError
from .network import LIF, Network, Population
from .typing import Float64Array, Int64Array

__all__ = [
    "CURRENT",
    "EXCITATORY",
    "INHIBITORY",
    "KICKS",
    "LONG_STEP",
    "IdealPopulation",
    "Receptor",
    "delay_steps",
    "first_current",
    "ideal_population",
    "initial_current",
    "is_long_step",
    "receptor_names",
    "time_constant",
]

LONG_STEP = 0.2
"""Fraction of a time constant above which a step is long: it changes the spikes by itself."""

INHIBITORY, EXCITATORY = 0, 1
"""Receptors of a neuron with two synaptic currents; the compartment of the last one holds v."""

KICKS, CURRENT = 0, 1
"""Receptors of a neuron with kicks of v and a synaptic current; the last one holds v, too."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Receptor:
    """A synaptic current of the neurons of a population; arrays of shape (size,).

    Parameters
    ----------
    parameter : str
        Name of its time constant; empty for kicks of v (delta synapses).
    tau : ndarray, ms
        Its time constant; 0 for kicks.
    keep_u : ndarray
        Fraction s of u that a step keeps; 0 for kicks.
    gain : ndarray, mV per weight unit
        A spike through a synapse of weight w adds ``gain * w`` to u.
    start : ndarray, weight units
        Current at time 0.
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
        The population.
    receptors : tuple of Receptor
        One receptor, or the inhibitory and the excitatory one, or that of kicks and a current.
    keep_v : ndarray
        Fraction a of v that a step keeps.
    origin : ndarray, mV
        Membrane potential at v = 0 of the chip.
    v_inf : ndarray, mV
        Resting level with constant currents, without spikes; without a leak, the origin.
    bias, threshold, v_init, v_min : ndarray, mV
        Amount added to v in each step; threshold, initial v and lowest v (minus infinity without
        one) relative to the origin.
    amount : ndarray, mV
        What a spike subtracts from v, if its reset does.
    period : ndarray of int64
        Whole steps that stand for the refractory period.
    refractory : ndarray of int64
        Refractory register.
    least : int
        Refractory register of a neuron without a refractory period.
    kicks_decay : bool
        Whether v is held for one more step after a spike and the origin is one leak step after the
        reset, since kicks decay once before the threshold test.
    keeps_kicks : bool
        Whether kicks that arrive in the last refractory step are kept, which the network loses:
        v is held for the current beside them, one step too short for kicks that decay once.
    kicks_lost : bool
        Whether v moves without its kicks in the last step that ``refractory`` counts, as a reset
        that subtracts needs it: its v has no fixed value from which v could be released.
    per_na : ndarray, mV/nA
        Amount that a current adds to v in each step.
    step_mean : ndarray, nA
        Expected mean of the currents that change in steps, which ``v_inf``, ``bias`` and ``origin``
        contain; 0 without them.
    swing : tuple of ndarray, nA
        Lowest and highest value of these currents, relative to their mean.
    """

    population: Population
    receptors: tuple[Receptor, ...]
    keep_v: Float64Array
    origin: Float64Array
    v_inf: Float64Array
    bias: Float64Array
    threshold: Float64Array
    v_init: Float64Array
    v_min: Float64Array
    amount: Float64Array
    period: Int64Array
    refractory: Int64Array
    least: int
    kicks_decay: bool
    keeps_kicks: bool
    kicks_lost: bool
    per_na: Float64Array
    step_mean: Float64Array
    swing: tuple[Float64Array, Float64Array]

    @property
    def kicked(self) -> bool:
        """Tell whether the neurons have a receptor of kicks beside one of a current."""
        return len(self.receptors) == 2 and not self.receptors[KICKS].parameter


def ideal_population(network: Network, population: Population, dt: float) -> IdealPopulation:
    """Return the real-valued registers of a population at a step of ``dt`` ms.

    Raises
    ------
    CompileError
        If a neuron would spike again in the first step after every reset, if a spike would decay
        to 0 within one step, or if a step of forward Euler is longer than a time constant.
    """
    get = population.parameter
    tau_m, v_rest, v_reset, v_thresh = get("tau_m"), get("v_rest"), get("v_reset"), get("v_thresh")
    current, leaky = network.current(population), population.model.leaky
    kicked, subtracts = population.name in network.kicked, population.model.subtracts
    drift = dt / get("cm") * current
    v_inf = v_rest + tau_m / get("cm") * current if leaky else v_reset
    a = _keep(population, "tau_m", dt)
    steps = network.refractory_steps(population, dt)
    refractory = np.maximum(steps, 1)
    kicks_lost = subtracts and network.kicks_decay and (kicked or population.model.delta_synapses)
    if kicks_lost:
        refractory = steps + 1
    kicks_decay = _kicks_decay(network, population) and not subtracts
    origin = v_reset
    if kicks_decay:
        # Order: integrate, test, deliver, reset. A jump decays once before it is tested, and a
        # jump in the step of a spike is erased by the reset. The chip loses the same jumps if it
        # holds v for one more step, and resumes from the same voltage if the origin includes the
        # leak of that step.
        origin = v_inf + (v_reset - v_inf) * a if leaky else v_reset + drift
        origin = np.maximum(origin, get("v_min"))
        refractory += 1
    receptors = _receptors(network, population, dt, a)
    gone = np.any([receptor.gain == 0 for receptor in receptors], axis=0)
    if gone.any():
        first = int(np.argmax(gone))
        raise CompileError(
            f"population {population.name!r}: tau_m[{first}] = {tau_m[first]:g} ms is so short "
            f"that a spike decays to 0 within one step of {dt:g} ms. Shorten dt."
        )
    endless = origin >= v_thresh
    if endless.any():
        first = int(np.argmax(endless))
        raise CompileError(
            f"population {population.name!r}: neuron {first} leaks from its reset "
            f"({v_reset[first]:g} mV) to {origin[first]:.4g} mV within one step of {dt:g} ms, not "
            f"below its threshold ({v_thresh[first]:g} mV), so it would spike without end. Shorten "
            "dt or lower the current."
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
        v_min=get("v_min") - origin,
        amount=v_thresh - v_reset,
        period=np.maximum(steps - network.refractory_lag, 0),
        refractory=refractory,
        least=1 + int(kicks_decay),
        kicks_decay=kicks_decay,
        keeps_kicks=kicked and network.kicks_decay and not subtracts,
        kicks_lost=kicks_lost,
        per_na=(1 - a) * tau_m / get("cm") if leaky else dt / get("cm"),
        step_mean=network.current(population) - network.constant_current(population),
        swing=_swing(network, population),
    )


def _kicks_decay(network: Network, population: Population) -> bool:
    """Return whether register 0 of v has to be one leak step after the reset.

    A current that changes moves that point, so neurons without kicks do without it.
    """
    if not (population.model.delta_synapses and network.kicks_decay):
        return False
    kicked = any(item.target is population and item.n_synapses for item in network.connections)
    return kicked or not network.step_currents(population)


def _swing(network: Network, population: Population) -> tuple[Float64Array, Float64Array]:
    low, high = np.zeros(population.size), np.zeros(population.size)
    for item in network.step_currents(population):
        low += np.minimum(item.amplitudes.min(axis=0), 0.0) - item.expected
        high += np.maximum(item.amplitudes.max(axis=0), 0.0) - item.expected
    return low, high


def receptor_names(network: Network, population: Population) -> tuple[str, ...]:
    """Return the name of the time constant of each receptor of a population; "" for kicks of v."""
    model = population.model
    if model.delta_synapses:
        return ("",)
    if model.two_currents:
        return ("tau_syn_I", "tau_syn_E")
    current = "tau_syn" if model.tau_syn is not None else "tau_syn_E"
    return ("", current) if population.name in network.kicked else (current,)


def _receptors(
    network: Network, population: Population, dt: float, keep_v: Float64Array
) -> tuple[Receptor, ...]:
    names, nothing = receptor_names(network, population), np.zeros(population.size)
    kick = keep_v if network.kicks_decay else np.ones(population.size)
    return tuple(
        _current(population, name, dt)
        if name
        else Receptor(parameter="", tau=nothing, keep_u=nothing, gain=kick, start=nothing)
        for name in names
    )


def first_current(population: Population, parameter: str) -> Float64Array:
    """Return the current (nA) at time 0 that decays with a time constant, shape (size,).

    Two currents with equal time constants are one, their sum.
    """
    if population.model.two_currents:
        return population.parameter(parameter.replace("tau_syn", "i_syn_init"))
    names = ("i_syn_init", "i_syn_init_E", "i_syn_init_I")
    return np.asarray(np.sum([population.parameter(name) for name in names], axis=0))


def _current(population: Population, parameter: str, dt: float) -> Receptor:
    tau_m, tau_syn = population.parameter("tau_m"), population.parameter(parameter)
    cm, leaky = population.parameter("cm"), population.model.leaky
    a, s = _keep(population, "tau_m", dt), _keep(population, parameter, dt)
    start = first_current(population, parameter)
    if population.model.integration != "exact":
        # The current at the beginning of the step acts during the whole step, like u on the chip.
        gain = tau_m / cm * (1 - a) if leaky else dt / cm
        return Receptor(parameter=parameter, tau=tau_syn, keep_u=s, gain=gain, start=start)
    rise = tau_m / cm * (dt / tau_m) if leaky else dt / cm
    # R tau_syn / (tau_m - tau_syn) (a - s), written so that it has the right limit at equal time
    # constants, and neither cancellation nor overflow elsewhere.
    z = np.abs(dt / tau_syn - dt / tau_m)
    nonzero = np.where(z == 0, 1.0, z)
    share = np.where(z == 0, 1.0, -np.expm1(-nonzero) / nonzero)
    gain = rise * np.maximum(a, s) * share
    return Receptor(parameter=parameter, tau=tau_syn, keep_u=s, gain=gain, start=start)


def _keep(population: Population, parameter: str, dt: float) -> Float64Array:
    """Return the fraction of v or of a current that a step keeps, shape (size,)."""
    tau = population.parameter(parameter)
    if population.model.integration != "euler":
        return np.exp(-dt / tau)
    if (tau < dt).any():
        first = int(np.argmax(tau < dt))
        raise CompileError(
            f"population {population.name!r}: {parameter}[{first}] = {tau[first]:g} ms is shorter "
            f"than a step of {dt:g} ms, so forward Euler overshoots, which a decay register cannot "
            "do. Shorten dt, or set integration = 'exact'."
        )
    return np.asarray(1 - dt / tau)


def initial_current(
    current: Float64Array, keep_u: Float64Array, population: Population
) -> Float64Array:
    """Return u before the first step, so that u after its decay is the current at time 0 (mV).

    Raises
    ------
    CompileError
        If a nonzero current decays to 0 within one step.
    """
    gone = (current != 0) & (keep_u == 0)
    if gone.any():
        first = int(np.argmax(gone))
        raise CompileError(
            f"population {population.name!r}: the synaptic current of neuron {first} is not 0 at "
            "time 0, but decays to 0 within one step. Set i_syn_init to 0, or shorten dt."
        )
    started: Float64Array = np.divide(
        current, keep_u, out=np.zeros_like(current), where=current != 0
    )
    return started


def time_constant(model: LIF, keep: float | Float64Array, dt: float) -> float | Float64Array:
    """Return the time constant (ms) with which a step of the model keeps the fraction ``keep``."""
    return dt / (1 - keep) if model.integration == "euler" else -dt / np.log(keep)


def delay_steps(delay: float | Float64Array, dt: float) -> Int64Array:
    """Return delays (ms) in steps, rounded half up like Brian2's compiled spike queue."""
    steps = nearest_steps(delay, dt)
    return np.minimum(steps, 1 << 31).astype(np.int64)  # exceeds every register


def is_long_step(dt: float, tau: float) -> bool:
    """Return whether a step is longer than a fifth of a time constant, both in ms."""
    return dt > LONG_STEP * tau * (1 + 1e-9)
