"""Chip images on disk: a versioned ``.npz`` without pickles, and a text that a person can read.

The layout of the file is described in ``docs/reference/chip-image.md``.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ._npz import read_npz, reason, write_npz
from .compile_report import CompileReport
from .errors import ImageError, NeurochipError
from .hardware import ChipSpec, CoreSpec, MeshSpec
from .image import (
    ChipImage,
    Compartments,
    InputSymbol,
    Noise,
    PopulationSymbol,
    Symbols,
    SynapseGroup,
)
from .registers import SignMode, SynapseFormat

__all__ = ["dump_image", "load_image", "save_image"]

_KIND, _VERSION = "chip image", 1
_COMPARTMENT_FIELDS = tuple(field.name for field in dataclasses.fields(Compartments))
_GROUP_ARRAYS = ("indptr", "target", "mantissa", "delay")
_SYMBOL_ARRAYS = ("compartments", "mv_per_lsb", "origin", "v_reset")
_SHOWN = 10  # rows of a table in a text dump before it is cut


def save_image(image: ChipImage, path: str | os.PathLike[str]) -> Path:
    """Write an image to an ``.npz`` file.

    The file appears whole or not at all, and carries the digest of its integers.

    Returns
    -------
    Path
        The path written, with ``.npz`` appended where it was missing.
    """
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
        "chip": dataclasses.asdict(image.chip),
        "n_inputs": image.n_inputs,
        "synapses": [
            {"source": group.source, **dataclasses.asdict(group.format)} for group in image.synapses
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
            "inputs": [[item.name, item.size] for item in symbols.inputs],
            "report": symbols.report.to_dict(),
        }
        for index, item in enumerate(symbols.populations):
            for name in _SYMBOL_ARRAYS:
                arrays[f"symbols.{index}.{name}"] = getattr(item, name)
    arrays["header"] = np.array(json.dumps(header, default=_value))
    return write_npz(path, _KIND, _VERSION, arrays)


def load_image(path: str | os.PathLike[str]) -> ChipImage:
    """Read a file written by :func:`save_image`.

    Raises
    ------
    ImageError
        If the file is missing, damaged, truncated, of another kind, of a newer version, or its
        integers do not match its digest.
    """
    arrays, _ = read_npz(path, _KIND, _VERSION, ImageError)
    try:
        header = json.loads(str(arrays["header"]))
        image = ChipImage(
            chip=_chip(header["chip"]),
            core_ptr=arrays["core_ptr"],
            compartments=_compartments(arrays),
            n_inputs=header["n_inputs"],
            synapses=tuple(
                _group(index, entry, arrays) for index, entry in enumerate(header["synapses"])
            ),
            noise=None
            if header["noise"] is None
            else Noise(arrays["noise.enabled"], *header["noise"]),
            symbols=None if header["symbols"] is None else _symbols(header["symbols"], arrays),
            core_sites=arrays.get("core_sites"),
        )
        digest = header["digest"]
    except (NeurochipError, AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
        raise ImageError(
            f"{path}: a damaged chip image ({reason(problem)}); compile the network again."
        ) from None
    if image.digest() != digest:
        raise ImageError(
            f"{path}: the integers do not match the digest of the file; it was damaged or edited. "
            "Compile the network again."
        )
    return image


def dump_image(image: ChipImage) -> str:
    """Return an image as text: chip, cores, registers and synapses.

    Long tables are cut after ten rows and say how many rows were left out; the digest covers all.
    """
    core = image.chip.core
    lines = [
        f"chip image {image.digest()}",
        f"chip {image.chip.name}: {image.chip.cores} cores of {core.compartments} compartments",
        f"{image.n_cores} cores, {image.n_compartments} compartments, {image.n_inputs} inputs, "
        f"{image.n_synapses} synapses, longest delay {image.max_delay} steps",
    ]
    if image.noise is not None:
        exponent, offset, at_membrane, seed = image.noise.settings
        lines.append(
            f"noise into {'v' if at_membrane else 'u'} of {int(image.noise.enabled.sum())} "
            f"compartments: exponent {exponent}, mantissa offset {offset}, seed {seed}"
        )
    if image.symbols is not None:
        lines.append(f"dt {image.symbols.dt:g} ms")
        for item in image.symbols.populations:
            used = np.unique(np.searchsorted(image.core_ptr, item.compartments, side="right") - 1)
            lines.append(
                f"population {item.name!r}: {len(item.compartments)} compartments on cores "
                f"{used[0]} to {used[-1]}, {item.mv_per_lsb[0]:.6g} mV per LSB"
            )
        lines += [f"input {item.name!r}: {item.size} sources" for item in image.symbols.inputs]
    lines += ["", "compartments (equal neighbours are joined)"]
    table = np.stack([getattr(image.compartments, name) for name in _COMPARTMENT_FIELDS], axis=1)
    starts = np.flatnonzero(np.r_[True, (table[1:] != table[:-1]).any(axis=1)])
    ends = np.r_[starts[1:], len(table)]
    for start, end in list(zip(starts, ends, strict=True))[:_SHOWN]:
        values = ", ".join(
            f"{name} {value}" for name, value in zip(_COMPARTMENT_FIELDS, table[start], strict=True)
        )
        lines.append(f"  {start}..{end - 1}: {values}")
    lines += _cut(len(starts))
    for index, group in enumerate(image.synapses):
        form = group.format
        lines += [
            "",
            f"synapse group {index} from {group.source}: {group.n_synapses} synapses, exponent "
            f"{form.weight_exponent}, {form.weight_bits} bits, {form.sign_mode.name.lower()}",
        ]
        last = int(np.searchsorted(group.indptr[:-1], _SHOWN, side="left"))
        pre = np.repeat(np.arange(last), np.diff(group.indptr[: last + 1]))[:_SHOWN]
        for k, source in enumerate(pre):
            delay = int(group.delay[k]) if group.delay.size else 0
            lines.append(
                f"  {source} -> {group.target[k]}: mantissa {group.mantissa[k]}, delay {delay}"
            )
        lines += _cut(group.n_synapses)
    return "\n".join(lines)


def _chip(entry: dict[str, Any]) -> ChipSpec:
    parts = {"core": CoreSpec(**entry["core"]), "mesh": MeshSpec(**entry.get("mesh", {}))}
    return ChipSpec(**{**entry, **parts})


def _value(member: Any) -> Any:
    """What JSON holds of an enumeration."""
    return member.value


def _cut(rows: int) -> list[str]:
    return [f"  ... {rows - _SHOWN} more"] if rows > _SHOWN else []


def _compartments(arrays: dict[str, Any]) -> Compartments:
    # Files of before there were joins and initial currents have none.
    for name in ("join", "u_init"):
        arrays.setdefault(f"compartments.{name}", np.zeros_like(arrays["compartments.v_init"]))
    return Compartments(**{name: arrays[f"compartments.{name}"] for name in _COMPARTMENT_FIELDS})


def _group(index: int, entry: dict[str, Any], arrays: dict[str, Any]) -> SynapseGroup:
    return SynapseGroup(
        source=entry["source"],
        format=SynapseFormat(
            entry["weight_exponent"], entry["weight_bits"], SignMode(entry["sign_mode"])
        ),
        **{name: arrays[f"synapses.{index}.{name}"] for name in _GROUP_ARRAYS},
    )


def _symbols(entry: dict[str, Any], arrays: dict[str, Any]) -> Symbols:
    return Symbols(
        dt=entry["dt"],
        input_lead=entry.get("input_lead", 0),  # files of before there were leads have none
        populations=tuple(
            PopulationSymbol(
                name=name, **{key: arrays[f"symbols.{index}.{key}"] for key in _SYMBOL_ARRAYS}
            )
            for index, name in enumerate(entry["populations"])
        ),
        inputs=tuple(InputSymbol(name, size) for name, size in entry["inputs"]),
        report=CompileReport.from_dict(entry["report"]),
    )
