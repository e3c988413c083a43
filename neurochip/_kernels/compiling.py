"""Numba's compiler, as kernels need it: without pauses, and nothing twice.

Numba optimises each function, and makes machine code of it, before a caller takes it over and
optimises it again: five times for five kernels that call each other. The code of a kernel that only
kernels call stays as LLVM reads it, and is optimised once, in the kernel that Python calls.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite.binding import parse_bitcode
from numba.core.caching import CompileResultCacheImpl
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult
from numba.core.ir import Scope
from numba.core.postproc import PostProcessor, VariableLifetime
from numba.core.transforms import canonicalize_cfg
from numba.core.typed_passes import NopythonRewrites
from numba.core.types import Function

from .tuples import kernel_context

__all__ = ["InnerCompiler", "InnerStorage", "KernelCompiler"]

_Compiler: Any = Compiler  # Numba has no types
_Library: Any = JITCodeLibrary
_Storage: Any = CompileResultCacheImpl
_Result: Any = CompileResult
_Function: Any = Function
_Scope: Any = Scope
_Processor: Any = PostProcessor
_Lifetime: Any = VariableLifetime
_canonical: Any = canonicalize_cfg
_Rewrites: Any = NopythonRewrites
_find_signature: Any = _Function.get_call_type
_process: Any = _Processor.run


class InnerCode(_Library):  # type: ignore[misc]
    """The code of one such kernel, together with that of the kernels which it calls."""

    @property
    def codegen(self) -> Any:
        """Return what Numba tells the address of a function's environment: there is none."""
        return self

    def set_env(self, name: str, environment: object) -> None:
        """Do nothing, since there is no machine code that would read it."""

    def finalize(self) -> None:
        """Take over the code of the kernels that this one calls."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code."""
        del name
        self._ensure_finalized()
        return 0

    def serialize_using_object_code(self) -> tuple[str, bytes]:
        """Return the name and the code, for :class:`InnerStorage`."""
        return self.name, self._get_module_for_linking().as_bitcode()

    def restore(self, code: bytes) -> None:
        """Take over the code that was serialized."""
        self._final_module = parse_bitcode(code)
        self._finalized = True


class KernelCode(_Library):  # type: ignore[misc]
    """The code of a kernel that Python calls, with that of the kernels which it calls."""

    def _optimize_final_module(self) -> None:
        """Let LLVM drop arguments that a kernel does not read: no other code calls it.

        A kernel reads two of the seven numbers that an array is, so a call with tuples of arrays
        passed hundreds in vain. A kernel that is called in a branch which these types do not have
        was not taken over.
        """
        inner = {
            function.name
            for library in dict.fromkeys(self._linking_libraries)
            if isinstance(library, InnerCode)
            for function in library._get_module_for_linking().functions
            if not function.is_declaration
        }
        for function in self._final_module.functions:
            if function.name in inner:
                function.linkage = "internal"
        super()._optimize_final_module()


@contextmanager
def _without_repeats() -> Iterator[None]:
    """Collect no garbage, and do nothing twice, or in vain, that Numba does.

    Garbage and signatures took a sixth of the time: Numba tries up to 30 for each operator in the
    source, and now once for the same types. Copies took a twelfth: with each block of a kernel that
    is put into another one, Numba copied all its variables, of which it only reads the names.
    It compiles one kernel at a time; those that it calls are compiled meanwhile.
    """
    if _Function.get_call_type is not _find_signature:  # a kernel that another one calls
        yield
        return
    found: dict[Any, Any] = {}

    def get_call_type(function: Any, context: Any, given: Any, named: Any) -> Any:
        key = function, tuple(given), tuple(named.items())
        if key not in found:
            found[key] = _find_signature(function, context, given, named)
        return found[key]

    collects = gc.isenabled()
    try:
        gc.disable()
        _Function.get_call_type = get_call_type
        _Scope.__deepcopy__ = _with_own_names
        _Processor.run = _process_briefly
        yield
    finally:
        _Function.get_call_type, _Processor.run = _find_signature, _process
        del _Scope.__deepcopy__
        if collects:
            gc.enable()


def _with_own_names(scope: Any, _: Any) -> Any:
    """Return a scope with the same variables, to which new ones can be added.

    Numba adds some to the copy of a function whenever it puts the function into another one.
    """
    copied = _Scope(scope.parent, scope.loc)
    copied.localvars._con.update(scope.localvars._con)
    copied.redefined.update(scope.redefined)
    copied.var_redefinitions.update(
        (name, set(names)) for name, names in scope.var_redefinitions.items()
    )
    return copied


def _process_briefly(processor: Any, *given: Any, **named: Any) -> None:
    """Do what Numba does after a pass, but find no ends of the lives of variables.

    At the end of its life a variable is set to zero, and its memory is freed. Kernels own none, so
    this was a tenth of the time. Functions of Numba that a kernel calls may own some.
    """
    code = processor.func_ir
    if code.func_id.modname.startswith("numba."):
        _process(processor, *given, **named)
        return
    code.blocks = _canonical(code.blocks)
    code.variable_lifetime = _Lifetime(code.blocks)
    code.generator_info = None


class KernelCompiler(_Compiler):  # type: ignore[misc]
    """Numba's compiler, which takes two thirds of its time here."""

    code: Any = KernelCode

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.state.targetctx = kernel_context(self.state.targetctx)

    def define_pipelines(self) -> Any:
        """Return Numba's passes; the last of them writes into the library that it finds.

        One is left out, which looks for operations on whole arrays, which kernels do not have.
        """
        state = self.state
        if state.library is None:
            state.library = self.code(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [entry for entry in pipeline.passes if entry[0] is not _Rewrites]
            pipeline.finalize()
        return pipelines

    def compile_extra(self, function: Any) -> Any:
        """Compile a function."""
        with _without_repeats():
            return super().compile_extra(function)


class InnerCompiler(KernelCompiler):
    """The same for kernels that only kernels call, with :class:`InnerCode` as the result."""

    code = InnerCode


class InnerStorage(_Storage):  # type: ignore[misc]
    """Writes the code of such kernels to disk, and reads it."""

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        """Return what was compiled, from what Numba's ``CompileResult`` made of it."""
        (name, code), description, environment, signature, *_, listed, _, _ = payload
        library = InnerCode(target_context.codegen(), name)
        library.restore(code)
        return _Result(
            typing_context=target_context.typing_context,
            target_context=target_context,
            entry_point=target_context.get_executable(library, description, environment),
            typing_error=None,
            type_annotation=listed,
            signature=signature,
            objectmode=False,
            lifted=(),
            fndesc=description,
            library=library,
            call_helper=None,
            environment=environment,
            metadata=None,
            reload_init=[],
            referenced_envs=[],
        )
