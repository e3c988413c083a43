"""Switch the sources of error on, one at a time and all but one, and measure what each does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from compiler import compile_network

from .._support.progress import progress_bar
from .._support.ranges import NOT_NEGATIVE
from .._support.values import MOST_IDS, instance, integer, real, switch
from ..chip.registers import sum_shift
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import AnalysisError
from ..image import ChipImage
from ..network import Network
from ..recording import Probe
from ..reference import simulate_reference
from ..stimulus import Stimulus, count_steps
from ..typing import Float64Array
from .effects import METRICS, Attribution, MetricTotal, SourceEffect
from .measure import Measure, Sources, Values
from .model import Model
from .sources import GRID, REGISTERS

__all__ = ["attribute"]

Parts: TypeAlias = Mapping[str, tuple[Sequence[str], Sources, Sources]]  # sources, none, all on

_MOST_PLAYERS = 6  # sources that change something: 64 runs for the Shapley shares of a part


def attribute(
    network: Network,
    stimulus: Stimulus,
    chip: ChipSpec = LOIHI,
    dt: float = 0.1,
    *,
    image: ChipImage | None = None,
    substeps: int = 10,
    window: float = 2.0,
    v_neurons: int = 10,
    shapley: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> Attribution:
    """Split the error of the chip into its sources.

    The ideal is float64 on a grid that is finer by ``substeps``. The error is split in two steps:
    what the grid of the chip does to float64, and what registers do to float64 on that grid. In
    each, every source is switched on alone, and all but one are. What the sources of a part do
    alone does not add up to the part; the rest is its interaction. So the effects add up to the
    total: by definition, and per neuron too.

    The model that the sources are switched in is the recurrence of the chip in float64. With no
    register switched on it is the reference, with all of them the emulator, and both are run as
    well: whatever they disagree on is listed as unexplained.

    Parameters
    ----------
    network : Network
        What to run.
    stimulus : Stimulus
        Its input, the same for all runs.
    chip : ChipSpec
        The chip. Default: the first-generation chip.
    dt : float or "auto", ms
        Its step, as for ``compile_network``.
    image : ChipImage, optional
        A finished image of the network, a calibrated one for instance; instead of chip, dt and
        options.
    substeps : int, default 10
        Steps of the ideal in one of the chip, at least 2.
    window : float, ms, default 2
        Spikes up to this distance coincide.
    v_neurons : int, default 10
        So many neurons of each population, the first ones, are compared in v.
    shapley : bool, default False
        Also the mean effect over all orders of the sources: up to 64 runs more for each part.
    progress : bool, optional
        Show a bar. Default: on a terminal, after two seconds.
    **options
        Options of ``compile_network``.

    Returns
    -------
    Attribution

    Raises
    ------
    AnalysisError
        If an argument is not allowed, or the image cannot be modelled.
    CompileError, StimulusError, ImageError
        If the network does not fit the chip, the stimulus or the image.
    """
    instance("attribution", "network", network, Network, "a Network", error=AnalysisError)
    instance("attribution", "stimulus", stimulus, Stimulus, "a Stimulus", error=AnalysisError)
    substeps = integer(
        "attribution",
        "substeps",
        substeps,
        at_least=2,
        at_most=MOST_IDS,
        error=AnalysisError,
    )
    v_neurons = integer("attribution", "v_neurons", v_neurons, at_least=1, error=AnalysisError)
    window = real("attribution", "window", window, "ms", NOT_NEGATIVE, error=AnalysisError)
    shapley = switch("attribution", "shapley", shapley, error=AnalysisError)
    if image is not None:
        instance("attribution", "image", image, ChipImage, "a ChipImage", error=AnalysisError)
    if image is None:
        image = compile_network(network, chip, dt, **options)
    elif options:
        raise AnalysisError(
            f"attribution: {next(iter(options))} is an option of the compiler, but an image is "
            "given, too; pass one of them."
        )
    _check_image(image)
    progress = switch("attribution", "progress", progress, optional=True, error=AnalysisError)
    sampled = {p.name: np.arange(min(p.size, v_neurons)) for p in network.populations}
    model = Model(network, stimulus, image, substeps, sampled)
    count_steps(stimulus.duration, model.dt / substeps)  # raises where they are too many
    measure = Measure(model, window, sampled)
    ends: list[Sources] = [frozenset(), frozenset(GRID), frozenset((*GRID, *REGISTERS))]
    parts: Parts = {"grid": (GRID, ends[0], ends[1]), "registers": (REGISTERS, ends[1], ends[2])}
    wanted = [*ends]
    for sources, base, full in parts.values():
        wanted += [base | {source} for source in sources]
        wanted += [full - {source} for source in sources]
    with progress_bar(len(wanted) + 2, "attribution", progress) as bar:
        for on in wanted:
            measure(on)
            bar.update(1)
        # The engines themselves, at both ends.
        probes = [Probe("v", name, tuple(ids.tolist())) for name, ids in sampled.items()]
        fine = simulate_reference(network, stimulus, model.dt / substeps, record=probes)
        ideal = measure.of_recording(fine)
        bar.update(1)
        emulated = measure.of_recording(Emulator(image).run(stimulus, record=probes))
        bar.update(1)
    shares: dict[tuple[str, str, str], float] = {}
    for setting in parts.values() if shapley else ():
        shares |= _shapley(measure, *setting)
    effects: list[SourceEffect] = []
    totals, neurons = [], {}
    for population in network.populations:
        name = population.name
        for metric in METRICS:
            own = {source: s for (n, m, source), s in shares.items() if (n, m) == (name, metric)}
            first, last = (float(np.mean(v[name][metric])) for v in (ideal, emulated))
            mean = {on: float(np.mean(measure(on)[name][metric])) for on in wanted}
            effects += _effects(name, metric, mean, parts, own)
            rest = (last - mean[ends[2]]) + (mean[ends[0]] - first)
            effects.append(_remainder(name, metric, "engines", "unexplained", rest))
            totals.append(
                MetricTotal(
                    population=name, metric=metric, ideal=first, on_grid=mean[ends[1]], chip=last
                )
            )
            neurons[name, metric] = _of_neurons(
                [ideal[name][metric], emulated[name][metric]],
                {on: measure(on)[name][metric] for on in wanted},
                parts,
            )
    return Attribution(
        chip=image.chip.name,
        dt=model.dt,
        fine_dt=model.dt / substeps,
        duration=stimulus.duration,
        window=window,
        sizes={item.name: item.size for item in network.populations},
        effects=tuple(effects),
        totals=tuple(totals),
        neurons=neurons,
    )


def _shapley(
    measure: Measure, sources: Sequence[str], base: Sources, full: Sources
) -> dict[tuple[str, str, str], float]:
    """Mean effect of each source over all orders, by (population, metric, source).

    Sources that change nothing, neither alone nor last, have no share and no place in the orders.
    """
    players = [
        source
        for source in sources
        if not _equal(measure(base | {source}), measure(base))
        or not _equal(measure(full - {source}), measure(full))
    ]
    if not _equal(measure(base.union(players)), measure(full)):
        players = list(sources)  # some of them matter in company only
    n = len(players)
    if n > _MOST_PLAYERS:
        raise AnalysisError(
            f"attribution: {n} sources matter ({', '.join(players)}); Shapley shares are for at "
            f"most {_MOST_PLAYERS}, since they take a run of every subset. Leave shapley out."
        )
    names = [(name, metric) for name, own in measure(base).items() for metric in own]
    shares = {(*name, source): 0.0 for name in names for source in sources}
    for source in players:
        others = [other for other in players if other != source]
        for size in range(n):
            weight = 1 / (n * math.comb(n - 1, size))
            for chosen in combinations(others, size):
                before = measure(base.union(chosen))
                after = measure(base.union(chosen, [source]))
                for name, metric in names:
                    change = np.mean(after[name][metric]) - np.mean(before[name][metric])
                    shares[name, metric, source] += weight * float(change)
    return shares


def _equal(first: Values, second: Values) -> bool:
    return all(
        np.array_equal(first[name][metric], second[name][metric])
        for name in first
        for metric in METRICS
    )


def _effects(
    population: str,
    metric: str,
    mean: Mapping[Sources, float],
    parts: Parts,
    shares: Mapping[str, float],
) -> Iterator[SourceEffect]:
    """Effects of all sources on one metric of a population, and the interaction of each part."""
    for part, (sources, base, full) in parts.items():
        alone = {source: mean[base | {source}] - mean[base] for source in sources}
        for source in sources:
            yield SourceEffect(
                population=population,
                metric=metric,
                part=part,
                source=source,
                alone=alone[source],
                left_out=mean[full] - mean[full - {source}],
                shapley=shares.get(source, math.nan),
            )
        rest = mean[full] - mean[base] - math.fsum(alone.values())
        yield _remainder(population, metric, part, "interaction", rest)


def _remainder(population: str, metric: str, part: str, source: str, rest: float) -> SourceEffect:
    return SourceEffect(
        population=population,
        metric=metric,
        part=part,
        source=source,
        alone=rest,
        left_out=math.nan,
        shapley=math.nan,
    )


def _of_neurons(
    engines: Sequence[Float64Array], values: Mapping[Sources, Float64Array], parts: Parts
) -> dict[str, Float64Array]:
    """Effects on a metric of each neuron; ``engines`` are the ideal run and that of the chip."""
    ideal, chip = engines
    found: dict[str, Float64Array] = {"ideal": ideal, "chip": chip}
    ends = []
    for part, (sources, base, full) in parts.items():
        start, end = values[base], values[full]
        for source in sources:
            found[source] = values[base | {source}] - start
        found[f"interaction of the {part}"] = (end - start) - sum(found[name] for name in sources)
        ends += [start, end]
    found["unexplained"] = (chip - ends[-1]) + (ends[0] - ideal)
    return found


def _check_image(image: ChipImage) -> None:
    if any(sum_shift(group.format, image.chip.core) for group in image.synapses):
        raise AnalysisError(
            f"attribution: chip {image.chip.name!r} shifts sums of synapses "
            "(exponent_on_sum), which the float64 model of the chip does not; use a chip without."
        )
    if image.noise is not None:
        raise AnalysisError(
            "attribution: the image has noise, whose error is not one of rounding; remove it."
        )
