"""Record small networks in NEST, as expected results for the reference simulator and the chip.

    pip install "nest-simulator==3.10.0"
    python tests/against_nest/record.py            # all networks
    python tests/against_nest/record.py 01 08      # networks whose name starts so
    python tests/against_nest/record.py 06 --to FOLDER

``networks.py`` describes the networks, ``simulate.py`` runs them in NEST. Each becomes one
``.npz`` next to this file, with the keys of ``tests/brian2/record.py`` and these:

``rules``
    The order of events and the refractory rule of the network, as JSON.
``param_<population>_<name>``
    Also ``i_syn_init_E`` and ``i_syn_init_I``.
``in_step``, ``in_id``
    The spikes of the sources as NEST recorded them, not as they were asked for.
``v_<population>``
    v of the first three neurons, in the first 2,000 steps.
``nest_version``
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import nest
from against_nest.networks import RULES, Described, networks
from against_nest.simulate import NestRun, simulate_nest

from neurochip import Connection, Population, SpikeInput, StepCurrent, Stimulus

HERE = Path(__file__).resolve().parent
N_RECORDED, N_SAMPLES = 3, 2000
PARAMETERS = (
    *("tau_m", "v_rest", "v_reset", "v_thresh", "v_init", "tau_refrac", "cm", "i_offset"),
    *("tau_syn", "tau_syn_E", "tau_syn_I", "i_syn_init_E", "i_syn_init_I"),
)


def run(described: Described) -> NestRun:
    """Run a network in NEST; the spikes of its sources must be those that were asked for."""
    network, dt = described.network, described.dt
    given = tuple(item for item in network.spike_inputs if isinstance(item, SpikeInput))
    nest.verbosity = nest.VerbosityLevel.ERROR
    recorded = simulate_nest(
        network,
        Stimulus(described.duration, given),
        dt,
        devices=described.devices,
        n_recorded=N_RECORDED,
    )
    for item in given:
        steps = np.rint(item.times / dt).astype(np.int64)
        order = np.lexsort((item.ids, steps))
        for asked, sent in zip((steps, item.ids), recorded.inputs[item.name], strict=True):
            assert np.array_equal(asked[order], sent), "NEST moved spikes of a source"
    return recorded


def arrays_of(name: str, described: Described, recorded: NestRun) -> dict[str, Any]:
    """Return the arrays of a file."""
    network, dt = described.network, described.dt
    n_steps = round(described.duration / dt)
    (source,) = network.spike_inputs
    in_step, in_id = recorded.inputs[source.name]
    found: dict[str, Any] = {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": source.size,
        "nest_version": nest.__version__,
        "rules": json.dumps(RULES),
        "in_step": in_step.astype(np.int32),
        "in_id": in_id.astype(np.int32),
    }
    populations = [_population(item, found) for item in network.populations]
    connections = [
        _connection(k, item, source.name, found) for k, item in enumerate(network.connections)
    ]
    found["populations"], found["connections"] = json.dumps(populations), json.dumps(connections)
    for item in network.inputs:
        if isinstance(item, StepCurrent):
            found[f"current_times_{item.target.name}"] = item.times
            found[f"current_amplitudes_{item.target.name}"] = item.amplitudes
    if described.devices:
        first = network.populations[0]
        amplitudes = np.zeros((n_steps, first.size))
        for ids, current in recorded.currents:
            amplitudes[:, ids] += current[:, None]
        changed = np.any(np.diff(amplitudes, axis=0, prepend=np.nan) != 0, axis=1)
        found[f"current_times_{first.name}"] = np.flatnonzero(changed) * dt
        found[f"current_amplitudes_{first.name}"] = amplitudes[changed]
    for item in network.populations:
        steps, ids = recorded.spikes[item.name]
        found[f"spk_step_{item.name}"] = steps.astype(np.int32)
        found[f"spk_id_{item.name}"] = ids.astype(np.int32)
        found[f"v_{item.name}"] = recorded.v[item.name][:N_SAMPLES]
    return found


def _population(item: Population, found: dict[str, Any]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name in PARAMETERS:
        if getattr(item.model, name) is None:
            continue
        column = item.parameter(name)
        if (column == column[0]).all():
            params[name] = float(column[0])
        else:
            params[name] = "array"
            found[f"param_{item.name}_{name}"] = column
    return {"name": item.name, "size": item.size, "params": params}


def _connection(k: int, item: Connection, source: str, found: dict[str, Any]) -> dict[str, str]:
    n_synapses = item.n_synapses
    pre = np.repeat(np.arange(item.source.size), np.diff(item.indptr))
    found[f"pre_{k}"] = pre.astype(np.int32)
    found[f"post_{k}"] = np.asarray(item.post, dtype=np.int32)
    found[f"weight_{k}"] = np.broadcast_to(item.weight, n_synapses)
    found[f"delay_{k}"] = np.broadcast_to(item.delay, n_synapses)
    name = "input" if item.source.name == source else item.source.name
    return {"source": name, "target": item.target.name}


def main() -> None:
    """Record the chosen networks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--to", type=Path, default=HERE)
    given = parser.parse_args()
    for name, described in networks().items():
        if given.names and not name.startswith(tuple(given.names)):
            continue
        arrays = arrays_of(name, described, run(described))
        np.savez_compressed(given.to / f"{name}.npz", **arrays)
        n_spikes = sum(len(value) for key, value in arrays.items() if key.startswith("spk_id"))
        sys.stdout.write(f"{name}: {n_spikes} spikes\n")


if __name__ == "__main__":
    main()
