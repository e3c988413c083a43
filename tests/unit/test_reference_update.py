"""Parameters as numbers and as arrays give the same run, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    draw_stimulus,
    fixed_probability,
)
from neurochip.reference import reference, simulate_reference
from neurochip.reference.tables import flatten_neurons

MODELS = {
    "kicks": LIF(tau_m=10.0, tau_refrac=2.0),
    "current": LIF(tau_m=10.0, tau_syn=3.0, tau_refrac=1.0, cm=0.2, i_offset=0.35),
    "two currents": LIF(tau_m=12.0, tau_syn_E=2.0, tau_syn_I=7.0, cm=0.2, i_offset=0.3),
    "no leak": LIF(tau_m=np.inf, cm=0.2, i_offset=0.2),
}


def network_of(*models, delivery="after_threshold"):
    source = PoissonInput("source", 40, rate=300.0)
    populations = [Population(f"cells{i}", 70, model) for i, model in enumerate(models)]
    links = [
        fixed_probability(before, after, 0.2, weight=weight, delay=0.5, seed=i)
        for i, after in enumerate(populations)
        for before, weight in ((source, 1.3), (populations[0], -0.4))
    ]
    return Network(inputs=[source], populations=populations, connections=links, delivery=delivery)


@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold"])
@pytest.mark.parametrize("name", MODELS)
def test_a_run_does_not_depend_on_how_parameters_are_read(name, delivery, monkeypatch):
    network = network_of(MODELS[name], MODELS["kicks"], delivery=delivery)
    stimulus = draw_stimulus(network, 100.0, seed=3)
    record = ["v"]
    numbers = simulate_reference(network, stimulus, 0.1, record=record)
    monkeypatch.setattr(
        reference,
        "flatten_neurons",
        lambda *tables: flatten_neurons(*tables)._replace(uniform=np.zeros(2, dtype=bool)),
    )
    arrays = simulate_reference(network, stimulus, 0.1, record=record)
    assert numbers == arrays
    assert numbers.n_spikes > 20
    for population in ("cells0", "cells1"):
        one, other = (run.trace(population).values for run in (numbers, arrays))
        assert np.array_equal(one.view(np.uint64), other.view(np.uint64))


@pytest.mark.parametrize(
    ("parameter", "values", "expected"),
    [
        ("v_rest", [-71.0, -70.0], True),  # where v goes may differ
        ("i_offset", [0.1, 0.2], True),
        ("tau_m", [9.0, 10.0], False),
        ("v_thresh", [-51.0, -50.0], False),
        ("v_reset", [-66.0, -65.0], False),
        ("tau_refrac", [1.0, 2.0], False),
        ("tau_syn_I", [6.0, 7.0], False),
        ("cm", [0.1, 0.2], False),
    ],
)
def test_parameters_are_numbers_where_all_neurons_have_the_same(parameter, values, expected):
    model = replace(MODELS["two currents"], **{parameter: np.resize(values, 70)})
    tables = flatten_neurons(network_of(MODELS["kicks"], model), 0.1)
    assert tables.uniform.tolist() == [True, expected]
