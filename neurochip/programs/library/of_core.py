"""The argument that all functions of the library share: a core."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ..._support.values import instance
from ...chip.core import CoreSpec
from ...errors import ProgramError
from ..program import NeuronProgram

__all__ = ["of_core"]

_Function = TypeVar("_Function", bound=Callable[..., NeuronProgram])


def of_core(function: _Function) -> _Function:
    """Return the function with a check that its first argument is a core, and not its chip."""

    @functools.wraps(function)
    def checked(core: CoreSpec, *args: Any, **kwargs: Any) -> NeuronProgram:
        allowed = "a CoreSpec, such as LOIHI2.core"
        instance(function.__name__, "core", core, CoreSpec, allowed, error=ProgramError)
        return function(core, *args, **kwargs)

    return cast(_Function, checked)
