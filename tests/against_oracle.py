"""Compares runs of the emulator with the slow model in plain Python."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import oracle
from conformance.images import THREADS

from neurochip.emulator import Emulator

WHO = "compartments"
REGISTERS = [field.name for field in fields(oracle.Compartment) if field.name != "core"]

# Fields that the chip's specification and the oracle's core share, by both names.
_NUMBERS = (
    "accumulator_bits",
    "state_bits",
    "decay_bits",
    "threshold_mantissa_bits",
    "threshold_shift",
    "bias_mantissa_bits",
    "bias_exponent_max",
    "weight_mantissa_bits",
    "weight_shift",
    "weight_exponent_min",
    "weight_exponent_max",
    "refractory_max",
    "delay_max",
    "vmin_exponent_max",
    "vmax_exponent_max",
    "weight_clips",
    "exponent_on_sum",
)
_WORDS = (
    "accumulator_overflow",
    "current_overflow",
    "input_overflow",
    "voltage_overflow",
    "weight_rounding",
)


def spikes_of(recording, name=WHO):
    return list(zip(recording.steps[name].tolist(), recording.ids[name].tolist(), strict=True))


def same(spikes, expected):
    """Return whether two lists are equal; pytest would take minutes to compare long lists."""
    return spikes == expected


def assert_same_run(recording, trace, what=""):
    assert np.array_equal(recording.trace(WHO, "u").values, trace.u), what
    assert np.array_equal(recording.trace(WHO, "v").values, trace.v), what
    assert same(spikes_of(recording), trace.spikes), what
    assert dict(recording.counters) == trace.counters, what


def core_of(core):
    """Return the oracle's core with the widths and rules of a chip's."""
    bits = tuple(range(core.weight_mantissa_bits + 1))
    return oracle.Core(
        weight_bits=bits if core.weight_mantissa_bits != 8 else oracle.LOIHI.weight_bits,
        **{name: getattr(core, name) for name in _NUMBERS},
        **{name: getattr(core, name).value for name in _WORDS},
    )


def as_oracle(image):
    """Return compartments and synapses of a first-generation image, register by register."""
    core = core_of(image.chip.core)
    columns = (getattr(image.compartments, name).tolist() for name in REGISTERS)
    cells = [
        oracle.Compartment(core=core, **dict(zip(REGISTERS, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]
    synapses = []
    for index, group in enumerate(image.synapses):
        kind = "input" if group.source == "inputs" else "neuron"
        pre = np.repeat(np.arange(len(group.indptr) - 1), np.diff(group.indptr))
        delay = group.delay if len(group.delay) else np.zeros(len(pre), dtype=int)
        form = group.format
        form = form.weight_exponent, form.weight_bits, int(form.sign_mode)
        synapses += [
            oracle.Synapse((kind, int(i)), int(j), int(m), int(d), *form, core, index)
            for i, j, m, d in zip(pre, group.target, group.mantissa, delay, strict=True)
        ]
    return cells, synapses


def assert_image_equals_oracle(image, spikes, n_steps, threads=THREADS):
    """Run an image with input spikes as rows (step of arrival, input); return the trace."""
    trace = oracle.run(*as_oracle(image), [(int(t), int(i)) for t, i in spikes], n_steps)
    steps, sources = np.array(spikes).T
    for n in threads:
        emulator = Emulator(replace(image, symbols=None), threads=n, progress=False, warn=False)
        recording = emulator.run_steps(n_steps, steps - 1, sources, record=["u", "v"])
        assert_same_run(recording, trace, f"{n} threads")
    return trace
