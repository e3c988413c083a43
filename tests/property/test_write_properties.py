"""Bias registers written during a run: the emulator equals the oracle, however a run is cut."""

from __future__ import annotations

import copy
import hashlib

import numpy as np
import oracle
import pytest
from against_oracle import WHO, assert_same_run, same, spikes_of
from conformance.images import THREADS
from conformance.random_images import WHAT_IFS, join_some, random_case, write_some

from neurochip.emulator import Emulator

WIDTHS = [what_if for what_if in WHAT_IFS if what_if.get("delay_max") != 0]


def written_cases(n, stream, *, joined=False):
    """Cases with delays and writes of which at least one changes v, by seed.

    Without delays or with shifted sums there would be four times as many kernels to compile.
    """
    found, seed = [], 0
    while len(found) < n:
        rng = np.random.default_rng([stream, seed])
        plain = random_case(rng, what_if=WIDTHS[seed % len(WIDTHS)])
        plain = join_some(plain, rng) if joined else plain
        case = write_some(plain, rng)
        seed += 1
        delays = any(row[3] for group in case.synapses for row in group)
        pairs = any(case.registers.get("join", []))
        if delays and pairs == joined and case.run_oracle().v != plain.run_oracle().v:
            found.append((seed, case))
    return found


def run_case(case, emulator, n_steps, **options):
    """Run a case from the step where the emulator is, with its inputs, noise and writes."""
    draws = case.draws
    if draws is not None:
        draws = draws[emulator.step : emulator.step + n_steps]
    writes = tuple(zip(*case.writes, strict=True))
    inputs = case.emulator_inputs()
    return emulator.run_steps(n_steps, *inputs, noise=draws, writes=writes, **options)


@pytest.mark.parametrize("joined", [False, True], ids=["single", "pairs"])
def test_writes_of_bias_registers_equal_the_oracle_on_random_images(joined):
    noisy = 0
    for seed, case in written_cases(60, 21, joined=joined):
        threads = THREADS[-1] if seed % 8 == 0 else 1
        emulator = Emulator(case.image(), threads=threads, warn=False)
        noisy += case.noise is not None
        assert_same_run(
            run_case(case, emulator, case.n_steps, record=["u", "v"]), case.run_oracle(), seed
        )
    assert noisy > 10


@pytest.mark.parametrize("joined", [False, True], ids=["single", "pairs"])
def test_a_run_with_writes_in_two_pieces_and_a_copy_of_it_equal_one_run(joined):
    """The second piece is given no write of the first: the registers keep what was written."""
    cut = 0
    for seed, case in written_cases(25, 22, joined=joined):
        if case.n_steps < 2:
            continue
        cut += 1
        first = case.n_steps // 2
        emulator = Emulator(case.image(), warn=False)
        before = run_case(case, emulator, first, record=["u", "v"])
        later = [row for row in case.writes if row[0] >= first] or [(0, 0, 0, 0)]
        trace = case.run_oracle()
        for one in (emulator, copy.deepcopy(emulator)):
            case.writes = later
            rest = run_case(case, one, case.n_steps - first, record=["u", "v"])
            for name, expected in (("u", trace.u), ("v", trace.v)):
                parts = [part.trace(WHO, name).values for part in (before, rest)]
                assert np.array_equal(np.concatenate(parts), expected), seed
            assert same([*spikes_of(before), *spikes_of(rest)], trace.spikes), seed
    assert cut > 15


@pytest.mark.parametrize("joined", [False, True], ids=["single", "pairs"])
def test_reset_brings_back_the_bias_of_the_image(joined):
    for seed, case in written_cases(10, 23, joined=joined):
        emulator = Emulator(case.image(), warn=False)
        run_case(case, emulator, case.n_steps)
        emulator.reset()
        case.writes = []
        again = emulator.run_steps(
            case.n_steps, *case.emulator_inputs(), noise=case.draws, record=["u", "v"]
        )
        assert_same_run(again, case.run_oracle(), seed)


def test_a_write_acts_from_its_step_on_until_the_next_one():
    """The worked example of semantics 5.3: the bias is 10, 300 from step 2 on, -40 from step 4."""
    registers = {"decay_u": 0, "decay_v": 0, "threshold_mantissa": 100, "bias_mantissa": 10}
    writes = [(2, 0, 299, 0), (2, 0, 75, 2), (4, 0, -5, 3)]
    trace = oracle.run([oracle.Compartment(**registers)], [], [], 6, writes=writes)
    assert [row[0] for row in trace.v] == [10, 20, 320, 620, 580, 540]


def test_a_write_that_acts_one_step_late_is_noticed():
    late = type("Late", (oracle.Rules,), {"written_from": lambda self, step: step + 1})()
    cases = written_cases(5, 25)
    assert any(case.run_oracle(late).v != case.run_oracle().v for _, case in cases)


def test_the_state_after_writes_is_the_recorded_one():
    """A golden record of 2026-11-29: emulator and oracle cannot change together unnoticed."""
    digest = hashlib.sha256()
    for _, case in written_cases(12, 24, joined=True):
        emulator = Emulator(case.image(), warn=False)
        recording = run_case(case, emulator, case.n_steps, record=["u", "v"])
        for name in ("u", "v"):
            digest.update(recording.trace(WHO, name).values.astype("<i4").tobytes())
    assert digest.hexdigest()[:16] == "53c1f888fe6b13f0"
