"""The float64 reference against Brian2, closed forms, and a literal reading of its semantics."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import numpy as np
import pytest
from literal import literal
from paces import pace_of, use
from recorded import case_paths, load_case

from neurochip import (
    LIF,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    Probe,
    SpikeInput,
    Stimulus,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
    from_arrays,
    one_to_one,
)
from neurochip.errors import NetworkError, RecordingError, StimulusError
from neurochip.reference import loop, simulate_reference
from neurochip.reference.rows import lay_out_rows
from neurochip.reference.tables import flatten_neurons, flatten_synapses

N_BRIAN2_CASES = 18
NEVER = 1e6  # mV, a threshold out of reach


def spikes_of(recording, name):
    """Return step, neuron and number of each spike."""
    steps, ids = recording.steps[name].tolist(), recording.ids[name].tolist()
    numbers = recording.payloads.get(name, np.ones(len(ids), dtype=int)).tolist()
    return list(zip(steps, ids, numbers, strict=True))


def driven(model, times, weight, *, delay=0.0, duration=20.0):
    """One neuron and one source with given spikes."""
    source = SpikeInput("source", 1, [0] * len(times), times)
    cell = Population("cell", 1, model)
    synapse = one_to_one(source, cell, weight=weight, delay=delay)
    network = Network(populations=[cell], inputs=[source], connections=[synapse])
    return network, Stimulus(duration, (source,))


def v_of(network, stimulus, dt, **options):
    return simulate_reference(network, stimulus, dt, record="v", **options).trace("cell").values


def alone(model, size=1):
    return Network(populations=[Population("cell", size, model)])


# ---------------------------------------------------------------------------------- Brian2


def test_all_brian2_cases_are_present():
    assert len(case_paths("brian2")) == N_BRIAN2_CASES


@pytest.mark.parametrize("path", case_paths("brian2"), ids=lambda path: path.stem)
def test_every_spike_equals_brian2(path):
    case = load_case(path)
    recording = simulate_reference(case.network, case.stimulus, case.dt)
    for name, (steps, ids) in case.spikes.items():
        np.testing.assert_array_equal(recording.steps[name], steps)
        np.testing.assert_array_equal(recording.ids[name], ids)


@pytest.mark.parametrize("path", case_paths("brian2"), ids=lambda path: path.stem)
def test_v_equals_brian2_in_every_step(path):
    case = load_case(path)
    recording = simulate_reference(case.network, case.stimulus, case.dt, record=["v"])
    for name, expected in case.v.items():
        values = recording.trace(name).values[:, : expected.shape[1]]
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-9)


# ------------------------------------------------------------------------------- semantics


def mixed_network(seed):
    """Delta and exponential populations in both directions, two inputs, delays, a current.

    The second population has kicks of v beside its current.
    """
    rng = np.random.default_rng(seed)
    few, many = PoissonInput("few", 3, 300.0), PoissonInput("many", 12, 150.0)
    kicked = Population(
        "kicked", 7, LIF(tau_m=rng.uniform(5, 20, 7), tau_refrac=rng.uniform(0, 3, 7), i_offset=0.3)
    )
    driven_cells = Population(
        "driven", 9, LIF(tau_m=15.0, tau_syn=rng.uniform(2, 8, 9), tau_refrac=1.0, cm=0.25)
    )
    delays = Uniform(0.0, 4.0)
    connections = [
        fixed_probability(few, kicked, 0.7, weight=3.0, delay=delays, seed=seed),
        fixed_probability(many, kicked, 0.5, weight=Uniform(0.5, 3.0), seed=seed),
        fixed_probability(many, driven_cells, 0.5, weight=0.4, delay=1.3, seed=seed),
        fixed_probability(kicked, driven_cells, 0.5, weight=-0.1, delay=delays, seed=seed),
        fixed_probability(driven_cells, kicked, 0.5, weight=1.0, delay=delays, seed=seed),
        fixed_probability(driven_cells, driven_cells, 0.4, weight=0.2, seed=seed),
        fixed_probability(
            few, driven_cells, 0.4, weight=2.0, delay=delays, seed=seed, receptor="v"
        ),
    ]
    currents = [ConstantCurrent(driven_cells, 0.05), ConstantCurrent(kicked, np.linspace(0, 1, 7))]
    return Network(
        populations=[kicked, driven_cells], inputs=[few, *currents, many], connections=connections
    )


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_mixed_network_equals_a_literal_reading_of_the_semantics(seed, dt):
    network = mixed_network(seed)
    stimulus = draw_stimulus(network, 150.0, seed)
    recording = simulate_reference(network, stimulus, dt, record="v")
    spikes, traces = literal(network, stimulus, dt)
    for name, expected in spikes.items():
        assert len(expected) > 10
        assert spikes_of(recording, name) == expected
        values = recording.trace(name).values
        for i in range(values.shape[1]):
            np.testing.assert_allclose(values[:, i], traces[name, i], rtol=0, atol=1e-9)


def test_an_input_spike_acts_after_the_step_that_delivers_it():
    model = LIF(tau_m=10.0, v_rest=0.0, v_reset=-10.0, v_thresh=NEVER)
    v = v_of(*driven(model, [1.0], 2.0, duration=3.0), 0.5)[:, 0]
    assert v[:3].tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(v[3:], 2.0 * np.exp(-0.05 * np.arange(1, 4)), rtol=1e-13)


def test_an_input_that_spikes_twice_in_a_step_counts_twice():
    model = LIF(v_thresh=NEVER)
    once = v_of(*driven(model, [1.0], 2.0), 1.0)
    twice = v_of(*driven(model, [1.0, 1.3], 1.0), 1.0)
    np.testing.assert_array_equal(once, twice)


def test_a_pair_that_is_connected_twice_counts_twice():
    source = SpikeInput("source", 1, [0], [1.0])
    cell = Population("cell", 1, LIF(v_rest=0.0, v_reset=-1.0, v_thresh=NEVER))
    pair = from_arrays(source, cell, [0, 0], [0, 0], weight=[1.0, 0.5])
    again = one_to_one(source, cell, weight=0.25)
    network = Network(populations=[cell], inputs=[source], connections=[pair, again])
    recording = simulate_reference(network, Stimulus(4.0, (source,)), 1.0, record="v")
    assert recording.trace("cell").values[2, 0] == pytest.approx(1.75 * math.exp(-1 / 20))
    assert recording.counters["synaptic_events"] == 3


@pytest.mark.parametrize(
    ("delay", "steps"), [(0.0, 0), (0.24, 0), (0.25, 1), (0.5, 1), (1.25, 3), (4.0, 8), (40.0, 80)]
)
@pytest.mark.parametrize("tau_syn", [None, 5.0])
def test_a_delay_shifts_the_response_by_whole_steps_with_halves_up(delay, steps, tau_syn):
    model = LIF(tau_syn=tau_syn, v_thresh=NEVER)
    times = [1.0, 1.5, 9.0]
    prompt = v_of(*driven(model, times, 2.0, duration=60.0), 0.5)
    late = v_of(*driven(model, times, 2.0, delay=delay, duration=60.0), 0.5)
    np.testing.assert_allclose(late[steps:], prompt[: 120 - steps], rtol=0, atol=1e-12)
    assert np.all(late[: steps + 3] == -65.0)
    assert late[steps + 3, 0] > -65.0


def test_a_spike_of_a_neuron_arrives_after_its_delay():
    leader = Population("leader", 1, LIF(v_init=-40.0))
    follower = Population("follower", 3, LIF())
    chain = from_arrays(leader, follower, [0, 0, 0], [0, 1, 2], weight=20.0, delay=[0.0, 0.3, 1.0])
    network = Network(populations=[leader, follower], connections=[chain])
    recording = simulate_reference(network, Stimulus(5.0), 0.1)
    assert spikes_of(recording, "leader") == [(0, 0, 1)]
    assert spikes_of(recording, "follower") == [(1, 0, 1), (4, 1, 1), (11, 2, 1)]


def test_the_threshold_is_strict():
    at_threshold = LIF(v_rest=-50.0, v_thresh=-50.0, v_init=-50.0)
    assert simulate_reference(alone(at_threshold), Stimulus(10.0), 0.1).n_spikes == 0


def test_kicks_in_the_step_of_the_spike_are_lost():
    model = LIF(v_rest=-65.0, v_init=-40.0)
    v = v_of(*driven(model, [0.0], 3.0, duration=1.0), 0.1)
    assert np.all(v == -65.0)


def test_kicks_on_a_refractory_neuron_are_lost_until_its_last_refractory_step():
    # The spike is in step 0, refractory steps are 0 to 4: the kick in step 5 is the first to act.
    model = LIF(v_init=-40.0, tau_refrac=5.0)
    moved = [bool(np.any(v_of(*driven(model, [t], 3.0), 1.0) > -65.0)) for t in range(8)]
    assert moved == [False] * 5 + [True] * 3


def test_a_current_goes_on_while_its_neuron_is_refractory():
    model = LIF(v_init=-40.0, tau_refrac=5.0, tau_syn=4.0)
    network, stimulus = driven(model, [0.0, 2.0], 1.0, duration=10.0)
    recording = simulate_reference(network, stimulus, 1.0, record=["v", "i_syn"])
    v, current = recording.trace("cell").values[:, 0], recording.trace("cell", "i_syn").values[:, 0]
    n = np.arange(10)
    expected = np.exp(-n / 4.0) * (n >= 1) + np.exp(-(n - 2) / 4.0) * (n >= 3)
    np.testing.assert_allclose(current, expected, rtol=1e-12)
    assert np.all(v[:5] == -65.0)
    assert v[5] > -65.0
    assert recording.trace("cell", "i_syn").unit == "nA"


@pytest.mark.parametrize(
    ("tau_refrac", "steps"), [(0.0, 1), (1.0, 1), (1.5, 1), (2.0, 2), (2.9995, 3), (7.0, 7)]
)
def test_the_refractory_period_is_rounded_down_to_whole_steps(tau_refrac, steps):
    # v_rest is so far above threshold that every step that integrates also spikes.
    model = LIF(v_rest=1e4, tau_refrac=tau_refrac)
    recording = simulate_reference(alone(model), Stimulus(50.0), 1.0)
    assert set(np.diff(recording.steps["cell"]).tolist()) == {steps}


def test_a_refractory_period_longer_than_the_run_allows_one_spike():
    model = LIF(v_rest=0.0, tau_refrac=1e300)
    assert simulate_reference(alone(model), Stimulus(1000.0), 0.1).n_spikes == 1


# ---------------------------------------------------------------------------- closed forms


def test_v_decays_from_its_initial_value_to_rest():
    model = LIF(tau_m=[5.0, 20.0], v_rest=-65.0, v_init=[-80.0, -51.0])
    recording = simulate_reference(alone(model, 2), Stimulus(50.0), 0.1, record="v")
    start, tau = np.array([-80.0, -51.0]), np.array([5.0, 20.0])
    expected = -65.0 + (start + 65.0) * np.exp(-recording.trace("cell").times[:, None] / tau)
    np.testing.assert_allclose(recording.trace("cell").values, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("tau_m", "tau_syn"), [(10.0, 2.0), (10.0, 25.0), (20.0, 0.01), (5.0, 5.1)]
)
def test_an_exponential_current_gives_a_difference_of_exponentials(tau_m, tau_syn):
    model = LIF(tau_m=tau_m, tau_syn=tau_syn, cm=0.25, v_rest=0.0, v_reset=-1.0, v_thresh=NEVER)
    v = v_of(*driven(model, [0.0], 0.4, duration=100.0), 0.1)[:, 0]
    t = 0.1 * np.arange(len(v))
    size = (tau_m / 0.25) * 0.4 * tau_syn / (tau_m - tau_syn)
    expected = size * (np.exp(-t / tau_m) - np.exp(-t / tau_syn))
    np.testing.assert_allclose(v, expected, rtol=1e-9, atol=1e-12)


def test_a_postsynaptic_potential_peaks_when_and_where_the_formula_says():
    tau_m, tau_syn, dt = 10.0, 2.0, 0.01
    model = LIF(tau_m=tau_m, tau_syn=tau_syn, cm=0.25, v_rest=0.0, v_reset=-1.0, v_thresh=NEVER)
    v = v_of(*driven(model, [0.0], 0.4), dt)[:, 0]
    peak_time = tau_m * tau_syn / (tau_m - tau_syn) * math.log(tau_m / tau_syn)
    peak = (tau_m / 0.25) * 0.4 * (tau_syn / tau_m) ** (tau_m / (tau_m - tau_syn))
    assert abs(np.argmax(v) * dt - peak_time) <= dt
    assert v.max() == pytest.approx(peak, rel=1e-5)


def test_equal_time_constants_give_an_alpha_function():
    model = LIF(tau_m=10.0, tau_syn=10.0, cm=0.25, v_rest=0.0, v_reset=-1.0, v_thresh=NEVER)
    v = v_of(*driven(model, [0.0], 0.4, duration=100.0), 0.1)[:, 0]
    t = 0.1 * np.arange(len(v))
    np.testing.assert_allclose(v, 40.0 * 0.4 * t / 10.0 * np.exp(-t / 10.0), rtol=1e-11)


@pytest.mark.parametrize("apart", [1e-15, 1e-12, 1e-9, 1e-6, 1e-3])
@pytest.mark.parametrize("sign", [-1, 1])
def test_nearly_equal_time_constants_approach_equal_ones(apart, sign):
    def psp(tau_syn):
        model = LIF(tau_m=10.0, tau_syn=tau_syn, v_rest=0.0, v_reset=-1.0, v_thresh=NEVER)
        return v_of(*driven(model, [0.0], 1.0, duration=50.0), 0.1)[1:, 0]

    ratio = psp(10.0 * (1 + sign * apart)) / psp(10.0)
    assert np.max(np.abs(ratio - 1)) < 4 * apart + 1e-12


@pytest.mark.parametrize("tau_refrac", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_a_constant_current_gives_the_closed_form_interval(dt, tau_refrac):
    amplitudes = np.linspace(0.76, 3.0, 40)  # nA; R = 20 MOhm and 15 mV to threshold
    cell = Population("cell", 40, LIF(i_offset=0.5, tau_refrac=tau_refrac))
    network = Network(populations=[cell], inputs=[ConstantCurrent(cell, amplitudes - 0.5)])
    recording = simulate_reference(network, Stimulus(1000.0), dt)
    held = max(math.floor(tau_refrac / dt + 1e-3), 1) - 1
    for neuron, amplitude in enumerate(amplitudes):
        steps = recording.steps["cell"][recording.ids["cell"] == neuron]
        rise = 20.0 * math.log(20.0 * amplitude / (20.0 * amplitude - 15.0)) / dt
        assert abs(rise - round(rise)) > 1e-9  # else the last bit of v would decide
        assert steps[0] == math.ceil(rise) - 1
        assert set(np.diff(steps).tolist()) == {math.ceil(rise) + held}


def test_a_current_at_threshold_never_fires():
    recording = simulate_reference(alone(LIF(i_offset=0.75)), Stimulus(2000.0), 0.1)
    assert recording.n_spikes == 0


@pytest.mark.parametrize("tau_syn", [None, 3.0, 20.0])
def test_a_finer_grid_gives_the_same_v_at_common_times(tau_syn):
    # A kick acts at the end of its step: to act at the same time, the spikes of the finer grid
    # come later by the difference of the steps.
    coarse, fine = 1.0, 0.125
    model = LIF(tau_m=20.0, tau_syn=tau_syn, i_offset=0.3, v_init=-70.0, v_thresh=NEVER)
    times = np.array([0.0, 3.0, 4.0, 4.0, 11.0, 30.0])
    v_coarse = v_of(*driven(model, times, 1.5, duration=60.0), coarse)
    v_fine = v_of(*driven(model, times + coarse - fine, 1.5, duration=60.0), fine)
    np.testing.assert_allclose(v_fine[7::8], v_coarse, rtol=0, atol=1e-9)


# ------------------------------------------------------------------------ runs and recordings


def events_sent(network, stimulus, recording):
    counts = {
        train.name: np.bincount(train.ids[train.times < recording.duration], minlength=train.size)
        for train in stimulus.trains
    }
    counts |= {name: recording.counts(name) for name in recording.populations}
    return sum(np.dot(np.diff(c.indptr), counts[c.source.name]) for c in network.connections)


def test_the_recording_says_what_ran_and_what_it_cost():
    network = mixed_network(4)
    stimulus = draw_stimulus(network, 100.0, 4)
    recording = simulate_reference(network, stimulus, 0.1)
    assert recording.label == "reference float64, dt=0.1 ms"
    assert (recording.dt, recording.first_step, recording.n_steps) == (0.1, 0, 1000)
    assert dict(recording.populations) == {"kicked": 7, "driven": 9}
    assert recording.counters["updates"] == 16 * 1000
    assert recording.counters["spikes"] == recording.n_spikes > 0
    assert recording.counters["synaptic_events"] == events_sent(network, stimulus, recording)


def test_spikes_do_not_depend_on_what_is_recorded():
    network = mixed_network(5)
    stimulus = draw_stimulus(network, 200.0, 5)
    bare = simulate_reference(network, stimulus, 0.1)
    for record in ("v", ["i_syn", "v"], [Probe("v", "driven", (3, 0))]):
        recorded = simulate_reference(network, stimulus, 0.1, record=record)
        assert recorded.counters == bare.counters
        for name in bare.populations:
            assert spikes_of(recorded, name) == spikes_of(bare, name)


def test_a_probe_gets_its_neurons_in_its_order():
    network = mixed_network(5)
    stimulus = draw_stimulus(network, 50.0, 5)
    everything = simulate_reference(network, stimulus, 0.1, record=["v", "i_syn"])
    probes = [Probe("i_syn", ids=(8, 1)), Probe("v", "kicked", (6,)), Probe("v", "driven", ())]
    part = simulate_reference(network, stimulus, 0.1, record=probes)
    assert set(part.traces) == {("driven", "i_syn"), ("kicked", "v"), ("driven", "v")}
    for (name, variable), trace in part.traces.items():
        assert trace.values.shape == (500, len(trace.ids))
        whole = everything.trace(name, variable).values
        np.testing.assert_array_equal(trace.values, whole[:, trace.ids])


def test_i_syn_of_all_populations_means_those_that_have_it():
    network = mixed_network(5)
    recording = simulate_reference(network, draw_stimulus(network, 5.0, 5), 0.1, record="i_syn")
    assert set(recording.traces) == {("driven", "i_syn")}


def test_results_do_not_depend_on_how_the_run_is_cut_into_calls(monkeypatch):
    network = mixed_network(6)
    stimulus = draw_stimulus(network, 200.0, 6)
    expected = simulate_reference(network, stimulus, 0.1, record="v")
    monkeypatch.setattr(loop, "_SPIKE_BUFFER", 0)
    use(pace_of((1, True)), monkeypatch)
    cut = simulate_reference(network, stimulus, 0.1, record="v")
    for name in expected.populations:
        assert spikes_of(cut, name) == spikes_of(expected, name)
        np.testing.assert_array_equal(cut.trace(name).values, expected.trace(name).values)


@pytest.mark.parametrize("delayed", [False, True])
def test_rows_whose_targets_follow_one_another_give_what_others_give(delayed):
    """The same synapses, listed from the first target to the last and the other way round."""
    rng = np.random.default_rng(9)
    source = PoissonInput("source", 12, rate=300.0)
    cells = Population("cells", 40, LIF(tau_m=10.0, tau_syn=3.0, cm=0.2))
    pre, post = np.divmod(np.arange(12 * 40), 40)
    weight = rng.uniform(0.0, 0.4, pre.size)
    delay = np.repeat(rng.uniform(0.0, 2.0, 12), 40) if delayed else np.zeros(pre.size)
    runs = []
    for order in (np.arange(pre.size), np.arange(pre.size)[::-1]):
        link = from_arrays(
            source, cells, pre[order], post[order], weight=weight[order], delay=delay[order]
        )
        network = Network(inputs=[source], populations=[cells], connections=[link])
        tables = flatten_neurons(network, 0.1), flatten_synapses(network, 0.1)
        assert lay_out_rows(*tables, 1).pattern[:12].all() == (order[0] == 0)
        stimulus = draw_stimulus(network, 200.0, seed=3)
        runs.append(simulate_reference(network, stimulus, 0.1, record="v"))
    assert runs[0] == runs[1]
    assert runs[0].n_spikes > 20


def test_a_shorter_duration_is_the_beginning_of_the_longer_run():
    network = mixed_network(7)
    stimulus = draw_stimulus(network, 200.0, 7)
    whole = simulate_reference(network, stimulus, 0.1)
    part = simulate_reference(network, stimulus, 0.1, duration=80.0)
    assert part.n_steps == 800
    for name in whole.populations:
        assert spikes_of(part, name) == [s for s in spikes_of(whole, name) if s[0] < 800]
    assert part.counters["synaptic_events"] == events_sent(network, stimulus, part)


def test_the_network_and_the_stimulus_are_left_alone():
    network = mixed_network(8)
    stimulus = draw_stimulus(network, 50.0, 8)
    first = simulate_reference(network, stimulus, 0.1)
    second = simulate_reference(network, stimulus, 0.1)
    assert first.counters == second.counters
    assert all(spikes_of(first, name) == spikes_of(second, name) for name in first.populations)


# --------------------------------------------------------------------------------- errors


def silent_pair():
    source = SpikeInput("source", 2, [], [])
    cell = Population("cell", 2, LIF())
    return source, cell


def exactly(message):
    return "^" + re.escape(message) + "$"


@pytest.mark.parametrize(
    ("dt", "options", "error", "message"),
    [
        (0.0, {}, StimulusError, "run: dt = 0.0 ms; allowed: a number above 0."),
        (
            0.3,
            {},
            StimulusError,
            "run: a duration of 10 ms is not a whole number of steps of 0.3 ms; the nearest are "
            "9.9 and 10.2 ms.",
        ),
        (
            0.1,
            {"duration": 10.1},
            StimulusError,
            "run: duration = 10.1 ms; allowed: at most 10 ms, the duration of the stimulus.",
        ),
        (
            0.1,
            {"duration": -1.0},
            StimulusError,
            "run: duration = -1.0 ms; allowed: a number above 0.",
        ),
        (
            0.1,
            {"duration": "10 ms"},
            StimulusError,
            "run: duration = '10 ms' ms; allowed: a number above 0.",
        ),
        (
            1e-9,
            {},
            StimulusError,
            "run: 10 ms are 10000000000 steps of 1e-09 ms; allowed: at most 2147483647 steps. "
            "Shorten the run or raise dt.",
        ),
        (
            0.1,
            {"record": "u"},
            RecordingError,
            "record: variable 'u'; this engine records 'v', 'i_syn', 'i_syn_E', 'i_syn_I' (spikes "
            "are always recorded).",
        ),
        (
            0.1,
            {"record": "i_syn"},
            RecordingError,
            "record: no population has 'i_syn', all have delta synapses; record 'v', or give "
            "the LIF a tau_syn.",
        ),
        (
            0.1,
            {"record": [Probe("i_syn", "cell")]},
            RecordingError,
            "record: 'cell' has delta synapses and no 'i_syn'; record 'v', or give the LIF a "
            "tau_syn.",
        ),
        (
            0.1,
            {"record": [Probe("i_syn", "cells")]},
            RecordingError,
            "record: no population 'cells'; there are 'cell'.",
        ),
    ],
)
def test_a_run_that_cannot_be_is_refused_in_words(dt, options, error, message):
    source, cell = silent_pair()
    network = Network(populations=[cell], inputs=[source])
    with pytest.raises(error, match=exactly(message)):
        simulate_reference(network, Stimulus(10.0, (source,)), dt, **options)


def test_a_stimulus_of_another_network_is_refused():
    source, cell = silent_pair()
    network = Network(populations=[cell], inputs=[source])
    message = (
        "stimulus: lacks spikes for input 'source'; the run expects 'source' and the stimulus "
        "holds none. Draw it from the network of the run."
    )
    with pytest.raises(StimulusError, match=exactly(message)):
        simulate_reference(network, Stimulus(10.0), 0.1)


def test_a_delay_of_too_many_steps_is_refused():
    source, cell = silent_pair()
    network = Network(
        populations=[cell],
        inputs=[source],
        connections=[one_to_one(source, cell, weight=1.0, delay=[1.0, 700.0])],
    )
    message = (
        "connection 'source->cell': a delay of 700 ms is 70000 steps of 0.01 ms; allowed: at most "
        "65535 steps. Shorten it or raise dt."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        simulate_reference(network, Stimulus(10.0, (source,)), 0.01)


def test_arguments_of_another_kind_are_refused():
    network = alone(LIF())
    with pytest.raises(NetworkError, match=r"^run: network = 'net'; allowed: a Network\.$"):
        simulate_reference("net", Stimulus(10.0), 0.1)
    message = "run: stimulus = None; allowed: a Stimulus; draw_stimulus makes one."
    with pytest.raises(StimulusError, match=exactly(message)):
        simulate_reference(network, None, 0.1)


# -------------------------------------------------------------------------------- progress


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (False, False), (None, False)])
def test_a_bar_is_shown_when_asked_for(capsys, progress, shown):
    simulate_reference(alone(LIF()), Stimulus(10.0), 0.1, progress=progress)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("reference" in printed.err) == shown


def test_a_short_run_shows_no_bar_on_a_terminal(capsys, monkeypatch):
    simulate_reference(alone(LIF()), Stimulus(1.0), 0.1)  # the first of all has to compile
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    simulate_reference(alone(LIF()), Stimulus(1.0), 0.1)
    assert capsys.readouterr().err == ""


def test_importing_neurochip_loads_neither_numba_nor_tqdm():
    code = "import sys, neurochip; print({'numba', 'tqdm'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.decode().strip() == "set()"


# ---------------------------------------------------------------------- two synaptic currents


def two_signs(**taus):
    cells = Population("cells", 20, LIF(tau_m=10.0, cm=0.25, tau_refrac=2.0, **taus))
    noise = PoissonInput("noise", 20, rate=800.0)
    weights = np.random.default_rng(1).uniform(-0.4, 0.8, (20, 20))
    return Network(
        populations=[Population("before", 3), cells, Population("after", 2)],
        inputs=[noise],
        connections=[
            all_to_all(noise, cells, weight=weights / 4, delay=0.3),
            one_to_one(cells, cells, weight=-0.2),
        ],
    )


def test_two_equal_time_constants_are_one():
    one, two = two_signs(tau_syn=5.0), two_signs(tau_syn_E=5.0, tau_syn_I=np.full(20, 5.0))
    stimulus = draw_stimulus(one, 200.0, seed=1)
    got, expected = (
        simulate_reference(n, stimulus, 0.1, record=["v", "i_syn"]) for n in (two, one)
    )
    assert expected.n_spikes > 100
    for variable in ("v", "i_syn"):
        same = got.trace("cells", variable).values == expected.trace("cells", variable).values
        assert same.all()


def test_nearly_equal_time_constants_are_nearly_one():
    """The two currents are summed apart, and give what one current gives."""
    one, two = two_signs(tau_syn=5.0), two_signs(tau_syn_E=5.0, tau_syn_I=5.0 * (1 + 1e-13))
    stimulus = draw_stimulus(one, 100.0, seed=1)
    got, expected = (
        simulate_reference(n, stimulus, 0.1, record=["v", "i_syn"]) for n in (two, one)
    )
    assert two.population("cells").model.two_currents
    for variable in ("v", "i_syn"):
        error = got.trace("cells", variable).values - expected.trace("cells", variable).values
        assert np.abs(error).max() < 1e-9


def test_each_sign_decays_with_its_own_time_constant():
    cell = Population("cell", 1, LIF(tau_m=10.0, tau_syn_E=2.0, tau_syn_I=8.0))
    given = SpikeInput("given", 2, [0, 1], [0.0, 0.0])
    both = all_to_all(given, cell, weight=[[0.5], [-0.3]])
    network = Network(populations=[cell], inputs=[given], connections=[both])
    i_syn = simulate_reference(network, Stimulus(20.0, (given,)), 0.1, record="i_syn")
    t = 0.1 * np.arange(200)
    expected = 0.5 * np.exp(-t / 2.0) - 0.3 * np.exp(-t / 8.0)
    expected[0] = 0.0  # the kick of step 0 is taken in at the beginning of step 1
    assert np.abs(i_syn.trace("cell", "i_syn").values[:, 0] - expected).max() < 1e-12
