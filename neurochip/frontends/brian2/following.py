"""Brian2's own run of a network, and who sent what in each of its steps.

A :func:`~neurochip.frontends.brian2.compare` needs it, and so does a PoissonInput onto a variable
that is '(unless refractory)': Brian2 draws its numbers for the neurons that are free in a step, and
only its own run tells which these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, PoissonInput, SpikeGeneratorGroup, Synapses
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.units import second

from ...typing import Int64Array
from ..session import Spikes, collect_spikes
from .inputs import binomial_of, generated, repeated
from .reading import MONITORS
from .refusal import refusal

__all__ = ["Follower", "depends_on_run", "follow", "put_back"]

_STORED = "neurochip.put_back"


def depends_on_run(source: Any) -> bool:
    """Return whether an input draws for the free neurons alone: its draws depend on the run."""
    return isinstance(source, PoissonInput) and _condition(source) is not None


def follow(
    net: Any,
    duration: Any,
    namespace: Mapping[str, Any],
    sources: Sequence[Any],
    first: int = 0,
) -> dict[str, Spikes]:
    """Run a network in Brian2 itself, and return what some of its objects sent.

    A PoissonInput that draws for the free neurons alone sends the others spikes of the same rate,
    from a stream of their own: Brian2 would lose them, but other neurons may be held on the chip.

    Parameters
    ----------
    net : brian2.Network
        What to run; it is left as the run leaves it.
    duration : Quantity
        How long, a time.
    namespace : dict
        Names that its equations use.
    sources : sequence of brian2.NeuronGroup, PoissonGroup, PoissonInput or SpikeGeneratorGroup
        Objects of the network that run in it.
    first : int
        The step that the run begins with.

    Raises
    ------
    FrontendError
        If the run was stopped: Brian2 turns Ctrl-C into that, and goes on as if it had ended.
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
    spikes = {name: collect_spikes(ids, first) for name, ids in sent.items()}
    for source in sources:
        if isinstance(source, SpikeGeneratorGroup):
            stop = int(source.clock.variables["timestep"].get_value().item())
            spikes[source.name] = generated(source, first, stop - first)
    return spikes


@contextmanager
def put_back(net: Any, monitors: Iterable[Any] = ()) -> Iterator[None]:
    """Leave a network as it was: time and variables; its objects stay free for other networks.

    Meanwhile it has some monitors more.
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
    """Runs a network in Brian2 beside the chip, run after run, and keeps both states apart.

    Brian2's variables hold what the chip left; what its own run left is kept here.
    """

    def __init__(self) -> None:
        self._full_states: dict[str, Any] = {}  # of each NeuronGroup, where Brian2's run ended

    @contextmanager
    def follow(
        self,
        net: Any,
        duration: Any,
        namespace: Mapping[str, Any],
        sources: Sequence[Any],
        first: int,
    ) -> Iterator[dict[str, Spikes]]:
        """Give what the inputs send in the next run, as :func:`follow`; monitors record nothing.

        Where the chip's run fails, Brian2's has not been either.

        Parameters
        ----------
        net, duration, namespace, sources, first
            As for :func:`follow`.
        """
        objects = net.sorted_objects
        groups = {obj.name: obj for obj in objects if isinstance(obj, NeuronGroup)}
        # What is on its way, and which spikes of a generator come next, is Brian2's alone.
        others = [obj for obj in objects if isinstance(obj, SpikeGeneratorGroup)]
        others += [path for obj in objects if isinstance(obj, Synapses) for path in obj._pathways]
        chips = [(group, group._full_state()) for group in groups.values()]
        before = [(obj, obj._full_state()) for obj in others]
        begin, states = net.t_, self._full_states
        try:
            try:
                _restore((groups[name], state) for name, state in states.items())
                with _silent(objects):
                    spikes = follow(net, duration, namespace, sources, first)
                self._full_states = {name: group._full_state() for name, group in groups.items()}
            finally:
                _restore(chips)
                net.t_ = begin
                for clock in net._clocks:
                    clock._set_t_update_dt(begin * second)
            yield spikes
        except BaseException:
            _restore(before)
            self._full_states = states
            raise


def _restore(states: Iterable[tuple[Any, Any]]) -> None:
    for obj, state in states:
        obj._restore_from_full_state(state)


def _condition(source: Any) -> Any:
    """Return the variable that says where a PoissonInput may write; None where everywhere."""
    return source._group.variables[source.target_var].conditional_write


@contextmanager
def _silent(objects: Iterable[Any]) -> Iterator[None]:
    """Switch monitors off for a while."""
    active = [obj for obj in objects if isinstance(obj, MONITORS) and obj.active]
    for obj in active:
        obj.active = False
    try:
        yield
    finally:
        for obj in active:
            obj.active = True


@contextmanager
def _noted(sources: Iterable[Any]) -> Iterator[dict[str, list[Int64Array]]]:
    """Note who spikes in each step."""
    sent: dict[str, list[Int64Array]] = {}
    undo: list[Callable[[], None]] = []
    # A stream of its own, which follows from seed() and takes nothing from Brian2's.
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002 - the stream of brian2.seed()
    spare = np.random.default_rng([*key, position])
    for source in sources:
        own = sent.setdefault(source.name, [])
        if isinstance(source, PoissonInput):
            undo.append(_note_draws(source, own, spare))
        elif "spike" in getattr(source, "thresholder", ()):
            undo.append(_note_spikes(source, own))
    try:
        yield sent
    finally:
        for back in undo:
            back()


def _note_spikes(source: Any, sent: list[Int64Array]) -> Callable[[], None]:
    """Note the spikes of a group whenever its thresholder has run; return how to undo it."""
    thresholder = source.thresholder["spike"]
    run = thresholder.run

    def noting() -> None:
        run()
        sent.append(np.array(source.spikes, dtype=np.int64))

    def back() -> None:
        del thresholder.run

    thresholder.run = noting
    return back


def _note_draws(
    source: Any, sent: list[Int64Array], spare: np.random.Generator
) -> Callable[[], None]:
    """Have a PoissonInput draw in numpy, and note whom it hits; return how to undo it."""
    implementations = binomial_of(source).implementations
    sample = implementations[NumpyCodeObject].get_code(source)
    size, number = int(source._group.N), int(source.N)
    probability = float(source.rate) * float(source.clock.dt_)
    asked = source.codeobj_class

    def draw(indices: Any) -> Any:
        drawn, free = sample(indices), np.asarray(indices, dtype=np.int64)
        counts, held = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
        counts[free], held[free] = drawn, False
        if len(free) < size:
            counts[held] = spare.binomial(number, probability, size - len(free))
        sent.append(repeated(counts))
        return drawn

    def back() -> None:
        implementations.add_implementation("numpy", sample)
        source.codeobj_class = asked

    implementations.add_implementation("numpy", draw)
    source.codeobj_class = NumpyCodeObject
    return back
