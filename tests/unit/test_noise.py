"""Noise: the arithmetic against the oracle, the generator against its definition."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import oracle
import pytest
from conformance.images import THREADS

from neurochip import LOIHI
from neurochip.emulator import Emulator
from neurochip.errors import EmulatorError, ImageError
from neurochip.image.files import load_image, save_image
from neurochip.image.program import Noise, SignMode, Synapses, program
from neurochip.image.text import dump_image

WHO = "compartments"
# u is cleared in every step, so it shows what the accumulator took up.
BARE = {"decay_u": 4095, "threshold_mantissa": 131071}


def exactly(message):
    return f"^{re.escape(message)}$"


def noise(size, exponent=7, **changes):
    fields = {"enabled": np.ones(size, dtype=np.int32), "exponent": exponent, **changes}
    return Noise(**fields)


def draws(size, n_steps, threads=1, registers=(), **changes):
    """What the generator draws: with exponent 7 and no offset it is the noise itself."""
    image = program(
        LOIHI, {**BARE, **dict(registers)}, n_compartments=size, noise=noise(size, **changes)
    )
    return Emulator(image, threads=threads).run_steps(n_steps, record=["u"]).trace(WHO, "u").values


def splitmix(seed, step, compartment):
    """The raw draw as docs/reference/core-semantics.md states it, in Python's integers."""
    low = 2**64 - 1
    x = seed ^ (step << 32 | compartment)
    for _ in range(2):
        x = (x + 0x9E3779B97F4A7C15) & low
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & low
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & low
        x ^= x >> 31
    return ((x >> 32) * 255 >> 32) - 127


# --- the generator -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 12345678901234567, 2**63 - 1])
def test_draws_are_those_of_the_stated_algorithm(seed):
    expected = [[splitmix(seed, step, i) for i in range(70)] for step in range(20)]
    assert draws(70, 20, seed=seed).tolist() == expected


def test_the_first_draws_never_change():
    assert draws(4, 2, seed=1).tolist() == [[-34, 39, 61, -27], [-4, 64, 97, -42]]


def test_draws_are_spread_evenly_and_independently():
    values = draws(1000, 2000, seed=3)
    n = values.size
    counts = np.bincount(values.ravel() + 127, minlength=255)
    assert len(counts) == 255
    # Chi-square with 254 degrees of freedom: mean 254, standard deviation 22.5.
    chi_square = ((counts - n / 255) ** 2 / (n / 255)).sum()
    assert abs(chi_square - 254) < 4 * 22.5
    std = np.sqrt((255**2 - 1) / 12)
    assert abs(values.mean()) < 4 * std / np.sqrt(n)
    assert values.std() == pytest.approx(std, rel=0.002)
    centred = values / std
    for later, earlier in ((centred[1:], centred[:-1]), (centred[:, 1:], centred[:, :-1])):
        assert abs((later * earlier).mean()) < 4 / np.sqrt(n)


def test_draws_depend_on_seed_step_and_compartment_only():
    first = draws(100, 50, seed=1)
    assert np.array_equal(draws(30, 80, seed=1)[:50], first[:, :30])
    assert np.array_equal(draws(100, 50, seed=1, registers={"refractory": 9, "decay_v": 3}), first)
    every_other = np.arange(100, dtype=np.int32) % 2
    some = draws(100, 50, seed=1, enabled=every_other)
    assert np.array_equal(some, first * every_other)
    other = draws(100, 50, seed=2)
    assert (other == first).mean() < 0.01
    assert (first[1:] == first[:-1]).mean() < 0.01


@pytest.mark.parametrize("threads", THREADS)
def test_draws_are_the_same_on_threads_and_after_continuing(threads):
    whole = draws(300, 100, seed=5)
    assert np.array_equal(draws(300, 100, seed=5, threads=threads), whole)
    emulator = Emulator(
        program(LOIHI, BARE, n_compartments=300, noise=noise(300, seed=5)), threads=threads
    )
    parts = [emulator.run_steps(n, record=["u"]).trace(WHO, "u").values for n in (1, 36, 63)]
    assert np.array_equal(np.concatenate(parts), whole)
    emulator.reset()
    again = emulator.run_steps(100, record=["u"]).trace(WHO, "u").values
    assert np.array_equal(again, whole)


def test_mean_and_spread_follow_the_registers():
    values = draws(200, 500, exponent=10, mantissa_offset=3, seed=1)
    assert (values % 8 == 0).all()
    assert values.mean() == pytest.approx(64 * 3 * 8, abs=5 * 8 * 73.6 / np.sqrt(values.size))
    assert values.std() == pytest.approx(8 * 73.6, rel=0.01)
    coarse = draws(200, 500, exponent=1, seed=1)
    assert set(np.unique(coarse)) == {-1, 0, 1}  # 127 / 64, toward zero
    assert (coarse == 0).mean() == pytest.approx(127 / 255, abs=0.01)


# --- the arithmetic ------------------------------------------------------------------------------


def random_image(rng, exponent, offset, at_membrane):
    """Registers and synapses of six compartments, for the emulator and for the oracle."""
    size = 6
    registers = {
        "decay_u": rng.integers(0, 4096, size),
        "decay_v": rng.integers(0, 4096, size),
        "threshold_mantissa": rng.integers(1, 300, size),
        "bias_mantissa": rng.integers(-4096, 4096, size),
        "bias_exponent": rng.integers(0, 5, size),
        "refractory": rng.integers(1, 6, size),
        "vmin_exponent": rng.integers(8, 24, size),
        "v_init": rng.integers(-200, 200, size),
    }
    pre, target = np.divmod(np.arange(size * size), size)
    mantissa = 2 * rng.integers(-128, 128, size * size)
    delay = rng.integers(0, 4, size * size)
    recurrent = Synapses(WHO, pre, target, mantissa, SignMode.MIXED, exponent=3, delay=delay)
    enabled = rng.integers(0, 2, size).astype(np.int32)
    enabled[0] = 1
    made = Noise(enabled, exponent, offset, at_membrane)
    image = program(LOIHI, registers, [recurrent], noise=made)
    compartments = [
        oracle.Compartment(**{name: int(values[i]) for name, values in registers.items()})
        for i in range(size)
    ]
    synapses = [
        oracle.Synapse(("neuron", pre[k]), target[k], mantissa[k], delay[k], 3, 8, 1)
        for k in range(size * size)
    ]
    return image, compartments, synapses


@pytest.mark.parametrize("at_membrane", [False, True])
@pytest.mark.parametrize("exponent", [0, 1, 5, 6, 7, 8, 12, 19, 23])
def test_given_draws_act_as_the_oracle_says(exponent, at_membrane):
    rng = np.random.default_rng(exponent)
    # The largest noise of all, and offsets of both signs.
    for offset in (0, 3, -5, 127, -128)[: 5 if exponent < 20 else 3]:
        image, compartments, synapses = random_image(rng, exponent, offset, at_membrane)
        raw = rng.integers(-127, 128, (60, 6))
        raw[:2] = [[127], [-127]]
        run = Emulator(image, warn=False).run_steps(60, record=["u", "v"], noise=raw)
        expected = oracle.run(
            compartments,
            synapses,
            [],
            60,
            oracle.Noise(exponent, offset, at_membrane, image.noise.enabled.tolist(), raw.tolist()),
        )
        assert run.trace(WHO, "u").values.tolist() == expected.u
        assert run.trace(WHO, "v").values.tolist() == expected.v
        spikes = zip(run.steps[WHO].tolist(), run.ids[WHO].tolist(), strict=True)
        assert list(spikes) == expected.spikes
        assert run.counters == expected.counters


def test_the_generator_feeds_the_same_arithmetic_as_given_draws():
    rng = np.random.default_rng(1)
    for at_membrane in (False, True):
        image, _, _ = random_image(rng, 11, 2, at_membrane)
        raw = [[splitmix(0, step, i) for i in range(6)] for step in range(60)]
        own = Emulator(image, warn=False).run_steps(60, record=["u", "v"])
        given = Emulator(image, warn=False).run_steps(60, record=["u", "v"], noise=raw)
        assert own == given


def test_noise_at_the_membrane_stays_out_of_u():
    made = noise(3, exponent=12, at_membrane=True)
    registers = {**BARE, "decay_v": 4095, "decay_v_offset": 1, "bias_mantissa": 100}
    image = program(LOIHI, registers, n_compartments=3, noise=made)
    run = Emulator(image).run_steps(4, record=["u", "v"], noise=np.full((4, 3), -100))
    assert (run.trace(WHO, "u").values == 0).all()
    assert (run.trace(WHO, "v").values == 100 - 100 * 32).all()


def test_noise_reaches_u_but_not_v_while_a_compartment_is_held():
    registers = {"decay_u": 4095, "threshold_mantissa": 1, "refractory": 3}
    image = program(LOIHI, registers, noise=noise(1, exponent=7))
    run = Emulator(image).run_steps(5, record=["u", "v"], noise=[[100], [60], [50], [40], [30]])
    assert run.steps[WHO].tolist() == [0, 4]  # 100 > 64, then two held steps, then 40 + 30
    assert run.trace(WHO, "u").values[:, 0].tolist() == [100, 60, 50, 40, 30]
    assert run.trace(WHO, "v").values[:, 0].tolist() == [0, 0, 0, 40, 0]


# --- files ---------------------------------------------------------------------------------------


def test_an_image_with_noise_is_saved_and_runs_the_same(tmp_path):
    image = program(
        LOIHI,
        BARE,
        n_compartments=3,
        noise=noise(3, 9, mantissa_offset=-4, at_membrane=True, seed=8),
    )
    again = load_image(save_image(image, tmp_path / "image"))
    assert again == image
    assert again.noise.settings == (9, -4, True, 8)
    assert dump_image(again).splitlines()[3] == (
        "noise into v of 3 compartments: exponent 9, mantissa offset -4, seed 8"
    )
    record = {"record": ["u", "v"]}
    assert Emulator(again).run_steps(20, **record) == Emulator(image).run_steps(20, **record)


def test_the_digest_changes_with_every_noise_register():
    plain = program(LOIHI, BARE, n_compartments=3)
    images = [plain] + [
        dataclasses.replace(plain, noise=made)
        for made in (
            noise(3),
            noise(3, 8),
            noise(3, mantissa_offset=1),
            noise(3, at_membrane=True),
            noise(3, seed=1),
            noise(3, enabled=np.array([1, 0, 1], dtype=np.int32)),
        )
    ]
    assert len({image.digest() for image in images}) == len(images)


def test_noise_registers_cannot_be_written():
    image = program(LOIHI, BARE, n_compartments=3, noise=noise(3))
    with pytest.raises(ValueError, match="read-only"):
        image.noise.enabled[0] = 0


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exponent": 24}, "noise: exponent = 24; allowed: 0 to 23."),
        ({"exponent": -1}, "noise: exponent = -1; allowed: 0 to 23."),
        ({"exponent": 7.0}, "noise: exponent = 7.0; allowed: an integer."),
        ({"exponent": True}, "noise: exponent = True; allowed: an integer."),
        (
            {"mantissa_offset": 5000000},
            "noise: mantissa_offset = 5000000; allowed: -4194304 to 4194304.",
        ),
        ({"mantissa_offset": "1"}, "noise: mantissa_offset = '1'; allowed: an integer."),
        ({"seed": -1}, "noise: seed = -1; allowed: 0 to 9223372036854775807."),
        ({"at_membrane": 1}, "noise: at_membrane = 1; allowed: True or False."),
        (
            {"exponent": 23, "mantissa_offset": 255},
            "noise: exponent 23 and mantissa_offset 255 make noise of up to 1077870592; allowed: "
            "below 1073741824.",
        ),
    ],
)
def test_a_noise_register_out_of_range_is_refused(changes, message):
    with pytest.raises(ImageError, match=exactly(message)):
        noise(2, **changes)


@pytest.mark.parametrize(
    ("enabled", "message"),
    [
        (
            [1, 1],
            "noise: enabled = [1, 1]; allowed: a one-dimensional array of int32.",
        ),
        (
            np.ones(2),
            "noise: enabled is of type float64; allowed: a one-dimensional array of int32.",
        ),
        (
            np.ones(3, dtype=np.int32),
            "noise: enabled has shape (3,); allowed: a one-dimensional array of int32 with 2 "
            "values.",
        ),
        (
            np.array([0, 2], dtype=np.int32),
            "noise: enabled holds numbers other than 0 and 1; allowed: 0 or 1.",
        ),
    ],
)
def test_enabled_is_a_bit_for_each_compartment(enabled, message):
    with pytest.raises(ImageError, match=exactly(message)):
        program(LOIHI, {}, n_compartments=2, noise=Noise(enabled, 7))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            np.zeros((4, 2), dtype=int),
            "emulator: noise has shape (4, 2) and type int64; allowed: integers of shape (5, 2).",
        ),
        (
            np.zeros((5, 2)),
            "emulator: noise has shape (5, 2) and type float64; allowed: integers of shape (5, 2).",
        ),
        (
            np.full((5, 2), -128),
            "emulator: noise reaches from -128 to -128; allowed: -127 to 127.",
        ),
    ],
)
def test_given_draws_fit_the_run(raw, message):
    emulator = Emulator(program(LOIHI, {}, n_compartments=2, noise=noise(2)))
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator.run_steps(5, noise=raw)


def test_draws_for_an_image_without_noise_are_refused():
    message = "emulator: noise was given, but the image has no noise registers."
    with pytest.raises(EmulatorError, match=exactly(message)):
        Emulator(program(LOIHI, {})).run_steps(1, noise=[[0]])
