"""Runs up to the last step that a recording can count, and those that are too long or too large."""

from __future__ import annotations

import dataclasses

import numpy as np
import oracle
import pytest

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    draw_stimulus,
    one_to_one,
)
from neurochip._support.grid import LAST_STEP
from neurochip._support.memory import amount
from neurochip.emulator import Emulator, emulator
from neurochip.emulator.cpu import batch, engine
from neurochip.errors import EmulatorError, StimulusError
from neurochip.image.program import Noise, SignMode, Synapses, program
from neurochip.reference import reference, simulate_reference

WHO = "compartments"
SIZE, STEPS = 40, 200
DT = 0.5


def image(**noise):
    """Neurons that excite each other with delays, and an input."""
    rng = np.random.default_rng(3)
    pre, target, delay = (rng.integers(0, most, 300) for most in (SIZE, SIZE, 63))
    return program(
        LOIHI,
        {
            "decay_u": rng.integers(300, 2000, SIZE),
            "decay_v": rng.integers(0, 600, SIZE),
            "threshold_mantissa": rng.integers(50, 200, SIZE),
            "bias_mantissa": rng.integers(0, 1000, SIZE),
        },
        [
            Synapses(WHO, pre, target, 60, SignMode.EXCITATORY, delay=delay),
            Synapses("inputs", [0], [3], [90], SignMode.EXCITATORY, exponent=5),
        ],
        n_inputs=1,
        noise=Noise(np.ones(SIZE, np.int32), **noise) if noise else None,
    )


def moved_to(step, chip_image):
    """Return an emulator that has run so far, and stands as at the start."""
    one = Emulator(chip_image)
    one._position.state.clock[0] = step
    one._position.call = one._position.call._replace(step=step)
    assert one.step == step
    return one


def refusal(call, kind=EmulatorError):
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


# --------------------------------------------------------------------------------- the last step


@pytest.mark.parametrize("parts", [[STEPS], [1, 77, STEPS - 78]])
def test_the_last_steps_are_run_as_the_first_ones(parts):
    inputs = np.arange(0, STEPS, 3)
    expected = Emulator(image()).run_steps(STEPS, inputs, 0 * inputs, record=["u", "v"])
    first = LAST_STEP - STEPS
    late = moved_to(first, image())
    runs = [late.run_steps(n, inputs + first, 0 * inputs, record=["u", "v"]) for n in parts]
    assert expected.n_spikes > 500
    steps = np.concatenate([run.steps[WHO] for run in runs])
    assert steps.dtype == np.int32
    assert steps.min() >= first
    assert np.array_equal(steps - first, expected.steps[WHO])
    assert np.array_equal(np.concatenate([run.ids[WHO] for run in runs]), expected.ids[WHO])
    for name in ("u", "v"):
        values = np.concatenate([run.trace(WHO, name).values for run in runs])
        assert np.array_equal(values, expected.trace(WHO, name).values)
    assert late.step == LAST_STEP
    assert runs[-1].times(WHO)[-1] == steps[-1]


def test_noise_of_the_last_steps_is_drawn_as_the_semantics_say():
    first = LAST_STEP - STEPS
    draws = [
        [oracle.RULES.noise_draw(9, first + step, i) for i in range(SIZE)] for step in range(STEPS)
    ]
    drawn = moved_to(first, image(exponent=9, seed=9)).run_steps(STEPS, record=["v"])
    given = Emulator(image(exponent=9)).run_steps(STEPS, noise=draws, record=["v"])
    assert np.array_equal(drawn.trace(WHO, "v").values, given.trace(WHO, "v").values)
    assert drawn.n_spikes > 500


def driven():
    source = SpikeInput("source", 2, [0, 1, 0], [1.0, 2.0, 4.5])
    cells = Population("cells", 2, LIF(tau_m=10.0))
    link = one_to_one(source, cells, weight=100.0)
    network = Network(inputs=[source], populations=[cells], connections=[link])
    return network, compile_network(network, LOIHI, dt=DT)


def test_a_stimulus_ends_at_the_last_step():
    network, chip_image = driven()
    short = Emulator(chip_image).run(draw_stimulus(network, 10.0, 1))
    begin = (LAST_STEP - 20) * DT
    times = network.inputs[0].times + begin
    late = Stimulus(LAST_STEP * DT, (SpikeInput("source", 2, network.inputs[0].ids, times),))
    run = moved_to(LAST_STEP - 20, chip_image).run(late)
    assert run.n_spikes == short.n_spikes == 3
    assert (run.steps["cells"] - (LAST_STEP - 20)).tolist() == short.steps["cells"].tolist()
    assert np.allclose(run.times("cells") - begin, short.times("cells"), atol=1e-6)


def test_a_run_past_the_last_step_is_refused_before_it_begins():
    late = moved_to(LAST_STEP - 20, image())
    late.run_steps(10)
    assert refusal(lambda: late.run_steps(11)) == (
        "emulator: 11 steps were requested at step 2147483637; allowed: at most 10, since a "
        "recording counts steps up to 2147483647. Run fewer steps, or call reset() to start again "
        "at step 0."
    )
    assert late.run_steps(10).n_steps == 10
    assert "allowed: at most 0, since" in refusal(lambda: late.run_steps(1))
    late.reset()
    assert late.run_steps(1).first_step == 0


@pytest.mark.parametrize("n_steps", [2**31, 10**11, 2**62, 2**80])
def test_more_steps_than_can_be_counted_take_no_memory(n_steps):
    assert refusal(lambda: Emulator(image()).run_steps(n_steps)).startswith(
        f"emulator: {n_steps} steps were requested at step 0; allowed: at most 2147483647, since"
    )


@pytest.mark.parametrize(("duration", "steps"), [(1e12, "2e+12"), (1e300, "2e+300")])
def test_a_duration_of_more_steps_than_can_be_counted_is_refused(duration, steps):
    network, chip_image = driven()
    long, short = Stimulus(duration, network.inputs), Stimulus(10.0, network.inputs)
    text = (
        f"run: {duration:g} ms are {float(steps):.12g} steps of 0.5 ms; allowed: at most "
        "2147483647 steps. Shorten the run or raise dt."
    )
    one = Emulator(chip_image)
    assert refusal(lambda: one.run(long), StimulusError) == text
    assert refusal(lambda: one.run(short, duration=duration), StimulusError) == text
    assert refusal(lambda: one.run_batch([long]), StimulusError) == f"run 0 of 1: {text}"
    assert refusal(lambda: simulate_reference(network, long, DT), StimulusError) == text
    assert one.run(long, duration=10.0).n_spikes == one.run_batch([short])[0].n_spikes == 3


# ---------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (
            1e12,
            "stimulus: 2e+12 spikes of input 'source' in 1e+12 ms take at least 32 TB of memory, "
            "which is not available. Draw a shorter stimulus, or lower the rate.",
        ),
        (
            1e14,
            "stimulus: 2e+14 spikes of input 'source' in 1e+14 ms take at least 3.2 PB of memory, "
            "which is not available. Draw a shorter stimulus, or lower the rate.",
        ),
        (
            1e300,
            "stimulus: 2e+300 spikes of input 'source' in 1e+300 ms take at least 1,000 EB of "
            "memory, which is not available. Draw a shorter stimulus, or lower the rate.",
        ),
    ],
)
def test_a_stimulus_that_no_memory_holds_is_not_drawn(duration, text):
    network = Network(
        inputs=[PoissonInput("source", 20, rate=100.0)],
        populations=[Population("cells", 2, LIF())],
    )
    assert refusal(lambda: draw_stimulus(network, duration, 1), StimulusError) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (123_456, "123 kB"),
        (999_499_999, "999 MB"),
        (999_500_001, "1 GB"),
        (2.4e15, "2.4 PB"),
        (9.99e20, "999 EB"),
        (1e21, "1,000 EB"),
        (np.inf, "1,000 EB"),
    ],
)
def test_an_amount_of_memory_has_three_digits_and_no_exponent(n_bytes, text):
    assert amount(n_bytes) == text


def out_of_memory(*_, **__):
    raise MemoryError


def test_a_run_that_no_memory_holds_says_how_much_it_takes(monkeypatch):
    monkeypatch.setattr(emulator, "InputLists", out_of_memory)
    assert refusal(lambda: Emulator(image()).run_steps(LAST_STEP, record=["u", "v"])) == (
        "emulator: a run of 2147483647 steps with 80 traces takes 8 bytes a spike and at least "
        "704 GB of memory, which is not available. Run fewer steps at a time: a run continues "
        "where the last one stopped."
    )


def test_memory_that_ends_while_a_run_records_leaves_it_where_it_stopped(monkeypatch):
    whole, one = Emulator(image()).run_steps(STEPS), Emulator(image())
    with monkeypatch.context() as patch:
        patch.setattr(engine, "join_lists", out_of_memory)
        assert refusal(lambda: one.run_steps(50, record=["v"])) == (
            "emulator: a run of 50 steps with 40 traces takes 8 bytes a spike and at least 8.4 kB "
            "of memory, which is not available. Run fewer steps at a time: a run continues where "
            "the last one stopped."
        )
    assert one.step == 50
    rest = one.run_steps(STEPS - 50)
    assert rest.n_spikes == np.count_nonzero(whole.steps[WHO] >= 50)


@pytest.mark.parametrize("module", [emulator, batch])
def test_memory_that_ends_while_units_are_given_is_named(monkeypatch, module):
    network, chip_image = driven()
    stimulus = draw_stimulus(network, 10.0, 1)
    monkeypatch.setattr(module, "decode_recording", out_of_memory)
    one = Emulator(chip_image)
    if module is batch:
        text = refusal(lambda: one.run_batch([stimulus] * 2, record=["v"], threads=1))
        assert text.startswith("run 0 of 2: emulator: a run of 20 steps with 2 traces takes 8 ")
    else:
        text = refusal(lambda: one.run(stimulus, record=["v"]))
        assert "and at least 640 bytes of memory" in text


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (
            "Loop",
            "run: 2 neurons and 2 synapses take at least 24 bytes of memory, which is not "
            "available. Simulate a smaller network.",
        ),
        (
            "Currents",
            "run: 20 steps of 2 neurons, 2 synapses and 2 traces take 8 bytes a spike and at least "
            "344 bytes of memory, which is not available. Shorten the run, or record fewer "
            "neurons.",
        ),
    ],
    ids=["tables", "a run"],
)
def test_memory_that_ends_in_the_reference_is_named(place, text, monkeypatch):
    network, _ = driven()
    monkeypatch.setattr(reference, place, out_of_memory)
    stimulus = draw_stimulus(network, 10.0, 1)
    assert refusal(lambda: simulate_reference(network, stimulus, DT, record="v")) == text


# ----------------------------------------------------------------------------------- large sums


@pytest.mark.parametrize("noise", [None, {"exponent": 9, "seed": 2}])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("overflow", ["wrap", "wrap up", "none"])
def test_sums_that_are_multiples_of_2_32_count_as_wraps(noise, sign, overflow):
    """128 << 7 << 6 is 2**20: 4096 of them are 2**32, which 32 bits show as 0."""
    core = {"accumulator_overflow": overflow}
    chip = LOIHI.what_if(name="other", **core)
    mode = SignMode.EXCITATORY if sign > 0 else SignMode.INHIBITORY
    made = program(
        chip,
        {"decay_u": 4095, "threshold_mantissa": 131071},
        [Synapses("inputs", [0], [0], [sign * 128], mode, exponent=7)],
        n_inputs=1,
        n_compartments=1,
        noise=None if noise is None else Noise(np.ones(1, np.int32), **noise),
    )
    counts = [0, 1, 2, 3, 1023, 1024, 2048, 4095, 4096, 4097, 8192, 65_536]
    inputs = np.repeat(np.arange(len(counts)), counts)
    run = Emulator(made, warn=False).run_steps(len(counts), inputs - 1, 0 * inputs, record=["u"])
    rules = dataclasses.replace(oracle.LOIHI, **core)
    given = None if noise is None else oracle.Noise(9, 0, 0, [1], seed=2)
    trace = oracle.run(
        [oracle.Compartment(decay_u=4095, decay_v=0, threshold_mantissa=131071, core=rules)],
        [oracle.Synapse(("input", 0), 0, sign * 128, 0, 7, 8, 2 if sign > 0 else 3, rules)],
        [(step, 0) for step in inputs.tolist()],
        len(counts),
        given,
    )
    assert run.trace(WHO, "u").values.tolist() == trace.u
    assert run.counters["accumulator_wraps"] == trace.counters["accumulator_wraps"]
    assert run.counters["accumulator_wraps"] >= 6
