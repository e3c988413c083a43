"""Brian2 and neurochip's reference learn alike: every spike, and every weight in every step."""

from __future__ import annotations

import numpy as np
import pytest
from brian2_stdp import FORMS, NAMESPACE, WAVE
from with_brian2 import run_both

from neurochip import WeightProbe

pytestmark = pytest.mark.slow

TIMES = ("taupre", "taupost", "tau_slow")
NEURONS = {
    "kicks": ("dv/dt = (0.4 - v)/(10*ms) : 1 (unless refractory)", "v_post", 0.3),
    "a current": (
        "dv/dt = (0.4 + I - v)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(4*ms) : 1",
        "I_post",
        1.5,
    ),
}


def learning(b2, form, *, neurons="kicks", delay=None, recurrent=False, dt=0.5, n=12):
    """Return the objects of a network of one form, whose neurons fire at some 20 to 60 Hz."""
    b2.defaultclock.dt = dt * b2.ms
    equations, target, strong = NEURONS[neurons]
    cells = b2.NeuronGroup(
        5,
        equations,
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * b2.ms,
        method="exact",
        name="cells",
    )
    cells.v = "rand()"
    poisson = b2.PoissonGroup(n, rates=60 * b2.Hz, name="poisson")
    source = cells if recurrent else poisson
    on_pre = form.on_pre.replace("v_post", target).replace("v +=", f"{target} +=")
    wires = b2.Synapses(
        source, cells, form.model, on_pre=on_pre, on_post=form.on_post, name="wires"
    )
    wires.connect(condition="i != j" if recurrent else None)
    wires.w = "0.1 + 0.6*rand()"
    for name, value in form.parameters.items():
        setattr(wires, name, value)
    if delay:
        wires.delay = delay
    if form.regular:
        wires.run_regularly(form.regular, dt=form.interval * dt * b2.ms)
    drive = b2.Synapses(poisson, cells, on_pre=f"{target} += {strong}", name="drive")
    drive.connect(j="i % 5")
    names = {key: v * b2.ms if key in TIMES else v for key, v in NAMESPACE.items()}
    names["wave"] = b2.TimedArray(WAVE, dt=30 * b2.ms)
    return (cells, poisson, wires, drive), names


def check(b2, form, every=1, **options):
    items, names = learning(b2, form, **options)
    start = np.array(items[2].w)
    run = run_both(
        *items,
        duration=400 * b2.ms,
        namespace=names,
        weights=[WeightProbe("wires", every=every)],
    )
    assert run.rates("cells").mean() > 5
    (trace,) = run.weights.values()
    assert trace.values.shape == (round(400 / run.dt) // every, len(start))
    assert np.abs(trace.values[-1] - trace.values[0]).max() > 0.01


@pytest.mark.parametrize(
    "name", [name for name, form in FORMS.items() if not form.refused and form.weight == "w"]
)
def test_every_spike_and_weight_of_a_form_equals_brian2(b2, name):
    check(b2, FORMS[name])


@pytest.mark.parametrize("neurons", NEURONS)
@pytest.mark.parametrize("delay", ["1.5*ms", "rand()*5*ms"])
@pytest.mark.parametrize("recurrent", [False, True])
def test_delays_of_a_pathway_delay_its_learning(b2, neurons, delay, recurrent):
    form = FORMS["the second tutorial of Brian2"]
    check(b2, form, neurons=neurons, delay=delay, recurrent=recurrent)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_other_time_steps(b2, dt):
    check(b2, FORMS["triplets, Pfister and Gerstner"], dt=dt, every=10)
