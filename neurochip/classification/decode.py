"""Decoders: rules that read the class of a sample from the neurons of the output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .._support.values import choice, integer
from ..errors import AnalysisError
from ..recording import Probe, Recording
from ..typing import Float64Array

__all__ = ["DECODERS", "Choice", "Decoder", "Rule", "decoder_of", "name_of", "probes_of"]


class Choice(NamedTuple):
    """The class of a sample, and whether the rule had to choose among equals."""

    label: int
    tied: bool


Rule: TypeAlias = str | Callable[[Recording], int]
Decoder: TypeAlias = Callable[[Recording, str], Choice]


def _counts(run: Recording, output: str) -> Float64Array:
    return run.counts(output).astype(np.float64)


def _earliness(run: Recording, output: str) -> Float64Array:
    """Return minus the step of the first spike of each neuron; minus infinity without a spike."""
    first = np.full(run.populations[output], np.inf)
    np.minimum.at(first, run.ids[output], run.steps[output].astype(np.float64))
    return -first


def _final_membrane(run: Recording, output: str) -> Float64Array:
    values: Float64Array = run.trace(output).values[-1]
    return values


DECODERS: Mapping[str, Callable[[Recording, str], Float64Array]] = {
    "count": _counts,
    "first": _earliness,
    "membrane": _final_membrane,
}
"""Scores by which classes are chosen: the neuron of the output with the highest score.

``"count"`` is the number of spikes, ``"first"`` the earliest spike, and ``"membrane"`` v after the
last step, for read-outs that never spike.
"""


def name_of(rule: Rule) -> str:
    """Return the name of a rule."""
    return rule if isinstance(rule, str) else getattr(rule, "__name__", "a function")


def probes_of(rule: Rule, output: str) -> tuple[Probe, ...]:
    """Return what a rule needs of the output, in addition to its spikes."""
    return () if rule in ("count", "first") else (Probe("v", output),)


def decoder_of(owner: str, rule: Any, classes: int) -> Decoder:
    """Return the decoder of a rule: a name of :data:`DECODERS`, or a function of the recording.

    Raises
    ------
    AnalysisError
        If it is neither; the decoder raises it if the function returns no class.
    """
    if not callable(rule):
        names = ", ".join(map(repr, DECODERS))
        allowed = f"{names}, or a function that takes a Recording and returns a class"
        choice(owner, "decode", rule, DECODERS, allowed=allowed, error=AnalysisError)
        score = DECODERS[rule]

        def by_score(run: Recording, output: str) -> Choice:
            scores = score(run, output)
            best = int(np.argmax(scores))
            return Choice(best, int(np.count_nonzero(scores == scores[best])) > 1)

        return by_score

    def by_function(run: Recording, _: str) -> Choice:
        found = integer(
            *(owner, "the class from decode", rule(run)),
            at_least=0,
            at_most=classes - 1,
            error=AnalysisError,
        )
        return Choice(found, False)

    return by_function
