"""The shell around the kernels: arguments, messages, continuation, probes, units."""

from __future__ import annotations

import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from conformance.images import THREADS

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Probe,
    SpikeInput,
    Stimulus,
    draw_stimulus,
    one_to_one,
)
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.emulator import Emulator
from neurochip.emulator.cpu import engine
from neurochip.errors import ChipOverflowError, EmulatorError, RecordingError, StimulusError
from neurochip.image import ChipImage, Compartments, SynapseGroup

WHO = "compartments"


def hand_made(size=1, *, n_inputs=1, delay=0, synapses=True, **registers):
    """Every input reaches every compartment with a weight of 100 << 6 = 6400."""
    pre, target = np.divmod(np.arange(n_inputs * size), size)
    group = SynapseGroup.from_coo(
        "inputs",
        n_inputs,
        SynapseFormat(0, 8, SignMode.EXCITATORY),
        pre=pre,
        target=target,
        mantissa=100,
        delay=delay,
    )
    return ChipImage(
        chip=LOIHI,
        core_ptr=np.array([0, size]),
        compartments=Compartments.fill(LOIHI.core, size, **{"decay_v": 4095, **registers}),
        n_inputs=n_inputs,
        synapses=(group,) if synapses else (),
    )


def two_populations():
    """Driven cells, and idle ones."""
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    source = PoissonInput("source", 6, rate=500.0)
    cells, idle = Population("cells", 6, lif), Population("idle", 3, lif)
    network = Network(
        inputs=[source],
        populations=[idle, cells],
        connections=[one_to_one(source, cells, weight=6.0)],
    )
    return network, compile_network(network, LOIHI, dt=0.5)


@pytest.fixture(scope="module")
def driven():
    network, image = two_populations()
    return image, draw_stimulus(network, 100.0, seed=1)


def error_of(call, *arguments, kind=EmulatorError, **options):
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value)


# --------------------------------------------------------------------------------- arguments


def test_only_an_image_is_run():
    assert error_of(Emulator, "image.npz") == (
        "emulator: image = 'image.npz'; allowed: a ChipImage, as from compile_network."
    )


@pytest.mark.parametrize("threads", ["all", 1.0, True])
def test_threads_must_be_an_integer(threads):
    text = error_of(Emulator, hand_made(), threads=threads)
    assert text == f"emulator: threads = {threads!r}; allowed: an integer."


def test_threads_must_be_those_that_numba_has():
    most = numba.config.NUMBA_NUM_THREADS
    for threads in (0, -1, most + 1):
        text = error_of(Emulator, hand_made(), threads=threads)
        assert text == f"emulator: threads = {threads}; allowed: 1 to {most}."


def test_a_small_image_runs_on_one_thread_by_default():
    assert Emulator(hand_made()).threads == 1


@pytest.mark.parametrize("n_steps", [0, -1, 1.0, True, None, "5"])
def test_a_run_has_at_least_one_step(n_steps):
    text = error_of(Emulator(hand_made()).run_steps, n_steps)
    assert text == f"emulator: n_steps = {n_steps!r}; allowed: at least 1."


def test_input_spikes_are_two_arrays_of_one_length():
    text = error_of(Emulator(hand_made()).run_steps, 5, [0, 1], [0])
    assert text == (
        "emulator: steps have shape (2,) and sources (1,); allowed: two one-dimensional arrays of "
        "one length."
    )


def test_input_spikes_are_integers():
    run = Emulator(hand_made()).run_steps
    assert error_of(run, 5, [0.5], [0]) == (
        "emulator: steps are of type float64; allowed: integers."
    )
    assert error_of(run, 5, [0], [0.0]) == (
        "emulator: sources are of type float64; allowed: integers."
    )


@pytest.mark.parametrize("source", [-1, 3])
def test_inputs_that_do_not_exist_are_refused(source):
    text = error_of(Emulator(hand_made(n_inputs=3)).run_steps, 5, [0, 0], [1, source])
    assert text == f"emulator: input {source}; allowed: 0 to 2."


def test_a_register_that_is_not_recorded_is_refused():
    text = error_of(Emulator(hand_made()).run_steps, 5, record=["w"], kind=RecordingError)
    assert text.startswith("record: variable 'w'; this engine records 'v', 'u'")


def test_an_image_without_symbols_needs_input_numbers(driven):
    image, stimulus = driven
    assert error_of(Emulator(image.without_symbols()).run, stimulus) == (
        "emulator: this image has no symbols, so names and units are unknown; use run_steps with "
        "input numbers."
    )


def test_a_stimulus_for_another_network_is_refused(driven):
    image, _ = driven
    other = Stimulus(10.0, (SpikeInput("other", 6, [0], [1.0]),))
    text = error_of(Emulator(image).run, other, kind=StimulusError)
    assert text.startswith("stimulus: lacks spikes for input 'source'; the run expects 'source' ")


def test_a_duration_off_the_grid_is_refused(driven):
    image, stimulus = driven
    text = error_of(Emulator(image).run, stimulus, duration=10.2, kind=StimulusError)
    assert text == (
        "run: a duration of 10.2 ms is not a whole number of steps of 0.5 ms; the nearest are 10 "
        "and 10.5 ms."
    )


def test_a_run_beyond_the_stimulus_is_refused(driven):
    image, stimulus = driven
    emulator = Emulator(image)
    assert error_of(emulator.run, stimulus, duration=100.5) == (
        "emulator: at 0 ms, 100.5 ms were requested and 100 ms of the stimulus are left; call "
        "reset() to start again, or draw a longer stimulus."
    )
    emulator.run(stimulus)
    assert error_of(emulator.run, stimulus) == (
        "emulator: at 100 ms, 0 ms were requested and 0 ms of the stimulus are left; call reset() "
        "to start again, or draw a longer stimulus."
    )
    emulator.reset()
    assert emulator.run(stimulus).n_steps == 200


# ------------------------------------------------------------------------------------ inputs


def arrivals(emulator, n_steps, steps, **options):
    recording = emulator.run_steps(n_steps, steps, [0] * len(steps), record=["u"], **options)
    return np.flatnonzero(recording.trace(WHO, "u").values[:, 0]).tolist()


def test_an_input_of_step_n_acts_one_step_and_its_delay_later():
    assert arrivals(Emulator(hand_made(threshold_mantissa=1000)), 8, [-1, 2, 6, 7]) == [0, 3, 7]
    delayed = hand_made(delay=3, threshold_mantissa=1000)
    assert arrivals(Emulator(delayed), 8, [-1, 2, 4]) == [3, 6]


def test_inputs_outside_the_run_are_left_out():
    far = [-(10**12), -2, 5, 10**12]
    assert arrivals(Emulator(hand_made(threshold_mantissa=1000)), 5, [0, *far]) == [1]


def test_steps_of_a_continued_run_count_from_step_0():
    emulator = Emulator(hand_made(threshold_mantissa=1000))
    assert arrivals(emulator, 5, [1, 4]) == [2]
    # The spike of step 4 was given to the first run and arrives in step 5, the first of this one.
    assert arrivals(emulator, 5, [1, 7]) == [0, 3]
    assert emulator.step == 10


def test_an_input_given_twice_in_a_step_arrives_twice():
    emulator = Emulator(hand_made(threshold_mantissa=1000))
    recording = emulator.run_steps(3, [0, 0, 0], [0, 0, 0], record=["u"])
    assert recording.trace(WHO, "u").values[:, 0].tolist() == [0, 3 * 6400, 0]


@pytest.mark.parametrize(("bias", "spikes"), [(63, 0), (64, 0), (65, 64)])
def test_v_must_exceed_the_threshold(bias, spikes):
    image = hand_made(64, threshold_mantissa=1, bias_mantissa=bias)
    assert Emulator(image).run_steps(1).n_spikes == spikes


# ---------------------------------------------------------------------------------- recording


def test_a_recording_in_registers_has_one_population_and_counts_steps():
    recording = Emulator(hand_made(4, bias_mantissa=1)).run_steps(3, record=["u", "v"])
    assert dict(recording.populations) == {WHO: 4}
    assert (recording.dt, recording.first_step, recording.n_steps) == (1.0, 0, 3)
    trace = recording.trace(WHO, "v")
    assert (trace.unit, trace.values.dtype, trace.values.shape) == ("LSB", np.int32, (3, 4))
    assert trace.ids.tolist() == [0, 1, 2, 3]
    assert recording.trace(WHO, "u").values.tolist() == [[0] * 4] * 3


def test_the_label_names_chip_and_image():
    image = hand_made()
    recording = Emulator(image).run_steps(1)
    assert recording.label == f"chip loihi, image {image.digest()[:12]}"


def test_counters_start_at_zero_in_every_run():
    emulator = Emulator(hand_made(3, threshold_mantissa=0, bias_mantissa=1))
    for _ in range(2):
        counters = emulator.run_steps(5).counters
        assert (counters["updates"], counters["spikes"]) == (15, 15)


def test_nothing_is_recorded_but_what_was_asked_for(driven):
    image, stimulus = driven
    recording = Emulator(image).run(
        stimulus,
        record=[Probe("v", "cells", (4, 1)), Probe("u", "cells", (2,)), Probe("v", "idle")],
    )
    assert set(recording.traces) == {("cells", "v"), ("cells", "u"), ("idle", "v")}
    everything = Emulator(image).run(stimulus, record=["u", "v"])
    for (name, variable), columns in {
        ("cells", "v"): [4, 1],
        ("cells", "u"): [2],
        ("idle", "v"): [0, 1, 2],
    }.items():
        trace = recording.trace(name, variable)
        assert trace.ids.tolist() == columns
        assert np.array_equal(trace.values, everything.trace(name, variable).values[:, columns])
    assert recording.trace("cells", "v").unit == "mV"
    assert recording.trace("cells", "u").unit == "mV per step"


def test_v_is_shown_at_the_reset_while_it_is_held_and_at_rest_without_input(driven):
    image, stimulus = driven
    recording = Emulator(image).run(stimulus, record=["v"])
    v = recording.trace("cells").values
    steps, ids = recording.steps["cells"], recording.ids["cells"]
    assert len(steps) > 10
    # tau_refrac = 2 ms is 4 steps: the spike's own and three more show the reset.
    for step, neuron in zip(steps.tolist(), ids.tolist(), strict=True):
        assert v[step : step + 4, neuron].tolist() == [-65.0] * len(v[step : step + 4, neuron])
    # Truncation pulls v by less than an LSB a step toward the origin, tau / dt = 20 times in all.
    pull = 21 * image.symbols.populations[0].mv_per_lsb[0]
    assert np.abs(recording.trace("idle").values + 70.0).max() < pull + 0.01


def test_spikes_are_sorted_by_step_then_neuron(driven):
    image, stimulus = driven
    recording = Emulator(image).run(stimulus)
    pairs = list(zip(recording.steps["cells"], recording.ids["cells"], strict=True))
    assert pairs == sorted(pairs)
    assert recording.times("cells").tolist() == (recording.steps["cells"] * 0.5).tolist()
    assert recording.n_spikes == len(pairs)


@pytest.mark.parametrize("threads", THREADS)
def test_a_full_spike_buffer_loses_nothing(monkeypatch, threads):
    """Compartments that spike in every step, and room for little more than one step."""
    size = 200
    image = hand_made(size, threshold_mantissa=0, bias_mantissa=1)
    whole = Emulator(image).run_steps(50)
    monkeypatch.setattr(engine, "_SPIKE_BUFFER", 1)
    calls, kernel = [], engine.run_blocks

    def counted(worker, *arguments):
        calls.append(worker)
        return kernel(worker, *arguments)

    monkeypatch.setattr(engine, "run_blocks", counted)
    small = Emulator(image, threads=threads).run_steps(50)
    assert calls.count(0) > 10
    assert calls.count(0) == calls.count(threads - 1)
    assert small.n_spikes == 50 * size
    assert np.array_equal(small.steps[WHO], whole.steps[WHO])
    assert np.array_equal(small.ids[WHO], whole.ids[WHO])


# ------------------------------------------------------------------------------------- strict

STRICT_CASES = {
    "current_wraps": (
        {"decay_u": 0, "decay_u_offset": 0, "threshold_mantissa": 131071, "decay_v": 4095},
        "u wrapped round at 24 bits",
    ),
    "input_wraps": (
        {
            "decay_u": 0,
            "decay_u_offset": 0,
            "bias_mantissa": 4095,
            "bias_exponent": 7,
            "threshold_mantissa": 131071,
            "decay_v": 4095,
        },
        "u + bias wrapped round at 24 bits",
    ),
    "voltage_clips_low": (
        {"bias_mantissa": -100, "vmin_exponent": 3},
        "v was held at its lower limit",
    ),
    "voltage_clips_high": (
        {"bias_mantissa": 4000, "vmax_exponent": 0, "threshold_mantissa": 100},
        "v was held at its upper limit",
    ),
}


@pytest.mark.parametrize("kind", STRICT_CASES)
def test_strict_names_what_overflowed_first(kind):
    registers, meaning = STRICT_CASES[kind]
    image = hand_made(3, **registers)
    drive = [np.repeat(np.arange(200), 60), np.zeros(12_000, dtype=int)]
    counted = Emulator(image, warn=False).run_steps(200, *drive)
    assert counted.counters[kind] > 0
    emulator = Emulator(image, strict=True)
    text = error_of(emulator.run_steps, 200, *drive, kind=ChipOverflowError)
    assert text == (
        f"compartment 0: at step {emulator.step - 1} {meaning}. Compile with more headroom, or run "
        "with strict=False to count such events."
    )


def test_strict_names_the_accumulator():
    image = hand_made(2, threshold_mantissa=131071)
    # 328 weights of 6400 are 2,099,200, beyond 2^21 - 1.
    emulator = Emulator(image, strict=True)
    emulator.run_steps(5, [0] * 327, [0] * 327)
    text = error_of(emulator.run_steps, 5, [6] * 328, [0] * 328, kind=ChipOverflowError)
    assert text == (
        "compartment 0: at step 7 a sum of synaptic input wrapped round at 22 bits. Compile "
        "with more headroom, or run with strict=False to count such events."
    )


def test_a_run_without_overflow_is_not_touched_by_strict(driven):
    image, stimulus = driven
    strict = Emulator(image, strict=True).run(stimulus)
    assert strict.counters == Emulator(image).run(stimulus).counters


# ------------------------------------------------------------------------------------ process


def test_a_run_shows_its_progress_on_stderr_when_asked_to(capfd):
    Emulator(hand_made(), progress=True).run_steps(10)
    assert "emulating" in capfd.readouterr().err
    Emulator(hand_made(), progress=False).run_steps(10)
    assert capfd.readouterr().err == ""


def test_importing_the_description_loads_no_kernels():
    code = (
        "import sys, neurochip, compiler;"
        "print([m for m in ('numba', 'matplotlib', 'neurochip.emulator') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert result.stdout.strip() == "[]"


def test_a_first_current_decays_in_step_0_already():
    registers = {"decay_u": 2047, "u_init": [1000, -1001], "decay_v": 0}
    image = hand_made(2, synapses=False, **registers)
    run = Emulator(image).run_steps(3, record=["u", "v"])
    assert run.trace("compartments", "u").values.tolist() == [[500, -500], [250, -250], [125, -125]]
    assert run.trace("compartments", "v").values.tolist() == [[500, -500], [750, -750], [875, -875]]
    assert image.digest() != hand_made(2, synapses=False, decay_u=2047).digest()


def test_a_continued_run_takes_the_input_of_its_first_step_from_its_own_stimulus():
    source, cells = SpikeInput("source", 1, [0], [20.0]), Population("cells", 1, LIF())
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=20.0)],
        delivery="before_threshold",
    )
    emulator = Emulator(compile_network(network, dt=1.0))
    early = Stimulus(20.0, [SpikeInput("source", 1, [0], [20.0])])
    late = Stimulus(50.0, [SpikeInput("source", 1, [], [])])
    assert emulator.run(early).n_spikes == 0
    assert emulator.run(late, duration=30.0).n_spikes == 0
    emulator.reset()
    assert emulator.run(Stimulus(20.0, late.trains)).n_spikes == 0
    assert emulator.run(Stimulus(50.0, early.trains), duration=30.0).steps["cells"].tolist() == [20]


def test_a_continued_run_with_input_in_its_own_step_loses_nothing():
    source, cells = PoissonInput("source", 30, rate=300.0), Population("cells", 30, LIF())
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=9.0)],
        delivery="before_threshold",
    )
    image, stimulus = compile_network(network, dt=0.5), draw_stimulus(network, 100.0, seed=3)
    whole = Emulator(image).run(stimulus)
    parts = Emulator(image)
    runs = [parts.run(stimulus, duration=length) for length in (0.5, 30.0, 69.5)]
    assert whole.n_spikes > 50
    assert (
        np.concatenate([r.steps["cells"] for r in runs]).tolist() == whole.steps["cells"].tolist()
    )
    assert np.concatenate([r.ids["cells"] for r in runs]).tolist() == whole.ids["cells"].tolist()
