"""Resets that subtract, on both generations of the chip.

Question: a network was trained with resets that subtract. What is lost on a chip without them?
Answer: the first generation refuses, and predicts the loss; a reset to a value in float64 shows it.
It grows with the step, since v exceeds its threshold by more. The second generation subtracts, and
its error is that of its registers.

    python examples/17_soft_reset.py
"""

from __future__ import annotations

import re

from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    CompileError,
    Emulator,
    Network,
    PoissonInput,
    Population,
    compile_network,
    draw_stimulus,
    fixed_probability,
    simulate_reference,
)

DURATION = 2000.0  # ms


def network(reset: str) -> Network:
    """Return 100 neurons, each with about 30 sources of 60 Hz."""
    lif = LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_thresh=10.0, reset=reset)
    source, cells = PoissonInput("source", 100, rate=60.0), Population("cells", 100, lif)
    synapses = fixed_probability(source, cells, 0.3, weight=0.5, seed=1)
    return Network(inputs=[source], populations=[cells], connections=[synapses])


def predicted_loss(dt: float) -> str:
    """Return what the first generation says of a reset to a value."""
    try:
        compile_network(network("subtract"), LOIHI, dt)
    except CompileError as problem:
        (loss,) = re.findall(r"about ([\d.]+ %) fewer", str(problem))
        return str(loss)
    raise AssertionError("the first generation subtracts")


def main() -> None:
    """Print spikes of both resets in float64, and of the subtraction on the second generation."""
    soft, hard = network("subtract"), network("value")
    stimulus = draw_stimulus(soft, DURATION, seed=1)
    print("dt (ms)   subtracts   to a value   lost   predicted   on LOIHI2")
    for dt in (0.1, 0.5, 1.0):
        kept, lost = (simulate_reference(item, stimulus, dt).n_spikes for item in (soft, hard))
        chip = Emulator(compile_network(soft, LOIHI2, dt)).run(stimulus).n_spikes
        print(
            f"{dt:<10}{kept:<12}{lost:<13}{100 * (1 - lost / kept):.1f} %  "
            f"{predicted_loss(dt):<12}{chip} ({100 * (chip / kept - 1):+.2f} %)"
        )


if __name__ == "__main__":
    main()
