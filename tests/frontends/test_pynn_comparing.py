"""``sim.compare``: the objects of a script on the chip and in float64 or NEST, in one call."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurochip import attribute
from neurochip.errors import FrontendError, MissingExtraError

has_nest = pytest.mark.skipif(
    importlib.util.find_spec("nest") is None, reason="NEST is not installed: neurochip[nest]"
)


def recurrent(sim, *, delta=False, current=True):
    """Sources, one with a spike at time 0, onto cells that inhibit each other; v of two."""
    sim.setup(timestep=0.1, rng_seed=3)
    poisson = sim.Population(20, sim.SpikeSourcePoisson(rate=100.0), label="noise")
    given = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0, 0.1, 20.0]), label="given")
    model = sim.IF_curr_delta(v_thresh=-52.0) if delta else sim.IF_curr_exp(tau_refrac=2.05)
    cells = sim.Population(20, model, label="cells")
    cells.initialize(v=np.linspace(-65.0, -55.0, 20))
    unit = 1.0 if delta else 0.08
    for source, weight in ((poisson, 2.0), (given, 4.0)):
        wire = sim.StaticSynapse(weight=weight * unit, delay=0.7)
        sim.Projection(source, cells, sim.FixedProbabilityConnector(0.8, rng=rng(sim)), wire)
    back = sim.StaticSynapse(weight=-unit, delay=1.2)
    chance = sim.FixedProbabilityConnector(0.2, rng=rng(sim))
    sim.Projection(cells, cells, chance, back, receptor_type="inhibitory")
    if current:
        sim.StepCurrentSource(times=[0.0, 50.0], amplitudes=[0.1, 0.3]).inject_into(cells[:5])
    cells.record("spikes")
    cells[:2].record("v")
    return cells


def rng(sim):
    return sim.NumpyRNG(seed=5)


def test_a_script_is_compared_with_float64_by_one_call_in_place_of_run(sim):
    cells = recurrent(sim)
    comparison = sim.compare(300.0)
    found = comparison.population("cells")
    assert found.reference_rate > 10
    assert abs(found.rate_error) < 0.02
    assert np.isfinite(found.v_rmse)  # v was compared, where the script records it
    state = sim.simulator.state
    assert state.t == 0
    sim.run(300.0)  # the script goes on from time 0, and does what was compared
    spikes = cells.get_data().segments[0].spiketrains
    assert sum(map(len, spikes)) == round(found.chip_rate * 0.3 * 20)


def test_a_comparison_leaves_what_an_attribution_needs(sim):
    recurrent(sim, current=False)
    sim.compare(100.0)
    state = sim.simulator.state
    found = attribute(state.network, state.stimulus, image=state.image)
    assert found.effect("cells", "unexplained", "rate").alone == 0


def test_after_a_run_a_comparison_needs_a_reset(sim):
    recurrent(sim)
    sim.run(5.0)
    with pytest.raises(FrontendError) as refused:
        sim.compare(100.0)
    assert str(refused.value) == (
        "compare: the simulation is at 5 ms; allowed: time 0, before run() or after reset()."
    )
    sim.reset()
    sim.compare(100.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"simtime": 10.0, "reference": "NEST"},
            "compare: reference = 'NEST'; allowed: 'float', neurochip's reference in float64, or "
            "'nest'.",
        ),
        (
            {"simtime": 10.03},
            "run: it would end at 10.03 ms; allowed: multiples of the step of 0.1 ms. The nearest "
            "are 10 ms and 10.1 ms.",
        ),
        ({"simtime": 0.0}, "run: a length of 0 ms; allowed: above 0 ms."),
    ],
)
def test_what_cannot_be_compared_is_refused(sim, arguments, message):
    recurrent(sim)
    with pytest.raises(FrontendError) as refused:
        sim.compare(**arguments)
    assert str(refused.value) == message


def test_sources_alone_cannot_be_compared(sim):
    sim.setup()
    sim.Population(2, sim.SpikeSourcePoisson(rate=10.0))
    with pytest.raises(FrontendError) as refused:
        sim.compare(10.0)
    assert str(refused.value) == (
        "compare: there are no neurons; allowed: at least one population."
    )


def test_without_nest_the_message_names_the_extra_and_what_works(sim, monkeypatch):
    recurrent(sim)
    monkeypatch.delitem(sys.modules, "neurochip.frontends.in_nest", raising=False)
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingExtraError) as refused:
        sim.compare(10.0, reference="nest")
    said = str(refused.value)
    assert said.startswith("compare: NEST cannot be imported (")
    assert said.endswith(
        'It is an extra, for Linux: pip install "neurochip[nest]". Without it, reference="float" '
        "gives the same spikes."
    )


SCRIPT = """
import json
import sys
import neurochip.frontends.pynn as sim
from frontends.test_pynn_comparing import recurrent
found = {}
for delta in (False, True):
    for reference in ("float", "nest"):
        recurrent(sim, delta=delta)
        result = sim.compare(300.0, reference=reference).population("cells")
        found[f"{reference} {delta}"] = [
            result.reference_rate, result.rate_error, result.v_rmse, result.coincidence
        ]
print(json.dumps(found))
"""


@has_nest
@pytest.mark.slow
def test_nest_as_the_reference_gives_the_numbers_of_float64(sim):
    """In a process of its own, since NEST takes over signals when it is imported."""
    command = [sys.executable, "-c", SCRIPT]
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tests)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for delta in (False, True):
        for own, of_nest in zip(found[f"float {delta}"], found[f"nest {delta}"], strict=True):
            assert own == pytest.approx(of_nest, rel=1e-9, abs=1e-9)
        assert found[f"nest {delta}"][0] > 10
