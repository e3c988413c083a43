"""Where recordings come from: digests of stimuli, kinds of runs, and pairs that are refused."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest

from compiler import compile_network
from neurochip import (
    LIF,
    Emulator,
    Network,
    Origin,
    PoissonInput,
    Population,
    Recording,
    SpikeInput,
    Stimulus,
    compare,
    compare_activity,
    draw_stimulus,
    one_to_one,
    simulate_reference,
    train_distances,
)
from neurochip._support.npz import write_npz
from neurochip.errors import RecordingError, StimulusError
from neurochip.frontends.session import join_recordings

DT = 0.5
SOURCE = PoissonInput("source", 4, rate=900.0)
CELLS = Population("cells", 4, LIF(tau_refrac=2.0))
NETWORK = Network(
    inputs=[SOURCE], populations=[CELLS], connections=[one_to_one(SOURCE, CELLS, weight=4.0)]
)
IMAGE = compile_network(NETWORK, dt=DT)
ONE, TWO = (draw_stimulus(NETWORK, 60.0, seed) for seed in (1, 2))
NOTHING = "0" * 16


def reference(stimulus=ONE, dt=DT, **options):
    return simulate_reference(NETWORK, stimulus, dt, **options)


def chip(stimulus=ONE):
    return Emulator(IMAGE).run(stimulus)


def exactly(message):
    return f"^{re.escape(message)}$"


# --- the digest of a stimulus ---


def test_equal_spikes_have_equal_digests_whatever_their_order():
    a = Stimulus(10.0, (SpikeInput("a", 3, [2, 0, 1], [3.0, 1.0, 1.0]),))
    b = Stimulus(10.0, (SpikeInput("a", 5, [0, 1, 2], [1.0, 1.0, 3.0]),))
    assert a.digest() == b.digest() != NOTHING


@pytest.mark.parametrize(
    ("name", "ids", "times"),
    [
        ("b", [0, 1], [1.0, 2.0]),
        ("a", [1, 0], [1.0, 2.0]),
        ("a", [0, 1], [1.0, 2.00001]),
        ("a", [0], [1.0]),
        ("a", [0, 1, 1], [1.0, 2.0, 2.0]),
    ],
)
def test_every_property_of_a_spike_changes_the_digest(name, ids, times):
    known = Stimulus(10.0, (SpikeInput("a", 2, [0, 1], [1.0, 2.0]),))
    assert Stimulus(10.0, (SpikeInput(name, 2, ids, times),)).digest() != known.digest()


def test_times_that_differ_by_rounding_are_equal():
    steps = np.arange(60)
    grids = [SpikeInput("a", 1, 0 * steps, times) for times in (steps * 0.1, steps / 10)]
    first, second = (Stimulus(10.0, (train,)).digest() for train in grids)
    assert first == second


def test_digests_of_parts_add_up_to_the_whole():
    parts = [ONE.digest(0.0, 20.0), ONE.digest(20.0, 20.5), ONE.digest(20.5, 60.0)]
    assert sum(int(part, 16) for part in parts) % 2**64 == int(ONE.digest(), 16)
    assert len(set(parts)) == 3


def test_a_spike_at_the_end_of_a_part_belongs_to_the_next_one():
    stimulus = Stimulus(1.0, (SpikeInput("a", 1, [0], [0.3]),))
    assert stimulus.digest(0.0, 0.3) == stimulus.digest(0.0, 3 * 0.1) == NOTHING
    assert stimulus.digest(3 * 0.1) == stimulus.digest(0.3, 0.4) == stimulus.digest()


def test_many_spikes_have_the_digest_of_their_parts():
    times = np.sort(np.random.default_rng(1).uniform(0, 500, 100_000))
    stimulus = Stimulus(500.0, (SpikeInput("a", 7, np.arange(100_000) % 7, times),))
    parts = [stimulus.digest(low, low + 100.0) for low in range(0, 500, 100)]
    assert sum(int(part, 16) for part in parts) % 2**64 == int(stimulus.digest(), 16)


def test_no_spikes_have_the_digest_0_and_negative_times_are_refused():
    assert Stimulus(10.0).digest() == Stimulus(20.0).digest() == NOTHING
    with pytest.raises(
        StimulusError, match=exactly("stimulus: start = -1 ms; allowed: a number of at least 0.")
    ):
        ONE.digest(-1)


# --- the origin of a recording ---


def test_chip_float_and_fine_runs_know_their_kind_stimulus_and_coupling():
    kinds = [(chip(), "chip"), (reference(), "float"), (reference(dt=0.05), "float")]
    for run, kind in kinds:
        expected = Origin(kind=kind, stimulus=ONE.digest(), coupling={"cells": "independent"})
        assert run.origin == expected


def test_a_shorter_run_has_seen_only_a_part_of_its_stimulus():
    part = reference(duration=20.0)
    assert part.origin.stimulus == ONE.digest(0.0, 20.0)


def test_parts_of_a_run_join_to_the_origin_of_the_whole():
    emulator = Emulator(IMAGE)
    parts = [emulator.run(ONE, duration=20.0), emulator.run(ONE)]
    assert parts[1].origin.stimulus == ONE.digest(20.0, 60.0)
    assert join_recordings(parts).origin == chip().origin
    bare = [dataclasses.replace(part, origin=None) for part in parts]
    assert join_recordings(bare).origin is None
    # With a part of unknown input, the input of the whole is unknown, not that of the first part.
    assert join_recordings([parts[0], bare[1]]).origin == dataclasses.replace(
        parts[0].origin, stimulus=None
    )


def test_runs_of_a_batch_have_their_own_stimulus():
    stimuli = [draw_stimulus(NETWORK, 60.0, seed) for seed in range(10)]
    batch = Emulator(IMAGE).run_batch(stimuli)
    assert [run.origin.stimulus for run in batch] == [item.digest() for item in stimuli]
    assert batch[1].origin == chip().origin


def test_a_run_in_register_units_knows_only_that_it_ran_on_the_chip():
    assert Emulator(IMAGE).run_steps(4).origin == Origin(kind="chip")


def test_an_image_without_couplings_leaves_them_out():
    symbols = IMAGE.symbols
    cells = (dataclasses.replace(symbols.populations[0], coupling=None),)
    older = dataclasses.replace(IMAGE, symbols=dataclasses.replace(symbols, populations=cells))
    assert Emulator(older).run(ONE).origin == Origin(kind="chip", stimulus=ONE.digest())


def test_origins_are_kept_in_files(tmp_path):
    run = chip()
    assert Recording.load(run.save(tmp_path / "run")) == run
    imported = dataclasses.replace(run, origin=None)
    assert Recording.load(imported.save(tmp_path / "imported")) == imported


def test_a_file_without_an_origin_has_an_unknown_one(tmp_path):
    with np.load(chip().save(tmp_path / "run.npz")) as file:
        arrays = {name: file[name] for name in file.files if not name.startswith("neurochip_")}
    meta = json.loads(str(arrays["meta"]))
    del meta["origin"]
    arrays["meta"] = np.array(json.dumps(meta))
    older = write_npz(tmp_path / "older.npz", "recording", 2, arrays)
    assert Recording.load(older).origin is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "real"}, "origin: kind = 'real'; allowed: 'chip', 'float'."),
        (
            {"stimulus": "abc"},
            "origin: stimulus = 'abc'; allowed: 16 hexadecimal digits, or None.",
        ),
        (
            {"coupling": "recurrent"},
            "origin: coupling = 'recurrent'; allowed: a dict of a coupling by population.",
        ),
        (
            {"coupling": {"p": "loose"}},
            "origin: population 'p': coupling = 'loose'; allowed: 'independent', 'shared input', "
            "'recurrent'.",
        ),
    ],
)
def test_origins_check_their_parts(fields, message):
    with pytest.raises(RecordingError, match=exactly(message)):
        Origin(**{"kind": "chip", **fields})


def test_a_recording_takes_only_an_origin():
    message = "recording: origin = 'chip'; allowed: an Origin, or None."
    with pytest.raises(RecordingError, match=exactly(message)):
        dataclasses.replace(chip(), origin="chip")


# --- pairs ---

SAME = "or any_origin=True to compare them anyway."
CHIP_LABEL = f"'chip loihi, image {IMAGE.digest()[:12]}'"
FLOAT_LABEL = "'reference float64, dt=0.5 ms'"


def of_all_functions(message):
    return [
        (compare, f"compare: {message}"),
        (
            lambda first, second, **any_origin: compare_activity(
                [first], [second], "cells", tolerance=0.2, **any_origin
            ),
            f"compare_activity: run 0: {message}",
        ),
        (
            lambda *pair, **any_origin: train_distances(
                *pair, "cells", "isi", ids=[], **any_origin
            ),
            f"train_distances: {message}",
        ),
    ]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (
            (reference(ONE), chip(TWO)),
            "the reference ran on another stimulus than the chip, so their difference would be "
            f"that of the inputs. Pass runs on one stimulus, {SAME}",
        ),
        (
            (chip(), reference()),
            f"the two runs are swapped: the reference is {CHIP_LABEL} and the chip {FLOAT_LABEL}. "
            f"Pass the float run first, {SAME}",
        ),
        (
            (chip(), chip()),
            f"the reference is {CHIP_LABEL}; allowed: a float run. Pass one, {SAME}",
        ),
        (
            (reference(), reference()),
            f"the chip is {FLOAT_LABEL}; allowed: a run on the chip. Pass one, {SAME}",
        ),
    ],
    ids=["other stimulus", "swapped", "two chip runs", "two float runs"],
)
def test_a_pair_that_means_something_else_is_refused_unless_asked_for(pair, message):
    for function, text in of_all_functions(message):
        with pytest.raises(RecordingError, match=exactly(text)):
            function(*pair)
    compare(*pair, any_origin=True)
    compare_activity([pair[0]], [pair[1]], "cells", tolerance=0.2, any_origin=True)


def test_a_fine_run_must_be_a_float_run_on_the_same_stimulus():
    compare(reference(), chip(), fine=reference(dt=0.05))
    message = (
        "compare: the reference ran on another stimulus than fine, so their difference would be "
        f"that of the inputs. Pass runs on one stimulus, {SAME}"
    )
    with pytest.raises(RecordingError, match=exactly(message)):
        compare(reference(), chip(), fine=reference(TWO, dt=0.05))
    finer = Emulator(compile_network(NETWORK, dt=0.25)).run(ONE)
    message = f"compare: fine is {finer.label!r}; allowed: a float run. Pass one, {SAME}"
    with pytest.raises(RecordingError, match=exactly(message)):
        compare(reference(), chip(), fine=finer)


def test_recordings_of_unknown_origin_are_compared():
    imported = dataclasses.replace(reference(TWO), origin=None)
    assert compare(imported, chip(ONE)) is not None
    partly = dataclasses.replace(chip(TWO), origin=Origin(kind="chip"))
    assert compare(reference(ONE), partly) is not None


def test_the_override_is_a_switch():
    message = "compare: any_origin = 'yes'; allowed: True or False."
    with pytest.raises(RecordingError, match=exactly(message)):
        compare(reference(), chip(), any_origin="yes")
