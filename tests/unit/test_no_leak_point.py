"""Neurons without a leak among others: their rate is known, and no decay of theirs is rounded."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from compiler import choose_dt, compile_network
from compiler.neurons.drive import mean_field
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
)
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference

INTEGRATOR = LIF(
    tau_m=math.inf, cm=0.5, v_rest=0.0, v_reset=0.0, v_thresh=7.3, tau_refrac=2.0, i_offset=0.2
)


def alone(**parameters):
    return Network(
        populations=[Population("cells", 1, dataclasses.replace(INTEGRATOR, **parameters))]
    )


def driven(tau_syn=None, inhibition=0.0):
    """Integrators under a constant current and spikes: 0.4 mV/ms and 0.5 to 2 mV a spike."""
    lif = dataclasses.replace(INTEGRATOR, tau_syn=tau_syn)
    unit = 1.0 if tau_syn is None else 0.5 / tau_syn  # of equal charge
    cells = Population("cells", 50, lif)
    sources = [PoissonInput("exc", 40, rate=5.0), PoissonInput("inh", 40, rate=inhibition)]
    weights = [Uniform(0.5 * unit, 2.0 * unit), Uniform(-2.0 * unit, -0.5 * unit)]
    links = [
        all_to_all(source, cells, weight=weight, seed=1)
        for source, weight in zip(sources, weights, strict=True)
    ]
    return Network(inputs=sources, populations=[cells], connections=links)


def mixed():
    leaky = Population("leaky", 50, LIF(tau_m=10.0, v_rest=-70.0, tau_refrac=5.0))
    lif = dataclasses.replace(INTEGRATOR, i_offset=0.0)
    source, cells = PoissonInput("source", 100, rate=12.0), Population("cells", 50, lif)
    weights = Uniform(0.5, 2.0)
    return Network(
        inputs=[source],
        populations=[leaky, cells],
        connections=[
            all_to_all(source, leaky, weight=weights, seed=1),
            fixed_probability(leaky, cells, 0.3, weight=weights, seed=2),
        ],
    )


def test_a_constant_current_crosses_the_distance_at_a_constant_speed():
    rates = mean_field(alone()).points["cells"].rates
    assert rates[0] == pytest.approx(1e3 / (2.0 + 7.3 / 0.4))
    assert mean_field(alone(i_offset=-0.1)).points["cells"].rates[0] == 0
    assert mean_field(alone(v_thresh=math.inf)).points["cells"].rates[0] == 0


@pytest.mark.parametrize("tau_syn", [None, 4.0])
@pytest.mark.parametrize("inhibition", [0.0, 3.0])
def test_the_rate_under_spikes_is_mean_drive_over_distance(tau_syn, inhibition):
    network = driven(tau_syn, inhibition)
    expected = mean_field(network).points["cells"].rates
    run = simulate_reference(network, draw_stimulus(network, 5000.0, seed=1), 0.01)
    found = run.rates("cells").mean()
    # Of kicks, what passes the threshold is lost.
    assert found == pytest.approx(expected.mean(), rel=0.01 if tau_syn else 0.03)


@pytest.mark.parametrize("gain", ["auto", "mean_and_variance"])
def test_a_network_with_and_without_leaks_takes_every_gain(gain):
    network = mixed()
    own = dataclasses.replace(
        network, populations=network.populations[:1], connections=network.connections[:1]
    )
    image, of_leaky = (compile_network(item, LOIHI, dt=0.1, gain=gain) for item in (network, own))
    notes = [item.report.row("leaky", "tau_m").note for item in (image, of_leaky)]
    assert notes[0] == notes[1] != ""
    plain = compile_network(network, LOIHI, dt=0.1, gain="dc")
    rows = [item.report.row("cells", "drift") for item in (image, plain)]
    assert rows[0] == rows[1]
    assert image.report.scales[1] == plain.report.scales[1]


def test_the_step_of_an_integrator_is_predicted_exactly():
    network = alone()
    for item in choose_dt(network).candidates[::3]:
        image = compile_network(network, LOIHI, dt=item.dt)
        stimulus = draw_stimulus(network, item.dt * round(1000 / item.dt), 1)
        times = Emulator(image).run(stimulus).times("cells")
        rate = 1e3 * (len(times) - 1) / (times[-1] - times[0])
        assert item.total == pytest.approx(rate * (2.0 + 7.3 / 0.4) / 1e3 - 1, abs=1e-9)


@pytest.mark.parametrize("tau_syn", [None, 4.0])
def test_what_the_grid_does_to_a_driven_integrator_is_predicted(tau_syn):
    network = driven(tau_syn)
    stimulus = draw_stimulus(network, 5000.0, seed=1)
    fine = simulate_reference(network, stimulus, 0.01).rates("cells").mean()
    for item in choose_dt(network, candidates=[0.1, 0.5, 1.0]).candidates:
        on_grid = simulate_reference(network, stimulus, item.dt).rates("cells").mean()
        chip = Emulator(compile_network(network, LOIHI, dt=item.dt)).run(stimulus)
        rate = chip.rates("cells").mean()
        assert item.grid == pytest.approx(on_grid / fine - 1, rel=0.1, abs=1.5e-3)
        assert item.registers == pytest.approx(rate / on_grid - 1, abs=3e-3)
        assert item.total == pytest.approx(rate / fine - 1, rel=0.1, abs=3e-3)


def test_silent_integrators_have_no_error_to_expect():
    network = alone(i_offset=0.0)
    (item,) = choose_dt(network, candidates=[0.1]).candidates
    assert (item.grid, item.registers, item.total) == (0, 0, 0)
    assert np.isfinite(choose_dt(mixed()).best.total)
