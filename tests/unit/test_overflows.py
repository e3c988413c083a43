"""Overflows of a run by population, and the one warning that tells about them."""

from __future__ import annotations

import dataclasses
import json
import re
import warnings

import numpy as np
import pytest
from plastic_networks import driven

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Learning,
    Network,
    Plasticity,
    Population,
    Recording,
    SpikeInput,
    Stimulus,
    all_to_all,
    attribute,
    calibrate,
    draw_stimulus,
    fixed_probability,
    judge,
    measure_dt,
    simulate_reference,
    sweep,
    validate,
)
from neurochip._support.npz import write_npz
from neurochip.emulator.overflows import describe_overflows
from neurochip.errors import ChipOverflowWarning, RecordingError
from neurochip.frontends.session import Session, Spikes, join_recordings, stimulus_of
from neurochip.image.program import SignMode, Synapses, program
from neurochip.learning import LearningRule, Trace

SIGN = "A register that wraps changes its sign: spikes are lost or added."
COMPILE = (
    "Compile with a higher headroom (now 1.25): sources that spike in the same step need it. If "
    "rates were predicted too low, a higher assumed_rate (now auto), the recording of a float run "
    "as activity, or the expected_rate of inputs whose spikes are not known helps, too."
)
VOLLEYS = np.arange(5)


def volleys(*sizes, n_sources=200, **lif):
    """Sources that fire together, which the compiler does not expect, and populations p0, p1..."""
    times = np.repeat(20.0 * VOLLEYS, n_sources)
    source = SpikeInput("source", n_sources, np.tile(np.arange(n_sources), len(VOLLEYS)), times)
    cells = [Population(f"p{i}", size, LIF(**lif)) for i, size in enumerate(sizes)]
    wires = [all_to_all(source, item, weight=1.0) for item in cells]
    return Network(inputs=[source], populations=cells, connections=wires)


NETWORK = volleys(3, 2)
IMAGE = compile_network(NETWORK, dt=1.0)
STIMULUS = draw_stimulus(NETWORK, 100.0, seed=1)
COUNTS = {"p0": {"accumulator_wraps": 15}, "p1": {"accumulator_wraps": 10}}


def told_once(function, *arguments, **options):
    """Return the text of the only warning of a call, and its result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments, **options)
    (warning,) = caught
    assert warning.category is ChipOverflowWarning
    assert warning.filename == __file__
    return str(warning.message), result


def test_a_run_that_wraps_warns_once_and_counts_by_population():
    text, run = told_once(Emulator(IMAGE).run, STIMULUS)
    assert run.overflows == COUNTS
    assert run.counters["accumulator_wraps"] == 25
    wrapped = "a sum of synaptic input wrapped round at 22 bits"
    assert text == (
        f"run: population 'p0': {wrapped} 15 times; population 'p1': {wrapped} 10 times. "
        f"{SIGN} {COMPILE}"
    )


def test_only_headroom_helps_against_spikes_in_the_same_step():
    measured = simulate_reference(NETWORK, STIMULUS, 1.0)
    for options in ({"activity": measured}, {"assumed_rate": 1000.0}):
        image = compile_network(NETWORK, dt=1.0, **options)
        assert Emulator(image, warn=False).run(STIMULUS).overflows == COUNTS


def test_a_run_without_overflow_says_nothing():
    wide = compile_network(NETWORK, dt=1.0, headroom=40.0)
    assert Emulator(wide).run(STIMULUS).overflows == {}


def test_without_warn_a_run_only_counts():
    assert Emulator(IMAGE, warn=False).run(STIMULUS).overflows == COUNTS


def test_the_next_run_counts_anew():
    emulator = Emulator(IMAGE, warn=False)
    emulator.run(STIMULUS)
    emulator.reset()
    assert emulator.run(STIMULUS, duration=15.0).overflows == {
        name: {kind: n // 5 for kind, n in counts.items()} for name, counts in COUNTS.items()
    }
    assert emulator.run(STIMULUS, duration=2.0).overflows == {}


def test_placement_does_not_matter():
    shuffled = compile_network(NETWORK, dt=1.0, placement="hypergraph")
    small = LOIHI.what_if(name="small", compartments=2)
    for image in (shuffled, compile_network(NETWORK, small, dt=1.0)):
        assert Emulator(image, warn=False).run(STIMULUS).overflows == COUNTS


def test_a_batch_warns_once():
    quiet = Stimulus(100.0, (SpikeInput("source", 200, [], []),))
    text, runs = told_once(Emulator(IMAGE).run_batch, [quiet, *[STIMULUS] * 5])
    assert [run.overflows for run in runs] == [{}, *[COUNTS] * 5]
    assert text.startswith("5 of 6 runs: population 'p0': a sum of synaptic input wrapped round at")
    assert "22 bits 75 times; population 'p1'" in text


def test_copies_side_by_side_count_apart():
    stimuli = [draw_stimulus(NETWORK, length, seed=1) for length in [100.0] * 3 + [35.0] * 6]
    runs = Emulator(IMAGE, warn=False).run_batch(stimuli, threads=1)
    assert [run.overflows["p0"]["accumulator_wraps"] for run in runs] == [15] * 3 + [6] * 6


def test_at_most_three_populations_are_listed():
    network = volleys(1, 2, 3, 4, 5)
    text, _ = told_once(
        Emulator(compile_network(network, dt=1.0)).run, draw_stimulus(network, 100.0, 1)
    )
    assert re.findall("population '(p.)'", text) == ["p4", "p3", "p2"]
    assert "; and 2 more. A register" in text


def test_child_compartments_are_told_apart():
    network = volleys(2, tau_syn_E=5.0, tau_syn_I=8.0)
    inhibition = dataclasses.replace(network.connections[0], weight=-20.0)
    image = compile_network(dataclasses.replace(network, connections=[inhibition]), dt=1.0)
    (group,) = image.synapses
    exponent = group.format.weight_exponent + 4
    strong = dataclasses.replace(
        group, format=dataclasses.replace(group.format, weight_exponent=exponent)
    )
    emulator = Emulator(dataclasses.replace(image, synapses=(strong,)))
    text, run = told_once(emulator.run, draw_stimulus(network, 100.0, 1))
    assert run.overflows["p0"].get("child_accumulator_wraps") == 10
    assert "in the child compartments a sum of synaptic input wrapped round at 22 bits 10" in text


def test_clips_say_what_they_mean_and_what_helps_an_image_written_by_hand():
    registers = {"bias_mantissa": [-100, 4000], "vmin_exponent": 3, "vmax_exponent": 0}
    image = program(LOIHI, {**registers, "threshold_mantissa": 2**17 - 1})
    text, run = told_once(Emulator(image).run_steps, 9)
    counts = run.overflows["compartments"]
    assert min(counts["voltage_clips_low"], counts["voltage_clips_high"]) > 0
    assert text == (
        "run: population 'compartments': v was held at its lower limit "
        f"{counts['voltage_clips_low']} times, v was held at its upper limit "
        f"{counts['voltage_clips_high']} times. v at its lower limit forgets the inhibition that "
        "goes beyond it. v at its upper limit is cut off and reaches no threshold above it. Use "
        "smaller weights and biases, or a chip with wider registers."
    )


def test_compartments_of_no_population_are_counted_as_others():
    symbols = IMAGE.symbols
    first = dataclasses.replace(
        symbols, populations=symbols.populations[:1], synapses=symbols.synapses[:1] * 2
    )
    text, run = told_once(Emulator(dataclasses.replace(IMAGE, symbols=first)).run, STIMULUS)
    assert run.overflows == {"p0": COUNTS["p0"], "": COUNTS["p1"]}
    assert "; other compartments: a sum of synaptic input" in text


def learning(expected, rate, **options):
    """Run a network that learns from inputs at another rate than its compilation expects."""
    image = compile_network(driven(rate=expected), dt=1.0)
    stimulus = draw_stimulus(driven(rate=rate), 300.0, seed=1)
    return Emulator(image, **options), stimulus


def test_traces_that_are_often_at_their_limit_are_told_with_what_helps():
    emulator, stimulus = learning(5.0, 200.0)
    text, run = told_once(emulator.run, stimulus)
    counts = run.learning["source->cells"]
    assert counts["traces"] > 0.5 * counts["spikes"]
    assert text == (
        f"run: connection 'source->cells': traces met their limit {counts['traces']:,} times in "
        f"{counts['spikes']:,} spikes. A trace at its limit forgets spikes, and changes weights by "
        "too little. Compile with a higher assumed_rate (now auto), the recording of a float run "
        "as activity, or the expected_rate of inputs whose spikes are not known."
    )
    emulator.reset()
    text, _ = told_once(emulator.run_batch, [stimulus, draw_stimulus(driven(rate=1.0), 300.0, 1)])
    assert text.startswith("1 of 2 runs: connection 'source->cells': traces met their limit ")


def test_rare_traces_and_weights_at_their_limit_are_counted_and_not_told():
    emulator, stimulus = learning(20.0, 60.0, warn=False)
    run = emulator.run(stimulus)
    counts = run.learning["source->cells"]
    assert counts["repeated"] > 0
    assert 0 < counts["traces"] <= 0.1 * counts["spikes"]
    assert describe_overflows(emulator.image, [run]) == ""
    emulator.reset()
    emulator.set_weights("source->cells", 2.0)
    run = emulator.run(stimulus)
    assert run.learning["source->cells"]["weights"] > 0
    assert describe_overflows(emulator.image, [run]) == ""


def test_traces_of_an_image_by_hand_are_told_too():
    rule = LearningRule("x1*y0", x1=Trace(100, 1000), y1=Trace(1, 10))
    synapse = Synapses("inputs", [0], [0], 10, SignMode.EXCITATORY)
    silent, learning = {"threshold_mantissa": 2**17 - 1}, Learning((Plasticity(0, rule),))
    image = program(LOIHI, silent, [synapse], n_inputs=1, learning=learning)
    text, _ = told_once(Emulator(image).run_steps, 20, np.arange(20), np.zeros(20, dtype=int))
    assert text == (
        "run: connection 'group 0': traces met their limit 19 times in 20 spikes. A trace at its "
        "limit forgets spikes, and changes weights by too little. Use smaller impulses."
    )


def test_parts_of_a_run_join_their_overflows():
    emulator = Emulator(IMAGE, warn=False)
    parts = [emulator.run(STIMULUS, duration=length) for length in (30.0, 5.0, 65.0)]
    assert parts[1].overflows == {}
    assert join_recordings(parts).overflows == COUNTS


def test_a_session_counts_and_leaves_the_warning_to_its_front_end():
    session = Session(NETWORK, LOIHI, 1.0, {}, {})
    steps = np.repeat(20 * VOLLEYS, 200)
    spikes: Spikes = (steps, np.tile(np.arange(200, dtype=np.int32), len(VOLLEYS)))
    stimulus = stimulus_of(NETWORK, {"source": spikes}, 100.0, 1.0)
    (recording,) = session.windows(100, stimulus)
    assert recording.overflows == COUNTS


def test_overflows_are_kept_in_files_and_files_without_them_have_none(tmp_path):
    run = Emulator(IMAGE, warn=False).run(STIMULUS)
    path = run.save(tmp_path / "run")
    assert Recording.load(path) == run
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if not name.startswith("neurochip_")}
    meta = json.loads(str(arrays["meta"]))
    del meta["overflows"]
    arrays["meta"] = np.array(json.dumps(meta))
    assert Recording.load(write_npz(tmp_path / "older", "recording", 2, arrays)).overflows == {}


@pytest.mark.parametrize(
    ("overflows", "message"),
    [
        ([], "recording: overflows = []; allowed: a dict."),
        ({"p0": 3}, "recording: overflows of 'p0' = 3; allowed: a dict."),
        (
            {"p0": {"current_wraps": -1}},
            "recording overflows of 'p0': current_wraps = -1; allowed: an integer of at least 0.",
        ),
    ],
)
def test_overflows_of_a_recording_are_checked(overflows, message):
    run = Emulator(IMAGE, warn=False).run(STIMULUS)
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        dataclasses.replace(run, overflows=overflows)


# --- whatever runs the emulator more than once warns once ---


@pytest.mark.slow
def test_judgements_and_reports_warn_once():
    told_once(judge, NETWORK, dt=1.0, duration=100.0)
    told_once(validate, NETWORK, dt=1.0, duration=100.0, seed=[1, 2])


def test_attribution_warns_once():
    told_once(attribute, NETWORK, STIMULUS, image=IMAGE, substeps=2)


def test_a_calibration_warns_of_the_given_image_only():
    network = volleys(3)
    image = compile_network(network, dt=1.0)
    stimuli = [draw_stimulus(network, 100.0, seed) for seed in (1, 2)]
    text, _ = told_once(calibrate, network, image, stimuli, rounds=2)
    assert text.startswith("2 of 2 runs: population 'p0'")


def test_a_measurement_of_time_steps_warns_once():
    text, _ = told_once(measure_dt, NETWORK, STIMULUS, candidates=(0.5, 1.0))
    assert text == (
        "measure_dt: registers wrapped or clipped at dt = 0.5, 1 ms, which is part of the errors "
        "of these steps. A higher headroom or assumed_rate avoids it."
    )


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_sweep_warns_once(workers):
    text, _ = told_once(
        sweep,
        NETWORK,
        {"headroom": [1.25, 1.5, 40.0], "seed": [1, 2]},
        dt=1.0,
        duration=100.0,
        workers=workers,
    )
    assert text == (
        "sweep: in 4 of 6 points registers wrapped or clipped, so their spikes may be wrong "
        "(columns accumulator_wraps). A higher headroom or assumed_rate avoids it."
    )


def test_an_input_that_fires_more_than_the_compiler_was_told_makes_the_run_warn():
    rng = np.random.default_rng(3)
    ids, times = rng.integers(0, 40, 80_000), np.round(rng.uniform(1, 999, 80_000), 1)
    unknown = SpikeInput("s", 40, [], [], expected_rate=1.0)
    known = SpikeInput("s", 40, ids, times)
    cells = Population("p", 80, LIF(tau_m=20.0, v_rest=-60.0, v_reset=-63.0, v_thresh=-50.0))
    wires = [fixed_probability(unknown, cells, 0.2, weight=2.1, seed=1)]
    network = Network(inputs=[unknown], populations=[cells], connections=wires)
    text, run = told_once(Emulator(compile_network(network, dt=0.1)).run, Stimulus(300.0, (known,)))
    wraps = run.overflows["p"]["accumulator_wraps"]
    assert wraps > 100
    assert f"'p': a sum of synaptic input wrapped round at 22 bits {wraps:,} times. " in text
