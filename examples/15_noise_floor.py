"""Find how many weight bits a recurrent network needs.

Question: spikes of a chaotic network cannot be compared, and the rates of single neurons differ by
chaos alone. How many weight bits keep the activity of the network?
Answer: three for the mean rates, two are not enough: rates are 4 % too low. The differences of the
mean rates are tested over seeds, so the answer holds for networks whose neurons drive each other,
and more seeds only sharpen it. The distributions of rate, CV of ISI and pairwise correlation with
three bits differ no more from float than float runs with different seeds differ from each other.

    python examples/15_noise_floor.py
"""

from __future__ import annotations

import argparse

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    Normal,
    PoissonInput,
    Population,
    Uniform,
    bits,
    compare_activity,
    compile_network,
    draw_stimulus,
    fixed_probability,
    new_figure,
    plot_bits,
    simulate_reference,
)

DT, DURATION, SEEDS = 0.5, 1000.0, 8  # ms
TOLERANCE = 0.02  # fraction of the mean rate


def describe() -> Network:
    """Return 800 excitatory and 200 inhibitory neurons; weights spread by 30 %."""
    lif = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    outside = PoissonInput("outside", 1000, rate=10.0)
    excitatory, inhibitory = Population("exc", 800, lif), Population("inh", 200, lif)

    def spread(mean: float) -> Normal:
        low, high = sorted((0.0, 3 * mean))
        return Normal(mean, 0.3 * abs(mean), low=low, high=high)

    connections = []
    for target in (excitatory, inhibitory):
        for source, weight, delay, seed in (
            (outside, 0.9, 0.0, 1),
            (excitatory, 0.3, Uniform(1.0, 5.0), 2),
            (inhibitory, -1.2, Uniform(1.0, 5.0), 3),
        ):
            connections.append(
                fixed_probability(
                    source, target, 0.1, weight=spread(weight), delay=delay, seed=seed
                )
            )
    return Network(inputs=[outside], populations=[excitatory, inhibitory], connections=connections)


def main(path: str | None) -> None:
    """Answer the question, compare distributions, and draw the figure if a path is given."""
    network = describe()
    answer = bits(network, dt=DT, duration=DURATION, seeds=SEEDS, tolerance=TOLERANCE)
    print(answer)
    stimuli = [draw_stimulus(network, DURATION, seed) for seed in answer.seeds]
    reference = [simulate_reference(network, stimulus, DT) for stimulus in stimuli]
    for width in (answer.enough, answer.not_enough):
        image = compile_network(network, LOIHI.what_if(weight_mantissa_bits=width), DT)
        chip = Emulator(image).run_batch(stimuli)
        print(f"\nDistributions with {width} bits:")
        print(compare_activity(reference, chip, "exc", tolerance=TOLERANCE))
    if path is not None:
        figure = new_figure("page", height=80)
        plot_bits(figure.subplots(), answer)
        figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", nargs="?")
    main(parser.parse_args().figure)
