"""The chip of a command: that of the model, or of ``--chip``, with the fields of ``--set``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from .._support.foreign import nearest
from ..chip.presets import PRESETS, SYSTEMS
from ..chip.spec import LOIHI, ChipSpec, CoreSpec, MeshSpec
from ..errors import SpecError
from ._axes import read_values
from ._model import ModelFunction
from ._terminal import say

__all__ = ["CHIPS", "choose_chip", "read_settings"]

CHIPS: Mapping[str, ChipSpec] = {**PRESETS, **SYSTEMS}
"""All chips and systems that ``--chip`` takes, by name."""

_CORE = {f"core.{field.name}" for field in dataclasses.fields(CoreSpec)}
_MESH = {f"mesh.{field.name}" for field in dataclasses.fields(MeshSpec)}
_OWN = {"cores", "chips"}


def read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Parse ``FIELD=VALUE``.

    Raises
    ------
    SpecError
        If a text does not have this form, a chip has no such field, or a field is given twice.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise SpecError(
                f"--set {text!r}; allowed: FIELD=VALUE, as in core.weight_mantissa_bits=6."
            )
        if name not in _CORE | _MESH | _OWN:
            raise SpecError(f"--set {name!r}: a chip has no such field; {_fields(name)}")
        if name in settings:
            raise SpecError(f"--set {name!r} is given twice; allowed: once.")
        found = read_values(f"--set {name!r}", value)
        if len(found) > 1:
            raise SpecError(f"--set {text!r} has several values; to vary a field: neurochip sweep.")
        # "none" is the name of a rule.
        settings[name] = value if found[0] is None else found[0]
    return settings


def choose_chip(
    own: ChipSpec | ModelFunction | None, path: str, name: str | None, settings: Mapping[str, Any]
) -> ChipSpec:
    """Return the chip to compile for, and print it unless it is the default.

    Parameters
    ----------
    own : ChipSpec, ModelFunction or None
        Chip of the model; a function only if ``name`` replaces it.
    path : str
        Path of the model.
    name : str or None
        Chip of ``--chip``, which replaces that of the model.
    settings : dict
        Fields of ``--set``.

    Raises
    ------
    SpecError
        If the fields have values that a chip cannot have.
    """
    base = CHIPS[name] if name is not None else LOIHI if own is None else own
    assert isinstance(base, ChipSpec)
    chip = _changed(base, settings)
    if own is not None and name is None:
        say(f"Chip of {path}{', with --set' if settings else ''}: {chip.name}")
    elif name is not None or settings:
        unused = "" if own is None else f", not that of {path}"
        say(f"Chip of the command line: {chip.name}{unused}")
    return chip


def _changed(chip: ChipSpec, settings: Mapping[str, Any]) -> ChipSpec:
    """Return a what-if chip; all fields change together, since some depend on others."""
    if not settings:
        return chip
    parts: dict[str, dict[str, Any]] = {"core": {}, "mesh": {}, "": {}}
    for name, value in settings.items():
        owner, _, field = name.rpartition(".")
        parts[owner][field] = value
    if parts["mesh"]:
        parts[""]["mesh"] = dataclasses.replace(chip.mesh, **parts["mesh"])
    text = ", ".join(f"{name.removeprefix('core.')}={value}" for name, value in settings.items())
    return chip.what_if(name=f"{chip.name} ({text})", **parts[""], **parts["core"])


def _fields(name: str) -> str:
    """Return the fields that are allowed, and the one that was probably meant."""
    fields = [item.removeprefix("core.") for item in sorted(_CORE)]
    meant = nearest("chip", name.removeprefix("core."), fields).replace("'", "'core.", 1)
    meant = meant or nearest("", name, _MESH | _OWN)
    return f"allowed: cores, chips, mesh.NAME and core.NAME, a field of CoreSpec.{meant}"
