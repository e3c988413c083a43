"""Brian2 and neurochip's reference learn alike: every spike, and every weight in every step.

``NEUROCHIP_MANY=1000`` runs so many random networks instead of 30.
"""

from __future__ import annotations

import logging
import os
import re

import numpy as np
import pytest
from brian2_scripts import MODELS, SIZE, random_script
from brian2_stdp import FORMS, NAMESPACE, WAVE
from with_brian2 import run_both

from neurochip import WeightProbe

pytestmark = pytest.mark.slow

MANY = int(os.environ.get("NEUROCHIP_MANY", "30"))
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


# --------------------------------------------------------------------------- random networks


def learning_network(seed):
    """Return the text of a random network with synapses that learn, by a form that is drawn."""
    script, rng = random_script(seed), np.random.default_rng((seed, 1))
    lines = list(script.setup)
    if not script.spiking:
        return ""
    group = script.spiking[rng.integers(len(script.spiking))]
    equations = next(line for line in lines if line.startswith(f"{group} = "))
    target, weight = next(
        (target, weight)
        for model in MODELS.values()
        if f"({SIZE}, '{model.equations.split('{')[0]}".replace("\n", "\\n") in equations
        for target, weight in model.targets.items()
    )
    named = [name for name, form in FORMS.items() if not form.refused and form.weight == "w"]
    form = FORMS[named[rng.integers(len(named))]]
    sources = [*script.spiking, *script.inputs]
    source = sources[rng.integers(len(sources))]
    added = f"{target} += {weight.format(w='w')}"
    on_pre = re.sub(r"v(_post)? ?\+= ?(0\.4\*)?w", added, form.on_pre)
    lines += [
        f"{name} = {value}{'*ms' if name in TIMES else ''}" for name, value in NAMESPACE.items()
    ]
    lines += [
        f"wave = TimedArray({list(WAVE)}, dt=30*ms)",
        f"L = Synapses({source}, {group}, {form.model!r}, on_pre={on_pre!r}, "
        f"on_post={form.on_post!r}, name='L')",
        ("L.connect()", "L.connect(p=0.5)", "L.connect(i=[3, 0, 0, 5], j=[1, 2, 2, 0])")[
            rng.integers(3)
        ],
        "L.w = 'rand()*0.8'",
        ("", "L.delay = 1.2*ms", "L.delay = 'rand()*3*ms'")[rng.integers(3)],
    ]
    lines += [f"L.{name} = {value}" for name, value in form.parameters.items()]
    if form.regular:
        lines.append(f"L.run_regularly({form.regular!r}, dt=6*defaultclock.dt)")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(MANY))
def test_random_networks_that_learn_have_spikes_and_weights_of_brian2(b2, seed):
    text = learning_network(seed)
    if not text:
        return
    logging.getLogger("scripts").warning("%s", text)  # shown if the test fails
    names = {**vars(b2)}
    exec(text, names)
    kinds = (b2.NeuronGroup, b2.PoissonGroup, b2.PoissonInput, b2.SpikeGeneratorGroup, b2.Synapses)
    items = [value for value in names.values() if isinstance(value, kinds)]
    if not len(names["L"]):
        return
    names.pop("__builtins__")
    run_both(*items, duration=60 * b2.ms, namespace=names, weights=[WeightProbe("L", every=3)])
