"""Compare a recurrent network on several cores with its noise floor.

Question: what can be compared in a network where one shifted spike changes all later spikes?
Answer: the rates. Chip and reference soon differ spike by spike, since such networks amplify any
difference. The noise floor is a second reference run with another input of the same kind: the chip
is closer to the reference than that run. The 1,000 neurons need five cores because of their
synaptic memory, not because of their number.

    python examples/03_recurrent_network.py
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Recording,
    Uniform,
    compare,
    compile_network,
    draw_stimulus,
    fixed_probability,
    load_image,
    save_image,
    simulate_reference,
)

DT, DURATION = 1.0, 2000.0  # ms


def describe() -> Network:
    """Return a network of excitation, four times stronger inhibition, and Poisson input."""
    lif = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    outside = PoissonInput("outside", 1000, rate=10.0)
    excitatory, inhibitory = Population("exc", 800, lif), Population("inh", 200, lif)
    connections = []
    for target in (excitatory, inhibitory):
        connections += [
            fixed_probability(outside, target, 0.1, weight=0.9, seed=1),
            fixed_probability(excitatory, target, 0.1, weight=0.3, delay=Uniform(1.0, 5.0), seed=2),
            fixed_probability(
                inhibitory, target, 0.1, weight=-1.2, delay=Uniform(1.0, 5.0), seed=3
            ),
        ]
    return Network(inputs=[outside], populations=[excitatory, inhibitory], connections=connections)


def rates(recording: Recording) -> str:
    """Return mean rates and their standard deviation over neurons, as text."""
    parts = []
    for name in recording.populations:
        rate = recording.rates(name)
        parts.append(f"{name} {rate.mean():6.2f} ± {rate.std():.2f} Hz")
    return ", ".join(parts)


def main() -> None:
    """Compile, run, compare."""
    network = describe()
    image = compile_network(network, LOIHI, dt=DT)
    used = {name: f"{n}/{limit}" for name, (n, limit) in image.report.resources.items()}
    print(f"{image.n_synapses:,} synapses on {image.n_cores} cores of {np.diff(image.core_ptr)}")
    print(f"fullest core: synaptic words {used['synaptic_words']}, axons {used['input_axons']}")

    stimulus = draw_stimulus(network, DURATION, seed=1)
    chip = Emulator(image).run(stimulus)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_image(save_image(image, Path(folder) / "network"))
    again = Emulator(loaded).run(stimulus)
    same = all((again.ids[name] == chip.ids[name]).all() for name in chip.populations)
    print(f"same spikes from the saved image: {same}")
    overflows = sum(n for key, n in chip.counters.items() if "wraps" in key or "clips" in key)
    print(f"overflows: {overflows}")

    reference = simulate_reference(network, stimulus, dt=DT)
    other = simulate_reference(network, draw_stimulus(network, DURATION, seed=2), dt=DT)
    print(f"\nchip                    {rates(chip)}")
    print(f"reference, same input   {rates(reference)}")
    print(f"reference, other input  {rates(other)}")
    comparison = compare(reference, chip, network=network)
    floor = compare(reference, other, network=network, any_origin=True)
    for name, item in comparison.populations.items():
        print(
            f"{name}: chip {100 * item.rate_error:+.2f} %, another input "
            f"{100 * floor.population(name).rate_error:+.2f} %; mean error of a neuron "
            f"{item.mean_absolute_error_hz:.2f} Hz against "
            f"{floor.population(name).mean_absolute_error_hz:.2f} Hz; "
            f"{100 * item.equal_spikes:.0f} % of the spikes in the same step"
        )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
