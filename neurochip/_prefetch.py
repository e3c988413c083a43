"""Ask for memory before it is needed."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["prefetch"]


def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Start to load the cache line of ``array[index]`` into all caches; no result, no fault.

    LLVM's ``llvm.prefetch``: read, keep in all caches, data.
    """
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type, index_type = signature.args
        view = context.make_array(array_type)(context, builder, arguments[0])
        position = context.cast(builder, arguments[1], index_type, types.intp)
        pointer = builder.gep(view.data, [position])
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, word, word, word]),
            "llvm.prefetch.p0",
        )
        flags = [word(0), word(3), word(1)]
        builder.call(function, [builder.bitcast(pointer, byte), *flags])
        return context.get_dummy_value()

    return types.void(array, index), generate


def _no_prefetch(array: Any, index: Any) -> None:
    """Nothing: with ``NUMBA_DISABLE_JIT=1`` kernels run as plain Python."""


prefetch: Any = _no_prefetch if numba.config.DISABLE_JIT else intrinsic(_prefetch)
