"""The reference in pieces: the same bits as one long run, and changes between the pieces."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    Reference,
    SpikeInput,
    StepCurrent,
    Stimulus,
    draw_stimulus,
    fixed_probability,
    one_to_one,
    simulate_reference,
)
from neurochip.errors import EmulatorError, NetworkError, StimulusError
from neurochip.reference.loop import Loop

DT = 0.5
MODELS = {
    "kicks": {},
    "a current": {"tau_syn": 4.0},
    "two currents": {"tau_syn_E": 3.0, "tau_syn_I": 6.0},
}


def recurrent(weight=1.0, tau_m=10.0, delivery="after_threshold", **model):
    """Neurons with delays of 0 to 8 steps, a current in steps, and weights of both signs."""
    unit = 0.06 if "tau_syn" in model or "tau_syn_E" in model else 2.0
    cells = Population("cells", 30, LIF(tau_m=tau_m, cm=0.2, tau_refrac=2.0, **model))
    source = PoissonInput("source", 20, rate=100.0)
    rng = np.random.default_rng(1)
    inner = fixed_probability(cells, cells, 0.2, weight=0.0, seed=2)
    drive = StepCurrent(cells, times=[7.0, 31.0], amplitudes=[0.32, 0.28])
    return Network(
        populations=[cells],
        inputs=[source, drive],
        connections=[
            fixed_probability(source, cells, 0.3, weight=weight * unit, delay=1.0, seed=1),
            type(inner)(
                inner.name,
                inner.source,
                inner.target,
                inner.indptr,
                inner.post,
                rng.uniform(-1, 2, inner.n_synapses) * weight * unit,
                rng.uniform(0, 4, inner.n_synapses),
            ),
        ],
        delivery=delivery,
    )


def pieces(start, stimulus, durations, networks=None):
    """Run for each duration, if asked for with another network each; return v and the spikes."""
    reference, v, spikes = Reference(start, DT, progress=False), [], []
    for k, duration in enumerate(durations):
        if k and networks:
            reference.reprogram(networks[k])
        run = reference.run(stimulus, duration=duration, record="v")
        v.append(run.trace("cells").values)
        spikes += list(zip(run.steps["cells"].tolist(), run.ids["cells"].tolist(), strict=True))
    return np.concatenate(v), spikes


def whole(network, stimulus):
    run = simulate_reference(network, stimulus, DT, record="v")
    return run.trace("cells").values, list(
        zip(run.steps["cells"].tolist(), run.ids["cells"].tolist(), strict=True)
    )


@pytest.mark.parametrize("same", [False, True], ids=["continued", "reprogrammed"])
@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_pieces_are_the_whole_run_bit_for_bit(model, delivery, same):
    network = recurrent(delivery=delivery, **model)
    stimulus = draw_stimulus(network, 60.0, seed=1)
    durations = [10.0, 0.5, 0.5, 1.5, 17.5, 30.0]
    networks = [network] * len(durations) if same else None
    v, spikes = pieces(network, stimulus, durations, networks)
    expected_v, expected = whole(network, stimulus)
    assert len(expected) > 60
    assert spikes == expected
    np.testing.assert_array_equal(v, expected_v)


def test_a_continued_run_counts_from_its_own_first_step():
    network = recurrent()
    stimulus = draw_stimulus(network, 40.0, seed=1)
    reference, total = Reference(network, DT), simulate_reference(network, stimulus, DT)
    first = reference.run(stimulus, duration=15.0)
    second = reference.run(stimulus, record="v")
    assert (second.first_step, second.n_steps, reference.step) == (30, 50, 80)
    assert second.trace("cells").first_step == 30
    for key, value in total.counters.items():
        assert first.counters[key] + second.counters[key] == value, key
    reference.reset()
    assert reference.run(stimulus) == total


def test_a_copy_goes_on_by_itself():
    network = recurrent()
    stimulus = draw_stimulus(network, 40.0, seed=1)
    reference = Reference(network, DT)
    reference.run(stimulus, duration=20.0)
    other = copy.deepcopy(reference)
    expected = reference.run(stimulus, record="v")
    assert other.run(stimulus, record="v") == expected


def chain(weight=1.0, delay=2.0, **model):
    """One neuron that gets a spike at 1 ms, which arrives at 3 ms; nothing leaks."""
    source = SpikeInput("source", 1, [0], [1.0])
    cell = Population("cells", 1, LIF(tau_m=math.inf, v_thresh=10.0, **model))
    link = one_to_one(source, cell, weight=weight, delay=delay)
    network = Network(populations=[cell], inputs=[source], connections=[link])
    return network, Stimulus(20.0, (source,))


@pytest.mark.parametrize(
    ("change_at", "weight", "arrives"),
    [(0.5, 5.0, 4.0), (2.0, 5.0, 3.5), (3.0, 5.0, 3.5), (3.5, 1.0, 3.5)],
    ids=["before it is sent", "in transit", "before it arrives", "after it has arrived"],
)
def test_a_spike_in_transit_arrives_in_its_time_with_the_new_weight(change_at, weight, arrives):
    """v shows an input one step later, and an input at 3 ms has arrived at 3.5 ms."""
    network, stimulus = chain()
    other, _ = chain(weight=5.0, delay=2.5)
    v, _ = pieces(network, stimulus, [change_at, 20.0 - change_at], [network, other])
    step = int(arrives / DT)
    rest = network.populations[0].model.v_rest
    np.testing.assert_array_equal(v[step - 1 : step + 1, 0] - rest, [0.0, weight])
    assert v[-1, 0] == rest + weight


def test_a_delay_may_become_shorter_than_that_of_spikes_in_transit():
    network, stimulus = chain(delay=5.0)
    other, _ = chain(delay=0.0)
    v, _ = pieces(network, stimulus, [2.0, 18.0], [network, other])
    assert np.flatnonzero(np.diff(v[:, 0])).tolist() == [12]


def test_a_network_may_lose_all_delays_with_spikes_in_transit():
    source = SpikeInput("source", 1, [0, 0], [1.0, 4.0])
    cells = Population("cells", 500, LIF(tau_m=math.inf, v_thresh=10.0, v_rest=0.0, v_reset=0.0))

    def network(delay):
        links = fixed_probability(source, cells, 1.0, weight=2.0, delay=delay, seed=1)
        return Network(populations=[cells], inputs=[source], connections=[links])

    pair = [network(5.0), network(0.0)]
    v, _ = pieces(pair[0], Stimulus(20.0, (source,)), [2.0, 18.0], pair)
    for cell in v.T:
        assert np.flatnonzero(np.diff(cell)).tolist() == [8, 12]  # a step after 4 and 6 ms


def test_v_is_set_in_place_of_the_kicks_that_have_arrived():
    network, stimulus = chain()
    reference = Reference(network, DT)
    reference.run(stimulus, duration=3.5)
    reference.set_v("cells", [0], [4.0])
    v = reference.run(stimulus, record="v").trace("cells").values
    assert (v == 4.0).all()


def test_a_running_refractory_period_gets_its_new_length():
    source = SpikeInput("source", 1, [0, 0, 0], [1.0, 4.0, 8.0])
    runs = []
    for refractory in (2.0, 5.0):
        cell = Population(
            "cells", 1, LIF(v_rest=0.0, v_reset=0.0, v_thresh=1.0, tau_refrac=refractory)
        )
        link = one_to_one(source, cell, weight=2.0)
        runs.append(Network(populations=[cell], inputs=[source], connections=[link]))
    _, spikes = pieces(runs[0], Stimulus(20.0, (source,)), [2.0, 18.0], runs)
    assert [step * DT for step, _ in spikes] == [1.5, 8.5]


def test_a_held_neuron_does_not_spike_though_its_threshold_fell_below_its_v():
    source = SpikeInput("source", 1, [0], [1.0])
    runs = []
    for low in (0.0, -5.0):
        model = LIF(v_rest=low, v_reset=low, v_thresh=low + 1, tau_refrac=4.0, v_init=low)
        cell = Population("cells", 1, model)
        link = one_to_one(source, cell, weight=2.0)
        runs.append(Network(populations=[cell], inputs=[source], connections=[link]))
    _, spikes = pieces(runs[0], Stimulus(20.0, (source,)), [2.0, 18.0], runs)
    assert [step * DT for step, _ in spikes] == [1.5, 5.5]


def test_another_network_is_refused_in_words():
    network, stimulus = chain()
    reference = Reference(network, DT)
    cell = Population("others", 1, LIF())
    start = r"^run: the network cannot go on from here: "
    with pytest.raises(NetworkError, match=start + "its populations or inputs are others, or its"):
        reference.reprogram(Network(populations=[cell]))
    with pytest.raises(NetworkError, match=start + "its neurons have other receptors; allowed: a "):
        reference.reprogram(chain(tau_syn=3.0)[0])
    cut = Network(populations=network.populations, inputs=network.inputs)
    with pytest.raises(NetworkError, match=start + r"its synapses are others; .* other values\.$"):
        reference.reprogram(cut)
    reference.run(stimulus)
    message = r"^run: duration = 0 ms; allowed: at most 0 ms, what is left of the stimulus\.$"
    with pytest.raises(StimulusError, match=message):
        reference.run(stimulus)
    with pytest.raises(EmulatorError, match=r"^run: v = \[1\.0, 2\.0\]; allowed: finite numbers"):
        reference.set_v("cells", [0], [1.0, 2.0])


def test_an_interrupted_run_must_be_reset(monkeypatch):
    network, stimulus = chain()
    reference = Reference(network, DT)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "run_to", stop)
        with pytest.raises(KeyboardInterrupt):
            reference.run(stimulus)
    with pytest.raises(
        EmulatorError, match=r"^run: the last run was stopped early by Ctrl-C or an"
    ):
        reference.run(stimulus)
    reference.reset()
    assert reference.run(stimulus) == simulate_reference(network, stimulus, DT)
