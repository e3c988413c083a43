"""Spikes survive the files and objects of others."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from neurochip import SpikeInput, Stimulus
from neurochip.errors import MissingExtraError, StimulusError
from neurochip.recording import Recording
from neurochip.spike_files import from_neo, read_spikes, to_neo, write_spikes

h5py = pytest.importorskip("h5py", reason='needs the extra: pip install "neurochip[sonata]"')
NEEDS_NEO = 'needs the extra: pip install "neurochip[neo]"'

STIMULUS = Stimulus(
    20.0,
    (
        SpikeInput("one", 4, [3, 0, 0, 2], [0.25, 7.5, 7.5, 19.9]),
        SpikeInput("two", 2, [], []),
    ),
)
SINGLE = Stimulus(20.0, STIMULUS.trains[:1])
RECORDING = Recording(
    label="x",
    dt=0.5,
    first_step=0,
    n_steps=40,
    populations={"one": 4, "two": 2},
    steps={"one": np.array([1, 1, 39], np.int32), "two": np.array([8], np.int32)},
    ids={"one": np.array([0, 3, 2], np.int32), "two": np.array([1], np.int32)},
)


def message_of(call, *arguments, kind=StimulusError, **options):
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".sonata", ".mat", ".nix"])
def test_a_stimulus_survives_a_file_of_others(tmp_path, suffix):
    if suffix in {".mat", ".nix"}:
        pytest.importorskip("neo", reason=NEEDS_NEO)
    path = write_spikes(STIMULUS, tmp_path / f"spikes{suffix}")
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert read_spikes(path) == STIMULUS
    assert read_spikes(path, inputs=[("one", 4), ("two", 2)]) == STIMULUS


def test_the_plain_arrays_hold_one_input_on_a_grid(tmp_path):
    path = write_spikes(SINGLE, tmp_path / "spikes.npz", dt=0.1)
    with np.load(path) as content:
        assert content["i"].tolist() == [3, 0, 0, 2]
        assert content["t_step"].tolist() == [2, 75, 75, 199]
        assert (content["dt"], content["n"], content["duration"]) == (0.1, 4, 20.0)
    (train,) = read_spikes(path).trains
    assert (train.name, train.size) == ("input", 4)
    assert train.times == pytest.approx([0.2, 7.5, 7.5, 19.9])
    (train,) = read_spikes(path, inputs=[("source", 4)]).trains
    assert train.name == "source"


def test_arrays_that_somebody_else_wrote_are_read(tmp_path):
    path = tmp_path / "spikes.npz"
    np.savez(path, i=[1, 0], t_step=[5, 2], dt=1, n=2, duration=10)
    stimulus = read_spikes(path, inputs=[("source", 2)])
    assert stimulus == Stimulus(10.0, (SpikeInput("source", 2, [1, 0], [5.0, 2.0]),))
    np.savez(path, i=[], t_step=[], dt=0.1, n=2, duration=10.0)
    assert read_spikes(path).n_spikes == 0


def test_a_stimulus_of_neurochip_is_read_too(tmp_path):
    path = STIMULUS.save(tmp_path / "stimulus.npz")
    assert read_spikes(path) == STIMULUS
    assert read_spikes(path, duration=5.0).duration == 5.0


@pytest.mark.parametrize("suffix", [".h5", ".mat"])
def test_the_spikes_of_a_recording_come_back_at_their_steps(tmp_path, suffix):
    if suffix == ".mat":
        pytest.importorskip("neo", reason=NEEDS_NEO)
    stimulus = read_spikes(write_spikes(RECORDING, tmp_path / f"run{suffix}"))
    assert stimulus.duration == 20.0
    steps, sources = stimulus.binned(0.5, [("one", 4), ("two", 2)])
    assert steps.tolist() == [1, 1, 8, 39]
    assert sources.tolist() == [0, 3, 5, 2]
    only = read_spikes(write_spikes(RECORDING, tmp_path / f"a{suffix}", population="two"))
    assert [(item.name, item.times.tolist()) for item in only.trains] == [("two", [4.0])]


def test_a_recording_as_plain_arrays_has_its_own_steps(tmp_path):
    path = write_spikes(RECORDING, tmp_path / "run.npz", population="one")
    with np.load(path) as content:
        assert content["t_step"].tolist() == [1, 1, 39]
        assert content["i"].tolist() == [0, 3, 2]


def test_a_sonata_file_is_what_the_format_says(tmp_path):
    path = write_spikes(STIMULUS, tmp_path / "spikes.h5")
    with h5py.File(path) as file:
        group = file["spikes/one"]
        assert group["timestamps"].dtype == np.float64
        assert group["timestamps"].attrs["units"] == "ms"
        assert group["timestamps"][()].tolist() == [0.25, 7.5, 7.5, 19.9]
        assert group["node_ids"].dtype == np.uint64
        assert group["node_ids"][()].tolist() == [3, 0, 0, 2]
        names = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
        assert names == {"none": 0, "by_id": 1, "by_time": 2}
        assert group.attrs["sorting"] == names["by_time"]


def test_the_reference_reader_of_sonata_reads_it(tmp_path):
    libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed")
    path = write_spikes(STIMULUS, tmp_path / "spikes.h5")
    reader = libsonata.SpikeReader(str(path))
    assert sorted(reader.get_population_names()) == ["one", "two"]
    assert reader["one"].get() == [(3, 0.25), (0, 7.5), (0, 7.5), (2, 19.9)]
    assert reader["one"].sorting == "by_time"


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1000.0), ("ms", 1.0), (None, 1.0), ("us", 1e-3)]
)
def test_times_of_sonata_are_in_the_unit_that_they_say(tmp_path, unit, factor):
    path = tmp_path / "foreign.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("spikes/source")
        group["timestamps"], group["node_ids"] = [4.0, 2.0], [1, 0]
        if unit is not None:
            group["timestamps"].attrs["units"] = unit
    stimulus = read_spikes(path, inputs=[("source", 2), ("other", 3)], duration=9999.0)
    assert stimulus.trains[0].times == pytest.approx([2 * factor, 4 * factor])
    assert stimulus.trains[0].ids.tolist() == [0, 1]
    assert stimulus.trains[1].size == 3
    assert message_of(read_spikes, path, duration=9.0) == (
        f"{path}: does not store the number of sources of 'source'; pass inputs=[('source', size)]."
    )
    assert message_of(read_spikes, path, inputs=[("source", 2)]) == (
        f"{path}: has no duration; pass a duration in ms."
    )


def test_sonata_without_populations_belongs_to_the_only_input(tmp_path):
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file["spikes/timestamps"], file["spikes/node_ids"] = [4.0], [1]
    (train,) = read_spikes(path, inputs=[("source", 2)], duration=9.0).trains
    assert (train.name, train.ids.tolist(), train.times.tolist()) == ("source", [1], [4.0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": [1]}, "has no group /spikes; pass a SONATA file of spikes."),
        (
            {"spikes/a/timestamps": [1.0]},
            "/spikes/a has no node_ids; allowed: timestamps and node_ids.",
        ),
        (
            {"spikes/a/node_ids": [1]},
            "/spikes/a has no timestamps; allowed: timestamps and node_ids.",
        ),
    ],
)
def test_hdf5_that_is_not_sonata_is_refused(tmp_path, content, message):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        for key, value in content.items():
            file[key] = value
    assert message_of(read_spikes, path, duration=1.0) == f"{path}: {message}"


def test_an_unknown_unit_and_an_empty_file_are_refused(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_group("spikes")
    assert message_of(read_spikes, path) == f"{path}: has no population in /spikes."
    with h5py.File(path, "w") as file:
        file["spikes/a/timestamps"], file["spikes/a/node_ids"] = [1.0], [0]
        file["spikes/a/timestamps"].attrs["units"] = "fortnights"
    assert message_of(read_spikes, path) == (
        f"{path}: /spikes/a has times in 'fortnights'; allowed: 'ms', 'milliseconds', 's', "
        "'seconds', 'us'."
    )


def test_files_that_are_missing_damaged_or_unknown_are_refused(tmp_path):
    formats = ".npz, .h5 (SONATA), .nix or .mat (Neo)"
    missing, text = tmp_path / "no.h5", tmp_path / "spikes.txt"
    text.write_text("1 2 3")
    assert message_of(read_spikes, missing) == (
        f"{missing}: no such file; pass a file of spikes: {formats}."
    )
    assert message_of(read_spikes, text) == f"{text}: unknown format; allowed: {formats}."
    assert message_of(write_spikes, SINGLE, text) == (
        f"{text}: unknown format; allowed: {formats}."
    )
    for suffix, kind in (
        (".h5", "damaged or not SONATA"),
        (".npz", "damaged or not a file of spikes"),
    ):
        path = tmp_path / f"bad{suffix}"
        path.write_bytes(b"PK\x03\x04 nothing more")
        message = message_of(read_spikes, path)
        assert message.startswith(f"{path}: {kind} (")
        assert message.endswith("write it again from its source.")


@pytest.mark.parametrize("suffix", [".mat", ".nix"])
def test_a_damaged_file_of_neo_is_refused(tmp_path, suffix):
    pytest.importorskip("neo", reason=NEEDS_NEO)
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(b"nothing")
    message = message_of(read_spikes, path)
    assert message.startswith(f"{path}: damaged or not written by Neo (")


def test_a_file_of_neo_with_several_runs_is_refused(tmp_path):
    neo = pytest.importorskip("neo", reason=NEEDS_NEO)
    block, path = to_neo(SINGLE), tmp_path / "two.mat"
    block.segments.append(to_neo(SINGLE).segments[0])
    neo.io.NeoMatlabIO(str(path)).write_block(block)
    assert message_of(read_spikes, path) == (
        f"{path}: the block has 2 segments; allowed: one. Pass a segment."
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"i": None},
            "has no 'i'; an .npz of spikes has i (source), t_step, dt (ms), n (number of "
            "sources) and duration (ms), or is a stimulus of neurochip.",
        ),
        *(
            (
                changes,
                f"damaged or not a file of spikes ({reason}); write it again from its source.",
            )
            for changes, reason in (
                (
                    {"i": [0.5, 1.0]},
                    "'i' has shape (2,) and type float64, expected integers of shape (2,)",
                ),
                (
                    {"i": [True, False]},
                    "'i' has shape (2,) and type bool, expected integers of shape (2,)",
                ),
                (
                    {"i": [1]},
                    "'t_step' has shape (2,) and type int64, expected integers of shape (1,)",
                ),
                (
                    {"t_step": [5.0, 2.0]},
                    "'t_step' has shape (2,) and type float64, expected integers of shape (2,)",
                ),
                (
                    {"dt": [0.1]},
                    "'dt' has shape (1,) and type float64, expected numbers of shape ()",
                ),
                (
                    {"n": 2.5},
                    "'n' has shape () and type float64, expected integers of shape ()",
                ),
            )
        ),
        ({"dt": 0.0}, "dt = 0.0 ms; allowed: a number above 0."),
        ({"dt": np.nan}, "dt = nan ms; allowed: a number above 0."),
        ({"t_step": [5, -2]}, "t_step[1] = -2; allowed: 0 to 9007199254740992."),
        (
            {"t_step": np.array([5, 2**63], np.uint64)},
            "t_step[1] = 9223372036854775808; allowed: 0 to 9007199254740992.",
        ),
        ({"i": [0, -1]}, "input 'input': ids[1] = -1; allowed: 0 to 1."),
        (
            {"i": np.array([0, 2**64 - 1], np.uint64)},
            "input 'input': ids[1] = 18446744073709551615; allowed: 0 to 1.",
        ),
        ({"n": 2**31}, "input 'input': size = 2147483648; allowed: 1 to 2147483647."),
        ({"i": [0, 7]}, "input 'input': ids[1] = 7; allowed: 0 to 1."),
        (
            {"n": 0, "i": [], "t_step": []},
            "input 'input': size = 0; allowed: an integer of at least 1.",
        ),
        ({"duration": -1.0}, "duration = -1.0 ms; allowed: a number above 0."),
    ],
)
def test_arrays_that_make_no_sense_are_refused(tmp_path, changes, message):
    path = tmp_path / "spikes.npz"
    arrays = {"i": [1, 0], "t_step": [5, 2], "dt": 0.1, "n": 2, "duration": 10.0} | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    assert message_of(read_spikes, path) == f"{path}: {message}"


def test_spikes_that_do_not_fit_the_run_are_refused(tmp_path):
    path = write_spikes(STIMULUS, tmp_path / "spikes.h5")
    assert message_of(read_spikes, path, inputs=[("one", 4)]) == (
        f"{path}: has spikes of 'two'; the run has the inputs 'one'. Rename or remove them."
    )
    assert message_of(read_spikes, path, inputs=[("one", 5), ("two", 2)]) == (
        f"{path}: 'one' has 4 sources; the run expects 5."
    )
    assert message_of(read_spikes, path, duration="long") == (
        f"{path}: duration = 'long' ms; allowed: a number above 0."
    )
    plain = write_spikes(SINGLE, tmp_path / "spikes.npz", dt=0.1)
    assert message_of(read_spikes, plain, inputs=[("one", 4), ("two", 2)]) == (
        f"{plain}: holds the spikes of one input without a name, and the run has the inputs 'one', "
        "'two'; pass a file with names (SONATA, or a stimulus of neurochip)."
    )


def test_what_a_format_cannot_hold_is_refused(tmp_path):
    path = tmp_path / "spikes.npz"
    assert message_of(write_spikes, STIMULUS, path, dt=0.1) == (
        f"{path}: an .npz holds one population, but the source has 'one', 'two'; pass "
        "population=... or write .h5."
    )
    assert message_of(write_spikes, SINGLE, path) == (
        f"{path}: a stimulus has no dt; pass dt=... in ms."
    )
    assert message_of(write_spikes, SINGLE, path, population="x") == (
        "spikes: no population 'x'; allowed: 'one'."
    )
    slash = Stimulus(1.0, (SpikeInput("a/b", 1, [], []),))
    assert message_of(write_spikes, slash, tmp_path / "x.h5") == (
        f"{tmp_path / 'x.h5'}: population 'a/b' cannot be a group of HDF5; allowed: a name without "
        "a slash."
    )
    assert message_of(write_spikes, [1], path) == (
        "spikes: source = [1]; allowed: a Recording or a Stimulus."
    )
    assert not list(tmp_path.iterdir())


def test_payloads_go_into_objects_of_neo_and_into_no_file(tmp_path):
    graded = dataclasses.replace(RECORDING, payloads={"one": np.array([5, -3, 2], np.int32)})
    for suffix in (".h5", ".npz", ".nix"):
        assert message_of(write_spikes, graded, tmp_path / f"x{suffix}", population="one") == (
            "spikes: population 'one' has payloads, which this format does not hold; allowed: a "
            "population of binary spikes (population=...), or Recording.save."
        )
    assert write_spikes(graded, tmp_path / "x.h5", population="two").exists()
    pytest.importorskip("neo", reason=NEEDS_NEO)
    trains = to_neo(graded).segments[0].spiketrains
    assert [t.array_annotations["payload"].tolist() for t in trains[:4]] == [[5], [], [2], [-3]]
    assert "payload" not in trains[4].array_annotations


def test_neo_has_a_train_for_every_neuron():
    pytest.importorskip("neo", reason=NEEDS_NEO)
    block = to_neo(RECORDING)
    trains = block.segments[0].spiketrains
    assert [(t.annotations["population"], t.annotations["neuron"]) for t in trains] == [
        *(("one", k) for k in range(4)),
        ("two", 0),
        ("two", 1),
    ]
    assert [t.magnitude.tolist() for t in trains] == [[0.5], [], [19.5], [0.5], [], [4.0]]
    assert {float(t.t_stop.rescale("ms")) for t in trains} == {20.0}
    late = Stimulus(5.0, STIMULUS.trains)
    assert sum(len(t) for t in to_neo(late).segments[0].spiketrains) == 1


def test_trains_of_neo_become_a_stimulus():
    neo = pytest.importorskip("neo", reason=NEEDS_NEO)
    assert from_neo(to_neo(STIMULUS)) == STIMULUS
    assert from_neo(to_neo(STIMULUS).segments[0], duration=7.0).duration == 7.0
    trains = [
        neo.SpikeTrain(times, units="s", t_start=1.0, t_stop=1.5) for times in ([1.25], [], [1.5])
    ]
    stimulus = from_neo(trains, inputs=[("source", 3)])
    assert stimulus.duration == pytest.approx(500.0)
    (train,) = stimulus.trains
    assert (train.name, train.ids.tolist()) == ("source", [0, 2])
    assert train.times == pytest.approx([250.0, 500.0])
    assert from_neo(trains).trains[0].name == "input"


def test_trains_of_neo_that_do_not_belong_together_are_refused():
    neo = pytest.importorskip("neo", reason=NEEDS_NEO)
    block = neo.Block()
    assert message_of(from_neo, block) == (
        "Neo: the block has 0 segments; allowed: one. Pass a segment."
    )
    assert message_of(from_neo, []) == "Neo: has no spike trains."
    trains = [neo.SpikeTrain([1.0], units="ms", t_stop=stop) for stop in (5.0, 6.0)]
    assert message_of(from_neo, trains) == (
        "Neo: trains lie within 0 to 6 ms and differ in begin or end; allowed: the same begin "
        "and end for all. Cut them."
    )
    trains = [neo.SpikeTrain([1.0], units="ms", t_stop=5.0) for _ in range(2)]
    trains[0].annotate(population="a", neuron=0)
    assert message_of(from_neo, trains) == (
        "Neo: 1 of 2 trains have the annotations population and neuron; allowed: all or none."
    )


@pytest.mark.parametrize(
    ("package", "call", "message"),
    [
        (
            "h5py",
            lambda path: write_spikes(STIMULUS, path / "x.h5"),
            "writing SONATA spikes needs the package 'h5py', which is not installed: pip install "
            '"neurochip[sonata]".',
        ),
        (
            "neo",
            lambda _: to_neo(STIMULUS),
            "spikes as objects of Neo needs the package 'neo', which is not installed: pip install "
            '"neurochip[neo]".',
        ),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path, package, call, message):
    monkeypatch.setitem(sys.modules, package, None)
    assert message_of(call, tmp_path, kind=MissingExtraError) == message


# --- SONATA of others ----------------------------------------------------------------------------


def sonata(path, ids=(0, 1), times=(1.0, 2.0), units=None, **attributes):
    with h5py.File(path, "w") as file:
        group = file.create_group("spikes/a")
        group["node_ids"], group["timestamps"] = np.asarray(ids), np.asarray(times)
        if units is not None:
            group["timestamps"].attrs["units"] = units
        for key, value in {"neurochip_size": 4, "neurochip_duration": 9.0, **attributes}.items():
            group.attrs[key] = value
    return path


TYPES = "node_ids have shape {} and type {}; allowed: integers, one per spike."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": [0, 1.7]}, f"/spikes/a: {TYPES.format('(2,)', 'float64')}"),
        ({"ids": [True, False]}, f"/spikes/a: {TYPES.format('(2,)', 'bool')}"),
        ({"ids": [b"0", b"1"]}, f"/spikes/a: {TYPES.format('(2,)', '|S1')}"),
        ({"ids": [[0, 1]]}, f"/spikes/a: {TYPES.format('(1, 2)', 'int64')}"),
        ({"ids": 0}, f"/spikes/a: {TYPES.format('()', 'int64')}"),
        ({"ids": [-1, 0]}, "input 'a': ids[0] = -1; allowed: 0 to 3."),
        (
            {"ids": np.array([0, 2**64 - 1], np.uint64)},
            "input 'a': ids[1] = 18446744073709551615; allowed: 0 to 3.",
        ),
        (
            {"times": [1.0]},
            "/spikes/a has 1 timestamps and 2 node_ids; allowed: one of each per spike.",
        ),
        (
            {"times": [1.0, 2.0 + 1.0j]},
            "/spikes/a: timestamps have shape (2,) and type complex128; allowed: numbers, one per "
            "spike.",
        ),
        (
            {"times": [1.0, np.nan]},
            "input 'a': times[1] = nan ms; allowed: a finite number of at least 0 ms.",
        ),
        (
            {"times": [1.0, 1e308], "units": "s"},
            "input 'a': times[1] = inf ms; allowed: a finite number of at least 0 ms.",
        ),
        (
            {"units": "S"},
            "/spikes/a has times in 'S'; allowed: 'ms', 'milliseconds', 's', 'seconds', 'us'.",
        ),
        (
            {"neurochip_size": "4"},
            "/spikes/a: size = '4'; allowed: an integer of at least 1.",
        ),
        (
            {"neurochip_size": np.array([4, 5])},
            "/spikes/a: size = array([4, 5]); allowed: an integer of at least 1.",
        ),
        (
            {"neurochip_duration": "9"},
            "/spikes/a: neurochip_duration = '9' ms; allowed: a number above 0.",
        ),
    ],
)
def test_sonata_that_makes_no_sense_is_refused(tmp_path, changes, message):
    path = sonata(tmp_path / "x.h5", **changes)
    prefix = f"{path}: "
    assert message_of(read_spikes, path) == prefix + message


@pytest.mark.parametrize("size", [1.7, True, -1])
def test_a_size_that_is_none_is_refused(tmp_path, size):
    message = message_of(read_spikes, sonata(tmp_path / "x.h5", neurochip_size=size))
    assert message.endswith("; allowed: an integer of at least 1.")


def test_a_unit_may_be_bytes_or_one_of_a_list(tmp_path):
    for units in (b"s", np.array([b"s"])):
        (train,) = read_spikes(sonata(tmp_path / "x.h5", units=units)).trains
        assert train.times.tolist() == [1000.0, 2000.0]


def test_populations_of_different_lengths_are_refused(tmp_path):
    path = sonata(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        file.copy("spikes/a", file["spikes"], name="b")
        file["spikes/b"].attrs["neurochip_duration"] = 8.0
    assert message_of(read_spikes, path) == (
        f"{path}: its populations last 8 and 9 ms; allowed: one duration."
    )


def test_spikes_with_and_without_populations_in_one_file_are_refused(tmp_path):
    path = sonata(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        file["spikes/timestamps"], file["spikes/node_ids"] = [1.0], [0]
    assert message_of(read_spikes, path) == (
        f"{path}: has spikes both in /spikes and in /spikes/a; allowed: one of these."
    )


@pytest.mark.parametrize("suffix", [".h5", ".nix"])
def test_a_file_that_leads_to_other_files_is_refused(tmp_path, suffix):
    if suffix == ".nix":
        pytest.importorskip("neo", reason=NEEDS_NEO)
    path = write_spikes(STIMULUS, tmp_path / f"x{suffix}")
    with h5py.File(path, "a") as file:
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
    assert message_of(read_spikes, path) == (
        f"{path}: '/elsewhere' is a link to another file; allowed: a file that holds all of its "
        "data. Copy the data into it."
    )


@pytest.mark.parametrize(
    ("shape", "chunks"), [(1 << 27, 1 << 20), (2, 1 << 27)], ids=["never written", "large chunks"]
)
def test_small_files_of_many_spikes_are_refused_before_they_are_read(tmp_path, shape, chunks):
    path = sonata(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        for key in ("node_ids", "timestamps"):
            del file[f"spikes/a/{key}"]
            file["spikes/a"].create_dataset(
                key, (shape,), "i8", chunks=(chunks,), maxshape=(None,), compression="gzip"
            )
    megabytes = path.stat().st_size / 1e6
    assert message_of(read_spikes, path) == (
        f"{path}: /spikes/a/timestamps takes 1074 MB of memory, and the file has {megabytes:.3g} "
        "MB; allowed: 100 times as much. Write it without compression."
    )


def test_a_small_mat_of_many_values_is_refused_before_it_is_read(tmp_path):
    io = pytest.importorskip("scipy.io", reason=NEEDS_NEO)
    path = tmp_path / "x.mat"
    io.savemat(path, {"block": np.zeros(10_000_000)}, do_compression=True)
    message = message_of(read_spikes, path)
    assert message.startswith(
        f"{path}: its compressed data takes 68 MB of memory, and the file has"
    )
    io.savemat(path, {"block": np.zeros(10)}, do_compression=True)
    assert message_of(read_spikes, path).startswith(f"{path}: damaged or not written by Neo (")


# --- objects of Neo ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        ((0, 1.7), "Neo: neuron = 1.7; allowed: an integer of at least 0."),
        ((0, True), "Neo: neuron = True; allowed: an integer of at least 0."),
        ((0, "1"), "Neo: neuron = '1'; allowed: an integer of at least 0."),
        ((0, -1), "Neo: neuron = -1; allowed: an integer of at least 0."),
        ((0, 2**40), "Neo: neuron = 1099511627776; allowed: 0 to 2147483646."),
        ((3, 3), "Neo: neuron 3 of 'a' has two trains; allowed: one. Join them."),
    ],
)
def test_trains_of_no_neuron_are_refused(neurons, message):
    neo = pytest.importorskip("neo", reason=NEEDS_NEO)
    trains = [neo.SpikeTrain([1.0], units="ms", t_stop=5.0) for _ in neurons]
    for train, neuron in zip(trains, neurons, strict=True):
        train.annotate(population="a", neuron=neuron)
    assert message_of(from_neo, trains) == message


def test_what_is_no_train_is_refused():
    neo = pytest.importorskip("neo", reason=NEEDS_NEO)
    allowed = "allowed: a Block, a Segment or a list of SpikeTrain."
    assert message_of(from_neo, 3) == f"Neo: trains = 3; {allowed}"
    assert message_of(from_neo, [[1.0]]) == "Neo: trains holds [1.0]; allowed: SpikeTrain."
    train = neo.SpikeTrain([np.nan], units="ms", t_stop=5.0)
    assert message_of(from_neo, [train]) == (
        "Neo: input 'input': times[0] = nan ms; allowed: a finite number of at least 0 ms."
    )


# --- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (3, "inputs = 3; allowed: a list of (name, size)."),
        ([("one", 4, 5)], "inputs = [('one', 4, 5)]; allowed: a list of (name, size)."),
        ([("one", 4), ("one", 4)], "inputs name 'one' twice; allowed: once."),
        ([("one", 4.0)], "input 'one': size = 4.0; allowed: an integer of at least 1."),
        ([(1, 4)], "inputs: name = 1; allowed: a non-empty string."),
    ],
)
def test_inputs_that_are_none_are_refused(tmp_path, inputs, message):
    path = write_spikes(SINGLE, tmp_path / "x.h5")
    assert message_of(read_spikes, path, inputs=inputs) == f"{path}: {message}"


@pytest.mark.parametrize("dt", [0.0, -0.1, np.nan, True, "0.1"])
def test_spikes_are_not_put_on_a_grid_that_is_none(tmp_path, dt):
    path = tmp_path / "x.npz"
    message = f"{path}: dt = {dt!r} ms; allowed: a number above 0."
    assert message_of(write_spikes, SINGLE, path, dt=dt) == message
    assert not path.exists()


def test_a_step_that_no_format_holds_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    late = Stimulus(1.0, (SpikeInput("x", 1, [0], [1e300]),))
    assert message_of(write_spikes, late, path, dt=0.1) == (
        f"{path}: a spike at 1e+300 ms is beyond step 9007199254740992; allowed: earlier ones, or "
        "a longer dt."
    )


def test_a_dt_that_would_be_left_unused_is_refused(tmp_path):
    for source, name in ((RECORDING, "x.npz"), (STIMULUS, "x.h5")):
        path = tmp_path / name
        assert message_of(write_spikes, source, path, dt=0.1) == (
            f"{path}: dt = 0.1 ms; allowed: only for the .npz of a stimulus; a recording has its "
            "own, and other formats have none."
        )


@pytest.mark.parametrize("name", [".", "..", "timestamps", "node_ids"])
def test_a_name_that_sonata_has_for_something_else_is_refused(tmp_path, name):
    odd = Stimulus(1.0, (SpikeInput(name, 1, [], []),))
    path = tmp_path / "x.h5"
    assert message_of(write_spikes, odd, path) == (
        f"{path}: population {name!r} cannot be a group of SONATA; allowed: another name than '.', "
        "'..', 'timestamps', 'node_ids'."
    )
