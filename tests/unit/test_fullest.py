"""A network that is too large is told what fills its cores, and what would help."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    CompileError,
    Network,
    PoissonInput,
    Population,
    all_to_all,
    compile_network,
    explain_fit,
    fixed_indegree,
    one_to_one,
)

SMALL = LOIHI.what_if(name="small", cores=1)
TAUS = np.linspace(5.0, 40.0, 60)
THRESHOLDS = [np.linspace(-55.0 + i, -45.0 + i, 5) for i in range(3)]


def alone(size=60, **lif):
    return Network(populations=[Population("cells", size, LIF(**lif))])


def driven(size=60, sources=60, connect=all_to_all, **options):
    source, cells = PoissonInput("source", sources, rate=10.0), Population("cells", size, LIF())
    links = [connect(source, cells, weight=0.1, **options)]
    return Network(inputs=[source], populations=[cells], connections=links)


def classes(*values, name="v_thresh", size=5):
    return Network(
        populations=[
            Population(f"p{i}", size, LIF(**{name: value})) for i, value in enumerate(values)
        ]
    )


CASES = {
    "compartments": (alone(), {"compartments": 50}, "50 compartments: simulate fewer neurons"),
    "compartments of long delays": (
        driven(delay=6.0),
        {"accumulator_slots": 50 << 6},
        "50 compartments: shorten the delays",
    ),
    "synaptic memory": (
        driven(),
        {"synaptic_words": 200},
        "200 synaptic words: reduce the number of synapses",
    ),
    "axons": (
        driven(connect=one_to_one),
        {"input_axons": 50},
        "50 input axons: drive the neurons from fewer sources",
    ),
    "time constants": (
        alone(tau_m=TAUS),
        {},
        "32 compartment profiles: use fewer distinct time constants and refractory periods",
    ),
    "thresholds": (
        classes(*THRESHOLDS),
        {},
        "8 threshold profiles: use fewer distinct thresholds",
    ),
    "limits of v": (
        classes(-50.0, math.inf),
        {},
        "1 shared registers: use the same limits of v",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_network_that_is_too_large_names_what_fills_a_core_and_what_helps(name):
    network, changes, full = CASES[name]
    chip = SMALL.what_if(name="small", **changes)
    with pytest.raises(CompileError) as caught:
        compile_network(network, chip, dt=0.1)
    needed = compile_network(network, chip.what_if(cores=200), dt=0.1).n_cores
    assert str(caught.value) == (
        f"network: needs {needed} cores; chip 'small' has 1. A core is full with {full}, or "
        f"compile for a larger chip with chip.what_if(cores={needed})."
    )


def test_a_resource_that_every_core_uses_up_but_none_lacks_is_not_blamed():
    """Two time constants alternate: every core has both, but it is full of synapses."""
    source = PoissonInput("source", 60, rate=10.0)
    cells = Population("cells", 60, LIF(tau_m=np.resize([10.0, 20.0], 60)))
    link = fixed_indegree(source, cells, 40, weight=0.1, seed=1)
    network = Network(inputs=[source], populations=[cells], connections=[link])
    chip = SMALL.what_if(synaptic_words=157, compartment_profiles=2)
    with pytest.raises(CompileError, match="full with 157 synaptic words"):
        compile_network(network, chip, dt=0.1)


def test_explain_fit_tries_equal_time_constants_and_no_weights_where_there_are_none():
    fit = explain_fit(alone(tau_m=TAUS), SMALL, 0.1)
    assert fit.rows[0].reason == "compartment profiles"
    assert [(row.change, row.cores) for row in fit.rows[1:2]] == [
        ("equal time constants in each population", 1)
    ]
    assert not any("weight" in row.change for row in fit.rows)


def test_explain_fit_tries_equal_thresholds():
    fit = explain_fit(classes(*THRESHOLDS), SMALL, 0.1)
    assert fit.rows[0].cores > 1
    assert ("equal thresholds in each population", 1) in [(r.change, r.cores) for r in fit.rows]


@pytest.mark.parametrize("name", ["tau_m", "tau_refrac"])
def test_neurons_of_equal_registers_share_cores(name):
    """Forty values in random order: 32 on the first core, 8 on the second."""
    values = np.linspace(10.0, 50.0, 40) if name == "tau_m" else np.arange(40) * 0.5
    mixed = np.random.default_rng(1).permutation(np.resize(values, 400))
    image = compile_network(alone(400, **{name: mixed}), dt=0.5)
    assert image.n_cores == 2
    used, limit = image.report.resources["compartment_profiles"]
    assert (used, limit) == (32, 32)
    # Within a core, neurons of equal registers keep the order of the network.
    ids = image.symbols.populations[0].compartment_ids
    assert all((np.diff(ids[mixed == value]) > 0).all() for value in values)


def test_up_to_32_time_constants_keep_the_order_of_the_network():
    mixed = np.random.default_rng(1).permutation(np.resize(np.linspace(10.0, 41.0, 32), 400))
    image = compile_network(alone(400, tau_m=mixed), dt=0.5)
    assert image.symbols.populations[0].compartment_ids.tolist() == list(range(400))


def test_neurons_of_two_compartments_are_ordered_by_the_registers_of_both():
    rng = np.random.default_rng(1)
    slow, fast = rng.choice([10.0, 14.0, 19.0], 120), rng.choice([3.0, 4.0, 5.0], 120)
    network = alone(120, tau_syn_I=slow, tau_syn_E=fast)
    image = compile_network(network, LOIHI.what_if(compartment_profiles=2), dt=0.5)
    assert image.n_cores == 9
