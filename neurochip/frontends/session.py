"""What a front end with a clock needs: a network that is compiled once and run in pieces.

Such a front end reads the objects of a simulator into a :class:`~neurochip.network.Network`, opens
a :class:`Session` on it, and lets each ``run`` of a script be a loop::

    with session.whole_run():
        for recording in session.windows(n_steps, spikes, record):
            ...  # write what the window recorded into the objects of the simulator

A *window* is a number of consecutive steps whose recorded values fit in memory. Steps count from
time 0 and go on from run to run. What the inputs send is told for one run at a time, by steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from compiler import compile_network

from ..chip.spec import ChipSpec
from ..emulator import Emulator
from ..errors import FrontendError
from ..network import Network, SpikeInput
from ..recording import Probe, Recording, resolve_probes
from ..stimulus import Stimulus
from ..typing import Int32Array, Int64Array

__all__ = [
    "Change",
    "Session",
    "Spikes",
    "collect_spikes",
    "find_change",
    "join_recordings",
    "stimulus_of",
]

Spikes: TypeAlias = tuple[Int64Array, Int32Array]
"""Steps and sources of the spikes of one input or population, sorted by step."""

_VALUES = 1 << 23  # recorded at once: with all copies about 200 MB


class Session:
    """A network on the emulated chip, compiled once and run in pieces.

    Parameters
    ----------
    network : Network
        What to run. What its inputs send in the first run helps the compiler to choose scales.
    chip : ChipSpec
        Where it goes.
    dt : float, ms
        Length of a step.
    compile_options : dict
        For :func:`compiler.compile_network`.
    emulator_options : dict
        For :class:`~neurochip.emulator.Emulator`.

    Attributes
    ----------
    image : ChipImage
        What the network was compiled to.
    emulator : Emulator
        It shows the progress of each window.
    interrupted : bool
        Whether the last run ended before its time, so that nothing may follow but :meth:`reset`.

    Raises
    ------
    CompileError
        If the network does not go onto the chip.
    """

    def __init__(
        self,
        network: Network,
        chip: ChipSpec,
        dt: float,
        compile_options: Mapping[str, Any],
        emulator_options: Mapping[str, Any],
    ) -> None:
        self.network, self.dt = network, dt
        self.image = compile_network(network, chip, dt, **compile_options)
        self.emulator = Emulator(self.image, **emulator_options)
        self.interrupted = False

    @property
    def step(self) -> int:
        """The step that runs next, which is the number of steps since time 0."""
        return self.emulator.step

    def reset(self) -> None:
        """Go back to time 0: the same network on the same image, with nothing on its way."""
        self.emulator.reset()
        self.interrupted = False

    @contextmanager
    def whole_run(self) -> Iterator[None]:
        """Have the session interrupted, unless the block comes to its end.

        An exception within it, such as Ctrl-C, leaves a part of the run in what the front end
        writes, and time somewhere within a window. So no run goes on from there.

        Raises
        ------
        FrontendError
            If the last run was interrupted.
        """
        if self.interrupted:
            raise FrontendError(
                "session: the last run ended before its time, by Ctrl-C or an error; allowed: "
                "reset() to time 0, or a new session."
            )
        self.interrupted = True
        yield
        self.interrupted = False

    def windows(
        self, n_steps: int, spikes: Mapping[str, Spikes], record: Iterable[str | Probe] = ()
    ) -> Iterator[Recording]:
        """Run some steps, and give the recording of one window after the other.

        The results do not depend on where the windows lie.

        Parameters
        ----------
        n_steps : int
            How long, at least 0.
        spikes : dict of str to (steps, ids)
            What each spiking input sends, by its name; spikes at other steps are left out.
        record : iterable of str or Probe
            As for :meth:`neurochip.emulator.Emulator.run`.

        Raises
        ------
        StimulusError
            If an input is missing.
        RecordingError
            If a probe asks for something that does not exist.
        ChipOverflowError
            With the option ``strict`` of the emulator, when a register overflows.
        """
        probes = tuple(record)
        sizes = {item.name: item.size for item in self.network.populations}
        recorded = sum(map(len, resolve_probes(probes, sizes, ("v", "u")).values()))
        longest = max(1, _VALUES // max(1, recorded))
        end = self.step + n_steps
        while self.step < end:
            first = self.step
            count = min(longest, end - first)
            sent = {name: _within(item, first, first + count) for name, item in spikes.items()}
            stimulus = stimulus_of(self.network, sent, (first + count) * self.dt, self.dt)
            yield self.emulator.run(stimulus, duration=count * self.dt, record=probes)


def collect_spikes(ids: Sequence[Int64Array], first: int) -> Spikes:
    """Return the spikes of consecutive steps, given who spikes in each.

    Parameters
    ----------
    ids : sequence of ndarray of int
        The sources that spike in each step; one that is there twice spikes twice.
    first : int
        The first of these steps.
    """
    steps = np.repeat(np.arange(first, first + len(ids)), [len(who) for who in ids])
    flat = np.concatenate([np.empty(0, np.int64), *ids])
    return steps.astype(np.int64), flat.astype(np.int32)


def stimulus_of(
    network: Network, spikes: Mapping[str, Spikes], duration: float, dt: float
) -> Stimulus:
    """Return spikes by steps as a stimulus.

    Parameters
    ----------
    network : Network
        Whose inputs send them.
    spikes : dict of str to (steps, ids)
        By the names of the inputs.
    duration, dt : float, ms
        Of the stimulus, and of a step.
    """
    trains = []
    for item in network.spike_inputs:
        if item.name in spikes:  # a run says which are missing
            steps, ids = spikes[item.name]
            trains.append(SpikeInput(item.name, item.size, ids, steps * dt))
    return Stimulus(duration, tuple(trains))


def join_recordings(parts: Sequence[Recording]) -> Recording:
    """Return the spikes and counters of consecutive windows as one recording.

    Traces are left out: they may be as large as windows were needed for.

    Parameters
    ----------
    parts : sequence of Recording
        At least one, in the order of time.
    """
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


class Change(NamedTuple):
    """A part of a network that is not as it was.

    Parameters
    ----------
    kind : str
        ``"input"``, ``"population"``, ``"connection"`` or ``"network"``.
    name : str
        Of the part; of the network's field where it is that.
    what : str
        ``"appeared"``, ``"is gone"`` or ``"was changed"``.
    """

    kind: str
    name: str
    what: str


def find_change(before: Network, now: Network) -> Change | None:
    """Return the first part in which a network differs from the one that was compiled.

    What its inputs send is no part of it.

    Parameters
    ----------
    before, now : Network
        As it was compiled, and as it is read again.
    """
    old, new = _parts(before), _parts(now)
    for key in (*old, *new):
        if key not in new or key not in old:
            return Change(*key, "appeared" if key in new else "is gone")
        if not all(_equal(a, b) for a, b in zip(old[key], new[key], strict=True)):
            return Change(*key, "was changed")
    return None


def _parts(network: Network) -> dict[tuple[str, str], tuple[Any, ...]]:
    inputs = {("input", item.name): (item.size,) for item in network.spike_inputs}
    populations = {
        ("population", item.name): (item, network.current(item)) for item in network.populations
    }
    connections = {
        ("connection", item.name): (
            item.source.name,
            item.target.name,
            np.asarray(item.indptr),
            np.asarray(item.post),
            np.asarray(item.weight),
            np.asarray(item.delay),
        )
        for item in network.connections
    }
    return {**inputs, **populations, **connections, ("network", "delivery"): (network.delivery,)}


def _equal(a: Any, b: Any) -> bool:
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)


def _within(spikes: Spikes, first: int, stop: int) -> Spikes:
    steps, ids = spikes
    low, high = np.searchsorted(steps, [first, stop])
    return steps[low:high], ids[low:high]
