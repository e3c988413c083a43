"""A chip as sections of a page: how it differs from the first-generation chip."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Section, Table
from .._support.text import counted
from .spec import LOIHI, ChipSpec, CoreSpec

__all__ = ["describe_chip", "describe_core"]


@describes(ChipSpec)
def describe_chip(chip: ChipSpec) -> Description:
    """Describe a chip by the fields in which it differs from the first-generation chip."""
    lead = f"{chip.name}: {counted(chip.cores, 'core')} on {counted(chip.chips, 'chip')}."
    parts = {"": (chip, LOIHI), "core": (chip.core, LOIHI.core), "mesh": (chip.mesh, LOIHI.mesh)}
    return _described(lead, parts)


@describes(CoreSpec)
def describe_core(core: CoreSpec) -> Description:
    """Describe a core by the fields in which it differs from that of the first generation."""
    return _described("A core.", {"": (core, LOIHI.core)})


def _described(lead: str, parts: dict[str, tuple[Any, Any]]) -> Description:
    rows = [
        (f"{part}.{item.name}".lstrip("."), _text(value), _text(usual), value != usual)
        for part, (spec, default) in parts.items()
        for item in dataclasses.fields(spec)
        if item.name not in ("name", "core", "mesh")
        for value in (getattr(spec, item.name),)
        for usual in (getattr(default, item.name),)
    ]
    differing = [row[:3] for row in rows if row[3]]
    found: Block = Table(("field", "here", LOIHI.name), differing)
    sections = [
        Section(f"Differences from {LOIHI.name}", [found if differing else Paragraph("None.")]),
        Section("All fields", [Table(("field", "value"), [row[:2] for row in rows])]),
    ]
    return Description(lead, sections)


def _text(value: Any) -> str:
    return value.name if isinstance(value, Enum) else str(value)
