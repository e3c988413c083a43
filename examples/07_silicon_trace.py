"""Reproduce a thousand steps of a real chip from its registers.

Question: does the emulator reproduce the published integers of a real chip?
Answer: yes, for this trace: the voltage register and the output spikes of a neuron on a
second-generation chip, which ran the first generation's LIF rule. 0 of 1,000 voltages and 0 of 4
spikes differ. In the step of a spike the chip's record has the placeholder 128 instead of a
voltage, and the emulator has 0. The trace tests the decay of v, the weight, the threshold and the
reset. It does not test bias, delay, current memory and negative voltage. Its inputs are too far
apart to distinguish refractory registers of 1 to 10, or values of decay_u from 4089 on.

The trace is paper/01_lif/lif_lava_loihi_fixed.csv of github.com/neuromorphs/NIR (BSD-3): a row per
step with input spike, voltage register, output spike. With the path of that file as argument, the
emulator is compared with the file. Without an argument, it is compared with the same neuron written
in a few lines of Python, on the same input steps.

    python examples/07_silicon_trace.py
    python examples/07_silicon_trace.py lif_lava_loihi_fixed.csv
"""

from __future__ import annotations

import argparse

import numpy as np

from neurochip import LOIHI, ChipImage, Emulator, Recording, SignMode, Synapses, program

N_STEPS = 1000
PLACEHOLDER = 128  # value of the voltage register in the step of a spike
INPUT_STEPS = 10 * np.r_[6, 22, 27, 31, 32, 35, 37, 40, 41, 43:54, 67:79, 84, 85]


def neuron() -> ChipImage:
    """Return the image: one compartment, one input axon, one synapse."""
    registers = {
        "decay_u": 4095,  # + 1 by the chip = 4096: u is the input of the step
        "decay_v": 163,  # keeps 3933/4096 of v
        "threshold_mantissa": 25,  # 25 << 6 = 1600
    }
    weight = Synapses(
        "inputs", pre=[0], target=[0], mantissa=[10], sign_mode=SignMode.EXCITATORY
    )  # 10 << 6 = 640
    return program(LOIHI, registers, [weight], n_inputs=1)


def emulate(input_steps: np.ndarray) -> Recording:
    """Run the registers; an input of step t enters v in step t + 1, as in the record."""
    inputs = np.zeros_like(input_steps)
    return Emulator(neuron()).run_steps(N_STEPS, input_steps, inputs, record=["v"])


def read_trace(path: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return input steps, voltages (0 for the placeholder) and spike steps of a record."""
    spike_in, voltage, spike_out = np.loadtxt(path, delimiter=",").astype(np.int64).T
    spikes = np.flatnonzero(spike_out)
    assert (voltage[spikes] == PLACEHOLDER).all()
    voltage[spikes] = 0
    return np.flatnonzero(spike_in), voltage, spikes


def recurrence(input_steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the same neuron in Python: return input steps, voltages and spike steps."""
    voltage, spikes, v = np.zeros(N_STEPS, dtype=np.int64), [], 0
    for step in range(1, N_STEPS):
        v = ((v * (4096 - 163)) >> 12) + 640 * int(step - 1 in input_steps)  # v is never negative
        if v > 1600:
            spikes.append(step)
            v = 0
        voltage[step] = v
    return input_steps, voltage, np.array(spikes)


def main(record: str | None) -> None:
    """Compare the emulator with the record, or with the recurrence."""
    name = f"record {record}" if record else "recurrence in this file"
    expected = read_trace(record) if record else recurrence(INPUT_STEPS)
    input_steps, voltage, spikes = expected
    run = emulate(input_steps)
    v, ours = run.trace("compartments").values[:, 0], run.steps["compartments"]
    wrong = np.setxor1d(spikes, ours)
    print(f"emulator against the {name}, {len(input_steps)} input spikes:")
    print(f"  voltages: {np.count_nonzero(v != voltage)} of {len(voltage)} differ, peak {v.max()}")
    print(f"  spikes:   {len(wrong)} of {len(spikes)} differ, at steps {ours.tolist()}")
    first = slice(input_steps[0], input_steps[0] + 5)
    print(f"  v from step {input_steps[0]}: {v[first].tolist()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", nargs="?")
    main(parser.parse_args().record)
