"""Filling cores in parts on threads, and dividing some of them, against filling them at once."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LOIHI
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.packing.axons import add_axons
from neurochip.packing.budget import Filler
from neurochip.packing.wiring import SynapseRows, wire

SIZE, DEGREE = 400, 6


@pytest.fixture
def filler():
    rng = np.random.default_rng(3)
    groups = [
        SynapseRows(
            np.arange(SIZE, dtype=np.int32),
            np.arange(SIZE + 1) * DEGREE,
            np.sort(rng.integers(0, SIZE, (SIZE, DEGREE), dtype=np.int32)).ravel(),
            SynapseFormat(0, bits, SignMode.EXCITATORY),
            delay_bits,
        )
        for bits, delay_bits in ((8, 0), (4, 3))
    ]
    same = np.zeros(SIZE, dtype=np.int32)
    profiles = {"profile": same, "threshold": same, "shared": same}
    wiring = wire(np.arange(SIZE + 1), same, 0, groups, profiles)
    return Filler(wiring, LOIHI.what_if(compartments=37).core)


def agree(one, other):
    assert one.core_ptr.tolist() == other.core_ptr.tolist()
    assert {name: values.tolist() for name, values in one.usage.items()} == {
        name: values.tolist() for name, values in other.usage.items()
    }


def on_threads(monkeypatch, number):
    monkeypatch.setattr("neurochip.packing.threads._WORK_PER_THREAD", 1)
    monkeypatch.setattr("neurochip._kernels.workers.most_threads", lambda: number)
    monkeypatch.setattr("os.cpu_count", lambda: number)


@pytest.mark.parametrize("shared", [True, False])
def test_threads_count_the_axons_of_their_cores_as_one_thread_counts_them(
    filler, monkeypatch, shared
):
    filling = filler.fill(np.arange(SIZE), np.zeros(SIZE, dtype=bool))
    core = LOIHI.what_if(population_axons=shared).core
    core_of, chip_of = filling.core_of, np.arange(filling.n_cores) // 3
    population = np.arange(SIZE) % 2

    def axons():
        return add_axons(filling, filler._wiring, core_of, population, core, chip_of)

    alone = axons()
    on_threads(monkeypatch, 3)
    for name, values in axons().items():
        assert values.tolist() == alone[name].tolist(), name


@pytest.mark.parametrize("number", [2, 3, 8])
def test_threads_fill_the_parts_of_an_order_as_one_thread_fills_it(filler, monkeypatch, number):
    order = np.random.default_rng(1).permutation(SIZE)
    opens = np.zeros(SIZE, dtype=bool)
    opens[[3, 60, 190, 200, 390]] = True
    whole = filler.fill(order, opens)
    on_threads(monkeypatch, number)
    assert len(filler._parts(opens)) > 1
    agree(filler.fill(order, opens), whole)


def test_an_order_without_a_start_of_a_core_is_filled_at_once(filler, monkeypatch):
    on_threads(monkeypatch, 4)
    assert filler._parts(np.zeros(SIZE, dtype=bool)) == [0]


def test_threads_report_the_first_neuron_that_fits_no_core(filler, monkeypatch):
    order, opens = np.arange(SIZE), np.arange(SIZE) % 10 == 0
    filler.packing.limits[1] = 5  # words
    whole = filler.fill(order, opens)
    on_threads(monkeypatch, 2)
    parts = filler.fill(order, opens)
    assert whole.failed == parts.failed >= 0
    agree(parts, whole)


def test_divided_cores_are_those_of_a_filling_with_more_starts(filler):
    order = np.random.default_rng(2).permutation(SIZE)
    filling = filler.fill(order, np.zeros(SIZE, dtype=bool))
    cores, firsts = np.array([0, 4, 5]), np.array([19, 1, 0])
    opens = np.zeros(SIZE, dtype=bool)
    opens[filling.core_ptr[:-1]] = True
    opens[filling.core_ptr[cores] + firsts] = True
    divided = filler.divide(filling, cores, firsts)
    agree(divided, filler.fill(order, opens))
    assert divided.n_cores == filling.n_cores + 2
