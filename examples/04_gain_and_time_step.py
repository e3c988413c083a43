"""Two ways to live with a rounded decay, at four time steps.

Question: what should survive the rounding of a decay register, and which time step is best?
Answer: a 12-bit decay rounds tau_m = 10 ms at dt = 0.1 ms to 41 in 4096, 0.6 % too fast.
gain="impulse" keeps the weights, so that one spike gives the same jump; gain="dc" corrects them, so
that a steady input gives the same mean. The table gives the error of the population rate against
float64 on the same grid and input. Where fluctuations drive the neurons "dc" is better; far above
threshold both are good. The last column is the error of that float64 run itself against a grid of
0.01 ms: for delta synapses the time grid costs more than the registers do.

    python examples/04_gain_and_time_step.py
"""

from __future__ import annotations

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Stimulus,
    Uniform,
    all_to_all,
    draw_stimulus,
)
from neurochip.emulator import Emulator
from neurochip.validation import simulate_reference

DURATION = 5000.0  # ms
GAINS = ("impulse", "dc", "auto")
DRIVES = {"fluctuations": 12.0, "above threshold": 30.0}  # Hz per source


def describe(rate: float) -> Network:
    """100 neurons, each driven by the same 100 sources with its own weights."""
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source = PoissonInput("source", 100, rate=rate)
    cells = Population("cells", 100, lif)
    weights = all_to_all(source, cells, weight=Uniform(0.5, 2.0), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[weights])


def rate(network: Network, stimulus: Stimulus, dt: float, gain: str | None) -> float:
    """Population rate of the chip, or of the reference without a gain."""
    if gain is None:
        run = simulate_reference(network, stimulus, dt=dt)
    else:
        run = Emulator(compile_network(network, LOIHI, dt=dt, gain=gain)).run(stimulus)
    return float(run.rates("cells").mean())


def main() -> None:
    """Print the table."""
    print("drive             dt (ms)  rate (Hz)   impulse        dc      auto   time grid")
    for name, source_rate in DRIVES.items():
        network = describe(source_rate)
        stimulus = draw_stimulus(network, DURATION, seed=1)
        fine = rate(network, stimulus, 0.01, None)
        for dt in (0.1, 0.25, 0.5, 1.0):
            own = rate(network, stimulus, dt, None)
            errors = [100 * (rate(network, stimulus, dt, gain) / own - 1) for gain in GAINS]
            print(
                f"{name:17} {dt:7g} {own:10.2f} {errors[0]:+8.2f} % {errors[1]:+7.2f} %"
                f" {errors[2]:+7.2f} % {100 * (own / fine - 1):+9.2f} %"
            )


if __name__ == "__main__":
    main()
