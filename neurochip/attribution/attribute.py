"""Measure the effect of each source of error by switching it on alone and leaving it out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from compiler import compile_network

from .._support.progress import progress_bar
from .._support.ranges import NOT_NEGATIVE
from .._support.values import MOST_IDS, instance, integer, real, switch
from ..chip.registers import SynapseFormat, sum_shift
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import AnalysisError
from ..image import ChipImage
from ..network import Network
from ..network.coupling import RECURRENT
from ..network.plasticity import check_static
from ..network.time_step import finer_steps
from ..recording import Probe
from ..reference import simulate_reference, simulate_twins
from ..stimulus import Stimulus
from ..typing import Float64Array, Int16Array
from .effects import METRICS, Attribution, MetricTotal, SourceEffect
from .measure import Measure, Sources
from .model import Model
from .noise import TWINS, Noise, noise_of
from .shares import is_equal, shapley_shares
from .sources import GRID, REGISTERS

__all__ = ["attribute", "given_or_compiled", "image_to_model"]

Parts: TypeAlias = Mapping[str, tuple[Sequence[str], Sources, Sources]]  # sources, none, all on


def attribute(
    network: Network,
    stimulus: Stimulus,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    image: ChipImage | None = None,
    substeps: int | None = None,
    window: float = 2.0,
    v_neurons: int = 10,
    shapley: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> Attribution:
    """Split the error of the chip into its sources.

    The ideal is float64 on a grid that is ``substeps`` times finer. The error has two parts: the
    effect of the chip's time grid on float64, and the effect of the registers on that grid. In
    each part every source is switched on alone, and left out once. The effects alone do not add
    up to the part; the remainder is its interaction. With the interactions, the effects add up to
    the total by definition, also for each neuron.

    The sources are switched in one model, the recurrence of the chip in float64. With no register
    switched on it equals the reference, and with all of them the emulator. Both are run as well;
    a difference from them is listed as unexplained.

    In a recurrent network any change of a single spike moves many others. Eight further float64
    runs, each with one changed synapse, therefore measure the noise of the effects.

    Parameters
    ----------
    network : Network
        Network to run.
    stimulus : Stimulus
        Input of all runs.
    chip : ChipSpec
        The chip. Default: the first-generation chip.
    dt : float or "auto", ms, optional
        Time step of the chip, as for ``compile_network``.
    image : ChipImage, optional
        A compiled image of the network, for instance a calibrated one. It replaces chip, dt and
        options.
    substeps : int, optional
        Number of fine steps in one step of the chip. With 1, the ideal is float64 on the steps of
        the chip, and the grid is no source of error. Default: 10, or 1 for networks that hold for
        one step (``network.dt``), such as NIR graphs.
    window : float, ms, default 2
        Largest distance in time of two spikes that coincide.
    v_neurons : int, default 10
        Number of neurons of each population, counted from the first, whose v is compared.
    shapley : bool, default False
        Also compute the mean effect over all orders of the sources, with up to 64 more runs for
        each part.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    **options
        Options of ``compile_network``.

    Returns
    -------
    Attribution

    Raises
    ------
    AnalysisError
        If an argument is not allowed, a connection learns, or the image cannot be modelled.
    CompileError, StimulusError, ImageError
        If the network does not fit the chip, the stimulus or the image.
    """
    instance("attribution", "network", network, Network, "a Network", error=AnalysisError)
    instance("attribution", "stimulus", stimulus, Stimulus, "a Stimulus", error=AnalysisError)
    substeps = integer(
        "attribution",
        "substeps",
        finer_steps(network, substeps),
        at_least=1,
        at_most=MOST_IDS,
        error=AnalysisError,
    )
    v_neurons = integer("attribution", "v_neurons", v_neurons, at_least=1, error=AnalysisError)
    window = real("attribution", "window", window, "ms", NOT_NEGATIVE, error=AnalysisError)
    shapley = switch("attribution", "shapley", shapley, error=AnalysisError)
    image = image_to_model(network, chip, dt, image, options)
    progress = switch("attribution", "progress", progress, optional=True, error=AnalysisError)
    sampled = {p.name: np.arange(min(p.size, v_neurons)) for p in network.populations}
    model = Model(network, stimulus, image, substeps, sampled)
    measure = Measure(model, window, sampled)
    ends: list[Sources] = [frozenset(), frozenset(GRID), frozenset((*GRID, *REGISTERS))]
    parts: Parts = {"registers": (REGISTERS, ends[1], ends[2])}
    if substeps > 1:
        parts = {"grid": (GRID, ends[0], ends[1]), **parts}
    wanted = [*ends]
    for sources, base, full in parts.values():
        wanted += [base | {source} for source in sources]
        wanted += [full - {source} for source in sources]
    with progress_bar(len(wanted) + 3, "attribution", progress) as bar:
        for on in wanted:
            measure(on)
            bar.update(1)
        # The reference on the fine grid and the emulator, against the ends of the model.
        probes = [Probe("v", name, tuple(ids.tolist())) for name, ids in sampled.items()]
        fine = simulate_reference(network, stimulus, model.dt / substeps, record=probes)
        ideal = measure.of_recording(fine)
        bar.update(1)
        emulated = measure.of_recording(Emulator(image).run(stimulus, record=probes))
        bar.update(1)
        noise = _measure_noise(network, stimulus, model.dt, measure, probes)
        bar.update(1)
    active = {
        part: sum(not is_equal(measure(base | {source}), measure(base)) for source in sources)
        for part, (sources, base, _) in parts.items()
    }
    shares: dict[tuple[str, str, str], float] = {}
    for setting in parts.values() if shapley else ():
        shares |= shapley_shares(measure, *setting)
    effects: list[SourceEffect] = []
    totals, neurons = [], {}
    for population in network.populations:
        name = population.name
        for metric in METRICS:
            own = {source: s for (n, m, source), s in shares.items() if (n, m) == (name, metric)}
            first, last = (float(np.mean(v[name][metric])) for v in (ideal, emulated))
            mean = {on: float(np.mean(measure(on)[name][metric])) for on in wanted}
            effects += _effects(name, metric, mean, parts, own, noise, active)
            rest = (last - mean[ends[2]]) + (mean[ends[0]] - first)
            effects.append(_remainder(name, metric, "engines", "unexplained", rest, 0.0))
            totals.append(
                MetricTotal(
                    population=name,
                    metric=metric,
                    ideal=first,
                    on_grid=mean[ends[1]],
                    chip=last,
                    noise=noise.effect((name, metric), from_ideal=True),
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
        twins=noise.twins,
        neurons=neurons,
    )


def _measure_noise(
    network: Network, stimulus: Stimulus, dt: float, measure: Measure, probes: Sequence[Probe]
) -> Noise:
    """Return the noise of the recurrent populations, from float64 runs on the steps of the chip."""
    recurrent = [name for name, kind in network.couplings.items() if kind == RECURRENT]
    if not recurrent:
        return noise_of((), (), ())
    reference = simulate_reference(network, stimulus, dt, progress=False)
    twins = simulate_twins(network, stimulus, reference, twins=TWINS, record=probes, progress=False)
    return noise_of(
        recurrent if twins else (),
        [measure.of_recording(twin) for twin in twins],
        [measure.of_recording(twin, frozenset(GRID)) for twin in twins],
    )


def _effects(
    population: str,
    metric: str,
    mean: Mapping[Sources, float],
    parts: Parts,
    shares: Mapping[str, float],
    noise: Noise,
    active: Mapping[str, int],
) -> Iterator[SourceEffect]:
    """Yield the effects of all sources on one metric, and the interaction of each part.

    ``active`` has the number of sources of each part that have an effect.
    """
    key, first = (population, metric), next(iter(parts))
    for part, (sources, base, full) in parts.items():
        bound = noise.effect(key, from_ideal=part == first)
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
                noise=bound,
            )
        rest = mean[full] - mean[base] - math.fsum(alone.values())
        bound = noise.interaction(key, part == first, active[part])
        yield _remainder(population, metric, part, "interaction", rest, bound)


def _remainder(
    population: str, metric: str, part: str, source: str, rest: float, noise: float
) -> SourceEffect:
    return SourceEffect(
        population=population,
        metric=metric,
        part=part,
        source=source,
        alone=rest,
        left_out=math.nan,
        shapley=math.nan,
        noise=noise,
    )


def _of_neurons(
    engines: Sequence[Float64Array], values: Mapping[Sources, Float64Array], parts: Parts
) -> dict[str, Float64Array]:
    """Return the effects on each neuron; ``engines`` has the metric of the ideal and the chip."""
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


def given_or_compiled(
    network: Network,
    chip: ChipSpec,
    dt: float | str | None,
    image: ChipImage | None,
    options: Mapping[str, Any],
) -> ChipImage:
    """Return the given image, which takes no options of the compiler, or the compiled one."""
    if image is None:
        return compile_network(network, chip, dt, **options)
    if options:
        raise AnalysisError(
            f"attribution: {next(iter(options))} is an option of the compiler, but an image is "
            "given, too; pass one of them."
        )
    instance("attribution", "image", image, ChipImage, "a ChipImage", error=AnalysisError)
    return image


def image_to_model(
    network: Network,
    chip: ChipSpec,
    dt: float | str | None,
    image: ChipImage | None,
    options: Mapping[str, Any],
) -> ChipImage:
    """Return the given image, or the compiled one, if the model can express its rules."""
    reason = "whose errors attribute_learning splits"
    check_static("attribution", network.connections, reason, AnalysisError)
    image = given_or_compiled(network, chip, dt, image, options)
    stored = [(group.mantissa, group.format) for group in image.synapses]
    stored += [(item.kernel, item.format) for item in image.convolutions]
    if any(_truncates_sums(*each, image.chip) for each in stored):
        raise AnalysisError(
            f"attribution: chip {image.chip.name!r} shifts sums of synapses "
            "(exponent_on_sum), which the float64 model does not; use a chip that shifts weights."
        )
    if image.noise is not None:
        raise AnalysisError(
            "attribution: the image has noise, which is not a source of rounding error; remove it."
        )
    return image


def _truncates_sums(mantissa: Int16Array, synapse_format: SynapseFormat, chip: ChipSpec) -> bool:
    """Return whether a shift of the sum of weights loses bits, which the mantissas may lack."""
    lost = (1 << sum_shift(synapse_format, chip.core)) - 1
    return bool((mantissa & lost).any())
