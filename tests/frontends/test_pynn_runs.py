"""PyNN scripts run on the chip: in pieces, again after a reset, and with changes between runs."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from neurochip.errors import ChipOverflowError, ChipOverflowWarning, FrontendError


def small(sim, *, label="cells", weight=3.0):
    """Two sources that drive three neurons; the cells, and their projection."""
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[5.0, 20.0], [7.3, 8.1, 30.0]]))
    cells = sim.Population(3, sim.IF_curr_exp(tau_m=20.0, i_offset=0.2), label=label)
    cells.initialize(v=[-60.0, -55.0, -51.0])
    synapse = sim.StaticSynapse(weight=weight, delay=1.0)
    wires = sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    cells.record(["spikes", "v"])
    return cells, wires


def traces(cells):
    """The v of each segment (mV), as arrays of shape (n_samples, n_cells)."""
    return [segment.analogsignals[0].magnitude for segment in cells.get_data().segments]


def trains(cells):
    """The spike times of each segment, as lists of a list (ms) per cell."""
    return [[t.magnitude.tolist() for t in s.spiketrains] for s in cells.get_data().segments]


def test_a_source_drives_neurons_through_a_projection(sim):
    sim.setup(timestep=0.1)
    cells, _ = small(sim)
    assert sim.run(50.0) == 50.0
    assert [len(train) for train in trains(cells)[0]] == [4, 4, 4]
    assert traces(cells)[0].shape == (501, 3)
    assert traces(cells)[0][0].tolist() == [-60.0, -55.0, -51.0]


def test_a_run_in_pieces_equals_the_whole_run_and_a_repeated_one(sim):
    sim.setup(timestep=0.1)
    cells, _ = small(sim)
    for pieces in ([50.0], [20.0, 30.0], [0.1, 4.9, 0.0, 45.0]):
        for piece in pieces:
            sim.run(piece)
        sim.reset()
    first, *others = traces(cells)
    assert len(others) == 2
    assert all(np.array_equal(first, other) for other in others)
    assert trains(cells)[0] == trains(cells)[1] == trains(cells)[2] != [[], [], []]


def test_callbacks_are_called_between_pieces_that_change_nothing(sim):
    sim.setup(timestep=0.1)
    cells, _ = small(sim)
    times = []

    def every_millisecond(t):
        times.append(t)
        return t + 1.0

    sim.run(20.0, callbacks=[every_millisecond])
    sim.reset()
    sim.run_until(20.0)
    assert times == [float(k) for k in range(21)]
    assert np.array_equal(*traces(cells))


@pytest.mark.parametrize(
    ("time", "nearest"), [(1.25, "1.2 ms and 1.3 ms"), (0.01, "0 ms and 0.1 ms")]
)
def test_a_time_between_two_steps_is_refused_with_the_nearest_ones(sim, time, nearest):
    sim.setup(timestep=0.1)
    small(sim)
    with pytest.raises(FrontendError) as refused:
        sim.run(time)
    assert str(refused.value) == (
        f"run: it would end at {time} ms; allowed: multiples of the step of 0.1 ms. The nearest "
        f"are {nearest}."
    )


@pytest.mark.parametrize("time", [float("inf"), float("nan")])
def test_a_time_that_never_comes_is_refused(sim, time):
    sim.setup()
    sim.Population(1, sim.IF_curr_exp())
    for use in (sim.run, sim.run_until, sim.compare):
        with pytest.raises(FrontendError) as refused:
            use(time)
        assert str(refused.value) == f"run: it would end at {time:g} ms; allowed: finite times."


def test_a_time_in_the_past_is_refused_as_in_every_back_end(sim):
    sim.setup(timestep=0.1)
    small(sim)
    sim.run(5.0)
    with pytest.raises(ValueError, match=r"Time 4 is in the past \(current time 5\)"):
        sim.run_until(4.0)


def test_a_changed_current_acts_from_the_next_run_on_and_stays_over_a_reset(sim):
    sim.setup(timestep=0.1)
    cells = sim.Population(2, sim.IF_curr_exp(tau_m=10.0, v_thresh=0.0))
    cells.record("v")
    sim.run(100.0)
    cells[1:2].set(i_offset=0.5)
    sim.run(100.0)
    sim.reset()
    sim.run(100.0)
    first, second = traces(cells)
    assert np.abs(first[:1001] + 65.0).max() < 1e-4
    assert np.abs(first[-1] - [-65.0, -60.0]).max() < 0.02  # 0.5 nA times 10 MOhm
    assert np.abs(second[-1] - [-65.0, -60.0]).max() < 0.02
    assert cells.get("i_offset").tolist() == [0.0, 0.5]


def test_changed_weights_act_from_the_next_run_on(sim):
    sim.setup(timestep=0.1)
    cells, wires = small(sim, weight=0.0)
    sim.run(10.0)
    wires.set(weight=3.0)
    sim.run(40.0)
    sim.reset()
    sim.run(50.0)
    first, second = trains(cells)
    assert [train[0] > 20.0 for train in first] == [True] * 3  # input before 10 ms was not heard
    assert [train[0] < 20.0 for train in second] == [True] * 3


def test_changed_parameters_act_from_the_next_run_on(sim):
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp(v_rest=-65.0, v_thresh=0.0, tau_m=5.0))
    cells.record("v")
    sim.run(20.0)
    cells[0].v_rest = -70.0
    sim.run(100.0)
    (v,) = traces(cells)
    assert abs(v[200, 0] + 65.0) < 1e-4
    assert abs(v[-1, 0] + 70.0) < 0.01


def test_one_weight_of_a_projection_is_changed_between_runs(sim):
    sim.setup()
    first, second = (sim.Population(4, sim.IF_curr_exp()) for _ in range(2))
    wires = sim.Projection(
        first, second, sim.OneToOneConnector(), sim.StaticSynapse(weight=10.0, delay=1.0)
    )
    first.set(i_offset=5.0)
    second.record("spikes")
    sim.run(50.0)
    counts = list(second.get_spike_counts().values())
    assert len(set(counts)) == 1
    assert counts[0] > 5
    weights = np.where(np.eye(4), 0.0, np.nan)
    weights[1, 1] = 20.0
    wires.set(weight=weights)
    sim.run(5.0)  # what is on its way, and the currents that flow
    ended = np.array(list(second.get_spike_counts().values()))
    sim.run(50.0)
    more = np.array(list(second.get_spike_counts().values())) - ended
    assert more[1] > 5
    assert more[[0, 2, 3]].max() <= 2


def test_a_change_that_the_chip_cannot_follow_is_refused_by_the_name_of_its_parameter(sim):
    sim.setup()
    cells, _ = small(sim)
    sim.run(1.0)
    cells.set(tau_syn_I=20.0)  # two currents with different time constants need two compartments
    with pytest.raises(FrontendError) as refused:
        sim.run(1.0)
    text = str(refused.value)
    assert text.startswith(
        "run: population 'cells': tau_syn_I was changed between two runs; the image cannot go on "
    )
    assert text.endswith(". Or call reset(), and run from time 0.")
    sim.reset()
    assert sim.run(1.0) == 1.0


def everything(sim):
    """Random and given input, currents in time, recurrence, both kinds of synapses; recorded."""
    sim.setup(timestep=0.1, rng_seed=3)
    noise = sim.Population(20, sim.SpikeSourcePoisson(rate=60.0))
    gamma = sim.Population(5, sim.SpikeSourceGamma(alpha=2, beta=50.0))
    given = sim.Population(2, sim.SpikeSourceArray(spike_times=[[3.0, 17.0], [8.8]]))
    cells = sim.Population(30, sim.IF_curr_exp(tau_syn_E=3.0, tau_syn_I=8.0, tau_refrac=2.0))
    kicked = sim.Population(10, sim.IF_curr_delta(tau_refrac=1.0))
    rng = sim.NumpyRNG(1)
    cells.initialize(v=sim.RandomDistribution("uniform", low=-65.0, high=-50.0, rng=rng))
    sparse = sim.FixedProbabilityConnector(0.4, rng=rng)
    delays = sim.RandomDistribution("uniform", low=0.1, high=3.0, rng=rng)
    for source, weight, target in (
        (noise, 0.9, cells),
        (given, 4.0, cells),
        (gamma, 6.0, kicked),
        (cells[:20], 1.0, kicked),
        (cells[20:], -0.5, cells),
    ):
        kind = "excitatory" if weight > 0 else "inhibitory"
        synapse = sim.StaticSynapse(weight=weight, delay=delays)
        sim.Projection(source, target, sparse, synapse, receptor_type=kind)
    sim.ACSource(amplitude=0.2, frequency=20.0, offset=0.1, start=5.0).inject_into(cells[:10])
    sim.NoisyCurrentSource(mean=0.1, stdev=0.2, dt=0.5).inject_into(kicked)
    together = cells + kicked
    together.record(["spikes", "v"])
    return together


def test_everything_in_pieces_again_and_anew_equals_the_whole_bit_for_bit(sim):
    found = []
    for pieces in ([60.0], [25.0, 35.0], [0.1, 2.9, 14.0, 43.0]):
        cells = everything(sim)
        for _ in range(2):
            for piece in pieces:
                sim.run(piece)
            sim.reset()
        found += cells.get_data().segments
    first, *others = found
    spikes = [train.magnitude.tolist() for train in first.spiketrains]
    assert sum(map(len, spikes)) > 50
    for other in others:
        assert [train.magnitude.tolist() for train in other.spiketrains] == spikes
        for one, again in zip(first.analogsignals, other.analogsignals, strict=True):
            assert np.array_equal(one.magnitude, again.magnitude)


def test_v_that_is_set_between_runs_is_where_the_next_run_and_a_reset_begin(sim):
    sim.setup(timestep=0.1)
    cells = sim.Population(2, sim.IF_curr_exp(tau_m=20.0))
    cells.record("v")
    sim.run(10.0)
    cells[0:1].initialize(v=-55.0)
    sim.run(10.0)
    sim.reset()
    sim.run(10.0)
    first, second = traces(cells)
    assert abs(first[101, 0] - (-65.0 + 10.0 * np.exp(-0.1 / 20.0))) < 0.01
    assert abs(first[101, 1] + 65.0) < 1e-4
    assert second[0].tolist() == [-55.0, -65.0]
    assert abs(second[1, 0] - first[101, 0]) < 1e-4
    assert cells[0].get_initial_value("v") == -55.0


def test_a_current_that_is_set_between_runs_is_refused(sim):
    sim.setup()
    cells, _ = small(sim)
    sim.run(1.0)
    with pytest.raises(FrontendError) as refused:
        cells.initialize(isyn_exc=0.5)
    assert str(refused.value) == (
        "Population 'cells': isyn_exc was set between two runs; the chip sets v only. Set it "
        "before the first run, or after reset()."
    )
    sim.reset()
    cells.initialize(isyn_exc=0.5)
    sim.run(1.0)
    assert sim.simulator.state.network.populations["cells"].model.i_syn_init_E == 0.5


def test_v_of_a_refractory_neuron_is_not_set(sim):
    sim.setup()
    cells = sim.Population(1, sim.IF_curr_exp(i_offset=50.0, tau_refrac=5.0), label="cells")
    sim.run(2.0)
    cells.initialize(v=-60.0)
    with pytest.raises(FrontendError, match=r"^Population 'cells': v was set between two runs; "):
        sim.run(1.0)


def test_v_of_other_neurons_is_set_although_one_was_refused(sim):
    sim.setup(timestep=0.1)
    held = sim.Population(1, sim.IF_curr_exp(i_offset=50.0, tau_refrac=5.0))
    cells = sim.Population(1, sim.IF_curr_exp())
    cells.record("v")
    sim.run(2.0)
    held.initialize(v=-60.0)
    cells.initialize(v=-55.0)
    with pytest.raises(FrontendError):
        sim.run(1.0)
    sim.run(1.0)
    assert abs(traces(cells)[0][21, 0] - (-65.0 + 10.0 * np.exp(-0.1 / 20.0))) < 0.01


def test_spikes_that_were_drawn_for_a_run_that_fails_are_drawn_again(sim):
    found = []
    for fails in (False, True):
        sim.setup(timestep=0.1)
        source = sim.Population(5, sim.SpikeSourcePoisson(rate=200.0))
        other = sim.Population(1, sim.SpikeSourcePoisson(rate=10.0))
        source.record("spikes")
        sim.run(50.0)
        if fails:
            other.set(rate=1e15)
            with pytest.raises(FrontendError, match=r"^run: .* spikes of .* in 50 ms take"):
                sim.run(50.0)
            other.set(rate=10.0)
        sim.run(50.0)
        found.append(trains(source))
    assert found[0] == found[1]
    assert sum(map(len, found[0][0])) > 50


def test_objects_that_appear_between_runs_are_refused_until_a_reset(sim):
    sim.setup()
    cells, _ = small(sim)
    sim.run(1.0)
    others = sim.Population(2, sim.IF_curr_exp(), label="others")
    with pytest.raises(FrontendError) as refused:
        sim.run(1.0)
    assert str(refused.value) == (
        "run: population 'others' appeared between two runs; the chip goes on with other "
        "parameters, weights and delays only. Make it before the first run, or call reset() to "
        "begin again at time 0."
    )
    others.record("v")
    sim.reset()
    sim.run(1.0)
    assert traces(cells)[0].shape == traces(cells)[1].shape == (11, 3)


def test_sources_alone_run_without_a_chip(sim):
    sim.setup(timestep=0.5)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[1.0, 4.0], [7.0]]))
    source.record("spikes")
    sim.run(3.0)
    sim.run(7.0)
    assert trains(source) == [[[1.0, 4.0], [7.0]]]
    assert sim.simulator.state.network is None
    cells = sim.Population(1, sim.IF_curr_exp(), label="cells")
    with pytest.raises(FrontendError, match=r"^run: population 'cells' appeared between two runs"):
        sim.run(1.0)
    sim.reset()
    sim.run(10.0)
    assert cells.size == 1
    assert trains(source) == [[[1.0, 4.0], [7.0]]] * 2


def volley(sim, **options):
    """A hundred sources that spike together once, which their mean rates do not tell."""
    sim.setup(timestep=0.1, **options)
    source = sim.Population(100, sim.SpikeSourceArray(spike_times=[5.0, 1000.0]))
    cells = sim.Population(2, sim.IF_curr_exp(), label="cells")
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=20.0))


def test_overflows_are_told_in_the_log_of_pynn_and_as_a_warning(sim, caplog):
    volley(sim)
    text = "Chip run: population 'cells': a sum of synaptic input wrapped round at 22 bits 2 times."
    with caplog.at_level(logging.WARNING, "PyNN"), pytest.warns(ChipOverflowWarning) as told:
        sim.run(10.0)
    assert caplog.text.count(text) == 1
    assert caplog.text.rstrip().endswith("Options are set as in setup(headroom=4).")
    assert len(told) == 1
    assert str(told[0].message).startswith(text)
    assert told[0].filename == __file__


@pytest.mark.filterwarnings("error::neurochip.errors.ChipOverflowWarning")
def test_a_warning_that_is_an_error_comes_after_the_whole_run_is_recorded(sim):
    volley(sim)
    (source, _) = sim.simulator.state.populations
    source.record("spikes")
    with pytest.raises(ChipOverflowWarning):
        sim.run(10.0)
    assert sum(source.get_spike_counts().values()) == 100
    assert sim.run(1.0) == 11.0


def test_after_an_error_within_a_run_only_a_reset_may_follow(sim):
    volley(sim, strict=True)
    with pytest.raises(ChipOverflowError):
        sim.run(10.0)
    with pytest.raises(FrontendError, match="the last run was stopped early"):
        sim.run(1.0)
    sim.reset()
    assert sim.run(4.0) == 4.0


def test_a_run_that_is_stopped_early_has_the_spikes_of_all_until_then(sim, monkeypatch):
    from neurochip.frontends import session
    from neurochip.frontends.pynn.store import Store

    def stopped(store, recording):
        if recording.first_step >= 200:
            raise KeyboardInterrupt
        taken(store, recording)

    sim.setup(timestep=0.1)
    cells, _ = small(sim)
    (source, _) = sim.simulator.state.populations
    source.record("spikes")
    taken = Store.add
    monkeypatch.setattr(session, "_VALUES", 3 * 100)
    monkeypatch.setattr(Store, "add", stopped)
    with pytest.raises(KeyboardInterrupt):
        sim.run(50.0)
    assert sim.get_current_time() == 20.0
    assert trains(source) == [[[5.0], [7.3, 8.1]]]
    assert traces(cells)[0].shape == (201, 3)


def test_the_network_can_be_compiled_without_a_run(sim):
    sim.setup(timestep=0.1, headroom=2.0)
    cells, _ = small(sim)
    sim.compile()
    state = sim.simulator.state
    image = state.image
    assert "headroom=2" in str(image.report)
    assert state.t == 0.0
    sim.run(50.0)
    assert state.image is image
    assert state.network.delivery == "before_threshold"
    assert state.network.refractory == "after_spike"
    assert state.recording.n_spikes == sum(map(len, trains(cells)[0]))
    assert state.stimulus.n_spikes == 5
