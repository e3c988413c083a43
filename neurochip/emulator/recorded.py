"""Which registers a run can record, of which compartments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from ..errors import RecordingError
from ..image import ChipImage, Symbols
from ..recording import (
    CHIP_VARIABLES,
    CURRENT_VARIABLES,
    Probe,
    WeightProbe,
    as_probes,
    resolve_probes,
    split_record,
    where_currents_exist,
    where_it_exists,
)
from ..typing import BoolArray, Int32Array
from .connections import Samples, samples_of
from .engine import Columns
from .synaptic_currents import Currents, parts_of, time_constants

__all__ = ["Recorded", "columns_of", "register_columns"]

Record = Iterable[str | Probe | WeightProbe]


class Recorded(NamedTuple):
    """Neurons and synapses that a run records.

    ``probes`` are the neurons of each population and variable, ``currents`` what those are that are
    recorded in nA, ``columns`` the compartments whose registers are needed, and ``samples`` the
    synapses of each group that learns, by number and variable.
    """

    probes: Mapping[tuple[str, str], Int32Array]
    currents: Currents
    columns: Columns
    samples: Samples


def register_columns(image: ChipImage, record: Record) -> Recorded:
    """Return what is recorded of an image in register units, all compartments in one population.

    Raises
    ------
    RecordingError
        If a probe names a register that does not exist, or compartments that lack it.
    """
    record, weights = split_record(record)
    samples = samples_of(image, weights)
    having = _registers(image)
    probes = as_probes(record, tuple(having))
    found = resolve_probes(probes, {"compartments": image.n_compartments}, tuple(having))
    chosen = {probe.variable for probe in probes if probe.ids is not None}
    columns: dict[tuple[str, ...], Int32Array] = {}
    for (name, variable), ids in found.items():
        has = having[variable][ids]
        if variable in chosen and not has.all():
            raise RecordingError(
                f"record: compartment {ids[np.argmin(has)]} has no register {variable!r}; allowed: "
                "compartments that have it."
            )
        columns[name, variable] = ids[has]
    return Recorded({}, {}, columns, samples)


def columns_of(image: ChipImage, symbols: Symbols, record: Record) -> Recorded:
    """Return what is recorded of an image in physical units.

    Raises
    ------
    RecordingError
        If a probe names a population, variable or neuron that does not exist.
    """
    record, weights = split_record(record)
    samples = samples_of(image, weights)
    having = _registers(image)
    by_name = {item.name: item for item in symbols.populations}
    has = {
        (name, variable): bool(mask[item.compartment_ids].all())
        for name, item in by_name.items()
        for variable, mask in having.items()
    }
    has |= {(name, "u_child"): len(item.receptors) > 1 for name, item in by_name.items()}
    variables = tuple(dict.fromkeys([*CHIP_VARIABLES, *having]))
    taus = {name: time_constants(image, item) for name, item in by_name.items()}
    has |= {(name, v): taus[name] is not None for name in by_name for v in CURRENT_VARIABLES}
    known_taus = {name: found for name, found in taus.items() if found is not None}
    expanded = []
    for probe in as_probes(record, variables):
        those = {name: has.get((name, probe.variable), False) for name in by_name}
        known = [v for v in having if has.get((str(probe.population), v), True)]
        why, remedy = "other registers", f"record {', '.join(map(repr, known))}."
        if probe.variable == "u_child":
            why, remedy = "one receptor", "record 'u'."
        found = where_it_exists(probe, probe.variable, those, why, remedy)
        current = probe.variable in CURRENT_VARIABLES
        expanded += where_currents_exist(probe, known_taus) if current else found
    sizes = {item.name: len(item.compartment_ids) for item in symbols.populations}
    probes = resolve_probes(expanded, sizes, variables)
    columns: dict[tuple[str, ...], Int32Array] = {}
    currents = {}
    for key, ids in probes.items():
        item = by_name[key[0]]
        places = {"u_child": item.currents[0]}
        if key[1] not in CURRENT_VARIABLES:
            columns[key] = places.get(key[1], item.compartment_ids)[ids]
            continue
        currents[key] = parts_of(image, item, key[1], ids)
        for part in currents[key]:
            columns[*key, part.register] = places.get(part.register, item.compartment_ids)[ids]
    return Recorded(probes, currents, columns, samples)


def _registers(image: ChipImage) -> dict[str, BoolArray]:
    """Return by name which compartments have a register that can be recorded."""
    plain = np.ones(image.n_compartments, dtype=bool)
    if not image.programs:
        return {"v": plain, "u": plain}
    for group in image.programs:
        plain[group.compartments] = False
    found = {name: plain.copy() for name in ("v", "u")} if plain.any() else {}
    for group in image.programs:
        for name in group.program.state:
            found.setdefault(name, np.zeros(len(plain), dtype=bool))[group.compartments] = True
    return found
