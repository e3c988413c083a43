"""The rules of a step, one at a time, on a few compartments and with numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import oracle
import pytest
from against_oracle import assert_image_equals_oracle, assert_same_run
from conformance.random_images import RandomCase

from neurochip import LOIHI
from neurochip.chip.presets import LAVA
from neurochip.emulator import Emulator
from neurochip.emulator.cpu.dense import BYTES, HALVES
from neurochip.emulator.cpu.layout import build_layout
from neurochip.image.program import Noise, SignMode, Synapses, program

EXCITATORY, INHIBITORY, MIXED = SignMode.EXCITATORY, SignMode.INHIBITORY, SignMode.MIXED
TOP = 2**23 - 1
NEVER = {"threshold_mantissa": 131071}


def run(registers, n_steps, synapses=(), inputs=(), chip=LOIHI, n_inputs=1, **options):
    """u and v of all compartments, shape (n_steps, n); spikes; counters."""
    noise, draws = options.pop("noise", None), options.pop("draws", None)
    image = program(chip, registers, synapses, n_inputs=n_inputs, noise=noise)
    steps, sources = np.array(inputs, dtype=int).reshape(-1, 2).T
    recording = Emulator(image, threads=1, warn=False).run_steps(
        n_steps, steps, sources, record=["u", "v"], noise=draws
    )
    u, v = (recording.trace("compartments", name).values.tolist() for name in "uv")
    spikes = zip(
        recording.steps["compartments"].tolist(),
        recording.ids["compartments"].tolist(),
        strict=True,
    )
    return u, v, list(spikes), recording.counters


def column(rows, compartment=0):
    return [row[compartment] for row in rows]


# ------------------------------------------------------------------------------ u, v, limits


@pytest.mark.parametrize("sign", [1, -1])
def test_decays_round_toward_zero(sign):
    """1000 * 3686 / 4096 = 899.9; the register of u holds one less than its decay."""
    u, _, _, _ = run({"decay_u": 409, "decay_v": 4095, "u_init": sign * 1000, **NEVER}, 1)
    _, v, _, _ = run({"decay_v": 410, "v_init": sign * 1000, **NEVER}, 1)
    assert (u, v) == ([[sign * 899]], [[sign * 899]])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_decay_of_a_large_value_keeps_all_its_bits(sign):
    """8,000,001 * 4095 / 4096 = 7,998,047.9, of which 15 bits and the rest are handled apart."""
    _, v, _, _ = run({"decay_v": 1, "v_init": sign * 8_000_001, **NEVER}, 1)
    assert v == [[sign * 7_998_047]]


def test_v_takes_up_u_of_the_same_step_and_the_bias():
    registers = {"decay_u": 2047, "bias_mantissa": 3, "bias_exponent": 2, "u_init": 200, **NEVER}
    u, v, _, _ = run(registers, 3)
    assert column(u) == [100, 50, 25]
    assert column(v) == [112, 174, 211]


@pytest.mark.parametrize(("start", "wrapped"), [(TOP - 63, -TOP - 1), (TOP - 64, TOP)])
def test_u_wraps_at_24_bits(start, wrapped):
    kick = Synapses("inputs", [0], [0], 1, EXCITATORY)
    registers = {"decay_u": 0, "decay_u_offset": 0, "decay_v": 4095, "u_init": start, **NEVER}
    u, _, _, counters = run(registers, 2, [kick], [(0, 0)])
    assert column(u) == [start, wrapped]
    assert counters["current_wraps"] == (wrapped < 0)


@pytest.mark.parametrize("sign_mode", [EXCITATORY, INHIBITORY])
def test_the_sum_of_a_step_wraps_at_22_bits(sign_mode):
    """Twice 255 * 2^13 is 2^22 - 2^14."""
    sign = 1 if sign_mode is EXCITATORY else -1
    kick = Synapses("inputs", [0], [0], sign * 255, sign_mode, exponent=7)
    u, _, _, counters = run({"decay_v": 4095, **NEVER}, 2, [kick], [(0, 0), (0, 0)])
    assert column(u) == [0, -sign * 2**14]
    assert counters["accumulator_wraps"] == 1
    assert counters["synaptic_events"] == 2


def test_u_and_bias_together_wrap_at_24_bits():
    registers = {"decay_u": 0, "decay_u_offset": 0, "decay_v": 4095, "bias_mantissa": 1}
    _, v, _, counters = run({**registers, "u_init": TOP, "vmin_exponent": 0, **NEVER}, 1)
    assert (v, counters["input_wraps"], counters["voltage_clips_low"]) == ([[0]], 1, 1)
    u, v, _, counters = run({**registers, "u_init": TOP - 1, **NEVER}, 1)
    assert (u, v, counters["input_wraps"]) == ([[TOP - 1]], [[0]], 0)  # 2^23 - 1 is above 2^23 - 64


def test_v_is_clipped_at_its_limits_and_what_has_no_effect_is_not_counted():
    low = {"vmin_exponent": 4, "bias_mantissa": -20}
    _, v, _, counters = run({**low, **NEVER}, 2)
    assert (column(v), counters["voltage_clips_low"]) == ([-15, -15], 2)
    high = {"vmax_exponent": 0, "bias_mantissa": 300}
    _, v, spikes, counters = run({**high, **NEVER}, 3)
    assert (column(v), spikes, counters["voltage_clips_high"]) == ([300, 511, 511], [], 2)
    both = {"vmin_exponent": [23, 4], "vmax_exponent": 0, "bias_mantissa": [300, -20]}
    _, _, spikes, counters = run({**both, "threshold_mantissa": 7}, 2)
    assert spikes == [(1, 0)]
    assert (counters["voltage_clips_low"], counters["voltage_clips_high"]) == (2, 0)


def test_the_counters_of_a_tile_are_those_of_its_compartments():
    registers = {"vmin_exponent": 4, "bias_mantissa": [-20, 0, -20], "decay_v": 4095, **NEVER}
    _, v, _, counters = run(registers, 2)
    assert v == [[-15, 0, -15]] * 2
    assert counters["voltage_clips_low"] == 4
    assert (counters["updates"], counters["spikes"]) == (6, 0)


# ------------------------------------------------------------------------------ spikes, holding


def test_v_must_exceed_the_threshold_and_is_reset_to_0():
    _, v, spikes, _ = run({"threshold_mantissa": 1, "bias_mantissa": [63, 64, 65]}, 1)
    assert (v, spikes) == ([[63, 64, 0]], [(0, 2)])


@pytest.mark.parametrize(
    ("refractory", "expected"),
    [(1, [40, 0, 40, 0, 40, 0]), (2, [40, 0, 0, 40, 0, 0]), (4, [40, 0, 0, 0, 0, 40])],
)
def test_the_register_r_holds_v_for_r_minus_1_steps(refractory, expected):
    registers = {"threshold_mantissa": 1, "bias_mantissa": 40, "refractory": refractory}
    _, v, spikes, _ = run(registers, 6)
    assert column(v) == expected
    assert [step for step, _ in spikes] == list(range(1, 6, refractory + 1))


def test_while_v_is_held_u_goes_on_and_what_v_would_do_is_lost():
    registers = {
        "decay_u": 2047,
        "threshold_mantissa": 1,
        "refractory": 3,
        "v_init": 65,
        "vmin_exponent": 4,
    }
    kick = Synapses("inputs", [0], [0], -4, INHIBITORY)
    u, v, spikes, counters = run(registers, 4, [kick], [(0, 0)])
    assert spikes == [(0, 0)]
    assert column(u) == [0, -256, -128, -64]
    assert column(v) == [0, 0, 0, -15]
    assert counters["voltage_clips_low"] == 1  # of three steps in which v would be below


def test_spikes_are_listed_by_step_then_compartment_over_several_tiles():
    bias = np.zeros(130, dtype=int)
    bias[[129, 3, 64]] = 70
    bias[0] = 40
    _, _, spikes, counters = run({"threshold_mantissa": 1, "bias_mantissa": bias}, 2)
    assert spikes == [(0, 3), (0, 64), (0, 129), (1, 0), (1, 3), (1, 64), (1, 129)]
    assert (counters["updates"], counters["spikes"]) == (260, 7)


@pytest.mark.parametrize("at_membrane", [0, 1])
def test_each_compartment_has_its_own_registers_input_and_noise_also_where_it_overflows(
    at_membrane,
):
    """Two tiles, in which every kind of overflow occurs, against the oracle."""
    rng, size, steps = np.random.default_rng(3), 70, 10
    own = {
        "decay_u": rng.choice([0, 1, 500, 4000], size),
        "decay_u_offset": rng.integers(0, 2, size),
        "decay_v": rng.integers(0, 2000, size),
        "threshold_mantissa": rng.integers(0, 60, size),
        "bias_mantissa": rng.integers(-500, 1500, size),
        "bias_exponent": rng.integers(0, 3, size),
        "refractory": rng.integers(1, 6, size),
        "vmin_exponent": rng.integers(0, 12, size),
        "vmax_exponent": rng.integers(0, 3, size),
        "v_init": np.zeros(size, dtype=int),
        "u_init": rng.choice([-TOP, TOP, 500], size, p=[0.2, 0.2, 0.6]),
    }
    targets, mantissas, delays = rng.permutation(size), rng.integers(0, 256, size), [0, 1, 3] * 24
    row = zip([0] * size, *(x.tolist() for x in (targets, mantissas)), delays[:size], strict=True)
    case = RandomCase(
        chip=LOIHI,
        core_size=1024,
        n_inputs=1,
        n_steps=steps,
        registers={name: values.tolist() for name, values in own.items()},
        formats=[("input", 7, 8, oracle.EXCITATORY)],
        synapses=[list(row)],
        inputs=[(step, 0) for step in (0, 1, 1, 1, 4)],
        noise=oracle.Noise(14, 1, at_membrane, rng.integers(0, 2, size).tolist(), seed=5),
    )
    trace = case.run_oracle()
    recording = Emulator(case.image(), threads=1, warn=False).run_steps(
        steps, *case.emulator_inputs(), record=["u", "v"]
    )
    assert_same_run(recording, trace)
    assert len(trace.spikes) > 20
    assert min(trace.counters.values()) > 0, trace.counters


# ------------------------------------------------------------------------------ arrival


@pytest.mark.parametrize("delay", [0, 1, 5, 62])
def test_a_spike_arrives_one_step_and_its_delay_later(delay):
    """Delays of 62 steps take 64 places of a ring, which turns after 64 steps."""
    registers = {"threshold_mantissa": [1, 131071], "decay_v": 4095, "bias_mantissa": [0, 0]}
    kick = Synapses("inputs", [0], [0], 2, EXCITATORY)
    link = Synapses("compartments", [0, 0], [1, 1], [1, 2], EXCITATORY, delay=[delay, 62])
    u, _, spikes, counters = run(registers, 80, [kick, link], [(0, 0), (9, 0)])
    assert spikes == [(1, 0), (10, 0)]
    wanted = np.zeros(80, dtype=int)
    for fired in (1, 10):
        for later, weight in ((delay, 64), (62, 128)):
            wanted[fired + 1 + later] += weight
    assert column(u, 1) == wanted.tolist()
    assert counters["synaptic_events"] == 2 + 2 * 2


def test_inputs_may_come_in_any_order_and_twice():
    kick = Synapses("inputs", [0, 1], [0, 0], [1, 10], EXCITATORY)
    inputs = [(3, 1), (0, 0), (2, 0), (0, 1), (2, 0)]
    for given in (inputs, sorted(inputs)):
        u, _, _, counters = run({"decay_v": 4095, **NEVER}, 5, [kick], given, n_inputs=2)
        assert column(u) == [0, 11 * 64, 0, 2 * 64, 10 * 64]
        assert counters["synaptic_events"] == 5


def test_what_is_on_its_way_at_the_end_of_a_run_arrives_in_the_next():
    kick = Synapses("inputs", [0], [0], 1, EXCITATORY, delay=2)
    link = Synapses("compartments", [0], [1], 3, EXCITATORY)
    registers = {"threshold_mantissa": [1, 131071], "bias_mantissa": [20, 0], "decay_v": [0, 4095]}
    image = program(LOIHI, registers, [kick, link], n_inputs=1)
    whole = Emulator(image, threads=1, warn=False).run_steps(
        12, [1, 3, 5], [0, 0, 0], record=["u", "v"]
    )
    parts = Emulator(image, threads=1, warn=False)
    found = [parts.run_steps(4, [1, 3, 5], [0, 0, 0], record=["u", "v"]) for _ in range(3)]
    for name in ("u", "v"):
        joined = np.concatenate([part.trace("compartments", name).values for part in found])
        assert joined.tolist() == whole.trace("compartments", name).values.tolist()
    spikes = np.concatenate([part.steps["compartments"] for part in found])
    assert spikes.tolist() == whole.steps["compartments"].tolist()
    assert len(spikes) > 2


# ------------------------------------------------------------------------------ noise, joins


@pytest.mark.parametrize(
    ("exponent", "offset", "draw", "expected"),
    [(3, 0, 100, 6), (3, 0, -100, -6), (7, 0, -100, -100), (9, 0, 3, 12), (7, 2, 5, 133)],
)
def test_noise_is_the_draw_and_its_offset_shifted_toward_zero(exponent, offset, draw, expected):
    draws = [[draw, draw]] * 2
    for at_membrane in (False, True):
        noise = Noise(np.array([1, 0], dtype=np.int32), exponent, offset, at_membrane)
        registers = {"decay_v": [4095, 4095], "bias_mantissa": 7, **NEVER}
        u, v, _, _ = run(registers, 2, noise=noise, draws=draws)
        z = 0 if at_membrane else expected
        assert u == [[z, 0], [z, 0]]
        assert v[0] == [expected + 7, 7]


def test_a_child_adds_its_u_of_the_same_step_to_its_parent():
    """The example of the core semantics; the next pair is not joined."""
    registers = {
        "decay_u": [2047, 1023, 2047, 1023],
        "decay_v": [4095, 0, 4095, 0],
        "threshold_mantissa": [131071, 100, 131071, 100],
        "bias_mantissa": [0, 10, 0, 10],
        "join": [0, 1, 0, 0],
    }
    pull = Synapses("inputs", [0, 0], [0, 2], -20, INHIBITORY)
    push = Synapses("inputs", [0, 0], [1, 3], 60, EXCITATORY)
    u, v, spikes, _ = run(registers, 3, [pull, push], [(-1, 0)])
    assert u == [[-1280, 3840] * 2, [-640, 2880] * 2, [-320, 2160] * 2]
    assert column(v, 1) == [2570, 4820, 0]
    assert column(v, 3) == [3850, 0, 2170]
    assert spikes == [(1, 3), (2, 1)]


# ------------------------------------------------------------------------------ other chips


@pytest.mark.parametrize(
    ("chip", "sums"), [(LAVA, [5, 4, 4]), (LOIHI, [4, 4, 4])], ids=["of the sum", "of each weight"]
)
def test_a_chip_may_shift_the_sum_of_a_group_instead_of_each_weight(chip, sums):
    """3 + 2 in units of a quarter are 1, 3 + 1 as well; 3, 2 and 1 alone are 0 each."""
    weak = Synapses("inputs", [0, 1, 2, 1], [0, 0, 0, 1], [3, 2, 1, 9], EXCITATORY, exponent=-2)
    whole = Synapses("inputs", [0], [0], 4, EXCITATORY)
    image = program(
        chip, {"decay_v": [4095] * 2, **NEVER}, [weak, whole], n_inputs=3, truncate=True
    )
    inputs = [(0, 0), (0, 1), (2, 0), (4, 0), (5, 2), (5, 2), (5, 2)]
    steps, sources = np.array(inputs).T
    recording = Emulator(image, threads=1, warn=False).run_steps(8, steps, sources, record=["u"])
    u = recording.trace("compartments", "u").values // 64
    assert column(u.tolist()) == [0, sums[0], 0, sums[1], 0, sums[2], 0, 0]
    assert column(u.tolist(), 1) == [0, 2, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("chip", "mantissa", "expected"),
    [(LOIHI, 1, -(2**23)), (LAVA, 1, 2**23), (LAVA, 2, 64 - 2**23)],
)
def test_a_current_of_2_to_the_23_is_what_the_chip_makes_of_it(chip, mantissa, expected):
    kick = Synapses("inputs", [0], [0], mantissa, EXCITATORY)
    registers = {"decay_u": 0, "decay_u_offset": 0, "decay_v": 4095, "u_init": TOP - 63, **NEVER}
    u, _, _, counters = run(registers, 2, [kick], [(0, 0)], chip=chip)
    assert (column(u), counters["current_wraps"]) == ([TOP - 63, expected], expected < 0)


# ------------------------------------------------------------------------------ forms of rows


def rows_of(kind, rng):
    """Sources, targets, mantissas and delays of six rows onto 100 compartments."""
    if kind == "sparse":
        sizes = [5] * 6
        post = np.concatenate([np.sort(rng.choice(100, n, replace=False)) for n in sizes])
    elif kind == "bytes, gaps":
        sizes = [32, 33, 50, 63, 36, 40]
        post = np.concatenate([np.sort(rng.choice(64, n, replace=False)) for n in sizes])
    else:
        sizes = [40, 40, 40, 40, 36, 33]
        firsts = [5, 5, 5, 7, 5, 5] if kind == "bytes, shifted" else [5] * 6
        post = np.concatenate([np.arange(a, a + n) for a, n in zip(firsts, sizes, strict=True)])
    mantissa = 2 * rng.integers(-40, 40, len(post))
    pre, delay = (np.repeat(values, sizes) for values in (np.arange(6), [0, 0, 0, 0, 3, 1]))
    return pre, post, mantissa, delay


@pytest.mark.parametrize(
    ("kind", "dense"),
    [("sparse", 0), ("bytes", 6), ("bytes, shifted", 6), ("bytes, gaps", 6), ("halves", 6)],
)
def test_rows_of_each_form_give_what_the_oracle_gives(kind, dense):
    """Weights of one byte in units of 1 do not hold both 1 and multiples of 32."""
    pre, post, mantissa, delay = rows_of(kind, np.random.default_rng(7))
    rows = Synapses("inputs", pre, post, mantissa, MIXED, exponent=4, delay=delay)
    odd = Synapses("inputs", [6], [0], 1, EXCITATORY)
    registers = {"decay_u": 1000, "decay_v": 300, "threshold_mantissa": 300, "refractory": 3}
    lists = [rows, odd] if kind == "halves" else [rows]
    image = program(LOIHI, registers, lists, n_inputs=7, n_compartments=100)
    marks = build_layout(image, 1)[0].row_ptr[:6]
    assert (marks >= HALVES).sum() == dense
    assert (marks >= BYTES).sum() == (0 if kind == "halves" else dense)
    spikes = [
        (step, source) for step in range(6) for source in range(6) if (step, source) != (2, 1)
    ]
    trace = assert_image_equals_oracle(image, spikes, 9, [1])
    assert len(trace.spikes) > 20
    assert trace.counters["synaptic_events"] == sum((pre == source).sum() for _, source in spikes)


def test_dense_rows_of_neurons_give_what_the_oracle_gives():
    """Six neurons that fire in every third step; the first of all rows is that of an input."""
    rng = np.random.default_rng(8)
    pre, post, mantissa, delay = rows_of("bytes, shifted", rng)
    rows = Synapses("compartments", pre, post, mantissa, MIXED, delay=delay)
    kick = Synapses("inputs", np.zeros(40, int), np.arange(40), 2, MIXED)
    registers = {
        "decay_u": 1000,
        "threshold_mantissa": np.where(np.arange(100) < 6, 100, 5000),
        "bias_mantissa": np.where(np.arange(100) < 6, 3000, 0),
    }
    image = program(LOIHI, registers, [rows, kick], n_inputs=1)
    assert (build_layout(image, 1)[0].row_ptr[:7] >= BYTES).all()
    trace = assert_image_equals_oracle(image, [(0, 0), (4, 0)], 10, [1])
    assert len(trace.spikes) > 12


def test_inputs_one_to_one_reach_the_compartment_of_each():
    kick = Synapses("inputs", [0, 1, 2], [2, 0, 1], [1, 2, 3], EXCITATORY, delay=[0, 1, 0])
    image = program(LOIHI, {"decay_v": [4095] * 3, **NEVER}, [kick], n_inputs=3)
    assert build_layout(image, 1)[0].one_to_one
    recording = Emulator(image, threads=1, warn=False).run_steps(
        3, [0, 0, 0], [2, 1, 0], record=["u"]
    )
    assert recording.trace("compartments", "u").values.tolist() == [
        [0, 0, 0],
        [0, 3 * 64, 64],
        [2 * 64, 0, 0],
    ]
    assert recording.counters["synaptic_events"] == 3
