"""``attribute_accuracy``: classify all samples with each register rounded, or exact, on its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .._support.npz import as_path
from .._support.values import instance, integer
from ..attribution.attribute import image_to_model
from ..attribution.model import Model, ModelRun
from ..attribution.prepared import Prepared
from ..attribution.sources import GRID, REGISTERS
from ..chip.spec import LOIHI, ChipSpec
from ..errors import AnalysisError
from ..network import Network
from ..recording import Recording, Trace
from ..stimulus import Stimulus
from ..sweeps.fingerprint import fingerprint
from .blame import AccuracyAttribution
from .decode import Decoder, Rule, decoder_of, probes_of
from .runs import (
    ATTRIBUTION,
    Engine,
    Maker,
    chip_engine,
    fill,
    float_engine,
    header_of,
)
from .samples import labels_of, stimuli_of
from .study import variants_of
from .subject import TrainedModel, subject_of

__all__ = ["attribute_accuracy"]


def attribute_accuracy(
    model: TrainedModel | Network,
    inputs: Any,
    labels: Any,
    *,
    bits: int | None = None,
    chip: ChipSpec = LOIHI,
    decode: Rule = "count",
    output: str | None = None,
    dt: float | None = None,
    extra_steps: int | None = None,
    path: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    **options: Any,
) -> AccuracyAttribution:
    """Find the registers that cost a classifier its accuracy on a chip.

    All samples run in the recurrence of the chip in float64 (see :func:`attribute`), in which every
    register, and every rule of the arithmetic, is rounded or exact on its own: rounded alone, and
    exact alone. McNemar's exact test compares the classes with those in float64, and with those of
    the chip; the p-values of all effects are adjusted by Holm's method. Effects alone do not add up
    to the loss: a sample may need two registers to change its class.

    Parameters
    ----------
    model, inputs, labels, decode, output, dt, extra_steps
        As for :func:`classify`.
    bits : int, optional
        Weight bits. Default: those of the chip.
    chip : ChipSpec
        The chip. Default: the first-generation chip.
    path : path, optional
        File (.jsonl) that keeps what is done, in blocks of samples: the same call, started again,
        continues with the others.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    **options
        Options of :func:`compile_network`.

    Returns
    -------
    AccuracyAttribution
        ``print`` shows the registers that cost accuracy in one sentence, and a table.

    Raises
    ------
    AnalysisError
        If an argument is not allowed, a connection learns, or the image cannot be modelled.
    StimulusError
        If a sample does not fit the input of the model.
    CompileError
        If the network does not fit the chip.
    SweepError
        If the file holds another attribution, or is none.
    """
    owner = "attribute_accuracy"
    instance(owner, "chip", chip, ChipSpec, "a ChipSpec", error=AnalysisError)
    widths = None
    if bits is not None:
        widths = [integer(owner, "bits", bits, at_least=1, error=AnalysisError)]
    (variant,) = variants_of(owner, chip, widths)
    subject = subject_of(owner, model, dt, output)
    decoder = decoder_of(owner, decode, subject.n_classes)
    stimuli = stimuli_of(owner, model, subject, inputs, extra_steps)
    truth = labels_of(owner, labels, len(stimuli), subject.n_classes)
    image = image_to_model(subject.network, variant.chip, subject.dt, None, options)
    record = probes_of(decode, subject.output)
    sampled = {
        item.name: np.arange(item.size if record and item.name == subject.output else 0)
        for item in subject.network.populations
    }
    first = Model(subject.network, stimuli[0], image, 1, sampled)
    models = [first, *map(first.of, stimuli[1:])]
    base, full = frozenset(GRID), frozenset((*GRID, *REGISTERS))
    wanted = [base, full]
    wanted += [base | {source} for source in REGISTERS]
    wanted += [full - {source} for source in REGISTERS]
    known: dict[tuple[int, bytes], int] = {}

    def of_model(sources: frozenset[str]) -> Maker:
        def classes(block: range) -> dict[str, Any]:
            found = []
            mine = [models[sample] for sample in block]
            for sample, (own, prepared) in zip(block, _prepared(mine, sources), strict=True):
                # Sources that give one sample equal tables may give another different ones.
                key = sample, prepared.digest
                if key not in known:
                    run = _recording(own, own.run_prepared(prepared))
                    known[key] = decoder(run, subject.output).label
                found.append(known[key])
            return {"classes": found}

        return classes

    engines = [float_engine(subject, record), chip_engine(image, record, ())]
    makers = [
        *map(of_model, wanted),
        *(_of_engine(item, stimuli, decoder, subject.output) for item in engines),
    ]
    file = None if path is None else as_path(path, AnalysisError)
    header = {
        **header_of(subject, stimuli, decode, len(makers)),
        "images": [image.digest()],
        "chips": [fingerprint(image.chip)],
        "sources": [sorted(sources) for sources in wanted],
    }
    lines = fill(makers, ATTRIBUTION, file, header, decode, "attribution", progress)
    *columns, floats, chips = (
        np.array([label for line in own for label in line["classes"]], dtype=np.int64)
        for own in lines
    )
    found = dict(zip(wanted, columns, strict=True))
    return AccuracyAttribution.of_classes(
        truth,
        found[base],
        found[full],
        alone={source: found[base | {source}] for source in REGISTERS},
        without={source: found[full - {source}] for source in REGISTERS},
        name=variant.name,
        bits=variant.bits,
        unexplained=int(np.count_nonzero((found[base] != floats) | (found[full] != chips))),
    )


def _of_engine(engine: Engine, stimuli: Sequence[Stimulus], decoder: Decoder, output: str) -> Maker:
    def classes(block: range) -> dict[str, Any]:
        runs = engine.run([stimuli[sample] for sample in block])
        return {"classes": [decoder(run, output).label for run in runs]}

    return classes


def _prepared(models: Sequence[Model], sources: frozenset[str]) -> Iterator[tuple[Model, Prepared]]:
    """Yield each model with its tables for some sources switched on."""
    first = models[0]
    shared = first.prepare(sources)
    for model in models:
        # Tables depend on the length and the currents of a sample, if there are currents in steps.
        same = model.n_steps == first.n_steps and _currents(model) == _currents(first)
        yield model, shared if same else model.prepare(sources)


def _currents(model: Model) -> Any:
    stimulus: Stimulus = model.stimulus
    return stimulus.currents


def _recording(model: Model, run: ModelRun) -> Recording:
    """Return a run of the recurrence as a recording."""
    populations = model.network.populations
    first = dict(zip((item.name for item in populations), model.bounds.tolist(), strict=False))
    own = {
        item.name: (run.ids >= first[item.name]) & (run.ids < first[item.name] + item.size)
        for item in populations
    }
    several = frozenset(item.name for item in populations if item.model.several)
    traces, column = {}, 0
    for item in populations:
        ids = model.sampled[item.name]
        if len(ids):
            values = run.v[:, column : column + len(ids)]
            traces[item.name, "v"] = Trace(ids.astype(np.int32), values, "mV", model.dt)
        column += len(ids)
    return Recording.of_run(
        label="recurrence of the chip in float64",
        dt=model.dt,
        first_step=0,
        n_steps=model.n_steps,
        populations={item.name: item.size for item in populations},
        steps={name: run.steps[mask] for name, mask in own.items()},
        ids={name: run.ids[mask] - np.int32(first[name]) for name, mask in own.items()},
        payloads={name: run.numbers[own[name]] for name in several},
        several=several,
        traces=traces,
        counters={},
        overflows={},
        origin=None,
    )
