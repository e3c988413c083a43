"""Segments, cleared data and Neo files of PyNN scripts on the chip."""

from __future__ import annotations

import numpy as np
import pytest
from recorded_in_pynn import cells_of, driven, signal, trains

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
neo = pytest.importorskip("neo", reason="Neo is not installed: neurochip[pynn]")


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

    def test_earlier_segments_have_what_is_asked_for_and_stay_as_they_are(self, sim):
        """PyNN's own empties them, and adds the cells of an assembly to its first population."""
        sim.setup(timestep=0.1)
        cells, others = cells_of(sim), cells_of(sim, 3)
        both = cells + others
        both.record(["spikes", "v"])
        sim.run(30.0)
        sim.reset()
        sim.run(20.0)

        def shapes(selection, *variables):
            return [
                (len(each.spiketrains), [signal.shape for signal in each.analogsignals])
                for each in selection.get_data(*variables).segments
            ]

        whole = [(5, [(301, 5)]), (5, [(201, 5)])]
        assert shapes(cells) == whole
        assert shapes(cells, "v") == [(0, [(301, 5)]), (0, [(201, 5)])]
        assert shapes(cells, ["spikes"]) == [(5, []), (5, [])]
        assert shapes(cells[1:3]) == [(2, [(301, 2)]), (2, [(201, 2)])]
        for _ in range(2):
            earlier, _later = both.get_data().segments
            assert len(earlier.spiketrains) == 8
            index = np.concatenate(
                [each.array_annotations["channel_index"] for each in earlier.analogsignals]
            )
            assert index.tolist() == list(range(8))
        assert shapes(cells) == whole
        view = cells[3:4].get_data().segments[0]
        (v,) = view.analogsignals
        np.testing.assert_array_equal(v[:, 0], cells.get_data().segments[0].analogsignals[0][:, 3])
        assert v.annotations["channel_ids"].tolist() == [int(cells[3])]
        assert [each.annotations["source_index"] for each in view.spiketrains] == [3]

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
