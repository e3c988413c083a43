"""Random images that learn: the emulator against a slow model of whole images."""

from __future__ import annotations

import os
from collections import Counter

import learning_image_oracle
import numpy as np
import pytest
from against_oracle import WHO, spikes_of
from oracle import OVERFLOWS
from random_learning import CHIPS, random_learning

from neurochip import Emulator, Probe, WeightProbe
from neurochip.chip.fixedpoint import Overflow
from neurochip.learning import ExtraSpikes

MANY = int(os.environ.get("NEUROCHIP_MANY_LEARNING_IMAGES", "2000"))


def own_v(image):
    """Compartments whose v is computed: that of the child of a pair drives nothing."""
    return np.flatnonzero(np.append(image.compartments.join[1:], 0) == 0)


def run_both(case):
    """Run a case; return the emulator, its recording, and what the slow model says."""
    emulator = Emulator(case.image, progress=False, warn=False)
    probes = [WeightProbe(k) for k in range(len(case.image.learning.groups))]
    probes += [Probe("u"), Probe("v", WHO, own_v(case.image))]
    recording = emulator.run_steps(
        case.n_steps, *case.spikes, given=case.given, draws=case.draws, record=probes
    )
    spikes = list(zip(*case.spikes, strict=True))
    return (
        emulator,
        recording,
        learning_image_oracle.run(case.image, spikes, case.n_steps, case.given, case.draws),
    )


def assert_equal(case, what):
    """Compare all that a run leaves behind; return its recording, and weights by step."""
    emulator, recording, (trace, groups, history) = run_both(case)
    assert spikes_of(recording) == trace.spikes, what
    for name in OVERFLOWS:
        assert recording.counters[name] == trace.counters[name], (what, name)
    own = own_v(case.image)
    assert np.array_equal(recording.trace(WHO, "u").values, trace.u), what
    assert np.array_equal(recording.trace(WHO, "v").values, np.array(trace.v)[:, own]), what
    for k, group in enumerate(groups):
        weights = recording.weights[f"group {k}"].values.tolist()
        assert weights == [row[k] for row in history], (what, k)
        assert emulator.weights(k).tolist() == group.model.own["w"], (what, k)
        assert emulator.tags(k).tolist() == group.model.own["t"], (what, k)
        for name, values in emulator.traces(k).items():
            model = group.model
            own = [model.traces[name][model.owner(name[0], s)] for s in range(len(model.ends))]
            assert values.tolist() == own, (what, k, name)
        counters = recording.learning[f"group {k}"]
        assert counters == group.counters, (what, k)
    return recording, history


# Groups that learn and pairs of compartments decide which kernels are compiled, so few chips vary.
KINDS = [
    *((chip, 2, False, 170) for chip in CHIPS),
    ("loihi", 1, False, 170),
    ("loihi", 2, True, 300),
]


NAMES = [f"{chip}, {n} groups{', pairs' * joined}" for chip, n, joined, _ in KINDS]


@pytest.mark.parametrize(("chip", "n_groups", "joined", "n_images"), KINDS, ids=NAMES)
def test_a_few_images_give_the_integers_of_the_slow_model(chip, n_groups, joined, n_images):
    for seed in range(n_images // 20):
        rng = np.random.default_rng([64, seed])
        case = random_learning(rng, chip, joined=joined, n_groups=n_groups)
        assert_equal(case, seed)


@pytest.mark.slow
def test_large_images_give_the_integers_of_the_slow_model():
    for seed in range(6):
        assert_equal(random_learning(np.random.default_rng([65, seed]), large=True), seed)


@pytest.mark.slow
@pytest.mark.parametrize(("chip", "n_groups", "joined", "n_images"), KINDS, ids=NAMES)
def test_the_emulator_and_the_slow_model_give_the_same_integers(chip, n_groups, joined, n_images):
    n_images = max(10, n_images * MANY // 2000)
    seen = Counter()
    for seed in range(n_images):
        rng = np.random.default_rng([61, seed])
        case = random_learning(rng, chip, joined=joined, n_groups=n_groups)
        recording, history = assert_equal(case, seed)
        seen["sent"] += len(recording.steps[WHO]) > 0
        seen["changed"] += history[0] != history[-1]
        seen["clips"] += recording.counters["voltage_clips_low"] > 0
        for counters in recording.learning.values():
            seen.update(name for name, count in counters.items() if count)
    expected = {"sent": 0.7, "changed": 0.5, "events": 0.7, "traces": 0.2, "weights": 0.3}
    limited = CHIPS[chip].core.voltage_overflow is Overflow.CLIP
    expected["clips"] = 0.1 if limited else 0.0
    once = CHIPS[chip].core.learning.extra_spikes is ExtraSpikes.REFUSED
    expected["repeated"] = 0.0 if once else 0.1
    assert all(seen[name] >= share * n_images for name, share in expected.items()), seen


@pytest.mark.slow
def test_a_run_in_parts_gives_the_same_integers():
    for seed in range(60):
        rng = np.random.default_rng([62, seed])
        case = random_learning(rng, hashed=True)
        whole = Emulator(case.image, progress=False, warn=False)
        expected = whole.run_steps(case.n_steps, *case.spikes, given=case.given)
        parts = Emulator(case.image, progress=False, warn=False)
        cut, found = int(rng.integers(1, case.n_steps)), []
        for first, last in ((0, cut), (cut, case.n_steps)):
            given = {key: values[first:last] for key, values in case.given.items()}
            found += spikes_of(parts.run_steps(last - first, *case.spikes, given=given))
        assert found == spikes_of(expected), seed
        for k in range(len(case.image.learning.groups)):
            assert parts.weights(k).tolist() == whole.weights(k).tolist(), seed
            assert parts.tags(k).tolist() == whole.tags(k).tolist(), seed
            for name, values in whole.traces(k).items():
                assert parts.traces(k)[name].tolist() == values.tolist(), (seed, name)
