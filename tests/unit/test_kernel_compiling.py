"""Numba compiles kernels without repeating itself, and is afterwards as it was before."""

import gc
from copy import deepcopy

import numpy as np
import pytest
from numba.core.errors import TypingError
from numba.core.extending import overload
from numba.core.ir import Loc, Scope
from numba.core.types import Function

from neurochip._kernels import cache, compiling
from neurochip._kernels.jit import DISABLED, kernel

needs_jit = pytest.mark.skipif(DISABLED, reason="kernels are plain Python here")


@pytest.fixture(autouse=True)
def _no_kernels_are_known(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "_cache_folder", lambda _: tmp_path)


def element_of(values, i):
    return values[i]


@overload(element_of, inline="always")
def _compiled_element_of(values, i):
    def element(values, i):
        return values[i]

    return element


def sum_of_six(values):
    return (
        element_of(values, 0)
        + element_of(values, 1)
        + element_of(values, 2)
        + element_of(values, 3)
        + element_of(values, 4)
        + element_of(values, 5)
    )


@needs_jit
def test_numba_and_pythons_collector_are_as_before_when_a_kernel_is_or_cannot_be_compiled():
    before = Function.get_call_type
    assert kernel(sum_of_six)(np.arange(6)) == 15
    with pytest.raises(TypingError):
        kernel(lambda value: value.missing)(5)
    assert Function.get_call_type is before
    assert not hasattr(Scope, "__deepcopy__")
    assert gc.isenabled()


@needs_jit
def test_a_function_that_is_put_into_a_kernel_six_times_has_its_variables_once(monkeypatch):
    variables = []
    copy_of = compiling._with_own_names

    def spy(scope, memo):
        variables.append(len(scope.localvars))
        return copy_of(scope, memo)

    monkeypatch.setattr(compiling, "_with_own_names", spy)
    assert kernel(sum_of_six)(np.arange(6)) == 15
    assert len(variables) >= 6
    assert set(variables) == {variables[0]}


def test_a_variable_that_numba_adds_to_a_copy_is_not_in_the_original():
    place = Loc("kernel.py", 1)
    scope = Scope(None, place)
    scope.define("v", place)
    scope.redefine("v", place)
    with compiling._without_repeats():
        copied = deepcopy(scope)
    assert copied == scope
    copied.redefine("v", place)
    assert copied.get_versions_of("v") == {"v.1", "v.2"}
    assert scope.get_versions_of("v") == {"v.1"}
    assert "v.2" not in scope.localvars
    assert scope.get("v").name == "v.1"
