"""Which registers a run can record, of which compartments."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import RecordingError
from ..image import ChipImage, Symbols
from ..recording import (
    CHIP_VARIABLES,
    Probe,
    as_probes,
    resolve_probes,
    resolve_weight_probes,
    split_record,
    where_it_exists,
)
from ..typing import BoolArray, Int32Array
from .engine import Columns

__all__ = ["columns_of", "register_columns"]


def register_columns(image: ChipImage, record: Iterable[str | Probe]) -> Columns:
    """Return the recorded compartments of each register of an image, all in one population.

    Raises
    ------
    RecordingError
        If a probe names a register that does not exist, or compartments that lack it.
    """
    record, weights = split_record(record)
    resolve_weight_probes(weights, {}, {})  # no connection learns
    having = _registers(image)
    probes = as_probes(record, tuple(having))
    found = resolve_probes(probes, {"compartments": image.n_compartments}, tuple(having))
    chosen = {probe.variable for probe in probes if probe.ids is not None}
    columns = {}
    for (name, variable), ids in found.items():
        has = having[variable][ids]
        if variable in chosen and not has.all():
            raise RecordingError(
                f"record: compartment {ids[np.argmin(has)]} has no register {variable!r}; allowed: "
                "compartments that have it."
            )
        columns[name, variable] = ids[has]
    return columns


def columns_of(
    image: ChipImage, symbols: Symbols, record: Iterable[str | Probe]
) -> tuple[Columns, Columns]:
    """Return the recorded neurons of each population, and the compartments that they stand for.

    Raises
    ------
    RecordingError
        If a probe names a population, variable or neuron that does not exist.
    """
    record, weights = split_record(record)
    resolve_weight_probes(weights, {}, {})  # no connection learns
    having = _registers(image)
    by_name = {item.name: item for item in symbols.populations}
    has = {
        (name, variable): bool(mask[item.compartment_ids].all())
        for name, item in by_name.items()
        for variable, mask in having.items()
    }
    has |= {(name, "u_child"): len(item.receptors) > 1 for name, item in by_name.items()}
    variables = tuple(dict.fromkeys([*CHIP_VARIABLES, *having]))
    expanded = []
    for probe in as_probes(record, variables):
        those = {name: has.get((name, probe.variable), False) for name in by_name}
        known = [v for v in having if has.get((str(probe.population), v), True)]
        why, remedy = "other registers", f"record {', '.join(map(repr, known))}."
        if probe.variable == "u_child":
            why, remedy = "one receptor", "record 'u'."
        expanded += where_it_exists(probe, probe.variable, those, why, remedy)

    def compartments(name: str, variable: str) -> Int32Array:
        item = by_name[name]
        return item.currents[0] if variable == "u_child" else item.compartment_ids

    sizes = {item.name: len(item.compartment_ids) for item in symbols.populations}
    probes = resolve_probes(expanded, sizes, variables)
    return probes, {key: compartments(*key)[ids] for key, ids in probes.items()}


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
