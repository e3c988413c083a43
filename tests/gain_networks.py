"""Measures the error of rates that each gain leaves, on 28 networks driven by spikes.

Question: does ``gain="auto"`` preserve rates better than the fixed rules, also under inhibition and
in recurrent networks? The figures are errors of the population rate on the chip against float64 *on
the same grid and input*, so they show the registers alone. As a script (``python
tests/gain_networks.py``, about a minute) this prints the table of docs/reference/testing.md.
"""

from __future__ import annotations

import numpy as np

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Stimulus,
    Uniform,
    compile_network,
    draw_stimulus,
    fixed_indegree,
    simulate_reference,
)

GAINS = ("auto", "dc", "impulse", "mean_and_variance")
STEPS = (0.1, 0.25, 0.5, 1.0)  # ms
TAU_M = (10.0, 15.0, 20.0, 30.0, 12.0, 17.0, 25.0)  # ms, used in turn
SIZE, DURATION = 500, 4000.0  # neurons of a network, and ms
SOURCES = 50  # of each kind, onto each neuron

# Of v without a threshold 15 mV above rest: tau_syn in ms (None: jumps), mean and standard
# deviation due to spikes in mV, the share of the excitation that inhibition cancels, recurrent
# synapses, and the level of v due to a constant current in mV.
KINDS = {
    "jumps": (None, 16.0, 4.0, 0.0, 0, 0.0),
    "jumps, inhibited": (None, 14.0, 5.0, 0.5, 0, 0.0),
    "currents": (5.0, 22.0, 3.0, 0.0, 0, 0.0),
    "currents, inhibited": (3.0, 17.0, 4.0, 0.4, 0, 0.0),
    "jumps, recurrent": (None, 16.0, 4.0, 0.3, 40, 0.0),
    "jumps, held back": (None, -10.0, 4.0, 3.0, 0, 22.0),
    "currents, held back": (5.0, -10.0, 4.0, 3.0, 0, 28.0),
}


def describe(kind: str, tau_m: float) -> Network:
    """Return neurons with Poisson sources that give v its mean and variance (Campbell 1909)."""
    tau_syn, mean, spread, cancelled, recurrent, level = KINDS[kind]
    lif = LIF(
        tau_m=tau_m,
        v_thresh=-50.0,
        v_reset=-65.0,
        tau_refrac=2.0,
        tau_syn=tau_syn,
        cm=1.0,
        i_offset=level / tau_m,
    )
    cells = Population("cells", SIZE, lif)
    slower = 1 + (tau_syn or 0.0) / tau_m
    jump = 2 * slower * spread**2 * (1 - cancelled) / (mean * (1 + cancelled))  # mV
    rate = 1e3 * mean / (tau_m * jump * (1 - cancelled)) / SOURCES  # Hz of a source
    weight = jump / (tau_syn or 1.0)  # nA with a current: its charge moves 1 nF by the jump
    inputs, links = [PoissonInput("exc", 2 * SIZE, rate=rate)], []
    if cancelled:
        inputs.append(PoissonInput("inh", 2 * SIZE, rate=cancelled * rate))
    for seed, (source, sign) in enumerate(zip(inputs, (1, -1), strict=False)):
        low, high = sorted((0.7 * sign * weight, 1.3 * sign * weight))
        links.append(fixed_indegree(source, cells, SOURCES, weight=Uniform(low, high), seed=seed))
    if recurrent:
        inside = Uniform(-0.3, 0.3)
        links.append(fixed_indegree(cells, cells, recurrent, weight=inside, delay=1.5, seed=7))
    return Network(inputs=inputs, populations=[cells], connections=links)


def rate(network: Network, stimulus: Stimulus, dt: float, gain: str | None) -> float:
    """Return the rate (Hz) of the chip, or of float64 if ``gain`` is None."""
    if gain is None:
        run = simulate_reference(network, stimulus, dt, progress=False)
    else:
        image = compile_network(network, LOIHI, dt=dt, gain=gain)
        run = Emulator(image, progress=False).run(stimulus)
    return float(run.rates("cells").mean())


def measure(kind: str, tau_m: float, dt: float) -> tuple[float, list[float]]:
    """Return the rate in float64 (Hz), and the relative error of each gain."""
    network = describe(kind, tau_m)
    stimulus = draw_stimulus(network, DURATION, seed=1)
    wanted = rate(network, stimulus, dt, None)
    return wanted, [rate(network, stimulus, dt, gain) / wanted - 1 for gain in GAINS]


def main() -> None:
    """Print one row for each network, then mean and largest error of each gain."""
    print(
        f"{'network':22}{'tau_m':>6}{'dt':>6}{'float64':>10}" + "".join(f"{x:>18}" for x in GAINS)
    )
    errors = []
    for kind in KINDS:
        for dt in STEPS:
            tau_m = TAU_M[len(errors) % len(TAU_M)]
            wanted, found = measure(kind, tau_m, dt)
            errors.append(found)
            cells = "".join(f"{100 * error:+16.2f} %" for error in found)
            print(f"{kind:22}{tau_m:6g}{dt:6g}{wanted:7.2f} Hz{cells}", flush=True)
    for name, summary in (("mean", np.mean), ("largest", np.max)):
        values = summary(np.abs(errors), axis=0)
        print(f"{name + ' error':44}" + "".join(f"{100 * value:16.2f} %" for value in values))


if __name__ == "__main__":
    main()
