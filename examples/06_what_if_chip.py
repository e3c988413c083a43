"""Run a network on hypothetical chips.

Question: how narrow can registers be before the activity of a network changes?
Answer: LOIHI.what_if(...) changes any width or limit, for the compiler and the emulator. Here the
driven network of the first example, at dt = 1 ms, tolerates 6-bit weights and a 16-bit state. An
8-bit decay makes tau_m = 10 ms 10.16 ms, but costs only 0.4 % of the rate, since the compiler
corrects the weights for it; a 4-bit decay costs 7 %.

    python examples/06_what_if_chip.py
"""

from __future__ import annotations

import argparse

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Uniform,
    compare,
    compile_network,
    draw_stimulus,
    one_to_one,
    simulate_reference,
)

DT = 1.0  # ms

# A state of 16 bits needs narrower inputs too: a sum of 14 bits, and thresholds that it can reach.
NARROW_STATE = {
    "state_bits": 16,
    "accumulator_bits": 14,
    "threshold_mantissa_bits": 13,
    "threshold_shift": 2,
    "weight_shift": 0,
    "vmin_exponent_max": 15,
}
CHIPS = {
    "as it is": LOIHI,
    "6-bit weights": LOIHI.what_if(weight_mantissa_bits=6),
    "4-bit weights": LOIHI.what_if(weight_mantissa_bits=4),
    "8-bit decay": LOIHI.what_if(decay_bits=8),
    "4-bit decay": LOIHI.what_if(decay_bits=4),
    "16-bit state": LOIHI.what_if(**NARROW_STATE),
    "all three": LOIHI.what_if(weight_mantissa_bits=6, decay_bits=8, **NARROW_STATE),
}


def describe() -> Network:
    """Return 100 neurons at about 20 Hz, each with its own source and weight."""
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source = PoissonInput("source", 100, rate=1300.0)
    neurons = Population("neurons", 100, lif)
    weights = one_to_one(source, neurons, weight=Uniform(1.3, 1.7), seed=1)
    return Network(inputs=[source], populations=[neurons], connections=[weights])


def main() -> None:
    """Print one row per chip."""
    network = describe()
    stimulus = draw_stimulus(network, duration=5000.0, seed=1)
    reference = simulate_reference(network, stimulus, dt=DT)
    print("chip            tau_m (ms)  weight error  rate error  |error| per neuron  equal spikes")
    for name, chip in CHIPS.items():
        image = compile_network(network, chip, dt=DT)
        item = compare(reference, Emulator(image).run(stimulus)).population("neurons")
        row = image.report.row
        print(
            f"{name:14} {row('neurons', 'tau_m').meant.mean:11.3f}"
            f" {100 * abs(row('source->neurons', 'weight').relative_error):11.2f} %"
            f" {100 * item.rate_error:+9.2f} % {100 * item.mean_absolute_error:17.2f} %"
            f" {100 * item.equal_spikes:11.1f} %"
        )
    print(f"reference: {item.reference_rate:.2f} Hz")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
