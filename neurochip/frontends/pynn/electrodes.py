"""Current sources: what each does in a step.

A current that begins at time t acts in the step that begins at t, so v moves at t + dt, as with
NEST's generators. Times between two steps are moved to the nearest one, as PyNN does.

What a source does in a step depends on its parameters at that step. Its changes are kept, so that
any part of the current can be computed at any time, the recorded one too. The random numbers of a
:class:`NoisyCurrentSource` depend on the seed, the source, the target and their place only.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
from pyNN.errors import InvalidParameterValueError
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import StandardCurrentSource, electrodes

from ...errors import FrontendError
from ...typing import Float64Array, Int64Array
from .network import located
from .simulator import ID, state
from .sources import is_source
from .translations import as_they_are

__all__ = [
    "ACSource",
    "DCSource",
    "NoisyCurrentSource",
    "StepCurrentSource",
]

_logger = logging.getLogger("PyNN")
_BLOCK = 1 << 7  # samples of noise drawn with one generator
_NEVER = 1e18  # a step that no simulation reaches
_RARE = 5.0  # standard deviations of noise for which the compiler leaves room


class _Source(StandardCurrentSource):
    """A current source; subclasses say what it does in a step.

    Attributes are the parameters: numbers, or arrays of a :class:`StepCurrentSource`. Assigning to
    them, or ``set_parameters``, acts from the present time on.
    """

    _rounded: tuple[str, ...] = ("start", "stop")

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._changes: list[tuple[int, dict[str, Any]]] = []
        self._segment = self._present()
        self._recorded = False
        space = ParameterSpace(self.default_parameters, self.get_schema(), shape=(1,))
        space.update(**parameters)
        self.set_native_parameters(self.translate(space))

    def inject_into(self, cells: Any) -> None:
        """Inject the current into cells.

        Parameters
        ----------
        cells : Population, PopulationView, Assembly, ID or list of ID
            The neurons. A neuron that is listed twice gets the current twice.

        Raises
        ------
        TypeError
            If there is a spike source among them.
        FrontendError
            If a neuron was made before the last ``setup``.
        """
        cells = [cells] if isinstance(cells, ID) else cells
        state.check_present(cells)
        numbers, indices = located(cells, state.populations)
        targets = {number: state.populations[number] for number in np.unique(numbers).tolist()}
        for population in targets.values():
            if is_source(population):
                model = type(population.celltype).__name__
                raise TypeError(f"{type(self).__name__}: a {model} takes no current, only neurons.")
        for number, population in targets.items():
            own = indices[numbers == number].astype(np.int64)
            state.electrodes.append((self, population, own))
        state.changed()

    def get_parameters(self) -> dict[str, Any]:
        """Return the parameters as numbers and arrays, by name."""
        return {
            name: value.copy() if isinstance(value, np.ndarray) else value
            for name, value in self._history()[-1][1].items()
        }

    def get_native_parameters(self) -> ParameterSpace:
        """Return the parameters."""
        return ParameterSpace(self.get_parameters())

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        """Set parameters from the present time on.

        Raises
        ------
        pyNN.errors.InvalidParameterValueError
            If a value is not allowed.
        """
        parameters.evaluate(simplify=True)
        given = {
            name: np.array(value.value, dtype=np.float64)
            if isinstance(value, Sequence)
            else float(np.ravel(value)[0])
            for name, value in parameters.items()
        }
        history = self._history()
        values = self._checked({**(history[-1][1] if history else {}), **given})
        if history and history[-1][0] == state.step:
            history.pop()
        history.append((state.step, values))

    def record(self) -> None:
        """Record the current; :meth:`get_data` returns it from time 0 on."""
        self._recorded = True

    def _get_data(self) -> tuple[Float64Array, Float64Array]:
        """Return times (ms) and current (nA) from time 0 until now, one column for each target."""
        if not self._recorded:
            raise FrontendError(
                f"{type(self).__name__}: its current is not recorded; allowed: record() before "
                "get_data()."
            )
        steps = np.arange(state.step + 1)
        own = [item for item in state.electrodes if item[0] is self]
        if not (self._varies and own):
            own = own[:1] or [(self, None, np.zeros(1, np.int64))]
        parts = [self._amplitudes(number, steps, len(own[number][2])) for number in range(len(own))]
        columns = np.concatenate([part.reshape(len(steps), -1) for part in parts], axis=1)
        return np.round(steps * state.dt, 9), columns

    _varies = False
    """Tell whether each target has its own current."""

    _often = False
    """Tell whether the current changes in many steps."""

    def _history(self) -> list[tuple[int, dict[str, Any]]]:
        """Return the step and values of each change; a new segment has the last one, at step 0."""
        if self._segment != self._present():
            self._segment = self._present()
            self._changes = [(0, values) for _, values in self._changes[-1:]]
        return self._changes

    @staticmethod
    def _present() -> tuple[Any, int]:
        """Return what tells the present segment from those before a reset or a setup."""
        return state.runs, state.segment_counter

    def _pieces(self, first: int, stop: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Yield the parts of some steps in which the parameters are the same."""
        history = self._history()
        place = bisect_right(history, first, key=itemgetter(0)) - 1
        for number in range(max(place, 0), len(history)):
            begin, values = history[number]
            end = history[number + 1][0] if number + 1 < len(history) else stop
            if begin >= stop:
                break
            yield max(begin, first), min(end, stop), values

    def _amplitudes(self, number: int, steps: Int64Array, size: int) -> Float64Array:
        """Return the current in some steps, in order: shape (n,), or (n, size) if it varies.

        There is at least one step; ``number`` is that of the injection.
        """
        before = int(np.searchsorted(steps, self._history()[0][0]))  # it was made
        parts = [np.zeros((before, size) if self._varies else before)]
        for begin, end, values in self._pieces(int(steps[0]), int(steps[-1]) + 1):
            inside = steps[slice(*np.searchsorted(steps, [begin, end]))]
            parts.append(self._at(values, inside, number, size))
        return parts[-1] if len(parts[-1]) == len(steps) else np.concatenate(parts)

    def _changing(self, first: int, stop: int) -> Int64Array:
        """Return the steps in which the current may change, with the first one."""
        parts = [np.array([first])]
        for begin, end, values in self._pieces(first, stop):
            steps = np.asarray(self._steps(values, begin, end), dtype=np.int64)
            parts += [np.array([begin]), steps[(steps > begin) & (steps < end)]]
        return np.unique(np.concatenate(parts))

    def _on(self, values: Mapping[str, Any]) -> tuple[int, int]:
        """Return the first step with a current, and the first one after it."""
        return _step(values["start"]), _step(values["stop"])

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        for name, value in values.items():
            if not (np.isfinite(value) | ((name == "stop") & (value == np.inf))).all():
                raise InvalidParameterValueError(
                    f"{type(self).__name__}: {name} = {value}; allowed: finite numbers."
                )
        for name in self._rounded:
            nearest = round(_step(values[name]) * state.dt, 9)
            if 1e-3 * state.dt < abs(nearest - values[name]) < np.inf:
                _logger.warning(
                    "%s: %s = %g ms is no multiple of the time step of %g ms; it acts at %g ms.",
                    type(self).__name__,
                    name,
                    values[name],
                    state.dt,
                    nearest,
                )
        return {name: values[name] for name in self.default_parameters}

    def _at(self, values: Mapping[str, Any], steps: Int64Array, number: int, size: int) -> Any:
        """Return the current in some steps, as :meth:`_amplitudes`, given the parameters."""
        raise NotImplementedError

    def _steps(self, values: Mapping[str, Any], first: int, stop: int) -> Any:
        """Return at least the steps in which the current changes, if they are in a part."""
        raise NotImplementedError

    def _range(self, values: Mapping[str, Any]) -> tuple[float, float]:
        """Return the smallest and the largest current that is not 0."""
        raise NotImplementedError

    def _mean(self, values: Mapping[str, Any]) -> float:
        """Return the expected mean while the source is on."""
        begin, end = self._on(values)
        return float(np.mean(self._range(values))) if begin < end else 0.0


class DCSource(_Source, electrodes.DCSource):
    """A constant current from ``start`` until ``stop``."""

    translations = as_they_are(electrodes.DCSource.default_parameters)

    def _at(self, values: Mapping[str, Any], steps: Int64Array, *_: int) -> Any:
        begin, end = self._on(values)
        return np.where((steps >= begin) & (steps < end), values["amplitude"], 0.0)

    def _steps(self, values: Mapping[str, Any], *_: int) -> Any:
        return self._on(values)

    def _range(self, values: Mapping[str, Any]) -> tuple[float, float]:
        return values["amplitude"], values["amplitude"]


class ACSource(_Source, electrodes.ACSource):
    """A sine from ``start`` until ``stop``; ``phase`` is its phase at ``start``, in degrees."""

    translations = as_they_are(electrodes.ACSource.default_parameters)
    _often = True

    def _at(self, values: Mapping[str, Any], steps: Int64Array, *_: int) -> Any:
        begin, end = self._on(values)
        turns = values["frequency"] * state.dt / 1000.0 * (steps - begin) + values["phase"] / 360.0
        sine = values["offset"] + values["amplitude"] * np.sin(2 * np.pi * turns)
        return np.where((steps >= begin) & (steps < end), sine, 0.0)

    def _steps(self, values: Mapping[str, Any], first: int, stop: int) -> Any:
        begin, end = self._on(values)
        return np.arange(max(first, begin), min(stop, end + 1))

    def _range(self, values: Mapping[str, Any]) -> tuple[float, float]:
        size = abs(values["amplitude"])
        return values["offset"] - size, values["offset"] + size


class NoisyCurrentSource(_Source, electrodes.NoisyCurrentSource):
    """A current with a normal distribution that is drawn anew every ``dt``, for each target apart.

    The default of ``dt`` is the time step. As in NEST, every target gets a current of its own;
    :meth:`get_data` returns one column for each.
    """

    translations = as_they_are(electrodes.NoisyCurrentSource.default_parameters)
    _varies = _often = True

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**{"dt": state.dt, **parameters})

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        every = values["dt"]
        if _step(every) < 1 or abs(_step(every) * state.dt - every) > 1e-3 * state.dt:
            raise InvalidParameterValueError(
                f"NoisyCurrentSource: dt = {every:g} ms; allowed: multiples of the time step of "
                f"{state.dt:g} ms."
            )
        if values["stdev"] < 0:
            raise InvalidParameterValueError(
                f"NoisyCurrentSource: stdev = {values['stdev']:g} nA; allowed: at least 0."
            )
        return super()._checked(values)

    def _at(self, values: Mapping[str, Any], steps: Int64Array, number: int, size: int) -> Any:
        begin, end = np.searchsorted(steps, self._on(values))
        found = np.zeros((len(steps), size))
        samples = (steps[begin:end] - _step(values["start"])) // _step(values["dt"])
        place = _sources().index(self) if self in _sources() else -1
        for block in np.unique(samples // _BLOCK).tolist():
            first, last = np.searchsorted(samples, [block * _BLOCK, (block + 1) * _BLOCK])
            rng = np.random.default_rng([state.seed, place + 1, number, block])
            numbers = rng.normal(values["mean"], values["stdev"], (_BLOCK, size))
            found[begin + first : begin + last] = numbers[samples[first:last] - block * _BLOCK]
        return found

    def _steps(self, values: Mapping[str, Any], first: int, stop: int) -> Any:
        begin, end = self._on(values)
        every = _step(values["dt"])
        earliest = begin + max(0, first - begin) // every * every
        return np.append(np.arange(earliest, min(stop, end), every), end)

    def _range(self, values: Mapping[str, Any]) -> tuple[float, float]:
        spread = _RARE * values["stdev"]
        return values["mean"] - spread, values["mean"] + spread


class StepCurrentSource(_Source, electrodes.StepCurrentSource):
    """A current that changes at ``times`` to ``amplitudes``, and is 0 before the first time.

    Times are moved to the nearest step; of several in one step the last one counts. The attributes
    are what is left.
    """

    translations = as_they_are(electrodes.StepCurrentSource.default_parameters)
    _rounded = ()

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        times, amplitudes = values["times"], values["amplitudes"]
        if times.shape != amplitudes.shape:
            raise InvalidParameterValueError(
                f"StepCurrentSource: {times.size} times and {amplitudes.size} amplitudes; allowed: "
                "one amplitude for each time. Set both at once if their number changes."
            )
        bad = np.flatnonzero(np.diff(times, prepend=-np.inf) <= 0)
        if bad.size or (times < 0).any():
            index = int(bad[0]) if bad.size else int(np.argmax(times < 0))
            raise InvalidParameterValueError(
                f"StepCurrentSource: times[{index}] = {times[index]:g} ms; allowed: times of at "
                "least 0 ms, each later than the one before."
            )
        steps, last = np.unique(_steps_of(times)[::-1], return_index=True)
        values["times"], values["amplitudes"] = steps * state.dt, amplitudes[::-1][last]
        return super()._checked(values)

    def _at(self, values: Mapping[str, Any], steps: Int64Array, *_: int) -> Any:
        at = np.searchsorted(_steps_of(values["times"]), steps, side="right")
        return np.concatenate([[0.0], values["amplitudes"]])[at]

    def _steps(self, values: Mapping[str, Any], *_: int) -> Any:
        return _steps_of(values["times"])

    def _range(self, values: Mapping[str, Any]) -> tuple[float, float]:
        amplitudes = values["amplitudes"]
        return (amplitudes.min(), amplitudes.max()) if len(amplitudes) else (0.0, 0.0)

    def _mean(self, values: Mapping[str, Any]) -> float:
        lengths = np.diff(values["times"])
        if not len(lengths):
            return float(np.sum(values["amplitudes"]))
        # The last amplitude lasts for the mean of the intervals before it, as in a StepCurrent.
        return float(np.average(values["amplitudes"], weights=np.append(lengths, lengths.mean())))


def _sources() -> list[Any]:
    """Return the sources that are injected, in the order of their first injection."""
    return list({id(item[0]): item[0] for item in state.electrodes}.values())


def _step(time: float) -> int:
    return int(_steps_of(time))


def _steps_of(times: Any) -> Any:
    """Return the step that begins nearest to each time."""
    return np.rint(np.minimum(np.asarray(times) / state.dt, _NEVER)).astype(np.int64)
