"""Compares the time-grid errors that ``choose_dt`` predicts with measured ones, on thirty cells.

Question: how far can the column *time grid* of ``choose_dt`` be trusted? Measured is the rate of
float64 on the grid against float64 on a fine grid, with the same input. As a script (``python
tests/time_step_cells.py``, about two minutes) this prints the table of
docs/how-to/choose-the-time-step.md.
"""

from __future__ import annotations

import numpy as np

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    choose_dt,
    draw_stimulus,
    fixed_indegree,
    simulate_reference,
)

CELLS = 30
STEPS = (0.1, 0.25, 0.5, 1.0)  # ms
SIZE, DURATION = 300, 10_000.0  # neurons of a cell's population, and ms
TAU_SYN = (None, 2.0, 5.0, 10.0, None)  # ms, in turn; None: jumps
SOURCES = 20  # of each sign, onto each neuron


def describe(number: int) -> Network:
    """Return one population of equal neurons, with parameters drawn for this number."""
    rng = np.random.default_rng(number)
    tau_syn = TAU_SYN[number % len(TAU_SYN)]
    tau_m, tau_refrac = rng.choice([10.0, 15.0, 20.0, 30.0]), rng.choice([0.0, 2.0, 5.0])
    v_reset, mean, spread = rng.uniform(-70.0, -60.0), rng.uniform(13.0, 24.0), rng.uniform(3, 6)
    cancelled = rng.choice([0.0, 0.5])  # share of the excitation that inhibition cancels
    lif = LIF(
        tau_m=tau_m,
        v_rest=-70.0,
        v_reset=v_reset,
        v_thresh=-50.0,
        tau_refrac=tau_refrac,
        tau_syn=tau_syn,
        cm=1.0,
    )
    cells = Population("cells", SIZE, lif)
    slower = 1 + (tau_syn or 0.0) / tau_m
    jump = 2 * slower * spread**2 * (1 - cancelled) / (mean * (1 + cancelled))  # mV, by Campbell
    rate = 1e3 * mean / (tau_m * jump * (1 - cancelled)) / SOURCES  # Hz
    inputs, links = [PoissonInput("exc", 5 * SIZE, rate=rate)], []
    if cancelled:
        inputs.append(PoissonInput("inh", 5 * SIZE, rate=cancelled * rate))
    for source, sign in zip(inputs, (1, -1), strict=False):
        weight = sign * jump / (tau_syn or 1.0)
        links.append(fixed_indegree(source, cells, SOURCES, weight=weight, seed=number))
    return Network(inputs=inputs, populations=[cells], connections=links)


def measure(network: Network) -> tuple[float, list[float]]:
    """Return the rate on a fine grid (Hz), and the relative error of each step."""
    stimulus = draw_stimulus(network, DURATION, seed=1)

    def rate(dt: float) -> float:
        run = simulate_reference(network, stimulus, dt, progress=False)
        return float(run.rates("cells").mean())

    jumps = network.populations[0].model.delta_synapses
    fine = rate(0.005 if jumps else 0.02)
    if jumps:  # the error of jumps is of first order: extrapolate to a step of 0
        fine += fine - rate(0.01)
    return fine, [rate(dt) / fine - 1 for dt in STEPS]


def predict(network: Network) -> list[float]:
    """Return the predicted error of the time grid for each step."""
    return [item.grid for item in choose_dt(network, candidates=STEPS).candidates]


def main() -> None:
    """Print a row for each cell, and for each kind of input how far the predictions are off."""
    print(f"measured and predicted error of the time grid, in %, at steps of {STEPS} ms")
    rows: dict[bool, list[tuple[list[float], list[float]]]] = {True: [], False: []}
    for number in range(CELLS):
        network = describe(number)
        model = network.populations[0].model
        fine, measured = measure(network)
        predicted = predict(network)
        rows[model.delta_synapses].append((measured, predicted))
        kind = "jumps" if model.delta_synapses else f"tau_syn {model.tau_syn:g}"
        cells = "".join(
            f"{100 * a:9.2f}{100 * b:8.2f}" for a, b in zip(measured, predicted, strict=True)
        )
        print(f"{number:2} {kind:10}{fine:6.1f} Hz{cells}", flush=True)
    print("mean |measured|, mean |predicted - measured|, and the share within a factor of two")
    for jumps, found in rows.items():
        pairs = np.array(found)
        measured, off = np.abs(pairs[:, 0]), np.abs(pairs[:, 1] - pairs[:, 0])
        ratio = pairs[:, 1] / pairs[:, 0]
        within = ((ratio > 0.5) & (ratio < 2)).mean(axis=0)
        for dt, *values in zip(STEPS, measured.mean(0), off.mean(0), within, strict=True):
            size, error, share = values
            kind = "jumps" if jumps else "currents"
            print(f"{kind:10}{dt:5g} ms{100 * size:8.2f} %{100 * error:8.2f} %{100 * share:6.0f} %")


if __name__ == "__main__":
    main()
