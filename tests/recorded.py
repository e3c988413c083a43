"""Build networks from the cases that ``brian2`` and ``against_nest`` recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip import (
    LIF,
    STDP,
    Network,
    Population,
    Reward,
    RewardModulation,
    SpikeInput,
    StepCurrent,
    Stimulus,
    Triplet,
    from_arrays,
)

HERE = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Case:
    """A network, its input, and the results of another simulator.

    Parameters
    ----------
    dt : float, ms
    spikes : dict of str to (steps, ids)
        By population, sorted by step, then neuron.
    v : dict of str to ndarray, shape (n_steps, n_recorded), mV
        v of the first neurons of each population in the first steps, sampled as in a
        :class:`~neurochip.Recording`; none for networks that learn.
    learned : dict of str to ndarray, shape (n_synapses,)
        Weights of connections that learn after the run, in the order of their synapses.
    traces : dict of str to (synapses, values)
        Some of them, and their weights at the end of every step, ``(n_steps, n_traced)``.
    """

    name: str
    dt: float
    network: Network
    stimulus: Stimulus
    spikes: dict[str, tuple[NDArray[np.int32], NDArray[np.int32]]]
    v: dict[str, NDArray[np.float64]]
    learned: dict[str, NDArray[np.float64]]
    traces: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]


def case_paths(folder: str) -> list[Path]:
    """Return the paths of the cases recorded in a folder, in the order of their numbers."""
    return sorted((HERE / folder).glob("*.npz"))


def load_case(path: Path | str) -> Case:
    """Read one case."""
    with np.load(path, allow_pickle=False) as archive:
        stored = {name: archive[name] for name in archive.files}
    dt, n_steps = float(stored["dt"]), int(stored["n_steps"])
    times = stored["in_step"] * dt
    source = SpikeInput("input", int(stored["n_inputs"]), stored["in_id"], times)
    populations = [
        Population(entry["name"], entry["size"], _model(entry, stored))
        for entry in json.loads(str(stored["populations"]))
    ]
    members = {item.name: item for item in (source, *populations)}
    entries = json.loads(str(stored["connections"]))
    connections = [
        from_arrays(
            members[entry["source"]],
            members[entry["target"]],
            stored[f"pre_{k}"],
            stored[f"post_{k}"],
            weight=stored[f"weight_{k}"],
            delay=stored[f"delay_{k}"],
            receptor=entry.get("receptor"),
            plasticity=_rule(entry, stored, k),
            name=f"connection {k}",
        )
        for k, entry in enumerate(entries)
    ]
    plastic = [k for k, entry in enumerate(entries) if "plasticity" in entry]
    names = [item.name for item in populations]
    currents = [
        StepCurrent(item, stored[f"current_times_{item.name}"], stored[key])
        for item in populations
        if (key := f"current_amplitudes_{item.name}") in stored
    ]
    return Case(
        name=str(stored["case"]),
        dt=dt,
        network=Network(
            populations=populations,
            inputs=[source, *currents],
            connections=connections,
            **json.loads(str(stored.get("rules", "{}"))),
        ),
        stimulus=Stimulus(n_steps * dt, (source,), tuple(item.waveform for item in currents)),
        spikes={name: (stored[f"spk_step_{name}"], stored[f"spk_id_{name}"]) for name in names},
        v={name: stored[f"v_{name}"] for name in names if f"v_{name}" in stored},
        learned={f"connection {k}": stored[f"learned_{k}"] for k in plastic},
        traces={
            f"connection {k}": (stored[f"trace_ids_{k}"], stored[f"trace_{k}"]) for k in plastic
        },
    )


def _model(entry: dict, stored: dict[str, NDArray]) -> LIF:
    values = {
        key: stored[f"param_{entry['name']}_{key}"] if value == "array" else value
        for key, value in entry["params"].items()
    }
    return LIF(**values, reset=entry.get("reset", "value"))


def _rule(entry: dict, stored: dict[str, NDArray], k: int) -> STDP | None:
    if "plasticity" not in entry:
        return None
    given = {key: value for key, value in entry["plasticity"].items() if key != "documentation"}
    if "triplet" in given:
        given["triplet"] = Triplet(**given["triplet"])
    if "reward" in given:
        reward = Reward(stored[f"reward_times_{k}"], stored[f"reward_values_{k}"])
        given["reward"] = RewardModulation(reward, **given["reward"])
    return STDP(**given)
