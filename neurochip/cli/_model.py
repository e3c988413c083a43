"""A model file: a Python file that defines ``network`` and, if it likes, ``chip``.

The only place that runs one. Each of the two is an object, or a function that returns it, whose
parameters are axes of a sweep; other commands call it without arguments. All other names belong to
the model.
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
from ._terminal import say, warn

__all__ = ["Model", "ModelFunction", "load_model", "read_model", "say_chip"]

_MODULE = "neurochip_model"  # as which it runs: classes look their module up
_WANTED = {"network": (Network, "a neurochip Network"), "chip": (ChipSpec, "a ChipSpec")}


class Model(NamedTuple):
    """The network and the chip that a model file describes.

    Parameters
    ----------
    network : Network
        To be mapped.
    chip : ChipSpec or None
        To be compiled for; None if the model names none.
    """

    network: Network
    chip: ChipSpec | None


@dataclass(frozen=True)
class ModelFunction:
    """A function of a model file, which other processes read for themselves.

    Parameters
    ----------
    path : str
        Of the file.
    name : str
        Of the function.
    here : callable or None
        The function, in the process that has read it.
    """

    path: str
    name: str
    here: Callable[..., Any] | None = None

    def __reduce__(self) -> Any:
        return ModelFunction, (self.path, self.name)

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the function: its parameters are axes."""
        return inspect.signature(self._function)

    @property
    def _function(self) -> Callable[..., Any]:
        if self.here is not None:
            return self.here
        found: Callable[..., Any] = _names_again(self.path)[self.name]
        return found

    def __call__(self, **values: Any) -> Any:
        """Call it; what it raises becomes an error that names the line."""
        function = self._function
        with _guarded(self.path):
            return function(**values)


def load_model(path: str) -> Model:
    """Run a model file, and say which chip it asks for.

    Raises
    ------
    NetworkError
        If the file is missing or fails, or does not define a network, or defines a chip that is
        none; if one of them is a function that needs arguments.
    """
    network, chip = read_model(path)
    model = Model(_made(network, "network"), None if chip is None else _made(chip, "chip"))
    say_chip(path, model.chip)
    return model


def read_model(path: str) -> tuple[Network | ModelFunction, ChipSpec | ModelFunction | None]:
    """Run a model file and return its network and its chip, or functions that make them.

    Raises
    ------
    NetworkError
        If the file is missing or fails, or one of the two is something else.
    """
    names = _run(path)
    network, chip = (_found(path, names, name) for name in _WANTED)
    return network, chip


def say_chip(path: str, chip: ChipSpec | ModelFunction | None) -> None:
    """Say which chip a model asks for, if it does."""
    if chip is not None:
        name = chip.name if isinstance(chip, ChipSpec) else "as its function makes it"
        say(f"Chip of {path}: {name}")


def _found(path: str, names: dict[str, Any], name: str) -> Any:
    kind, wanted = _WANTED[name]
    value = names.get(name)
    if isinstance(value, kind) or (name == "chip" and value is None):
        return value
    if callable(value):
        function = ModelFunction(path, name, value)
        with suppress(TypeError, ValueError):  # of some callables Python does not know parameters
            inspect.signature(function)
            return function
    what = "nothing" if value is None else f"an object of type {_type_of(value)}"
    raise NetworkError(
        f"{path}: defines {what} under the name {name!r}; expected {wanted}, or a function that "
        "returns one."
    )


def _made(item: Any, name: str) -> Any:
    """The object itself, or what its function returns without arguments."""
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
    if Path(path).suffix == ".nir":
        raise NetworkError(
            f"{path}: a NIR graph; here a Python file that defines 'network' is needed. Compile "
            "the graph (neurochip compile), and run the image with --input."
        )
    module = types.ModuleType(_MODULE)
    module.__file__ = path
    with _guarded(path):
        code = compile(_source(path), path, "exec", dont_inherit=True)
        sys.modules[_MODULE] = module
        exec(code, module.__dict__)  # a model is a script of the user
    return module.__dict__


_names_again = functools.cache(_run)  # in a worker, which needs the names for every point


def _source(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        reason = "no such file"
    except OSError as problem:
        reason = problem.strerror or str(problem)
    raise NetworkError(f"{path}: {reason}; pass a Python file that defines 'network'.")


@contextmanager
def _guarded(path: str) -> Iterator[None]:
    """Run code of the model: what it raises names its line, and what it changes is put back.

    That is the current folder, the module path, the arguments, the standard streams, the filters of
    warnings and how NumPy treats errors. Of a NeurochipError the class stays.
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
    except BaseException as problem:  # whatever a script may raise, SystemExit among them
        raise NetworkError(
            f"{path}{_line(problem, path)}: failed with {type(problem).__name__}: "
            f"{_message(problem, path)}. Correct the model."
        ) from None
    finally:
        os.chdir(folder)
        sys.path[:], sys.argv = search, arguments
        sys.stdin, sys.stdout, sys.stderr = streams


def _line(problem: BaseException, path: str) -> str:
    """Where in the model it happened, as far as that is known."""
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
