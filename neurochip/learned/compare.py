"""Compare what a network learns on the chip with what it learns in float64."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .._support.progress import progress_bar
from .._support.values import instance, integer, switch
from ..errors import RecordingError
from ..image import ChipImage
from ..network import Network
from ..recording import Recording, WeightTrace
from ..stimulus import Stimulus
from ..typing import Float64Array
from ..validation import compare
from .closed_loop import run_both_sides
from .comparison import ConnectionLearning, LearningComparison, MeanWeights
from .metrics import weight_error
from .open_loop import LearnedConnection, forced_spikes, learned_connections
from .window import learning_window

__all__ = ["MOST_SEEDS", "compare_learning"]

MOST_SEEDS = 1000
_SAMPLES = 50  # of weights in time
_MOST_VALUES = 5_000_000  # recorded weights of a run


def compare_learning(
    network: Network,
    image: ChipImage,
    stimulus: Stimulus,
    *,
    seeds: int = 8,
    min_events: int = 100,
    progress: bool | None = None,
) -> LearningComparison:
    """Compare the weights that a network learns on the chip with those of float64.

    Float runs once; the chip with several seeds of the draws of its learning, in two ways. In the
    *closed loop* it runs as it would: its own spikes change its weights. In the *open loop* the
    spikes of float are forced on its learning engine, so that only learning differs. Two seeds of
    the chip differ, too, and that is the floor: a chip that is as near to float as to itself learns
    the same.

    Parameters
    ----------
    network : Network
        A network with connections that learn (``plasticity=STDP(...)``).
    image : ChipImage
        The compiled network.
    stimulus : Stimulus
        Input of all runs.
    seeds : int
        Number of seeds, 2 to 1,000: that of the image and those that follow it.
    min_events : int
        With fewer plastic events of a connection (synapses of each spike of either side) there is
        no answer.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.

    Returns
    -------
    LearningComparison

    Raises
    ------
    RecordingError
        If an argument is not allowed, or nothing learns.
    """
    owner = "compare_learning"
    instance(owner, "network", network, Network, "a Network", error=RecordingError)
    instance(owner, "image", image, ChipImage, "a ChipImage", error=RecordingError)
    instance(owner, "stimulus", stimulus, Stimulus, "a Stimulus", error=RecordingError)
    seeds = integer(
        *(owner, "seeds", seeds),
        at_least=2,
        at_most=MOST_SEEDS,
        allowed=f"2 to {MOST_SEEDS:,}",
        error=RecordingError,
    )
    min_events = integer(owner, "min_events", min_events, at_least=1, error=RecordingError)
    progress = switch(owner, "progress", progress, optional=True, error=RecordingError)
    items = learned_connections(owner, network, image)
    numbers = [items[0].learning.seed + k for k in range(seeds)]
    with progress_bar(seeds + 2, "learning", progress) as bar:
        every = _interval(items, round(stimulus.duration / items[0].symbols.dt))
        sides = network, image, items, stimulus
        reference, runs = run_both_sides(*sides, seeds=numbers, every=every, bar=bar)
        found = [_compare(item, reference, runs, stimulus, numbers) for item in items]
        bar.update(1)
    return LearningComparison(
        spikes=compare(reference, runs[0], network=network),
        seeds=seeds,
        min_events=min_events,
        connections={item.name: item for item in found},
    )


def _interval(items: Sequence[LearnedConnection], n_steps: int) -> int:
    """Return the steps between two samples of weights; the last one is at the end of the run."""
    synapses = sum(item.connection.n_synapses for item in items)
    most = max(1, min(_SAMPLES, _MOST_VALUES // max(1, synapses)))
    parts = max(n for n in range(1, most + 1) if n_steps % n == 0)
    return max(1, n_steps // parts)


def _compare(
    item: LearnedConnection,
    reference: Recording,
    runs: Sequence[Recording],
    stimulus: Stimulus,
    seeds: Sequence[int],
) -> ConnectionLearning:
    """Return what a connection learned in float, and on the chip in both loops."""
    connection, stdp = item.connection, item.connection.plasticity
    assert stdp is not None
    step = float(item.step.mean())
    own = item.step / step
    start = np.broadcast_to(connection.weight, (connection.n_synapses,)) / step
    courses = [run.weights[connection.name] for run in (reference, *runs)]
    ideal = courses[0].values[-1] / step
    closed = np.array([course.values[-1] / step for course in courses[1:]])
    spikes = forced_spikes(item, reference, stimulus)
    opened = np.array([own * item.learn(spikes, seed) for seed in seeds])
    top = stdp.w_max / step
    events = [run.learning[connection.name]["events"] for run in runs]
    return ConnectionLearning(
        name=connection.name,
        unit=connection.unit,
        step=step,
        top=top,
        synapses=connection.n_synapses,
        events=float(np.mean(events)),
        learned=math.sqrt(float(np.mean((ideal - start) ** 2))),
        open_loop=weight_error(ideal, opened, start, top, connection.post),
        closed_loop=weight_error(ideal, closed, start, top, connection.post),
        saturated={
            name: float(np.mean([run.learning[connection.name][name] for run in runs]))
            for name in ("traces", "accumulators", "weights")
        },
        reference=ideal,
        chip=closed,
        means=MeanWeights(
            times=courses[0].times,
            reference=courses[0].values.mean(axis=1) / step,
            chip=_means(courses[1:], step),
        ),
        window=learning_window(item, seeds[0]),
    )


def _means(courses: Sequence[WeightTrace], step: float) -> Float64Array:
    return np.array([course.values.mean(axis=1) / step for course in courses])
