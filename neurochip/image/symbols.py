"""Symbols: names and units of the integers of an image.

Import these names from ``neurochip.image``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from .._support.brief import brief
from .._support.ranges import POSITIVE
from .._support.values import (
    ArrayValue,
    check_name,
    check_size,
    choice,
    instance,
    instances,
    integer,
    real,
    shown,
)
from ..errors import ImageError
from ..network.coupling import COUPLINGS
from ..network.neurons import Reset, SpikesPerStep
from ..typing import Float64Array, Int32Array
from .drive import DriveSymbol
from .gains import GainRule, MomentGain, PowerGain
from .parts import check_array
from .report import CompileReport

__all__ = [
    "InputSymbol",
    "PopulationSymbol",
    "ReceptorSymbol",
    "Symbols",
    "SynapseSymbol",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReceptorSymbol(ArrayValue):
    """Name and gain of a synaptic current of a population; an array of shape (size,).

    Parameters
    ----------
    name : str
        Name of its time constant, such as ``"tau_syn"``; empty for kicks of v.
    gain : ndarray of float64, mV per weight unit
        Amount that a spike of weight 1 adds to u, corrected for rounded decays; finite, above 0.

    Raises
    ------
    ImageError
        If a value is not allowed.
    """

    name: str
    gain: Float64Array

    __repr__ = brief

    def __post_init__(self) -> None:
        instance("receptor symbol", "name", self.name, str, "a text", error=ImageError)
        _check_numbers(f"symbols of receptor {self.name!r}", "gain", self.gain, above=0.0)
        self._freeze()


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationSymbol(ArrayValue):
    """Compartments and units of a population; arrays of shape (size,), size at least 1.

    Parameters
    ----------
    name : str
        Name of the population in the network.
    compartment_ids : ndarray of int32
        Compartment that holds v of each neuron; all different.
    child_ids : ndarray of int32
        For neurons with two receptors, the compartment of the first one; empty for one receptor,
        and for neurons that run a program, which has both.
    mv_per_lsb, origin, v_reset : ndarray of float64
        ``v = origin + register * mv_per_lsb`` in mV; while a neuron is held after a spike that set
        it back, its v is ``v_reset``. All finite, ``mv_per_lsb`` above 0.
    receptors : tuple of ReceptorSymbol
        One receptor, or the inhibitory and the excitatory one, or that of kicks and a current; the
        last receptor is in the compartment that holds v.
    gain_rule : PowerGain or MomentGain
        Rule that corrects gains and resting level for rounded decays.
    coupling : str or None
        How its neurons depend on each other in the network: ``"independent"``, ``"shared input"``
        or ``"recurrent"`` (:class:`neurochip.recording.Origin`). None if it is not known.
    bias_correction : ndarray of float64 or None, LSB
        Part of the bias that makes up for the expected truncation of u and v. None if there is
        none.
    drive : DriveSymbol or None
        How the bias follows currents that change in steps. None if the population has none.
    reset, spikes_per_step : str
        As in :class:`~neurochip.LIF`. With ``"many"``, the payload of a spike is a number of
        spikes.

    Raises
    ------
    ImageError
        If the name is empty or a value is not allowed.
    """

    name: str
    compartment_ids: Int32Array
    child_ids: Int32Array
    mv_per_lsb: Float64Array
    origin: Float64Array
    v_reset: Float64Array
    receptors: tuple[ReceptorSymbol, ...]
    gain_rule: GainRule
    coupling: str | None = None
    bias_correction: Float64Array | None = None
    drive: DriveSymbol | None = None
    reset: Reset = "value"
    spikes_per_step: SpikesPerStep = "one"

    __repr__ = brief

    def __post_init__(self) -> None:
        check_name("population symbol", self.name, ImageError)
        owner, error = f"symbols of {self.name!r}", ImageError
        check_array(owner, "compartment_ids", self.compartment_ids, np.int32)
        size = check_size(owner, len(self.compartment_ids), ImageError)
        for name, above in (("mv_per_lsb", 0.0), ("origin", -math.inf), ("v_reset", -math.inf)):
            _check_numbers(owner, name, getattr(self, name), size, above=above)
        receptors = instances(owner, "receptors", self.receptors, ReceptorSymbol, error=error)
        object.__setattr__(self, "receptors", receptors)
        if len(receptors) not in {1, 2}:
            raise ImageError(f"{owner}: {len(receptors)} receptors; allowed: 1 or 2.")
        self._check_words(owner)
        check_array(owner, "child_ids", self.child_ids, np.int32)
        children = size * (len(receptors) - 1)
        if len(self.child_ids) not in {0, children}:
            check_array(owner, "child_ids", self.child_ids, np.int32, children)
        for part in receptors:
            check_array(owner, f"gain of receptor {part.name!r}", part.gain, np.float64, size)
        rule = self.gain_rule
        if isinstance(rule, MomentGain):
            if len(rule.charge) != len(receptors):
                raise ImageError(
                    f"{owner}: gain_rule has {len(rule.charge)} charges; allowed: "
                    f"{len(receptors)}, one for each receptor."
                )
            for index, values in enumerate(rule.charge):
                check_array(owner, f"charge {index} of gain_rule", values, np.float64, size)
        elif not isinstance(rule, PowerGain):
            allowed = "a PowerGain(...) or MomentGain(...)"
            raise ImageError(f"{owner}: gain_rule = {shown(rule)}; allowed: {allowed}.")
        choice(owner, "coupling", self.coupling, (*COUPLINGS, None), error=error)
        if self.bias_correction is not None:
            _check_numbers(owner, "bias_correction", self.bias_correction, size, above=-math.inf)
        if self.drive is not None:
            drive = instance(owner, "drive", self.drive, DriveSymbol, "a DriveSymbol", error=error)
            check_array(owner, "level of drive", drive.level, np.float64, size)
        self._freeze()

    def _check_words(self, owner: str) -> None:
        choice(owner, "reset", self.reset, get_args(Reset), error=ImageError)
        words = get_args(SpikesPerStep)
        choice(owner, "spikes_per_step", self.spikes_per_step, words, error=ImageError)

    @property
    def currents(self) -> tuple[Int32Array, ...]:
        """For each receptor, the compartment that holds the current of each neuron."""
        own = (self.compartment_ids,)
        if len(self.receptors) == 1:
            return own
        return (self.child_ids if len(self.child_ids) else self.compartment_ids, *own)

    def weight_per_lsb(self, receptor: int) -> Float64Array:
        """Return the weight that adds one LSB to the current of each neuron.

        Parameters
        ----------
        receptor : int
            Index of the receptor, from 0.

        Returns
        -------
        ndarray of float64, shape (size,), mV or nA
        """
        return np.asarray(self.mv_per_lsb / self.receptors[receptor].gain)

    def to_mv(self, lsb: Any, neurons: Any = slice(None)) -> Float64Array:
        """Return differences of v, or currents, in mV.

        Parameters
        ----------
        lsb : ndarray, shape (..., n_neurons)
            Values in register units.
        neurons : ndarray of int, shape (n_neurons,)
            Indices of their neurons. Default: all neurons.
        """
        return np.asarray(lsb * self.mv_per_lsb[neurons])

    def potential(self, v: Any, neurons: Any = slice(None)) -> Float64Array:
        """Return v in mV; parameters are those of :meth:`to_mv`."""
        found = self.to_mv(v, neurons)
        found += self.origin[neurons]
        return found


@dataclass(frozen=True)
class InputSymbol:
    """The ``name`` of a spiking input and its ``size``, the number of its sources, at least 1.

    Raises
    ------
    ImageError
        If the name is empty or the size is not allowed.
    """

    name: str
    size: int

    def __post_init__(self) -> None:
        check_name("input symbol", self.name, ImageError)
        size = check_size(f"symbols of {self.name!r}", self.size, ImageError)
        object.__setattr__(self, "size", size)


@dataclass(frozen=True)
class SynapseSymbol:
    """Origin of a synapse group: the connection of the network.

    Parameters
    ----------
    connection : str
        Name of the connection.
    target : str
        Name of its target population.
    receptor : int
        Index of the receptor of the target, from 0.
    sign : int
        0 if the group holds all synapses of the connection; 1 or -1 if it holds only those with a
        weight of at least 0, or below 0.
    reward_lsb : float or None
        Reward that one step of its given trace stands for, above 0; None without a reward.

    Raises
    ------
    ImageError
        If a value is not allowed.
    """

    connection: str
    target: str
    receptor: int
    sign: int = 0
    reward_lsb: float | None = None

    def __post_init__(self) -> None:
        check_name("synapse symbol", self.connection, ImageError)
        owner = f"symbols of connection {self.connection!r}"
        check_name(f"target of connection {self.connection!r}", self.target, ImageError)
        for name, low, high in (("receptor", 0, None), ("sign", -1, 1)):
            value = integer(
                owner, name, getattr(self, name), at_least=low, at_most=high, error=ImageError
            )
            object.__setattr__(self, name, value)
        if self.reward_lsb is not None:
            step = real(owner, "reward_lsb", self.reward_lsb, "", POSITIVE, error=ImageError)
            object.__setattr__(self, "reward_lsb", step)


@dataclass(frozen=True, eq=False)
class Symbols(ArrayValue):
    """The removable part of an image: names and physical units.

    Parameters
    ----------
    dt : float, ms
        Length of a step, above 0.
    populations : tuple of PopulationSymbol
        Populations, in the order of the network.
    inputs : tuple of InputSymbol
        Spiking inputs, in the order of the image's input axons. Names of inputs and populations
        must be unique.
    synapses : tuple of SynapseSymbol
        One for each synapse group, in the order of the image.
    report : CompileReport
        The compile report, for the same dt.
    input_lead : int
        Number of steps by which an input spike is sent to the chip early: with 0 it acts in the
        step after its own, with 1 in its own step.

    Raises
    ------
    ImageError
        If a value is not allowed, or a name is used twice.
    """

    dt: float
    populations: tuple[PopulationSymbol, ...]
    inputs: tuple[InputSymbol, ...]
    synapses: tuple[SynapseSymbol, ...]
    report: CompileReport
    input_lead: int = 0

    __repr__ = brief

    def __post_init__(self) -> None:
        owner, error = "symbols", ImageError
        names: set[str] = set()
        kinds: tuple[tuple[str, type[Any]], ...]
        kinds = (("populations", PopulationSymbol), ("inputs", InputSymbol))
        for field, kind in kinds:
            allowed = f"a tuple of {kind.__name__}"
            items: tuple[Any, ...] = instances(
                owner, field, getattr(self, field), kind, allowed=allowed, error=error
            )
            for item in items:
                if item.name in names:
                    raise ImageError(
                        f"symbols: the name {item.name!r} is used twice; names of inputs and "
                        "populations must be unique."
                    )
                names.add(item.name)
            object.__setattr__(self, field, items)
        synapses = instances(
            owner,
            "synapses",
            self.synapses,
            SynapseSymbol,
            allowed="a tuple of SynapseSymbol",
            error=error,
        )
        object.__setattr__(self, "synapses", synapses)
        receptors = {item.name: len(item.receptors) for item in self.populations}
        for item in synapses:
            if item.receptor >= receptors.get(item.target, 0):
                raise ImageError(
                    f"symbols of connection {item.connection!r}: receptor {item.receptor} of "
                    f"{item.target!r}; allowed: a receptor of one of the populations."
                )
        report = instance(
            owner, "report", self.report, CompileReport, "a CompileReport", error=error
        )
        dt = real(owner, "dt", self.dt, "ms", POSITIVE, error=error)
        if dt != report.dt:
            raise ImageError(
                f"symbols: dt = {dt:g} ms; allowed: {report.dt:g} ms, that of the report."
            )
        lead = integer(owner, "input_lead", self.input_lead, at_least=0, at_most=1, error=error)
        object.__setattr__(self, "dt", dt)
        object.__setattr__(self, "input_lead", lead)


def _check_numbers(
    owner: str, name: str, values: Any, size: int | None = None, *, above: float
) -> None:
    """Raise unless values are finite numbers above a bound (and ``size`` of them, if given)."""
    check_array(owner, name, values, np.float64, size)
    bad = ~(np.isfinite(values) & (values > above))
    if bad.any():
        first = int(np.argmax(bad))
        limit = " above 0" if above == 0.0 else ""
        raise ImageError(
            f"{owner}: {name}[{first}] = {values[first]:g}; allowed: a finite number{limit}."
        )
