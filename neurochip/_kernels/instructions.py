"""LLVM instructions that Numba does not expose: prefetch, sign mask, zeros, shifts of 32 bits."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["lowest_bit", "prefetch", "rows_ahead", "shifted", "sign_bits"]

_LANES = 64
_AHEAD = 256  # synapses: enough to hide a cache miss, and few enough to stay in the L1 cache
_MOST_AHEAD = 4  # rows


def rows_ahead(n_rows: int, n_synapses: int) -> int:
    """Return how many rows before its use a row of synapses is prefetched."""
    return min(max(_AHEAD * n_rows // max(n_synapses, 1), 1), _MOST_AHEAD)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array_type, index_type = signature.args
    view = context.make_array(array_type)(context, builder, arguments[0])
    position = context.cast(builder, arguments[1], index_type, types.intp)
    return builder.gep(view.data, [position])


def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Prefetch the cache line of ``array[index]`` into all caches; an invalid address is ignored.

    This is LLVM's ``llvm.prefetch`` with the flags read, keep in all caches, data.
    """
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
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


def _sign_bits(typing_context: Any, array: Any, index: Any) -> Any:
    """Return the sign bits of 64 int32 from ``array[index]`` on, as one 64-bit mask."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        vector = ir.VectorType(ir.IntType(32), _LANES)
        values = builder.load(builder.bitcast(pointer, vector.as_pointer()), align=4)
        negative = builder.icmp_signed("<", values, ir.Constant(vector, [0] * _LANES))
        return builder.bitcast(negative, ir.IntType(_LANES))

    return types.uint64(array, index), generate


def _lowest_bit(typing_context: Any, value: Any) -> Any:
    """Return the position of the lowest set bit of a nonzero uint64."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(value), generate


def _shifted(typing_context: Any, value: Any, right: Any, left: Any) -> Any:
    """Return an integer shifted right, then left, by integers of its own type.

    Shifts of Numba have 64 bits, which makes vectors of 32 bits twice as long.
    """
    del typing_context, right, left

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.shl(builder.ashr(arguments[0], arguments[1]), arguments[2])

    return value(value, value, value), generate


# With NUMBA_DISABLE_JIT=1 kernels run as plain Python.
def _no_prefetch(array: Any, index: Any) -> None:
    """Do nothing: a prefetch has no effect on results."""


def _plain_sign_bits(array: Any, index: Any) -> int:
    start = int(index)
    return sum(1 << lane for lane in range(_LANES) if array[start + lane] < 0)


def _plain_lowest_bit(value: Any) -> int:
    return (int(value) & -int(value)).bit_length() - 1


def _plain_shifted(value: Any, right: Any, left: Any) -> Any:
    return value >> right << left


_PLAIN = bool(numba.config.DISABLE_JIT)
prefetch: Any = _no_prefetch if _PLAIN else intrinsic(_prefetch)
sign_bits: Any = _plain_sign_bits if _PLAIN else intrinsic(_sign_bits)
lowest_bit: Any = _plain_lowest_bit if _PLAIN else intrinsic(_lowest_bit)
shifted: Any = _plain_shifted if _PLAIN else intrinsic(_shifted)
