"""Results do not depend on when the number of threads changes, or when threads give up waiting."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.images import THREADS
from interruptible import STEPS, noisy_image, run, same_tail
from paces import pace_of, use

from neurochip import (
    LIF,
    STDP,
    Network,
    PoissonInput,
    Population,
    Reference,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
)
from neurochip._kernels import barrier, waiting
from neurochip.emulator import Emulator
from neurochip.emulator.cpu import engine
from neurochip.reference import loop

pytestmark = pytest.mark.skipif(len(THREADS) < 2, reason="this machine has one thread")

PACES = {
    "all, then one": pace_of((17, True), (1 << 40, False)),
    "one, then all": pace_of((9, False), (1 << 40, True)),
    "every step": pace_of((1, True), (1, False)),
    "impatient": pace_of((1 << 40, True), (3, False), patience=0.0),
}
SYNAPSES = ("fixed", "spikes wait", "learning", "several spikes in a step")


def network(synapses):
    """Return a recurrent network with delays, whose neurons are not alike."""
    several = {"reset": "subtract", "spikes_per_step": "many"} if "several" in synapses else {}
    source = PoissonInput("source", 20, rate=400.0)
    cells = Population(
        "cells", 90, LIF(tau_m=10.0, tau_syn=3.0, cm=np.linspace(0.8, 1.2, 90), **several)
    )
    rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.05, a_minus=0.06, w_max=4.0)
    plasticity = rule if synapses == "learning" else None
    links = [
        fixed_probability(
            source, cells, probability=0.3, weight=Uniform(1.0, 3.0), seed=1, plasticity=plasticity
        ),
        fixed_probability(cells, cells, probability=0.1, weight=0.5, delay=2.0, seed=2),
    ]
    return Network(inputs=[source], populations=[cells], connections=links)


def ask_to_leave(monkeypatch, module):
    """Let a thread have asked all to leave before every call begins."""
    new = module.new_barrier

    def asked(*arguments):
        made = new(*arguments)
        made[barrier._ASKED] = 1
        return made

    monkeypatch.setattr(module, "new_barrier", asked)


@pytest.mark.parametrize("pace", PACES)
def test_the_chip_gives_the_same(monkeypatch, pace):
    expected = run(Emulator(noisy_image(), threads=1), STEPS)
    use(PACES[pace], monkeypatch)
    assert same_tail(run(Emulator(noisy_image(), threads=2), STEPS), expected)


@pytest.mark.parametrize("synapses", SYNAPSES)
@pytest.mark.parametrize("pace", PACES)
def test_the_reference_gives_the_same(monkeypatch, pace, synapses):
    model = network(synapses)
    stimulus = draw_stimulus(model, 50.0, 1)
    expected = Reference(model, 0.5, threads=1).run(stimulus, record="v")
    use(PACES[pace], monkeypatch)
    if synapses == "spikes wait":
        monkeypatch.setattr(waiting, "_LARGEST_RING", 0)
        monkeypatch.setattr(waiting, "_SHORTEST_ROW", 0)
    reference = Reference(model, 0.5, threads=2)
    first = reference.run(stimulus, duration=20.0, record="v")
    rest = reference.run(stimulus, record="v")
    assert expected.n_spikes > 100
    assert first.n_spikes + rest.n_spikes == expected.n_spikes
    values = np.concatenate([part.trace("cells").values for part in (first, rest)])
    np.testing.assert_array_equal(values, expected.trace("cells").values)


def test_threads_of_the_chip_that_leave_at_once_have_changed_nothing(monkeypatch):
    expected, pace = run(Emulator(noisy_image(), threads=1), STEPS), pace_of((9, True), (3, False))
    use(pace, monkeypatch)
    ask_to_leave(monkeypatch, engine)
    assert same_tail(run(Emulator(noisy_image(), threads=2), STEPS), expected)
    assert set(pace.done) == {(2, 0), (1, 3)}


def test_threads_of_the_reference_leave_after_the_same_step(monkeypatch):
    model = network("learning")
    stimulus, pace = draw_stimulus(model, 50.0, 1), pace_of((9, True), (3, False))
    expected = Reference(model, 0.5, threads=1).run(stimulus, record="v")
    use(pace, monkeypatch)
    ask_to_leave(monkeypatch, loop)
    found = Reference(model, 0.5, threads=2).run(stimulus, record="v")
    np.testing.assert_array_equal(found.trace("cells").values, expected.trace("cells").values)
    assert set(pace.done) == {(2, 1), (1, 3)}


def test_synapses_that_learn_are_work_of_several_threads(monkeypatch):
    pace = pace_of((1 << 40, True))
    use(pace, monkeypatch)
    monkeypatch.setattr(loop, "WORK_OF_WORKER", 1000)
    source = PoissonInput("source", 600, rate=5.0)
    cells = Population("cells", 100, LIF(tau_m=10.0, tau_syn=3.0))
    rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.05, a_minus=0.06, w_max=4.0)
    for plasticity in (None, rule):
        links = [all_to_all(source, cells, weight=0.1, plasticity=plasticity)]
        model = Network(inputs=[source], populations=[cells], connections=links)
        Reference(model, 1.0, threads=2).run(draw_stimulus(model, 5.0, 1))
        assert pace.done.pop() == (2, 5)
