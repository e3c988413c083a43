"""Symbols: names and units of the integers of an image; import them from ``neurochip.image``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.ranges import POSITIVE
from .._support.values import ArrayValue, check_name, check_size, instance, instances, integer, real
from ..errors import ImageError
from ..typing import Float64Array, Int32Array
from .parts import check_array
from .report import CompileReport

__all__ = ["InputSymbol", "PopulationSymbol", "Symbols"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationSymbol(ArrayValue):
    """The meaning of the compartments of a population; arrays of shape (size,), size at least 1.

    Parameters
    ----------
    name : str
        Population of the network.
    compartments : ndarray of int32
        Compartment of each neuron, no two the same.
    mv_per_lsb, origin, v_reset : ndarray of float64
        ``v = origin + register * mv_per_lsb`` in mV; while a neuron is held after a spike its v is
        ``v_reset``. All finite, ``mv_per_lsb`` above 0.

    Raises
    ------
    ImageError
        If the name is empty or a value is not allowed.
    """

    name: str
    compartments: Int32Array
    mv_per_lsb: Float64Array
    origin: Float64Array
    v_reset: Float64Array

    def __post_init__(self) -> None:
        check_name("population symbol", self.name, ImageError)
        owner = f"symbols of {self.name!r}"
        check_array(owner, "compartments", self.compartments, np.int32)
        size = check_size(owner, len(self.compartments), ImageError)
        for name, above in (("mv_per_lsb", 0.0), ("origin", -math.inf), ("v_reset", -math.inf)):
            values = getattr(self, name)
            check_array(owner, name, values, np.float64, size)
            bad = ~(np.isfinite(values) & (values > above))
            if bad.any():
                first = int(np.argmax(bad))
                limit = " above 0" if above == 0.0 else ""
                raise ImageError(
                    f"{owner}: {name}[{first}] = {values[first]:g}; allowed: a finite "
                    f"number{limit}."
                )
        self._freeze()


@dataclass(frozen=True)
class InputSymbol:
    """The ``name`` of a spiking input and its ``size``, the number of sources, at least 1.

    Raises
    ------
    ImageError
        If the name is empty or the size is not allowed.
    """

    name: str
    size: int

    def __post_init__(self) -> None:
        check_name("input symbol", self.name, ImageError)
        size = check_size(f"symbols of {self.name!r}", self.size, ImageError)
        object.__setattr__(self, "size", size)


@dataclass(frozen=True, eq=False)
class Symbols(ArrayValue):
    """The removable part of an image: names and physical meaning.

    Parameters
    ----------
    dt : float, ms
        Length of a step, above 0.
    populations : tuple of PopulationSymbol
        In the order of the network; no two names are the same.
    inputs : tuple of InputSymbol
        In the order of the image's input axons; no two names are the same.
    report : CompileReport
        What the compiler did, at the same dt.
    input_lead : int
        Steps before its own in which an input spike is given to the chip: 0, so that it acts in the
        next step, or 1, so that it acts in its own.

    Raises
    ------
    ImageError
        If a value is not allowed, or a name is used twice.
    """

    dt: float
    populations: tuple[PopulationSymbol, ...]
    inputs: tuple[InputSymbol, ...]
    report: CompileReport
    input_lead: int = 0

    def __post_init__(self) -> None:
        owner, error = "symbols", ImageError
        names: set[str] = set()
        kinds: tuple[tuple[str, type[Any]], ...]
        kinds = (("populations", PopulationSymbol), ("inputs", InputSymbol))
        for field, kind in kinds:
            allowed = f"a tuple of {kind.__name__}"
            items: tuple[Any, ...] = instances(
                owner, field, getattr(self, field), kind, allowed=allowed, error=error
            )
            for item in items:
                if item.name in names:
                    raise ImageError(
                        f"symbols: the name {item.name!r} is used twice; names of inputs and "
                        "populations must be unique."
                    )
                names.add(item.name)
            object.__setattr__(self, field, items)
        report = instance(
            owner, "report", self.report, CompileReport, "a CompileReport", error=error
        )
        dt = real(owner, "dt", self.dt, "ms", POSITIVE, error=error)
        if dt != report.dt:
            raise ImageError(
                f"symbols: dt = {dt:g} ms; allowed: {report.dt:g} ms, that of the report."
            )
        lead = integer(owner, "input_lead", self.input_lead, at_least=0, at_most=1, error=error)
        object.__setattr__(self, "dt", dt)
        object.__setattr__(self, "input_lead", lead)
