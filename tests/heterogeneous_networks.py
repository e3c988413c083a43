"""Measures cores and errors of neurons that differ, with one scale and with scales of their own.

Question: what does it cost that neurons with many thresholds share threshold registers? Cores are
those of 1,000 neurons; errors of registers are root mean squares over the neurons, relative to the
threshold above the origin and to the summed weight; errors of rates are those of the chip against
float64 *on the same grid and input*. As a script (``python tests/heterogeneous_networks.py``, about
half a minute) this prints the table of docs/reference/testing.md.
"""

from __future__ import annotations

from unittest import mock

import numpy as np

from compiler.neurons.scaling import Scale
from compiler.neurons.sharing import neuron_scales
from neurochip import (
    LIF,
    LOIHI,
    ChipImage,
    ChipSpec,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Uniform,
    compile_network,
    draw_stimulus,
    fixed_probability,
    simulate_reference,
)
from neurochip.image.weights import decode_connections
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

SIZE, DURATION = 1000, 2000.0  # neurons of a network, and ms
CELL = {"tau_m": 20.0, "v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0, "tau_refrac": 2.0}

# Parameters with a value for each neuron: the lowest and the highest.
SPREADS = {
    "currents": {"i_offset": (0.0, 0.3)},
    "thresholds": {"v_thresh": (-54.0, -46.0)},
    "wide thresholds": {"v_thresh": (-60.0, -25.0)},
    "resets": {"v_reset": (-70.0, -60.0)},
    "tau_m": {"tau_m": (15.0, 25.0), "i_offset": (0.0, 0.3)},
    "tau_refrac": {"tau_refrac": (0.0, 5.0), "i_offset": (0.0, 0.3)},
}
# Weight of a synapse, and tau_syn in ms (None: jumps) with the factor that makes the drive similar.
WEIGHTS = {"equal": lambda unit: 0.8 * unit, "spread": lambda unit: Uniform(0.4 * unit, 1.2 * unit)}
FEW_BITS = (6, 4, 2, 1)
SYNAPSES = {"jumps": (None, 1.0), "currents": (5.0, 0.25)}


def describe(spread: str, synapses: str, weights: str) -> Network:
    """Return neurons with 30 Poisson sources each on average, of 30 Hz."""
    rng = np.random.default_rng(1)
    own = {name: rng.uniform(low, high, SIZE) for name, (low, high) in SPREADS[spread].items()}
    (tau_syn, factor), weight = SYNAPSES[synapses], WEIGHTS[weights]
    source = PoissonInput("source", 100, rate=30.0)
    cells = Population("cells", SIZE, LIF(**{**CELL, **own}, tau_syn=tau_syn))
    link = fixed_probability(source, cells, 0.3, weight=weight(factor), seed=2, name="link")
    return Network(inputs=[source], populations=[cells], connections=[link])


def one_scale(ideal: IdealPopulation, scale: Scale, _: object) -> Float64Array:
    """Replace ``neuron_scales``: all neurons have the scale of the population."""
    return np.full(ideal.population.size, scale.lsb_per_mv)


def errors(network: Network, image: ChipImage) -> tuple[float, ...]:
    """Return the errors of thresholds and of summed weights, rms over the neurons."""
    (symbol,), (cells,), (link,) = (
        image.symbols.populations,
        network.populations,
        network.connections,
    )
    mantissa = image.compartments.threshold_mantissa[symbol.compartment_ids].astype(np.int64)
    asked = cells.parameter("v_thresh") - symbol.origin
    thresholds = symbol.to_mv(mantissa << image.chip.core.threshold_shift) / asked - 1
    integers = decode_connections(network, image).connections[0].weight
    gain = symbol.receptors[0].gain / symbol.mv_per_lsb
    sums = [
        np.bincount(link.post, np.broadcast_to(each, link.post.shape), SIZE)
        for each in (integers / gain[link.post], link.weight)
    ]
    off = (thresholds, sums[0] / sums[1] - 1)
    return tuple(float(np.sqrt(np.mean(each**2))) for each in off)


def measure(
    spread: str, synapses: str, weights: str, chip: ChipSpec = LOIHI
) -> list[tuple[int, float, float, float]]:
    """Return cores, both errors and the error of the rate, with one scale and with many."""
    network = describe(spread, synapses, weights)
    stimulus = draw_stimulus(network, DURATION, seed=1)
    wanted = simulate_reference(network, stimulus, 0.1, progress=False).rates("cells")
    rows = []
    for rule in (one_scale, neuron_scales):
        with mock.patch("compiler.neurons.lower.neuron_scales", rule):
            image = compile_network(network, chip, dt=0.1)
        rates = Emulator(image, progress=False).run(stimulus).rates("cells")
        off = float(np.abs(rates - wanted).mean() / wanted.mean())
        rows.append((image.n_cores, *errors(network, image), off))
    return rows


def row(name: str, one: tuple[float, ...], many: tuple[float, ...]) -> str:
    """Return a row of the table: cores and errors, with one scale and with many."""
    cells = f"{one[0]:5} -> {many[0]}".rjust(10)
    for a, b in zip(one[1:], many[1:], strict=True):
        cells += f"{100 * a:.3f} -> {100 * b:.3f} %".rjust(20)
    return f"{name:36}{cells}"


def main() -> None:
    """Print one row for each network, and some at few bits of weight."""
    print(f"{'':36}{'cores':>10}{'thresholds':>20}{'summed weights':>20}{'rate of a neuron':>20}")
    for spread in SPREADS:
        for synapses in SYNAPSES:
            for weights in WEIGHTS:
                found = measure(spread, synapses, weights)
                print(row(f"{spread}; {synapses}, {weights}", *found), flush=True)
    for bits in FEW_BITS:
        chip = LOIHI.what_if(weight_mantissa_bits=bits)
        found = measure("thresholds", "jumps", "equal", chip)
        print(row(f"thresholds; jumps, equal, bits: {bits}", *found), flush=True)


if __name__ == "__main__":
    main()
