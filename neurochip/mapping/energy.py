"""Energy and time of a run: counts of its operations times the costs of a table.

All results are estimates. The counts are exact for the emulated chip; the costs are published
numbers that were simulated or fitted. Unpublished costs are not included: embedded processors,
links between chips, input and output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.csr import join_rows, rows_of
from .._support.values import instance
from ..errors import RecordingError
from ..image import ChipImage
from ..packing.axons import Reach
from ..packing.budget import core_usage
from ..packing.flows import flows_of
from ..recording import Recording
from ..stimulus import Stimulus
from ..typing import Float64Array, Int32Array, Int64Array
from .activity import check_run, graded_sources, members_of, spikes_in
from .costs import COST_TABLES, Cost, CostTable
from .estimate import EnergyEstimate
from .updates import plastic_of

__all__ = ["EnergyMeter", "estimate_energy", "lacks_costs"]

_UNKNOWN = Cost(0.0, 0.0)


def estimate_energy(
    image: ChipImage, recording: Recording, table: CostTable, stimulus: Stimulus | None = None
) -> EnergyEstimate:
    """Estimate the energy and time of a run on the chip.

    Parameters
    ----------
    image : ChipImage
        Image of the network, with its cores and their sites.
    recording : Recording
        The run, on the chip or in float64.
    table : CostTable
        Costs of the operations, for instance :data:`~neurochip.mapping.costs.DAVIES_2018`.
    stimulus : Stimulus, optional
        Input of the run. Without it, operations for input spikes are missing.

    Raises
    ------
    RecordingError
        If the recording belongs to another network.
    """
    check_run("energy", image, recording, stimulus)
    return EnergyMeter(image, table).estimate(recording, stimulus)


class EnergyMeter:
    """Estimates the energy and time of many runs of one image.

    Parameters
    ----------
    image : ChipImage
        Image of the network, with its cores and their sites.
    table : CostTable
        Costs of the operations.
    """

    def __init__(self, image: ChipImage, table: CostTable) -> None:
        from .counting import Weights

        instance("energy", "table", table, CostTable, "a CostTable(...)", error=RecordingError)
        self._image, self._table = image, table
        _, self._reach = core_usage(image)
        self._core_of = np.repeat(np.arange(image.n_cores), np.diff(image.core_ptr))
        self._routes = _routes(image, self._reach, self._core_of)
        own = np.bincount(self._core_of[self._routes.programmed], minlength=image.n_cores)
        self._programmed = own
        self._weights = Weights(
            table.update_active.nanoseconds - table.update_inactive.nanoseconds,
            table.synaptic_event.nanoseconds,
            (table.graded_event or _UNKNOWN).nanoseconds,
            table.spike.nanoseconds,
            table.message_out.nanoseconds,
            table.message_in.nanoseconds,
            (table.learning_update or _UNKNOWN).nanoseconds,
        )

    def estimate(self, recording: Recording, stimulus: Stimulus | None = None) -> EnergyEstimate:
        """Estimate the energy and time of a run, as :func:`estimate_energy` does.

        Raises
        ------
        RecordingError
            If the recording belongs to another network.
        """
        from .counting import Counts, count_steps

        image, table = self._image, self._table
        spike_ptr, sources = _spikes(image, recording, stimulus)
        n, n_cores, n_steps = image.n_compartments, image.n_cores, recording.n_steps
        rows = image.max_delay + 2
        fixed = np.diff(image.core_ptr) - self._programmed
        program = (table.program_update or _UNKNOWN).nanoseconds
        base: Float64Array = np.zeros(n_cores)
        base += fixed * table.update_inactive.nanoseconds + self._programmed * program
        counts = Counts(
            active=np.zeros(n_cores, dtype=np.int64),
            events=np.zeros(n_cores, dtype=np.int64),
            graded=np.zeros(n_cores, dtype=np.int64),
            spikes=np.zeros(n_cores, dtype=np.int64),
            out=np.zeros(n_cores, dtype=np.int64),
            into=np.zeros(n_cores, dtype=np.int64),
            payloads=np.zeros(n_cores, dtype=np.int64),
            updates=np.zeros(n_cores, dtype=np.int64),
            slowest=np.zeros(n_steps),
            busy=base.copy(),
            base=base,
            seen=np.zeros((rows, n), dtype=np.int64),
            ring=np.zeros((rows, n_cores), dtype=np.int64),
        )
        plastic = plastic_of(image, recording.first_step)
        count_steps(spike_ptr, sources, self._routes, plastic, self._weights, counts)
        rate = np.bincount(sources, minlength=n + image.n_inputs) / max(1, n_steps)
        traffic = flows_of(self._reach, self._core_of, rate, image.sites, image.chip)
        apart = traffic.hops[0] + traffic.hops[1] > 0
        active = int(counts.active.sum())
        operations = {
            "updates_inactive": int(fixed.sum()) * n_steps - active,
            "updates_active": active,
            "synaptic_events": int(counts.events.sum()),
            "spikes": int(counts.spikes.sum()),
            "messages": int(counts.out.sum()),
            "messages_in": int(counts.into.sum()),
            "messages_within_tile": round(float(traffic.messages[~apart].sum()) * n_steps),
            "hops_east_west": round(traffic.hop_counts[0] * n_steps),
            "hops_north_south": round(traffic.hop_counts[1] * n_steps),
            "barriers": n_steps,
        }
        if image.programs:
            operations |= {
                "program_updates": int(self._programmed.sum()) * n_steps,
                "graded_events": int(counts.graded.sum()),
                "payloads": int(counts.payloads.sum()),
            }
        if image.learning is not None:
            operations["learning_updates"] = int(counts.updates.sum())
        priced = {
            "updates_inactive": table.update_inactive,
            "updates_active": table.update_active,
            "synaptic_events": table.synaptic_event,
            "spikes": table.spike,
            "messages": table.message_out,
            "messages_in": table.message_in,
            "messages_within_tile": table.tile,
            "hops_east_west": table.hop_east_west,
            "hops_north_south": table.hop_north_south,
            "program_updates": table.program_update,
            "graded_events": table.graded_event,
            "payloads": table.payload,
            "learning_updates": table.learning_update,
        }
        unpriced = _unpriced(operations, priced)
        chips = len(np.unique(traffic.sites.chip))
        tiles = len(np.unique(np.stack([traffic.sites.x, traffic.sites.y]), axis=1).T)
        barrier = table.barrier_time(tiles, chips) * 1e-9
        mesh = _mesh_time(traffic, table) * 1e-9
        return EnergyEstimate(
            table=table,
            dt=recording.dt,
            n_steps=n_steps,
            n_cores=n_cores,
            n_chips=chips,
            counts=operations,
            energy=_energy_of(operations, priced),
            step_times=counts.slowest * 1e-9 + mesh + barrier,
            mesh_time=mesh,
            barrier_time=barrier,
            unpriced=unpriced,
            notes=_notes(image, table, operations, unpriced),
        )


def _energy_of(
    operations: Mapping[str, int], priced: Mapping[str, Cost | None]
) -> dict[str, float]:
    """Return the energy of each kind of operation in J, of those with a cost."""
    # An event of a spike with a payload is a synaptic event, with a cost of its own.
    plain = operations["synaptic_events"] - operations.get("graded_events", 0)
    amounts = {**operations, "synaptic_events": plain}
    return {
        name: amounts[name] * cost.picojoules * 1e-12
        for name, cost in priced.items()
        if cost is not None and name in amounts
    }


def _unpriced(operations: Mapping[str, int], priced: Mapping[str, Cost | None]) -> tuple[str, ...]:
    return tuple(name for name, cost in priced.items() if cost is None and operations.get(name))


def _notes(
    image: ChipImage, table: CostTable, operations: Mapping[str, int], unpriced: tuple[str, ...]
) -> tuple[str, ...]:
    notes = []
    if image.chip.core.programmable and table in COST_TABLES.values():
        notes.append(
            "no table of costs of the second generation is published: these are costs of the first"
        )
    if unpriced:
        counts = (f"{operations[name]:,} {name.replace('_', ' ')}" for name in unpriced)
        notes.append(f"no published figure, not included: {', '.join(counts)}")
    if image.learning is not None:
        if table.learning_update is not None:
            notes.append("an update of a synapse has the figure of a pair rule, whatever the rule")
        notes.append("no published figure, not included: the decay of traces")
    return tuple(notes)


def lacks_costs(image: ChipImage, table: CostTable) -> bool:
    """Return whether a table lacks a cost of an image: of a program, a payload, or learning."""
    if image.learning is not None and table.learning_update is None:
        return True
    if not image.programs:
        return False
    graded = graded_sources(image).any() and None in (table.graded_event, table.payload)
    return table.program_update is None or bool(graded)


def _mesh_time(traffic: Any, table: CostTable) -> float:
    """Return the time of the mesh in ns: mean load of its fullest link, plus its longest route."""
    used = traffic.messages > 0
    if not used.any():
        return 0.0
    costs = (table.hop_east_west.nanoseconds, table.hop_north_south.nanoseconds)
    queue = max(
        float(loads.max(initial=0.0)) * cost
        for loads, cost in zip(traffic.links, costs, strict=True)
    )
    way = sum(hops[used] * cost for hops, cost in zip(traffic.hops, costs, strict=True))
    return queue + table.tile.nanoseconds + float(np.max(way))


def _spikes(
    image: ChipImage, recording: Recording, stimulus: Stimulus | None
) -> tuple[Int64Array, Int64Array]:
    """Return the sources of all spikes of a run, as CSR rows by step."""
    steps, sources = [], []
    for name, at in members_of(image, recording):
        steps.append(recording.steps[name].astype(np.int64) - recording.first_step)
        sources.append(at[recording.ids[name]])
    if stimulus is not None:
        for at_step, source in spikes_in(image, recording, stimulus):
            steps.append(at_step - recording.first_step)
            sources.append(source + image.n_compartments)
    step, source = np.concatenate(steps), np.concatenate(sources)
    starts, order = rows_of(step, recording.n_steps)
    return starts, source[order]


def _routes(image: ChipImage, reach: Reach, core_of: Int64Array) -> Any:
    """Return the synapses and the cores of each source."""
    from .._kernels.csr import transposed
    from .counting import Routes

    n_sources = image.n_compartments + image.n_inputs
    programmed = np.zeros(image.n_compartments, dtype=np.bool_)
    for item in image.programs:
        programmed[item.compartments] = True
    groups = image.unrolled().synapses
    first = {"compartments": 0, "inputs": image.n_compartments}
    tables = [(first[group.source], group.indptr) for group in groups]
    ptr, places = join_rows(tables, n_sources)
    target = np.empty(int(ptr[-1]), dtype=np.int32)
    delay: Int32Array = np.zeros(int(ptr[-1]), dtype=np.int32)
    for group, at in zip(groups, places, strict=True):
        target[at] = group.target
        if group.delay.size:
            delay[at] = group.delay
    reach_ptr, cores = transposed(reach.core_ptr, reach.source, n_sources)
    return Routes(ptr, target, delay, core_of, programmed, graded_sources(image), reach_ptr, cores)
