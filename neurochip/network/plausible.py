"""Values that are allowed, but probably meant in another unit: volts, seconds, pF or pA.

The tables hold, for each parameter, the range in which a value is doubtful, the unit that was
probably meant, and what else must hold. They are narrow on purpose: networks without units, as
from NIR graphs or with thresholds of 1 or 20 above rest, and sensible values of any simulator are
never doubtful. A value in doubt is used as it is, and one :class:`UnitWarning` says what to write.
"""

from __future__ import annotations

# Objects of a network check themselves with these functions, so their classes are not imported.
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.warn import warn_user
from ..errors import UnitWarning
from ..typing import Float64Array

__all__ = [
    "check_connection",
    "check_current",
    "check_drive",
    "check_duration",
    "check_model",
    "check_part",
    "check_step",
    "in_seconds",
    "units_known",
]


@dataclass(frozen=True)
class Doubt:
    """A range in which a parameter was probably meant in another unit.

    Parameters
    ----------
    parameter, unit : str
        Name and unit of the parameter.
    low, high : float
        Exclusive bounds of the doubtful range, in ``unit``.
    meant : str
        Unit that was probably meant.
    factor : float
        Size of ``meant`` in ``unit``.
    """

    parameter: str
    unit: str
    low: float
    high: float
    meant: str
    factor: float

    def __contains__(self, value: Any) -> bool:
        """Return whether all of the given values are in the range."""
        return bool(np.size(value) and np.min(value) > self.low and np.max(value) < self.high)


def _membrane_too(model: Any) -> bool:
    """Return whether tau_m is doubtful, too: a short current beside it may stand for a kick."""
    return bool(np.max(model.tau_m) < 0.1)


def _below_zero(model: Any) -> bool:
    """Return whether v_thresh is negative, as it is in volts or in mV, but not without units."""
    return bool(np.max(model.v_thresh) < 0)


def _biological(model: Any) -> bool:
    """Return whether potentials are those of a cell in mV."""
    return bool(np.max(model.v_rest) < -30 and np.max(model.v_thresh) < 0)


def _hardly_resists(model: Any) -> bool:
    """Return whether 1 nA moves v by less than 0.2 mV; cells have 1 MOhm and more."""
    return _biological(model) and bool(np.max(np.divide(model.tau_m, model.cm)) < 0.2)


# Membranes take 5 to 50 ms, synaptic currents 0.5 to 200 ms, refractory periods 1 to 10 ms.
_OF_MODELS: tuple[tuple[Doubt, Callable[[Any], bool] | None], ...] = (
    (Doubt("tau_m", "ms", 0.0, 0.1, "s", 1e3), None),
    (Doubt("tau_syn", "ms", 0.0, 0.05, "s", 1e3), _membrane_too),
    (Doubt("tau_syn_E", "ms", 0.0, 0.05, "s", 1e3), _membrane_too),
    (Doubt("tau_syn_I", "ms", 0.0, 0.05, "s", 1e3), _membrane_too),
    (Doubt("tau_refrac", "ms", 0.0, 0.02, "s", 1e3), None),
    (Doubt("v_rest", "mV", -0.15, -0.02, "V", 1e3), _below_zero),
    (Doubt("v_reset", "mV", -0.15, -0.02, "V", 1e3), _below_zero),
    (Doubt("v_thresh", "mV", -0.15, -0.005, "V", 1e3), _below_zero),
    (Doubt("v_init", "mV", -0.15, -0.02, "V", 1e3), _below_zero),
    (Doubt("v_min", "mV", -0.15, -0.02, "V", 1e3), _below_zero),
    (Doubt("cm", "nF", 5.0, np.inf, "pF", 1e-3), _hardly_resists),
)
_DELAY = Doubt("delay", "ms", 0.0, 0.02, "s", 1e3)
_STEP = Doubt("dt", "ms", 5e-6, 5e-4, "s", 1e3)
_LARGEST_DRIVE = 1000.0  # mV by which a current may move v
_LARGEST_KICK = 10.0  # distances to threshold by which a synapse may move v
_SMALLEST_KICK = 3e-4  # of the distance to threshold
_SMALLEST_DRIVE = 0.05  # of the distance to threshold
_ASSUMED_RATE = 100.0  # Hz of sources whose rate is not known
_LONGEST_IN_SECONDS = 10.0  # s: a longer run is hardly given in seconds
_PIECE = 1 << 17  # weights looked at together

_known: ContextVar[bool] = ContextVar("units_known", default=False)


@contextmanager
def units_known() -> Iterator[None]:
    """Doubt no value: a front end has converted them from units that are known."""
    before = _known.set(True)
    try:
        yield
    finally:
        _known.reset(before)


def check_model(model: Any) -> None:
    """Warn about parameters of neurons in V, s, pF or pA."""
    found = [
        (doubt, getattr(model, doubt.parameter))
        for doubt, holds in _OF_MODELS
        if getattr(model, doubt.parameter) is not None
        and getattr(model, doubt.parameter) in doubt
        and (holds is None or holds(model))
    ]
    _warn("LIF", [*found, *_doubtful_current(model, "i_offset", model.i_offset)])


def check_current(owner: str, model: Any, amplitude: Any) -> None:
    """Warn about a constant current in pA."""
    _warn(owner, [*_doubtful_current(model, "amplitude", amplitude)])


def check_connection(connection: Any) -> None:
    """Warn about delays in s, and about weights in pA."""
    found: list[tuple[Doubt, Any]] = []
    owner, model = f"connection {connection.name!r}", connection.target.model
    if not connection.n_synapses:
        return
    if connection.delay in _DELAY:
        found.append((_DELAY, connection.delay))
    if not connection.kicks_v and _biological(model) and model.spiking:
        weights = np.atleast_1d(connection.weight)
        # In pieces: the magnitudes of all would take 8 bytes for each synapse.
        pieces = np.array_split(weights, 1 + len(weights) // _PIECE)
        weakest = min(float(np.abs(piece).min()) for piece in pieces)
        times = connection.target.parameter("tau_syn_E"), connection.target.parameter("tau_syn_I")
        charge = np.minimum(*times) / connection.target.parameter("cm")
        high = float(np.max(_LARGEST_KICK * _distance(connection.target) / charge))
        if weakest > high:
            found.append((Doubt("weight", "nA", high, np.inf, "pA", 1e-3), connection.weight))
    _warn(owner, found)


def check_drive(network: Any) -> None:
    """Warn about weights in V: none of them, and no current, gets v near the threshold.

    The mean of v is estimated with the rates of Poisson inputs, and 100 Hz for other sources.
    """
    for population in network.populations:
        model = population.model
        if not (model.delta_synapses and model.spiking and model.leaky and _biological(model)):
            continue
        distance = float(np.min(_distance(population)))
        onto = [item for item in network.connections if item.target is population]
        largest = max(((_largest(item), item.name) for item in onto), default=(0.0, ""))
        if not 0 < largest[0] < _SMALLEST_KICK * distance or np.any(network.current(population)):
            continue
        drive = sum(map(_mean_drive, onto))
        if drive < _SMALLEST_DRIVE * distance:
            doubt = Doubt("weight", "mV", 0.0, np.inf, "V", 1e3)
            reason = (
                f"all input together moves v by {drive:.2g} mV, the threshold lies {distance:g} mV "
                "above rest"
            )
            _warn(f"connection {largest[1]!r}", [(doubt, largest[0])], reason)


def check_duration(network: Any, duration: float) -> None:
    """Warn about the duration of a stimulus in s: no membrane reacts in that time."""
    leaky = [item.parameter("tau_m") for item in network.populations if item.model.leaky]
    shortest = min((float(np.min(tau)) for tau in leaky), default=0.0)
    if duration < min(shortest / 4, _LONGEST_IN_SECONDS):
        doubt = Doubt("duration", "ms", 0.0, np.inf, "s", 1e3)
        reason = f"it is less than a quarter of the shortest tau_m, {shortest:g} ms"
        _warn("stimulus", [(doubt, duration)], reason)


def check_part(whole: float, duration: float) -> None:
    """Warn about a run in s, which ends after less than 1 % of its stimulus."""
    if duration < min(whole / 100, _LONGEST_IN_SECONDS):
        doubt = Doubt("duration", "ms", 0.0, np.inf, "s", 1e3)
        _warn("run", [(doubt, duration)], f"the stimulus lasts {whole:g} ms")


def check_step(owner: str, dt: float) -> None:
    """Warn about a time step in s."""
    _warn(owner, [(_STEP, dt)] if dt in _STEP else [])


def in_seconds(dt: float) -> str:
    """Return a sentence for a message if a step was probably given in s, else an empty text."""
    return f" If {dt:g} s is meant, write dt={1000 * dt:g}." if dt in _STEP else ""


def _doubtful_current(model: Any, name: str, value: Any) -> Iterator[tuple[Doubt, Any]]:
    if _biological(model) and model.leaky and np.any(value):
        low = float(np.max(_LARGEST_DRIVE * np.divide(model.cm, model.tau_m)))
        if np.min(np.abs(value)) > low:
            yield Doubt(name, "nA", low, np.inf, "pA", 1e-3), value


def _distance(population: Any) -> Float64Array:
    """Return how far the threshold lies above the rest, or above the reset if that is lower."""
    lower = np.minimum(population.parameter("v_rest"), population.parameter("v_reset"))
    distance: Float64Array = population.parameter("v_thresh") - lower
    return distance


def _largest(connection: Any) -> float:
    weight = connection.weight
    return float(max(np.max(weight), -np.min(weight))) if connection.n_synapses else 0.0


def _mean_drive(connection: Any) -> float:
    """Return the mean of v (mV) that the connection alone causes with kicks of one sign."""
    rate = float(np.mean(getattr(connection.source, "rate", _ASSUMED_RATE)))
    weight = float(np.mean(np.abs(connection.weight)))
    tau_m = float(np.mean(connection.target.model.tau_m))
    indegree = connection.n_synapses / connection.target.size
    return float(indegree * weight * rate * tau_m / 1000)


def _warn(owner: str, found: Sequence[tuple[Doubt, Any]], reason: str = "") -> None:
    """Warn once about all doubtful values of an object."""
    if not found or _known.get():
        return
    values = [(doubt, float(np.ravel(value)[0])) for doubt, value in found]
    doubtful = [f"{d.parameter} = {x:g} {d.unit}" for d, x in values]
    named = " and ".join(filter(None, (", ".join(doubtful[:-1]), doubtful[-1])))
    units = list(dict.fromkeys((d.meant, d.unit) for d, _ in values))
    meant, own = (" and ".join(pair) for pair in zip(*units, strict=True))
    advice = ", ".join(f"{d.parameter}={x * d.factor:.12g}" for d, x in values)
    warn_user(
        f"{owner}: {named} {'looks' if len(values) == 1 else 'look'} like {meant}"
        f"{f' ({reason})' if reason else ''}; neurochip takes {own}. Write {advice}, if so.",
        UnitWarning,
    )
