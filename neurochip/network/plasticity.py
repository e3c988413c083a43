"""Plasticity of connections: spike-timing-dependent rules, and rewards, in physical units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np

from .._support.foreign import own_keywords
from .._support.ranges import FINITE, POSITIVE
from .._support.values import ArrayValue, choice, instance, read_only, real, reals
from ..errors import NetworkError, NeurochipError
from ..typing import Int64Array
from .quantities import find_unit
from .step_current import check_times, steps_of_changes

__all__ = ["STDP", "Bounds", "Reward", "RewardModulation", "Triplet", "check_static"]

Bounds: TypeAlias = Literal["hard", "soft"]
"""Weights are clipped at their limits, or change the less the nearer they are to a limit."""


class _Amplitudes:
    """An object with amplitudes; ``unit`` is that of its quantities, empty for plain numbers."""

    unit: ClassVar[str] = ""

    def _check(self, owner: str, times: tuple[str, ...], amplitudes: tuple[str, ...]) -> None:
        find_unit(self, *amplitudes)
        for name in times:
            value = real(owner, name, getattr(self, name), "ms", POSITIVE)
            object.__setattr__(self, name, value)
        for name in amplitudes:
            within = POSITIVE if name == "w_max" else FINITE
            value = real(owner, name, getattr(self, name), self.unit, within)
            object.__setattr__(self, name, value)


@own_keywords
@dataclass(frozen=True)
class Triplet(_Amplitudes):
    """The second, slower traces of the triplet rule of Pfister and Gerstner (2006).

    Each side of a synapse has a second trace, which a spike increases by 1, and which is read
    before that. At a presynaptic spike the weight changes by ``-y (a_minus + a3_minus x2)``, at a
    postsynaptic one by ``x (a_plus + a3_plus y2)``, where x and y are the traces of :class:`STDP`.

    Parameters
    ----------
    tau_x, tau_y : float, ms
        Time constants of x2 and y2, above 0.
    a3_plus, a3_minus : float, mV or nA
        Amplitudes in the unit of the weights; either may be 0 or negative. With an amplitude of 0
        its time constant has no effect.

    Raises
    ------
    NetworkError
        If a value is not a number in its range.
    """

    tau_x: float
    tau_y: float
    a3_plus: float
    a3_minus: float

    def __post_init__(self) -> None:
        self._check("Triplet", ("tau_x", "tau_y"), ("a3_plus", "a3_minus"))


@own_keywords
@dataclass(frozen=True, eq=False)
class Reward(ArrayValue):
    """A reward that changes in steps, for all neurons of a target or for each of them.

    It is 0 before its first time. In a run with a time step dt, a value acts from the first step
    on that begins at its time or later, as the amplitude of a :class:`StepCurrent` does.

    Parameters
    ----------
    times : array_like of float, shape (n_changes,), ms
        Times of the changes, at least 0, each later than the one before.
    values : array_like of float, shape (n_changes,) or (n_changes, size)
        The reward from each time on, for all target neurons of a connection or for each.

    Raises
    ------
    NetworkError
        If there is no change, a shape or a value is not allowed, or the times do not increase.
    """

    times: Any
    values: Any

    def __post_init__(self) -> None:
        when = check_times("Reward", self.times, NetworkError)
        allowed = f"numbers, of shape ({len(when)},) or ({len(when)}, size of the target)"
        given = reals("Reward", "values", self.values, "", allowed=allowed)
        values = np.array(given, dtype=np.float64)
        if values.ndim not in {1, 2} or len(values) != len(when) or not values.size:
            raise NetworkError(f"Reward: values have shape {values.shape}; allowed: {allowed}.")
        if not np.isfinite(values).all():
            first = values[~np.isfinite(values)][0]
            raise NetworkError(f"Reward: values hold {first:g}; allowed: finite numbers.")
        object.__setattr__(self, "times", when)
        object.__setattr__(self, "values", read_only(values))

    def steps(self, dt: float) -> Int64Array:
        """Return the step of ``dt`` ms from which on each value acts, shape (n_changes,)."""
        return steps_of_changes(self.times, dt)

    def __repr__(self) -> str:
        plural = "s" if len(self.times) > 1 else ""
        low, high = self.values.min(), self.values.max()
        return f"Reward(<{len(self.times)} change{plural}>, {low:g} to {high:g})"


@own_keywords
@dataclass(frozen=True)
class RewardModulation:
    """Learning by reward: pairs of spikes change an eligibility, which a reward turns into weight.

    The eligibility e of a synapse begins at 0, and changes as its weight would without a reward.
    Every ``interval``, at the start of a step, ``w = clip(w + e * reward, 0, w_max)`` and then
    ``e *= exp(-interval / tau_eligibility)``, as Brian2's ``run_regularly(..., dt=interval)`` does.
    With intervals of n steps, these are the steps 0, n, 2 n ... The reward is that of the step. The
    eligibility has no limits.

    Parameters
    ----------
    reward : Reward
        The reward in time.
    tau_eligibility : float, ms
        Time constant of the eligibility, above 0.
    interval : float, ms
        Time between two changes of the weight, above 0: a whole number of time steps. On a chip
        this number is a power of two.

    Raises
    ------
    NetworkError
        If a value is not allowed.
    """

    reward: Reward
    tau_eligibility: float
    interval: float

    def __post_init__(self) -> None:
        owner, allowed = "RewardModulation", "a Reward(times, values)"
        instance(owner, "reward", self.reward, Reward, allowed, error=NetworkError)
        for name in ("tau_eligibility", "interval"):
            value = real(owner, name, getattr(self, name), "ms", POSITIVE)
            object.__setattr__(self, name, value)


@own_keywords
@dataclass(frozen=True)
class STDP(_Amplitudes):
    """Spike-timing-dependent plasticity of a connection: the weights of its synapses learn.

    Every synapse has a trace x of its presynaptic and a trace y of its postsynaptic spikes, which
    decay with ``tau_plus`` and ``tau_minus``. All pairs of spikes count (Song, Miller and Abbott
    2000, and the STDP of Brian2's documentation):

    - at a presynaptic spike, ``w += a_pre - a_minus * y``, then ``x += 1``;
    - at a postsynaptic spike, ``w += a_plus * x``, then ``y += 1``.

    If both come in one step, the presynaptic one is first. It comes when the spike arrives, after
    the delay of the synapse. The spike is delivered with the weight that the synapse has before it
    learns in this step.

    Parameters
    ----------
    tau_plus, tau_minus : float, ms
        Time constants of x and y, above 0.
    a_plus, a_minus : float, mV or nA
        Amplitudes in the unit of the weights. Positive ones strengthen a synapse whose presynaptic
        spike comes first, and weaken it otherwise; negative ones do the opposite. If all are 0, the
        weights stay while the traces go on, as in a test between two phases of learning.
    w_max : float, mV or nA
        Upper limit of the weights, above 0; the lower limit is 0.
    bounds : str
        ``"hard"`` (the default): each change is clipped at the limits. ``"soft"`` (multiplicative):
        changes at postsynaptic spikes are also multiplied by ``(w_max - w) / w_max``, those at
        presynaptic ones by ``w / w_max``, and then clipped; amplitudes are at least 0.
    triplet : Triplet, optional
        Second traces of the triplet rule. Default: pairs only.
    reward : RewardModulation, optional
        Pairs change an eligibility instead of the weight. Default: no reward.
    a_pre : float, mV or nA, optional
        Change at every presynaptic spike, of either sign, together with that by the trace; 0 with
        soft bounds. With negative ``a_minus`` and ``a_pre = a_minus * alpha``, spikes of both sides
        strengthen a synapse, in either order, and presynaptic ones alone weaken it: that is the
        rule of Vogels et al. (2011, 10.1126/science.1211095). Default: 0.

    Raises
    ------
    NetworkError
        If a value is not a number in its range, or units differ.

    Examples
    --------
    >>> from neurochip import LIF, PoissonInput, Population, all_to_all
    >>> source, cells = PoissonInput("source", 10, rate=20.0), Population("cells", 4, LIF())
    >>> rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.01, a_minus=0.0105, w_max=1.0)
    >>> all_to_all(source, cells, weight=0.5, plasticity=rule)
    Connection('source->cells', 'source' -> 'cells', 40 synapses, plastic)
    """

    tau_plus: float
    tau_minus: float
    a_plus: float
    a_minus: float
    w_max: float
    _: KW_ONLY
    bounds: Bounds = "hard"
    triplet: Triplet | None = None
    reward: RewardModulation | None = None
    a_pre: float = 0.0

    def __post_init__(self) -> None:
        self._check("STDP", ("tau_plus", "tau_minus"), ("a_plus", "a_minus", "a_pre", "w_max"))
        allowed = "'hard' or 'soft'"
        choice("STDP", "bounds", self.bounds, get_args(Bounds), allowed=allowed, error=NetworkError)
        for name, kind in (("triplet", Triplet), ("reward", RewardModulation)):
            value, allowed = getattr(self, name), f"a {kind.__name__}(...), or None"
            if value is not None:
                instance("STDP", name, value, kind, allowed, error=NetworkError)
        amplitudes = {name: getattr(self, name) for name in ("a_plus", "a_minus")}
        if self.triplet is not None:
            amplitudes.update(a3_plus=self.triplet.a3_plus, a3_minus=self.triplet.a3_minus)
            self._check_unit(self.triplet)
        for name, value in amplitudes.items():
            if self.bounds == "soft" and value < 0:
                raise NetworkError(
                    f"STDP: {name} = {value:g} with bounds = 'soft'; allowed: at least 0. Set "
                    "bounds='hard'."
                )

        if self.bounds == "soft" and self.a_pre:
            raise NetworkError(
                f"STDP: a_pre = {self.a_pre:g} with bounds = 'soft'; allowed: 0. Set bounds='hard'."
            )

    def _check_unit(self, triplet: Triplet) -> None:
        if triplet.unit and self.unit and triplet.unit != self.unit:
            raise NetworkError(
                f"STDP: a_plus in {self.unit}, but a3_plus of the triplet in {triplet.unit}; "
                "allowed: one unit for all, or none."
            )
        object.__setattr__(self, "unit", self.unit or triplet.unit)


def check_static(
    owner: str, connections: Iterable[Any], reason: str, error: type[NeurochipError]
) -> None:
    """Raise ``error`` if synapses learn; ``reason`` says why they must not."""
    for item in connections:
        if item.learns:
            raise error(
                f"{owner}: connection {item.name!r} has plasticity, {reason}; allowed: connections "
                "without plasticity."
            )
