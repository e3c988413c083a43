"""Read and write chip images as versioned ``.npz`` files without pickles.

``docs/reference/chip-image.md`` describes the layout of the file.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from .._support.archive import Archive
from .._support.npz import read_npz, write_npz
from .._support.values import shown
from ..chip.learning_spec import LearningSpec
from ..chip.registers import SignMode, SynapseFormat
from ..chip.spec import ChipSpec, CoreSpec, MeshSpec
from ..errors import ImageError
from .chip_image import ChipImage
from .drive import DriveSymbol
from .gains import GainRule, MomentGain, PowerGain
from .later_parts import load_later, store_later
from .parts import Compartments, Noise, SynapseGroup
from .report import CompileReport
from .symbols import InputSymbol, PopulationSymbol, ReceptorSymbol, Symbols, SynapseSymbol

__all__ = ["load_image", "save_image"]

_KIND, _VERSION = "chip image", 3
_COMPARTMENT_FIELDS = tuple(field.name for field in dataclasses.fields(Compartments))
_LATER_FIELDS = ("join", "u_init")  # registers that older files lack
_GROUP_ARRAYS = ("indptr", "target", "mantissa", "delay")
_SYMBOL_ARRAYS = ("compartment_ids", "child_ids", "mv_per_lsb", "origin", "v_reset")


def save_image(image: ChipImage, path: str | os.PathLike[str]) -> Path:
    """Write an image to an ``.npz`` file.

    The file is written atomically. It holds the digest of the integers, and a checksum of all its
    contents.

    Returns
    -------
    Path
        Path of the file, with ``.npz`` appended if it was missing.

    Raises
    ------
    ImageError
        If ``image`` is not a ChipImage.
    FileError
        If the file cannot be written.
    """
    if not isinstance(image, ChipImage):
        raise ImageError(f"image = {shown(image)}; allowed: a ChipImage.")
    arrays: dict[str, Any] = {"core_ptr": image.core_ptr}
    if image.core_sites is not None:
        arrays["core_sites"] = image.core_sites
    for name in _COMPARTMENT_FIELDS:
        arrays[f"compartments.{name}"] = getattr(image.compartments, name)
    for index, group in enumerate(image.synapses):
        for name in _GROUP_ARRAYS:
            arrays[f"synapses.{index}.{name}"] = getattr(group, name)
    header: dict[str, Any] = {
        "digest": image.digest(),
        "chip": _described(image.chip),
        "n_inputs": image.n_inputs,
        "synapses": [
            {
                "source": group.source,
                **dataclasses.asdict(group.format),
                "receptor": group.receptor,
            }
            for group in image.synapses
        ],
        "noise": None,
        "symbols": None,
    }
    if image.noise is not None:
        header["noise"] = image.noise.settings
        arrays["noise.enabled"] = image.noise.enabled
    if image.symbols is not None:
        symbols = image.symbols
        header["symbols"] = {
            "dt": symbols.dt,
            "input_lead": symbols.input_lead,
            "populations": [item.name for item in symbols.populations],
            "receptors": [[part.name for part in item.receptors] for item in symbols.populations],
            "powers": [_powers(item.gain_rule) for item in symbols.populations],
            "couplings": [item.coupling for item in symbols.populations],
            "resets": [[item.reset, item.spikes_per_step] for item in symbols.populations],
            "inputs": [[item.name, item.size] for item in symbols.inputs],
            "synapses": [dataclasses.astuple(item) for item in symbols.synapses],
            "report": symbols.report.to_dict(),
        }
        for index, item in enumerate(symbols.populations):
            arrays |= _arrays_of(f"symbols.{index}.", item)
    header |= store_later(image, arrays)
    arrays["header"] = np.array(json.dumps(header, default=_value))
    return write_npz(path, _KIND, _VERSION, arrays)


def _described(chip: ChipSpec) -> dict[str, Any]:
    """Return all fields of a chip; without a learning engine as published, as in older files."""
    entry = dataclasses.asdict(chip)
    engine = chip.core.learning
    if engine == CoreSpec.learning:
        del entry["core"]["learning"]
    elif engine is not None:
        entry["core"]["learning"] = engine.to_dict()
    return entry


def _powers(rule: GainRule) -> list[float] | None:
    """Return the powers of a PowerGain; None for a MomentGain, whose charges are arrays."""
    return [rule.v, rule.u] if isinstance(rule, PowerGain) else None


def _arrays_of(key: str, item: PopulationSymbol) -> dict[str, Any]:
    """Return the arrays of a population symbol by their names in the file."""
    arrays = {key + name: getattr(item, name) for name in _SYMBOL_ARRAYS}
    for index, part in enumerate(item.receptors):
        arrays[f"{key}gain.{index}"] = part.gain
    if isinstance(item.gain_rule, MomentGain):
        charges = enumerate(item.gain_rule.charge)
        arrays |= {f"{key}charge.{index}": values for index, values in charges}
        if item.gain_rule.lift:
            arrays[f"{key}lift"] = np.array(item.gain_rule.lift)
    if item.bias_correction is not None:
        arrays[f"{key}bias_correction"] = item.bias_correction
    if item.drive is not None:
        arrays[f"{key}drive.level"] = item.drive.level
        arrays[f"{key}drive.per_na"] = item.drive.per_na
    return arrays


def load_image(path: str | os.PathLike[str]) -> ChipImage:
    """Read a file written by :func:`save_image`.

    Raises
    ------
    ImageError
        If the file is missing, damaged, truncated, of another kind or of a newer version, if it has
        unexpected contents, or if its values are not allowed in an image.
    """
    with read_npz(path, _KIND, _VERSION, ImageError, "compile the network again") as file:
        header = file.json("header")
        chip = _chip(header["chip"])
        n_cores, size = file.shape("core_ptr")[0] - 1, file.shape("compartments.v_init")[0]
        if n_cores > chip.total_cores or size > chip.total_cores * chip.core.compartments:
            raise ValueError(
                f"{n_cores} cores with {size} compartments, where the chip has {chip.total_cores} "
                f"of {chip.core.compartments}"
            )
        sources = {"inputs": header["n_inputs"], "compartments": size}
        image = ChipImage(
            chip=chip,
            core_ptr=file.array("core_ptr", "int64", (n_cores + 1,)),
            compartments=_compartments(file, size),
            n_inputs=header["n_inputs"],
            synapses=tuple(
                _group(file, index, entry, sources[entry["source"]])
                for index, entry in enumerate(header["synapses"])
            ),
            noise=None
            if header["noise"] is None
            else Noise(file.array("noise.enabled", "int32", (size,)), *header["noise"]),
            symbols=None if header["symbols"] is None else _symbols(file, header["symbols"], size),
            core_sites=file.array("core_sites", "int64", (n_cores,))
            if "core_sites" in file
            else None,
            **load_later(file, header, chip, size),
        )
        if image.digest() != header["digest"]:
            raise ValueError("the integers do not match its digest")
    return image


def _chip(entry: dict[str, Any]) -> ChipSpec:
    core = dict(entry["core"])
    if isinstance(core.get("learning"), dict):
        core["learning"] = LearningSpec.from_dict(core["learning"])
    parts = {"core": CoreSpec(**core), "mesh": MeshSpec(**entry.get("mesh", {}))}
    return ChipSpec(**{**entry, **parts})


def _value(member: Any) -> Any:
    """Return the value of an enumeration member, for JSON."""
    return member.value


def _compartments(file: Archive, size: int) -> Compartments:
    stored = [
        name
        for name in _COMPARTMENT_FIELDS
        if name not in _LATER_FIELDS or f"compartments.{name}" in file
    ]
    registers = {name: file.array(f"compartments.{name}", "int32", (size,)) for name in stored}
    missing = {name: np.zeros(size, np.int32) for name in _COMPARTMENT_FIELDS if name not in stored}
    return Compartments(**registers, **missing)


def _group(file: Archive, index: int, entry: dict[str, Any], n_sources: int) -> SynapseGroup:
    indptr = file.array(f"synapses.{index}.indptr", "int64", (n_sources + 1,))
    n = int(indptr[-1])
    n_delays = n if file.shape(f"synapses.{index}.delay") != (0,) else 0
    return SynapseGroup(
        source=entry["source"],
        format=SynapseFormat(
            entry["weight_exponent"], entry["weight_bits"], SignMode(entry["sign_mode"])
        ),
        indptr=indptr,
        target=file.array(f"synapses.{index}.target", "int32", (n,)),
        mantissa=file.array(f"synapses.{index}.mantissa", "int16", (n,)),
        delay=file.array(f"synapses.{index}.delay", "uint8", (n_delays,)),
        receptor=entry.get("receptor", 0),  # older files lack it
    )


def _symbols(file: Archive, entry: dict[str, Any], n_compartments: int) -> Symbols:
    names = entry["populations"]
    couplings = entry.get("couplings", [None] * len(names))  # older files lack it
    resets = entry.get("resets", [["value", "one"]] * len(names))  # older files lack it
    return Symbols(
        dt=entry["dt"],
        input_lead=entry.get("input_lead", 0),  # older files lack it
        populations=tuple(
            _population(file, f"symbols.{index}.", n_compartments, *item)
            for index, item in enumerate(
                zip(names, entry["receptors"], entry["powers"], couplings, resets, strict=True)
            )
        ),
        inputs=tuple(InputSymbol(name, size) for name, size in entry["inputs"]),
        synapses=tuple(SynapseSymbol(*item) for item in entry["synapses"]),
        report=CompileReport.from_dict(entry["report"]),
    )


def _population(
    file: Archive,
    key: str,
    n_compartments: int,
    name: Any,
    receptors: list[Any],
    powers: list[float] | None,
    coupling: Any,
    reset: Any,
) -> PopulationSymbol:
    size = min(file.shape(f"{key}compartment_ids")[0], n_compartments)

    children = size if len(receptors) > 1 and file.shape(f"{key}child_ids") != (0,) else 0

    def array(field: str) -> Any:
        return file.array(key + field, "float64", (size,))

    rule: GainRule
    if powers is None:
        charge = tuple(array(f"charge.{index}") for index in range(len(receptors)))
        lifted = f"{key}lift" in file
        rule = MomentGain(charge, float(file.array(f"{key}lift", "float64", ())) if lifted else 0.0)
    else:
        rule = PowerGain(*powers)
    return PopulationSymbol(
        name=name,
        compartment_ids=file.array(f"{key}compartment_ids", "int32", (size,)),
        child_ids=file.array(f"{key}child_ids", "int32", (children,)),
        mv_per_lsb=array("mv_per_lsb"),
        origin=array("origin"),
        v_reset=array("v_reset"),
        receptors=tuple(
            ReceptorSymbol(name=part, gain=array(f"gain.{index}"))
            for index, part in enumerate(receptors)
        ),
        gain_rule=rule,
        coupling=coupling,
        reset=reset[0],
        spikes_per_step=reset[1],
        bias_correction=array("bias_correction") if f"{key}bias_correction" in file else None,
        drive=DriveSymbol(level=array("drive.level"), per_na=array("drive.per_na"))
        if f"{key}drive.level" in file
        else None,
    )
