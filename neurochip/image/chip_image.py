"""A compiled network: integers, and one removable part with their names and units.

A :class:`ChipImage` is the only input of an engine. Compartments are in the order of the cores.
Synapses are grouped by kind of source and by synapse format, and sorted by source.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.text import counted
from .._support.values import MOST_IDS, ArrayValue, instance, instances, integer
from ..chip.spec import ChipSpec
from ..errors import ImageError
from ..typing import Int64Array
from .check_learning import check_learning
from .check_programs import check_programs
from .checks import check_image
from .convolution import Convolution
from .learning import Learning
from .parts import Compartments, Noise, SynapseGroup
from .program_group import PeriodicReset, ProgramGroup
from .report import CompileReport
from .symbols import Symbols

__all__ = ["ChipImage"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ChipImage(ArrayValue):
    """Everything that an engine needs to run a network, as integers.

    Parameters
    ----------
    chip : ChipSpec
        The target chip.
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Compartments of core k are ``core_ptr[k]`` to ``core_ptr[k + 1]``.
    compartments : Compartments
        Registers of all compartments.
    n_inputs : int
        Number of sources outside the chip.
    synapses : tuple of SynapseGroup
        All synapses.
    noise : Noise, optional
        Noise registers, the same on all cores. Default: no noise.
    symbols : Symbols, optional
        Names and units. An engine produces the same spikes without symbols.
    core_sites : ndarray of int64, shape (n_cores,), optional
        Site of each core on the mesh (see :class:`Sites` for the numbering). Default: core k is at
        site k.
    programs : tuple of ProgramGroup
        Compartments that run a program. Their LIF registers hold the defaults of
        :meth:`Compartments.fill`. Default: none.
    resets : tuple of PeriodicReset
        Compartments whose state is reset periodically. Default: none.
    convolutions : tuple of Convolution
        Synapses that share the weights of a kernel. Default: none.
    learning : Learning, optional
        Synapse groups that learn, and how. Default: none.

    Raises
    ------
    ImageError
        If a value does not fit its register, an index is out of range, or shapes disagree.
    """

    chip: ChipSpec
    core_ptr: Int64Array
    compartments: Compartments
    n_inputs: int
    synapses: tuple[SynapseGroup, ...] = ()
    noise: Noise | None = None
    symbols: Symbols | None = None
    core_sites: Int64Array | None = None
    programs: tuple[ProgramGroup, ...] = ()
    resets: tuple[PeriodicReset, ...] = ()
    convolutions: tuple[Convolution, ...] = ()
    learning: Learning | None = None

    def __post_init__(self) -> None:
        for name, kind, optional in (
            ("chip", ChipSpec, False),
            ("compartments", Compartments, False),
            ("noise", Noise, True),
            ("symbols", Symbols, True),
            ("learning", Learning, True),
        ):
            if not (optional and getattr(self, name) is None):
                allowed = f"{kind.__name__}(...)"
                instance("image", name, getattr(self, name), kind, allowed, error=ImageError)
        for name, part in (
            ("synapses", SynapseGroup),
            ("programs", ProgramGroup),
            ("resets", PeriodicReset),
            ("convolutions", Convolution),
        ):
            given = instances("image", name, getattr(self, name), part, error=ImageError)
            object.__setattr__(self, name, given)
        n_inputs = integer(
            "image", "n_inputs", self.n_inputs, at_least=0, at_most=MOST_IDS, error=ImageError
        )
        object.__setattr__(self, "n_inputs", n_inputs)
        check_image(
            self.chip,
            self.core_ptr,
            self.compartments,
            self.n_inputs,
            self.synapses,
            self.noise,
            self.symbols,
            self.core_sites,
            len(self.convolutions),
        )
        check_programs(
            self.chip,
            self.compartments,
            self.n_inputs,
            self.synapses,
            self.programs,
            self.resets,
            self.convolutions,
            self.symbols,
        )
        if self.learning is not None:
            check_learning(self.chip, self.core_ptr, self.synapses, self.programs, self.learning)
        parts = (self, self.compartments, *self.synapses, *self.programs, *self.resets)
        for value in (*parts, *self.convolutions, self.noise, self.learning):
            if value is not None:
                value._freeze()

    @property
    def n_compartments(self) -> int:
        """Number of compartments in use."""
        return len(self.compartments)

    @property
    def n_cores(self) -> int:
        """Number of cores in use."""
        return len(self.core_ptr) - 1

    @property
    def sites(self) -> Int64Array:
        """Site of each core, shape (n_cores,)."""
        return np.arange(self.n_cores) if self.core_sites is None else self.core_sites

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all groups and convolutions."""
        return sum(part.n_synapses for part in self._synapse_parts)

    @property
    def n_plastic(self) -> int:
        """Number of synapses that learn."""
        groups = () if self.learning is None else self.learning.groups
        return sum(self.synapses[item.synapses].n_synapses for item in groups)

    @property
    def max_delay(self) -> int:
        """Longest synaptic delay in steps."""
        return max((part.max_delay for part in self._synapse_parts), default=0)

    @property
    def _synapse_parts(self) -> list[SynapseGroup | Convolution]:
        return [*self.synapses, *self.convolutions]

    @property
    def report(self) -> CompileReport:
        """The compile report.

        Raises
        ------
        ImageError
            If the image has no symbols.
        """
        if self.symbols is None:
            raise ImageError("image: it has no symbols, so there is no compile report.")
        return self.symbols.report

    def without_symbols(self) -> ChipImage:
        """Return the image without symbols; the digest stays the same."""
        return dataclasses.replace(self, symbols=None)

    def unrolled(self) -> ChipImage:
        """Return the image with the synapses of its convolutions one by one, as further groups."""
        if not self.convolutions:
            return self
        sizes = {"inputs": self.n_inputs, "compartments": self.n_compartments}
        groups = tuple(item.unrolled(sizes[item.source]) for item in self.convolutions)
        return dataclasses.replace(self, synapses=(*self.synapses, *groups), convolutions=())

    def digest(self) -> str:
        """Return the SHA-256 of the chip and all integers, as 64 hexadecimal digits.

        Two images with the same digest give the same spikes on every engine.
        """
        return self._digest

    @functools.cached_property
    def _digest(self) -> str:
        summary = hashlib.sha256(f"({self.chip.spelled}, {self.n_inputs!r})".encode())
        parts: list[Any] = [self.core_ptr]
        names = [field.name for field in dataclasses.fields(Compartments)]
        # Skip these registers if all 0, so that older images keep their digest.
        parts += [
            getattr(self.compartments, name)
            for name in names
            if name not in {"join", "u_init"} or getattr(self.compartments, name).any()
        ]
        for group in self.synapses:
            summary.update(repr((group.source, group.format)).encode())
            if group.receptor:
                summary.update(b"receptor 1")
            parts += [group.indptr, group.target, group.mantissa, group.delay]
        if self.noise is not None:
            summary.update(repr(self.noise.settings).encode())
            parts.append(self.noise.enabled)
        if self.core_sites is not None:
            parts.append(self.core_sites)
        later: list[ProgramGroup | PeriodicReset | Convolution | Learning]
        later = [*self.programs, *self.resets, *self.convolutions]
        for item in (*later, *([] if self.learning is None else [self.learning])):
            text, arrays = item.integers()
            summary.update(text.encode())
            parts += arrays
        for array in parts:
            summary.update(f"{array.dtype.str}{array.shape}".encode())
            summary.update(np.ascontiguousarray(array).data)
        return summary.hexdigest()

    def __repr__(self) -> str:
        learning = ""
        if self.learning is not None:
            learning = f" of which {self.n_plastic} learn"
        return (
            f"ChipImage({self.chip.name}, {counted(self.n_cores, 'core')}, "
            f"{counted(self.n_compartments, 'compartment')}, "
            f"{counted(self.n_synapses, 'synapse')}{learning}, digest {self.digest()[:12]})"
        )
