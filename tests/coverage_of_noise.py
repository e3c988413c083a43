"""How often the effect of a change that means nothing is above the noise of an attribution.

    python tests/coverage_of_noise.py [stimuli]      default 200: half a minute

Each stimulus has ten twins of one recurrent network: eight measure the noise, as in ``attribute``,
and the ninth has the effect, on the tenth or on the run from which all differ. 5 % of the effects
should be larger than the noise.
"""

from __future__ import annotations

import sys

import numpy as np

from compiler import compile_network
from neurochip import LIF, Network, PoissonInput, Population, draw_stimulus, fixed_probability
from neurochip.attribution.effects import METRICS
from neurochip.attribution.measure import Measure
from neurochip.attribution.model import Model
from neurochip.attribution.noise import TWINS, noise_of
from neurochip.recording import Probe
from neurochip.reference import simulate_reference, simulate_twins

DT, DURATION, SIZE = 1.0, 1000.0, 10


def recurrent() -> Network:
    """Return 100 excitatory and 25 inhibitory neurons that drive each other."""
    lif = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=3.0)
    cells, inhibitory = Population("cells", 100, lif), Population("inhibitory", 25, lif)
    outside = PoissonInput("outside", 100, rate=30.0)
    connections = []
    for target in (cells, inhibitory):
        for source, weight, seed in ((outside, 1.0, 1), (cells, 0.8, 2), (inhibitory, -3.0, 3)):
            link = fixed_probability(source, target, 0.2, weight=weight, delay=2.0, seed=seed)
            connections.append(link)
    return Network(inputs=[outside], populations=[cells, inhibitory], connections=connections)


def main(stimuli: int) -> None:
    """Print the fraction of effects above their noise, by metric and by the kind of bound."""
    network = recurrent()
    image = compile_network(network, dt=DT)
    sampled = {item.name: np.arange(SIZE) for item in network.populations}
    probes = [Probe("v", name, tuple(range(SIZE))) for name in sampled]
    above = {(metric, from_ideal): 0 for metric in METRICS for from_ideal in (True, False)}
    for seed in range(stimuli):
        stimulus = draw_stimulus(network, DURATION, seed)
        measure = Measure(Model(network, stimulus, image, 1, sampled), 2.0, sampled)
        reference = simulate_reference(network, stimulus, DT, progress=False)
        found = simulate_twins(
            network, stimulus, reference, twins=TWINS + 2, seed=seed, record=probes, progress=False
        )
        runs = [measure.of_recording(twin) for twin in found]
        noise = noise_of(["cells"], runs[:TWINS], runs[:TWINS])
        mean = [{m: np.mean(run["cells"][m]) for m in METRICS} for run in runs[TWINS:]]
        base = {m: np.mean(measure(())["cells"][m]) for m in METRICS}
        for metric, from_ideal in above:
            before = base if from_ideal else mean[1]
            effect = abs(mean[0][metric] - before[metric])
            above[metric, from_ideal] += effect > noise.effect(("cells", metric), from_ideal)
    print(f"{stimuli} stimuli of {DURATION:g} ms, {TWINS} twins; effects above their noise:")
    for (metric, from_ideal), number in above.items():
        of = "from the ideal" if from_ideal else "from another run"
        print(f"  {metric:12} {of:18} {100 * number / stimuli:5.1f} %")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
