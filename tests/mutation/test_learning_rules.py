"""Deliberately wrong rules of learning: would anything notice?

Each is the slow model of learning with one line broken. It must differ from the emulator on one of
a fixed set of random images that learn, or from a recorded run where random images do not reach it.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from types import ModuleType

import learning_image_oracle
import learning_oracle
import numpy as np
import pytest
from against_oracle import WHO, spikes_of
from mutation.learning_rules import RECORDED, RULES
from random_learning import CHIPS, random_learning

from neurochip import Emulator, WeightProbe
from neurochip.conformance import load_learning_case

pytestmark = pytest.mark.slow

IMAGES = 400
RUNS = Path(__file__).parents[1] / "conformance/learning"
KINDS = [*((chip, False) for chip in CHIPS), ("loihi", True)]
TEXTS = {
    name: Path(module.__file__).read_text(encoding="utf-8")
    for name, module in (
        ("learning_oracle", learning_oracle),
        ("learning_image_oracle", learning_image_oracle),
    )
}


def broken(old, new):
    """Return both slow models with a text replaced in one of them: of images, and of rules."""
    assert sum(text.count(old) for text in TEXTS.values()) == 1, (
        f"the slow models have {old!r} not once; give the row the line as it is now."
    )
    kept, found = sys.modules["learning_oracle"], []
    try:
        for name, text in TEXTS.items():
            module = ModuleType(name)
            exec(compile(text.replace(old, new), f"{name} (broken)", "exec"), vars(module))
            sys.modules["learning_oracle"] = module if name == "learning_oracle" else kept
            found.append(module)
    finally:
        sys.modules["learning_oracle"] = kept
    return found[1], found[0]


@functools.cache
def image(number):
    """A random image, and what the emulator makes of it."""
    chip, joined = KINDS[number % len(KINDS)]
    case = random_learning(np.random.default_rng([63, number]), chip, joined=joined)
    emulator = Emulator(case.image, progress=False, warn=False)
    groups = range(len(case.image.learning.groups))
    recording = emulator.run_steps(
        case.n_steps,
        *case.spikes,
        given=case.given,
        draws=case.draws,
        record=["u", *(WeightProbe(k) for k in groups)],
    )
    return case, (
        spikes_of(recording),
        recording.trace(WHO, "u").values.tolist(),
        [recording.weights[f"group {k}"].values.tolist() for k in groups],
        [emulator.tags(k).tolist() for k in groups],
    )


def results(case, model):
    spikes = list(zip(*case.spikes, strict=True))
    trace, groups, history = model.run(case.image, spikes, case.n_steps, case.given, case.draws)
    weights = [[row[k] for row in history] for k in range(len(groups))]
    return trace.spikes, trace.u, weights, [group.model.own["t"] for group in groups]


def first_image_that_notices(model, n_images=IMAGES):
    for number in range(n_images):
        case, recorded = image(number)
        try:
            differs = results(case, model) != recorded
        except ValueError:  # a register of the slow model of neurons cannot hold a wrong weight
            differs = True
        if differs:
            return number
    return None


def test_the_slow_model_itself_is_not_wrong():
    assert first_image_that_notices(learning_image_oracle, 100) is None


@pytest.mark.parametrize(("wrong", "old", "new"), RULES, ids=[row[0] for row in RULES])
def test_a_random_image_notices(wrong, old, new):
    assert first_image_that_notices(broken(old, new)[0]) is not None


@pytest.mark.parametrize(("wrong", "old", "new", "name"), RECORDED)
def test_a_recorded_run_notices(wrong, old, new, name):
    case = load_learning_case(RUNS / f"public_{name}.npz")
    for model, differs in ((learning_oracle, False), (broken(old, new)[1], True)):
        found = model.run_case(case)
        pairs = ((found[key], expected) for key, expected in case.expected.items())
        assert any((a.reshape(b.shape) != b).any() for a, b in pairs) is differs
