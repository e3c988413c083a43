"""The emulator equals the oracle, and itself, on random images.

``NEUROCHIP_MANY=30000`` runs so many images from the seeded generator instead of 2,000, and
``NEUROCHIP_LONG=1000000`` so many steps of one image instead of 10,000.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter

import numpy as np
import oracle
import pytest
from against_oracle import WHO, assert_same_run, same, spikes_of
from conformance.images import THREADS
from conformance.random_images import RULES, WHAT_IFS, RandomCase, random_case, symbols_for
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import LOIHI, SpikeInput, Stimulus
from neurochip.chip.presets import LOIHI2, PRESETS
from neurochip.emulator import Emulator
from neurochip.errors import ChipOverflowError
from neurochip.image.files import load_image, save_image
from neurochip.recording import joined_overflows

MANY = int(os.environ.get("NEUROCHIP_MANY", "2000"))
LONG = int(os.environ.get("NEUROCHIP_LONG", "10000"))

MEANING = {
    "accumulator_wraps": "a sum of synaptic input wrapped round at {accumulator_bits} bits",
    "current_wraps": "u wrapped round at {state_bits} bits",
    "input_wraps": "u + bias wrapped round at {state_bits} bits",
    "voltage_clips_low": "v was held at its lower limit",
    "voltage_clips_high": "v was held at its upper limit",
}
ADVICE = "Compile with more headroom, or run with strict=False to count such events."


def threads_of(seed):
    """Two threads for some cases only: on a busy machine a step of theirs takes milliseconds."""
    return THREADS[-1] if seed % 8 == 0 else 1


def run_case(case, emulator, n_steps=None, **options):
    """Run a case from the step where the emulator stands, with its inputs and its given noise."""
    n_steps = case.n_steps if n_steps is None else n_steps
    draws = case.draws
    if draws is not None:
        draws = draws[emulator.step : emulator.step + n_steps]
    return emulator.run_steps(n_steps, *case.emulator_inputs(), noise=draws, **options)


def assert_equals_oracle(case, threads=1, what=""):
    trace = case.run_oracle()
    emulator = Emulator(case.image(), threads=threads, warn=False)
    assert_same_run(run_case(case, emulator, record=["u", "v"]), trace, what)
    return trace


# ------------------------------------------------------------------------------- the oracle


@pytest.mark.slow
def test_every_u_v_spike_and_counter_equals_the_oracle_on_random_images():
    reached: Counter[str] = Counter()
    for seed in range(MANY):
        case = random_case(np.random.default_rng(seed))
        trace = assert_equals_oracle(case, 1 if seed % 100 else THREADS[-1], f"seed {seed}")
        reached.update(trace.counters)
        reached[f"{case.chip.core.weight_bits != LOIHI.core.weight_bits} other weights"] += 1
        reached["noise" if case.noise else "no noise"] += 1
        reached.update(f"{name} = {getattr(case.chip.core, name)}" for name in RULES)
    # The generator is of no use where nothing happens.
    assert MANY < 100 or all(count > MANY // 20 for count in reached.values()), reached
    assert MANY < 100 or len(reached) == len(trace.counters) + 4 + sum(map(len, RULES.values()))


@pytest.mark.parametrize("what_if", WHAT_IFS, ids=lambda w: ",".join(w) or "first generation")
def test_every_register_width_equals_the_oracle(what_if):
    for seed in range(5):
        assert_equals_oracle(random_case(np.random.default_rng([7, seed]), what_if=what_if))


def test_first_currents_equal_the_oracle():
    changed = 0
    for seed in range(25):
        case = random_case(np.random.default_rng([16, seed]))
        most = case.chip.core.state.maximum
        first = np.random.default_rng([17, seed]).integers(-most, most + 1, case.size)
        begun = {**case.registers, "u_init": first.tolist()}
        trace = assert_equals_oracle(dataclasses.replace(case, registers=begun))
        changed += trace.u != case.run_oracle().u
    assert changed > 12


@pytest.mark.parametrize("chip", [*PRESETS.values(), LOIHI2], ids=lambda chip: chip.name)
def test_every_preset_equals_the_oracle(chip):
    core = chip.core
    fields = (*RULES, "delay_max", "refractory_max")
    for seed in range(20):
        what_if = {field: getattr(core, field) for field in fields}
        assert_equals_oracle(random_case(np.random.default_rng([15, seed]), what_if=what_if))


@pytest.mark.slow
def test_one_long_run_equals_the_oracle():
    """Two neurons that excite each other, one that inhibits both: noise, delays, the sum shifted.

    The noise comes from the generator; spikes go round the ring of delays again and again.
    """
    case = RandomCase(
        chip=LOIHI.what_if(name="long", exponent_on_sum=True),
        core_size=3,
        n_inputs=1,
        n_steps=LONG,
        registers={
            "decay_u": [500, 90, 2000],
            "decay_v": [100, 30, 800],
            "decay_u_offset": [1, 1, 1],
            "decay_v_offset": [0, 0, 0],
            "threshold_mantissa": [900, 1500, 400],
            "bias_mantissa": [100, 35, 0],
            "bias_exponent": [4, 5, 0],
            "refractory": [3, 1, 10],
            "vmin_exponent": [23, 14, 23],
            "vmax_exponent": [7, 7, 7],
            "v_init": [0, 0, 0],
        },
        formats=[("neuron", 1, 8, oracle.EXCITATORY), ("neuron", -2, 6, oracle.MIXED)],
        synapses=[
            [(0, 1, 20, 62), (1, 0, 90, 0), (0, 2, 180, 7), (1, 2, 77, 33)],
            [(2, 0, -255, 5), (2, 1, -201, 0), (0, 0, -99, 1), (1, 1, 31, 2)],
        ],
        noise=oracle.Noise(12, 0, 0, [1, 1, 1], seed=2**62 + 12345),
    )
    trace = assert_equals_oracle(case, what=f"{LONG} steps")
    assert len(trace.spikes) > LONG // 50
    assert len({neuron for _, neuron in trace.spikes}) == 3


@st.composite
def small_cases(draw):
    """A few compartments, drawn register by register, so that a failure shrinks."""
    size, n_inputs = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    n_steps = draw(st.integers(1, 30))
    ranges = {
        "decay_u": (0, 4095),
        "decay_v": (0, 4095),
        "decay_u_offset": (0, 1),
        "decay_v_offset": (0, 1),
        "threshold_mantissa": (0, 131071),
        "bias_mantissa": (-4096, 4095),
        "bias_exponent": (0, 7),
        "refractory": (1, 63),
        "vmin_exponent": (0, 23),
        "vmax_exponent": (0, 7),
    }
    registers = {
        name: draw(st.lists(st.integers(low, high), min_size=size, max_size=size))
        for name, (low, high) in ranges.items()
    }
    registers["v_init"] = [0] * size
    formats, synapses = [], []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["input", "neuron"]))
        sign = draw(st.integers(1, 3))
        bits = draw(st.sampled_from([8, 6, 5, 4, 3, 2, 1]))
        low, high = {1: (-256, 255), 2: (0, 255), 3: (-255, 0)}[sign]
        one = st.tuples(
            st.integers(0, (n_inputs if kind == "input" else size) - 1),
            st.integers(0, size - 1),
            st.integers(low, high),
            st.integers(0, 62),
        )
        formats.append((kind, draw(st.integers(-8, 7)), bits, sign))
        synapses.append(draw(st.lists(one, max_size=8)))
    inputs = draw(
        st.lists(st.tuples(st.integers(0, n_steps - 1), st.integers(0, n_inputs - 1)), max_size=20)
    )
    core_size = draw(st.integers(1, size))
    noise = draw(
        st.none()
        | st.builds(
            oracle.Noise,
            exponent=st.integers(0, 20),
            mantissa_offset=st.integers(-30, 30),
            at_membrane=st.integers(0, 1),
            enabled=st.just([1] * size),
            seed=st.integers(0, 2**63 - 1),
        )
    )
    rules = {name: draw(st.sampled_from(values)) for name, values in RULES.items()}
    return RandomCase(
        chip=LOIHI.what_if(name="small", compartments=core_size, **rules),
        core_size=core_size,
        n_inputs=n_inputs,
        n_steps=n_steps,
        registers=registers,
        formats=formats,
        synapses=synapses,
        inputs=inputs,
        noise=noise,
    )


@settings(max_examples=150, deadline=None)
@given(small_cases())
def test_the_emulator_equals_the_oracle_on_images_that_shrink(case):
    assert_equals_oracle(case)


# ------------------------------------------------------------------- one image, several ways


def busy_cases(n, stream, *, given_noise=True):
    """Cases with spikes, by seed."""
    found, seed = [], 0
    while len(found) < n:
        case = random_case(np.random.default_rng([stream, seed]))
        seed += 1
        if case.draws is not None and not given_noise:
            continue
        if case.n_steps > 1 and case.run_oracle().spikes:
            found.append((seed, case))
    return found


def pieces_of(n_steps, rng):
    cuts = np.unique(rng.integers(1, n_steps, rng.integers(1, 6)))
    return np.diff([0, *cuts, n_steps]).tolist()


@pytest.mark.skipif(len(THREADS) < 2, reason="this machine has one thread")
def test_one_and_two_threads_give_the_same_run():
    # More blocks than threads only arise from more than 1,024 compartments with long delays.
    for seed, case in busy_cases(12, stream=1):
        one, two = (
            run_case(case, Emulator(case.image(), threads=threads, warn=False), record=["u", "v"])
            for threads in (1, 2)
        )
        assert same(spikes_of(one), spikes_of(two)), seed
        assert dict(one.counters) == dict(two.counters), seed
        assert one.overflows == two.overflows, seed
        for variable in ("u", "v"):
            assert np.array_equal(one.trace(WHO, variable).values, two.trace(WHO, variable).values)


@pytest.mark.parametrize("threads", THREADS)
def test_many_blocks_give_the_run_of_the_oracle(threads):
    """Delays of 62 steps leave 1,024 compartments a block: 2,600 compartments are three."""
    rng = np.random.default_rng(5)
    case = random_case(rng, what_if={})
    size, steps = 2600, 12
    case.chip, case.core_size, case.n_steps, case.n_inputs = LOIHI, 1024, steps, 50
    case.registers = {
        "decay_u": rng.integers(0, 4096, size).tolist(),
        "decay_v": rng.integers(0, 4096, size).tolist(),
        "threshold_mantissa": rng.integers(0, 300, size).tolist(),
        "bias_mantissa": rng.integers(-500, 3000, size).tolist(),
        "refractory": rng.integers(1, 5, size).tolist(),
        "v_init": [0] * size,
    }
    case.formats = [("input", 2, 8, 2), ("neuron", 3, 8, 1)]
    case.synapses = [
        [
            tuple(int(x) for x in row)
            for row in zip(
                rng.integers(0, sources, n),
                rng.integers(0, size, n),
                rng.integers(0, 256, n),
                rng.choice([0, 1, 5, 62], n),
                strict=True,
            )
        ]
        for sources, n in ((50, 2000), (size, 10_000))
    ]
    case.inputs = [(int(s), int(i)) for s in range(steps) for i in rng.integers(0, 50, 10)]
    case.noise = oracle.Noise(11, 0, 1, rng.integers(0, 2, size).tolist(), seed=99)
    trace = assert_equals_oracle(case, threads=threads)
    assert trace.counters["spikes"] > 5000
    assert len({neuron // 1024 for _, neuron in trace.spikes}) == 3


def test_a_run_in_random_pieces_equals_one_long_run():
    for seed, case in busy_cases(40, stream=2):
        rng = np.random.default_rng(seed)
        emulator = Emulator(case.image(), threads=threads_of(seed), warn=False)
        parts = [
            run_case(case, emulator, n, record=["u", "v"]) for n in pieces_of(case.n_steps, rng)
        ]
        trace = case.run_oracle()
        for variable, expected in (("u", trace.u), ("v", trace.v)):
            joined = np.concatenate([part.trace(WHO, variable).values for part in parts])
            assert np.array_equal(joined, expected), seed
        spikes = [spike for part in parts for spike in spikes_of(part)]
        assert same(spikes, trace.spikes), seed
        total: Counter[str] = Counter()
        for part in parts:
            total.update(part.counters)
        assert {name: total[name] for name in trace.counters} == trace.counters, seed
        assert [part.first_step for part in parts] == np.cumsum(
            [0, *(part.n_steps for part in parts[:-1])]
        ).tolist()


def test_a_reset_emulator_runs_as_a_new_one():
    for _, case in busy_cases(10, stream=3):
        emulator = Emulator(case.image(), warn=False)
        run_case(case, emulator, max(1, case.n_steps // 2))
        emulator.reset()
        again = run_case(case, emulator, record=["u", "v"])
        assert_same_run(again, case.run_oracle())


def test_a_stimulus_in_random_pieces_gives_the_decoded_state_of_the_oracle():
    for seed, case in busy_cases(40, stream=4, given_noise=False):
        rng = np.random.default_rng(seed)
        symbols = symbols_for(case, rng)
        case.inputs = [(step, source) for step, source in case.inputs if step > 0]
        steps, sources = case.emulator_inputs()
        stimulus = Stimulus(
            case.n_steps * symbols.dt,
            (SpikeInput("input", case.n_inputs, np.array(sources, int), np.array(steps) * 0.5),),
        )
        emulator = Emulator(case.image(symbols), warn=False)
        pieces = pieces_of(case.n_steps, rng)
        parts = [emulator.run(stimulus, duration=n * symbols.dt, record=["u", "v"]) for n in pieces]
        trace = case.run_oracle()
        owner = {int(i): item.name for item in symbols.populations for i in item.compartment_ids}
        counted: dict[str, Counter[str]] = {}
        for _, compartment, kind in trace.overflows:
            counted.setdefault(owner[compartment], Counter())[kind] += 1
        assert joined_overflows(parts) == counted, seed
        for item in symbols.populations:
            joined = {
                name: np.concatenate([part.trace(item.name, name).values for part in parts])
                for name in ("u", "v")
            }
            u = np.array(trace.u)[:, item.compartment_ids] * item.mv_per_lsb
            v = np.array(trace.v)[:, item.compartment_ids] * item.mv_per_lsb + item.origin
            number = {int(c): k for k, c in enumerate(item.compartment_ids)}
            mine = sorted((step, number[c]) for step, c in trace.spikes if c in number)
            for step, k in mine:
                refractory = case.registers["refractory"][item.compartment_ids[k]]
                v[step : step + refractory - 1, k] = item.v_reset[k]
            assert np.array_equal(joined["u"], u), seed
            assert np.array_equal(joined["v"], v), seed
            spikes = [spike for part in parts for spike in spikes_of(part, item.name)]
            assert same(spikes, mine), seed


def test_strict_raises_at_the_first_overflow_of_the_oracle_with_its_message():
    kinds = set()
    for seed in range(60):
        rng = np.random.default_rng([11, seed])
        case = random_case(rng)
        trace = case.run_oracle()
        emulator = Emulator(case.image(), strict=True, threads=threads_of(seed))
        if not trace.overflows:
            run_case(case, emulator)
            continue
        step, compartment, kind = trace.overflows[0]
        kinds.add(kind)
        core = case.chip.core
        meaning = MEANING[kind].format(
            accumulator_bits=core.accumulator_bits, state_bits=core.state_bits
        )
        # The emulator counts from step 0 as the oracle does; only its inputs are one step earlier.
        with pytest.raises(ChipOverflowError) as caught:
            run_case(case, emulator)
        message = f"compartment {compartment}: at step {step} {meaning}. {ADVICE}"
        assert str(caught.value) == message
        assert emulator.step == step + 1
    assert kinds >= {"accumulator_wraps", "input_wraps", "voltage_clips_low", "voltage_clips_high"}


def test_a_strict_run_goes_on_after_its_error_where_it_stopped():
    tried = 0
    for seed in range(60):
        case = random_case(np.random.default_rng([12, seed]))
        trace = case.run_oracle()
        if not trace.overflows or trace.overflows[0][0] == case.n_steps - 1:
            continue
        tried += 1
        step = trace.overflows[0][0]
        emulator = Emulator(case.image(), strict=True, warn=False)
        with pytest.raises(ChipOverflowError):
            run_case(case, emulator)
        emulator.strict = False
        rest = run_case(case, emulator, case.n_steps - step - 1, record=["u", "v"])
        assert np.array_equal(rest.trace(WHO, "u").values, trace.u[step + 1 :])
        assert np.array_equal(rest.trace(WHO, "v").values, trace.v[step + 1 :])
        assert same(spikes_of(rest), [spike for spike in trace.spikes if spike[0] > step])
    assert tried > 10


def test_saved_and_loaded_images_and_images_without_symbols_give_the_same_run(tmp_path):
    for seed, case in busy_cases(15, stream=6):
        image = case.image(symbols_for(case, np.random.default_rng(seed)))
        loaded = load_image(save_image(image, tmp_path / f"{seed}"))
        assert loaded == image
        trace = case.run_oracle()
        for other in (image, loaded, image.without_symbols(), loaded.without_symbols()):
            recording = run_case(case, Emulator(other, warn=False), record=["u", "v"])
            assert_same_run(recording, trace)


def test_cores_change_no_result():
    for _, case in busy_cases(15, stream=8):
        trace = case.run_oracle()
        for core_size in {1, 7, case.size}:
            case.core_size = core_size
            case.chip = case.chip.what_if(compartments=core_size, cores=case.size)
            recording = run_case(case, Emulator(case.image(), warn=False), record=["u", "v"])
            assert_same_run(recording, trace)


def test_symbols_name_the_neuron_and_the_time_of_an_overflow():
    for seed in range(20):
        case = random_case(np.random.default_rng([13, seed]))
        trace = case.run_oracle()
        if not trace.overflows:
            continue
        symbols = symbols_for(case, np.random.default_rng(seed))
        step, compartment, kind = trace.overflows[0]
        core = case.chip.core
        meaning = MEANING[kind].format(
            accumulator_bits=core.accumulator_bits, state_bits=core.state_bits
        )
        item = next(p for p in symbols.populations if compartment in p.compartment_ids)
        neuron = item.compartment_ids.tolist().index(compartment)
        with pytest.raises(ChipOverflowError) as caught:
            run_case(case, Emulator(case.image(symbols), strict=True))
        assert str(caught.value) == (
            f"neuron {neuron} of {item.name!r}: at {step * 0.5:g} ms (step {step}) {meaning}. "
            f"{ADVICE}"
        )
