"""Runs a network in Brian2 and records the spikes of its objects in each step.

:func:`~neurochip.frontends.brian2.compare` needs such a run, and so does a PoissonInput onto a
variable that is '(unless refractory)': Brian2 draws numbers only for the neurons that are not
refractory in a step, and only its own run shows which neurons these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, PoissonInput, SpikeGeneratorGroup, Synapses
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.units import second

from ..session import Drive
from .draws import Draws, binomial, odds_of
from .inputs import binomial_of
from .objects import MONITORS
from .refusal import refusal
from .times import milliseconds

__all__ = ["Follower", "depends_on_run", "follow", "put_back"]

_STORED = "neurochip.put_back"


def depends_on_run(source: Any) -> bool:
    """Return whether the draws of an input depend on the run, as for '(unless refractory)'."""
    follows = isinstance(source, PoissonInput) and source.active
    return follows and _condition(source) is not None


def follow(
    net: Any,
    duration: Any,
    namespace: Mapping[str, Any],
    sources: Sequence[Any],
    first: int = 0,
) -> dict[str, Drive]:
    """Run a network in Brian2 and return the spikes of some of its objects.

    If a PoissonInput draws only for the neurons that are not refractory, the refractory neurons get
    spikes of the same rate from a separate random stream: Brian2 would discard these spikes, but on
    the chip other neurons may be refractory.

    Parameters
    ----------
    net : brian2.Network
        Network to run; it keeps the state after the run.
    duration : Quantity
        Length of the run.
    namespace : dict
        Names in the equations.
    sources : sequence of brian2.NeuronGroup, PoissonGroup, PoissonInput or SpikeGeneratorGroup
        Objects of the network whose spikes are returned.
    first : int
        First step of the run.

    Raises
    ------
    FrontendError
        If the run was stopped. Brian2 turns Ctrl-C into a stop and continues after the run.
    """
    objects, begin = set(net.objects), net.t_
    with _noted(sources) as sent:
        Network.run.original_function(net, duration, namespace=namespace)
    net.objects.update(objects)  # MagicNetwork forgets them after a run
    if net._stopped or Network._globally_stopped:
        raise refusal(
            net,
            f"Brian2's run was stopped after {(net.t_ - begin) * 1e3:g} of "
            f"{float(duration) * 1e3:g} ms, by Ctrl-C or stop()",
            "Let it run to its end.",
        )
    return {
        source.name: sent[source.name].taken(first, milliseconds(float(source.clock.dt_)))
        for source in sources
    }


@contextmanager
def put_back(net: Any, monitors: Iterable[Any] = ()) -> Iterator[None]:
    """Restore the time and the variables of a network after the block.

    ``monitors`` are part of the network within the block. The objects of the network can still be
    added to other networks afterwards.
    """
    owners = [(obj, obj._network) for obj in net.sorted_objects]
    net.store(_STORED)
    net.add(monitors)
    try:
        yield
    finally:
        net.remove(monitors)
        net.restore(_STORED)
        del net._stored_state[_STORED]
        for obj, owner in owners:
            obj._network = owner


class Follower:
    """Runs a network in Brian2 beside the chip over several runs and keeps both states separate.

    Brian2's variables hold the state of the chip; this object holds the state of Brian2's own run.
    What the script changes between two runs is changed in both.
    """

    def __init__(self) -> None:
        self._full_states: dict[str, Any] = {}  # of each NeuronGroup after Brian2's run
        self._left: dict[str, Any] = {}  # and after the run on the chip

    @contextmanager
    def follow(
        self,
        net: Any,
        duration: Any,
        namespace: Mapping[str, Any],
        sources: Sequence[Any],
        first: int,
    ) -> Iterator[dict[str, Drive]]:
        """Yield the input spikes of the next run, as :func:`follow`; monitors record nothing.

        If the run on the chip fails, the state of Brian2's run is restored as well.

        Parameters
        ----------
        net, duration, namespace, sources, first
            As for :func:`follow`.
        """
        objects = net.sorted_objects
        groups = {obj.name: obj for obj in objects if isinstance(obj, (NeuronGroup, Synapses))}
        # Only Brian2 holds the spikes in transit and the position of a spike generator.
        others = [obj for obj in objects if isinstance(obj, SpikeGeneratorGroup)]
        others += [path for obj in objects if isinstance(obj, Synapses) for path in obj._pathways]
        chips = [(group, group._full_state()) for group in groups.values()]
        before = [(obj, obj._full_state()) for obj in others]
        begin, states = net.t_, self._full_states
        try:
            try:
                now = {group.name: state for group, state in chips}
                _restore(
                    (groups[name], _with_changes(state, self._left[name], now[name]))
                    for name, state in states.items()
                )
                with _silent(objects):
                    spikes = follow(net, duration, namespace, sources, first)
                self._full_states = {name: group._full_state() for name, group in groups.items()}
            finally:
                _restore(chips)
                net.t_ = begin
                for clock in net._clocks:
                    clock._set_t_update_dt(begin * second)
            yield spikes
            self._left = {name: group._full_state() for name, group in groups.items()}
        except BaseException:
            _restore(before)
            self._full_states = states
            raise


def _restore(states: Iterable[tuple[Any, Any]]) -> None:
    for obj, state in states:
        obj._restore_from_full_state(state)


def _with_changes(state: Any, before: Any, now: Any) -> dict[str, Any]:
    """Return a state of a group, with the values that differ between two other states of it."""
    changed = {}
    for name, (values, size) in state.items():
        old, new = np.asarray(before[name][0]), np.asarray(now[name][0])
        moved = (new != old) & ~(np.isnan(new) & np.isnan(old))  # currents of the chip are nan
        changed[name] = np.where(moved, new, values).reshape(np.shape(values)), size
    return changed


def _condition(source: Any) -> Any:
    """Return the variable that says where a PoissonInput may write; None if everywhere."""
    return source._group.variables[source.target_var].conditional_write


@contextmanager
def _silent(objects: Iterable[Any]) -> Iterator[None]:
    """Switch monitors off within the block."""
    active = [obj for obj in objects if isinstance(obj, MONITORS) and obj.active]
    for obj in active:
        obj.active = False
    try:
        yield
    finally:
        for obj in active:
            obj.active = True


@contextmanager
def _noted(sources: Iterable[Any]) -> Iterator[dict[str, Draws]]:
    """Record the spiking sources of each step within the block."""
    sent: dict[str, Draws] = {}
    undo: list[Callable[[], None]] = []
    # A separate stream that depends on seed() but does not advance Brian2's stream.
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002 - the stream of brian2.seed()
    spare = np.random.default_rng([*key, position])
    for source in sources:
        own = sent[source.name] = Draws(source)
        if isinstance(source, PoissonInput):
            undo.append(_note_draws(source, own, spare))
        elif isinstance(source, SpikeGeneratorGroup):
            undo.append(_note_spikes(source, source, own))
        elif "spike" in getattr(source, "thresholder", ()):
            undo.append(_note_spikes(source, source.thresholder["spike"], own))
    try:
        yield sent
    finally:
        for back in undo:
            back()


def _note_spikes(source: Any, runner: Any, sent: Draws) -> Callable[[], None]:
    """Record the spikes of a group after each run of a part of it; return an undo function."""
    run = runner.run

    def noting() -> None:
        run()
        sent.add_ids(np.array(source.spikes, dtype=np.int64))

    def back() -> None:
        del runner.run

    runner.run = noting
    return back


def _note_draws(source: Any, sent: Draws, spare: np.random.Generator) -> Callable[[], None]:
    """Make a PoissonInput draw in numpy and record its targets; return an undo function."""
    implementations = binomial_of(source).implementations
    sample = implementations[NumpyCodeObject].get_code(source)
    size, odds = int(source._group.N), odds_of(source)
    asked = source.codeobj_class

    def draw(indices: Any) -> Any:
        free = np.asarray(indices, dtype=np.int64)
        drawn = binomial(odds, len(free))
        counts = np.zeros(size, dtype=np.int64)
        counts[free] = drawn
        if len(free) < size:
            held = np.ones(size, dtype=bool)
            held[free] = False
            counts[held] = spare.binomial(*odds, size - len(free))
        sent.add(counts)
        return drawn

    def back() -> None:
        implementations.add_implementation("numpy", sample)
        source.codeobj_class = asked

    implementations.add_implementation("numpy", draw)
    source.codeobj_class = NumpyCodeObject
    return back
