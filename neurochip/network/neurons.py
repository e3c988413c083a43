"""The neuron model and groups of neurons."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from .._support.brief import brief
from .._support.foreign import own_keywords
from .._support.ranges import FINITE, NOT_NEGATIVE, POSITIVE, Range
from .._support.values import (
    ArrayValue,
    check_name,
    check_size,
    choice,
    instance,
    quantity,
    shown,
)
from ..errors import NetworkError
from ..typing import Float64Array, PerNeuron
from .plausible import check_model

__all__ = [
    "INTEGRATIONS",
    "LIF",
    "PARAMETERS",
    "Integration",
    "Population",
    "Reset",
    "SpikesPerStep",
]

Integration: TypeAlias = Literal["exact", "euler", "exponential_euler"]
"""Name of a method that advances the equations of :class:`LIF` by a step of dt."""

INTEGRATIONS: tuple[Integration, ...] = get_args(Integration)
"""All methods of integration."""

Reset: TypeAlias = Literal["value", "subtract", "subtract_and_raise"]
"""A spike sets v to ``v_reset``, or subtracts a fixed amount, which may also raise a threshold."""

SpikesPerStep: TypeAlias = Literal["one", "many"]
"""A neuron may emit one spike in a step, or many."""

PARAMETERS = (
    *("tau_m", "v_rest", "v_reset", "v_thresh", "tau_refrac", "cm", "i_offset"),
    *("tau_syn", "tau_syn_E", "tau_syn_I", "v_init", "i_syn_init", "v_min"),
    *("i_syn_init_E", "i_syn_init_I"),
)
"""Numerical parameters of :class:`LIF`."""

_DEFAULTS = {"v_init": "v_rest", "tau_syn_E": "tau_syn", "tau_syn_I": "tau_syn"}


@own_keywords
@dataclass(frozen=True, kw_only=True, eq=False)
class LIF(ArrayValue):
    """Leaky integrate-and-fire neurons, with PyNN's parameter names and units.

    Below threshold ``tau_m dv/dt = v_rest - v + R (I + i_offset)`` with ``R = tau_m / cm``; a
    neuron whose v is above ``v_thresh`` at the end of a step spikes, and v is held at ``v_reset``
    for ``tau_refrac``. Each parameter is one value for all neurons or one value per neuron.

    With ``reset="subtract"`` (*soft reset*) a spike lowers v by ``v_thresh - v_reset`` instead, so
    that what exceeds the threshold is kept; the refractory period then holds v at its new value.
    Brian2's ``v -= theta`` and sinabs reset so, and snnTorch does a step later by default.

    Without ``tau_syn`` a presynaptic spike adds its weight (mV) to v. With ``tau_syn`` it adds its
    weight (nA) to I, and ``tau_syn dI/dt = -I``, also while v is held. With ``tau_syn_E`` and
    ``tau_syn_I`` (PyNN's ``IF_curr_exp``) I is the sum of two currents: positive weights drive the
    first, negative ones the second. Connections with ``receptor="v"`` add their weight (mV) to v
    beside one current.

    With ``tau_m=inf`` there is no leak: ``cm dv/dt = I + i_offset`` (integrate-and-fire). With
    ``v_thresh=inf`` a neuron never spikes, and its v is the output (leaky integrator).

    Parameters
    ----------
    tau_m : float or array_like, ms
        Membrane time constant, above 0; infinite for all neurons or for none.
    v_rest, v_reset, v_thresh : float or array_like, mV
        Resting, reset and threshold potential; the reset must lie below the threshold, which is
        infinite for all neurons or for none. With ``reset="subtract"``, ``v_reset`` is where a
        spike takes a v that lies exactly at the threshold.
    tau_refrac : float or array_like, ms
        Refractory period, at least 0. It lasts ``floor(tau_refrac / dt + 1e-3)`` steps, as in
        Brian2, or the steps of NEST (``Network.refractory``); delta kicks that arrive during it
        are lost (Brian2's ``unless refractory``). A
        reset to a value also erases the kicks that arrive in the step of the spike; a subtraction
        keeps them, unless the neuron is refractory for a step or more.
    cm : float or array_like, nF
        Membrane capacitance, above 0; it affects currents only.
    i_offset : float or array_like, nA
        Constant current.
    tau_syn : float or array_like, ms, optional
        Time constant of the synaptic current, above 0. Default: delta synapses.
    tau_syn_E, tau_syn_I : float or array_like, ms, optional
        Time constants of the excitatory and the inhibitory current, both instead of ``tau_syn``.
    v_init : float or array_like, mV, optional
        v at time 0. Default: ``v_rest``.
    i_syn_init : float or array_like, nA
        Synaptic current at time 0, with ``tau_syn``. Default: 0.
    i_syn_init_E, i_syn_init_I : float or array_like, nA
        Both currents at time 0, with ``tau_syn_E`` and ``tau_syn_I``; of any sign. Default: 0.
    integration : str
        How a step of dt advances v and I between spikes. ``"exact"`` (the default) solves the
        equations: v and I keep ``exp(-dt / tau)``. ``"euler"`` is forward Euler: they keep
        ``1 - dt / tau``, and I at the beginning of the step acts during the whole step.
        ``"exponential_euler"`` solves each variable with the others held constant: they keep
        ``exp(-dt / tau)``, and again I at the beginning acts. Use the last two for networks that
        were built or fitted in a simulator with this method; their spikes depend more on dt.
    reset : str
        ``"value"`` (the default): a spike sets v to ``v_reset``. ``"subtract"``: it lowers v by
        ``v_thresh - v_reset``. ``"subtract_and_raise"``: it lowers v by the same amount, and while
        v ends a step above ``v_thresh``, the threshold of the next step is raised by that amount
        (mV), too, as snnTorch does with ``reset_delay=False``.
    spikes_per_step : str
        ``"one"`` (the default), or ``"many"`` with ``reset="subtract"``: a neuron emits as many
        spikes in a step as bring v down to the threshold, ``ceil((v - v_thresh) / (v_thresh -
        v_reset))``, as sinabs does. They are one event whose payload is their number.
    v_min : float or array_like, mV, optional
        Lowest v, at most ``v_reset``: a v below it at the end of a step is set to it, as sinabs
        does with ``min_v_mem``. Default: no bound.

    Raises
    ------
    NetworkError
        If a value is not finite, out of its range, or the reset is not below the threshold; or if
        ``tau_syn`` is combined with the other two, or one of them is missing; or if
        ``integration``, ``reset`` or ``spikes_per_step`` is none of the words above, or ``"many"``
        is combined with another reset than ``"subtract"``.

    Warns
    -----
    UnitWarning
        If a value was probably meant in V, s, pF or pA.
    """

    tau_m: PerNeuron = 20.0
    v_rest: PerNeuron = -65.0
    v_reset: PerNeuron = -65.0
    v_thresh: PerNeuron = -50.0
    tau_refrac: PerNeuron = 0.0
    cm: PerNeuron = 1.0
    i_offset: PerNeuron = 0.0
    tau_syn: PerNeuron | None = None
    tau_syn_E: PerNeuron | None = None  # noqa: N815 - PyNN's names
    tau_syn_I: PerNeuron | None = None  # noqa: N815
    v_init: PerNeuron | None = None
    i_syn_init: PerNeuron = 0.0
    i_syn_init_E: PerNeuron = 0.0  # noqa: N815
    i_syn_init_I: PerNeuron = 0.0  # noqa: N815
    integration: Integration = "exact"
    reset: Reset = "value"
    spikes_per_step: SpikesPerStep = "one"
    v_min: PerNeuron | None = None

    def __post_init__(self) -> None:
        def check(name: str, unit: str, within: Range = FINITE) -> None:
            value = quantity("LIF", name, getattr(self, name), unit, within)
            if not np.size(value):
                raise NetworkError(
                    f"LIF: {name} has no values; allowed: a number or one number per neuron, in "
                    f"{unit}."
                )
            object.__setattr__(self, name, value)

        check("tau_m", "ms", Range(above=0.0, finite=False))
        check("v_rest", "mV")
        check("v_reset", "mV")
        check("v_thresh", "mV", Range(finite=False))
        check("tau_refrac", "ms", NOT_NEGATIVE)
        check("cm", "nF", POSITIVE)
        check("i_offset", "nA")
        self._check_synapses()
        for name in ("tau_syn", "tau_syn_E", "tau_syn_I"):
            if getattr(self, name) is not None:
                check(name, "ms", POSITIVE)
        for name in ("v_init", "v_min"):
            if getattr(self, name) is not None:
                check(name, "mV")
        for name in ("i_syn_init", "i_syn_init_E", "i_syn_init_I"):
            check(name, "nA")
            tau = name.replace("i_syn_init", "tau_syn")
            if getattr(self, tau) is None and np.any(getattr(self, name)):
                raise NetworkError(
                    f"LIF: {name} is given without {tau}; allowed: i_syn_init with tau_syn, or "
                    "i_syn_init_E with tau_syn_E and i_syn_init_I with tau_syn_I."
                )
        choice(
            "LIF",
            "integration",
            self.integration,
            INTEGRATIONS,
            allowed="'exact', 'euler' or 'exponential_euler'",
            error=NetworkError,
        )
        self._check_reset()
        sizes = self._sizes()
        if len(set(sizes.values())) > 1:
            listed = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise NetworkError(
                f"LIF: {listed} values; allowed: one value, or equal lengths for all arrays."
            )
        self._check_order(bool(sizes))
        check_model(self)

    def _check_order(self, per_neuron: bool) -> None:
        def check(low: str, high: str, wrong: Callable[..., Any], problem: str) -> None:
            values = np.broadcast_arrays(getattr(self, low), getattr(self, high))
            bad = np.atleast_1d(wrong(*values))
            if bad.any():
                first = int(np.argmax(bad))
                where = f"[{first}]" if per_neuron else ""
                below, above = (float(np.atleast_1d(each)[first]) for each in values)
                limit = f"{high}{where} = {above:g} mV"
                raise NetworkError(
                    f"LIF: {low}{where} = {below:g} mV is not {problem.format(limit)}"
                )

        check(
            "v_reset",
            "v_thresh",
            np.greater_equal,
            "below {}; such a neuron would fire for ever. Lower v_reset or raise v_thresh.",
        )
        if self.v_min is not None:
            check("v_min", "v_reset", np.greater, "at or below {}. Lower v_min or raise v_reset.")

    def _check_synapses(self) -> None:
        given = [name for name in ("tau_syn_E", "tau_syn_I") if getattr(self, name) is not None]
        if given and self.tau_syn is not None:
            raise NetworkError(
                f"LIF: tau_syn and {' and '.join(given)} are given; allowed: tau_syn alone, or "
                "tau_syn_E and tau_syn_I."
            )
        if len(given) == 1:
            raise NetworkError(
                f"LIF: {given[0]} is given without its partner; allowed: tau_syn_E and tau_syn_I, "
                "or tau_syn if both are equal."
            )

    def _check_reset(self) -> None:
        choice(
            "LIF",
            "reset",
            self.reset,
            get_args(Reset),
            allowed="'value', 'subtract' or 'subtract_and_raise'; v_reset is the potential",
            error=NetworkError,
        )
        choice(
            "LIF",
            "spikes_per_step",
            self.spikes_per_step,
            get_args(SpikesPerStep),
            allowed="'one' or 'many'",
            error=NetworkError,
        )
        if self.spikes_per_step == "many" and self.reset == "value":
            raise NetworkError(
                "LIF: spikes_per_step = 'many' with reset = 'value'; a reset to a value leaves "
                "nothing for a second spike. Set reset='subtract', or spikes_per_step='one'."
            )
        if self.spikes_per_step == "many" and self.reset == "subtract_and_raise":
            raise NetworkError(
                "LIF: spikes_per_step = 'many' with reset = 'subtract_and_raise'; a threshold is "
                "raised where spikes are left to come, and many leave none. Set reset='subtract', "
                "or spikes_per_step='one'."
            )

    def _sizes(self) -> dict[str, int]:
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: len(v) for name, v in values.items() if isinstance(v, np.ndarray)}

    def __repr__(self) -> str:
        changed = [
            f"{item.name}={_short(getattr(self, item.name))}"
            for item in dataclasses.fields(self)
            if isinstance(getattr(self, item.name), np.ndarray)
            or getattr(self, item.name) != item.default
        ]
        return f"LIF({', '.join(changed)})"

    @property
    def leaky(self) -> bool:
        """Whether v decays toward rest."""
        return bool(np.all(np.isfinite(self.tau_m)))

    @property
    def spiking(self) -> bool:
        """Whether the threshold is finite."""
        return bool(np.all(np.isfinite(self.v_thresh)))

    @property
    def subtracts(self) -> bool:
        """Tell whether a spike lowers v by ``v_thresh - v_reset`` instead of setting v_reset."""
        return self.reset != "value" and self.spiking

    @property
    def raises(self) -> bool:
        """Tell whether a v above the threshold raises the threshold of the next step."""
        return self.reset == "subtract_and_raise" and self.spiking

    @property
    def several(self) -> bool:
        """Tell whether a neuron may emit several spikes in a step."""
        return self.spikes_per_step == "many" and self.spiking

    @property
    def bounded(self) -> bool:
        """Tell whether v has a lower bound."""
        return self.v_min is not None

    @property
    def delta_synapses(self) -> bool:
        """Whether a spike adds its weight to v (mV) instead of to a current (nA)."""
        return self.tau_syn is None and self.tau_syn_E is None

    @property
    def two_currents(self) -> bool:
        """Whether the two currents of any neuron have different time constants."""
        if self.tau_syn_E is None or self.tau_syn_I is None:
            return False
        return bool(np.any(np.asarray(self.tau_syn_E) != np.asarray(self.tau_syn_I)))


def _short(value: object) -> str:
    return f"<{value.size} values>" if isinstance(value, np.ndarray) else f"{value!r}"


@own_keywords
@dataclass(frozen=True)
class Population:
    """A named group of neurons of one model.

    Parameters
    ----------
    name : str
        Unique within a network.
    size : int
        Number of neurons, at least 1.
    model : LIF
        Parameters of the neurons; arrays must have ``size`` values.

    Raises
    ------
    NetworkError
        If the name is empty, the size below 1, or an array of the model has another length.
    """

    name: str
    size: int
    model: LIF = dataclasses.field(default_factory=LIF)

    __repr__ = brief

    def __post_init__(self) -> None:
        if isinstance(self.size, LIF):
            raise NetworkError(
                f"population: name = {shown(self.name)}, size = {shown(self.size)}; allowed: "
                "Population(name, size, model), the name first."
            )
        check_name("population", self.name)
        object.__setattr__(self, "size", check_size(f"population {self.name!r}", self.size))
        owner = f"population {self.name!r}"
        instance(owner, "model", self.model, LIF, "a LIF(...)", error=NetworkError)
        for parameter, size in self.model._sizes().items():
            if size != self.size:
                raise NetworkError(
                    f"population {self.name!r}: {parameter} has {size} values; allowed: one, or "
                    f"{self.size} (one per neuron)."
                )

    def parameter(self, name: str) -> Float64Array:
        """Return one parameter as an array, shape (size,).

        Defaults replace parameters that were not given: ``v_rest`` for ``v_init``, ``tau_syn`` for
        ``tau_syn_E`` and ``tau_syn_I``, minus infinity for ``v_min``.

        Raises
        ------
        NetworkError
            If the parameter does not exist, or the model does not have it.
        """
        choice(f"population {self.name!r}", "parameter", name, PARAMETERS, error=NetworkError)
        value = getattr(self.model, name)
        if value is None:
            value = -np.inf if name == "v_min" else getattr(self.model, _DEFAULTS.get(name, name))
        if value is None:
            raise NetworkError(f"population {self.name!r}: its LIF has no {name}; give it one.")
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (self.size,))
