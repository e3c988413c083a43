"""Named tuples in kernels, where large ones are pointers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

from neurochip._kernels.jit import DISABLED, inner_kernel, kernel

needs_jit = pytest.mark.skipif(DISABLED, reason="kernels are plain Python here")
MANY = tuple(range(101))


class Pair(NamedTuple):
    left: int
    right: int
    others: tuple[int, ...] = ()


class Part(NamedTuple):
    values: Any
    size: int
    used: bool
    others: tuple[int, ...]


class Whole(NamedTuple):
    part: Part
    pairs: Any
    absent: Any
    table: Any


@inner_kernel
def add_row(whole: Any, row: Any) -> Any:
    for k in range(whole.part.size):
        whole.part.values[k] += whole.table[row, k]
    return whole.pairs[row].right - whole[1][row][0]


@kernel
def add_rows(whole: Any) -> Any:
    values, size, used, others = whole.part
    total = len(values) * size if used and whole.absent is None else 0
    for row in range(len(whole.table)):
        total += add_row(whole, row)
    return total + len(others)


@kernel
def sum_of(pair: Any) -> Any:
    return pair.left + pair.right


@pytest.mark.parametrize("others", [(), MANY])
def test_a_kernel_reads_nested_tuples_and_writes_into_their_arrays(others):
    values, table = np.zeros(3, dtype=np.int32), np.arange(6).reshape(2, 3)
    pairs = Pair(1, 10, others), Pair(2, 200, others)
    whole = Whole(Part(values, 3, True, others), pairs, None, table)
    assert add_rows(whole) == 3 * 3 + 9 + 198 + len(others)
    assert values.tolist() == [3, 5, 7]


@pytest.mark.parametrize("others", [(), MANY])
def test_a_kernel_that_reads_nothing_but_a_tuple_gets_its_numbers(others):
    assert [sum_of(Pair(k, 1000, others)) for k in range(3)] == [1000, 1001, 1002]
    assert sum_of(Pair(0.5, 2, others)) == 2.5


@needs_jit
def test_other_functions_of_numba_keep_its_tuples():
    sum_of(Pair(1, 2, MANY))

    @numba.njit
    def swapped(pair):
        return Pair(pair.right, pair.left, pair.others)

    assert swapped(Pair(1, 2, MANY)) == Pair(2, 1, MANY)


@needs_jit
def test_a_kernel_cannot_make_a_large_named_tuple():
    @kernel
    def make(k, others):
        return Pair(k, k, others).left

    assert make(1, (2, 3)) == 1
    with pytest.raises(TypeError, match="kernels cannot make a 'Pair', which has more than 100"):
        make(1, MANY)
