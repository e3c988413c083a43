"""``classify``: run all samples in float64 and on each chip, and read their classes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from compiler import compile_network

from .._support.npz import as_path
from .._support.text import counted
from .._support.values import instances, integer, items, shown
from .._support.warn import warn_user
from ..chip.spec import LOIHI, ChipSpec
from ..errors import AnalysisError, ChipOverflowWarning, CompileError
from ..image import ChipImage
from ..mapping.costs import COST_TABLES, CostTable
from ..mapping.energy import lacks_costs
from ..network import Network
from ..sweeps.fingerprint import fingerprint
from .accuracy import ChipAccuracy, InferenceCost, Unfit
from .decode import Rule, decoder_of, name_of, probes_of
from .result import Classification
from .runs import (
    CLASSIFICATION,
    Answer,
    answers_of,
    chip_engine,
    fill,
    float_engine,
    header_of,
    joined,
)
from .samples import labels_of, stimuli_of
from .subject import Subject, TrainedModel, subject_of

_STRONG = 0.25  # difference of the numbers of spikes in a sample, mean over the samples
_FEWEST = 20  # spikes of a layer

__all__ = ["Variant", "classify", "compile_all", "variants_of"]


def classify(
    model: TrainedModel | Network,
    inputs: Any,
    labels: Any,
    *,
    bits: Iterable[int] | None = None,
    chip: ChipSpec | Iterable[ChipSpec] = LOIHI,
    decode: Rule = "count",
    output: str | None = None,
    dt: float | None = None,
    extra_steps: int | None = None,
    costs: Iterable[CostTable] = tuple(COST_TABLES.values()),
    path: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Classification:
    """Classify samples with a trained network, in float64 and on chips.

    Every sample is a run from step 0, on the same spikes in float64 and on the chip. McNemar's
    exact test compares the two on the samples that only one of them classifies correctly; over
    several widths and chips its p-values are adjusted by Holm's method.

    Parameters
    ----------
    model : NirModel or Network
        A trained model, such as :func:`read_nir` returns; or a network, with ``dt``.
    inputs : array_like, shape (n_samples, n_steps, *shape of the input), or list of Stimulus
        Spike counts of each sample, as for :meth:`NirModel.stimulus`. A network with several inputs
        needs stimuli.
    labels : array_like of int, shape (n_samples,)
        Class of each sample, which is the index of a neuron of the output.
    bits : iterable of int, optional
        Weight bits to try on each chip. Default: those of the chip.
    chip : ChipSpec or iterable of ChipSpec
        The chip, or several of different names. Default: the first-generation chip.
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
    extra_steps : int, optional
        Silent steps after a sample that is an array. Default: ``model.depths`` of the output, if
        the simulator of the model passes spikes through all layers in one step; the output then
        receives what it receives there. Otherwise 0. A Stimulus runs for its duration.
    costs : iterable of CostTable
        Tables by which energy and time of a sample are estimated. Default: all tables; ``()``
        omits the estimates.
    path : path, optional
        File (.jsonl) that keeps what is done, in blocks of samples: the same call, started again,
        continues with the others.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    **options
        Options of :func:`compile_network`.

    Returns
    -------
    Classification
        ``print`` shows the result in one sentence, and tables.

    Raises
    ------
    AnalysisError
        If an argument is not allowed.
    StimulusError
        If a sample does not fit the input of the model.
    CompileError
        If the network fits none of the chips.
    SweepError
        If the file holds another classification, or is none.

    References
    ----------
    Q. McNemar (1947), Psychometrika 12:153. E. B. Wilson (1927), J. Am. Stat. Assoc. 22:209.
    S. Holm (1979), Scand. J. Stat. 6:65.
    """
    owner = "classify"
    variants = variants_of(owner, chip, bits)
    tables = instances(
        owner, "costs", costs, CostTable, allowed="a list of CostTable", error=AnalysisError
    )
    subject = subject_of(owner, model, dt, output)
    decoder = decoder_of(owner, decode, subject.n_classes)
    stimuli = stimuli_of(owner, model, subject, inputs, extra_steps)
    truth = labels_of(owner, labels, len(stimuli), subject.n_classes)
    file = None if path is None else as_path(path, AnalysisError)
    # Compiled before the first run, so that a chip that is too small costs no time.
    images, problems = compile_all(subject, variants, options)
    record = probes_of(decode, subject.output)
    engines = [
        float_engine(subject, record),
        *(chip_engine(image, record, tables) for image in images.values()),
    ]
    header = {
        **header_of(subject, stimuli, decode, len(engines)),
        "images": [image.digest() for image in images.values()],
        "chips": [fingerprint(image.chip) for image in images.values()],
        "costs": [fingerprint(table) for table in tables],
    }
    makers = [answers_of(engine, stimuli, decoder, subject.output) for engine in engines]
    lines = fill(makers, CLASSIFICATION, file, header, decode, owner, progress)
    floats, *answers = map(joined, lines)
    _warn_of_overflows(images, answers)
    _warn_of_differences(images, floats, answers)
    return Classification(
        labels=truth,
        floats=floats.classes,
        tied=int(floats.tied.sum()),
        layers=floats.layers,
        chips=tuple(
            ChipAccuracy(
                name=variant.name,
                bits=variant.bits,
                image=image,
                labels=truth,
                floats=floats.classes,
                classes=answer.classes,
                tied=int(answer.tied.sum()),
                layers=answer.layers,
                costs={
                    table.name: InferenceCost(
                        table=table.name,
                        energies=answer.energy[table.name],
                        times=answer.time[table.name],
                        partial=lacks_costs(image, table),
                    )
                    for table in tables
                },
            )
            for (variant, image), answer in zip(images.items(), answers, strict=True)
        ),
        problems=tuple(problems),
        n_classes=subject.n_classes,
        decode=name_of(decode),
    )


class Variant(NamedTuple):
    """A chip with some number of weight bits.

    Parameters
    ----------
    name : str
        Name of the chip that it was made from.
    bits : int
        Weight bits.
    chip : ChipSpec
        The chip.
    narrowed : bool
        Whether its weights have fewer bits than those of the chip that it was made from.
    """

    name: str
    bits: int
    chip: ChipSpec
    narrowed: bool


def variants_of(
    owner: str, chip: ChipSpec | Iterable[ChipSpec], bits: Iterable[int] | None
) -> list[Variant]:
    """Return the chips to try, each from the widest weights down.

    Raises
    ------
    AnalysisError
        If the chips or the bits are not allowed.
    """
    allowed = "a ChipSpec, or a list of them with different names"
    given = (chip,) if isinstance(chip, ChipSpec) else chip
    chips = instances(owner, "chip", given, ChipSpec, allowed=allowed, error=AnalysisError)
    names = [item.name for item in chips]
    if not chips or len(set(names)) < len(names):
        raise AnalysisError(f"{owner}: chips = {shown(names)}; allowed: {allowed}.")
    if bits is None:
        return [Variant(item.name, item.core.weight_mantissa_bits, item, False) for item in chips]
    allowed = "a list of different integers"
    widths = [
        integer(owner, "bits", width, at_least=1, error=AnalysisError)
        for width in items(owner, "bits", bits, allowed, error=AnalysisError)
    ]
    if not widths or len(set(widths)) < len(widths):
        raise AnalysisError(f"{owner}: bits = {shown(bits)}; allowed: {allowed}.")
    return [
        Variant(
            item.name,
            width,
            item.what_if(weight_mantissa_bits=width),
            width < item.core.weight_mantissa_bits,
        )
        for item in chips
        for width in sorted(widths, reverse=True)
    ]


def compile_all(
    subject: Subject, variants: Sequence[Variant], options: Mapping[str, Any]
) -> tuple[dict[Variant, ChipImage], list[Unfit]]:
    """Return the image of each variant, and the reason of each that has none.

    Raises
    ------
    CompileError
        If no chip can hold the network.
    """
    images: dict[Variant, ChipImage] = {}
    problems: list[Unfit] = []
    for index, variant in enumerate(variants):
        try:
            images[variant] = compile_network(subject.network, variant.chip, subject.dt, **options)
        except CompileError as problem:
            if not images and index == len(variants) - 1:
                raise
            problems.append(Unfit(variant.name, variant.bits, str(problem)))
    return images, problems


def _warn_of_overflows(images: Mapping[Variant, ChipImage], answers: Sequence[Answer]) -> None:
    """Warn once of all registers that overflowed."""
    found = {
        image.chip.name: answer.overflows
        for image, answer in zip(images.values(), answers, strict=True)
        if answer.overflows
    }
    if found:
        listed = "; ".join(
            f"{name}: {', '.join(f'{kind} {count:,}' for kind, count in counts.items())}"
            for name, counts in found.items()
        )
        warn_user(
            f"classify: registers wrapped or clipped, so classes may be wrong ({listed}). A higher "
            "headroom or assumed_rate avoids it.",
            ChipOverflowWarning,
        )


def _warn_of_differences(
    images: Mapping[Variant, ChipImage], floats: Answer, answers: Sequence[Answer]
) -> None:
    """Warn of chips that give a layer quite another activity, unless bits were taken from them."""
    for variant, answer in zip(images, answers, strict=True):
        for layer, spikes in floats.layers.items() if not variant.narrowed else ():
            differing, both = int(np.abs(answer.layers[layer] - spikes).sum()), int(spikes.sum())
            if differing > _STRONG * max(both, _FEWEST):
                warn_user(
                    f"classify: chip {variant.name!r} with {counted(variant.bits, 'weight bit')} "
                    f"differs strongly from float64, first in layer {layer!r}: the numbers of its "
                    f"spikes differ by {differing / max(both, 1):.0%} ({both:,} in float64, "
                    f"{int(answer.layers[layer].sum()):,} on the chip). attribute_accuracy names "
                    "the registers."
                )
                break
