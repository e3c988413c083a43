"""Runs the objects of a script on the chip: compiles, continues, follows changes, and resets."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from ..._support.grid import whole_steps
from ..._support.warn import warn_user
from ...emulator.overflows import describe_overflows
from ...errors import ChipOverflowWarning, EmulatorError, FrontendError
from ...network import Network, SpikeInput, Waveform
from ...network.inputs import ends_early
from ...network.neurons import PARAMETERS
from ...recording import Recording
from ...stimulus import Stimulus
from ...typing import Float64Array, Int64Array
from ..changes import Change, find_change
from ..session import Session, join_recordings, reason_of, spikes_only
from .injection import currents, is_beyond, steps_at_once
from .network import read_input, read_network
from .sources import Drawn, draw, is_faster, is_source

__all__ = ["Runs"]

logger = logging.getLogger("PyNN")

_VALUES = {
    "population": ("populations", PARAMETERS),
    "connection": ("connections", ("weight", "delay")),
}
_FIXED = (
    "the chip goes on with other parameters, weights and delays only. Make it before the first "
    "run, or call reset() to begin again at time 0."
)


class Runs:
    """The runs of one simulation, from ``setup`` to the next.

    Parameters
    ----------
    state : State
        The objects of the script.

    Attributes
    ----------
    session : Session or None
        The network on the chip; None before the first run, or without neurons.
    stimulus, recording : Stimulus, Recording or None
        Input and spikes of the last run. Of a run that is cut since its currents would fill memory
        (:func:`.injection.steps_at_once`), the input has the currents of the last part only.
    reference : Recording or None
        The other run of the last comparison.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self.session: Session | None = None
        self.stimulus: Stimulus | None = None
        self.recording: Recording | None = None
        self.reference: Recording | None = None
        self._v: list[tuple[str, Int64Array, Float64Array]] = []
        self._v_changed = False  # since time 0

    def run_until(self, time: float) -> None:
        """Run until a time in ms.

        Raises
        ------
        FrontendError
            If the time is not a whole number of steps, or the network has changed in a way that
            the chip cannot follow.
        CompileError
            If the network does not fit onto the chip.
        """
        state = self._state
        stop = self._step_at(time)
        self._follow_changes()
        state.running = True
        if stop > state.step:
            self._run(stop)

    def prepare(self, time: float) -> tuple[Session, Stimulus] | None:
        """Compile the network at time 0 and draw its input until a time in ms, without running.

        Returns
        -------
        (Session, Stimulus) or None
            The network, and all input until then; None without neurons.

        Raises
        ------
        FrontendError
            If the time is not a whole number of steps above 0.
        CompileError
            If the network does not fit onto the chip.
        """
        stop = self._step_at(time)
        if stop < 1:
            raise FrontendError(f"run: a length of {time:g} ms; allowed: above 0 ms.")
        self._follow_changes()
        if self.session is None:
            return None
        trains = self._trains(self.session.network, self._draw(stop), stop)
        self.stimulus = Stimulus(stop * self._state.dt, trains, self._waveforms(stop))
        return self.session, self.stimulus

    def compile(self) -> None:
        """Compile the network as it is, before the first run or after a change."""
        self._follow_changes()

    def reset(self) -> None:
        """Go back to time 0 with the parameters as they are."""
        if self._v_changed:
            self._state.changed()
        self._v, self._v_changed = [], False
        if self.session is not None:
            self.session.reset()

    def set_initial(
        self, population: Any, variable: str, ids: Int64Array, values: Float64Array
    ) -> None:
        """Set v of neurons between two runs; it is also their initial value after a reset.

        Parameters
        ----------
        population : Population
            Population of the neurons.
        variable : str
            What is set: ``"v"``.
        ids : ndarray of int64, shape (n,)
            Their indices in the population.
        values : ndarray of float64, shape (n,), mV
            Their v.

        Raises
        ------
        FrontendError
            If the variable is a synaptic current, which the host of a chip cannot set.
        """
        names = () if self.session is None else self.session.network.populations
        if population.key not in {item.name for item in names}:
            return
        if variable != "v":
            raise FrontendError(
                f"Population {population.label!r}: {variable} was set between two runs; the chip "
                "sets v only. Set it before the first run, or after reset()."
            )
        self._v.append((population.key, ids, values))
        self._v_changed = True

    def _step_at(self, time: float) -> int:
        """Return the step that begins at a time (ms)."""
        dt = self._state.dt
        if not np.isfinite(time):
            raise FrontendError(f"run: it would end at {time:g} ms; allowed: finite times.")
        stop = whole_steps(time, dt)
        if stop is None:
            below = int(time / dt)
            near = " and ".join(f"{round(k * dt, 9):g} ms" for k in (below, below + 1))
            raise FrontendError(
                f"run: it would end at {time:.12g} ms; allowed: multiples of the step of "
                f"{dt:g} ms. The nearest are {near}."
            )
        return stop

    def _draw(self, stop: int) -> dict[str, Drawn]:
        """Draw the spikes of all sources from now on until a step."""
        state, first = self._state, self._state.step
        return {
            item.key: draw(item, first, stop - first, state.dt, state.seed)
            for item in state.populations
            if is_source(item)
        }

    def _ahead(self, network: Network, stop: int) -> list[Drawn]:
        """Draw the spikes of all inputs of a network in a step."""
        state = self._state
        sources = {item.key: item for item in state.populations}
        return [
            draw(sources[item.name], stop, 1, state.dt, state.seed) for item in network.spike_inputs
        ]

    def _run(self, stop: int) -> None:
        state, session = self._state, self.session
        probes = state.store.probes()
        drawn = self._draw(stop)
        if session is None:
            state.step = stop
            state.store.add_sources(drawn)
            return
        parts = []
        with session.whole_run():
            trains = self._trains(session.network, drawn, stop)
            try:
                while state.step < stop:
                    end = min(stop, state.step + steps_at_once(state.populations))
                    self.stimulus = Stimulus(stop * state.dt, trains, self._waveforms(end))
                    for recording in session.windows(end - state.step, self.stimulus, probes):
                        state.store.add(recording)
                        state.step = session.step
                        parts.append(spikes_only(recording))
            finally:  # a run that is stopped early has data until then
                state.store.add_sources(drawn)
            if ahead := [probe for probe in probes if probe.variable != "v"]:
                state.store.look_ahead(session.next_step(ahead))
        self.recording = join_recordings(parts)
        self._warn_of_overflows(session, self.recording)

    def _trains(
        self, network: Network, drawn: dict[str, Drawn], stop: int
    ) -> tuple[SpikeInput, ...]:
        """Return the spikes of all inputs in a run that ends at a step."""
        sent = [(drawn[item.name].steps, drawn[item.name].ids) for item in network.spike_inputs]
        if network.learns:  # synapses see the spikes of an input a step before they arrive
            sent = [
                (np.append(steps, ahead.steps), np.append(ids, ahead.ids))
                for (steps, ids), ahead in zip(sent, self._ahead(network, stop), strict=True)
            ]
        return tuple(
            SpikeInput(item.name, item.size, ids, steps * self._state.dt)
            for item, (steps, ids) in zip(network.spike_inputs, sent, strict=True)
        )

    def _waveforms(self, stop: int) -> tuple[Waveform, ...]:
        """Return the currents into all neurons from now on until a step."""
        state = self._state
        return tuple(
            Waveform(item.key, item.size, times, amplitudes)
            for item in state.populations
            if not is_source(item)
            for times, amplitudes in currents(item, state.step, stop - state.step, state.dt)
        )

    def _follow_changes(self) -> None:
        """Compile the network, or go on with what the script has changed."""
        state = self._state
        if not state.stale and (_need_room(state) or self._end_otherwise()):
            state.changed()
        if state.stale:
            network = read_network(state)
            if network is None:
                self.session = None
            elif state.step:
                self._go_on(network)
            elif (
                self.session is None
                or find_change(self.session.network, network)
                or self._end_otherwise()
            ):
                self.session = Session(
                    network, state.chip, state.dt, state.compile_options, state.emulator_options
                )
            state.stale = False
        while self._v:  # those after one that is refused stay to be set
            name, ids, values = self._v.pop(0)
            assert self.session is not None
            try:
                self.session.set_v(name, ids, values)
            except EmulatorError as problem:
                raise FrontendError(
                    f"Population {name!r}: v was set between two runs; {reason_of(problem)}"
                ) from None

    def _end_otherwise(self) -> bool:
        """Return whether, at time 0, other sources end early than when the chip was compiled."""
        if self.session is None or self._state.step:
            return False
        now = {item.key: item for item in self._state.populations}
        return any(
            not np.array_equal(ends_early(item), ends_early(read_input(now[item.name])))
            for item in self.session.network.spike_inputs
        )

    def _go_on(self, network: Network) -> None:
        """Go on with other parameters, weights and delays."""
        if self.session is None:
            (name, *_) = (item.name for item in network.populations)
            raise FrontendError(f"run: population {name!r} appeared between two runs; {_FIXED}")
        change = find_change(self.session.network, network)
        if change is None:
            return
        about = f"run: {change.kind} {change.name!r}"
        if change.what != "was changed":
            raise FrontendError(f"{about} {change.what} between two runs; {_FIXED}")
        named = _changed_value(self.session.network, network, change)
        try:
            self.session.reprogram(network)
        except EmulatorError as problem:
            reason = reason_of(problem).rstrip(".")
            raise FrontendError(
                f"{about}: {named} was changed between two runs; {reason}. Or call reset(), and "
                "run from time 0."
            ) from None

    def _warn_of_overflows(self, session: Session, recording: Recording) -> None:
        found = describe_overflows(session.image, [recording])
        if found:
            logger.warning("Chip %s Options are set as in setup(headroom=4).", found)
            warn_user(f"Chip {found}", ChipOverflowWarning)


def _changed_value(before: Network, now: Network, change: Change) -> str:
    """Return the name of the first value of a population or connection that was changed, or it."""
    part, names = _VALUES.get(change.kind, ("populations", ()))
    for name in names:
        items = [getattr(network, part)[change.name] for network in (before, now)]
        old, new = (np.asarray(getattr(getattr(item, "model", item), name)) for item in items)
        if not np.array_equal(old, new):
            return name
    return "it"


def _need_room(state: Any) -> bool:
    """Return whether a source may send more, or inject more, than the chip was compiled for."""
    return any(
        is_faster(item) if is_source(item) else is_beyond(item) for item in state.populations
    )
