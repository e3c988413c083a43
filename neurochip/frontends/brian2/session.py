"""A network on the emulated chip, over one or several runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from compiler import compile_network

from ...chip.spec import ChipSpec
from ...emulator import Emulator
from ...errors import FrontendError
from ...network import Network, SpikeInput
from ...recording import Probe, Recording
from ...stimulus import Stimulus
from ...typing import Int32Array
from .following import Follower
from .inputs import Spikes, draw
from .monitors import prepare_writers
from .reading import Reading, inputs_in_order, read_inputs
from .state import GroupState, Window
from .times import milliseconds

__all__ = ["Session", "run_inputs", "stimulus_of"]

_NONE = np.empty(0, dtype=np.int32)
_VALUES = 1 << 22  # of v recorded at once: with all copies about 200 MB
_FIXED = (
    "the registers of the chip are set before its first step. Change it before the first run, or "
    "store() the network before it, restore() it to time 0 and run anew."
)


class Session:
    """An emulator, and what Brian2's objects need to know between two runs.

    Parameters
    ----------
    reading : Reading
        The network at time 0.
    chip : ChipSpec
        Where it goes.
    compile_options : dict
        For :func:`compiler.compile_network`.
    emulator_options : dict
        For :class:`~neurochip.emulator.Emulator`.
    follower : Follower
        Brian2's own run beside it, where inputs depend on that.
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
        self.network, self._dt = reading.network, reading.dt
        self.image = compile_network(reading.network, chip, reading.dt, **compile_options)
        self.emulator = Emulator(self.image, **emulator_options)
        self._states = {
            name: GroupState.at_zero(name, reading, self.image) for name in reading.cells
        }
        self._started = self._variables(reading)
        self._written: dict[str, dict[str, Any]] = {}
        self._midway = False

    def check_whole(self, net: Any) -> None:
        """Refuse to go on where the last run did not come to its end: monitors hold part of it."""
        if self._midway:
            raise FrontendError(
                f"Brian2 network {net.name!r}: its last run on the chip ended before its time, by "
                "Ctrl-C or an error, so its monitors hold a part of that run; restore() it to time "
                "0, or make it anew."
            )

    def check_step(self, dt: float) -> None:
        """Refuse another step than that of the first run; ``dt`` in seconds."""
        if milliseconds(dt) != self._dt:
            raise FrontendError(
                f"Brian2 network: dt was changed from {self._dt:g} ms to {milliseconds(dt):g} ms "
                f"between two runs; {_FIXED}"
            )

    @contextmanager
    def rewound(self, groups: Mapping[str, Any]) -> Iterator[None]:
        """Put the initial values into Brian2's groups for a while, so that they read as at first.

        Raises
        ------
        FrontendError
            If a variable is not what the last run left.
        """
        known = {name: group.variables for name, group in groups.items() if name in self._written}
        for name, variables in known.items():
            for variable, values in self._written[name].items():
                if not np.array_equal(variables[variable].get_value(), values, equal_nan=True):
                    raise FrontendError(
                        f"NeuronGroup {name!r}: {variable} was changed between two runs; {_FIXED}"
                    )

        def put(stored: Mapping[str, Mapping[str, Any]]) -> None:
            for name, variables in known.items():
                for variable, values in stored[name].items():
                    variables[variable].set_value(values)

        put(self._started)
        try:
            yield
        finally:
            put(self._written)

    def run(
        self,
        reading: Reading,
        n_steps: int,
        inputs: Mapping[str, Spikes],
        namespace: Mapping[str, Any],
    ) -> Recording:
        """Run some steps, fill the monitors, and leave what the chip holds in the groups.

        Parameters
        ----------
        reading : Reading
            The network as it is now.
        n_steps : int
            How long, at least 1.
        inputs : dict of str to (steps, ids)
            What the inputs send in these steps.
        namespace : dict
            Names of the caller of ``run``.

        Returns
        -------
        Recording
            The spikes of these steps.

        Raises
        ------
        FrontendError
            If the network is not the one of the first run, or a monitor asks for what there is not.
        """
        _check_same(self.network, reading.network)
        writers, listeners = prepare_writers(reading, namespace)
        watched = {
            name: np.unique(np.concatenate([_NONE, *(w.ids for w in writers if w.watches(name))]))
            for name in reading.cells
        }
        first, parts = self.emulator.step, []
        self._midway = True
        for begin, count in _windows(first, n_steps, sum(map(len, watched.values()))):
            last = begin + count == first + n_steps
            ids = {
                name: (np.arange(cell.size) if last else watched[name]).astype(np.int32)
                for name, cell in reading.cells.items()
            }
            window = self._advance(reading, begin, count, inputs, ids)
            for writer in writers:
                writer.write(begin, count, window)
            for name, state in self._states.items():
                state.follow(window.recording, ids[name])
            parts.append(window.recording)
        recording = _join(parts)
        spikes = {**inputs}
        for name, cell in reading.cells.items():
            spikes[name] = (recording.steps[name].astype(np.int64), recording.ids[name])
            self._states[name].leave(cell.group, self.emulator.step, reading.dt)
        self._written = self._variables(reading)
        dt = float(next(iter(reading.cells.values())).group.clock.dt_)
        for listener in listeners:
            listener.write(spikes[listener.source], first, n_steps, dt)
        self._midway = False
        return recording

    def _variables(self, reading: Reading) -> dict[str, dict[str, Any]]:
        """Values of v, the currents and the last spikes in Brian2's groups."""
        values: dict[str, dict[str, Any]] = {}
        for name, state in self._states.items():
            variables = reading.cells[name].group.variables
            own = [n for n in (state.v, *state.currents, "lastspike") if n in variables]
            values[name] = {n: np.array(variables[n].get_value()) for n in own}
        return values

    def _advance(
        self,
        reading: Reading,
        begin: int,
        count: int,
        inputs: Mapping[str, Spikes],
        ids: Mapping[str, Int32Array],
    ) -> Window:
        inside = {}
        for name, (steps, who) in inputs.items():
            low, high = np.searchsorted(steps, [begin, begin + count])
            inside[name] = (steps[low:high], who[low:high])
        stimulus = stimulus_of(reading.network, inside, (begin + count) * reading.dt, reading.dt)
        probes = [
            Probe(variable, name, tuple(who.tolist()))
            for name, who in ids.items()
            if len(who)
            for variable in ("v", "u")
        ]
        recording = self.emulator.run(stimulus, duration=count * reading.dt, record=probes)
        return Window(begin, count, recording, self._states, ids)


def run_inputs(
    net: Any, clock: Any, first: int, n_steps: int, namespace: Mapping[str, Any]
) -> None:
    """Run a Brian2 network without neurons: draw its inputs and fill its monitors.

    Parameters
    ----------
    net : brian2.Network
        What to run.
    clock : brian2.Clock
        Its clock.
    first, n_steps : int
        Which steps.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If it cannot be mapped, or a monitor asks for what there is not.
    """
    sources = inputs_in_order(obj for obj in net.sorted_objects if obj.active)
    spikes = draw(sources, clock, first, n_steps, namespace)
    roster = read_inputs(net, namespace, spikes)
    writers, listeners = prepare_writers(roster, namespace)
    for writer in writers:
        writer.write(first, n_steps)
    for listener in listeners:
        listener.write(spikes[listener.source], first, n_steps, float(clock.dt_))


def stimulus_of(
    network: Network, spikes: Mapping[str, Spikes], duration: float, dt: float
) -> Stimulus:
    """Return spikes by step as a stimulus; ``duration`` and ``dt`` in ms."""
    trains = []
    for item in network.spike_inputs:
        steps, ids = spikes[item.name]
        trains.append(SpikeInput(item.name, item.size, ids, steps * dt))
    return Stimulus(duration, tuple(trains))


def _windows(first: int, n_steps: int, n_watched: int) -> Iterator[tuple[int, int]]:
    """Cut a run into windows that fit in memory; the last is one step, in which all is recorded."""
    most = max(1, _VALUES // max(1, n_watched))
    step, stop = first, first + n_steps - 1
    while step < stop:
        count = min(most, stop - step)
        yield step, count
        step += count
    yield stop, 1


def _join(parts: Sequence[Recording]) -> Recording:
    """Return the spikes and counters of consecutive recordings as one."""
    head = parts[0]
    return Recording(
        label=head.label,
        dt=head.dt,
        first_step=head.first_step,
        n_steps=sum(part.n_steps for part in parts),
        populations=head.populations,
        steps={n: np.concatenate([part.steps[n] for part in parts]) for n in head.populations},
        ids={n: np.concatenate([part.ids[n] for part in parts]) for n in head.populations},
        counters={key: sum(part.counters[key] for part in parts) for key in head.counters},
    )


def _check_same(before: Network, now: Network) -> None:
    """Refuse a network that differs from the compiled one in anything but what its inputs send."""

    def named(network: Network) -> dict[str, tuple[Any, ...]]:
        inputs = {f"input {item.name!r}": (item.size,) for item in network.spike_inputs}
        groups = {f"NeuronGroup {item.name!r}": (item,) for item in network.populations}
        synapses = {
            f"connection {item.name!r}": (
                item.source.name,
                item.target.name,
                np.asarray(item.indptr),
                np.asarray(item.post),
                np.asarray(item.weight),
                np.asarray(item.delay),
            )
            for item in network.connections
        }
        return {**inputs, **groups, **synapses}

    old, new = named(before), named(now)
    for name in (*old, *new):
        if name not in new or name not in old:
            what = "appeared" if name in new else "is gone"
            raise FrontendError(f"{name}: it {what} between two runs; {_FIXED}")
        if not all(_equal(a, b) for a, b in zip(old[name], new[name], strict=True)):
            raise FrontendError(f"{name}: it was changed between two runs; {_FIXED}")


def _equal(a: Any, b: Any) -> bool:
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)
