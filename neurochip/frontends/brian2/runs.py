"""Runs a Brian2 network on the emulated chip, once or several times in sequence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np

from ...chip.spec import ChipSpec
from ...errors import EmulatorError, FrontendError
from ...recording import Probe, Recording, WeightProbe
from ...stimulus import Stimulus
from ...typing import Float64Array, Int32Array
from ..changes import find_change
from ..session import (
    Drive,
    Session,
    collect_spikes,
    join_recordings,
    one_by_one,
    reason_of,
    spikes_only,
    stimulus_of,
)
from .assemble import Units
from .following import Follower
from .inputs import draw, known_spikes, pass_over
from .monitors import StateWriter, prepare_writers
from .objects import inputs_in_order
from .reading import Reading, read_inputs
from .state import GroupState, Samples
from .times import milliseconds

__all__ = ["Runs", "run_inputs"]

_NONE = np.empty(0, dtype=np.int32)
_FIXED = (
    "the chip goes on with other v, parameters, weights and delays only. Change it before the "
    "first run, or store() the network before it, restore() it to time 0 and run again."
)


class Runs:
    """A session on the chip, and the state of Brian2's objects between two of its runs.

    Parameters
    ----------
    reading : Reading
        The network at time 0.
    chip : ChipSpec
        Chip to compile for.
    compile_options : dict
        Options of :func:`compiler.compile_network`.
    emulator_options : dict
        Options of :class:`~neurochip.emulator.Emulator`.
    follower : Follower
        Brian2's own run, for inputs that depend on the run.
    """

    def __init__(
        self,
        reading: Reading,
        chip: ChipSpec,
        compile_options: Mapping[str, Any],
        emulator_options: Mapping[str, Any],
        follower: Follower,
    ) -> None:
        self.follower = follower
        self.session = Session(reading.network, chip, reading.dt, compile_options, emulator_options)
        self._states = {
            name: GroupState.at_zero(name, reading, self.session.image) for name in reading.cells
        }
        self._learning = {name: item.weight for name, item in reading.learned.items()}
        self._initial = self._variables(reading)
        self._written: dict[str, dict[str, Any]] = {}
        self._parameters = _parameters(reading)
        self._set: dict[str, tuple[Any, Any]] = {}  # neurons whose v was changed, and v in mV
        self._weights_set: dict[str, Any] = {}  # synapses whose learned weights were changed

    def check_whole(self, net: Any) -> None:
        """Refuse to continue an interrupted run, of which monitors hold a part."""
        if self.session.interrupted:
            raise FrontendError(
                f"Brian2 network {net.name!r}: its last run on the chip was stopped early by "
                "Ctrl-C or an error, so its monitors hold a part of that run; restore() it to time "
                "0, or create it again."
            )

    def check_step(self, dt: float) -> None:
        """Refuse a step that differs from the first run; ``dt`` in seconds."""
        before, now = self.session.dt, milliseconds(dt)
        if now != before:
            raise FrontendError(
                f"Brian2 network: dt was changed from {before:g} ms to {now:g} ms between two "
                f"runs; {_FIXED}"
            )

    @contextmanager
    def rewound(self, groups: Mapping[str, Any]) -> Iterator[None]:
        """Set Brian2's objects to their initial values within the block, to read the network again.

        Parameters
        ----------
        groups : dict of str to brian2 object
            Neurons and Synapses of the network by name.

        Raises
        ------
        FrontendError
            If a variable other than v or a weight has changed since the last run.
        """
        known = {name: group.variables for name, group in groups.items() if name in self._written}
        now = {
            name: {own: np.array(variables[own].get_value()) for own in self._written[name]}
            for name, variables in known.items()
        }
        self._set, self._weights_set = {}, {}
        for name, values in now.items():
            for variable, value in values.items():
                before = self._written[name][variable]
                moved = np.flatnonzero((value != before) & ~(np.isnan(value) & np.isnan(before)))
                if moved.size and variable == self._learning.get(name):
                    self._weights_set[name] = moved
                    continue
                if moved.size and name in self._learning:
                    raise FrontendError(
                        f"Synapses {name!r}: {variable} was changed between two runs; {_FIXED}"
                    )
                if moved.size and (variable != self._states[name].v or self._has_kicks_too(name)):
                    raise FrontendError(
                        f"NeuronGroup {name!r}: {variable} was changed between two runs; {_FIXED}"
                    )
                if moved.size:
                    self._set[name] = moved, value[moved] * self._states[name].unit

        def put(stored: Mapping[str, Mapping[str, Any]]) -> None:
            for name, variables in known.items():
                for variable, values in stored[name].items():
                    variables[variable].set_value(values)

        put(self._initial)
        try:
            yield
        finally:
            put(now)

    def run(
        self,
        reading: Reading,
        n_steps: int,
        inputs: Mapping[str, Drive],
        namespace: Mapping[str, Any],
    ) -> tuple[Recording, Stimulus]:
        """Run ``n_steps`` steps, fill the monitors, and write the state of the chip to the groups.

        Parameters
        ----------
        reading : Reading
            The network as it is now.
        n_steps : int
            Number of steps, at least 1.
        inputs : dict of str to (steps, ids) or SpikeCounts
            Spikes of the inputs in these steps.
        namespace : dict
            Names of the caller of ``run``.

        Returns
        -------
        Recording
            The spikes of these steps.
        Stimulus
            Their input.

        Raises
        ------
        FrontendError
            If the network has other objects than in the first run, or a monitor cannot be filled.
        """
        self._follow_changes(reading)
        self._follow_v()
        self._follow_weights(reading)
        self._parameters = _parameters(reading)
        writers, listeners = prepare_writers(reading, namespace)
        watched = {
            name: np.unique(np.concatenate([_NONE, *(w.ids for w in writers if w.watches(name))]))
            for name in reading.cells
        }
        everyone = {
            name: np.arange(cell.size, dtype=np.int32) for name, cell in reading.cells.items()
        }
        synapses = _watched_weights(reading, writers)
        first, parts = self.session.step, []
        weights = self._read_weights(reading, synapses)
        duration = (first + n_steps) * reading.dt
        stimulus = stimulus_of(self.session.network, inputs, duration, reading.dt)
        with self.session.whole_run():
            # Record all neurons in the last step: their state goes to Brian2's variables.
            for count, ids in ((n_steps - 1, watched), (1, everyone)):
                probes: list[Probe | WeightProbe] = _probes(ids, reading.units)
                probes += synapses.values()
                for recording in self.session.windows(count, stimulus, probes):
                    samples = Samples(recording, self._states, ids, weights, reading.learned)
                    for writer in writers:
                        writer.write(recording.first_step, recording.n_steps, samples)
                    weights = self._read_weights(reading, synapses)
                    for name, state in self._states.items():
                        state.follow(recording, ids[name])
                    parts.append(spikes_only(recording))
            recording = join_recordings(parts)
            spikes: dict[str, Drive] = {**inputs}
            for name, cell in reading.cells.items():
                spikes[name] = (recording.steps[name].astype(np.int64), recording.ids[name])
                self._states[name].leave(cell.group, self.session.step, reading.dt)
            for item in reading.learned.values():
                item.leave(self.session.emulator.weights(item.connection))
            self._written = self._variables(reading)
            silent = collect_spikes([], first)  # of groups that are inactive
            dt = float(next(iter(reading.cells.values())).group.clock.dt_)
            for listener in listeners:
                listener.write(one_by_one(spikes.get(listener.source, silent)), first, n_steps, dt)
        return recording, stimulus

    def copied(self) -> Runs:
        """Return runs that go on from the same state."""
        other = object.__new__(type(self))
        vars(other).update(
            vars(self),
            session=deepcopy(self.session),
            _states={name: state.copied() for name, state in self._states.items()},
        )
        return other

    def _follow_changes(self, reading: Reading) -> None:
        """Go on with the parameters, weights and delays of the network as it is now."""
        for name in self._learning.keys() ^ reading.learned.keys():
            began = "begins" if name in reading.learned else "ends"
            raise FrontendError(
                f"Synapses {name!r}: its learning {began} between two runs; allowed: factors of "
                "its changes that are 0 meanwhile, such as plastic : 1 (shared)."
            )
        change = find_change(self.session.network, reading.network)
        if change is None:
            return
        kind = "NeuronGroup" if change.kind == "population" else change.kind
        named = self._named(change.name, reading) if change.what == "was changed" else "it"
        about = f"{kind} {change.name!r}: {named} {change.what} between two runs"
        if change.what != "was changed" or change.kind not in ("population", "connection"):
            raise FrontendError(f"{about}; {_FIXED}")
        for name, state in self._states.items():
            now = reading.cells[name].linear.level
            moved = [key for key in now if not np.array_equal(now[key], state.level[key])]
            if moved:
                raise FrontendError(
                    f"NeuronGroup {name!r}: {self._named(name, reading)} was changed between two "
                    f"runs, which is the level that {moved[0]} decays to; {_FIXED}"
                )
        try:
            self.session.reprogram(reading.network)
        except EmulatorError as problem:
            raise FrontendError(f"{about}; {reason_of(problem)}") from None
        image = self.session.image
        self._states = {name: state.renewed(reading, image) for name, state in self._states.items()}

    def _named(self, name: str, reading: Reading) -> str:
        """Return the first parameter of a group that differs from the last run, or "it"."""
        before, now = self._parameters.get(name, {}), _parameters(reading).get(name, {})
        changed = (key for key in before if not np.array_equal(before[key], now[key]))
        return next(changed, "it")

    def _has_kicks_too(self, name: str) -> bool:
        """Return whether synapses add to v of a group and to a current."""
        network = self.session.network
        kicks = any(item.kicks_v for item in network.connections if item.target.name == name)
        return kicks and not network.population(name).model.delta_synapses

    def _follow_v(self) -> None:
        """Set v of the neurons where the script has changed it since the last run."""
        for name, (ids, v) in self._set.items():
            try:
                self._states[name].end[ids] = self.session.set_v(name, ids, v)
            except EmulatorError as problem:
                raise FrontendError(
                    f"NeuronGroup {name!r}: v was changed between two runs; {reason_of(problem)}"
                ) from None

    def _follow_weights(self, reading: Reading) -> None:
        """Set the weights that learn where the script has changed them since the last run."""
        emulator = self.session.emulator
        for name, changed in self._weights_set.items():
            item = reading.learned[name]
            weights = emulator.weights(item.connection)
            emulator.set_weights(item.connection, item.with_changes(weights, changed))

    def _read_weights(
        self, reading: Reading, synapses: Mapping[str, WeightProbe]
    ) -> dict[str, Float64Array]:
        """Return the weights of Synapses as they stand, as Brian2 numbers them."""
        read = self.session.emulator.weights
        return {
            name: item.in_brian2(read(item.connection))
            for name, item in reading.learned.items()
            if name in synapses
        }

    def _variables(self, reading: Reading) -> dict[str, dict[str, Any]]:
        """Return what runs write: v, currents and last spikes of groups; weights and traces."""
        values: dict[str, dict[str, Any]] = {}
        for name, state in self._states.items():
            variables = reading.cells[name].group.variables
            own = [n for n in (state.v, *state.currents, "lastspike") if n in variables]
            values[name] = {n: np.array(variables[n].get_value()) for n in own}
        return values | {name: item.values() for name, item in reading.learned.items()}


def run_inputs(
    net: Any, clock: Any, first: int, n_steps: int, namespace: Mapping[str, Any]
) -> None:
    """Run a Brian2 network without neurons: draw its inputs and fill its monitors.

    Parameters
    ----------
    net : brian2.Network
        Network to run.
    clock : brian2.Clock
        Clock of the network.
    first, n_steps : int
        First step and number of steps.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If the network cannot be mapped, or a monitor cannot be filled.
    """
    sources = inputs_in_order(net.sorted_objects)
    roster = read_inputs(net, namespace, known_spikes(sources, first, n_steps))
    writers, listeners = prepare_writers(roster, namespace)
    spikes = draw(sources, clock, first, n_steps, namespace)
    for writer in writers:
        writer.write(first, n_steps)
    for listener in listeners:
        listener.write(one_by_one(spikes[listener.source]), first, n_steps, float(clock.dt_))
    if n_steps:
        pass_over(sources, first + n_steps)


def _parameters(reading: Reading) -> dict[str, dict[str, Any]]:
    """Return the parameters of all groups of neurons by their names in Brian2."""
    return {
        name: {
            key: np.array(cell.group.variables[key].get_value())
            for key in sorted(cell.group.user_equations.parameter_names)
        }
        for name, cell in reading.cells.items()
    }


def _watched_weights(reading: Reading, writers: Iterable[StateWriter]) -> dict[str, WeightProbe]:
    """Return a probe of the synapses that monitors watch in each Synapses object that learns."""
    found = {}
    for name, item in reading.learned.items():
        mine = [writer for writer in writers if writer.watches(name)]
        if mine:
            ids = np.unique(np.concatenate([writer.ids for writer in mine]))
            places = np.unique(item.position[ids])
            every = math.gcd(*(1 if writer.after_reward else writer.every for writer in mine))
            found[name] = WeightProbe(item.connection, tuple(places.tolist()), every)
    return found


def _probes(ids: Mapping[str, Int32Array], units: Mapping[str, Units]) -> list[Probe | WeightProbe]:
    """Return probes of v and of each u for these neurons of each group."""
    return [
        Probe(variable, name, tuple(who.tolist()))
        for name, who in ids.items()
        if len(who)
        for variable in ("v", "u", "u_child")
        if variable != "u_child" or units[name].child
    ]
