"""The chip as data: all widths and limits that the compiler and the emulator use.

Source: **D18** Davies et al. 2018, IEEE Micro 38(1), 10.1109/MM.2018.112130359; for the limits of a
core see :class:`CoreSpec`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from .._support.brief import line
from .._support.foreign import nearest
from .._support.text import counted
from .._support.values import MOST_IDS, check_name, instance, integer, shown
from ..errors import SpecError
from .core import CoreSpec
from .learning_spec import LearningSpec
from .mesh import MeshSpec

__all__ = ["LOIHI", "ChipSpec", "CoreSpec", "MeshSpec"]


@dataclass(frozen=True, kw_only=True)
class ChipSpec:
    """A chip, or a system of identical chips: number of cores, core and mesh.

    Parameters
    ----------
    name : str
        Name shown in reports.
    cores : int
        Neuromorphic cores per chip that the compiler may use (D18 p. 86: 128).
    core : CoreSpec
        Widths, limits and rules of every core.
    chips : int
        Number of chips in the system.
    mesh : MeshSpec
        Layout of cores and chips.
    """

    name: str
    cores: int = 128
    core: CoreSpec = field(default_factory=CoreSpec)
    # These do not affect spikes, so they are not part of the digest of an image.
    chips: int = field(default=1, repr=False)
    mesh: MeshSpec = field(default_factory=MeshSpec, repr=False)

    def __post_init__(self) -> None:
        check_name("chip", self.name, SpecError)
        owner = f"chip {self.name!r}"
        for name in ("cores", "chips"):
            value = integer(owner, name, getattr(self, name), at_most=MOST_IDS, error=SpecError)
            if value < 1:
                raise SpecError(f"{owner}: {name} = {value}; allowed: at least 1.")
            object.__setattr__(self, name, value)
        instance(owner, "core", self.core, CoreSpec, "a CoreSpec(...)", error=SpecError)
        instance(owner, "mesh", self.mesh, MeshSpec, "a MeshSpec(...)", error=SpecError)

    @property
    def spelled(self) -> str:
        """All fields that affect spikes without learning, as text: every digest covers it."""
        return _spelled(self)

    @property
    def total_cores(self) -> int:
        """Number of cores of all chips together."""
        return self.cores * self.chips

    def what_if(
        self,
        *,
        name: str | None = None,
        cores: int | None = None,
        chips: int | None = None,
        mesh: MeshSpec | None = None,
        **core: Any,
    ) -> ChipSpec:
        """Return this chip with some fields changed.

        Fewer bits of a weight mantissa also narrow the limits between which a learning engine
        keeps weights, unless ``learning`` is given, too.

        Parameters
        ----------
        name : str, optional
            Name of the new chip; by default the changes are appended to this chip's name.
        cores, chips : int, optional
            Number of cores per chip, and number of chips.
        mesh : MeshSpec, optional
            Shape of the mesh.
        **core
            Fields of :class:`CoreSpec`.

        Raises
        ------
        SpecError
            If a field does not exist, or the new values are not allowed.

        Examples
        --------
        >>> LOIHI.what_if(weight_mantissa_bits=6).name
        'loihi (weight_mantissa_bits=6)'
        """
        known = {item.name for item in dataclasses.fields(CoreSpec)}
        unknown = sorted(set(core) - known)
        if unknown:
            raise SpecError(
                f"chip {self.name!r}: no field {unknown[0]!r}; fields of a core: "
                f"{', '.join(sorted(known))}.{nearest('chip', unknown[0], known)}"
            )
        own: dict[str, Any] = {"cores": cores, "chips": chips, "mesh": mesh}
        own = {key: value for key, value in own.items() if value is not None}
        text = ", ".join(f"{key}={_text(value)}" for key, value in {**own, **core}.items())
        new = f"{self.name} ({text})" if text else self.name
        changed = dataclasses.replace(self.core, **core)
        if changed.weight_mantissa_bits < self.core.weight_mantissa_bits and "learning" not in core:
            changed = dataclasses.replace(changed, learning=_narrowed(changed))
        return dataclasses.replace(
            self,
            name=new if name is None else name,
            core=changed,
            **own,
        )

    def __repr__(self) -> str:
        chips = [] if self.chips == 1 else [counted(self.chips, "chip")]
        size = [*chips, counted(self.cores, "core")]
        return line(self, repr(self.name), *size, *self.core.differences)


def _narrowed(core: CoreSpec) -> LearningSpec | None:
    """Return the learning engine of a core with limits that its mantissas can hold."""
    engine, end = core.learning, 1 << core.weight_mantissa_bits
    if engine is None:
        return None
    limits: dict[str, Any] = {
        name: (max(getattr(engine, name)[0], least), min(getattr(engine, name)[1], end - 1))
        for name, least in (
            ("mixed_limits", -end),
            ("excitatory_limits", 0),
            ("inhibitory_limits", 1 - end),
        )
    }
    return dataclasses.replace(engine, **limits)


def _spelled(spec: Any) -> str:
    fields = (
        f"{item.name}={_spelled(value) if dataclasses.is_dataclass(value) else repr(value)}"
        for item in dataclasses.fields(spec)
        if item.repr
        for value in (getattr(spec, item.name),)
    )
    return f"{type(spec).__name__}({', '.join(fields)})"


def _text(value: Any) -> str:
    """Return a value as text for the name of a chip; enumerations by name."""
    return shown(value) if isinstance(value, (int, float)) else str(value)


LOIHI = ChipSpec(name="loihi")
"""The first-generation chip: 128 cores of 1,024 compartments (D18)."""
