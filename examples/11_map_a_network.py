"""Place a network on the cores of a chip, and estimate the cost of its spikes.

Question: does it matter which neurons share a core?
Answer: not for the spikes, which do not depend on the placement, but for the traffic on the mesh.
The network has 40 modules of excitatory and inhibitory cells. In the order of the network,
inhibitory cells are on other cores than the rest of their modules. A placement that follows the
connections keeps modules together, and avoids about half of the spikes between cores. According to
the estimate this saves hardly any energy on one chip, where updates and synaptic events dominate.

    python examples/11_map_a_network.py [FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neurochip import (
    DAVIES_2018,
    LIF,
    LOIHI,
    Activity,
    Connection,
    Emulator,
    Network,
    PoissonInput,
    Population,
    compile_network,
    draw_stimulus,
    estimate_energy,
    explain_fit,
    fixed_indegree,
    from_arrays,
    map_image,
    mapping_figure,
)

DT = 1.0  # ms
MODULES, EXCITATORY, INHIBITORY = 40, 80, 20
AWAY = 0.02  # fraction of the synapses that leave their module


def connect(
    source: Population, target: Population, outdegree: int, weight: float, rng: np.random.Generator
) -> Connection:
    """Connect each cell to random targets, nearly all of them in its own module."""
    pre = np.repeat(np.arange(source.size), outdegree)
    module = pre // (source.size // MODULES)
    leaves = rng.random(len(pre)) < AWAY
    module = np.where(leaves, rng.integers(0, MODULES, len(pre)), module)
    size = target.size // MODULES
    post = module * size + rng.integers(0, size, len(pre))
    return from_arrays(source, target, pre, post, weight=weight)


def describe() -> Network:
    """Return a network with one excitatory and one inhibitory population."""
    rng = np.random.default_rng(1)
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    e = Population("excitatory", MODULES * EXCITATORY, lif)
    i = Population("inhibitory", MODULES * INHIBITORY, lif)
    source = PoissonInput("source", 200, rate=250.0)
    return Network(
        inputs=[source],
        populations=[e, i],
        connections=[
            *(fixed_indegree(source, p, 10, weight=1.2, seed=1) for p in (e, i)),
            connect(e, e, 40, 0.3, rng),
            connect(e, i, 10, 0.3, rng),
            connect(i, e, 40, -1.5, rng),
            connect(i, i, 10, -1.5, rng),
        ],
    )


def main(folder: Path | None) -> None:
    """Place the network in two ways, then on a chip that is too small."""
    network = describe()
    stimulus = draw_stimulus(network, duration=500.0, seed=1)
    run = Emulator(compile_network(network, LOIHI, dt=DT)).run(stimulus)
    spikes = {}
    for placement in ("sequential", "greedy"):
        image = compile_network(network, LOIHI, dt=DT, placement=placement, activity=run)
        chip = Emulator(image).run(stimulus)
        spikes[placement] = [chip.ids[name].tolist() for name in chip.populations]
        report = map_image(image, Activity.measured(image, chip, stimulus))
        print(f"--- {placement}")
        print(report)
        print(estimate_energy(image, chip, DAVIES_2018, stimulus))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        mapping_figure(report).savefig(folder / "mapping.png")
    print(f"same spikes: {spikes['sequential'] == spikes['greedy']}")
    print("--- a chip of 4 cores")
    print(explain_fit(network, LOIHI.what_if(name="small", cores=4), DT, activity=run))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    main(parser.parse_args().folder)
