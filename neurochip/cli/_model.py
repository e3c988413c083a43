"""Runs model files: Python files that define ``network`` and optionally ``chip``.

No other module runs a model file. Each of the two names is an object or a function that returns it.
The parameters of the function are axes of a sweep; other commands call it without arguments. All
other names belong to the model.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..chip.spec import ChipSpec
from ..errors import NetworkError, NeurochipError
from ..network import Network
from ._terminal import warn

__all__ = ["Model", "ModelFunction", "load_model", "read_model"]

_MODULE = "neurochip_model"  # module name of a running model, where its classes are looked up
_OTHER_FILES = (b"PK\x03\x04", b"\x89HDF")  # images, recordings and stimuli; HDF5
_WANTED = {"network": (Network, "a neurochip Network"), "chip": (ChipSpec, "a ChipSpec")}


class Model(NamedTuple):
    """The network and the chip that a model file describes.

    Parameters
    ----------
    network : Network
        Network to map.
    chip : ChipSpec, ModelFunction or None
        Chip to compile for, or the function that makes it; None if the model defines none.
    """

    network: Network
    chip: ChipSpec | ModelFunction | None


@dataclass(frozen=True)
class ModelFunction:
    """A function of a model file; other processes read the file again.

    Parameters
    ----------
    path : str
        Path of the file.
    name : str
        Name of the function.
    here : callable or None
        The function in the process that has read the file; None in other processes.
    """

    path: str
    name: str
    here: Callable[..., Any] | None = None

    def __reduce__(self) -> Any:
        return ModelFunction, (self.path, self.name)

    @property
    def __signature__(self) -> inspect.Signature:
        """Signature of the function; its parameters are axes."""
        return inspect.signature(self._function)

    @property
    def _function(self) -> Callable[..., Any]:
        if self.here is not None:
            return self.here
        found: Callable[..., Any] = _names_again(self.path)[self.name]
        return found

    def __call__(self, **values: Any) -> Any:
        """Call the function; turn its exceptions into errors that name the line."""
        function = self._function
        with _guarded(self.path):
            return function(**values)


def load_model(path: str, *, chip: bool = True) -> Model:
    """Run a model file and return its network and its chip.

    Parameters
    ----------
    path : str
        Path of the file.
    chip : bool
        Whether the chip is wanted; otherwise a function that makes it is returned and not called.

    Raises
    ------
    NetworkError
        If the file is missing or fails, does not define a network, defines a ``chip`` that is not a
        ChipSpec, or one of the two is a function that needs arguments.
    """
    network, own = read_model(path)
    return Model(_made(network, "network"), _made(own, "chip") if chip and own is not None else own)


def read_model(path: str) -> tuple[Network | ModelFunction, ChipSpec | ModelFunction | None]:
    """Run a model file and return its network and its chip, or functions that make them.

    Raises
    ------
    NetworkError
        If the file is missing or fails, or one of the two has another type.
    """
    names = _run(path)
    network, chip = (_found(path, names, name) for name in _WANTED)
    return network, chip


def _found(path: str, names: dict[str, Any], name: str) -> Any:
    kind, wanted = _WANTED[name]
    value = names.get(name)
    if isinstance(value, kind) or (name == "chip" and value is None):
        return value
    if callable(value):
        function = ModelFunction(path, name, value)
        with suppress(TypeError, ValueError):  # some callables have no known signature
            inspect.signature(function)
            return function
    what = "nothing" if value is None else f"an object of type {_type_of(value)}"
    raise NetworkError(
        f"{path}: defines {what} under the name {name!r}; expected {wanted}, or a function that "
        "returns one."
    )


def _made(item: Any, name: str) -> Any:
    """Return the object itself, or the result of its function without arguments."""
    if not isinstance(item, ModelFunction):
        return item
    kind, wanted = _WANTED[name]
    parameters = inspect.signature(item).parameters.values()
    starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in starred]
    if needed:
        raise NetworkError(
            f"{item.path}: the function {name!r} needs {needed[0]!r}, which only neurochip sweep "
            f"gives (--vary {needed[0]}=...). Give it a default, or define {name!r} as {wanted}."
        )
    made = item()
    if not isinstance(made, kind):
        raise NetworkError(
            f"{item.path}: the function {name!r} returned an object of type {_type_of(made)}; "
            f"expected {wanted}."
        )
    return made


def _run(path: str) -> dict[str, Any]:
    """Run the file and return its names."""
    module = types.ModuleType(_MODULE)
    module.__file__ = path
    with _guarded(path):
        code = compile(_source(path), path, "exec", dont_inherit=True)
        sys.modules[_MODULE] = module
        exec(code, module.__dict__)  # a model is a script of the user
    return module.__dict__


_names_again = functools.cache(_run)  # a worker needs the names at every point


def _source(path: str) -> bytes:
    try:
        content = Path(path).read_bytes()
        if not content.startswith(_OTHER_FILES):
            return content
        reason = "is no model"
    except FileNotFoundError:
        reason = "no such file"
    except OSError as problem:
        reason = problem.strerror or str(problem)
    raise NetworkError(
        f"{path}: {reason}; pass a Python file that defines 'network', a NIR graph (.nir), or a "
        "network of lava-dl (.net)."
    )


@contextmanager
def _guarded(path: str) -> Iterator[None]:
    """Run code of the model: name the line in its errors and restore the state of the process.

    Restored are the current folder, the module path, the arguments, the standard streams, the
    warning filters and NumPy's error handling. A NeurochipError keeps its class.
    """
    folder, search, arguments = Path.cwd(), sys.path[:], sys.argv
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.path.insert(0, str(Path(os.path.realpath(path)).parent))
    sys.argv = [path]
    try:
        with warnings.catch_warnings(), np.errstate():
            warnings.showwarning = functools.partial(_show, path)
            yield
    except KeyboardInterrupt:
        raise
    except NeurochipError as problem:
        where = _line(problem, path)
        raise type(problem)(f"{path}{where}: {problem}" if where else str(problem)) from None
    except BaseException as problem:  # a script may raise anything, even SystemExit
        raise NetworkError(
            f"{path}{_line(problem, path)}: failed with {type(problem).__name__}: "
            f"{_message(problem, path)}. Correct the model."
        ) from None
    finally:
        os.chdir(folder)
        sys.path[:], sys.argv = search, arguments
        sys.stdin, sys.stdout, sys.stderr = streams


def _line(problem: BaseException, path: str) -> str:
    """Return the line of the model that failed as text; empty if unknown."""
    frames = traceback.walk_tb(problem.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == path]
    if not lines and isinstance(problem, SyntaxError) and problem.filename == path:
        lines = [problem.lineno or 1]
    return f", line {lines[-1]}" if lines else ""


def _message(problem: BaseException, path: str) -> str:
    if isinstance(problem, SyntaxError) and problem.filename == path:
        return problem.msg
    try:
        return str(problem)
    except Exception as another:
        return f"(no message: it failed with {type(another).__name__})"


def _show(path: str, message: Any, _category: Any, filename: str, line: int, *_: Any) -> None:
    warn(f"{path}, line {line}: {message}" if filename == path else str(message))


def _type_of(value: Any) -> str:
    kind = type(value)
    plain = kind.__module__ in ("builtins", _MODULE)
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"
