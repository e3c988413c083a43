"""Write registers by hand, without the compiler.

Question: how do I put my own integers on the chip?
Answer: program(chip, compartments, synapses) takes registers by name and lists of synapses, checks
every value against the chip, and returns an image that the emulator runs in steps and integers. A
weight that a format cannot store is refused, or truncated by the chip's rule with truncate=True.
With long delays fewer compartments fit on a core.

Two compartments with the same bias inhibit each other after 3 steps. The first starts higher, fires
first and keeps the second silent. With noise on the second, the two take turns.

    python examples/08_program_registers.py
"""

from __future__ import annotations

import argparse

import numpy as np

from neurochip import LOIHI, ChipImage, Emulator, NeurochipError, Noise, SignMode, Synapses, program

N_STEPS = 1000
REGISTERS = {
    "decay_u": 1023,  # + 1 by the chip: u loses 1024/4096 = 1/4 per step
    "decay_v": 128,  # v loses 1/32 per step
    "threshold_mantissa": 200,  # 200 << 6 = 12800
    "bias_mantissa": 250,
    "bias_exponent": 2,  # 250 << 2 = 1000 per step; v would settle at 32 x 1000
    "refractory": 4,  # v is held for 3 steps
    "v_init": [6000, 0],  # one value per compartment; the others hold for both
}


def inhibition(mantissa: int, bits: int | None = None) -> Synapses:
    """Return two synapses, from each compartment to the other."""
    return Synapses(
        "compartments",
        pre=[0, 1],
        target=[1, 0],
        mantissa=mantissa,
        sign_mode=SignMode.INHIBITORY,
        exponent=1,
        bits=bits,
        delay=3,
    )


def spikes(image: ChipImage) -> list[int]:
    """Return the number of spikes of each compartment."""
    run = Emulator(image).run_steps(N_STEPS)
    return np.bincount(run.ids["compartments"], minlength=image.n_compartments).tolist()


def main() -> None:
    """Run with and without inhibition and noise, then request what the chip cannot hold."""
    alone = program(LOIHI, REGISTERS)
    rivals = program(LOIHI, REGISTERS, [inhibition(-80)])
    noise = Noise(np.array([0, 1], dtype=np.int32), exponent=12, seed=1)
    noisy = program(LOIHI, REGISTERS, [inhibition(-80)], noise=noise)
    for name, image in (("alone", alone), ("rivals", rivals), ("rivals, noise", noisy)):
        print(f"{name:14} spikes {spikes(image)}")
    try:
        program(LOIHI, REGISTERS, [inhibition(-75, bits=4)])
    except NeurochipError as problem:
        print(f"refused: {problem}")
    cut = program(LOIHI, REGISTERS, [inhibition(-75, bits=4)], truncate=True)
    same = program(LOIHI, REGISTERS, [inhibition(-64)])
    print(f"truncated to -64: {spikes(cut) == spikes(same)}")
    far = Synapses(
        "compartments", pre=[0], target=[0], mantissa=-80, sign_mode=SignMode.INHIBITORY, delay=62
    )
    try:
        program(LOIHI, {"decay_v": [128] * 200}, [far], cores=[200])
    except NeurochipError as problem:
        print(f"refused: {problem}")
    print(f"cores: {np.diff(program(LOIHI, {'decay_v': [128] * 200}, [far]).core_ptr).tolist()}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
