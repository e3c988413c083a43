"""Interruptions, and an image to be interrupted, with all state that must survive one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import neurochip
from neurochip import LOIHI, LOIHI2
from neurochip.image import PeriodicReset, ProgramGroup
from neurochip.image.program import Noise, SignMode, Synapses, program
from neurochip.programs import PROGRAMS

__all__ = [
    "SIZE",
    "STEPS",
    "InterruptedAtLine",
    "continues_exactly",
    "noisy_image",
    "program_image",
    "run",
]

PACKAGE = str(Path(neurochip.__file__).parent)
WHO = "compartments"
SIZE, STEPS = 70, 60


class InterruptedAtLine:
    """Raise KeyboardInterrupt before the n-th line of this package that a block runs."""

    def __init__(self, n):
        self.left = n

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self.trace


def noisy_image():
    """Return an image with noise, delays, and spikes in transit between the parts of a run."""
    rng = np.random.default_rng(1)
    pre, target, mantissa = (rng.integers(0, most, 600) for most in (SIZE, SIZE, 100))
    registers = {
        "decay_u": rng.integers(300, 2000, SIZE),
        "decay_v": rng.integers(0, 600, SIZE),
        "threshold_mantissa": rng.integers(50, 200, SIZE),
        "bias_mantissa": rng.integers(0, 2000, SIZE),
        "refractory": rng.integers(1, 5, SIZE),
    }
    return program(
        LOIHI,
        registers,
        [
            Synapses(WHO, pre, target, mantissa, SignMode.EXCITATORY, delay=pre % 9),
            Synapses("inputs", [0, 1], [3, 4], [90, 80], SignMode.EXCITATORY, exponent=3),
        ],
        n_inputs=2,
        noise=Noise(np.ones(SIZE, np.int32), exponent=8, at_membrane=True, seed=5),
    )


def program_image():
    """Return an image whose neurons alternate between two programs, with payloads in transit."""
    rng = np.random.default_rng(1)
    pre, target = rng.integers(0, SIZE, (2, 600))
    mantissa = 2 * rng.integers(-6, 6, 600)
    constants = {"keep_u": 3000, "keep_v": 4000, "vmin": -(1 << 20), "vmax": 1 << 20}
    groups = [
        ProgramGroup.fill(
            PROGRAMS["lif_soft_reset"](LOIHI2.core, spikes_per_step),
            ids := np.arange(first, SIZE, 2),
            parameters={
                **constants,
                "bias": rng.integers(0, 3000, len(ids)),
                "threshold": 6400,
                "refractory": rng.integers(1, 5, len(ids)),
                "amount": 1500,
            },
        )
        for first, spikes_per_step in enumerate(["many", "one"])
    ]
    return program(
        LOIHI2,
        {},
        [
            Synapses(WHO, pre, target, mantissa, SignMode.MIXED, delay=pre % 9),
            Synapses("inputs", [0, 1], [3, 4], [90, 80], SignMode.EXCITATORY, exponent=3),
        ],
        n_inputs=2,
        n_compartments=SIZE,
        programs=groups,
        resets=[PeriodicReset(np.arange(0, SIZE, 3, dtype=np.int32), 23, 7)],
    )


INPUTS = (np.arange(-1, STEPS).repeat(2), np.tile([0, 1], STEPS + 1))


def run(emulator, n_steps):
    return emulator.run_steps(n_steps, *INPUTS, record=["u", "v"])


def same_tail(rest, whole):
    """Return whether the spikes and traces of a run equal the end of another run."""
    at = whole.n_steps - rest.n_steps
    tail = whole.steps[WHO] >= at
    return (
        rest.first_step == at
        and np.array_equal(rest.steps[WHO], whole.steps[WHO][tail])
        and np.array_equal(rest.ids[WHO], whole.ids[WHO][tail])
        and all(
            np.array_equal(rest.trace(WHO, name).values, whole.trace(WHO, name).values[at:])
            for name in ("u", "v")
        )
    )


def continues_exactly(emulator, whole):
    """Return whether an emulator that runs to the end gives the end of a long run."""
    return same_tail(run(emulator, STEPS - emulator.step), whole)
