"""A PyNN script on the chip: the same balanced network in float64 or in NEST, and on chips.

Question: a network was made for NEST. Does it have the same rates on the chip, and how many bits do
its weights need?
Answer: over ten networks the mean rates on the chip are those of NEST within one per cent. Four
bits are as good, since all synapses of a projection have the same weight, for which a scale is
found. With two bits the weights of both kinds are 2.5 % off, and the rates 2 %.

    python examples/20_pynn_script.py [--nest] [folder for the figure]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import neurochip.frontends.pynn as chip
from neurochip import LOIHI, Judgement

DURATION = 1000.0  # ms
SEEDS = range(10)
KINDS = {"excitatory": (800, 0.0324), "inhibitory": (200, -0.18)}  # neurons, nA


def build(sim: ModuleType, seed: int, **options: Any) -> dict[str, Any]:
    """Build a network as that of Vogels and Abbott (2005), as a script for any simulator does."""
    sim.setup(timestep=0.1, min_delay=0.2, max_delay=1.0, **options)
    rng = sim.NumpyRNG(seed=seed)
    model = sim.IF_curr_exp(
        tau_m=20.0,
        cm=0.2,
        v_rest=-49.0,
        v_reset=-60.0,
        v_thresh=-50.0,
        tau_refrac=5.0,
        tau_syn_E=5.0,
        tau_syn_I=10.0,
    )
    cells = {name: sim.Population(size, model, label=name) for name, (size, _) in KINDS.items()}
    for population in cells.values():
        v = sim.RandomDistribution("uniform", low=-60.0, high=-50.0, rng=rng)
        population.initialize(v=v)
        population.record("spikes")
    cells["excitatory"][:3].record("v")
    for name, (_, weight) in KINDS.items():
        for target in cells.values():
            sim.Projection(
                cells[name],
                target,
                sim.FixedProbabilityConnector(0.04, rng=rng),
                sim.StaticSynapse(weight=weight, delay=0.2),
                receptor_type=name,
            )
    return cells


def compare(bits: int, reference: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates (Hz) of all networks in the reference and on a chip, by seed and kind."""
    fewer = LOIHI.what_if(name=f"{bits} bits", weight_mantissa_bits=bits)
    rates = []
    for seed in SEEDS:
        build(chip, seed, chip=fewer, progress=False)
        comparison = chip.compare(DURATION, reference=reference)
        found = [comparison.population(name) for name in KINDS]
        rates.append([(item.reference_rate, item.chip_rate) for item in found])
    return np.array(rates)[..., 0], np.array(rates)[..., 1]


def draw(folder: Path) -> None:
    """Draw the comparison of one network."""
    build(chip, SEEDS[0], progress=False)
    comparison = chip.compare(DURATION)
    state = chip.simulator.state
    assert state.network is not None
    judgement = Judgement(
        network=state.network,
        image=state.image,
        reference=state.reference,
        chip=state.recording,
        comparison=comparison,
    )
    folder.mkdir(parents=True, exist_ok=True)
    judgement.comparison_figure("excitatory").savefig(folder / "pynn_script.png", dpi=150)


def main() -> None:
    """Compare networks with float64 or NEST on chips with fewer and fewer bits, and run one."""
    parser = argparse.ArgumentParser(description="A PyNN script on the chip and in NEST.")
    parser.add_argument("--nest", action="store_true", help="compare with NEST itself")
    parser.add_argument("folder", nargs="?", type=Path, help="folder for the figure")
    given = parser.parse_args()
    reference = "nest" if given.nest else "float"

    print(f"bits   excitatory: {reference}, chip           inhibitory: {reference}, chip")
    for bits in (8, 4, 2):
        expected, found = compare(bits, reference)
        error = 100 * (found - expected) / expected.mean(axis=0)
        spread = error.std(axis=0, ddof=1) / np.sqrt(len(SEEDS))
        columns = [
            f"{a:.2f}, {b:.2f} Hz  {mean:+.1f} ± {one:.1f} %"
            for a, b, mean, one in zip(
                expected.mean(axis=0), found.mean(axis=0), error.mean(axis=0), spread, strict=True
            )
        ]
        print(f"{bits}      {'      '.join(columns)}")
    cells = build(chip, SEEDS[0], progress=False)
    chip.run(DURATION)
    rates = [1000.0 * item.mean_spike_count() / DURATION for item in cells.values()]
    print("one network by run(), as on any simulator: {:.2f} and {:.2f} Hz".format(*rates))
    if given.folder is not None:
        draw(given.folder)


if __name__ == "__main__":
    main()
