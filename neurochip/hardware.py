"""The chip as data: every width and every limit that the compiler and the emulator obey.

Source: **D18** Davies et al. 2018, IEEE Micro 38(1), 10.1109/MM.2018.112130359; for the limits of a
core see :class:`CoreSpec`.
"""

from __future__ import annotations

import dataclasses
import numbers
from dataclasses import dataclass, field
from typing import Any

from ._core_spec import CoreSpec
from .errors import SpecError
from .mesh import MeshSpec

__all__ = ["LOIHI", "ChipSpec", "CoreSpec", "MeshSpec"]


@dataclass(frozen=True, kw_only=True)
class ChipSpec:
    """A chip, or a system of equal chips: how many cores, and what a core is.

    Parameters
    ----------
    name : str
        Shown in reports.
    cores : int
        Neuromorphic cores of a chip that the compiler may use (D18 p. 86: 128).
    core : CoreSpec
        What every core is.
    chips : int
        Chips of the system.
    mesh : MeshSpec
        How cores and chips lie side by side.
    """

    name: str
    cores: int = 128
    core: CoreSpec = field(default_factory=CoreSpec)
    # No spike depends on these: they stay out of the digest of an image.
    chips: int = field(default=1, repr=False)
    mesh: MeshSpec = field(default_factory=MeshSpec, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise SpecError(f"chip: name = {self.name!r}; allowed: a non-empty string.")
        for name in ("cores", "chips"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Integral):
                raise SpecError(f"chip {self.name!r}: {name} = {value!r}; allowed: an integer.")
            if value < 1:
                raise SpecError(f"chip {self.name!r}: {name} = {value}; allowed: at least 1.")
            object.__setattr__(self, name, int(value))
        if not isinstance(self.core, CoreSpec):
            raise SpecError(f"chip {self.name!r}: core = {self.core!r}; allowed: a CoreSpec(...).")
        if not isinstance(self.mesh, MeshSpec):
            raise SpecError(f"chip {self.name!r}: mesh = {self.mesh!r}; allowed: a MeshSpec(...).")

    @property
    def total_cores(self) -> int:
        """Cores of all chips."""
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

        Parameters
        ----------
        name : str, optional
            Name of the new chip; by default the changes are appended to this chip's name.
        cores, chips : int, optional
            Number of cores of a chip, and of chips.
        mesh : MeshSpec, optional
            Shape of the mesh.
        **core
            Fields of :class:`CoreSpec`.

        Raises
        ------
        SpecError
            If a field does not exist or the new specification contradicts itself.

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
                f"{', '.join(sorted(known))}."
            )
        own: dict[str, Any] = {"cores": cores, "chips": chips, "mesh": mesh}
        own = {key: value for key, value in own.items() if value is not None}
        text = ", ".join(f"{key}={value}" for key, value in {**own, **core}.items())
        new = f"{self.name} ({text})" if text else self.name
        return dataclasses.replace(
            self,
            name=new if name is None else name,
            core=dataclasses.replace(self.core, **core),
            **own,
        )


LOIHI = ChipSpec(name="loihi")
"""The first-generation chip: 128 cores of 1,024 compartments (D18)."""
