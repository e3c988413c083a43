"""``classify``: run all samples in float64 and on each chip, and read their classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeGuard

import numpy as np

from compiler import compile_network

from .._support.progress import progress_bar
from .._support.ranges import POSITIVE
from .._support.values import instance, integer, integers, items, real, shown
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import AnalysisError, CompileError
from ..image import ChipImage
from ..network import Network
from ..recording import Probe, Recording
from ..reference import simulate_reference
from ..stimulus import Stimulus
from ..typing import Int64Array
from .decode import Decoder, Rule, decoder_of
from .result import ChipAccuracy, Classification

__all__ = ["TrainedModel", "classify"]


class TrainedModel(Protocol):
    """A network with the step that it was trained for, its outputs, and the form of its input."""

    @property
    def network(self) -> Network:
        """The network."""

    @property
    def dt(self) -> float:
        """Length of a step in ms."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Populations that are outputs."""

    def stimulus(self, spikes: Any) -> Stimulus:
        """Return a sample as a stimulus."""


def classify(
    model: TrainedModel | Network,
    inputs: Any,
    labels: Any,
    *,
    bits: Iterable[int] | None = None,
    chip: ChipSpec = LOIHI,
    decode: Rule = "count",
    output: str | None = None,
    dt: float | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Classification:
    """Classify samples with a trained network, in float64 and on the chip.

    Every sample is a run from step 0, on the same spikes in float64 and on the chip. McNemar's
    exact test compares the two on the samples that only one of them classifies correctly; over
    several widths its p-values are adjusted by Holm's method.

    Parameters
    ----------
    model : NirModel or Network
        A trained model, such as :func:`read_nir` returns; or a network, with ``dt``.
    inputs : array_like, shape (n_samples, n_steps, *shape of the input), or list of Stimulus
        Spike counts of each sample, as for :meth:`NirModel.stimulus`; stimuli for a network.
    labels : array_like of int, shape (n_samples,)
        Class of each sample, which is the index of a neuron of the output.
    bits : iterable of int, optional
        Weight bits to try. Default: those of the chip.
    chip : ChipSpec
        The chip. Default: the first-generation chip.
    decode : str or callable
        ``"count"``: the class is the neuron of the output with the most spikes; ``"first"``: the
        one that spikes first; ``"membrane"``: the one with the highest v after the last step. Of
        equals, the first is taken, and ``tied`` counts such samples. Or a function that takes the
        :class:`Recording` of a sample, with v of the output, and returns the class.
    output : str, optional
        Population that gives the class. Default: the output of the model, or the only population
        of a network.
    dt : float, ms, optional
        Length of a step, for a network only.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    **options
        Options of :func:`compile_network`.

    Returns
    -------
    Classification
        ``print`` shows the result in one sentence, and a table.

    Raises
    ------
    AnalysisError
        If an argument is not allowed.
    StimulusError
        If a sample does not fit the input of the model.
    CompileError
        If the network fits none of the chips.

    References
    ----------
    Q. McNemar (1947), Psychometrika 12:153. E. B. Wilson (1927), J. Am. Stat. Assoc. 22:209.
    S. Holm (1979), Scand. J. Stat. 6:65.
    """
    instance("classify", "chip", chip, ChipSpec, "a ChipSpec", error=AnalysisError)
    network, step = _subject(model, dt)
    size = _size_of(network, population := _output(model, network, output))
    stimuli = _stimuli(model, inputs)
    truth = _labels(labels, len(stimuli), size)
    decoder = decoder_of(decode, size)
    # Compiled before the first run, so that a chip that is too small costs no time.
    images, problems = _compile(network, _chips(chip, bits), step, options)
    record = (Probe("v", population),)

    def read(runs: Iterable[Recording]) -> tuple[Int64Array, int]:
        return _read(runs, decoder, population)

    with progress_bar(len(stimuli), "float64", progress, unit="sample") as bar:

        def reference(stimulus: Stimulus) -> Recording:
            run = simulate_reference(network, stimulus, step, record=record, progress=False)
            bar.update()
            return run

        floats, tied = read(map(reference, stimuli))

    def accuracy(image: ChipImage) -> ChipAccuracy:
        runs = Emulator(image, progress=progress).run_batch(stimuli, record=record)
        classes, undecided = read(runs)
        return ChipAccuracy(
            name=image.chip.name,
            bits=image.chip.core.weight_mantissa_bits,
            image=image,
            labels=truth,
            floats=floats,
            classes=classes,
            tied=undecided,
        )

    return Classification(
        labels=truth,
        floats=floats,
        tied=tied,
        chips=tuple(map(accuracy, images)),
        problems=problems,
        n_classes=size,
        decode=decode if isinstance(decode, str) else getattr(decode, "__name__", "a function"),
    )


def _compile(
    network: Network, chips: Sequence[ChipSpec], dt: float, options: Mapping[str, Any]
) -> tuple[list[ChipImage], dict[int, str]]:
    """Return the image for each chip, and the reason of each number of bits that has none.

    Raises
    ------
    CompileError
        If no chip can hold the network.
    """
    images: list[ChipImage] = []
    problems: dict[int, str] = {}
    for index, chip in enumerate(chips):
        try:
            images.append(compile_network(network, chip, dt, **options))
        except CompileError as problem:
            if not images and index == len(chips) - 1:
                raise
            problems[chip.core.weight_mantissa_bits] = str(problem)
    return images, problems


def _read(runs: Iterable[Recording], decoder: Decoder, output: str) -> tuple[Int64Array, int]:
    """Return the class of each run, and the number of runs that were tied."""
    choices = [decoder(run, output) for run in runs]
    classes = np.array([item.label for item in choices], dtype=np.int64)
    return classes, sum(item.tied for item in choices)


def _is_trained(model: Any) -> TypeGuard[TrainedModel]:
    return all(hasattr(model, name) for name in ("network", "dt", "outputs", "stimulus"))


def _subject(model: Any, dt: float | None) -> tuple[Network, float]:
    """Return the network and its step in ms."""
    if isinstance(model, Network):
        if dt is None:
            raise AnalysisError("classify: a Network was given without dt; pass the step in ms.")
        return model, real("classify", "dt", dt, "ms", POSITIVE, error=AnalysisError)
    if not _is_trained(model):
        raise AnalysisError(
            f"classify: model = {shown(model)}; allowed: a trained model, as from read_nir, or a "
            "Network."
        )
    if dt is not None and dt != model.dt:
        raise AnalysisError(
            f"classify: dt = {dt!r} ms, but the model was read for {model.dt:g} ms; omit dt, or "
            "read the model for another step."
        )
    return model.network, model.dt


def _output(model: Any, network: Network, output: str | None) -> str:
    """Return the name of the population that gives the class."""
    names = [item.name for item in network.populations]
    if output is None:
        found = list(model.outputs) if _is_trained(model) else names
        if len(found) != 1:
            raise AnalysisError(
                f"classify: the network has {len(found)} outputs ({', '.join(map(repr, found))}); "
                "pass output=, the population that gives the class."
            )
        return str(found[0])
    if output not in names:
        raise AnalysisError(
            f"classify: output = {shown(output)}; allowed: {', '.join(map(repr, names))}."
        )
    return output


def _size_of(network: Network, population: str) -> int:
    return next(item.size for item in network.populations if item.name == population)


def _stimuli(model: Any, inputs: Any) -> list[Stimulus]:
    """Return the samples as stimuli."""
    allowed = "a list of samples"
    samples = list(items("classify", "inputs", inputs, allowed, error=AnalysisError))
    if not samples:
        raise AnalysisError("classify: there are no inputs; allowed: at least one sample.")
    stimuli: list[Stimulus] = []
    for index, sample in enumerate(samples):
        if isinstance(sample, Stimulus):
            stimuli.append(sample)
        elif _is_trained(model):
            stimuli.append(model.stimulus(sample))
        else:
            raise AnalysisError(
                f"classify: inputs[{index}] = {shown(sample)}; allowed for a Network: a Stimulus."
            )
    return stimuli


def _labels(labels: Any, samples: int, size: int) -> Int64Array:
    """Return the labels as an array."""
    found = integers("classify", "labels", labels, error=AnalysisError).astype(np.int64)
    if found.shape != (samples,):
        raise AnalysisError(
            f"classify: labels have the shape {found.shape}; allowed: ({samples},), one for each "
            "sample."
        )
    bad = (found < 0) | (found >= size)
    if bad.any():
        first = int(np.argmax(bad))
        raise AnalysisError(
            f"classify: labels[{first}] = {found[first]}; allowed: 0 to {size - 1}, a neuron of "
            "the output."
        )
    return found


def _chips(chip: ChipSpec, bits: Iterable[int] | None) -> Sequence[ChipSpec]:
    """Return the chips to try, from the widest weights down."""
    if bits is None:
        return [chip]
    allowed = "a list of different integers"
    widths = [
        integer("classify", "bits", width, at_least=1, error=AnalysisError)
        for width in items("classify", "bits", bits, allowed, error=AnalysisError)
    ]
    if not widths or len(set(widths)) < len(widths):
        raise AnalysisError(f"classify: bits = {shown(bits)}; allowed: {allowed}.")
    return [chip.what_if(weight_mantissa_bits=width) for width in sorted(widths, reverse=True)]
