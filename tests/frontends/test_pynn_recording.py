"""Recording in PyNN scripts: what is kept, when it is sampled, and what Neo files hold."""

from __future__ import annotations

import neo
import numpy as np
import pytest

from neurochip.errors import FrontendError

DRIVEN = {"tau_m": 20.0, "i_offset": 0.9, "tau_syn_E": 3.0, "tau_syn_I": 8.0}


def cells_of(sim, size=5, **parameters):
    """Neurons that spike by themselves, each at its own times."""
    cells = sim.Population(size, sim.IF_curr_exp(**{**DRIVEN, **parameters}), label="cells")
    cells.initialize(v=np.linspace(-65.0, -51.0, size))
    return cells


def driven(sim, times=((3.0, 9.0), (4.5, 20.0)), **parameters):
    """Two sources, excitatory and inhibitory, on two neurons that do not spike."""
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[list(each) for each in times]))
    cells = cells_of(sim, 2, i_offset=0.0, **parameters)
    for index, weight in ((0, 0.5), (1, -0.25)):
        receptor = "excitatory" if weight > 0 else "inhibitory"
        sim.Projection(
            source[index : index + 1],
            cells,
            sim.AllToAllConnector(),
            sim.StaticSynapse(weight=weight, delay=1.0),
            receptor_type=receptor,
        )
    return source, cells


def segment_of(cells, *variables, **options):
    return cells.get_data(*variables, **options).segments[-1]


def signal(cells, name, **options):
    (found,) = segment_of(cells, **options).filter(name=name)
    return found


def trains(cells, **options):
    return [each.magnitude for each in segment_of(cells, "spikes", **options).spiketrains]


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

    def test_an_interval_that_is_no_multiple_of_the_step_is_refused(self, sim):
        sim.setup(timestep=0.1)
        with pytest.raises(FrontendError) as caught:
            cells_of(sim).record("v", sampling_interval=0.25)
        assert str(caught.value) == (
            "Population 'cells': sampling_interval = 0.25 ms; allowed: multiples of the step of "
            "0.1 ms."
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


class TestSegments:
    def test_each_reset_begins_a_segment_and_a_run_does_not(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record(["spikes", "v"])
        for pieces in ([20.0, 30.0], [50.0], [25.0]):
            for piece in pieces:
                sim.run(piece)
            sim.reset()
        sim.run(10.0)
        block = cells.get_data()
        assert [len(each.analogsignals[0]) for each in block.segments] == [501, 501, 251, 101]
        first, second = block.segments[:2]
        np.testing.assert_array_equal(first.analogsignals[0], second.analogsignals[0])
        for one, other in zip(first.spiketrains, second.spiketrains, strict=True):
            np.testing.assert_array_equal(one, other)
        assert [each.name for each in block.segments] == [f"segment00{k}" for k in range(4)]

    @pytest.mark.parametrize("interval", [0.1, 0.7])
    def test_after_clear_data_begin_at_the_time_and_the_last_value(self, sim, interval):
        sim.setup(timestep=0.1)
        _, cells = driven(sim)
        names = ("v", "isyn_exc", "isyn_inh")
        cells.record(["spikes", *names])
        sim.run(40.0)
        whole = [signal(cells, name).magnitude for name in names]
        sim.reset()
        cells.record(None)
        cells.record(["spikes", *names], sampling_interval=interval)
        sim.run(10.0)
        cells.get_data(clear=True)
        sim.run(30.0)
        for name, values in zip(names, whole, strict=True):
            found = signal(cells, name)
            assert found.t_start.magnitude == 10.0
            np.testing.assert_array_equal(found.magnitude, values[100 :: round(interval / 0.1)])

    def test_spikes_are_in_one_of_the_blocks_between_which_data_are_cleared(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record("spikes")
        sim.run(90.0)
        whole = trains(cells)
        sim.reset()
        cells.get_data(clear=True)
        parts = []
        for _ in range(9):
            sim.run(10.0)
            parts.append(trains(cells, clear=True))
        for index, train in enumerate(whole):
            joined = np.concatenate([part[index] for part in parts])
            assert joined.tolist() == train.tolist()

    def test_record_none_ends_what_is_recorded(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record(["v", "spikes"], sampling_interval=0.5)
        sim.run(5.0)
        cells.record(None)
        assert not sim.simulator.state.store.probes()
        cells[2:3].record("v")
        sim.run(5.0)
        v = signal(cells, "v")
        assert v.sampling_period.magnitude == 0.1
        assert v.shape == (101, 1)
        assert np.isnan(v.magnitude[:51]).all()
        assert not np.isnan(v.magnitude[51:]).any()

    def test_what_a_population_records_begins_when_it_is_made(self, sim):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        sim.run(3.0)
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 4.0]))
        late = cells_of(sim, 2)
        late.record("v")
        source.record("spikes")
        v = signal(late, "v")
        assert (v.t_start.magnitude, v.shape) == (3.0, (1, 2))
        sim.reset()
        cells.record("v")
        sim.run(3.0)
        assert signal(late, "v").shape == (31, 2)
        assert [each.tolist() for each in trains(source)] == [[1.0]]


class TestFiles:
    @pytest.mark.parametrize("ending", ["pkl", "nix"])
    def test_files_hold_what_get_data_returns(self, sim, tmp_path, ending):
        if ending == "nix":
            pytest.importorskip("nixio")
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record(["spikes", "v"])
        sim.run(30.0)
        sim.reset()
        sim.run(20.0)
        path = tmp_path / f"deeper/data.{ending}"
        cells.write_data(str(path))
        io = neo.get_io(str(path))
        block = io.read_block() if ending == "nix" else io.read()[0]
        expected = cells.get_data()
        assert len(block.segments) == 2
        for one, other in zip(block.segments, expected.segments, strict=True):
            np.testing.assert_array_equal(
                one.analogsignals[0].magnitude, other.analogsignals[0].magnitude
            )
            for a, b in zip(one.spiketrains, other.spiketrains, strict=True):
                assert a.magnitude.tolist() == b.magnitude.tolist()
        assert block.annotations["simulator"] == "neurochip"

    def test_a_file_named_at_record_is_written_at_the_end(self, sim, tmp_path):
        sim.setup(timestep=0.1)
        cells = cells_of(sim)
        cells.record("spikes", to_file=str(tmp_path / "all.pkl"))
        cells[1:3].record(["spikes", "v"], to_file=str(tmp_path / "some.pkl"))
        sim.run(30.0)
        assert not list(tmp_path.iterdir())
        sim.end()
        (everything,), (some,) = (
            neo.get_io(str(tmp_path / f"{name}.pkl")).read() for name in ("all", "some")
        )
        assert len(everything.segments[0].spiketrains) == 5
        assert not everything.segments[0].analogsignals
        assert some.segments[0].analogsignals[0].shape == (301, 2)
        assert len(some.segments[0].spiketrains) == 2

    def test_an_assembly_has_the_spikes_and_samples_of_its_parts(self, sim, tmp_path):
        sim.setup(timestep=0.1)
        cells, others = cells_of(sim), cells_of(sim, 3)
        both = cells[1:3] + others
        both.record(["spikes", "v"])
        sim.run(40.0)
        block = both.get_data()
        (segment,) = block.segments
        v = np.concatenate([each.magnitude for each in segment.filter(name="v")], axis=1)
        parts = [signal(each, "v").magnitude for each in (cells[1:3], others)]
        np.testing.assert_array_equal(v, np.concatenate(parts, axis=1))
        found = [each.magnitude.tolist() for each in segment.spiketrains]
        assert found == [each.tolist() for part in (cells, others) for each in trains(part)]
        both.write_data(str(tmp_path / "both.pkl"))
        assert len(neo.get_io(str(tmp_path / "both.pkl")).read()[0].segments[0].spiketrains) == 5
