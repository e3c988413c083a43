"""Pass 9: all integers in the order of the cores, as an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurochip.compile_report import CompileReport
from neurochip.hardware import ChipSpec
from neurochip.image import (
    ChipImage,
    Compartments,
    InputSymbol,
    PopulationSymbol,
    Symbols,
    SynapseGroup,
)
from neurochip.network import Network, Population

from .ideal import IdealPopulation
from .placement import Placement
from .registers import PopulationRegisters
from .scaling import Scale
from .synapses import ConnectionRegisters

__all__ = ["assemble"]

_REGISTERS = (
    "decay_u",
    "decay_v",
    "threshold_mantissa",
    "bias_mantissa",
    "bias_exponent",
    "refractory",
    "v_init",
)


def assemble(
    network: Network,
    chip: ChipSpec,
    dt: float,
    ideals: Mapping[str, IdealPopulation],
    scales: Mapping[str, Scale],
    populations: Mapping[str, PopulationRegisters],
    connections: Sequence[ConnectionRegisters],
    placement: Placement,
    report: CompileReport,
) -> ChipImage:
    """Build the image; its symbols carry names, units and the report."""
    size = int(placement.core_ptr[-1])
    registers = {
        name: np.concatenate([getattr(populations[p.name], name) for p in network.populations])
        for name in _REGISTERS
    }
    first_input, n_inputs = {}, 0
    for source in network.spike_inputs:
        first_input[source.name] = n_inputs
        n_inputs += source.size
    groups = []
    for item in connections:
        connection = item.connection
        inside = isinstance(connection.source, Population)
        rows, before = (
            (size, placement.first[connection.source.name])
            if inside
            else (n_inputs, first_input[connection.source.name])
        )
        indptr = np.zeros(rows + 1, dtype=np.int64)
        indptr[before : before + connection.source.size + 1] = connection.indptr
        indptr[before + connection.source.size + 1 :] = connection.n_synapses
        groups.append(
            SynapseGroup(
                source="compartments" if inside else "inputs",
                format=item.grid.format,
                indptr=indptr,
                target=connection.post + np.int32(placement.first[connection.target.name]),
                mantissa=item.mantissa,
                delay=item.delay,
            )
        )
    return ChipImage(
        chip=chip,
        core_ptr=placement.core_ptr,
        compartments=Compartments.fill(chip.core, size, **registers),
        n_inputs=n_inputs,
        synapses=tuple(groups),
        symbols=Symbols(
            dt=dt,
            populations=tuple(
                PopulationSymbol(
                    name=p.name,
                    compartments=placement.first[p.name] + np.arange(p.size, dtype=np.int32),
                    mv_per_lsb=np.full(p.size, 1 / scales[p.name].lsb_per_mv),
                    origin=ideals[p.name].origin,
                    v_reset=p.parameter("v_reset").copy(),
                )
                for p in network.populations
            ),
            inputs=tuple(InputSymbol(item.name, item.size) for item in network.spike_inputs),
            report=report,
        ),
    )
