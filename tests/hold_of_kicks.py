"""Compares two holds of neurons with kicks of v and a current, without rounded registers.

Question: a neuron has one hold, and kicks need one step more than a current. Which hold costs less?
That of the current keeps the kicks of the last refractory step; that of kicks loses a step of the
current after every spike. As a script (``python tests/hold_of_kicks.py``, about a minute) this
prints the table of docs/explanation/from-millivolts-to-registers.md.
"""

from __future__ import annotations

import dataclasses
from unittest import mock

import twin

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    draw_stimulus,
    one_to_one,
    simulate_reference,
)
from neurochip.recurrence import IdealPopulation, ideal_population

SIZE, DURATION, DT = 20, 2000.0, 0.1  # neurons, ms, ms
DRIVES = {  # weight (mV) and rate (Hz) of kicks, weight (nA) and rate of charges
    "kicks": (1.5, 400.0, 0.0, 0.0),
    "both": (0.8, 400.0, 0.6, 110.0),
    "current": (0.3, 300.0, 0.6, 200.0),
}


def network_of(drive: str, tau_refrac: float) -> Network:
    """Return neurons with an input of kicks and an input of charges each."""
    kick, kick_rate, charge, charge_rate = DRIVES[drive]
    lif = LIF(v_rest=0.0, v_reset=0.0, v_thresh=10.0, tau_refrac=tau_refrac, tau_syn=5.0)
    kicks, charges = PoissonInput("k", SIZE, kick_rate), PoissonInput("c", SIZE, charge_rate)
    cells = Population("cells", SIZE, lif)
    links = [
        one_to_one(kicks, cells, weight=kick, receptor="v"),
        one_to_one(charges, cells, weight=charge),
    ]
    return Network(inputs=[kicks, charges], populations=[cells], connections=links)


def with_hold_of_kicks(network: Network, population: Population, dt: float) -> IdealPopulation:
    """Return registers that hold v for kicks: from the potential one leak step after the reset."""
    ideal = ideal_population(network, population, dt)
    origin = ideal.v_inf + (ideal.origin - ideal.v_inf) * ideal.keep_v
    moved = origin - ideal.origin
    return dataclasses.replace(
        ideal,
        origin=origin,
        bias=(1 - ideal.keep_v) * (ideal.v_inf - origin),
        threshold=ideal.threshold - moved,
        v_init=ideal.v_init - moved,
        refractory=ideal.refractory + 1,
    )


def errors(drive: str, tau_refrac: float, duration: float = DURATION) -> tuple[int, list[float]]:
    """Return the spikes of the reference, and the relative error of the rate with each hold."""
    network = network_of(drive, tau_refrac)
    stimulus = draw_stimulus(network, duration, seed=3)
    reference = simulate_reference(network, stimulus, DT)
    found = []
    for registers in (ideal_population, with_hold_of_kicks):
        with mock.patch.object(twin, "ideal_population", registers):
            run = twin.run_twin(network, stimulus, DT, reference.n_steps)
        found.append(len(run.spikes["cells"]) / reference.n_spikes - 1)
    return reference.n_spikes, found


def main() -> None:
    print("driven by  tau_refrac  spikes  hold of the current  hold of kicks")  # noqa: T201
    for drive in DRIVES:
        for tau_refrac in (0.0, 5.0):
            spikes, (of_current, of_kicks) = errors(drive, tau_refrac)
            print(  # noqa: T201
                f"{drive:10} {tau_refrac:7g} ms {spikes:7} {of_current:+20.2%} {of_kicks:+14.2%}"
            )


if __name__ == "__main__":
    main()
