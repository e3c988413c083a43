"""Large named tuples of kernels as pointers: one address instead of hundreds of numbers.

To Numba a tuple is all the numbers that it holds, seven for each array. It takes tuples apart at
every call, puts them together again in the function called, and copies them whole to read a field.
That was a third of the code of a kernel that learns, and a fifth of the time to compile it. Here
the call from Python writes the numbers into memory once, and a kernel loads the field that it
reads.

Only kernels are compiled in this way; other users of Numba in the process keep its tuples.
"""

from __future__ import annotations

import copy
import functools
from typing import Any

from llvmlite import ir
from numba.core import cpu, datamodel, types
from numba.core.datamodel.models import OpaqueModel, TupleModel, UniTupleModel

__all__ = ["kernel_context"]

_ir: Any = ir  # llvmlite and Numba have no types
_types: Any = types
_datamodel: Any = datamodel
_Context: Any = cpu.CPUContext
_WORD, _WORD_BYTES = _ir.IntType(64), 8  # no number is longer
_ADDRESS = _ir.IntType(8).as_pointer()
_SMALL = 100  # numbers: as a pointer, a smaller tuple made a step of 100 neurons 4 % slower


def kernel_context(context: Any) -> Any:
    """Return what Numba tells how to compile a function, with large named tuples as pointers."""
    changed = copy.copy(context)
    changed.__class__, changed.data_model_manager = KernelContext, _models()
    return changed


@functools.cache
def _models() -> Any:
    """Return how Numba represents the values of each type, but for large named tuples."""
    models = _datamodel.default_manager.copy()
    models.register(_types.NamedTuple, functools.partial(_model, TupleModel))
    models.register(_types.NamedUniTuple, functools.partial(_model, UniTupleModel))
    return models


def _model(small: Any, models: Any, kind: Any) -> Any:
    """Return how a named tuple is represented."""
    numbers = sum(_count(models[field].get_value_type()) for field in kind.types)
    return (OpaqueModel if numbers > _SMALL else small)(models, kind)


class KernelContext(_Context):  # type: ignore[misc]
    """Tells Numba of the processor, and how operations on large named tuples are compiled."""

    def make_tuple(self, builder: Any, kind: Any, values: Any) -> Any:
        """Return a tuple of values from Python; a large one is the address of its fields."""
        if not self._is_address(kind):
            return super().make_tuple(builder, kind, values)
        starts = self._starts(kind)
        with builder.goto_entry_block():
            memory = builder.alloca(_ir.ArrayType(_WORD, starts[-1]))
        address = builder.bitcast(memory, _ADDRESS)
        for value, start in zip(values, starts, strict=False):
            builder.store(value, _place(builder, address, start, value.type))
        # To LLVM the fields are constants, which nobody has to write. This instruction, which is
        # empty, may read all memory, so what was written stays.
        same = _ir.FunctionType(_ADDRESS, [_ADDRESS])
        return builder.asm(same, "", "=r,0,~{memory}", [address], side_effect=True)

    def get_getattr(self, kind: Any, name: str) -> Any:
        """Return what reads ``tuple.name``."""
        if not self._is_address(kind):
            return super().get_getattr(kind, name)

        def read(_: Any, builder: Any, __: Any, address: Any, ___: str) -> Any:
            return self._load(builder, kind, address, kind.fields.index(name))

        return read

    def get_function(self, function: Any, signature: Any, _firstcall: bool = True) -> Any:
        """Return what calls a function, or reads ``tuple[2]``."""
        if isinstance(function, _types.NamedTupleClass) and self._is_address(signature.return_type):
            name = function.instance_class.__name__
            raise TypeError(
                f"kernels cannot make a {name!r}, which has more than {_SMALL} numbers."
            )
        if function == "static_getitem" and self._is_address(signature.args[0]):
            return lambda builder, given: self._load(builder, signature.args[0], *given)
        return super().get_function(function, signature, _firstcall)

    def _is_address(self, kind: Any) -> bool:
        """Return whether values of a type are addresses of fields."""
        named = isinstance(kind, _types.BaseNamedTuple)
        return named and isinstance(self.data_model_manager[kind], OpaqueModel)

    def _load(self, builder: Any, kind: Any, address: Any, index: int) -> Any:
        """Load a field, of which LLVM is told that it never changes."""
        field = self.get_value_type(kind[index])
        value = builder.load(_place(builder, address, self._starts(kind)[index], field))
        note, module = builder.module.add_metadata, builder.module
        root = note([_ir.MetaDataString(module, "neurochip")])
        kept = note([_ir.MetaDataString(module, "field of a tuple"), root, _WORD(0)])
        value.set_metadata("tbaa", note([kept, kept, _WORD(0), _WORD(1)]))  # 1: constant
        return value

    def _starts(self, kind: Any) -> list[int]:
        """Return the words of memory at which the fields of a tuple begin, and their end."""
        starts = [0]
        for field in kind.types:
            starts.append(starts[-1] + _count(self.get_value_type(field)))
        return starts


def _place(builder: Any, address: Any, start: int, kind: Any) -> Any:
    """Return the address of a value that begins at a word of a tuple."""
    place = builder.gep(address, [_WORD(start * _WORD_BYTES)], inbounds=True)
    return builder.bitcast(place, kind.as_pointer())


def _count(kind: Any) -> int:
    """Return how many numbers a value has."""
    return sum(map(_count, kind.elements)) if isinstance(kind, _ir.Aggregate) else 1
