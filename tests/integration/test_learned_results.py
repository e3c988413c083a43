"""Networks that learn: what they learn depends on the network and the seed, not on how it runs."""

from __future__ import annotations

import copy
import functools
import itertools
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plastic_networks import LEAKY, REWARD, TRIPLET

from compiler import compile_network
from compiler.placement.strategies import STRATEGIES
from neurochip import (
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Recording,
    Uniform,
    WeightProbe,
    draw_stimulus,
    fixed_probability,
)
from neurochip.image.files import load_image, save_image

HERE = Path(__file__).parent
DURATION = 400.0
DELAYED = replace(TRIPLET, triplet=replace(TRIPLET.triplet, a3_minus=0.0))  # three traces else
NAMES = ("in", "back")


@functools.cache
def network():
    """Two populations: rewarded synapses from the input, and a triplet rule back with a delay."""
    source = PoissonInput("source", 20, rate=60.0)
    first, second = Population("first", 7, LEAKY), Population("second", 6, LEAKY)
    common = {"seed": 1, "weight": Uniform(0.9, 1.5)}
    return Network(
        inputs=[source],
        populations=[first, second],
        connections=[
            fixed_probability(source, first, 0.8, plasticity=REWARD, name="in", **common),
            fixed_probability(source, second, 0.8, name="fixed", **common),
            fixed_probability(first, second, 0.7, name="forth", **common),
            fixed_probability(
                second, first, 0.7, plasticity=DELAYED, delay=3.0, name="back", **common
            ),
        ],
    )


@functools.cache
def stimulus(seed=1):
    return draw_stimulus(network(), DURATION, seed=seed)


def compiled(**how):
    return compile_network(network(), LOIHI.what_if(compartments=4), dt=1.0, **how)


def emulator(image, **how):
    return Emulator(image, progress=False, warn=False, **how)


PROBES = [WeightProbe(name, every=50) for name in NAMES]


def learned(runner, *recordings):
    """Return the spikes, the weights in time, and all that was learned, in the network's order."""
    spikes = [
        {
            name: sorted(zip(part.steps[name].tolist(), part.ids[name].tolist(), strict=True))
            for name in ("first", "second")
        }
        for part in recordings
    ]
    joined = {name: [*itertools.chain(*(part[name] for part in spikes))] for name in spikes[0]}
    in_time = {
        name: np.concatenate([part.weights[name].values for part in recordings]).tolist()
        for name in NAMES
    }
    values = {name: runner.traces(name) for name in NAMES}
    state = {
        name: [
            runner.weights(name).tolist(),
            runner.tags(name).tolist(),
            {key: trace.tolist() for key, trace in values[name].items()},
        ]
        for name in NAMES
    }
    return joined, in_time, state


@functools.cache
def expected():
    runner = emulator(compiled(), threads=1)
    return learned(runner, runner.run(stimulus(), record=PROBES))


def test_the_network_learns_and_spikes():
    spikes, in_time, state = expected()
    assert all(len(each) > 20 for each in spikes.values())
    for name in NAMES:
        changed = np.array(in_time[name][0]) != np.array(state[name][0])
        assert changed.mean() > 0.3
    assert any(state["in"][1])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_placement_of_neurons_changes_nothing(strategy):
    for seed in (0, 1):
        image = compiled(placement=strategy, placement_seed=seed)
        assert len(image.core_ptr) > 4
        runner = emulator(image)
        assert learned(runner, runner.run(stimulus(), record=PROBES)) == expected()


@pytest.mark.slow
def test_the_number_of_threads_changes_nothing():
    """Numba has the threads of the machine unless it is told otherwise before it is loaded."""
    code = (
        "import test_learned_results as here\n"
        "for threads in (1, 2, 8):\n"
        "    runner = here.emulator(here.compiled(), threads=threads)\n"
        "    print(repr(here.learned(runner, runner.run(here.stimulus(), record=here.PROBES))))\n"
    )
    folders = os.pathsep.join([str(HERE), str(HERE.parent), str(HERE.parents[1])])
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_NUM_THREADS": "8", "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines() == [repr(expected())] * 3


@pytest.mark.parametrize("how", ["one", "copied", "pickled"])
@pytest.mark.parametrize("cut", [1.0, 150.0, 333.0])
def test_a_run_in_two_parts_learns_as_one(how, cut):
    runner = emulator(compiled())
    first = runner.run(stimulus(), duration=cut, record=PROBES)
    if how == "copied":
        runner = copy.deepcopy(runner)
    elif how == "pickled":
        runner = pickle.loads(pickle.dumps(runner))
    second = runner.run(stimulus(), duration=DURATION - cut, record=PROBES)
    assert learned(runner, first, second) == expected()


def test_an_image_from_a_file_learns_the_same(tmp_path):
    save_image(compiled(), tmp_path / "image.npz")
    runner = emulator(load_image(tmp_path / "image.npz"))
    assert learned(runner, runner.run(stimulus(), record=PROBES)) == expected()


def test_what_was_learned_goes_on_from_a_file_as_in_memory(tmp_path):
    """Twice: image, run, learned image, file, run, learned image, file, run."""
    runner = emulator(compiled())
    for turn in range(3):
        recording = runner.run(stimulus(turn), record=[*PROBES, WeightProbe("in", variable="y2")])
        loaded = Recording.load(recording.save(tmp_path / f"run {turn}"))
        assert learned(runner, loaded) == learned(runner, recording)
        assert loaded.learning == recording.learning
        assert loaded.synaptic["in", "y2"].values.any()
        assert loaded == recording
        image = runner.learned_image()
        saved = load_image(save_image(image, tmp_path / f"learned {turn}"))
        ends, runner = runner, emulator(saved)
        for name in NAMES:
            assert runner.weights(name).tolist() == ends.weights(name).tolist()
            assert runner.tags(name).tolist() == ends.tags(name).tolist()
        other = emulator(image)
        for each in (runner, other):
            each.set_reward("in", 0.4)
        results = [learned(each, each.run(stimulus(9), record=PROBES)) for each in (runner, other)]
        assert results[0] == results[1]
        runner.reset()


def test_each_run_of_a_batch_learns_as_alone():
    seeds, runner = (1, 2, 3), emulator(compiled())
    batch = runner.run_batch([stimulus(seed) for seed in seeds], record=PROBES)
    for seed, found in zip(seeds, batch, strict=True):
        runner.reset()
        alone = runner.run(stimulus(seed), record=PROBES)
        assert found.learning == alone.learning
        for name in NAMES:
            assert found.weights[name].values.tolist() == alone.weights[name].values.tolist()


def test_another_seed_learns_other_weights():
    image = compiled()
    other = replace(image, learning=replace(image.learning, seed=image.learning.seed + 1))
    runner = emulator(other)
    _, in_time, _ = learned(runner, runner.run(stimulus(), record=PROBES))
    assert in_time != expected()[1]
