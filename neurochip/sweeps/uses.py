"""Finds what a function of the user depends on: its code, and the values and functions it names.

A network is identified by its content. A ``measure`` is identified by its bytecode, which is what
runs, even if its source is missing or has changed since. Installed libraries are identified by
their versions.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import importlib
import importlib.machinery
import importlib.util
import itertools
import os
import sys
import sysconfig
import types
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import compiler

from .fingerprint import Content, digest, member, qualified

__all__ = ["Uses", "is_own", "used_by", "uses"]

_GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_BLIND = ("open", "eval", "exec", "compile", "globals", "__import__", "input")
_COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)
_LIBRARIES = tuple(
    os.path.join(folder, "")  # noqa: PTH118 - a prefix
    for folder in (
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        str(Path(__file__).resolve().parents[1]),
        str(Path(compiler.__file__).resolve().parent),
    )
)


@dataclass(frozen=True)
class Uses:
    """Code and values that a function depends on.

    Parameters
    ----------
    digests : dict of str to str
        Digest of each function, class and value by its name, and versions of libraries.
    unseen : list of str
        Objects whose changes cannot be detected: unreadable objects, and files that it opens.
    """

    digests: dict[str, str]
    unseen: list[str]


def uses(function: Callable[..., Any]) -> Uses:
    """Return what a function depends on, as far as it can be found."""
    return _Search().of(function)


@contextlib.contextmanager
def used_by(function: Callable[..., Any]) -> Iterator[Uses]:
    """Yield what a function depends on, for a block that calls it.

    Changes that the previous block with the same function made to its variables, such as a list
    that it appends to, do not count: the function then has the same uses as in that block.
    """
    now, known = uses(function), _is_weak(function)
    left, before = _left.get(function, (None, now)) if known else (None, now)
    found = before if left == now else now
    try:
        yield found
    finally:
        if known:
            _left[function] = uses(function), found


def is_own(path: str, module: str | None = None) -> bool:
    """Return whether code is the user's: not installed, and not part of Python or neurochip.

    Parameters
    ----------
    path : str
        Path of its source, or a name in brackets such as ``"<string>"``, also for notebooks.
    module : str, optional
        Name of its module, which decides if there is no path.
    """
    if path.startswith("<"):
        # Under `python -m tool` the main module is the tool's, but text that is run in it is not.
        found = None if module == "__main__" else sys.modules.get(module or "")
        return not path.startswith("<frozen ") and (found is None or _is_own_module(found))
    parts = Path(path).parts
    installed = "site-packages" in parts or "dist-packages" in parts
    return not (installed or path.startswith(_LIBRARIES))


class _Search(Content):
    """Follows names from a function to everything that it reaches."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, str] = {}
        self._unseen: set[str] = set()
        self._keys: dict[int, tuple[str, Any]] = {}  # keys of functions and classes by id
        self._waiting: list[tuple[str, Any]] = []
        self._within: set[str] = set()  # modules that are being searched
        self._at = ""

    def of(self, function: Any) -> Uses:
        """Search from a function, or from an object that can be called."""
        self._value("measure", function, ())
        while self._waiting:
            key, item = self._waiting.pop()
            self._at = key
            if isinstance(item, type):
                self._class(key, item)
            else:
                self._function(key, item)
        return Uses(dict(sorted(self._found.items())), sorted(self._unseen))

    def name_of(self, value: Any) -> str:
        """Return the name of a function, class or module, and queue it for the search."""
        if isinstance(value, types.ModuleType):
            if not _is_own_module(value):
                self._version(value.__name__)
            return value.__name__
        name = qualified(value)
        if not _is_own_code(value):
            self._version(value.__module__ or "")
            return name
        if id(value) not in self._keys:
            key = self._free(name)
            self._keys[id(value)] = key, value
            self._waiting.append((key, value))
            self._compiled(value, key)
        return self._keys[id(value)][0]

    def maker(self, value: types.FunctionType) -> str:
        """Return the name of a function that rebuilds an object, and queue it for the search."""
        return self.name_of(value)

    def global_name(self, value: Any, name: str) -> str:
        """Return the name of a compiled function, and note it if it is the user's."""
        self._compiled(value, name)
        return super().global_name(value, name)

    def give_up(self, value: Any) -> str:
        """Note an object that cannot be read, and return the name of its type."""
        name = qualified(type(value))
        self._unseen.add(f"{self._at} ({name})")
        return name

    def _compiled(self, value: Any, name: str) -> None:
        module = sys.modules.get(getattr(value, "__module__", None) or "")
        path = getattr(module, "__file__", None)
        if path is not None and is_own(path) and path.endswith(_COMPILED):
            self._unseen.add(f"{name} (compiled, {Path(path).name})")

    def _free(self, name: str) -> str:
        """Return an unused key: two lambdas of one module have the same name."""
        taken = {key for key, _ in self._keys.values()}
        key, number = name, 2
        while key in taken:
            key, number = f"{name} #{number}", number + 1
        return key

    def _version(self, module: str) -> None:
        root = module.partition(".")[0]
        version = getattr(sys.modules.get(root), "__version__", None)
        if isinstance(version, str):
            self._found[root] = version

    def _value(self, key: str, value: Any, names: tuple[str, ...]) -> None:
        """Note a value under a name; for a module, note only the members in ``names``."""
        if isinstance(value, types.ModuleType):
            if self.name_of(value) not in self._within and _is_own_module(value):
                self._within.add(value.__name__)
                for name in names:
                    if name in vars(value):
                        self._value(f"{value.__name__}.{name}", vars(value)[name], names)
                self._within.remove(value.__name__)
        elif not (isinstance(value, (type, types.FunctionType)) and self.name_of(value) == key):
            self._note(key, self.parts(value))

    def _note(self, key: str, parts: Iterator[bytes]) -> None:
        self._at, self._met = key, {}
        try:
            self._found[key] = digest(parts)
        except Exception as problem:  # any error of an object of the user, or too deep
            self._unseen.add(f"{key} ({type(problem).__name__})")

    def _function(self, key: str, function: types.FunctionType) -> None:
        code, scope = function.__code__, function.__globals__
        names = tuple(sorted({name for inner in _nested(code) for name in inner.co_names}))
        attributes = {name: item for name, item in vars(function).items() if name != "__wrapped__"}
        defaults = (function.__defaults__, function.__kwdefaults__, attributes)
        self._note(f"{key}()", itertools.chain(self._code(code), self.parts(defaults)))
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # the variable has no value yet
                self._value(f"{key}.{name}", cell.cell_contents, names)
        for name in sorted(_loaded(code, _GLOBALS)):
            if name in scope:
                self._value(member(scope.get("__name__"), name), scope[name], names)
            elif name in _BLIND:
                self._unseen.add(f"{key} ({name})")
        for name in sorted(_loaded(code, ("IMPORT_NAME",))):
            self._import(key, name, scope.get("__package__"), names)

    def _import(self, key: str, name: str, package: str | None, names: tuple[str, ...]) -> None:
        """Note a module that a function imports when it is called."""
        try:
            spec = importlib.util.find_spec(name.partition(".")[0])
            if spec is not None and spec.origin is not None and not is_own(spec.origin):
                self._version(name)
                return
            module = importlib.import_module(name, package)
        except Exception:
            self._unseen.add(f"{key} (import {name})")
            return
        self._value(name, module, names)

    def _class(self, key: str, kind: type) -> None:
        self._note(f"{key}()", (self.name_of(base).encode() for base in kind.__bases__))
        for name, item in vars(kind).items():
            inner = _unwrapped(item)
            if inner or not (name.startswith("__") or name == "_abc_impl"):
                for part in inner or (item,):
                    self._value(f"{key}.{name}", part, ())

    def _code(self, code: types.CodeType) -> Iterator[bytes]:
        yield code.co_code
        yield code.co_exceptiontable
        yield from self.parts((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
        yield from self.parts((code.co_argcount, code.co_kwonlyargcount, code.co_flags))
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from self._code(constant)
            else:
                yield from self.parts(constant)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


def _loaded(code: types.CodeType, instructions: tuple[str, ...]) -> set[str]:
    return {
        str(step.argval)
        for inner in _nested(code)
        for step in dis.get_instructions(inner)
        if step.opname in instructions
    }


def _unwrapped(member: Any) -> tuple[Any, ...]:
    """Return the functions of a member of a class."""
    if isinstance(member, types.FunctionType):
        return (member,)
    if isinstance(member, (staticmethod, classmethod)):
        return (member.__func__,)
    if isinstance(member, property):
        return tuple(item for item in (member.fget, member.fset, member.fdel) if item is not None)
    if isinstance(member, functools.cached_property):
        return (member.func,)
    return ()


def _is_own_module(module: types.ModuleType | None) -> bool:
    path = getattr(module, "__file__", None)
    if path is not None:
        return is_own(path)
    return getattr(module, "__name__", "") not in sys.builtin_module_names


def _is_own_code(value: Any) -> bool:
    code = getattr(value, "__code__", None)
    return is_own("<class>" if code is None else code.co_filename, value.__module__)


def _is_weak(function: Any) -> bool:
    try:
        hash(weakref.ref(function))
    except TypeError:
        return False
    return True


_left: weakref.WeakKeyDictionary[Any, tuple[Uses, Uses]] = weakref.WeakKeyDictionary()
