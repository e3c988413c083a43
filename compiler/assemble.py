"""Assemble the image: all registers and synapses, in the order of the cores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurochip._support.csr import renumbered, spans
from neurochip.image import (
    ChipImage,
    Compartments,
    Convolution,
    InputSymbol,
    PopulationSymbol,
    ProgramGroup,
    ReceptorSymbol,
    Symbols,
    SynapseGroup,
    SynapseSymbol,
)
from neurochip.image.report import CompileReport
from neurochip.network import Population
from neurochip.typing import Int32Array, Int64Array

from .learning.assemble import assemble_learning, reward_lsb
from .neurons.lower import LoweredPopulation
from .neurons.programs import PopulationProgram, accumulator
from .placement.place import Placement
from .synapses.convert import ConnectionRegisters
from .translation import Translation

__all__ = ["assemble"]


def assemble(translation: Translation, placement: Placement, report: CompileReport) -> ChipImage:
    """Build the image; its symbols carry names, units, the compiler's choices and the report."""
    network, chip = translation.network, translation.chip
    populations, members = translation.populations, translation.compartments
    size = int(placement.core_ptr[-1])
    registers = {
        name: np.empty(size, dtype=np.int64)
        for name in members[network.populations[0].name].registers
    }
    for p in network.populations:
        for receptor in range(members[p.name].per_neuron):
            at = placement.compartment_ids(p, receptor)
            for name, values in members[p.name].registers.items():
                registers[name][at] = values[receptor :: members[p.name].per_neuron]
    first_input, n_inputs = {}, 0
    for entry in network.spike_inputs:
        first_input[entry.name] = n_inputs
        n_inputs += entry.size
    groups: list[SynapseGroup] = []
    convolutions: list[Convolution] = []
    orders: dict[str, tuple[int, Any]] = {}
    for item in translation.connections:
        connection, source = item.connection, item.connection.source
        inside = isinstance(source, Population)
        n_rows = size if inside else n_inputs
        if isinstance(source, Population):
            rows: Int64Array = placement.compartment_ids(source).astype(np.int64)
        else:
            rows = np.arange(source.size) + first_input[source.name]
        targets = placement.compartment_ids(connection.target, item.projection.receptor)
        receptor = accumulator(item.projection.receptor, members[connection.target.name].program)
        if item.kernel is not None:
            convolutions.append(_convolution(item, inside, rows, targets, receptor))
            continue
        indptr = np.zeros(n_rows + 1, dtype=np.int64)
        indptr[1 + rows] = np.diff(connection.indptr)
        order = _by_row(rows, connection.indptr)
        orders[connection.name] = len(groups), order
        groups.append(
            SynapseGroup(
                source="compartments" if inside else "inputs",
                format=item.grid.format,
                indptr=np.cumsum(indptr),
                target=renumbered(targets, connection.post[order]),
                mantissa=item.mantissa[order],
                delay=item.delay[order] if item.delay.size else item.delay,
                receptor=receptor,
            )
        )
    in_order = np.array_equal(placement.sites, np.arange(len(placement.sites)))
    return ChipImage(
        chip=chip,
        core_ptr=placement.core_ptr,
        compartments=Compartments.fill(chip.core, size, **registers),
        n_inputs=n_inputs,
        synapses=tuple(groups),
        programs=tuple(
            _program_group(program, placement.compartment_ids(p))
            for p in network.populations
            if (program := members[p.name].program) is not None
        ),
        convolutions=tuple(convolutions),
        learning=assemble_learning(translation, placement, groups, orders),
        symbols=Symbols(
            dt=translation.dt,
            input_lead=network.input_lead,
            populations=tuple(
                _symbol(populations[p.name], placement, network.couplings[p.name])
                for p in network.populations
            ),
            inputs=tuple(InputSymbol(item.name, item.size) for item in network.spike_inputs),
            synapses=tuple(
                SynapseSymbol(
                    connection=item.connection.name,
                    target=item.connection.target.name,
                    receptor=item.projection.receptor,
                    sign=item.projection.sign,
                    reward_lsb=reward_lsb(translation.plastic.get(item.connection.name)),
                )
                for item in sorted(
                    translation.connections, key=lambda item: item.kernel is not None
                )
            ),
            report=report,
        ),
        core_sites=None if in_order else placement.sites,
    )


def _convolution(
    item: ConnectionRegisters,
    inside: bool,
    sources: Int64Array,
    targets: Int32Array,
    receptor: int,
) -> Convolution:
    shape = item.connection.convolution
    assert item.kernel is not None
    assert shape is not None
    return Convolution(
        source="compartments" if inside else "inputs",
        sources=sources.astype(np.int32),
        targets=targets,
        source_shape=shape.source_shape,
        target_shape=shape.target_shape,
        kernel=item.kernel,
        format=item.grid.format,
        stride=shape.stride,
        padding=shape.padding,
        dilation=shape.dilation,
        groups=shape.groups,
        delay=item.max_delay,
        receptor=receptor,
    )


def _program_group(found: PopulationProgram, at: Int32Array) -> ProgramGroup:
    """Return the program of a population and its registers, in the order of the compartments."""
    order = np.argsort(at)

    def sorted_(registers: Mapping[str, Int64Array]) -> dict[str, Int64Array]:
        return {name: values[order] for name, values in registers.items()}

    return ProgramGroup.fill(
        found.program,
        at[order],
        state=sorted_(found.state),
        parameters=sorted_(found.parameters),
    )


def _symbol(lowered: LoweredPopulation, placement: Placement, coupling: str) -> PopulationSymbol:
    ideal, decays = lowered.ideal, lowered.decays
    population = ideal.population
    return PopulationSymbol(
        name=population.name,
        compartment_ids=placement.compartment_ids(population),
        child_ids=placement.child_ids(population),
        mv_per_lsb=1 / lowered.lsb_per_mv,
        origin=ideal.origin,
        v_reset=population.parameter("v_reset").copy(),
        reset=population.model.reset if population.model.spiking else "value",
        spikes_per_step=population.model.spikes_per_step,
        receptors=tuple(
            ReceptorSymbol(name=wanted.parameter, gain=got.gain)
            for wanted, got in zip(ideal.receptors, decays.receptors, strict=True)
        ),
        gain_rule=decays.rule,
        coupling=coupling,
        bias_correction=correction if (correction := lowered.truncation.correction).any() else None,
        drive=lowered.drive,
    )


def _by_row(rows: Int64Array, indptr: Int64Array) -> Any:
    """Return the order that sorts synapses by the new numbers of their sources."""
    if (np.diff(rows) > 0).all():
        return slice(None)  # already sorted: no copy
    by_number = np.argsort(rows)
    return spans(indptr[:-1][by_number], np.diff(indptr)[by_number])
