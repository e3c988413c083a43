"""Small images that learn, and what ``learn`` says of the spikes that they recorded."""

from __future__ import annotations

import itertools

import numpy as np

from neurochip import BRIAN2LOIHI, LAVA, LOIHI, NENGO_LOIHI, Emulator, Learning, Plasticity
from neurochip.image.program import SignMode, Synapses, program
from neurochip.learning import LearningRule, Trace, learn

__all__ = [
    "CASES",
    "STEPS",
    "WHO",
    "emulator",
    "everything",
    "image_of",
    "input_spikes",
    "learned",
    "listed",
    "one_synapse",
    "rewards",
]

WHO = "compartments"
N_INPUTS, N, STEPS = 5, 8, 60

EXC, MIXED, INH = SignMode.EXCITATORY, SignMode.MIXED, SignMode.INHIBITORY
_PAIR = "2^-1*x1*y0 - 2^-1*x0*y1"
_X, _Y = {"x1": Trace(16.5, 10)}, {"y1": Trace(20.25, 6)}
CASES = {
    "pairs": (LOIHI, {"dw": _PAIR, **_X, **_Y}, EXC, {}),
    "pairs in epochs of 3 steps": (LOIHI, {"dw": _PAIR, **_X, **_Y, "epoch": 3}, EXC, {}),
    "mixed weights of 5 bits": (LOIHI, {"dw": _PAIR, **_X, **_Y}, MIXED, {"bits": 5}),
    "inhibitory weights below one step": (LOIHI, {"dw": _PAIR, **_X, **_Y}, INH, {"exponent": -3}),
    "soft bounds and a coincidence": (
        LOIHI,
        {"dw": "x0*y0 - 2^-2*y0*x1*(w-255) - 2^-3*x0*y1*w", **_X, **_Y},
        EXC,
        {"exponent": 1},
    ),
    "a reward turns tags into weights": (
        LOIHI,
        {"dw": "2^-2*u2*t*y2", "dt": f"{_PAIR} - 2^-3*u1*t", **_X, **_Y},
        EXC,
        {},
    ),
    "lava": (LAVA, {"dw": _PAIR, "x1": Trace(16, 10), "y1": Trace(20, 6), "epoch": 2}, EXC, {}),
    "brian2loihi": (BRIAN2LOIHI, {"dw": _PAIR, "x1": Trace(16, 10), "y1": Trace(20, 6)}, EXC, {}),
    "nengo-loihi": (NENGO_LOIHI, {"dw": "2^-2*u1*x1*y1", "x1": Trace(17.5, 8)}, MIXED, {}),
}
"""Chip, arguments of the rule, sign mode and format of the synapses that learn, by name."""


def image_of(name, seed=0, numbered=True):
    """Return an image with inputs that learn, a recurrent group that learns, and one that does not.

    Synapses and compartments have numbers of their own, as if neurons had been placed.
    """
    chip, rule, mode, form = CASES[name]
    rule = LearningRule(**rule, spec=chip.core.learning)
    rng = np.random.default_rng(seed)
    grid = 1 << (8 + (mode is MIXED) - form.get("bits", 8))
    low, high = {EXC: (0, 255), INH: (-255, 0), MIXED: (-254, 254)}[mode]
    lists = []
    for source, n, share in (("inputs", N_INPUTS, 0.8), (WHO, N, 0.5)):
        pre, target = np.nonzero(rng.random((n, N)) < share)
        order = rng.permutation(len(pre))
        mantissa = rng.integers(-(-low // grid), high // grid + 1, len(pre)) * grid
        delay = rng.integers(0, 4, len(pre))
        lists.append(
            Synapses(source, pre[order], target[order], mantissa, mode, delay=delay, **form)
        )
    still = Synapses("inputs", range(N_INPUTS), range(N_INPUTS), 200, EXC, exponent=2)
    groups = [
        Plasticity(k, rule, number=rng.permutation(len(each.pre)).astype(np.int32))
        if numbered
        else Plasticity(k, rule)
        for k, each in ((0, lists[0]), (2, lists[1]))
    ]
    numbers = rng.permutation(N).astype(np.int32)
    return program(
        chip,
        {"threshold_mantissa": 600, "decay_v": 300, "bias_mantissa": rng.integers(0, 4000, N)},
        [lists[0], still, lists[1]],
        n_inputs=N_INPUTS,
        learning=Learning(tuple(groups), seed=7, numbers=numbers if numbered else numbers[:0]),
        truncate=True,
    )


def input_spikes(seed=0, n_steps=STEPS):
    """Return step and input of random input spikes; one is sent in step -1, and one twice."""
    rng = np.random.default_rng([seed, 1])
    steps, sources = np.nonzero(rng.random((n_steps, N_INPUTS)) < 0.15)
    return np.append(steps, [-1, 20, 20]), np.append(sources, [0, 1, 1])


def rewards(image, n_steps=STEPS):
    """Return values of the traces that the rule of an image is given."""
    rng = np.random.default_rng(3)
    n_targets = [
        len(np.unique(image.synapses[item.synapses].target)) for item in image.learning.groups
    ]
    return {
        (index, name): rng.integers(-100, 100, (n_steps, n_targets[index]))
        for index, item in enumerate(image.learning.groups)
        for name in item.rule.given
    }


def learned(image, recording, spikes, given=None, draws=None):
    """Return for each group what ``learn`` makes of the spikes of a run that began at step 0."""
    n_steps, found = recording.n_steps, []
    outside = np.zeros((n_steps, image.n_inputs), dtype=bool)
    steps, sources = spikes
    inside = (steps >= 0) & (steps < n_steps)
    outside[steps[inside], sources[inside]] = True
    numbers = image.learning.compartment_numbers(image.n_compartments)
    within = np.zeros((n_steps, image.n_compartments), dtype=bool)
    within[recording.steps[WHO], numbers[recording.ids[WHO]]] = True
    for index, item in enumerate(image.learning.groups):
        group = image.synapses[item.synapses]
        order = np.argsort(item.numbers(group.n_synapses))
        rows = np.repeat(np.arange(len(group.indptr) - 1), np.diff(group.indptr))
        of_inputs = group.source == "inputs"
        columns = {}
        for (key, name), values in (given or {}).items():
            if key == index:
                full = np.zeros((n_steps, image.n_compartments), dtype=np.int64)
                full[:, numbers[np.unique(group.target)]] = values
                columns[name] = full
        result = learn(
            item.rule,
            outside if of_inputs else within,
            within,
            group.mantissa[order],
            sources=(rows if of_inputs else numbers[rows])[order],
            targets=numbers[group.target][order],
            sign_mode=group.format.sign_mode,
            weight_bits=group.format.weight_bits,
            tags=item.tags(group.n_synapses)[order],
            given=columns or None,
            seed=image.learning.seed,
            group=index,
            inputs=of_inputs,
            draws={name: each for (key, name), each in (draws or {}).items() if key == index}
            or None,
            record=("w",),
        )
        found.append(result)
    return found


def emulator(image, **options):
    return Emulator(image, progress=False, warn=False, **options)


def everything(runner, *recordings):
    """Return all that a run leaves behind, as lists."""
    groups = range(len(runner.image.learning.groups))
    state = [
        (runner.weights(k).tolist(), runner.tags(k).tolist(), listed(runner.traces(k)))
        for k in groups
    ]
    spikes = [(part.steps[WHO].tolist(), part.ids[WHO].tolist()) for part in recordings]
    return state, [[*itertools.chain(*column)] for column in zip(*spikes, strict=True)]


def listed(arrays):
    return {name: values.tolist() for name, values in arrays.items()}


def one_synapse(rule, weight=100, chip=LOIHI, **more):
    """Return one input and one compartment, which spikes two steps after an input of 100."""
    synapses = Synapses("inputs", [0], [0], [weight], SignMode.EXCITATORY)
    return program(
        chip,
        {"threshold_mantissa": 99, "decay_u": 4095, "decay_v": 4095},
        [synapses],
        n_inputs=1,
        learning=Learning((Plasticity(0, rule),), **more),
    )
