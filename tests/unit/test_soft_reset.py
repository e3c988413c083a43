"""Resets that subtract, several spikes a step, and a lower bound of v: network and reference."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from literal import literal

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    Recording,
    Reference,
    SpikeInput,
    Stimulus,
    Uniform,
    draw_stimulus,
    fixed_probability,
    from_arrays,
    one_to_one,
    simulate_reference,
)
from neurochip.errors import EmulatorError, NetworkError, RecordingError
from neurochip.reference import loop


def exactly(message):
    return f"^{re.escape(message)}$"


def driven(model, times, weight, *, duration=20.0, **options):
    """One neuron and one source with given spikes."""
    source = SpikeInput("source", 1, [0] * len(times), times)
    cell = Population("cell", 1, model)
    synapse = one_to_one(source, cell, weight=weight)
    network = Network(populations=[cell], inputs=[source], connections=[synapse], **options)
    return network, Stimulus(duration, (source,))


def run(model, times, weight, **options):
    """Return v and (step, number of spikes) of one neuron at steps of 1 ms."""
    network, stimulus = driven(model, times, weight, **options)
    recording = simulate_reference(network, stimulus, 1.0, record="v")
    numbers = recording.payloads.get("cell", np.ones(recording.n_spikes, dtype=int))
    spikes = list(zip(recording.steps["cell"].tolist(), numbers.tolist(), strict=True))
    return recording.trace("cell").values[:, 0], spikes


def mixed(seed, tau_refrac, **model):
    """Kicks and currents in both directions, delays, an input; one population of each reset."""
    rng = np.random.default_rng(seed)
    source = PoissonInput("source", 12, 150.0)
    kicked = Population(
        "kicked", 7, LIF(tau_m=rng.uniform(5, 20, 7), tau_refrac=tau_refrac, v_reset=-53.0, **model)
    )
    slow = Population(
        "slow", 9, LIF(tau_m=15.0, tau_syn=rng.uniform(2, 8, 9), cm=0.25, v_reset=-58.0, **model)
    )
    plain = Population("plain", 5, LIF(tau_m=8.0, tau_refrac=1.0))
    delays = Uniform(0.0, 4.0)
    connections = [
        fixed_probability(source, kicked, 0.6, weight=Uniform(2.0, 9.0), delay=delays, seed=seed),
        fixed_probability(source, slow, 0.5, weight=0.9, delay=1.3, seed=seed),
        fixed_probability(kicked, slow, 0.5, weight=-0.2, delay=delays, seed=seed),
        fixed_probability(slow, kicked, 0.3, weight=-1.0, delay=delays, seed=seed),
        fixed_probability(slow, slow, 0.4, weight=0.1, seed=seed, receptor="v"),
        fixed_probability(kicked, plain, 0.9, weight=4.0, delay=delays, seed=seed),
    ]
    return Network(populations=[kicked, slow, plain], inputs=[source], connections=connections)


@pytest.mark.parametrize("dt", [0.5, 1.0])
@pytest.mark.parametrize("tau_refrac", [0.0, 1.0, 3.0])
@pytest.mark.parametrize(
    ("reset", "spikes_per_step"),
    [("subtract", "one"), ("subtract", "many"), ("subtract_and_raise", "one")],
)
def test_a_mixed_network_equals_a_literal_reading_of_the_semantics(
    reset, spikes_per_step, tau_refrac, dt
):
    network = mixed(1, tau_refrac, reset=reset, spikes_per_step=spikes_per_step)
    stimulus = draw_stimulus(network, 150.0, 1)
    recording = simulate_reference(network, stimulus, dt, record="v")
    spikes, traces = literal(network, stimulus, dt)
    for name, expected in spikes.items():
        assert len(expected) > 10
        steps, ids = recording.steps[name].tolist(), recording.ids[name].tolist()
        numbers = recording.payloads.get(name, np.ones(len(ids), dtype=int)).tolist()
        assert list(zip(steps, ids, numbers, strict=True)) == expected
        values = recording.trace(name).values
        for i in range(values.shape[1]):
            np.testing.assert_allclose(values[:, i], traces[name, i], rtol=0, atol=1e-9)
    graded = {"kicked", "slow"} if spikes_per_step == "many" else set()
    assert set(recording.payloads) == set(recording.several) == graded
    assert spikes_per_step == "one" or recording.payloads["kicked"].max() > 1


# ------------------------------------------------------------------------------- one neuron

KEPT = {"tau_m": np.inf, "v_rest": 0.0, "v_reset": 0.0, "v_thresh": 10.0, "v_init": 0.0}


def test_a_subtraction_keeps_what_exceeds_the_threshold():
    v, spikes = run(LIF(**KEPT, reset="subtract"), [2.0], 25.0)
    assert spikes == [(3, 1), (4, 1)]
    assert v[:6].tolist() == [0.0, 0.0, 0.0, 15.0, 5.0, 5.0]


def test_a_neuron_emits_as_many_spikes_as_bring_v_down_to_its_threshold():
    for kick, number, left in ((25.0, 2, 5.0), (20.0, 1, 10.0), (20.5, 2, 0.5), (99.0, 9, 9.0)):
        v, spikes = run(LIF(**KEPT, reset="subtract", spikes_per_step="many"), [2.0], kick)
        assert spikes == [(3, number)], kick
        assert v[3] == left


def test_the_amount_is_the_distance_of_threshold_and_reset():
    model = LIF(**{**KEPT, "v_reset": 7.0}, reset="subtract", spikes_per_step="many")
    v, spikes = run(model, [2.0], 20.0)
    assert spikes == [(3, 4)]  # 20 - 4 * 3 = 8
    assert v[3] == 8.0


@pytest.mark.parametrize(("tau_refrac", "left"), [(0.0, 8.0), (1.0, 3.0), (3.0, 3.0)])
def test_kicks_in_the_step_of_a_spike_are_kept_unless_the_neuron_is_refractory(tau_refrac, left):
    model = LIF(**KEPT, tau_refrac=tau_refrac, reset="subtract")
    source = SpikeInput("source", 2, [0, 1], [2.0, 3.0])  # the second arrives in the spike's step
    cell = Population("cell", 1, model)
    synapses = from_arrays(source, cell, [0, 1], [0, 0], weight=np.array([13.0, 5.0]))
    network = Network(populations=[cell], inputs=[source], connections=[synapses])
    recording = simulate_reference(network, Stimulus(20.0, (source,)), 1.0, record="v")
    assert recording.steps["cell"].tolist() == [3]
    assert recording.trace("cell").values[-1, 0] == left


def test_a_refractory_neuron_holds_what_the_subtraction_left():
    leaky = LIF(
        tau_m=10.0, v_rest=0.0, v_reset=0.0, v_thresh=10.0, tau_refrac=3.0, reset="subtract"
    )
    v, spikes = run(leaky, [2.0], 30.0)
    first = 30.0 * math.exp(-0.1) - 10.0
    assert np.allclose(v[3:6], first)
    assert v[6] == pytest.approx(first * math.exp(-0.1) - 10.0)
    assert spikes == [(3, 1), (6, 1)]


@pytest.mark.parametrize("size", [1, 40])
def test_several_spikes_arrive_as_often(size):
    source = SpikeInput("source", 1, [0], [1.0])
    sender = Population("sender", 1, LIF(**KEPT, reset="subtract", spikes_per_step="many"))
    target = Population("target", size, LIF(**{**KEPT, "v_thresh": np.inf}))
    weights = np.linspace(1.0, 2.0, size)
    onward = from_arrays(sender, target, np.zeros(size, int), np.arange(size), weight=weights)
    network = Network(
        populations=[sender, target],
        inputs=[source],
        connections=[one_to_one(source, sender, weight=35.0), onward],
    )
    recording = simulate_reference(network, Stimulus(9.0, (source,)), 1.0, record="v")
    assert recording.payloads["sender"].tolist() == [3]
    assert np.array_equal(recording.trace("target").values[-1], 3 * weights)


def test_a_constant_current_loses_nothing_to_a_subtraction():
    drift = {"tau_m": np.inf, "cm": 1.0, "v_rest": 0.0, "v_reset": 0.0, "v_thresh": 10.0}
    counts = {}
    for reset in ("value", "subtract"):
        cells = Population("cells", 1, LIF(**drift, v_init=0.0, i_offset=7.0, reset=reset))
        counts[reset] = simulate_reference(
            Network(populations=[cells]), Stimulus(1000.0), 1.0
        ).n_spikes
    assert counts == {"value": 500, "subtract": 699}  # 7000 mV / 10 mV, the last not exceeded


def test_what_is_left_above_the_threshold_raises_it_for_the_next_step():
    """25 mV leave 15, so the next spike needs more than 20; 4 more do not do it, 7 more do."""
    model = LIF(**KEPT, reset="subtract_and_raise")
    v, spikes = run(model, [2.0], 25.0)
    assert spikes == [(3, 1)]
    assert v[3:].tolist() == [15.0] * 17
    raised = dataclasses.replace(model, v_init=15.0)
    for kick, later in ((4.0, []), (7.0, [(3, 1)])):
        v, spikes = run(raised, [2.0], kick)
        assert spikes == later
        assert v[3] == 15.0 + kick - 10.0 * len(later)


def test_a_threshold_is_raised_after_a_refractory_period_too():
    for reset, spiked in (("subtract", [3, 6, 9]), ("subtract_and_raise", [3, 6])):
        _, spikes = run(LIF(**KEPT, tau_refrac=3.0, reset=reset), [2.0], 35.0)
        assert [step for step, _ in spikes] == spiked


def test_v_does_not_fall_below_its_bound():
    v, _ = run(LIF(**KEPT, v_min=-4.0, reset="subtract"), [2.0, 4.0], -3.0)
    assert v[:7].tolist() == [0.0, 0.0, 0.0, -3.0, -3.0, -4.0, -4.0]


def test_snntorch_with_a_delayed_subtraction_is_another_amount():
    """v <- beta v + I - theta s: v is lowered in the step after the spike."""
    rng = np.random.default_rng(4)
    beta, theta, kicks = 0.9, 1.0, rng.uniform(0.0, 0.5, 200)
    v, spiked, expected = 0.0, 0.0, []
    for kick in kicks:
        v = beta * v + kick - theta * spiked
        spiked = float(v > theta)
        expected.append(spiked)
    model = LIF(
        tau_m=-1.0 / math.log(beta), v_rest=0.0, v_thresh=theta, v_reset=theta - theta / beta,
        reset="subtract",
    )  # fmt: skip
    assert _on_kicks(model, kicks) == expected
    assert 20 < sum(expected) < 100


def test_snntorch_without_a_delay_subtracts_and_raises():
    """s = [beta v + I - theta [v > theta] > theta]; v <- beta v + I - theta s."""
    rng = np.random.default_rng(4)
    beta, theta, kicks = 0.9, 1.0, rng.uniform(0.0, 1.5, 200)
    v, expected, left = 0.0, [], 0
    for kick in kicks:
        above = float(v > theta)
        v = beta * v + kick
        spiked = float(v - theta * above > theta)
        left += bool(above and v > theta and not spiked)
        v -= theta * spiked
        expected.append(spiked)
    model = LIF(
        tau_m=-1.0 / math.log(beta), v_rest=0.0, v_thresh=theta, v_reset=0.0,
        reset="subtract_and_raise",
    )  # fmt: skip
    assert _on_kicks(model, kicks) == expected
    assert 20 < sum(expected) < 180
    assert left > 20


def test_snntorch_with_a_delayed_reset_to_zero_is_refractory_for_two_steps():
    """v <- (beta v + I)(1 - s): the input of the step after a spike is lost."""
    rng = np.random.default_rng(4)
    beta, theta, kicks = 0.9, 1.0, rng.uniform(0.0, 0.5, 200)
    v, spiked, expected = 0.0, 0.0, []
    for kick in kicks:
        v = (beta * v + kick) * (1.0 - spiked)
        spiked = float(v > theta)
        expected.append(spiked)
    model = LIF(
        tau_m=-1.0 / math.log(beta), v_rest=0.0, v_thresh=theta, v_reset=0.0, tau_refrac=2.0
    )
    assert _on_kicks(model, kicks) == expected
    assert 20 < sum(expected) < 100


def _on_kicks(model, kicks):
    """Return whether one neuron spikes in each step, where a kick of its own acts."""
    n = len(kicks)
    source = SpikeInput("source", n, range(n), np.arange(n) * 1.0)
    cell = Population("cell", 1, model)
    synapses = from_arrays(source, cell, np.arange(n), np.zeros(n, dtype=int), weight=kicks)
    network = Network(
        populations=[cell], inputs=[source], connections=[synapses], delivery="before_threshold"
    )
    found = simulate_reference(network, Stimulus(float(n), (source,)), 1.0)
    return np.bincount(found.steps["cell"], minlength=n).astype(float).tolist()


# ------------------------------------------------------------------------------ pieces, threads


def test_pieces_and_threads_have_the_bits_of_one_run(monkeypatch):
    network = mixed(2, 1.0, reset="subtract", spikes_per_step="many", v_min=-70.0)
    stimulus = draw_stimulus(network, 100.0, 3)
    whole = simulate_reference(network, stimulus, 0.5, record="v", threads=1)
    monkeypatch.setattr(loop, "_SPIKE_BUFFER", 8)
    assert simulate_reference(network, stimulus, 0.5, record="v", threads=2) == whole
    reference, parts = Reference(network, 0.5, threads=1), []
    for duration in (30.0, 0.5, 69.5):
        reference.reprogram(network)  # input in transit is summed again
        parts.append(reference.run(stimulus, duration=duration, record="v"))
    for name in whole.populations:
        values = np.concatenate([part.trace(name).values for part in parts])
        assert np.array_equal(values, whole.trace(name).values)
        for field in ("steps", "ids"):
            joined = np.concatenate([getattr(part, field)[name] for part in parts])
            assert np.array_equal(joined, getattr(whole, field)[name])
    assert max(payloads.max() for payloads in whole.payloads.values()) > 1


def test_more_spikes_than_int32_counts_are_an_error():
    tiny = LIF(**{**KEPT, "v_reset": 10.0 - 1e-9}, reset="subtract", spikes_per_step="many")
    network, stimulus = driven(tiny, [2.0], 25.0)
    message = (
        "run: a neuron emitted 1.5e+10 spikes in one step; allowed: at most 2147483647. Shorten "
        "dt, or raise the amount that a spike subtracts, v_thresh - v_reset."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        simulate_reference(network, stimulus, 1.0)


# --------------------------------------------------------------------------------- recordings


def test_counts_and_rates_are_of_spikes_and_trains_of_events(tmp_path):
    network, stimulus = driven(
        LIF(**KEPT, reset="subtract", spikes_per_step="many"), [2.0, 5.0], 35.0
    )
    recording = simulate_reference(network, stimulus, 1.0)
    assert recording.payloads["cell"].tolist() == [3, 3]
    assert recording.counts("cell").tolist() == [6]
    assert recording.n_spikes == 6
    assert recording.rates("cell").tolist() == [300.0]
    assert recording.spike_trains("cell")[0].tolist() == [3.0, 6.0]
    assert Recording.load(recording.save(tmp_path / "run.npz")) == recording
    assert Recording(**vars(recording)) == recording
    as_values = dataclasses.replace(recording, several=frozenset())
    assert as_values.counts("cell").tolist() == [2]


def test_wrong_payloads_are_refused():
    network, stimulus = driven(LIF(**KEPT, reset="subtract", spikes_per_step="many"), [2.0], 35.0)
    good = simulate_reference(network, stimulus, 1.0)
    for message, change in {
        "recording: payloads = {'other': [1]}; allowed: entries of its populations.": {
            "payloads": {"other": [1]}, "several": ()
        },
        "recording of 'cell': payloads = [1, 2]; allowed: 1 numbers other than 0, one per spike.": {
            "payloads": {"cell": [1, 2]}
        },
        "recording of 'cell': payloads = [0]; allowed: 1 numbers other than 0, one per spike.": {
            "payloads": {"cell": [0]}, "several": ()
        },
        "recording of 'cell': payloads[0] = -3; allowed: 1 to 2147483647.": {
            "payloads": {"cell": [-3]}
        },
        "recording: several = ['a']; allowed: names of populations with payloads.": {
            "several": ["a"]
        },
    }.items():  # fmt: skip
        with pytest.raises(RecordingError, match=exactly(message)):
            dataclasses.replace(good, **change)


# ------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"reset": "zero"},
            "LIF: reset = 'zero'; allowed: 'value', 'subtract' or 'subtract_and_raise'; v_reset is "
            "the potential.",
        ),
        ({"spikes_per_step": 2}, "LIF: spikes_per_step = 2; allowed: 'one' or 'many'."),
        (
            {"spikes_per_step": "many"},
            "LIF: spikes_per_step = 'many' with reset = 'value'; a reset to a value leaves nothing "
            "for a second spike. Set reset='subtract', or spikes_per_step='one'.",
        ),
        (
            {"spikes_per_step": "many", "reset": "subtract_and_raise"},
            "LIF: spikes_per_step = 'many' with reset = 'subtract_and_raise'; a threshold is "
            "raised where spikes are left to come, and many leave none. Set reset='subtract', or "
            "spikes_per_step='one'.",
        ),
        (
            {"v_min": [-60.0, -70.0]},
            "LIF: v_min[0] = -60 mV is not at or below v_reset[0] = -65 mV. Lower v_min or raise "
            "v_reset.",
        ),
    ],
)
def test_models_that_mean_nothing_are_refused(given, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        LIF(**given)


def test_a_threshold_that_is_never_reached_has_no_reset():
    model = LIF(v_thresh=np.inf, reset="subtract", spikes_per_step="many")
    assert not model.subtracts
    assert not model.several
    model = LIF(v_thresh=np.inf, reset="subtract_and_raise")
    assert not model.subtracts
    assert not model.raises
