"""The keys that ``--json`` prints for each command, with their meaning, and data of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..image import ChipImage

if TYPE_CHECKING:
    from ..recording import Recording
    from ..report import Judgement, Report

__all__ = ["COMMON", "RESULTS", "data_of", "image_data", "numbers_of", "recording_data"]

COMMON = {
    "command": "name of the command",
    "version": "version of neurochip",
    "written": "paths of the files that the command wrote",
}
"""Keys of every result."""

_SUBJECT = {
    "chip": "name of the chip",
    "dt": "length of a step in ms",
    "image_digest": "digest of the image",
}
_RUN = {
    "chip": "name of the engine and of the chip or image",
    "dt": "length of a step in ms",
    "begin": "time of the first step in ms",
    "duration": "length of the run in ms",
    "populations": "for each population: `neurons`, `spikes` and `rate`, the mean rate in Hz",
    "counters": "counters of the run, such as overflows",
    "learning": "for each connection that learns: plastic `events`, and how often `traces`, "
    "`accumulators` and `weights` reached a limit",
}
_COMPILED = {
    **_SUBJECT,
    "compile_report": "[registers and errors](compile-report.md#as-data)",
}

RESULTS = {
    "compile": _COMPILED,
    "run": _RUN,
    "compare": {
        **_COMPILED,
        "seed": "seed of the input; null with `--input`",
        "lead": "the result in words, one line for each population",
        "comparison": "[both runs, compared](comparison.md#as-data)",
        "learning": "[what synapses learned](comparison.md#learning); null if none learn",
    },
    "validate": {
        "lead": "the result in words, one line for each population",
        "passed": "whether all rates are equal within `--tolerance`; null without one",
        "report": "[content of the JSON file](#files-with-numbers) beside the page",
    },
    "sweep": {
        "lead": "the result in words",
        "report": "[content of the JSON file](#files-with-numbers) beside the page",
    },
    "bits": {
        "lead": "the answer in words",
        "report": "[content of the JSON file](#files-with-numbers) beside the page",
    },
    "attribute": {
        "chip": "name of the chip",
        "dt": "length of a step in ms",
        "rows": "[effects](attribution.md) of every source on every metric and population; none if "
        "synapses learn",
        "learning": "[sources of the error of learned weights](attribution.md#attribution-of-"
        "learning); null if none learn",
    },
    "classify": {
        "lead": "the result in words, one sentence for each chip",
        "report": "[content of the JSON file](#files-with-numbers) beside the page",
    },
    "map": {
        "chip": "name of the chip or system",
        "dt": "length of a step in ms",
        "fits": "whether the network fits; if not, the exit status is 3",
        "reasons": "if it does not fit: the network as given, and with one change at a time",
        "mapping": "[use of the cores, and messages](mapping.md#mappingreport); null if no fit",
        "energy": "[estimates](mapping.md#energyestimate) of `--costs`",
    },
    "info": {
        "kind": "`chip image`, `recording` or `stimulus`",
        "content": "of an image: `chip`, `image_digest`, `cores`, `compartments`, `synapses`, "
        "`plastic_synapses`, "
        "`programs` (neurons of each), `convolutions`, `resets` and `compile_report`; of a "
        "recording: the keys of `run`; of a stimulus: `duration` and, for each input, `sources` "
        "and `spikes`",
    },
    "inspect": {
        "file": "path of the file",
        "runs": "whether it can run, perhaps with approximations; if not, the exit status is 1",
        "problem": "why it cannot run; empty if it can",
        "settings": "what the file leaves open: for each argument of the reader, what it means",
        "rows": "for each node or layer, what is known of it",
    },
    "conformance": {
        "preset": "chip that was emulated",
        "classes": "for each class of vectors of registers: `equal` and `vectors`, two counts",
        "programs": "for each vector of a neuron program: `program`, `source`, and the numbers of "
        "`values` and of those that are `wrong`",
        "learning": "for each emulator whose learning runs are repeated: numbers of `runs`, "
        "`equal` ones, compared `values` and `wrong` ones",
        "left_out": "number of vectors that the preset cannot express",
        "differences": "first difference of each vector that differs",
    },
    "warm-up": {
        "compiled": "number of kernels that were compiled",
        "loaded": "number of kernels that were there",
        "seconds": "duration in s",
        "folder": "folder of the kernels",
    },
}
"""Further keys of each command, in the order in which they are printed."""


def numbers_of(judgement: Judgement) -> dict[str, Any]:
    """Return all numbers of a judgement as data."""
    assert judgement.image.report is not None  # the image of a judgement has a report
    return {
        "seed": judgement.seed,
        "image_digest": judgement.image.digest(),
        "compile_report": judgement.image.report.to_dict(),
        "comparison": judgement.comparison.to_dict(),
    }


def data_of(report: Report) -> dict[str, Any]:
    """Return the answer of a report and the content of its JSON file as data."""
    return {"lead": report.lead, "report": {"title": report.title, **report.data}}


def image_data(image: ChipImage) -> dict[str, Any]:
    """Return what an image is, and its compile report, as data."""
    return {
        "chip": image.chip.name,
        "image_digest": image.digest(),
        "compile_report": None if image.symbols is None else image.report.to_dict(),
    }


def recording_data(recording: Recording) -> dict[str, Any]:
    """Return the spikes, rates and counters of a recording as data."""
    return {
        "chip": recording.label,
        "dt": recording.dt,
        "begin": recording.first_step * recording.dt,
        "duration": recording.duration,
        "populations": {
            name: {
                "neurons": size,
                "spikes": int(recording.counts(name).sum()),
                "rate": float(recording.rates(name).mean()),
            }
            for name, size in recording.populations.items()
        },
        "counters": {name: int(count) for name, count in recording.counters.items()},
        "learning": {name: dict(counts) for name, counts in recording.learning.items()},
    }
