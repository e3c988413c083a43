"""Programs, resets, convolutions and learning in the file of a chip image; older files have none.

``docs/reference/chip-image.md`` describes the layout.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from .._support.archive import Archive
from ..chip.registers import SignMode, SynapseFormat
from ..chip.spec import ChipSpec
from ..learning import LearningRule
from ..learning.rule_integers import RuleIntegers
from ..programs import NeuronProgram
from .chip_image import ChipImage
from .convolution import Convolution
from .learning import GivenTrace, Learning, Plasticity
from .program_group import PeriodicReset, ProgramGroup

__all__ = ["load_later", "store_later"]

_GROUP_ARRAYS = ("compartments", "state", "parameters")
_CONVOLUTION_ARRAYS = ("sources", "targets", "kernel")


def store_later(image: ChipImage, arrays: dict[str, Any]) -> dict[str, Any]:
    """Add the arrays of these parts to a file, and return their entries in its header."""
    header: dict[str, Any] = {}
    if image.programs:
        header["programs"] = [_declared(item.program) for item in image.programs]
    for index, group in enumerate(image.programs):
        key = f"programs.{index}."
        arrays |= {key + name: getattr(group, name) for name in _GROUP_ARRAYS}
        arrays[f"{key}table"] = group.program.table
        arrays[f"{key}constants"] = np.array(group.program.constants, dtype=np.int64)
    if image.resets:
        header["resets"] = [[item.interval, item.offset] for item in image.resets]
    for index, reset in enumerate(image.resets):
        arrays[f"resets.{index}.compartments"] = reset.compartments
    if image.convolutions:
        header["convolutions"] = [
            {**item.settings, "format": dataclasses.astuple(item.format)}
            for item in image.convolutions
        ]
    for index, item in enumerate(image.convolutions):
        arrays |= {
            f"convolutions.{index}.{name}": getattr(item, name) for name in _CONVOLUTION_ARRAYS
        }
    if image.learning is not None:
        header["learning"] = _store_learning(image.learning, arrays)
    return header


def _store_learning(learning: Learning, arrays: dict[str, Any]) -> dict[str, Any]:
    arrays["learning.numbers"] = learning.numbers
    for index, item in enumerate(learning.groups):
        key = f"learning.{index}."
        arrays |= {key + name: table for name, table in item.rule.integers()._asdict().items()}
        arrays |= {f"{key}tag": item.tag, f"{key}number": item.number}
    for index, given in enumerate(learning.rewards):
        arrays |= {f"rewards.{index}.{name}": getattr(given, name) for name in ("steps", "values")}
    return {
        "seed": learning.seed,
        "groups": [
            [item.synapses, item.rule.epoch, item.rule.first_epoch] for item in learning.groups
        ],
        "rewards": [[given.group, given.variable] for given in learning.rewards],
    }


def _declared(program: NeuronProgram) -> dict[str, Any]:
    """Return all fields of a program but its rows, and the names of its temporaries."""
    names = [field.name for field in dataclasses.fields(program) if field.name != "rows"]
    return {**{name: getattr(program, name) for name in names}, "temporaries": program.temporaries}


def load_later(file: Archive, header: dict[str, Any], chip: ChipSpec, size: int) -> dict[str, Any]:
    """Return the arguments of an image that its file may have; ``size`` counts compartments."""
    return {
        "programs": tuple(
            _group(file, f"programs.{index}.", entry, size)
            for index, entry in enumerate(header.get("programs", []))
        ),
        "resets": tuple(
            PeriodicReset(_ids(file, f"resets.{index}.compartments", size), *entry)
            for index, entry in enumerate(header.get("resets", []))
        ),
        "convolutions": tuple(
            _convolution(file, f"convolutions.{index}.", entry)
            for index, entry in enumerate(header.get("convolutions", []))
        ),
        "learning": _learning(file, header["learning"], chip) if "learning" in header else None,
    }


def _learning(file: Archive, entry: dict[str, Any], chip: ChipSpec) -> Learning:
    spec = chip.core.learning
    if spec is None:
        raise ValueError("it learns, and its chip has no learning engine")
    return Learning(
        groups=tuple(
            Plasticity(
                synapses,
                LearningRule.from_integers(
                    RuleIntegers(
                        file.array(f"learning.{index}.terms", "int64", (None, 6)),
                        file.array(f"learning.{index}.factors", "int64", (None, 3)),
                        file.array(f"learning.{index}.traces", "int64", (5, 3)),
                    ),
                    epoch=epoch,
                    spec=spec,
                    first_epoch=first,
                ),
                file.array(f"learning.{index}.tag", "int16", (None,)),
                file.array(f"learning.{index}.number", "int32", (None,)),
            )
            for index, (synapses, epoch, first) in enumerate(entry["groups"])
        ),
        seed=entry["seed"],
        numbers=file.array("learning.numbers", "int32", (None,)),
        rewards=tuple(
            _given(file, f"rewards.{index}.", group, variable)
            for index, (group, variable) in enumerate(entry["rewards"])
        ),
    )


def _given(file: Archive, key: str, group: Any, variable: Any) -> GivenTrace:
    shape = (None,) * len(file.shape(f"{key}values"))
    return GivenTrace(
        group,
        variable,
        file.array(f"{key}steps", "int64", (None,)),
        file.array(f"{key}values", "int16", shape),
    )


def _ids(file: Archive, name: str, most: int) -> Any:
    """Read numbers of compartments, at most as many as there are."""
    return file.array(name, "int32", (min(file.shape(name)[0], most),))


def _group(file: Archive, key: str, entry: dict[str, Any], size: int) -> ProgramGroup:
    program = NeuronProgram.from_integers(
        file.array(f"{key}table", "int64", (None, 5)),
        file.array(f"{key}constants", "int64", (None,)).tolist(),
        **entry,
    )
    ids = _ids(file, f"{key}compartments", size)
    return ProgramGroup(
        program,
        ids,
        file.array(f"{key}state", "int32", (len(program.state), len(ids))),
        file.array(f"{key}parameters", "int32", (len(program.parameters), len(ids))),
    )


def _convolution(file: Archive, key: str, entry: dict[str, Any]) -> Convolution:
    exponent, bits, mode = entry["format"]
    arrays = {
        "sources": file.array(f"{key}sources", "int32", (None,)),
        "targets": file.array(f"{key}targets", "int32", (None,)),
        "kernel": file.array(f"{key}kernel", "int16", (None,) * 4),
    }
    return Convolution(
        **{**entry, "format": SynapseFormat(exponent, bits, SignMode(mode)), **arrays}
    )
