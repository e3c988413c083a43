"""Compare a recurrent network with its noise floor.

Question: spikes of a chaotic network cannot be compared. How many weight bits give activity without
a significant difference from the float model?
Answer: the distributions of rate, CV of ISI and pairwise correlation are compared with the spread
between float runs with different seeds. With one and two bits the activity differs significantly,
since rounding changes the balance of excitation and inhibition; with more bits it does not, in
these 8 runs of one second. Whether they are equal within a tolerance is a different question, which
an equivalence test answers.

    python examples/15_noise_floor.py
"""

from __future__ import annotations

import sys

from matplotlib.figure import Figure

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    Normal,
    PoissonInput,
    Population,
    Uniform,
    compare_activity,
    compile_network,
    draw_stimulus,
    fixed_probability,
    simulate_reference,
)

DT, DURATION, SEEDS = 0.5, 1000.0, range(8)  # ms
TOLERANCE = 0.5  # fraction of the noise floor


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
    """Compare 1 to 8 bits; draw the distances and the noise floor if a path is given."""
    network = describe()
    stimuli = [draw_stimulus(network, DURATION, seed) for seed in SEEDS]
    reference = [simulate_reference(network, stimulus, DT) for stimulus in stimuli]
    found = {}
    for bits in range(1, 9):
        image = compile_network(network, LOIHI.what_if(weight_mantissa_bits=bits), DT)
        chip = Emulator(image).run_batch(stimuli)
        found[bits] = compare_activity(reference, chip, "exc", tolerance=TOLERANCE)
    print("bits  rate, excess  CV, excess  corr., excess  p-value    verdict")
    for bits, item in found.items():
        excess = [100 * quantity.excess for quantity in item.quantities.values()]
        print(
            f"{bits:4} {excess[0]:+11.0f} % {excess[1]:+9.0f} % {excess[2]:+12.0f} %"
            f"    {item.p_value:.3f}    {item.conclusion.value}"
        )
    told = [bits for bits, item in found.items() if item.told_from_float]
    print(f"smallest number of bits without a significant difference: {max(told, default=0) + 1}")
    print()
    print(found[8])
    if path is not None:
        figure = Figure(figsize=(9, 3), layout="constrained")
        for ax, name in zip(figure.subplots(1, 3), found[8].quantities, strict=True):
            items = [item.quantities[name] for item in found.values()]
            ax.axhspan(*items[0].floor_range, color="0.85", label="between float runs")
            ax.axhline(items[0].floor, color="0.5", linewidth=0.8)
            ax.plot(list(found), [i.distance for i in items], "o-", color="#0072B2", label="chip")
            unit = f" ({items[0].unit})" if items[0].unit else ""
            ax.set(title=name, xlabel="weight bits", ylabel=f"earth mover's distance{unit}")
            ax.set_yscale("log")
        ax.legend(frameon=False)
        figure.savefig(path)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
