"""Input that overflows a register: how to detect it, and how to avoid it.

Question: what happens when the sum of all input no longer fits its register?
Answer: the sum wraps around, so that strong excitation can become inhibition. The compiler reserves
headroom for the input of independent sources. Here 200 sources fire together, which the compiler
cannot know, and the chip stays silent. Every run counts its overflows and warns of them,
strict=True stops at the first overflow, and a larger headroom avoids them. Too much headroom costs
weight resolution.

    python examples/05_overflow.py
"""

from __future__ import annotations

import argparse

import numpy as np

from neurochip import (
    LIF,
    LOIHI,
    ChipOverflowError,
    Emulator,
    Network,
    Normal,
    Population,
    SpikeInput,
    all_to_all,
    compare,
    compile_network,
    draw_stimulus,
    simulate_reference,
)

DT = 0.1  # ms
SOURCES, VOLLEYS = 200, 50


def describe() -> Network:
    """Return 200 inputs that fire together, and 20 neurons that need half of them to fire."""
    times = np.repeat(20.0 * np.arange(VOLLEYS), SOURCES)
    volleys = SpikeInput("volleys", SOURCES, np.tile(np.arange(SOURCES), VOLLEYS), times)
    cells = Population("cells", 20, LIF(tau_m=10.0, v_rest=-70.0, v_reset=-70.0, v_thresh=-50.0))
    weights = all_to_all(volleys, cells, weight=Normal(0.2, 0.05, low=0.01), seed=1)
    return Network(inputs=[volleys], populations=[cells], connections=[weights])


def main() -> None:
    """Run with three values of headroom, then with strict=True."""
    network = describe()
    stimulus = draw_stimulus(network, duration=1000.0, seed=1)
    reference = simulate_reference(network, stimulus, dt=DT)
    print("headroom  scale (LSB/mV)  weight step (mV)  wraps  spikes of 1000  verdict")
    for headroom in (1.25, 10.0, 40.0):
        image = compile_network(network, LOIHI, dt=DT, headroom=headroom)
        chip = Emulator(image, warn=False).run(stimulus)  # the table shows the overflows
        scale = image.report.scales[0].lsb_per_mv.mean
        exponent = image.report.row("volleys->cells", "weight").registers["exponent"].high
        wraps = chip.counters["accumulator_wraps"] + chip.counters["current_wraps"]
        item = compare(reference, chip).population("cells")
        print(
            f"{headroom:8g} {scale:15.0f} {2 ** (6 + exponent) / scale:17.5f} {wraps:6}"
            f" {chip.n_spikes:15}  {item.verdict.value}"
        )
    print(f"reference {reference.n_spikes:48}\n")
    try:
        Emulator(compile_network(network, LOIHI, dt=DT), strict=True).run(stimulus)
    except ChipOverflowError as problem:
        print(f"strict=True: {problem}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
