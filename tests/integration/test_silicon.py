"""1,000 steps of a real chip, reproduced from its registers.

The record is ``paper/01_lif/lif_lava_loihi_fixed.csv`` of github.com/neuromorphs/NIR: a row per
step with input spike, voltage register, output spike.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from neurochip import LOIHI
from neurochip.emulator import Emulator
from neurochip.image.program import SignMode, Synapses, program

NAME = "loihi2_lif_trace.csv"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / NAME
TRACE = Path(os.environ.get("NEUROCHIP_SILICON_TRACE", BESIDE))
PLACEHOLDER = 128  # shown by the voltage register in the step of a spike
REGISTERS = {"decay_u": 4095, "decay_v": 163, "threshold_mantissa": 25}

pytestmark = pytest.mark.skipif(
    not TRACE.is_file(), reason=f"{NAME} not found; set NEUROCHIP_SILICON_TRACE to its path"
)


@pytest.fixture(scope="module")
def record():
    spike_in, voltage, spike_out = np.loadtxt(TRACE, delimiter=",").T
    assert spike_in.shape == (1000,)
    return np.flatnonzero(spike_in), voltage.astype(int), np.flatnonzero(spike_out)


def emulate(input_steps, mantissa=10, exponent=0, delay=0, **registers):
    """Voltages, as the chip shows them, and spikes; an input of step t acts in step t + 1."""
    weight = Synapses(
        "inputs",
        pre=[0],
        target=[0],
        mantissa=[mantissa],
        sign_mode=SignMode.EXCITATORY,
        exponent=exponent,
        delay=delay,
    )
    image = program(LOIHI, {**REGISTERS, **registers}, [weight], n_inputs=1)
    run = Emulator(image).run_steps(1000, input_steps, 0 * input_steps, record=["v"])
    voltage, spikes = run.trace("compartments").values[:, 0].copy(), run.steps["compartments"]
    assert (voltage[spikes] == 0).all()
    voltage[spikes] = PLACEHOLDER
    return voltage, spikes


def differences(record, **registers):
    input_steps, voltage, spikes = record
    ours, our_spikes = emulate(input_steps, **registers)
    return np.count_nonzero(ours != voltage), len(np.setxor1d(our_spikes, spikes))


def test_no_voltage_and_no_spike_differs(record):
    assert len(record[0]) == 34
    assert record[2].tolist() == [461, 511, 711, 761]
    assert differences(record) == (0, 0)


@pytest.mark.parametrize(
    "registers",
    [
        {"decay_v": 162},
        {"decay_v": 164},
        {"decay_v_offset": 1},
        {"decay_u": 4088},
        {"threshold_mantissa": 24},
        {"threshold_mantissa": 26},
        {"mantissa": 9},
        {"mantissa": 11},
        {"exponent": 1},
        {"delay": 1},
        {"bias_mantissa": 1},
        {"refractory": 11},
    ],
    ids=lambda registers: "=".join(str(part) for part in next(iter(registers.items()))),
)
def test_the_record_tells_each_register_from_its_neighbours(record, registers):
    assert differences(record, **registers) != (0, 0)


@pytest.mark.parametrize("registers", [{"refractory": 10}, {"decay_u": 4089}, {"vmax_exponent": 1}])
def test_what_the_record_leaves_open(record, registers):
    assert differences(record, **registers) == (0, 0)


def test_the_example_embeds_the_input_of_the_record(record):
    source = Path(__file__).parents[2] / "examples" / "07_silicon_trace.py"
    names = {"__name__": "example"}
    exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), names)
    assert names["INPUT_STEPS"].tolist() == record[0].tolist()
