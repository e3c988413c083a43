"""Small work is done as plain Python where no compiled code is there, with the same result."""

import numba
import numpy as np
import pytest

from neurochip import LIF, LOIHI, Network, PoissonInput, Population, fixed_probability
from neurochip._kernels import cache, plain
from neurochip._kernels.jit import inner_kernel, kernel

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="kernels are plain Python here"
)


@inner_kernel
def doubled(value):
    return 2 * value


@kernel
def total_of(values):
    total = 0
    for value in values:
        total += doubled(value)
    return total


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """No kernel was compiled before."""
    monkeypatch.setattr(cache, "_cache_folder", lambda _: tmp_path)
    monkeypatch.setattr(plain, "_done", type(plain._done)())
    monkeypatch.setattr(plain, "_always_compiled", [])
    return lambda: kernel(total_of.py_func)


def test_small_work_is_done_without_compiling_a_kernel(empty_cache):
    function = empty_cache()
    assert plain.call(function, 5, np.arange(5)) == 20
    assert not function.overloads


def test_a_kernel_is_compiled_for_large_work_and_after_much_small_work(empty_cache):
    function = empty_cache()
    assert plain.call(function, 1_000_000, np.arange(5)) == 20
    assert function.overloads
    function = empty_cache()
    plain._done[function] = 1_000_000
    assert plain.call(function, 5, np.arange(5)) == 20
    assert function.overloads


def test_a_warm_up_compiles_kernels_for_small_work_too(empty_cache):
    function = empty_cache()
    plain.compile_always()
    assert plain.call(function, 5, np.arange(5)) == 20
    assert function.overloads


def test_a_kernel_that_is_on_disk_is_called(empty_cache):
    assert empty_cache()(np.arange(5)) == 20
    function = empty_cache()
    assert plain.call(function, 5, np.arange(5)) == 20
    assert function.overloads


def test_an_image_is_the_same_with_and_without_compiled_kernels(monkeypatch):
    from compiler import compile_network

    def digest():
        return compile_network(network, LOIHI, dt=0.1).digest()

    source, cells = PoissonInput("s", 20, rate=100.0), Population("n", 40, LIF(tau_m=10.0))
    connections = [fixed_probability(source, cells, probability=0.3, weight=1.0, seed=1)]
    network = Network(inputs=[source], populations=[cells], connections=connections)
    monkeypatch.setattr(plain, "call", lambda function, _, *arguments: function(*arguments))
    compiled = digest()
    called = set()

    def call(function, work, *arguments):
        called.add(function.__name__)
        assert work > 0
        return plain._python_of(function)(*arguments)

    monkeypatch.setattr(plain, "call", call)
    assert digest() == compiled
    assert called == {"add_axons_of", "count_items", "fill", "list_rows"}
