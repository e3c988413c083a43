"""Recording in PyNN scripts: which cells and variables are kept, and when they are sampled."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
from recorded_in_pynn import cells_of, driven, segment_of, signal, trains

from neurochip.errors import FrontendError
from neurochip.frontends import session

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
Store = pytest.importorskip("neurochip.frontends.pynn.store").Store


class TestSpikes:
    def test_a_spike_is_at_the_end_of_its_step_and_one_at_the_end_of_the_run_is_kept(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim, 1)
        cells.record("spikes")
        sim.run(50.0)
        first = trains(cells)[0][0]
        assert first == round(first, 1)
        sim.reset()
        sim.run(first)
        segment = segment_of(cells)
        assert segment.spiketrains[0].magnitude.tolist() == [first]
        assert segment.spiketrains[0].t_stop.magnitude == first

    def test_only_spikes_of_recorded_cells_are_kept_in_memory(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells[[1, 3]].record("spikes")
        sim.run(100.0)
        ((who, times),) = sim.simulator.state.store._kept["cells"].spikes
        assert set(who.tolist()) == {1, 3}
        assert len(times) == len(who) > 4
        indices = [t.annotations["source_index"] for t in segment_of(cells).spiketrains]
        assert indices == [1, 3]

    def test_counts_are_those_of_the_trains(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record("spikes")
        sim.run(100.0)
        lengths = [len(train) for train in trains(cells)]
        assert min(lengths) > 1
        counts = cells.get_spike_counts()
        assert counts == dict(zip(map(int, cells), lengths, strict=True))
        assert cells.mean_spike_count() == np.mean(lengths)
        assert cells[1:3].get_spike_counts() == {int(cell): counts[cell] for cell in cells[1:3]}
        assert (cells[0:1] + cells[4:5]).mean_spike_count() == np.mean([lengths[0], lengths[4]])

    def test_spikes_before_their_cell_was_recorded_are_not_there(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells[0:2].record("spikes")
        sim.run(50.0)
        cells.record("spikes")
        sim.run(50.0)
        early = [train.min() < 50.0 for train in trains(cells)]
        assert early == [True, True, False, False, False]

    def test_a_view_of_cells_that_are_not_recorded_has_no_trains(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells[0:2].record("spikes")
        sim.run(50.0)
        assert trains(cells[3:5]) == []
        assert cells[3:5].mean_spike_count() == 0
        assert cells[3:5].get_spike_counts() == {}
        others = cells_of(sim)
        assert others.get_spike_counts() == {}
        assert not segment_of(others).spiketrains

    def test_sources_are_recorded_at_the_times_that_were_given(self, sim):
        sim.setup(timestep=0.1)
        source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[1.234, 10.0], [7.77]]))
        source.record("spikes")
        sim.run(10.0)
        assert [each.tolist() for each in trains(source)] == [[1.234], [7.77]]
        sim.run(10.0)
        assert [each.tolist() for each in trains(source)] == [[1.234, 10.0], [7.77]]


class TestSamples:
    def test_sample_0_is_the_initial_value_and_the_others_are_ends_of_steps(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record("v")
        sim.run(20.0)
        v = signal(cells, "v")
        assert v.shape == (201, 5)
        assert v.magnitude[0].tolist() == np.linspace(-65.0, -51.0, 5).tolist()
        assert (v.t_start.magnitude, v.sampling_period.magnitude) == (0.0, 0.1)
        target = -65.0 + 0.9 * 20.0
        exact = target + (v.magnitude[0] - target) * np.exp(-0.1 / 20.0)
        assert np.abs(v.magnitude[1] - exact).max() < 0.01

    @pytest.mark.parametrize("pieces", [[20.0], [0.3, 0.7, 19.0], [7.5, 12.5], [0.1] * 5 + [19.5]])
    @pytest.mark.parametrize("interval", [0.1, 0.5, 2.0])
    def test_samples_are_those_of_every_step_whatever_the_pieces(self, sim, pieces, interval):
        sim.setup(timestep=0.1)
        _, cells = driven(sim)
        cells.record(["v", "isyn_exc", "isyn_inh"])
        sim.run(20.0)
        names = ("v", "isyn_exc", "isyn_inh")
        every = [signal(cells, name).magnitude for name in names]
        sim.reset()
        cells.record(None)
        cells.record(names, sampling_interval=interval)
        for piece in pieces:
            sim.run(piece)
        steps = round(interval / 0.1)
        for name, values in zip(names, every, strict=True):
            found = signal(cells, name)
            assert found.sampling_period.magnitude == interval
            np.testing.assert_array_equal(found.magnitude, values[::steps])

    def test_only_samples_that_are_asked_for_are_kept_in_memory(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells[[1, 3]].record("v", sampling_interval=5.0)
        sim.run(100.0)
        kept = sim.simulator.state.store._kept["cells"].samples
        assert list(kept) == ["v"]
        assert sum(part.values.size for part in kept["v"]) == 21 * 2
        assert all(part.values.base is None for part in kept["v"])

    def test_the_samples_of_a_window_are_forgotten_before_the_next_one(self, sim, monkeypatch):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record("v", sampling_interval=5.0)
        monkeypatch.setattr(session, "_VALUES", 500)
        windows = []
        add = Store.add

        def watched(store, recording):
            assert [window() for window in windows[:-1]] == [None] * len(windows[:-1])
            windows.append(weakref.ref(recording.trace("cells").values))
            add(store, recording)

        monkeypatch.setattr(Store, "add", watched)
        sim.run(100.0)
        assert len(windows) == 10
        assert signal(cells, "v").shape == (21, 5)

    @pytest.mark.parametrize(
        ("interval", "shown"), [(0.25, "0.25"), (-1.0, "-1.0"), (0, "0"), ("often", "'often'")]
    )
    def test_an_interval_that_is_no_multiple_of_the_step_is_refused(self, sim, interval, shown):
        sim.setup(timestep=0.1)
        with pytest.raises(FrontendError) as caught:
            cells_of(sim).record("v", sampling_interval=interval)
        assert str(caught.value) == (
            f"Population 'cells': sampling_interval = {shown} ms; allowed: multiples of the step "
            "of 0.1 ms."
        )

    def test_views_of_one_population_are_joined_and_later_ones_have_nan_before(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells[3:5].record("v")
        cells[0:1].record("v")
        sim.run(5.0)
        cells[1:2].record("v")
        sim.run(5.0)
        v = signal(cells, "v")
        assert v.array_annotations["channel_index"].tolist() == [0, 1, 3, 4]
        missing = np.isnan(v.magnitude)
        assert missing[:51, 1].all()
        assert missing.sum() == 51
        assert signal(cells[3:5], "v").array_annotations["channel_index"].tolist() == [3, 4]
        np.testing.assert_array_equal(signal(cells[3:5], "v").magnitude, v.magnitude[:, 2:])


class TestCurrents:
    def test_a_current_rises_by_its_weight_at_the_instant_at_which_a_spike_arrives(self, sim):
        sim.setup(timestep=0.1)
        _, cells = driven(sim)
        cells.record(["isyn_exc", "isyn_inh"])
        sim.run(30.0)
        t = np.arange(301) * 0.1
        for name, tau, weight, spikes in (
            ("isyn_exc", 3.0, 0.5, (3.0, 9.0)),
            ("isyn_inh", 8.0, -0.25, (4.5, 20.0)),
        ):
            expected = np.zeros(301)
            for spike in spikes:
                since = t - (spike + 1.0)
                expected += np.where(since > -1e-9, weight * np.exp(-since / tau), 0.0)
            found = signal(cells, name)
            assert str(found.dimensionality) == "nA"
            assert np.abs(found.magnitude[:, 0] - expected).max() < 0.01 * abs(weight)

    def test_the_last_sample_of_a_run_has_the_spikes_that_arrive_at_its_end(self, sim):
        sim.setup(timestep=0.1)
        _, cells = driven(sim)
        cells.record("isyn_exc")
        sim.run(4.0)
        ended = signal(cells, "isyn_exc").magnitude[-1]
        sim.run(4.0)
        assert ended.min() > 0.49
        np.testing.assert_array_equal(signal(cells, "isyn_exc").magnitude[40], ended)

    def test_initial_currents_are_the_first_samples(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim, 2, i_offset=0.0)
        cells.initialize(isyn_exc=[0.1, 0.2], isyn_inh=-0.3)
        cells.record(["isyn_exc", "isyn_inh"])
        sim.run(1.0)
        excitatory = signal(cells, "isyn_exc").magnitude
        assert excitatory[0].tolist() == [0.1, 0.2]
        assert signal(cells, "isyn_inh").magnitude[0].tolist() == [-0.3, -0.3]
        np.testing.assert_allclose(excitatory[10], excitatory[0] * np.exp(-1 / 3.0), rtol=0.01)

    def test_two_currents_with_one_time_constant_are_refused(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim, tau_syn_I=3.0)
        cells.record("isyn_inh")
        with pytest.raises(FrontendError) as caught:
            sim.run(1.0)
        assert str(caught.value) == (
            "Population 'cells': 'isyn_inh' cannot be recorded, since tau_syn_E equals tau_syn_I "
            "and the chip adds both currents to one; allowed: different values, such as 5 and 5.1 "
            "ms."
        )
        cells.set(tau_syn_I=3.1)
        assert sim.run(1.0) == 1.0
        assert signal(cells, "isyn_inh").shape == (11, 5)

    def test_a_point_neuron_names_its_currents_by_receptor(self, sim):
        sim.setup(timestep=0.1)
        receptor = sim.CurrExpPostSynapticResponse
        model = sim.PointNeuron(sim.LIF(), AMPA=receptor(tau_syn=3.0))
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[2.0]))
        cells = sim.Population(1, model)
        synapse = sim.StaticSynapse(weight=0.5, delay=1.0)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type="AMPA")
        cells.record("AMPA.isyn")
        sim.run(10.0)
        values = signal(cells, "AMPA.isyn").magnitude[:, 0]
        assert values[29] == 0.0
        np.testing.assert_allclose(values[30:], 0.5 * np.exp(-np.arange(71) / 30.0), rtol=0.02)

    def test_conductances_as_currents_are_recorded_as_conductances(self, sim):
        sim.setup(timestep=0.1, conductances="driving_force")
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[2.0]))
        cells = sim.Population(1, sim.IF_cond_exp(tau_syn_E=3.0, tau_syn_I=8.0))
        synapse = sim.StaticSynapse(weight=0.01, delay=1.0)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
        cells.record("gsyn_exc")
        sim.run(10.0)
        found = signal(cells, "gsyn_exc")
        assert str(found.dimensionality) == "uS"
        assert found.magnitude[30, 0] == pytest.approx(0.01, rel=0.01)
